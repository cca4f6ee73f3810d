#include "registry/territory_witness.h"

#include <algorithm>

#include "registry/ground.h"

namespace maillage::registry {
namespace {

// Longer is no code: not looked at further.
constexpr std::size_t kCodeBytesMax = 32;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool all_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// Without blanks, in capitals, without the ".0" of a spreadsheet; "" for a zero.
std::string bare(std::string_view written) {
  if (written.size() > kCodeBytesMax) return {};
  std::string text;
  for (char c : written)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '\'') text.push_back(upper(c));
  std::size_t point = text.find_first_of(".,");
  if (point != text.npos && std::ranges::all_of(text.substr(point + 1), [](char c) { return c == '0'; })) text.resize(point);
  return std::ranges::all_of(text, [](char c) { return c == '0'; }) ? std::string() : text;
}

ReadCode read_code(std::string_view written) {
  ReadCode code;
  code.text = bare(written);
  code.written = !code.text.empty() || written.size() > kCodeBytesMax;
  code.zero_lost = code.text.size() == 4 && all_digits(code.text);
  if (code.zero_lost) code.text.insert(code.text.begin(), '0');
  code.row = territory_rows().commune(code.text);
  const FormerRow* former = code.row ? nullptr : territory_rows().former(code.text);
  code.successor = former != nullptr;
  if (former) code.row = territory_rows().commune(former->now);
  return code;
}

struct AtPostcode {
  std::string_view postcode;
  const CommuneRow* row;
};

// Municipal districts are not in it: they are found from their commune.
const std::vector<AtPostcode>& by_postcode() {
  static const std::vector<AtPostcode> index = [] {
    std::vector<AtPostcode> made;
    for (const auto& row : territory_rows().communes)
      for (std::size_t at = 0; row.commune.empty() && at + 5 <= row.postcodes.size(); at += 6) made.push_back({row.postcodes.substr(at, 5), &row});
    std::ranges::stable_sort(made, {}, &AtPostcode::postcode);
    return made;
  }();
  return index;
}

std::vector<const CommuneRow*> communes_at(std::string_view postcode) {
  std::vector<const CommuneRow*> rows;
  for (const auto& each : std::ranges::equal_range(by_postcode(), postcode, {}, &AtPostcode::postcode)) rows.push_back(each.row);
  return rows;
}

// A CEDEX is no commune's, but begins like its department.
std::vector<std::string_view> departments_beginning(std::string_view postcode) {
  if (postcode.starts_with("20")) return {"2A", "2B"};
  const DepartmentRow* department = territory_rows().department(postcode.substr(0, postcode >= "97" ? 3 : 2));
  if (!department) return {};
  return {department->code};
}

// "F-75010", "75010 CEDEX 10", "1000.0"; empty when no French postcode can be read.
std::string read_postcode(std::string_view written) {
  std::string text = bare(written);
  if (text.starts_with("FR-")) text.erase(0, 3);
  if (text.starts_with("F-")) text.erase(0, 2);
  auto end = std::ranges::find_if_not(text, is_digit);
  if (end != text.end() && !std::string_view(end, text.end()).starts_with("CEDEX")) return {};
  text.erase(end, text.end());
  if (text.size() == 4) text.insert(text.begin(), '0');
  if (text.size() != 5 || (communes_at(text).empty() && departments_beginning(text).empty())) return {};
  return text;
}

void read_postcode_of(RowSays& row, std::string_view written) {
  row.postcode = read_postcode(written);
  if (row.postcode.empty()) return;
  row.at_postcode = communes_at(row.postcode);
  for (const auto* commune : row.at_postcode)
    if (std::ranges::find(row.postcode_departments, commune->department()) == row.postcode_departments.end())
      row.postcode_departments.push_back(commune->department());
  if (row.at_postcode.empty()) row.postcode_departments = departments_beginning(row.postcode);
}

bool holds(const std::vector<std::string_view>& codes, std::string_view code) { return std::ranges::find(codes, code) != codes.end(); }

void name_testifies(const RowSays& row, const CommuneRow& commune, Testimony& all) {
  if (row.named.empty()) return;
  std::string_view whole = commune.commune.empty() ? commune.code : commune.commune;
  auto same = std::ranges::find_if(row.named, [&](const auto& named) { return named.row->code == commune.code || named.row->code == whole; });
  if (same == row.named.end()) {
    if (!is_nearly(row.name_key, commune.name)) all.denies |= kName;
    return;
  }
  all.says |= kName | (same->exact ? kVeryName : 0u);
}

void say(Testimony& all, unsigned witness, bool agrees) { (agrees ? all.says : all.denies) |= witness; }

}  // namespace

RowSays read_row(const DeclaredTerritory& declared) {
  RowSays row;
  row.code = read_code(declared.insee);
  if (declared.commune.size() <= kTerritoryNameBytesMax) row.name = declared.commune;
  row.name_key = near_key(row.name);
  row.named = communes_named(row.name);
  read_postcode_of(row, declared.postcode);
  row.department = department_code(declared.department).value_or("");
  row.region = region_code(declared.region).value_or("");
  // Nought and nought, in the gulf of Guinea, is what a geocoder writes when it found nothing.
  bool found = declared.geo && make_point(declared.geo->lat, declared.geo->lon) && *declared.geo != GeoPoint{0, 0};
  if (!found) return row;
  row.geo = declared.geo;
  row.ground = departments_at(*declared.geo);
  return row;
}

Testimony testify(const RowSays& row, const CommuneRow& commune) {
  Testimony all;
  std::string_view department = commune.department();
  const DepartmentRow* whole = territory_rows().department(department);
  name_testifies(row, commune, all);
  if (commune.has_postcode(row.postcode)) all.says |= kVeryPostcode;
  if (!row.postcode.empty()) say(all, kPostcode, commune.has_postcode(row.postcode) || holds(row.postcode_departments, department));
  bool in_region = whole && whole->region == row.region;
  if (!row.region.empty()) say(all, kRegion, in_region);
  if (!row.department.empty()) say(all, kArea, row.department == department);
  else if (!row.region.empty()) say(all, kArea, in_region);
  if (row.geo) say(all, kCoordinates, holds(row.ground, department));
  return all;
}

}  // namespace maillage::registry
