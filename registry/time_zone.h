// Wall-clock time of a zone (IANA name). Times of a wall clock are "local": milliseconds
// as if the zone were UTC. Plain values; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/time.h"

namespace maillage::registry {

using protocol::UnixTime;

inline constexpr std::int64_t kDayMs = 86'400'000;

class TimeZone {
 public:
  // Europe/Paris when there is no zone of that name: most places are there, and a wrong name must not hide an event.
  explicit TimeZone(std::string_view name);

  // In the hour that a spring forward skips: as if the clock had not moved. In the doubled hour of autumn: the first.
  UnixTime to_utc(std::int64_t local_ms) const;
  std::int64_t to_local(UnixTime time) const;

 private:
  struct Zone;
  std::shared_ptr<const Zone> zone_;
};

// Whether there is a zone of that name; the name that was probably meant by another, or nothing.
bool is_time_zone(std::string_view name);
std::string nearest_time_zone(std::string_view name);

// A moment of a record (protocol/moment.h) on the clock of its zone.
struct ZonedMoment {
  std::int64_t local_ms = 0;
  UnixTime at;
  bool date_only = false;
};

// What says no offset is in `zone`. Nothing for a text that is no moment.
std::optional<ZonedMoment> parse_moment(std::string_view text, const TimeZone& zone);

// RFC 3339 in UTC with seconds: 2026-12-05T13:00:00Z.
std::string format_utc(UnixTime time);

}  // namespace maillage::registry
