#include "registry/import/weekday_hours.h"

#include <catch2/catch.hpp>

using namespace maillage::registry;
using Week = std::array<std::string_view, 7>;

namespace {

// The hours of a Monday that says `text`.
std::string monday(std::string_view text) { return week_hours({text, "", "", "", "", "", ""}).osm; }

std::vector<NoteCode> codes(const WeekHours& week) {
  std::vector<NoteCode> all;
  for (const auto& note : week.notes) all.push_back(note.code);
  return all;
}

}  // namespace

TEST_CASE("equal days that follow each other are one rule") {
  std::string_view all_day = "09:00 - 12:00 / 14:00 - 17:00", morning = "09:00 - 12:00";
  CHECK(week_hours({all_day, all_day, all_day, all_day, all_day, morning, ""}).osm == "Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00");
  CHECK(week_hours({morning, "", morning, morning, "", "fermé", "Fermé."}).osm == "Mo 09:00-12:00; We,Th 09:00-12:00; Sa,Su off");
  CHECK(week_hours({"24h/24", "24h/24", "24h/24", "24/24", "0h-24h", "24h", "00:00 - 24:00"}).osm == "24/7");
  CHECK(week_hours({"", " ", "", "", "", "", ""}).osm.empty());
}

TEST_CASE("times are read as French people write them") {
  for (std::string_view text :
       {"09:00 - 12:00 / 14:00 - 17:30", "9h-12h et 14h-17h30", "9h à 12h et de 14h à 17h30", "de 9 h à 12 h, 14 h - 17 h 30", "9:00–12:00 ; 14:00—17:30",
        "9h00-12h00 14h00-17h30", "14h-17h30 / 9h-12h",
        "Matin : 9h-12h / Après-midi : 14h-17h30", "9H-12H & 14H-17H30", "09.00-12.00 / 14.00-17.30",
        "9h-midi puis 14h → 17h30", "9\u00a0h\u202f-\u202f12\u00a0h\n14h-17h30", "9-12h / 14-17h30", "Ouvert de 9 heures à midi et de 14 heures à 17h30"}) {
    INFO(text);
    CHECK(monday(text) == "Mo 09:00-12:00,14:00-17:30");
  }
  CHECK(monday("18h - minuit") == "Mo 18:00-24:00");
  CHECK(monday("20h-2h") == "Mo 20:00-02:00");
  CHECK(monday("9h-12h / 20h-2h") == "Mo 09:00-12:00,20:00-02:00");
}

TEST_CASE("ranges that overlap are joined and said, ranges that touch are joined") {
  std::string_view inside = "09:00 - 12:00 / 09:00 - 16:30 / 14:00 - 16:30", twice = "13:30 - 16:00 / 13:30 - 16:00";
  WeekHours week = week_hours({inside, twice, "09:00 - 11:00 / 11:00 - 12:00", "", "", "", ""});
  CHECK(week.osm == "Mo 09:00-16:30; Tu 13:30-16:00; We 09:00-12:00");
  CHECK(codes(week) == std::vector{NoteCode::kHoursOverlap, NoteCode::kHoursOverlap});
}

TEST_CASE("an empty slot beside others is taken out, alone it means nothing that one could know") {
  WeekHours week = week_hours({"00:00 - 00:00 / 09:00 - 12:00", "", "", "", "00:00 - 00:00", "", ""});
  CHECK(week.osm == "Mo 09:00-12:00; Fr \"00:00 - 00:00\"");
  CHECK(codes(week) == std::vector{NoteCode::kHoursEmptySlot, NoteCode::kHoursUnread});
}

TEST_CASE("what is not wholly understood is kept word for word, and said") {
  for (std::string_view text : {"sur rendez-vous", "9h-12h sur rendez-vous", "9-12", "14h-9h", "25h-26h",
                                "9h60-12h", "9h", "9h-12h-14h", "un lundi sur deux", "9h-", "-",
                                "24h-25h", "123h-12h", "1er et 3e lundi 9h-12h", 
                                "fermé le matin"}) {
    INFO(text);
    WeekHours week = week_hours({text, "", "", "", "", "", ""});
    CHECK(week.osm == "Mo \"" + std::string(text) + "\"");
    CHECK(codes(week) == std::vector{NoteCode::kHoursUnread});
  }
  CHECK(monday("le \"bar\"") == "Mo \"le 'bar'\"");
}

TEST_CASE("seven long texts still fit the field") {
  std::string text(5'000, 'x'), accents;
  for (int i = 0; i < 300; ++i) accents += "é\"";
  WeekHours week = week_hours({text, accents, text, accents, text, accents, text});
  CHECK(week.osm.size() < 2'000);
  CHECK(week.notes.size() == 7);
}

TEST_CASE("every truncation and every changed byte of a text gives hours or a comment") {
  std::string valid = "de 9h30 à midi / 13:30 – 17h et 20h-2h";
  auto check = [](const std::string& text) {
    WeekHours week = week_hours({text, text, "", "", "", "", text});
    REQUIRE(week.osm.size() < 1'000);
    for (const DayHours::Range& range : read_day_hours(text).ranges) REQUIRE((range.start >= 0 && range.start < 1440 && range.end <= 1440));
  };
  for (std::size_t size = 0; size < valid.size(); ++size) check(valid.substr(0, size));
  for (std::size_t at = 0; at < valid.size(); ++at)
    for (int mask : {0x01, 0x80, 0xff}) {
      std::string flipped = valid;
      flipped[at] = static_cast<char>(flipped[at] ^ mask);
      check(flipped);
    }
}
