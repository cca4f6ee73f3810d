// Page: the items of one answer, read from the store without holding the index, ended after so many items or bytes.
// Whatever ends it, `next` leads to the first item that is not on it. Any thread. STORAGE.md, "Query".
#pragma once

#include "registry/cursor.h"
#include "registry/item.h"
#include "registry/state_store.h"

namespace maillage::registry {

// One item to come, copied out of the index, and where it stands in the answer.
struct Listed {
  ItemSource source;
  Position position;
};

// One item, with its publishers. Nothing when it was withdrawn this very moment. kCorrupt, kIo.
Result<std::optional<boost::json::object>> read_item(const StateStore& store, const ItemSource& source);

// Fills `page` with the items of `listed`, in order. `more`: others follow the last of them. kCorrupt, kIo.
Result<void> read_items(const StateStore& store, const Query& query, const std::vector<Listed>& listed, bool more, Page& page);

}  // namespace maillage::registry
