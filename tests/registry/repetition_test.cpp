#include "registry/repetition.h"

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

TEST_CASE("jumping to the window gives what following every repetition gives") {
  for (std::string_view rule : {"FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31",
                                "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=-1"}) {
    auto plain = repeats(rule, "2019-01-01T10:00", "2019-01-01T12:00");
    auto counted = repeats(std::string(rule) + ";COUNT=1999", "2019-01-01T10:00", "2019-01-01T12:00");
    REQUIRE(plain);
    REQUIRE(counted);
    for (int day = 0; day < 600; day += 7) {
      UnixTime from{at("2023-06-01").ms + day * kDayMs}, to{at("2023-06-01").ms + (day + 400) * kDayMs};
      INFO(rule << " from " << format_utc(from));
      CHECK(plain->first_overlap(from, to) == counted->first_overlap(from, to));
    }
  }
}

TEST_CASE("a rule that cannot be read, or is finer than a day, is no repetition") {
  for (std::string_view rule : {"", "FREQ=", "FREQ=SOMETIMES", "hello", "FREQ=SECONDLY", "FREQ=HOURLY;INTERVAL=2", ";;;"}) {
    INFO(rule);
    CHECK_FALSE(repeats(rule, "2026-12-01T10:00", "2026-12-01T12:00"));
  }
  CHECK_FALSE(repeats(std::string("FREQ=DAILY;BYMONTHDAY=") + std::string(2000, '1'), "2026-12-01", "2026-12-02"));
}

TEST_CASE("a rule that never comes true ends") {
  auto never = repeats("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-12-01T10:00", "2026-12-01T12:00");
  if (never) CHECK(first_start(*never, "2026-12-02", "2199-12-31") == "none");
}
