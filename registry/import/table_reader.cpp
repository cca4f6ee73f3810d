#include "registry/import/table_reader.h"

#include <algorithm>

#include "protocol/utf8.h"
#include "registry/import/cell.h"

namespace maillage::registry {
namespace {

bool is_blank(const CsvRow& row) {
  return std::all_of(row.cells.begin(), row.cells.end(), [](const std::string& cell) { return cell.empty() || clean_cell(cell).text.empty(); });
}

}  // namespace

TableReader::TableReader(CsvReader table, ImportMapping mapping, TableColumns columns)
    : table_(std::move(table)), mapping_(std::move(mapping)), columns_(std::move(columns)) {
  report_.source = mapping_.source.name;
  report_.retrieved = mapping_.source.retrieved;
  report_.file = table_.name();
  report_.encoding = name_of(table_.encoding());
  report_.separator = table_.separator() == '\t' ? std::string("tab") : std::string(1, table_.separator());
  report_.unused_columns = columns_.unused();
}

Result<TableReader> TableReader::open(const std::filesystem::path& file, ImportMapping mapping) {
  auto table = CsvReader::open(file, mapping.format);
  if (!table) return tl::unexpected(table.error());
  return over(std::move(*table), std::move(mapping));
}

Result<TableReader> TableReader::over(CsvReader table, ImportMapping mapping) {
  auto columns = TableColumns::find(mapping, table);
  if (!columns) return tl::unexpected(columns.error());
  return TableReader(std::move(table), std::move(mapping), std::move(*columns));
}

Result<std::optional<RowRecord>> TableReader::next() {
  CsvRow row;
  do {
    auto more = table_.next(row);
    if (!more) return tl::unexpected(more.error());
    if (!*more) return std::nullopt;
  } while (is_blank(row));
  RowRecord record = make_row_record(mapping_, columns_, row);
  if (!record.refused()) {
    auto [first, fresh] = lines_by_id_.emplace(record.id, record.line);
    if (!fresh) {
      record.profile.clear();
      record.notes = {{record.line, mapping_.source.id, NoteCode::kIdTwice, protocol::shown(record.id, kNoteValueMax), std::to_string(first->second)}};
    }
  }
  report_.add(record);
  return record;
}

}  // namespace maillage::registry
