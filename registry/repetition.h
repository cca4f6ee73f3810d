// When an event that repeats takes place: an iCalendar rule (RFC 5545 RRULE, EXDATE). Repetitions follow the wall clock
// of the event's zone, through summer time. Immutable; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/time_zone.h"

namespace maillage::registry {

// A rule is read again at each question: a longer one is not a person's.
inline constexpr std::size_t kRuleBytesMax = 512;
// Occurrences looked at in one question about one event: five years of every day.
inline constexpr int kOccurrencesMax = 2'000;

struct Occurrence {
  UnixTime start, end;  // half-open; equal when the event has no end
  bool operator==(const Occurrence&) const = default;
};

// Half-open overlap; an occurrence without duration counts as the moment it is. Absent bounds are infinite.
bool overlaps(const Occurrence& occurrence, std::optional<UnixTime> from, std::optional<UnixTime> to);

class Repetition {
 public:
  struct Times {
    std::int64_t local_start = 0, local_end = 0;  // of the first occurrence
    bool date_only = false;
    TimeZone zone{""};
    std::vector<UnixTime> except;
  };

  // Nothing when the rule cannot be read, or repeats within a day (FREQ=HOURLY and finer).
  static std::shared_ptr<const Repetition> make(std::string_view rule, Times times);

  // The earliest occurrence that overlaps the window.
  std::optional<Occurrence> first_overlap(std::optional<UnixTime> from, std::optional<UnixTime> to) const;

 private:
  Repetition() = default;

  std::string rule_;
  bool counted_ = false;  // has COUNT: must be followed from its start
  Times times_;
};

}  // namespace maillage::registry
