// When an event that repeats takes place: an iCalendar rule (protocol/day_rule.h) and its exceptions, on the wall clock of the
// event's zone, through summer time. Immutable; any thread.
//
// Everything that may take long is done once, by `make`. A question starts at its window and looks at a handful of days, whatever
// the rule: thousands of events of a stranger must not make the others wait. Measured: tests/bench/RESULTS.md, "Repetitions".
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/day_rule.h"
#include "registry/time_zone.h"

namespace maillage::registry {

using protocol::Day;

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

  // Nothing when the rule cannot be read or is one we do not follow.
  static std::shared_ptr<const Repetition> make(std::string_view rule, const Times& times);

  // The earliest occurrence that overlaps the window.
  std::optional<Occurrence> first_overlap(std::optional<UnixTime> from, std::optional<UnixTime> to) const;

 private:
  explicit Repetition(protocol::DayRule rule) : rule_(std::move(rule)) {}
  UnixTime start_on(Day day) const { return zone_.to_utc(day * kDayMs + clock_ms_); }
  void read_except(const std::vector<UnixTime>& except);
  void find_last();

  protocol::DayRule rule_;
  TimeZone zone_{""};
  Day first_ = 0;             // of the first occurrence that the event names, whether or not the rule has it
  std::int64_t clock_ms_ = 0; // of the day
  std::int64_t length_ms_ = 0;
  std::optional<Day> last_;   // of COUNT, UNTIL or a rule that is never true
  std::vector<Day> except_;   // ascending
};

}  // namespace maillage::registry
