#include "registry/scope_text.h"

#include <algorithm>
#include <array>

#include "protocol/ids.h"
#include "protocol/utf8.h"
#include "registry/slug.h"
#include "registry/territory_names.h"

namespace maillage::registry {
namespace {

using protocol::ErrorCode;

constexpr std::size_t kShownCharacters = 60;
// More that have one name are better told apart by their codes, which a map shows.
constexpr std::size_t kSuggestedMax = 4;

// Smaller communes are suggested for no letter wrong: there are too many.
constexpr std::uint32_t kTownPopulation = 10'000;

constexpr std::string_view kRegionPrefix = "region:";
constexpr std::array kLevels{Level::kRegion, Level::kDepartment, Level::kEpci, Level::kCommune};

struct Kind {
  std::string_view word;  // folded
  std::optional<Level> level;  // nothing: a place
};
constexpr std::array<Kind, 11> kKinds = {{{"region", Level::kRegion}, {"reg", Level::kRegion}, {"departement", Level::kDepartment},
                                          {"department", Level::kDepartment}, {"dep", Level::kDepartment}, {"epci", Level::kEpci},
                                          {"commune", Level::kCommune}, {"place", {}}, {"lieu", {}}, {"reseau", {}}, {"network", {}}}};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// 29, 2A, 29039: what nobody would write as a name.
bool is_code(std::string_view text) {
  bool corsica = text.starts_with("2A") || text.starts_with("2B");
  return std::ranges::all_of(corsica ? text.substr(2) : text, [](char c) { return c >= '0' && c <= '9'; });
}

struct Found {
  Level level;
  Area area;
  bool operator==(const Found& other) const { return level == other.level && area.code == other.area.code; }
  std::string text() const { return (level == Level::kRegion ? std::string(kRegionPrefix) : "") + std::string(area.code); }
};
using FoundAreas = std::vector<Found>;

FoundAreas with_code(Level level, std::string_view code) {
  const TerritoryRows& rows = territory_rows();
  if (auto now = level == Level::kCommune ? successor_of(code) : std::nullopt) return {{level, *now}};
  const DepartmentRow* department = level == Level::kDepartment ? rows.department(code) : nullptr;
  const CommuneRow* commune = level == Level::kCommune ? rows.commune(code) : nullptr;
  const Area* area = level == Level::kRegion ? rows.region(code) : level == Level::kEpci ? rows.epci(code) : nullptr;
  if (department != nullptr) return {{level, {department->code, department->name}}};
  if (commune != nullptr) return {{level, {commune->code, commune->name}}};
  return area != nullptr ? FoundAreas{{level, *area}} : FoundAreas{};
}

// By its code or its name, abbreviated and former names of regions and departments too.
FoundAreas find(Level level, std::string_view written) {
  if (std::string code = upper(written); is_code(code)) return with_code(level, code);
  std::optional<std::string> code;
  if (level == Level::kRegion) code = region_code(written);
  if (level == Level::kDepartment) code = department_code(written);
  if (code) return with_code(level, *code);
  FoundAreas found;
  for (const Area& area : areas_named(level, written, kSuggestedMax + 1)) found.push_back({level, area});
  return found;
}

// The larger area has the name; of EPCI and communes only one that nothing else is called as.
FoundAreas find_anywhere(std::string_view written) {
  std::string code = upper(written);
  if (is_code(code) && code.size() <= 3) return with_code(Level::kDepartment, code);
  if (is_code(code)) return with_code(code.size() == 5 ? Level::kCommune : Level::kEpci, code);
  FoundAreas found = find(Level::kRegion, written);
  if (found.empty()) found = find(Level::kDepartment, written);
  if (!found.empty()) return found;
  for (Level level : {Level::kEpci, Level::kCommune})
    for (const Found& each : find(level, written)) found.push_back(each);
  return found;
}

// What has that number at another level, or nearly that name.
FoundAreas probably(std::string_view written) {
  FoundAreas found;
  auto add = [&found](const FoundAreas& more) {
    for (const Found& each : more)
      if (found.size() < kSuggestedMax && std::ranges::find(found, each) == found.end()) found.push_back(each);
  };
  for (Level level : kLevels) add(find(level, written));
  std::string code = upper(written);
  if (is_code(code)) add(with_code(Level::kDepartment, "0" + code)), add(with_code(Level::kCommune, "0" + code));
  std::string key = near_key(written);
  if (key.empty() || is_code(code)) return found;
  const TerritoryRows& rows = territory_rows();
  for (const Area& each : rows.regions)
    if (is_nearly(key, each.name)) add({{Level::kRegion, each}});
  for (const DepartmentRow& each : rows.departments)
    if (is_nearly(key, each.name)) add({{Level::kDepartment, {each.code, each.name}}});
  for (const CommuneRow& each : rows.communes) {
    bool town = found.empty() && each.commune.empty() && each.population > kTownPopulation;
    if (town && is_nearly(key, each.name)) add({{Level::kCommune, {each.code, each.name}}});
  }
  return found;
}

tl::unexpected<protocol::Error> mistake(std::string_view written, const FoundAreas& meant) {
  std::string context = "\"" + protocol::shown(written, kShownCharacters) + "\"";
  for (std::size_t i = 0; i < std::min(meant.size(), kSuggestedMax); ++i) {
    bool namesakes = std::ranges::count_if(meant, [&](const Found& each) { return each.area.name == meant[i].area.name; }) > 1;
    std::string name = namesakes ? name_among_namesakes(meant[i].level, meant[i].area) : std::string(meant[i].area.name);
    context.append(i == 0 ? " → \"" : ", \"").append(meant[i].text()).append("\" (").append(name).append(")");
  }
  if (!meant.empty()) context += meant.size() > kSuggestedMax ? ", … ?" : " ?";
  return protocol::fail(ErrorCode::kConfigScope, context);
}

}  // namespace

protocol::Result<std::string> scope_text(std::string_view written) {
  std::string_view value = trimmed(written);
  if (value.size() > kTerritoryNameBytesMax) return mistake(written, {});
  std::size_t colon = value.find(':');
  const Kind* kind = nullptr;
  if (colon != value.npos) {
    kind = std::ranges::find(kKinds, slug_of(value.substr(0, colon)), &Kind::word);
    if (kind == kKinds.end()) return mistake(written, probably(trimmed(value.substr(colon + 1))));
    value = trimmed(value.substr(colon + 1));
  }
  if (value.empty()) return mistake(written, {});
  bool may_be_place = kind == nullptr || !kind->level;
  if (auto place = protocol::PlaceId::parse(lower(value)); may_be_place && place) return place->hex();
  if (kind != nullptr && !kind->level) return mistake(written, {});
  FoundAreas found = kind != nullptr ? find(*kind->level, value) : find_anywhere(value);
  if (found.size() == 1) return found.front().text();
  return mistake(written, found.empty() ? probably(value) : found);
}

std::string name_of_scope(std::string_view text) {
  FoundAreas found;
  if (text.starts_with(kRegionPrefix)) found = with_code(Level::kRegion, text.substr(kRegionPrefix.size()));
  else if (is_code(text)) found = find_anywhere(text);
  return found.empty() ? "" : std::string(found.front().area.name);
}

}  // namespace maillage::registry
