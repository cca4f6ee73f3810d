// RowRecord: what one row of a table becomes: the bytes of a place's profile, or a refusal; and every repair on the way.
//
// A pure function of the row and the mapping: the same row makes the same bytes, on every daemon and at every import, so that
// importing a table twice changes nothing. The bytes pass protocol::validate("profile.json"). Any thread.
// registry/import/README.md, "What happens to a row".
#pragma once

#include "registry/import/mapping.h"
#include "registry/import/note.h"

namespace maillage::registry {

// A value or a result in a note, in code points: a line of a report.
inline constexpr std::size_t kNoteValueMax = 120;

struct RowRecord {
  std::size_t line = 0;
  std::string id;       // in the source; may be empty when refused
  std::string name;     // of the place; may be empty when refused
  std::string profile;  // the bytes of profile.json; empty when refused
  std::vector<RowNote> notes;
  std::vector<std::string> perhaps_ids;  // of a row that lost or gained a cell: any of them may be its id

  bool refused() const { return profile.empty(); }
};

// `columns` is of this mapping and the row's table. Whether the id was given before is the reader's to know (table_reader.h).
RowRecord make_row_record(const ImportMapping& mapping, const TableColumns& columns, const CsvRow& row);

}  // namespace maillage::registry
