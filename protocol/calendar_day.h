// Days counted since 1970-01-01 and the dates they are, proleptic Gregorian. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace maillage::protocol {

using Day = std::int64_t;

struct CalendarDate {
  std::int64_t year = 1970;
  unsigned month = 1, day = 1;  // from 1
};

// Rounds down, as years before 1970 need.
constexpr std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

inline Day day_of(std::int64_t year, unsigned month, unsigned day) {
  std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month), std::chrono::day(day)};
  return std::chrono::sys_days(date).time_since_epoch().count();
}

inline CalendarDate date_of(Day day) {
  std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())};
}

// 0 = Monday.
constexpr std::uint8_t weekday_of(Day day) { return static_cast<std::uint8_t>(day + 3 - floor_div(day + 3, 7) * 7); }

constexpr unsigned month_length(std::int64_t year, unsigned month) {
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (month == 2) return leap ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

}  // namespace maillage::protocol
