#include "registry/import/cell.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "protocol/calendar_day.h"
#include "protocol/utf8.h"
#include "registry/import/table_encoding.h"
#include "registry/letters.h"

namespace maillage::registry {
namespace {

bool is_blank(char32_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xa0 || c == 0x202f || (c >= 0x2000 && c <= 0x200a) || c == 0x3000;
}

// Controls, zero-width characters, marks of direction, and what stands for a byte that was lost.
bool is_invisible(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || c == 0x2060 ||
         c == 0xfeff || c == 0xfffd;
}

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// France and its parts: west, south, east, north, a few kilometres of sea around each.
constexpr BoundingBox kFrance[] = {
    {-5.6, 41.2, 9.8, 51.3},         // the mainland and Corsica
    {-63.4, 14.2, -60.6, 18.3},      // Guadeloupe, Martinique, Saint-Martin, Saint-Barthélemy
    {-54.9, 1.9, -51.4, 6.0},        // Guyane
    {55.0, -21.6, 56.0, -20.7},      // La Réunion
    {44.8, -13.2, 45.5, -12.4},      // Mayotte
    {-56.7, 46.6, -56.0, 47.3},      // Saint-Pierre-et-Miquelon
    {158.0, -26.5, 172.5, -14.0},    // Nouvelle-Calédonie
    {-155.0, -28.0, -134.0, -7.5},   // Polynésie française
    {-178.6, -14.7, -175.9, -12.9},  // Wallis-et-Futuna
};

}  // namespace

CellText clean_cell(std::string_view cell, bool keeps_lines) {
  CellText clean;
  std::string undone = undo_double_encoding(cell);
  if (!undone.empty()) {
    clean.note = NoteCode::kDoubleEncoded;
    cell = undone;
  }
  bool gap = false, line = false;
  while (!cell.empty()) {
    protocol::CodePoint point = protocol::first_code_point(cell);
    std::string_view bytes = cell.substr(0, point.bytes);
    cell.remove_prefix(point.bytes);
    if (is_blank(point.value)) {
      gap = true;
      line = line || point.value == '\n';
    } else if (is_invisible(point.value)) {
      if (!clean.note) clean.note = NoteCode::kControlCharacters;
    } else {
      if (gap && !clean.text.empty()) clean.text.push_back(line && keeps_lines ? '\n' : ' ');
      gap = line = false;
      clean.text.append(bytes);
    }
  }
  return clean;
}

std::string folded_value(std::string_view text) {
  std::string words;
  bool gap = false;
  for (char c : fold(text)) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      gap = !words.empty();
      continue;
    }
    if (gap) words.push_back(' ');
    gap = false;
    words.push_back(c);
  }
  return words;
}

bool is_placeholder(std::string_view text) {
  constexpr std::array<std::string_view, 27> kPlaceholders = {
      "null", "none", "nan", "na",  "n/a",    "#n/a",   "#ref!", "nd",      "n.d.",     "nc",            "n.c.",     "-",       "--",
      "---",  "/",    "?",   "??",  "aucun",  "aucune", "neant", "vide",    "inconnu",  "inconnue",      "non renseigne",
      "en cours", "a venir", "en construction"};
  if (text.size() > 24) return false;
  return std::find(kPlaceholders.begin(), kPlaceholders.end(), folded_value(text)) != kPlaceholders.end();
}

bool is_no_name(std::string_view text) {
  std::string folded = folded_value(text);
  bool has_letter = std::any_of(folded.begin(), folded.end(), [](char c) {
    return (c & 0x80) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
  });
  return !has_letter || folded == "null" || folded == "n/a" || folded == "#n/a" || folded == "#ref!";
}

std::string cut_to(std::string_view text, std::size_t most) {
  if (protocol::count_code_points(text) <= most) return std::string(text);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i + 1 < most; ++i) bytes += protocol::first_code_point(text.substr(bytes)).bytes;
  return std::string(text.substr(0, bytes)) + "…";
}

std::optional<CellNumber> read_number(std::string_view text) {
  CellNumber number;
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    // 1 200: a blank stands only where three digits follow, and nothing but digits came before.
    bool group = text[i] == ' ' && !plain.empty() && is_digits(plain) && text.size() >= i + 4 && is_digits(text.substr(i + 1, 3)) &&
                 (text.size() == i + 4 || !is_digits(text.substr(i + 4, 1)));
    if (group) continue;
    number.had_comma = number.had_comma || text[i] == ',';
    plain.push_back(text[i] == ',' ? '.' : text[i]);
  }
  // from_chars also reads exponents, nan and inf, which no list means.
  if (plain.empty() || plain.find_first_not_of("0123456789.-") != std::string::npos) return std::nullopt;
  auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), number.value);
  if (error != std::errc{} || end != plain.data() + plain.size() || !std::isfinite(number.value)) return std::nullopt;
  return number;
}

bool near_france(GeoPoint point) {
  return std::any_of(std::begin(kFrance), std::end(kFrance), [&](const BoundingBox& box) { return box.contains(point); });
}

std::optional<CellDate> read_date(std::string_view text, bool day_first) {
  char separator = 0;
  std::array<unsigned, 3> numbers{};
  std::array<std::size_t, 3> digits{};
  std::size_t part = 0;
  for (char c : text) {
    if (c >= '0' && c <= '9') {
      if (++digits[part] > 4) return std::nullopt;
      numbers[part] = numbers[part] * 10 + static_cast<unsigned>(c - '0');
    } else {
      bool known = c == '/' || c == '.' || c == '-';
      if (!known || (separator != 0 && c != separator) || ++part == numbers.size()) return std::nullopt;
      separator = c;
    }
  }
  auto [first, second, year] = numbers;
  if (digits[0] == 0 || digits[0] > 2 || digits[1] == 0 || digits[1] > 2 || digits[2] != 4) return std::nullopt;
  bool told = day_first || separator == '.';
  if (!told && std::min(first, second) > 0 && std::max(first, second) <= 12 && first != second) return CellDate{"", true};
  unsigned month = told || first > 12 ? second : first, day = told || first > 12 ? first : second;
  if (month == 0 || month > 12 || day == 0 || day > protocol::month_length(year, month)) return std::nullopt;
  auto two = [](unsigned number) { return (number < 10 ? "-0" : "-") + std::to_string(number); };
  return CellDate{std::string(text.substr(text.size() - 4)) + two(month) + two(day), false};
}

CellPoint read_point(double lat, double lon, bool in_france) {
  if (lat == 0 && lon == 0) return {std::nullopt, NoteCode::kZeroCoordinates};
  auto point = make_point(lat, lon), swapped = make_point(lon, lat);
  bool right = point && (!in_france || near_france(*point));
  if (right) return {point, std::nullopt};
  // Without a country to hold it to, a swap shows only where the latitude cannot be one.
  bool is_swapped = swapped && (in_france ? near_france(*swapped) : !point);
  if (is_swapped) return {swapped, NoteCode::kSwapped};
  return {std::nullopt, point ? NoteCode::kOutsideFrance : NoteCode::kOutOfRange};
}

}  // namespace maillage::registry
