// What we tell those who bring a place back from its recovery sheet: which places have a root, and a place whole. PROTOCOL.md §8 "Own
// heads". Nothing of it is secret, and anybody may ask: what it costs us is bounded here and by who calls.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "protocol/rate_limit.h"
#include "registry/handover.h"
#include "registry/pack_build.h"
#include "registry/state_store.h"

namespace maillage::registry {

using protocol::Result;

// Roots are public, so anybody may ask: all charters are read so often at most, whoever asks, and of a place that is newer than
// that nobody hears. Rationale: 100,000 of them are read in half a second.
inline constexpr std::chrono::seconds kRootsKept{10};
// A place that is told costs the check of its charters, 0.1 ms: a tenth of one core, and what a large hub has at once.
inline constexpr std::uint64_t kPlacesToldBurst = 200'000, kPlacesToldPerSecond = 1'000;

// Which places have which root now, of all that is known. Any thread.
class RootIndex {
 public:
  // kRateLimited when too many were told lately. What StateStore::scan gives.
  Result<std::vector<protocol::PlaceId>> places_of(const protocol::PublicKey& root, const StateStore& state, protocol::Instant now);

 private:
  Result<void> read(const StateStore& state, protocol::Instant now);

  std::mutex mutex_;  // guards what follows; held while the charters are read, so that they are read once
  std::vector<std::pair<protocol::PublicKey, protocol::PlaceId>> places_;  // ascending
  std::optional<protocol::Instant> read_at_;
  protocol::TokenBucket told_{kPlacesToldBurst, kPlacesToldPerSecond};
};

// A handover file without a next charter, made as it is read. One thread at a time.
class PlaceFile {
 public:
  // `source` must outlive it. `start` has no pack yet. What OutgoingPack::open gives.
  static Result<std::unique_ptr<PlaceFile>> open(const ObjectSource& source, const Handover& start);

  // The next bytes, about 128 KiB; empty: that was all. kNotFound when the place was erased meanwhile.
  Result<protocol::Bytes> read();
  std::size_t objects() const { return pack_.objects(); }

 private:
  PlaceFile(protocol::Bytes start, OutgoingPack pack) : start_(std::move(start)), pack_(std::move(pack)) {}

  protocol::Bytes start_;
  OutgoingPack pack_;
};

}  // namespace maillage::registry
