#include "registry/territory.h"

#include <algorithm>
#include <array>

#include "registry/slug.h"
#include "registry/territory_rows.h"

namespace maillage::registry {
namespace {

const CommuneRow* commune_of_today(std::string_view code) {
  const TerritoryRows& rows = territory_rows();
  const CommuneRow* row = rows.commune(code);
  if (row && !row->commune.empty()) return rows.commune(row->commune);
  if (row) return row;
  const FormerRow* former = rows.former(code);
  return former ? rows.commune(former->now) : nullptr;
}

// Not the municipal districts: people name the commune.
template <class Visit>
void for_each_area(Level level, Visit visit) {
  const TerritoryRows& rows = territory_rows();
  if (level == Level::kRegion) std::ranges::for_each(rows.regions, visit);
  if (level == Level::kEpci) std::ranges::for_each(rows.epcis, visit);
  if (level == Level::kDepartment) std::ranges::for_each(rows.departments, [&](const auto& row) { visit(Area{row.code, row.name}); });
  if (level != Level::kCommune) return;
  for (const auto& row : rows.communes)
    if (row.commune.empty()) visit(Area{row.code, row.name});
}

}  // namespace

bool has_area(Level level, std::string_view code) {
  const TerritoryRows& rows = territory_rows();
  switch (level) {
    case Level::kRegion: return rows.region(code) != nullptr;
    case Level::kDepartment: return rows.department(code) != nullptr;
    case Level::kEpci: return rows.epci(code) != nullptr;
    case Level::kCommune: return rows.commune(code) || rows.former(code);
  }
  return false;
}

std::vector<Area> areas_named(Level level, std::string_view name, std::size_t most) {
  // Letters that fold to several, and signs: no name differs by more from what a person types for it.
  constexpr std::size_t kLengthSlack = 8;
  std::string wanted = slug_of(name);
  std::vector<Area> found;
  if (wanted.empty()) return found;
  for_each_area(level, [&](const Area& area) {
    // Most of 35,000 communes are told apart without folding their names.
    char first = area.name.empty() ? '\0' : area.name.front();
    bool plain = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
    bool other_letter = plain && (first | 0x20) != wanted.front();
    bool other_length = area.name.size() + kLengthSlack < wanted.size() || area.name.size() > wanted.size() + kLengthSlack;
    if (!other_letter && !other_length && slug_of(area.name) == wanted) found.push_back(area);
  });
  auto population = [&](const Area& area) { return level == Level::kCommune ? territory_rows().commune(area.code)->population : 0; };
  std::sort(found.begin(), found.end(), [&](const Area& a, const Area& b) {
    return std::pair(population(b), a.code) < std::pair(population(a), b.code);
  });
  if (found.size() > most) found.resize(most);
  return found;
}

std::string name_among_namesakes(Level level, const Area& area) {
  auto commune = level == Level::kCommune ? find_commune(area.code) : std::nullopt;
  return std::string(area.name) + (commune ? ", " + std::string(commune->department.name) : "");
}

std::optional<Commune> find_commune(std::string_view insee) {
  if (insee.size() != 5) return std::nullopt;
  std::array<char, 5> upper{};
  std::transform(insee.begin(), insee.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const CommuneRow* row = commune_of_today({upper.data(), upper.size()});
  if (!row) return std::nullopt;
  auto around = find_department(row->department());
  if (!around) return std::nullopt;
  return Commune{{row->code, row->name}, around->department, around->region, row->epci, row->population, row->postcodes};
}

std::optional<Area> successor_of(std::string_view code) {
  const TerritoryRows& rows = territory_rows();
  const FormerRow* former = rows.commune(code) ? nullptr : rows.former(code);
  const CommuneRow* now = former ? rows.commune(former->now) : nullptr;
  return now ? std::optional(Area{now->code, now->name}) : std::nullopt;
}

std::optional<Department> find_department(std::string_view code) {
  const DepartmentRow* row = territory_rows().department(code);
  if (!row) return std::nullopt;
  const Area* region = territory_rows().region(row->region);
  return Department{{row->code, row->name}, region ? *region : Area{row->region, {}}};
}

protocol::Areas areas_of(std::string_view code) {
  constexpr std::size_t kCommuneCharacters = 5;
  if (auto commune = find_commune(code)) return {commune->department.code, commune->region.code, commune->epci.code, commune->commune.code};
  bool is_commune = code.size() == kCommuneCharacters;  // newer than the table
  auto around = find_department(is_commune ? code.substr(0, code >= "97" ? 3 : 2) : code);
  return around ? protocol::Areas{around->department.code, around->region.code, {}} : protocol::Areas{};
}

}  // namespace maillage::registry
