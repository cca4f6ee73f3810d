// Moment: a day or an instant as people write it in a record: `2026-12-05`, `2026-12-05T14:00` (local time, the time
// zone is another field's), `2026-12-05T14:00:00+01:00`, `…Z`. A subset of ISO 8601 and RFC 3339; years 0001-9999.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace maillage::protocol {

struct Moment {
  std::int64_t day = 0;                // since 1970-01-01, proleptic Gregorian
  std::optional<std::int32_t> second;  // of the day, 0 … 86,399; nothing for a whole day
  std::optional<std::int32_t> offset;  // minutes east of UTC; nothing for a local time
  bool operator==(const Moment&) const = default;
};

// Nothing unless the text is exactly one of those forms and that day exists (fractions of a second are dropped).
std::optional<Moment> parse_moment(std::string_view text);

// A day, or only a year or a month: `2014`, `2014-09`, `2014-09-20`.
bool is_partial_date(std::string_view text);

// True when `a` is surely before `b`: both with an offset, both without, or by the day when one is a whole day. An
// instant and a local time are compared with the 14 hours of doubt that time zones leave.
bool surely_before(const Moment& a, const Moment& b);

}  // namespace maillage::protocol
