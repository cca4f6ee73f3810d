// ImportRow: what the last import made of one row of a list, so that the next one finds its place again, whatever became of
// it, and sees what was corrected there by hand. In Column::kMeta, in the batch that publishes the place (STORAGE.md).
//
//   "import " ‖ SHA-256(source name ‖ NUL ‖ id)   → place id (32) ‖ fingerprint of the profile as the import wrote it (32)
//                                                   ‖ SHA-256 of the source name (32; absent in rows of before it was kept)
//
// A place without such a row (published by an older version, or by hand) is found by the source in its profile. Any thread.
#pragma once

#include <boost/json/object.hpp>

#include "protocol/ids.h"
#include "registry/state_store.h"

namespace maillage::registry {

struct ImportRow {
  protocol::PlaceId place;
  protocol::Hash written;
  protocol::Hash source;  // zero: not known
  bool operator==(const ImportRow&) const = default;
};
protocol::Hash source_hash(std::string_view source);
inline constexpr std::string_view kImportRowPrefix = "import ";

// No user text in keys: their bounds outlive an erasure.
std::string import_row_key(std::string_view source, std::string_view id);
std::string encode(const ImportRow& row);
// Nothing when the value is damaged: the place is found by its profile then.
std::optional<ImportRow> decode_import_row(std::string_view value);

// SHA-256 of a profile, but for `confirmed`: to say "still true" of an imported profile is not to correct it.
protocol::Hash fingerprint_of_profile(const boost::json::object& profile);

// JSON Pointers of what is not equal in two profiles, lists as wholes, at most kFieldsMax; but for what only says when and how
// they were copied: `confirmed`, `source/retrieved`, `source/sha256`.
inline constexpr std::size_t kFieldsMax = 50;
std::vector<std::string> differing_fields(const boost::json::object& one, const boost::json::object& other);

}  // namespace maillage::registry
