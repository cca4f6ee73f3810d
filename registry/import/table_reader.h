// TableReader: a table and a mapping in, a record or a refusal for each row out, in the order of the file; and the report.
//
// All that can be wrong with the file or the mapping as a whole is an error of open(), before there is any record. Memory: one
// row, the report, and the ids given so far. Two rows with one id are one place: the first has it, the others are refused.
// One thread.
#pragma once

#include <optional>
#include <unordered_map>

#include "registry/import/report.h"

namespace maillage::registry {

class TableReader {
 public:
  // Errors of CsvReader::open and TableColumns::find.
  static Result<TableReader> open(const std::filesystem::path& file, ImportMapping mapping);
  // The same over a table that is open already.
  static Result<TableReader> over(CsvReader table, ImportMapping mapping);

  // Nothing at the end. Rows whose cells are all blank are none. An error only when the disk fails or the file changed.
  Result<std::optional<RowRecord>> next();

  const ImportMapping& mapping() const { return mapping_; }
  const std::vector<std::string>& unused_columns() const { return columns_.unused(); }
  // Of the rows so far; the caller fills what became of the places.
  ImportReport& report() { return report_; }

 private:
  TableReader(CsvReader table, ImportMapping mapping, TableColumns columns);

  CsvReader table_;
  ImportMapping mapping_;
  TableColumns columns_;
  ImportReport report_;
  std::unordered_map<std::string, std::size_t> lines_by_id_;
};

}  // namespace maillage::registry
