#include "registry/repetition.h"

#include <random>

#include <catch2/catch.hpp>

using namespace maillage::registry;

namespace {

UnixTime at(std::string_view text, std::string_view zone = "") { return parse_moment(text, TimeZone(zone)).value().at; }

std::shared_ptr<const Repetition> repeats(std::string_view rule, std::string_view start, std::string_view end,
                                          std::vector<UnixTime> except = {}) {
  TimeZone paris("Europe/Paris");
  ZonedMoment first = parse_moment(start, paris).value(), last = parse_moment(end, paris).value();
  return Repetition::make(rule, {first.local_ms, last.local_ms, first.date_only, paris, std::move(except)});
}

std::string first_start(const Repetition& repetition, std::string_view from, std::string_view to) {
  auto found = repetition.first_overlap(at(from), at(to));
  return found ? format_utc(found->start) : "none";
}

}  // namespace

TEST_CASE("a moment is read with its offset, else on the clock of its zone") {
  CHECK(format_utc(at("2026-12-05T14:00:00")) == "2026-12-05T13:00:00Z");
  CHECK(format_utc(at("2026-07-05T14:00")) == "2026-07-05T12:00:00Z");
  CHECK(format_utc(at("2026-12-05T14:00:00Z")) == "2026-12-05T14:00:00Z");
  CHECK(format_utc(at("2026-12-05T14:00:00.250+04:00")) == "2026-12-05T10:00:00Z");
  CHECK(format_utc(at("2026-12-05T14:00", "Indian/Reunion")) == "2026-12-05T10:00:00Z");
  CHECK(format_utc(at("2026-12-05T14:00", "Nowhere/Atall")) == "2026-12-05T13:00:00Z");
  CHECK(format_utc(at("2026-12-05")) == "2026-12-04T23:00:00Z");
  CHECK(format_utc({-1}) == "1969-12-31T23:59:59Z");
}

TEST_CASE("what is no moment is refused") {
  for (std::string_view text : {"", "2026", "2026-12", "2026-13-05", "2026-02-30", "2026-12-05T", "2026-12-05T25:00",
                                "2026-12-05T14", "2026-12-05T14:00:61", "2026-12-05T14:00z", "2026-12-05T14:00+1",
                                "2026-12-05 14:00", "2026-12-05T14:00:00Zz", "demain", "2026-12-05T14:00:00."}) {
    INFO(text);
    CHECK_FALSE(parse_moment(text, TimeZone("")));
  }
}

TEST_CASE("an event repeats on its wall clock through summer time") {
  auto monthly = repeats("FREQ=MONTHLY;BYDAY=1SA", "2026-12-05T14:00", "2026-12-05T18:00");
  REQUIRE(monthly);
  CHECK(first_start(*monthly, "2026-01-01", "2027-01-01") == "2026-12-05T13:00:00Z");
  CHECK(first_start(*monthly, "2027-07-01", "2027-07-31") == "2027-07-03T12:00:00Z");
  CHECK(first_start(*monthly, "2027-07-04", "2027-07-31") == "none");
  CHECK(first_start(*monthly, "2027-07-03T17:00", "2027-07-03T17:30") == "2027-07-03T12:00:00Z");
  CHECK(first_start(*monthly, "2027-07-03T18:00", "2027-07-03T19:00") == "none");
}

TEST_CASE("an excepted repetition does not happen") {
  auto weekly = repeats("FREQ=WEEKLY", "2026-12-01T10:00", "2026-12-01T12:00", {at("2026-12-08T10:00")});
  REQUIRE(weekly);
  CHECK(first_start(*weekly, "2026-12-02", "2026-12-14") == "none");
  CHECK(first_start(*weekly, "2026-12-02", "2026-12-16") == "2026-12-15T09:00:00Z");
}

TEST_CASE("a rule that counts or has an end stops") {
  auto counted = repeats("FREQ=DAILY;COUNT=3", "2026-12-01T10:00", "2026-12-01T11:00");
  CHECK(first_start(*counted, "2026-12-03", "2026-12-10") == "2026-12-03T09:00:00Z");
  CHECK(first_start(*counted, "2026-12-04", "2026-12-10") == "none");
  auto until = repeats("FREQ=DAILY;UNTIL=20261203T235959Z", "2026-12-01T10:00", "2026-12-01T11:00");
  CHECK(first_start(*until, "2026-12-03", "2026-12-10") == "2026-12-03T09:00:00Z");
  CHECK(first_start(*until, "2026-12-04", "2026-12-10") == "none");
}

TEST_CASE("whole days repeat as whole days, the last day not included") {
  auto yearly = repeats("FREQ=YEARLY", "2020-06-21", "2020-06-22");
  auto found = yearly->first_overlap(at("2026-06-21T20:00"), at("2026-06-21T21:00"));
  REQUIRE(found);
  CHECK(format_utc(found->start) == "2026-06-20T22:00:00Z");
  CHECK(format_utc(found->end) == "2026-06-21T22:00:00Z");
  CHECK(first_start(*yearly, "2026-06-22", "2026-12-31") == "none");
}

TEST_CASE("an end that is told in UTC is compared in UTC, and that very moment still belongs to it") {
  auto last = repeats("FREQ=DAILY;UNTIL=20261203T090000Z", "2026-12-01T10:00", "2026-12-01T11:00");
  CHECK(first_start(*last, "2026-12-03", "2026-12-10") == "2026-12-03T09:00:00Z");
  auto before = repeats("FREQ=DAILY;UNTIL=20261203T085959Z", "2026-12-01T10:00", "2026-12-01T11:00");
  CHECK(first_start(*before, "2026-12-03", "2026-12-10") == "none");
  auto night = repeats("FREQ=DAILY;UNTIL=20261202T233000Z", "2026-12-01T00:15", "2026-12-01T01:00");
  CHECK(first_start(*night, "2026-12-03", "2026-12-10") == "2026-12-02T23:15:00Z");
  auto day = repeats("FREQ=DAILY;UNTIL=20261203", "2026-12-01T10:00", "2026-12-01T11:00");
  CHECK(first_start(*day, "2026-12-03", "2026-12-10") == "2026-12-03T09:00:00Z");
  CHECK(first_start(*day, "2026-12-04", "2026-12-10") == "none");
  auto local = repeats("FREQ=DAILY;UNTIL=20261203T100000", "2026-12-01T10:00", "2026-12-01T11:00");
  CHECK(first_start(*local, "2026-12-03", "2026-12-10") == "2026-12-03T09:00:00Z");
  CHECK(first_start(*local, "2026-12-04", "2026-12-10") == "none");
}

TEST_CASE("a repetition may say its hour") {
  auto daily = repeats("FREQ=DAILY;BYHOUR=18;BYMINUTE=30", "2026-12-01T10:00", "2026-12-01T11:00");
  CHECK(first_start(*daily, "2026-12-03", "2026-12-10") == "2026-12-03T17:30:00Z");
}

TEST_CASE("a start that summer time skips is excepted by its written hour") {
  auto daily = repeats("FREQ=DAILY", "2027-03-27T02:30", "2027-03-27T02:45", {at("2027-03-28T02:30")});
  CHECK(first_start(*daily, "2027-03-28", "2027-03-30") == "2027-03-29T00:30:00Z");
}

TEST_CASE("starting at the window gives what following every repetition from the first gives") {
  std::mt19937 random(11);
  auto below = [&](int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random); };
  const std::vector<std::string> rules = {"FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31",
                                          "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=-1",
                                          "FREQ=DAILY;COUNT=40", "FREQ=WEEKLY;COUNT=30;BYDAY=SU", "FREQ=DAILY;UNTIL=20240301T120000Z",
                                          "FREQ=DAILY;BYDAY=SA,SU"};
  for (int i = 0; i < 2'000; ++i) {
    const std::string& text = rules[static_cast<std::size_t>(below(static_cast<int>(rules.size())))];
    TimeZone paris("");
    std::int64_t first = at("2023-06-01").ms + below(400) * kDayMs + below(24) * 3'600'000, length = std::int64_t{below(100)} * 3'600'000;
    std::vector<UnixTime> except;
    for (int day = 0; day < 60; ++day) {
      if (below(4) == 0) except.push_back(paris.to_utc(first + day * kDayMs));
    }
    UnixTime from{first + std::int64_t{below(900) - 100} * kDayMs + below(24) * 3'600'000};
    UnixTime to{from.ms + std::int64_t{below(100)} * 43'200'000 + 1};
    auto repetition = Repetition::make(text, {first, first + length, false, paris, except});
    REQUIRE(repetition);
    auto rule = maillage::protocol::DayRule::parse(text);
    Day first_day = maillage::protocol::floor_div(first, kDayMs);
    maillage::protocol::DayWalk walk(*rule, first_day, first_day);
    std::optional<Occurrence> expected;
    for (int number = 0; !expected && number < rule->count.value_or(4'000); ++number) {
      auto day = walk.next();
      if (!day) break;
      std::int64_t local = *day * kDayMs + (first - first_day * kDayMs);
      Occurrence one{paris.to_utc(local), paris.to_utc(local + length)};
      if (rule->until && one.start > at("2024-03-01T12:00Z")) break;
      bool excepted = std::find(except.begin(), except.end(), one.start) != except.end();
      if (!excepted && overlaps(one, from, to)) expected = one;
    }
    INFO(text << " first " << first << " from " << from.ms << " to " << to.ms);
    REQUIRE(repetition->first_overlap(from, to) == expected);
  }
}

TEST_CASE("a rule that cannot be read, or is finer than a day, is no repetition") {
  for (std::string_view rule : {"", "FREQ=", "FREQ=SOMETIMES", "hello", "FREQ=SECONDLY", "FREQ=HOURLY;INTERVAL=2", "FREQ=DAILY;BYHOUR=9,14", ";;;"}) {
    INFO(rule);
    CHECK_FALSE(repeats(rule, "2026-12-01T10:00", "2026-12-01T12:00"));
  }
  CHECK_FALSE(repeats(std::string("FREQ=DAILY;BYMONTHDAY=") + std::string(2000, '1'), "2026-12-01", "2026-12-02"));
}

TEST_CASE("a rule that never comes true ends") {
  auto never = repeats("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-12-01T10:00", "2026-12-01T12:00");
  REQUIRE(never);
  CHECK(first_start(*never, "2026-12-02", "2199-12-31") == "none");
}

TEST_CASE("a window at the ends of time is answered") {
  auto weekly = repeats("FREQ=WEEKLY", "2026-12-01T10:00", "2026-12-01T12:00");
  CHECK(first_start(*weekly, "0001-01-01", "9999-12-31") == "2026-12-01T09:00:00Z");
  CHECK(first_start(*weekly, "9999-12-01", "9999-12-31") == "none");
  auto late = repeats("FREQ=DAILY", "9999-12-30T10:00", "9999-12-30T12:00");
  CHECK(first_start(*late, "9999-12-31", "9999-12-31T23:00") == "9999-12-31T09:00:00Z");
}
