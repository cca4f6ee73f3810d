// What the verbs read in a request and how they answer. Worker.
#pragma once

#include <string>
#include <vector>

#include "daemon/messages.h"
#include "daemon/operations.h"

namespace maillage::daemon {

// A field's text, or empty.
std::string text(const boost::json::object& body, std::string_view key);
// The texts of a list; what is none is left out.
std::vector<std::string> texts(const boost::json::object& body, std::string_view key);
Language language_of(const ControlMessage& request);

ControlMessage answer(boost::json::value result);
// Everything that is wrong with a publication, as data and as sentences.
ControlMessage refuse(const ControlMessage& request, const registry::Problems& problems);

}  // namespace maillage::daemon
