// Any text as the hours of a day: ranges that a week has room for, or the text itself as a comment; the field's bound holds.
#include <cstdlib>

#include "protocol/utf8.h"
#include "registry/import/weekday_hours.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  DayHours day = read_day_hours(text);
  if ((day.kind == DayHours::Kind::kOpen) == day.ranges.empty()) std::abort();
  int last = -1;
  for (const DayHours::Range& range : day.ranges) {
    if (range.start < 0 || range.start >= 1440 || range.end < 0 || range.end > 1440 || range.start == range.end) std::abort();
    if (range.end > range.start && range.start <= last) std::abort();
    if (range.end > range.start) last = range.end;
  }
  WeekHours week = week_hours({text, text, "", text, "", "fermé", text});
  if (maillage::protocol::count_code_points(week.osm) > 1'000) std::abort();
  return 0;
}
