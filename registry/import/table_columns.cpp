#include <algorithm>

#include "protocol/suggestion.h"
#include "protocol/utf8.h"
#include "registry/import/cell.h"
#include "registry/import/mapping.h"

namespace maillage::registry {
namespace {

// Names shown of a table's columns: enough to find the right one, and one screen.
constexpr std::size_t kColumnsShown = 100;

std::string list_of(const std::vector<std::string>& columns) {
  std::string list;
  for (std::size_t i = 0; i < std::min(columns.size(), kColumnsShown); ++i) {
    if (columns[i].empty()) continue;
    list += (list.empty() ? "" : ", ") + protocol::shown(columns[i], 60);
  }
  return columns.size() > kColumnsShown ? list + ", …" : list;
}

std::string with_nearest(const std::string& wanted, const std::vector<std::string>& columns) {
  std::vector<std::string_view> names(columns.begin(), columns.end());
  std::string_view nearest = protocol::nearest(wanted, names);
  std::string folded = folded_value(wanted);
  // Case and accents are what people get wrong first.
  for (const std::string& column : columns)
    if (folded_value(column) == folded) nearest = column;
  return protocol::shown(wanted, 60) + (nearest.empty() ? "" : " → " + protocol::shown(nearest, 60) + " ?");
}

}  // namespace

std::set<std::string, std::less<>> columns_of(const ImportMapping& mapping) {
  std::set<std::string, std::less<>> names{mapping.source.id};
  for (const auto& [field, columns] : mapping.columns) names.insert(columns.begin(), columns.end());
  for (const std::string& column : mapping.hours)
    if (!column.empty()) names.insert(column);
  for (const auto& [column, prefix] : mapping.links) names.insert(column);
  return names;
}

Result<TableColumns> TableColumns::find(const ImportMapping& mapping, const CsvReader& table) {
  const std::vector<std::string>& columns = table.columns();
  TableColumns found;
  found.count_ = columns.size();
  std::string missing;
  std::set<std::string, std::less<>> wanted = columns_of(mapping);
  for (const std::string& name : wanted) {
    auto at = std::find(columns.begin(), columns.end(), name);
    if (at == columns.end()) {
      missing += (missing.empty() ? "" : ", ") + with_nearest(name, columns);
      continue;
    }
    if (std::find(at + 1, columns.end(), name) != columns.end())
      return protocol::fail(ErrorCode::kColumnTwice, table.name() + ": " + protocol::shown(name, 60));
    found.positions_[name] = static_cast<std::size_t>(at - columns.begin());
  }
  if (!missing.empty()) return protocol::fail(ErrorCode::kUnknownColumn, table.name() + ": " + missing + " (" + list_of(columns) + ")");
  for (const std::string& name : columns)
    if (!name.empty() && !wanted.contains(name)) found.unused_.push_back(name);
  return found;
}

std::string_view TableColumns::cell(const CsvRow& row, std::string_view column) const {
  auto at = positions_.find(column);
  return at == positions_.end() || at->second >= row.cells.size() ? std::string_view() : row.cells[at->second];
}

}  // namespace maillage::registry
