// Opening hours as French lists write them, one text a weekday, to OpenStreetMap's grammar for the whole week.
//
//   "09:00 - 12:00 / 13:30 - 17:00"   "9h-12h et 14h-17h30"   "de 9h à midi"   "fermé"   "24h/24"   ""
//   → Mo-Fr 09:00-12:00,13:30-17:00; Sa 09:00-12:00
//
// Ranges that overlap or repeat are joined: open is open. A range without duration (00:00 - 00:00) is a slot of a form that
// nobody filled. A text that is not wholly understood is kept word for word as an OSM comment of its day, never guessed.
// An empty text says nothing of its day; "fermé" says `off`. Pure; any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "registry/import/note.h"

namespace maillage::registry {

// Code points of a text that is kept as a comment; the real ones have 40. Eight of them fit the schema's 1,000.
inline constexpr std::size_t kHoursCommentMax = 100;
// A text in quotes, as OSM's grammar has comments; cut to kHoursCommentMax.
std::string hours_comment(std::string_view text);

struct DayHours {
  struct Range {
    int start = 0, end = 0;  // minutes from midnight; end ≤ start: past midnight; the whole day is 0, 1440
    bool operator==(const Range&) const = default;
  };
  enum class Kind { kSilent, kClosed, kOpen, kUnread } kind = Kind::kSilent;
  std::vector<Range> ranges;    // ascending, apart from each other; when kOpen
  bool joined = false;          // some overlapped
  bool had_empty_slot = false;  // beside others that have a duration
};

DayHours read_day_hours(std::string_view text);

struct WeekHours {
  struct Note {
    std::size_t day;  // 0 is Monday
    NoteCode code;
    std::string result;
  };
  std::string osm;  // empty when no day says anything
  std::vector<Note> notes;
};

// From Monday on.
WeekHours week_hours(const std::array<std::string_view, 7>& texts);

}  // namespace maillage::registry
