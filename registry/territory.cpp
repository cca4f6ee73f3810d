#include "registry/territory.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/slug.h"
#include "registry/territory_table.h"

namespace maillage::registry {
namespace {

struct Department {
  Area area;
  std::string_view region;
};

struct Row {
  std::string_view code, department, epci, name;
};

struct Successor {
  std::string_view code, now;
};

std::string_view next_field(std::string_view& line) {
  std::size_t tab = line.find('\t');
  std::string_view field = line.substr(0, tab);
  line = tab == std::string_view::npos ? std::string_view() : line.substr(tab + 1);
  return field;
}

class Territory {
 public:
  explicit Territory(std::string_view table) {
    while (!table.empty()) {
      std::size_t end = table.find('\n');
      read_line(table.substr(0, end));
      table = end == std::string_view::npos ? std::string_view() : table.substr(end + 1);
    }
  }

  std::optional<Commune> find(std::string_view code) const {
    if (const auto* moved = in(successors_, code)) code = moved->now;
    const Row* row = in(rows_, code);
    if (!row) return std::nullopt;
    Commune commune;
    commune.commune = {row->code, row->name};
    commune.epci = {row->epci, name_in(names_, row->epci)};
    auto department = departments_.find(row->department);
    if (department == departments_.end()) return commune;
    commune.department = department->second.area;
    commune.region = {department->second.region, name_in(regions_, department->second.region)};
    return commune;
  }

  bool has(Level level, std::string_view code) const {
    switch (level) {
      case Level::kRegion: return regions_.contains(code);
      case Level::kDepartment: return departments_.contains(code);
      case Level::kEpci: return names_.contains(code);
      case Level::kCommune: return in(rows_, code) || in(successors_, code);
    }
    return false;
  }

  template <class Visit>
  void for_each(Level level, Visit visit) const {
    if (level == Level::kRegion) std::for_each(regions_.begin(), regions_.end(), [&](const auto& one) { visit(Area{one.first, one.second}); });
    if (level == Level::kEpci) std::for_each(names_.begin(), names_.end(), [&](const auto& one) { visit(Area{one.first, one.second}); });
    if (level == Level::kDepartment) std::for_each(departments_.begin(), departments_.end(), [&](const auto& one) { visit(one.second.area); });
    if (level == Level::kCommune) std::for_each(rows_.begin(), rows_.end(), [&](const Row& row) { visit(Area{row.code, row.name}); });
  }

 private:
  using Names = std::unordered_map<std::string_view, std::string_view>;

  // Communes and successors come sorted by code: the generator sorts them.
  void read_line(std::string_view line) {
    std::string_view kind = next_field(line), code = next_field(line);
    if (kind == "R") regions_.emplace(code, line);
    if (kind == "E") names_.emplace(code, line);
    if (kind == "A") successors_.push_back({code, line});
    if (kind == "D") {
      std::string_view region = next_field(line);
      departments_.emplace(code, Department{{code, line}, region});
    }
    if (kind == "C") {
      std::string_view department = next_field(line), epci = next_field(line);
      rows_.push_back({code, department, epci, line});
    }
  }

  template <class T>
  static const T* in(const std::vector<T>& sorted, std::string_view code) {
    auto found = std::lower_bound(sorted.begin(), sorted.end(), code,
                                  [](const T& row, std::string_view wanted) { return row.code < wanted; });
    return found != sorted.end() && found->code == code ? &*found : nullptr;
  }

  static std::string_view name_in(const Names& names, std::string_view code) {
    auto found = names.find(code);
    return found == names.end() ? std::string_view() : found->second;
  }

  Names regions_, names_;
  std::unordered_map<std::string_view, Department> departments_;
  std::vector<Row> rows_;
  std::vector<Successor> successors_;
};

const Territory& territory() {
  static const Territory loaded(territory_table());
  return loaded;
}

}  // namespace

bool has_area(Level level, std::string_view code) { return territory().has(level, code); }

std::vector<Area> areas_named(Level level, std::string_view name, std::size_t most) {
  // Letters that fold to several, and signs: no name differs by more from what a person types for it.
  constexpr std::size_t kLengthSlack = 8;
  std::string wanted = slug_of(name);
  std::vector<Area> found;
  if (wanted.empty()) return found;
  territory().for_each(level, [&](const Area& area) {
    // Most of 35,000 communes are told apart without folding their names.
    char first = area.name.empty() ? '\0' : area.name.front();
    bool plain = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
    bool other_letter = plain && (first | 0x20) != wanted.front();
    bool other_length = area.name.size() + kLengthSlack < wanted.size() || area.name.size() > wanted.size() + kLengthSlack;
    if (!other_letter && !other_length && slug_of(area.name) == wanted) found.push_back(area);
  });
  std::sort(found.begin(), found.end(), [](const Area& a, const Area& b) { return a.code < b.code; });
  if (found.size() > most) found.resize(most);
  return found;
}

std::optional<Commune> find_commune(std::string_view insee) {
  if (insee.size() != 5) return std::nullopt;
  std::array<char, 5> upper{};
  std::transform(insee.begin(), insee.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return territory().find({upper.data(), upper.size()});
}

}  // namespace maillage::registry
