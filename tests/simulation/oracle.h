// Oracle: looks at a simulated network from outside, and knows what no daemon can know. Throws a Violation.
//
// What it holds against them, each after every event that could break it:
//   - what a node has seen and held of a place never goes back, not over a crash either;
//   - no head leaves a node that a crash could make it forget;
//   - no honest daemon tells two heads with equal counters, unless nobody whom it had heard could have warned it;
//   - no content from before an erasure is handed out by whoever has seen the erasure, and none is signed again;
//   - nothing of a session outlives it; no daemon heals twice within a day by itself.
#pragma once

#include "tests/simulation/daemon.h"

namespace maillage::simulation {

class Oracle {
 public:
  // A daemon starts; `anew`: from its own disk, so nothing that was seen may be missing.
  void started(const Daemon& daemon, bool anew);
  // After every input.
  void look_at(const Daemon& daemon, std::size_t links);
  void sent(const Daemon& from, SessionId session, const Frame& frame);
  void signed_by(const Daemon& daemon, const Published::Place& made, bool heals, Now now);
  void erased(const Daemon& daemon, const std::map<std::string, ObjectId>& before, const SignedHead& after);
  // The daemon has caught up: somebody who spoke to it knew that head of its place.
  // A person said that ours counts, whatever was erased elsewhere.
  void overruled(const PlaceId& place);
  void informed(const Daemon& daemon, const PlaceId& place, const Head& head);

  // That nothing erased is left in what everyone holds.
  void at_rest(const Daemon& daemon, const std::function<bool(const PlaceId&)>& honest) const;

  std::uint64_t unforeseeable() const { return unforeseeable_; }
  std::uint64_t heals() const { return heals_; }
  std::uint64_t erasures() const { return erasures_; }

 private:
  using Reign = std::pair<std::uint16_t, std::uint64_t>;
  using Counters = std::tuple<PlaceId, std::uint16_t, std::uint64_t, std::uint64_t>;
  struct Marks { Head seen; std::optional<Head> held; };

  void tell(const Daemon& from, const SignedHead& head);
  void keeps_erased(const Daemon& daemon, const Head& head) const;
  void serve(const Daemon& from, const PackedPlace& packed) const;

  std::map<std::size_t, std::map<PlaceId, Marks>> marks_;      // of each daemon
  std::map<Hash, std::size_t> signer_;                         // lineage
  std::map<std::pair<std::size_t, Counters>, Head> told_;      // of each lineage, the first
  std::map<std::pair<std::size_t, PlaceId>, Head> informed_;   // of each daemon, since its start
  std::map<PlaceId, std::set<Reign>> erased_at_;
  std::map<ObjectId, std::pair<PlaceId, Reign>> erased_;       // records
  std::map<std::pair<std::size_t, PlaceId>, Instant> healed_;  // the last time, of each disk
  std::map<SessionId, std::vector<PackedPlace>> serving_;
  std::uint64_t unforeseeable_ = 0, heals_ = 0, erasures_ = 0;
};

}  // namespace maillage::simulation
