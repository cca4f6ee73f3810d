// The verbs of an import: `import` publishes a chunk of profiles that come from a list, `import-known` says which places
// are published here from that list. Tables and mappings are read by the command: hostile files never come here. Worker.
#pragma once

#include "daemon/operations.h"

namespace maillage::daemon {

// import        {"dryRun", "overwrite"}, blobs: the profiles
//               → {"outcomes": [slug of each], "problems": {index: [sentences]}, "fields": {index: [JSON Pointers]},
//                  "handedOver": {index: place}}
// import-known  {"source": name} → {"known": [{"row", "id", "name"}], "others": [{"source", "url", "known"}]}: the places that come
//               from that list; when there are none, the other lists that places come from
ControlMessage perform_import(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now);

// "created", "changed", "unchanged", "elsewhere", "kept", "withdrawn", "refused", "failed".
std::string_view slug(registry::Imported::Outcome outcome);

// Of a place on its way to another daemon, which has not adopted it yet: refused, but not for what the row says.
inline constexpr std::string_view kImportHandedOver = "handed-over";

}  // namespace maillage::daemon
