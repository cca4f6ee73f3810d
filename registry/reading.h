// From the bytes of a record file to what the index may hold: the one place that decides whether a record is indexed.
// Any thread.
#pragma once

#include <boost/json/object.hpp>

#include "registry/place_changes.h"
#include "registry/query.h"

namespace maillage::registry {

// The record, when this version of the schemas can read it; else why it replicates and is kept but is not indexed. It is made
// in `room`, which outlives it.
Result<boost::json::object> read_indexable(std::string_view path, ByteView json, boost::json::storage_ptr room = {});

// The same for bytes that passed read_indexable before: at start nothing is checked against the schemas again.
Result<boost::json::object> read_known_indexable(ByteView json);

// In which list a record belongs; nothing for kinds that no list shows (membership, admission).
std::optional<What> what_of(const boost::json::object& record);

}  // namespace maillage::registry
