// ImportMapping: which column of a table is which field of a profile, as an operator writes it in a TOML file.
//
// Nothing in it is ignored: an unknown key, a slug that no vocabulary has, a column that the table does not have is an error
// that says the line and the nearest right word, before any row is read. registry/import/README.md, "A mapping". Any thread.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry/import/csv.h"
#include "registry/import/profile_field.h"

namespace maillage::registry {

// People write this file by hand; a [values] table of a few thousand entries fits.
inline constexpr std::size_t kMappingBytesMax = 256 * 1024;

struct ImportMapping {
  struct Source {
    std::string name, url, licence, retrieved;
    std::string id;  // column
  };
  using Slugs = std::vector<std::string>;  // empty: the text is known and says nothing

  Source source;
  CsvFormat format;
  bool decimal_comma = false;
  bool day_first = false;  // 05/06/2019 is the fifth of June
  std::string list_separator = ",";
  std::map<std::string, std::vector<std::string>, std::less<>> columns;        // by field, [profile]
  std::map<std::string, std::vector<std::string>, std::less<>> always;         // by field: values that every row gets
  std::map<std::string, std::map<std::string, Slugs>, std::less<>> values;     // by column, then by text (folded_value)
  std::array<std::string, 7> hours;                                            // columns from Monday on; empty: none
  std::vector<std::pair<std::string, std::string>> links;                      // column, what goes before an account name

  // The list is of another day than the mapping says; `confirmed` moves along when it was that day. What `moment` refuses (field_format.h).
  Result<void> set_day(const std::string& day);
};

// `file` names the mapping in errors. kBadMapping: FILE:LINE: what is wrong.
Result<ImportMapping> parse_mapping(std::string_view toml, std::string_view file);

// A built-in mapping by its name, else the file at that path. kUnknownMapping when it is neither.
Result<ImportMapping> load_mapping(const std::string& name_or_path);
std::vector<std::string_view> builtin_mappings();

// Every column that the mapping names, distinct.
std::set<std::string, std::less<>> columns_of(const ImportMapping& mapping);

// Where the columns of a mapping are in one table. It keeps no reference to either.
class TableColumns {
 public:
  // kUnknownColumn: all columns that are missing, each with the nearest there is, then those of the table; kColumnTwice.
  static Result<TableColumns> find(const ImportMapping& mapping, const CsvReader& table);

  // The cell of that column, one that the mapping names.
  std::string_view cell(const CsvRow& row, std::string_view column) const;
  std::size_t count() const { return count_; }
  // What the mapping leaves aside, in the order of the table.
  const std::vector<std::string>& unused() const { return unused_; }

 private:
  std::map<std::string, std::size_t, std::less<>> positions_;
  std::size_t count_ = 0;
  std::vector<std::string> unused_;
};

}  // namespace maillage::registry
