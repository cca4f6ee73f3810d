// KnownPlaces: which places have a head here, where they say they are, and whose content is held: what a question reaches beyond
// the scope of this daemon is counted from it. In memory, 80 bytes a place; made of the heads' rows at the start. Any thread.
#pragma once

#include <map>
#include <shared_mutex>
#include <unordered_map>

#include "protocol/scope.h"
#include "registry/query.h"

namespace maillage::registry {

class KnownPlaces {
 public:
  void set(const protocol::PlaceId& place, const protocol::TerritoryCell& cell, bool held);

  struct Counts {
    std::size_t known = 0, held = 0;
  };
  Counts counts() const;
  void forget(const protocol::PlaceId& place);
  // Where it says it is; the empty cell when nothing is known of it.
  protocol::TerritoryCell cell_of(const protocol::PlaceId& place) const;

  // Nothing when all that the question may be about is here. Cost: the communes of what is not.
  std::optional<Beyond> beyond(const Query& query) const;

 private:
  struct Known {
    protocol::TerritoryCell cell;
    bool held = false;
  };
  struct Absent {
    protocol::Areas areas;
    std::size_t places = 0;
  };
  void count_absent(const protocol::TerritoryCell& cell, bool more);

  mutable std::shared_mutex mutex_;
  std::unordered_map<protocol::PlaceId, Known> places_;
  std::map<protocol::TerritoryCell, Absent> absent_;
  std::size_t held_ = 0;
};

}  // namespace maillage::registry
