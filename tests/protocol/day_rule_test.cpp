#include "protocol/day_rule.h"

#include <map>
#include <memory>
#include <random>
#include <sstream>

#include <catch2/catch.hpp>
#include <libical/ical.h>

using namespace maillage::protocol;

namespace {

using Days = std::vector<Day>;

Days walk(const std::string& text, Day first, std::size_t count, Day end) {
  auto rule = DayRule::parse(text);
  REQUIRE(rule);
  DayWalk walk(*rule, first, first);
  Days days;
  while (days.size() < count) {
    auto day = walk.next();
    if (!day || *day >= end) break;
    days.push_back(*day);
  }
  return days;
}

// RFC 5545 word for word, a day at a time: slow and obvious.
class Oracle {
 public:
  Oracle(const std::string& text, Day first) : first_(first) {
    std::istringstream rule(text);
    for (std::string part; std::getline(rule, part, ';');) {
      std::istringstream values(part.substr(part.find('=') + 1));
      for (std::string value; std::getline(values, value, ',');) parts_[part.substr(0, part.find('='))].push_back(value);
    }
    frequency_ = parts_["FREQ"].front()[0];
    interval_ = has("INTERVAL") ? std::stoi(parts_["INTERVAL"].front()) : 1;
    week_start_ = has("WKST") && parts_["WKST"].front() == "SU" ? 6 : 0;
  }

  Days days(std::size_t count, Day end) const {
    std::map<Day, Days> periods;
    for (Day day = first_ - 400; day < end + 400; ++day) {
      if (holds(day)) periods[period(day)].push_back(day);
    }
    Days days;
    for (const auto& [_, all] : periods) {
      auto size = static_cast<int>(all.size());
      for (int i = 0; i < size; ++i) {
        bool asked = !has("BYSETPOS") || any("BYSETPOS", i + 1, i - size);
        if (asked && all[i] >= first_ && all[i] < end && days.size() < count) days.push_back(all[i]);
      }
    }
    return days;
  }

 private:
  bool has(const std::string& part) const { return parts_.contains(part); }
  bool any(const std::string& part, Day forward, Day back) const {
    for (const auto& text : parts_.at(part)) {
      if (std::stoi(text) == forward || std::stoi(text) == back) return true;
    }
    return false;
  }
  Day week_begin(Day day) const {
    while (weekday_of(day) != week_start_) --day;
    return day;
  }
  Day period(Day day) const {
    auto date = date_of(day);
    if (frequency_ == 'D') return day;
    if (frequency_ == 'W') return week_begin(day);
    return frequency_ == 'M' ? date.year * 12 + date.month : date.year;
  }
  bool in_step(Day day) const {
    Day apart = period(day) - period(first_);
    return (frequency_ == 'W' ? apart / 7 : apart) % interval_ == 0;
  }
  // Of the week, in the year that has its fourth day; weeks in that year.
  std::pair<Day, Day> week_number(Day day) const {
    auto number = [&](Day fourth) { return (fourth - day_of(date_of(fourth).year, 1, 1)) / 7 + 1; };
    Day fourth = week_begin(day) + 3;
    return {number(fourth), number(week_begin(day_of(date_of(fourth).year, 12, 28)) + 3)};
  }
  bool on_weekday(Day day) const {
    static const char* const kDays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    auto date = date_of(day);
    bool in_month = frequency_ == 'M' || has("BYMONTH");
    Day begin = day_of(date.year, in_month ? date.month : 1, 1);
    Day size = in_month ? month_length(date.year, date.month) : day_of(date.year + 1, 1, 1) - begin;
    Day forward = (day - begin) / 7 + 1, back = -((size - 1 - (day - begin)) / 7 + 1);
    for (const auto& text : parts_.at("BYDAY")) {
      if (text.substr(text.size() - 2) != kDays[weekday_of(day)]) continue;
      Day ordinal = text.size() == 2 ? 0 : std::stoi(text);
      if (ordinal == 0 || ordinal == forward || ordinal == back) return true;
    }
    return false;
  }
  bool holds(Day day) const {
    auto date = date_of(day), first = date_of(first_);
    if (!in_step(day)) return false;
    if (has("BYMONTH") && !any("BYMONTH", date.month, 0)) return false;
    Day length = month_length(date.year, date.month), year = day_of(date.year, 1, 1), next_year = day_of(date.year + 1, 1, 1);
    if (has("BYMONTHDAY") && !any("BYMONTHDAY", date.day, Day{date.day} - 1 - length)) return false;
    if (has("BYYEARDAY") && !any("BYYEARDAY", day - year + 1, day - next_year)) return false;
    if (has("BYWEEKNO")) {
      auto [number, count] = week_number(day);
      if (!any("BYWEEKNO", number, number - 1 - count)) return false;
    }
    if (has("BYDAY")) return on_weekday(day);
    if (frequency_ == 'D' || has("BYMONTHDAY") || has("BYYEARDAY")) return true;
    if (frequency_ == 'W' || has("BYWEEKNO")) return weekday_of(day) == weekday_of(first_);
    return date.day == first.day && (frequency_ == 'M' || has("BYMONTH") || date.month == first.month);
  }

  std::map<std::string, std::vector<std::string>> parts_;
  Day first_;
  char frequency_;
  int interval_, week_start_;
};

// Another reading of the same rule; nothing when it refuses the rule.
std::optional<Days> libical_days(const std::string& text, Day first, std::size_t count, Day end) {
  icalerror_set_errors_are_fatal(0);
  auto until = date_of(end - 1);
  char bound[32];
  std::snprintf(bound, sizeof bound, ";UNTIL=%04d%02u%02u", static_cast<int>(until.year), until.month, until.day);
  icalrecurrencetype rule = icalrecurrencetype_from_string((text + bound).c_str());
  auto date = date_of(first);
  icaltimetype start{};
  start.is_date = 1;
  start.year = static_cast<int>(date.year);
  start.month = static_cast<int>(date.month);
  start.day = static_cast<int>(date.day);
  std::unique_ptr<icalrecur_iterator, void (*)(icalrecur_iterator*)> at(icalrecur_iterator_new(rule, start), icalrecur_iterator_free);
  bool read = rule.freq != ICAL_NO_RECURRENCE;
  free(rule.rscale);
  if (!at || !read) return std::nullopt;
  Days days;
  while (days.size() < count) {
    icaltimetype next = icalrecur_iterator_next(at.get());
    if (icaltime_is_null_time(next)) break;
    Day day = day_of(next.year, static_cast<unsigned>(next.month), static_cast<unsigned>(next.day));
    if (day >= end) break;
    days.push_back(day);
  }
  return days;
}

class Rules {
 public:
  explicit Rules(unsigned seed) : random_(seed) {}

  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  bool chance(int percent) { return below(100) < percent; }

  std::string next() {
    static const char* const kFrequencies[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
    int frequency = below(4);
    bool yearly = frequency == 3;
    std::string rule = std::string("FREQ=") + kFrequencies[frequency];
    bool weeks = yearly && chance(15);
    if (!weeks && chance(50)) rule += ";INTERVAL=" + std::to_string(1 + below(frequency == 0 ? 40 : 5));
    if (chance(30)) rule += ";BYMONTH=" + list(1 + below(4), 12, false);
    if (weeks) rule += ";BYWEEKNO=" + list(1 + below(3), 53, true);
    bool year_days = yearly && !weeks && chance(15);
    if (year_days) rule += ";BYYEARDAY=" + list(1 + below(4), 366, true);
    bool month_days = !weeks && frequency != 1 && chance(30);
    if (month_days) rule += ";BYMONTHDAY=" + list(1 + below(4), 31, true);
    bool ordinals = (frequency == 2 || (yearly && !weeks && !year_days && !month_days)) && chance(40);
    bool weekdays = chance(40);
    if (weekdays) rule += ";BYDAY=" + weekday_list(ordinals, yearly && rule.find("BYMONTH=") == std::string::npos ? 53 : 5);
    if (!weeks && frequency != 0 && (weekdays || month_days || year_days) && chance(20)) rule += ";BYSETPOS=" + list(1 + below(2), 4, true);
    if (chance(20)) rule += ";WKST=SU";
    return rule;
  }

 private:
  std::string list(int count, int most, bool negative) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      if (i > 0) text += ",";
      if (negative && chance(30)) text += "-";
      text += std::to_string(1 + below(most));
    }
    return text;
  }
  std::string weekday_list(bool ordinals, int most) {
    static const char* const kDays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    std::string text;
    int count = 1 + below(3);
    for (int i = 0; i < count; ++i) {
      if (i > 0) text += ",";
      if (ordinals) text += list(1, most, true);
      text += kDays[below(7)];
    }
    return text;
  }

  std::mt19937 random_;
};

Day date(int year, unsigned month, unsigned day) { return day_of(year, month, day); }

}  // namespace

TEST_CASE("any rule that is followed repeats on the days that RFC 5545 says, wherever the walk begins") {
  Rules rules(20);
  int with_days = 0;
  for (int i = 0; i < 1'500; ++i) {
    std::string text = rules.next();
    Day first = date(2020, 1, 1) + rules.below(1'500), end = first + 2'500;
    INFO(text << " from " << first);
    Days ours = walk(text, first, 60, end);
    with_days += ours.empty() ? 0 : 1;
    REQUIRE(ours == Oracle(text, first).days(60, end));
    auto rule = DayRule::parse(text);
    for (std::size_t at = 1; at < ours.size(); at += 7) {
      CHECK(DayWalk(*rule, first, ours[at]).next() == ours[at]);
      CHECK(DayWalk(*rule, first, ours[at - 1] + 1).next() == ours[at]);
    }
  }
  CHECK(with_days > 1'000);
}

TEST_CASE("what people write repeats on the days that libical finds") {
  for (std::string rule : {"FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=TU,TH",
                           "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;WKST=SU", "FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=1SA", "FREQ=MONTHLY;BYDAY=-1FR",
                           "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31", "FREQ=MONTHLY;BYMONTHDAY=15", "FREQ=MONTHLY;BYMONTHDAY=-1",
                           "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "FREQ=MONTHLY;BYMONTH=9,10,11;BYDAY=2WE",
                           "FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=21", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYMONTH=9;BYDAY=3SA",
                           "FREQ=YEARLY;BYDAY=20MO", "FREQ=YEARLY;BYYEARDAY=100,-1", "FREQ=YEARLY;INTERVAL=2;BYMONTH=5;BYDAY=-1SU"}) {
    for (Day first = date(2024, 1, 29); first < date(2024, 4, 3); first += 4) {
      INFO(rule << " from " << first);
      auto theirs = libical_days(rule, first, 80, first + 4'000);
      REQUIRE(theirs);
      CHECK(walk(rule, first, 80, first + 4'000) == *theirs);
    }
  }
}

TEST_CASE("weekdays of a whole year, with ordinals and positions, are those that RFC 5545 says in each kind of year") {
  for (std::string text : {"FREQ=YEARLY;BYDAY=53MO,MO,TU;BYSETPOS=106,-106", "FREQ=YEARLY;BYDAY=1MO,MO,TU;BYSETPOS=106", "FREQ=YEARLY;BYDAY=SA,SU;BYSETPOS=106",
                           "FREQ=YEARLY;BYDAY=1MO,TU,-1WE,SU", "FREQ=YEARLY;BYDAY=53SU,-53MO,FR;BYSETPOS=1,17,-1,-40,200",
                           "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366,-366,60",
                           "FREQ=YEARLY;BYYEARDAY=31,32,59,60,61,64,65,128,129,320,321,365,366,-366"}) {
    INFO(text);
    Day first = date(2020, 1, 1), end = date(2061, 1, 1);
    CHECK(walk(text, first, 10'000, end) == Oracle(text, first).days(10'000, end));
  }
}

TEST_CASE("a rule is read strictly") {
  CHECK(DayRule::parse("FREQ=WEEKLY;COUNT=10")->count == 10);
  CHECK(DayRule::parse("UNTIL=20261203T235959Z;FREQ=DAILY")->until->second == 86'399);
  CHECK(DayRule::parse("FREQ=DAILY;UNTIL=20261203")->until->day == date(2026, 12, 3));
  CHECK(DayRule::parse("FREQ=DAILY;BYHOUR=9;BYMINUTE=0")->minute == 0);
  CHECK(DayRule::parse("FREQ=MONTHLY;BYDAY=+1SA")->nth.front().ordinal == 1);
  for (std::string text :
       {"", ";", "FREQ", "FREQ=", "FREQ=DAILY;", ";FREQ=DAILY", "FREQ=DAILY;;COUNT=1", "freq=DAILY", "FREQ=daily", "FREQ=HOURLY", "FREQ=SECONDLY",
        "COUNT=3", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=-1", "FREQ=DAILY;COUNT=10001", "FREQ=DAILY;COUNT=3;UNTIL=20261203",
        "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=10001", "FREQ=DAILY;INTERVAL=", "FREQ=DAILY;UNTIL=20260230", "FREQ=DAILY;UNTIL=2026-12-03",
        "FREQ=DAILY;UNTIL=20261203T2359", "FREQ=DAILY;UNTIL=20261203T235959X", "FREQ=DAILY;UNTIL=20261203T245959", "FREQ=DAILY;BYHOUR=9,10",
        "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYMONTH=13", "FREQ=DAILY;BYMONTH=-1", "FREQ=DAILY;BYMONTH=1,", "FREQ=DAILY;BYMONTH=,1", "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYMONTHDAY=32", "FREQ=DAILY;BYDAY=1SA", "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;BYDAY=M", "FREQ=DAILY;BYDAY=OT", "FREQ=MONTHLY;BYDAY=0SA",
        "FREQ=MONTHLY;BYDAY=54SA", "FREQ=WEEKLY;BYMONTHDAY=3", "FREQ=MONTHLY;BYYEARDAY=3", "FREQ=MONTHLY;BYWEEKNO=3", "FREQ=YEARLY;BYWEEKNO=54",
        "FREQ=YEARLY;BYWEEKNO=3;INTERVAL=2", "FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO", "FREQ=YEARLY;BYYEARDAY=367", "FREQ=YEARLY;BYSETPOS=0", "FREQ=DAILY;WKST=1",
        "FREQ=DAILY;X-OTHER=1", "RSCALE=HEBREW;FREQ=YEARLY", "FREQ=DAILY=DAILY"}) {
    INFO(text);
    CHECK_FALSE(DayRule::parse(text));
  }
  CHECK_FALSE(DayRule::parse("FREQ=DAILY;BYMONTHDAY=" + std::string(600, '1')));
}

TEST_CASE("no truncated or altered rule is walked out of order, or for ever") {
  const std::string rule = "FREQ=YEARLY;INTERVAL=2;BYMONTH=2,11;BYDAY=-1FR,2MO;BYSETPOS=1,-1;WKST=SU;UNTIL=20301231T225959Z";
  auto try_one = [](const std::string& text) {
    auto read = DayRule::parse(text);
    if (!read) return;
    DayWalk walk(*read, date(2026, 12, 5), date(2026, 12, 5));
    Day before = 0;
    for (auto day = walk.next(); day; day = walk.next()) {
      REQUIRE(*day > before);
      before = *day;
    }
  };
  for (std::size_t size = 0; size <= rule.size(); ++size) try_one(rule.substr(0, size));
  for (std::size_t i = 0; i < rule.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string altered = rule;
      altered[i] = static_cast<char>(altered[i] ^ 1 << bit);
      try_one(altered);
    }
  }
}

TEST_CASE("a rule that is never true ends, and the seldom one is found in a hundred years") {
  CHECK(walk("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", date(2026, 1, 1), 1, date(2999, 1, 1)).empty());
  CHECK(walk("FREQ=DAILY;INTERVAL=7;BYDAY=TU", date(2026, 12, 7), 1, date(2999, 1, 1)).empty());
  CHECK(walk("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", date(2026, 1, 1), 9, date(2999, 1, 1)) ==
        Days{date(2044, 2, 29), date(2072, 2, 29), date(2112, 2, 29)});
  CHECK(walk("FREQ=DAILY", date(2026, 1, 1), 1'000'000, date(2999, 1, 1)).back() == date(2026, 1, 1) + kRuleYearsMax * 366);
}
