// ImportReport: what became of a table: how many rows are what, and every note, row by row. As data, as JSON whose keys are
// stable, and as a table that a person reads. registry/import/README.md, "The report". Plain values; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "registry/import/row_record.h"

namespace maillage::registry {

// Notes kept row by row, 20 MB of them; the counts go on. Rationale: a column of the wrong kind makes one note a row.
inline constexpr std::size_t kReportNotesMax = 100'000;

// What became of the places; filled by whoever publishes the records. With `refused`, they make the rows.
struct ImportOutcomes {
  std::size_t created = 0, changed = 0, unchanged = 0;
  std::size_t vanished = 0;  // published from this source before, no longer in the table: reported, never deleted
  std::size_t elsewhere = 0;  // kept by another daemon since: left as they are
  std::size_t kept = 0;       // corrected here since the last import: left as they are
  std::size_t withdrawn = 0;  // unpublished here since: left so
  std::size_t handed_over = 0;  // on their way to another daemon, not adopted yet: left as they are
};

// One row whose place is not simply unchanged.
struct PlaceOutcome {
  std::size_t line = 0;
  std::string id, name;
  std::string outcome;              // "created", "changed", "elsewhere", "kept", "withdrawn", "handed-over"
  std::vector<std::string> fields;  // JSON Pointers that change, or would
};

// Published from this source before, no longer in the table.
struct VanishedPlace {
  std::string id;  // empty when its profile says it no more
  std::string name;
};

struct ImportReport {
  std::string source;     // its name
  std::string retrieved;  // the day of the list; empty: that of the import
  std::string file, encoding, separator;
  std::size_t rows = 0, records = 0, refused = 0;
  ImportOutcomes outcomes;
  bool dry_run = false;
  std::vector<PlaceOutcome> places;  // in the order of the rows; at most kReportNotesMax
  std::size_t places_left_off = 0;
  std::vector<VanishedPlace> vanished;
  std::string known_as;  // nothing is known of `source`, but of a list of this name, which seems to be the same
  std::vector<std::string> unused_columns;
  std::map<std::pair<NoteCode, std::string>, std::size_t> counts;  // by code, then column
  std::vector<RowNote> notes;                                      // in the order of the rows
  std::size_t notes_left_off = 0;

  void add(const RowRecord& record);
  void add(const RowNote& note);
  void add(PlaceOutcome place);
  // A row that was a record, and could not be published.
  void refuse(const RowNote& note);
  std::size_t count_of(NoteCode code) const;
};

// Sentences in `language`, keys and codes in none.
boost::json::object to_json(const ImportReport& report, protocol::Language language);

// Lines of at most about 100 columns, ending in LF: outcomes, the places that it made or changed, or would, the
// places that vanished, then each note with up to `rows_shown` of its rows.
std::string to_table(const ImportReport& report, protocol::Language language, std::size_t rows_shown = 5);

}  // namespace maillage::registry
