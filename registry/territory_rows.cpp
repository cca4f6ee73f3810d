#include "registry/territory_rows.h"

#include <algorithm>
#include <charconv>

#include "registry/table_text.h"
#include "registry/territory_table.h"

namespace maillage::registry {
namespace {

std::uint32_t number_in(std::string_view text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void read_commune(TerritoryRows& rows, std::string_view code, std::string_view commune, std::string_view line, Area epci) {
  std::string_view population = take_until('\t', line), postcodes = take_until('\t', line);
  rows.communes.push_back({code, line, commune, epci, number_in(population), postcodes});
}

// `epci` is the one whose communes are being read.
void read_line(TerritoryRows& rows, Area& epci, std::string_view line) {
  std::string_view kind = take_until('\t', line), code = take_until('\t', line);
  if (kind == "R") rows.regions.push_back({code, line});
  if (kind == "E") epci = {code, line};
  if (kind == "E" && !code.empty()) rows.epcis.push_back(epci);
  if (kind == "C") read_commune(rows, code, {}, line, epci);
  if (kind == "D") {
    std::string_view region = take_until('\t', line);
    rows.departments.push_back({code, line, region});
  }
  if (kind == "M") {
    std::string_view commune = take_until('\t', line);
    read_commune(rows, code, commune, line, {});
  }
  if (kind == "A") {
    std::string_view now = take_until('\t', line);
    rows.formers.push_back({code, now, line});
  }
}

constexpr auto kCodeOf = [](const auto& row) { return row.code; };

template <class T>
const T* in(const std::vector<T>& sorted, std::string_view code) {
  auto found = std::ranges::lower_bound(sorted, code, {}, kCodeOf);
  return found != sorted.end() && found->code == code ? &*found : nullptr;
}

TerritoryRows read(std::string_view table) {
  TerritoryRows rows;
  Area epci;
  while (!table.empty()) read_line(rows, epci, take_until('\n', table));
  std::ranges::sort(rows.regions, {}, kCodeOf);
  std::ranges::sort(rows.epcis, {}, kCodeOf);
  std::ranges::sort(rows.departments, {}, kCodeOf);
  std::ranges::sort(rows.communes, {}, kCodeOf);
  std::ranges::sort(rows.formers, {}, kCodeOf);
  return rows;
}

}  // namespace

const CommuneRow* TerritoryRows::commune(std::string_view code) const { return in(communes, code); }
const FormerRow* TerritoryRows::former(std::string_view code) const { return in(formers, code); }
const DepartmentRow* TerritoryRows::department(std::string_view code) const { return in(departments, code); }
const Area* TerritoryRows::region(std::string_view code) const { return in(regions, code); }
const Area* TerritoryRows::epci(std::string_view code) const { return in(epcis, code); }

const TerritoryRows& territory_rows() {
  static const TerritoryRows rows = read(territory_table());
  return rows;
}

}  // namespace maillage::registry
