// The obviously correct, slow evaluator of queries: one pass over all JSON objects, no index, no column, no shared
// state. It shares with the index only what other tests hold to the letter: words of a text, communes, moments,
// distances. Catch2 tests; one thread.
#pragma once

#include <boost/json.hpp>

#include "registry/query.h"
#include "registry/stored_record.h"

namespace maillage::tests {

struct OracleRecord {
  protocol::PlaceId place;
  std::string path;
  boost::json::object json;
  std::int64_t created_ms = 0, updated_ms = 0;
};

// The addresses (place id, path) of every match, in the order of an answer.
using Addresses = std::vector<std::pair<protocol::PlaceId, std::string>>;
struct OracleAnswer {
  Addresses addresses;
  std::size_t without_position = 0;  // what would match but for its missing point
  bool ambiguous = false;            // a place is asked for by a name that several have
};
OracleAnswer answer(const std::vector<OracleRecord>& records, const registry::Query& query);

}  // namespace maillage::tests
