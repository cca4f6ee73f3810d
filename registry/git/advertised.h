// Advertised: which commits we have told git clients of, for the ten minutes in which they may come back for them.
//
// Rationale: a fetch is two requests, and the place may publish between them; a commit that was never told is never
// served, whoever names it. Bounded; when it is full everything is forgotten, and who was between two requests is asked to
// fetch again. Any thread; one short lock.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "protocol/head.h"

namespace maillage::registry {

inline constexpr std::int64_t kAdvertisedMs = 10 * 60 * 1000;
inline constexpr std::size_t kAdvertisedPlacesMax = 20'000;  // 6 MB
inline constexpr std::size_t kAdvertisedPerPlaceMax = 64;    // a place that publishes faster makes its slowest readers ask again

class Advertised {
 public:
  struct Told {
    protocol::ObjectId commit;
    std::optional<protocol::SignedHead> head;  // of a place
    protocol::UnixTime time;
  };

  // Of a place, or of the tree of everything: then `repository` is zero.
  void note(const protocol::PlaceId& repository, Told told);

  // What was told of it since ten minutes before `now`.
  std::vector<Told> recent(const protocol::PlaceId& repository, protocol::UnixTime now) const;

  // After an erasure: nobody may come back for what was.
  void forget(const protocol::PlaceId& repository);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<protocol::PlaceId, std::vector<Told>> told_;
};

}  // namespace maillage::registry
