// What stands in a cell, made fit to be a value: text without layout, numbers, coordinates. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/geo.h"
#include "registry/import/note.h"

namespace maillage::registry {

struct CellText {
  std::string text;              // valid UTF-8, no control character, no blanks around it; one line unless asked otherwise
  std::optional<NoteCode> note;  // kDoubleEncoded, kControlCharacters
};
// No-break spaces and runs of blanks are layout too: single blanks come out, without a note.
CellText clean_cell(std::string_view cell, bool keeps_lines = false);

// What is compared of a text that people typed: without case, accents, and blanks that are layout.
std::string folded_value(std::string_view text);

// NULL, n/a, #N/A, néant, "en cours", "-" …: what people and programs write where there is nothing.
bool is_placeholder(std::string_view text);
// The same for a name: there is a commune called Aucun, and a place may be called Vide. No letter or digit, or a program's word.
bool is_no_name(std::string_view text);

// At most `most` code points, with … at the end when it was cut.
std::string cut_to(std::string_view text, std::size_t most);

struct CellNumber {
  double value = 0;
  bool had_comma = false;
};
// "47.8753", "47,8753", "-3.9189", "1 200", "420.0"; nothing else is a number.
std::optional<CellNumber> read_number(std::string_view text);

struct CellDate {
  std::string iso;         // 2019-12-31; empty when nobody can tell
  bool ambiguous = false;  // 05/06/2019: of May, or of June
};
// Three numbers with the year last, as people write a day: 31/12/2019, 31.12.2019, 31-12-2019, 12/31/2019. With dots, or when
// the list says so (`day_first`), the day comes first; otherwise one of the two must be above 12, or both be the same. Nothing
// when it is not such a text, or no day that exists.
std::optional<CellDate> read_date(std::string_view text, bool day_first);

struct CellPoint {
  std::optional<GeoPoint> point;
  std::optional<NoteCode> note;  // kSwapped; or why not: kZeroCoordinates, kOutOfRange, kOutsideFrance
};
// `in_france`: the row is of France, overseas included; then a point elsewhere is wrong, and one that is in France with its
// numbers exchanged was swapped.
CellPoint read_point(double lat, double lon, bool in_france);

// France with its overseas parts, in generous boxes.
bool near_france(GeoPoint point);

}  // namespace maillage::registry
