// What differs between two versions of a record, in the words of its schema: a label, before, after. For people who
// decide on a contribution and have never seen JSON. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "protocol/error.h"
#include "protocol/record_kind.h"

namespace maillage::registry {

struct FieldDifference {
  std::string pointer;        // RFC 6901
  std::string label;          // "Contacts › Téléphone"
  std::string before, after;  // as a person writes it; empty: there is none
  bool unknown = false;       // no field of this kind, as far as we know
  std::string nearest = {};   // of an unknown one: the field beside it that was probably meant, as a pointer
};

// In the order of the schema, then fields it does not know. A kind of a later version: every label is its key.
std::vector<FieldDifference> record_differences(std::optional<protocol::RecordKind> kind, const boost::json::object& before,
                                                const boost::json::object& after, protocol::Language language);

}  // namespace maillage::registry
