#include "protocol/day_rule.h"

#include <algorithm>
#include <bit>
#include <charconv>

namespace maillage::protocol {
namespace {

using Text = std::string_view;
using Frequency = DayRule::Frequency;

// Cuts `text` at `mark`: what is before it is returned, what is after is left.
Text cut(Text& text, char mark) {
  std::size_t at = text.find(mark);
  Text before = text.substr(0, at);
  text = at == Text::npos ? Text() : text.substr(at + 1);
  return before;
}

// A whole number of that size, other than 0 unless 0 is the least; `+` only where a number may be negative.
std::optional<int> number(Text text, int least, int most) {
  if (least < 0 && text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || value < least || value > most || (value == 0 && least != 0)) return std::nullopt;
  return value;
}

std::optional<std::uint8_t> weekday(Text text) {
  constexpr Text kDays = "MOTUWETHFRSASU";
  std::size_t at = text.size() == 2 ? kDays.find(text) : Text::npos;
  if (at == Text::npos || at % 2 != 0) return std::nullopt;
  return static_cast<std::uint8_t>(at / 2);
}

// Calls `add` with each number of a list; false when one is none.
template <class Add>
bool each_number(Text list, int least, int most, Add add) {
  do {
    auto value = number(cut(list, ','), least, most);
    if (!value) return false;
    add(*value);
  } while (!list.empty());
  return true;
}

template <class Mask>
bool read_mask(Text list, int most, Mask& forward, Mask* back) {
  return each_number(list, back ? -most : 1, most, [&](int value) {
    if (value > 0) forward = static_cast<Mask>(forward | Mask{1} << (value - 1));
    else *back = static_cast<Mask>(*back | Mask{1} << (-value - 1));
  });
}

bool read_numbers(Text list, std::vector<std::int16_t>& values) {
  bool right = each_number(list, -366, 366, [&](int value) { values.push_back(static_cast<std::int16_t>(value)); });
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return right;
}

bool read_weekdays(DayRule& rule, Text list) {
  do {
    Text one = cut(list, ',');
    if (one.size() < 2) return false;
    auto day = weekday(one.substr(one.size() - 2));
    Text ordinal = one.substr(0, one.size() - 2);
    auto nth = number(ordinal, -53, 53);
    if (!day || (!ordinal.empty() && !nth)) return false;
    if (ordinal.empty()) rule.weekdays |= static_cast<std::uint8_t>(1u << *day);
    else rule.nth.push_back({static_cast<std::int16_t>(*nth), *day});
  } while (!list.empty());
  std::sort(rule.nth.begin(), rule.nth.end());
  rule.nth.erase(std::unique(rule.nth.begin(), rule.nth.end()), rule.nth.end());
  return true;
}

bool digits(Text text, int& value, int least, int most) {
  bool all = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  auto read = all ? number(text, 0, 9999) : std::nullopt;
  value = read.value_or(0);
  return read && value >= least && value <= most;
}

// 20261203, 20261203T180000 or 20261203T180000Z.
bool read_until(DayRule& rule, Text text) {
  if (text.size() != 8 && text.size() != 15 && text.size() != 16) return false;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!digits(text.substr(0, 4), year, 1, 9999) || !digits(text.substr(4, 2), month, 1, 12) || !digits(text.substr(6, 2), day, 1, 31)) return false;
  if (static_cast<unsigned>(day) > month_length(year, static_cast<unsigned>(month))) return false;
  DayRule::Until until{day_of(year, static_cast<unsigned>(month), static_cast<unsigned>(day)), {}, text.size() == 16};
  if (text.size() > 8) {
    bool right = text[8] == 'T' && digits(text.substr(9, 2), hour, 0, 23) && digits(text.substr(11, 2), minute, 0, 59) &&
                 digits(text.substr(13, 2), second, 0, 60) && (!until.utc || text[15] == 'Z');
    if (!right) return false;
    until.second = hour * 3600 + minute * 60 + std::min(second, 59);
  }
  rule.until = until;
  return true;
}

bool read_frequency(DayRule& rule, Text text) {
  constexpr std::array kNames = {Text("DAILY"), Text("WEEKLY"), Text("MONTHLY"), Text("YEARLY")};
  auto found = std::find(kNames.begin(), kNames.end(), text);
  rule.frequency = static_cast<Frequency>(found - kNames.begin());
  return found != kNames.end();
}

bool read_one(Text text, int least, int most, std::optional<int>& value) {
  value = number(text, least, most);
  return value.has_value();
}

bool read_week_start(DayRule& rule, Text text) {
  auto day = weekday(text);
  rule.week_start = day.value_or(0);
  return day.has_value();
}

bool read_interval(DayRule& rule, Text text) {
  auto read = number(text, 1, kRuleIntervalMax);
  rule.interval = read.value_or(1);
  return read.has_value();
}

struct Part {
  Text name;
  bool (*read)(DayRule&, Text);
};

constexpr std::array<Part, 14> kParts = {{
    {"FREQ", read_frequency},
    {"UNTIL", read_until},
    {"COUNT", [](DayRule& rule, Text text) { return read_one(text, 1, kRuleCountMax, rule.count); }},
    {"INTERVAL", read_interval},
    {"BYSECOND", [](DayRule& rule, Text text) { return read_one(text, 0, 59, rule.second); }},
    {"BYMINUTE", [](DayRule& rule, Text text) { return read_one(text, 0, 59, rule.minute); }},
    {"BYHOUR", [](DayRule& rule, Text text) { return read_one(text, 0, 23, rule.hour); }},
    {"BYDAY", read_weekdays},
    {"BYMONTHDAY", [](DayRule& rule, Text text) { return read_mask(text, 31, rule.month_days, &rule.month_days_back); }},
    {"BYYEARDAY", [](DayRule& rule, Text text) { return read_numbers(text, rule.year_days); }},
    {"BYWEEKNO", [](DayRule& rule, Text text) { return read_mask(text, 53, rule.weeks, &rule.weeks_back); }},
    {"BYMONTH", [](DayRule& rule, Text text) { return read_mask<std::uint16_t>(text, 12, rule.months, nullptr); }},
    {"BYSETPOS", [](DayRule& rule, Text text) { return read_numbers(text, rule.positions); }},
    {"WKST", read_week_start},
}};

bool has_month_days(const DayRule& rule) { return rule.month_days != 0 || rule.month_days_back != 0; }
bool has_weeks(const DayRule& rule) { return rule.weeks != 0 || rule.weeks_back != 0; }
bool has_weekdays(const DayRule& rule) { return rule.weekdays != 0 || !rule.nth.empty(); }

// What is listed in the header as not followed.
bool is_followed(const DayRule& rule) {
  bool yearly = rule.frequency == Frequency::kYearly;
  if (rule.count && rule.until) return false;
  if (rule.frequency == Frequency::kWeekly && has_month_days(rule)) return false;
  if (!yearly && (!rule.year_days.empty() || has_weeks(rule))) return false;
  if (!rule.nth.empty() && rule.frequency != Frequency::kMonthly && !yearly) return false;
  if (has_weeks(rule) && (rule.interval != 1 || !rule.positions.empty() || !rule.year_days.empty() || has_month_days(rule))) return false;
  return rule.nth.empty() || !yearly || !(has_weeks(rule) || !rule.year_days.empty() || has_month_days(rule));
}

// The bits of a month whose days are the weekday of bit `offset` (0-6).
std::uint32_t every_seventh(unsigned offset) { return 0x10204081u << offset; }

// A bit a day of one year. Rationale: a seldom rule looks at decades of them in one question, so no step is a day.
class YearDays {
 public:
  void add(std::size_t day) { bits_[day / 64] |= std::uint64_t{1} << (day % 64); }
  void add_weekly(unsigned offset) {
    for (std::uint64_t& bits : bits_) {
      bits |= 0x8102040810204081u << offset;
      offset = (offset + 6) % 7;  // 64 days are 9 weeks and a day
    }
  }
  // 32 of them.
  std::uint32_t from(std::size_t day) const {
    std::uint64_t bits = bits_[day / 64] >> (day % 64);
    if (day % 64 > 32) bits |= bits_[day / 64 + 1] << (64 - day % 64);
    return static_cast<std::uint32_t>(bits);
  }

 private:
  std::array<std::uint64_t, 7> bits_{};
};

unsigned offset_of(std::uint8_t weekday, std::uint8_t first) { return (weekday + 7u - first) % 7u; }

}  // namespace

std::optional<DayRule> DayRule::parse(Text text) {
  if (text.empty() || text.size() > kRuleBytesMax || text.ends_with(';')) return std::nullopt;
  DayRule rule;
  unsigned seen = 0;
  while (!text.empty()) {
    Text value = cut(text, ';');
    if (value.ends_with(',')) return std::nullopt;
    Text name = cut(value, '=');
    auto part = std::find_if(kParts.begin(), kParts.end(), [&](const Part& one) { return one.name == name; });
    if (part == kParts.end() || value.empty()) return std::nullopt;
    unsigned bit = 1u << (part - kParts.begin());
    if ((seen & bit) != 0 || !part->read(rule, value)) return std::nullopt;
    seen |= bit;
  }
  bool has_frequency = (seen & 1) != 0;
  if (!has_frequency || !is_followed(rule)) return std::nullopt;
  return rule;
}

DayWalk::DayWalk(const DayRule& rule, Day first, Day from, Day to) : rule_(rule), first_(first), from_(std::max(first, from)) {
  last_ = std::min(to, first + kRuleYearsMax * 366);
  first_weekday_ = weekday_of(first);
  auto date = date_of(first);
  first_month_ = date.month;
  first_month_day_ = date.day;
  // A week is named by its first day / 7, counted so that the weeks of `week_start` begin at multiples of 7.
  auto period_of = [&](Day day) -> std::int64_t {
    if (rule.frequency == Frequency::kDaily) return day;
    if (rule.frequency == Frequency::kWeekly) return floor_div(day + 3 - rule.week_start, 7);
    auto at = date_of(day);
    return rule.frequency == Frequency::kMonthly ? at.year * 12 + at.month - 1 : at.year;
  };
  origin_ = period_of(first);
  last_period_ = period_of(last_);
  std::int64_t wanted = std::max(origin_, period_of(std::min(from_, std::max(first, last_) + 1)));
  std::int64_t behind = (wanted - origin_) % rule.interval;
  period_ = behind == 0 ? wanted : wanted + rule.interval - behind;
}

std::optional<Day> DayWalk::next() {
  while (true) {
    for (; at_ < size_; ++at_) {
      Days& days = days_[at_];
      while (days.mask != 0) {
        Day day = days.start + std::countr_zero(days.mask);
        days.mask &= days.mask - 1;
        if (day > last_) return std::nullopt;
        if (day >= from_) return day;
      }
    }
    if (!load()) return std::nullopt;
  }
}

bool DayWalk::load() {
  at_ = size_ = 0;
  if (period_ > last_period_) return false;
  switch (rule_.frequency) {
    case Frequency::kDaily: load_day(); break;
    case Frequency::kWeekly: load_week(); break;
    case Frequency::kMonthly: load_month(period_); break;
    case Frequency::kYearly: load_year(period_); break;
  }
  if (!rule_.positions.empty()) keep_positions();
  period_ += rule_.interval;
  return true;
}

void DayWalk::load_day() {
  bool any_day = rule_.months == 0 && !has_month_days(rule_);
  bool on_weekday = rule_.weekdays == 0 || (rule_.weekdays >> weekday_of(period_) & 1) != 0;
  if (any_day) {
    days_[size_++] = {period_, on_weekday ? 1u : 0u};
    return;
  }
  auto date = date_of(period_);
  if (rule_.months != 0 && (rule_.months >> (date.month - 1) & 1) == 0) {
    // On to the last step within this month; the caller takes the next one.
    Day rest = month_length(date.year, date.month) - date.day;
    period_ += rest / rule_.interval * rule_.interval;
    return;
  }
  unsigned length = month_length(date.year, date.month);
  bool on_day = !has_month_days(rule_) || (rule_.month_days >> (date.day - 1) & 1) != 0 || (rule_.month_days_back >> (length - date.day) & 1) != 0;
  days_[size_++] = {period_, on_day && on_weekday ? 1u : 0u};
}

void DayWalk::load_week() {
  Day start = period_ * 7 - 3 + rule_.week_start;
  std::uint32_t wanted = rule_.weekdays != 0 ? rule_.weekdays : 1u << first_weekday_;
  std::uint32_t mask = (wanted >> rule_.week_start | wanted << (7 - rule_.week_start)) & 0x7fu;
  if (rule_.months != 0) {
    for (unsigned i = 0; i < 7; ++i) {
      if ((rule_.months >> (date_of(start + i).month - 1) & 1) == 0) mask &= ~(1u << i);
    }
  }
  days_[size_++] = {start, mask};
}

void DayWalk::load_month(std::int64_t month) {
  std::int64_t year = floor_div(month, 12);
  auto number = static_cast<unsigned>(month - year * 12 + 1);
  if (rule_.months != 0 && (rule_.months >> (number - 1) & 1) == 0) return;
  days_[size_++] = {day_of(year, number, 1), days_in_month(year, number)};
}

// The days of a month that pass all parts which look no further than the month.
std::uint32_t DayWalk::days_in_month(std::int64_t year, unsigned month) const {
  unsigned length = month_length(year, month);
  std::uint32_t all = length == 31 ? 0x7fffffffu : (1u << length) - 1, mask = all;
  if (has_month_days(rule_)) {
    std::uint32_t back = 0;
    for (std::uint32_t bits = rule_.month_days_back; bits != 0; bits &= bits - 1) {
      auto from_end = static_cast<unsigned>(std::countr_zero(bits));
      if (from_end < length) back |= 1u << (length - 1 - from_end);
    }
    mask &= rule_.month_days | back;
  }
  bool yearly = rule_.frequency == Frequency::kYearly;
  bool nth_of_year = yearly && rule_.months == 0;
  if (has_weekdays(rule_) && (rule_.nth.empty() || !nth_of_year)) {
    std::uint8_t first = weekday_of(day_of(year, month, 1));
    std::uint32_t on = 0;
    for (std::uint8_t day = 0; day < 7; ++day) {
      if ((rule_.weekdays >> day & 1) != 0) on |= every_seventh(offset_of(day, first));
    }
    for (const auto& nth : rule_.nth) {
      unsigned offset = offset_of(nth.weekday, first);
      int times = static_cast<int>((length - offset + 6) / 7);
      int index = nth.ordinal > 0 ? nth.ordinal - 1 : times + nth.ordinal;
      if (index >= 0 && index < times) on |= 1u << (offset + 7 * static_cast<unsigned>(index));
    }
    mask &= on;
  }
  bool by_first_day = !has_month_days(rule_) && !has_weekdays(rule_) && rule_.year_days.empty() && !has_weeks(rule_);
  if (by_first_day) mask &= 1u << (first_month_day_ - 1);
  bool by_first_month = by_first_day && yearly && rule_.months == 0 && month != first_month_;
  return by_first_month ? 0 : mask & all;
}

void DayWalk::load_year(std::int64_t year) {
  Day start = day_of(year, 1, 1), next_start = day_of(year + 1, 1, 1);
  YearDays passed;  // by the parts that look at the whole year
  bool narrowed = false;
  auto pass = [&](Day day) {
    if (day >= start && day < next_start) passed.add(static_cast<std::size_t>(day - start));
  };
  if (!rule_.year_days.empty()) {
    narrowed = true;
    for (int number : rule_.year_days) pass(number > 0 ? start + number - 1 : next_start + number);
  }
  if (has_weeks(rule_)) {
    narrowed = true;
    // Week 1 is the first with four days in its year. A day's week may be one of the years around it.
    auto first_week = [&](std::int64_t of) {
      Day fourth = day_of(of, 1, 4);
      return fourth - offset_of(weekday_of(fourth), rule_.week_start);
    };
    for (std::int64_t of = year - 1; of <= year + 1; ++of) {
      Day begin = first_week(of);
      int count = static_cast<int>((first_week(of + 1) - begin) / 7);
      for (int week = 0; week < count; ++week) {
        bool wanted = (rule_.weeks >> week & 1) != 0 || (rule_.weeks_back >> (count - 1 - week) & 1) != 0;
        for (int day = 0; wanted && day < 7; ++day) {
          bool on = has_weekdays(rule_) || weekday_of(begin + week * 7 + day) == first_weekday_;
          if (on) pass(begin + week * 7 + day);
        }
      }
    }
  }
  bool nth_of_year = !rule_.nth.empty() && rule_.months == 0;
  if (nth_of_year) {
    narrowed = true;
    std::uint8_t first = weekday_of(start);
    for (const auto& nth : rule_.nth) {
      Day offset = offset_of(nth.weekday, first);
      Day times = (next_start - start - offset + 6) / 7;
      Day index = nth.ordinal > 0 ? nth.ordinal - 1 : times + nth.ordinal;
      if (index >= 0 && index < times) pass(start + offset + 7 * index);
    }
    for (std::uint8_t day = 0; day < 7; ++day) {
      if ((rule_.weekdays >> day & 1) != 0) passed.add_weekly(offset_of(day, first));
    }
  }
  std::size_t at = 0;
  for (unsigned month = 1; month <= 12; at += month_length(year, month++)) {
    if (rule_.months != 0 && (rule_.months >> (month - 1) & 1) == 0) continue;
    std::uint32_t on = narrowed ? passed.from(at) : ~0u;
    if (on == 0) continue;
    std::uint32_t mask = on & days_in_month(year, month);
    if (mask != 0) days_[size_++] = {start + static_cast<Day>(at), mask};
  }
}

// BYSETPOS: of all days of a period, those at the positions asked, from its start or its end.
void DayWalk::keep_positions() {
  int total = 0;
  std::array<std::uint32_t, 12> kept{};
  for (std::size_t i = 0; i < size_; ++i) total += std::popcount(days_[i].mask);
  for (int position : rule_.positions) {
    int before = position > 0 ? position - 1 : total + position;
    if (before < 0 || before >= total) continue;
    std::size_t i = 0;
    for (int size; (size = std::popcount(days_[i].mask)) <= before; ++i) before -= size;
    std::uint32_t bits = days_[i].mask;
    for (; before > 0; --before) bits &= bits - 1;
    kept[i] |= bits & ~(bits - 1);
  }
  for (std::size_t i = 0; i < size_; ++i) days_[i].mask = kept[i];
}

}  // namespace maillage::protocol
