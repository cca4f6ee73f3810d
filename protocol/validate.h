// Validation: what a daemon demands of a record that it publishes or accepts by push, and what it indexes.
//
// It never gates replication: a record that fails here, of a newer version perhaps, is replicated, kept and reported,
// only not indexed. Unknown fields are always allowed. Pure; any thread; 17 µs for a full profile (-O2), 4 of them reading it.
// RECORDS.md "What is checked".
#pragma once

#include <optional>

#include <boost/json/object.hpp>

#include "protocol/bytes.h"
#include "protocol/problem.h"
#include "protocol/record_kind.h"

namespace maillage::protocol {

// What one file is, seen by this version.
struct Assessment {
  bool is_record = false;           // by its path
  std::optional<RecordKind> kind;   // known, and the one its folder asks for
  boost::json::object fields;       // empty unless the bytes could be read
  std::vector<Problem> problems;    // in the order of the schema, then what concerns several fields
  bool indexable() const { return kind && problems.empty(); }
};

// The path is taken as one of the grammar (path.h). The fields are made in `room`, which outlives them.
Assessment assess(std::string_view path, ByteView bytes, boost::json::storage_ptr room = {});

// Only the problems.
std::vector<Problem> validate(std::string_view path, ByteView bytes);

}  // namespace maillage::protocol
