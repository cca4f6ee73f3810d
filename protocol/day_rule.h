// Day rule: the days on which something repeats, as an iCalendar RRULE says them (RFC 5545 §3.3.10), in plain calendar
// arithmetic: no clock, no zone. Pure; any thread. RECORDS.md "Formats".
//
// Read strictly, upper case, each part once. Not followed, because an agenda has no use for it or nobody agrees on what it
// means: repetitions within a day (FREQ=HOURLY; BYHOUR, BYMINUTE or BYSECOND with several values), COUNT with UNTIL,
// BYMONTHDAY with WEEKLY, BYYEARDAY or BYWEEKNO with anything but YEARLY, ordinals (1SA) outside MONTHLY and YEARLY, BYWEEKNO with INTERVAL,
// BYSETPOS, BYYEARDAY or BYMONTHDAY, ordinals with BYWEEKNO, BYYEARDAY or, in a year, BYMONTHDAY; and more than kRuleBytesMax,
// kRuleIntervalMax or kRuleCountMax.
//
// Rationale: libical follows a rule that is seldom or never true day by day for centuries, half a second for one rule of one
// stranger's record. Here a walk takes whole periods and skips what the rule excludes: kRuleYearsMax bounds it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/calendar_day.h"

namespace maillage::protocol {

// A rule that names every day of a month and of a year is shorter.
inline constexpr std::size_t kRuleBytesMax = 512;
// No agenda is longer; what is to go on says so again. Bounds what a rule that is seldom true may cost.
inline constexpr int kRuleYearsMax = 100;
inline constexpr int kRuleIntervalMax = 10'000;
inline constexpr int kRuleCountMax = 10'000;  // 27 years of every day: they are counted one by one, once

struct DayRule {
  enum class Frequency : std::uint8_t { kDaily, kWeekly, kMonthly, kYearly };
  struct Nth {
    std::int16_t ordinal;  // from the end when negative
    std::uint8_t weekday;  // 0 = Monday
    auto operator<=>(const Nth&) const = default;
  };
  struct Until {
    Day day = 0;
    std::optional<std::int32_t> second;  // of the day; nothing for a whole day, which is included
    bool utc = false;
  };

  Frequency frequency = Frequency::kDaily;
  int interval = 1;
  std::uint8_t week_start = 0;                       // 0 = Monday
  std::uint16_t months = 0;                          // bit 0 = January; 0 = any
  std::uint32_t month_days = 0, month_days_back = 0; // bit 0 = the first day, the last
  std::uint8_t weekdays = 0;                         // without ordinal; bit 0 = Monday
  std::uint64_t weeks = 0, weeks_back = 0;           // bit 0 = week 1, the last
  std::vector<Nth> nth;                              // weekdays with ordinal
  std::vector<std::int16_t> year_days, positions;    // ascending
  std::optional<int> count;
  std::optional<Until> until;
  std::optional<int> hour, minute, second;           // instead of those of the first occurrence

  static std::optional<DayRule> parse(std::string_view text);
};

// The days of a rule whose first period holds `first`, ascending, from `from` to `to`, for kRuleYearsMax years after `first`.
// COUNT and UNTIL are not applied. Cost: a few nanoseconds a day, 12 steps a year where a rule excludes months.
class DayWalk {
 public:
  // `rule` outlives the walk.
  DayWalk(const DayRule& rule, Day first, Day from, Day to = std::numeric_limits<Day>::max());

  std::optional<Day> next();

 private:
  struct Days {
    Day start = 0;            // of bit 0
    std::uint32_t mask = 0;
  };

  bool load();
  void load_day();
  void load_week();
  void load_month(std::int64_t month);
  void load_year(std::int64_t year);
  void keep_positions();
  std::uint32_t days_in_month(std::int64_t year, unsigned month) const;

  const DayRule& rule_;
  Day first_, from_, last_;
  std::int64_t period_ = 0, last_period_ = 0;  // days, weeks, months or years, the first's being a multiple of the interval
  std::int64_t origin_ = 0;
  std::uint8_t first_weekday_ = 0;
  unsigned first_month_ = 1, first_month_day_ = 1;
  std::array<Days, 12> days_;
  std::size_t size_ = 0, at_ = 0;
};

}  // namespace maillage::protocol
