// Oracle: looks at a simulated network from outside, and knows what no daemon can know. Throws a Violation.
//
// What it holds against them, each after every event that could break it:
//   - what a node has seen and held of a place never goes back, not over a crash either;
//   - no head leaves a node that a crash could make it forget;
//   - no honest daemon tells two heads with equal counters, unless nobody whom it had heard could have warned it;
//   - no content from before an erasure is handed out by whoever has seen the erasure, and none is signed again: of places that one
//     daemon signs for, since two with one identity may undo each other's;
//   - a receipt for what came after an erasure says the truth: nothing of what was erased is on its sender's disk;
//   - nothing of a session outlives it; no daemon heals twice within a day by itself, or repeats itself without end.
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
  // `beside`: the head of somebody else that it goes on from, too.
  void signed_by(const Daemon& daemon, const Published::Place& made, bool heals, const SignedHead* beside, Now now);
  void erased(const Daemon& daemon, const std::map<std::string, ObjectId>& before, const SignedHead& after);
  // A step for a place of its own is taken: a daemon that repeats itself without end keeps its disk busy for ever.
  void took_step(const Daemon& daemon, const PlaceId& place, Now now);
  // A person said that ours counts, whatever was erased elsewhere.
  void overruled(const PlaceId& place);
  // Two daemons sign for it from now on.
  void doubled(const PlaceId& place) { doubled_.insert(place); overruled(place); }
  // Its disk is put back, or lost: of an erasure that no other daemon has heard of, nobody can know.
  void forgets(const Daemon& daemon, std::span<const std::unique_ptr<Daemon>> all);
  // The daemon has caught up: somebody who spoke to it knew that head of its place.
  void informed(const Daemon& daemon, const PlaceId& place, const Head& head);

  // That nothing erased is left in what everyone holds.
  void at_rest(const Daemon& daemon, const std::function<bool(const PlaceId&)>& honest) const;

  std::uint64_t unforeseeable() const { return unforeseeable_; }
  std::uint64_t heals() const { return heals_; }
  std::uint64_t erasures() const { return erasures_; }
  // Receipts that promised that something is gone.
  std::uint64_t confirmed() const { return confirmed_; }

 private:
  using Reign = std::pair<std::uint16_t, std::uint64_t>;
  using Counters = std::tuple<PlaceId, std::uint16_t, std::uint64_t, std::uint64_t>;
  struct Marks { Head seen; std::optional<Head> held; };

  void tell(const Daemon& from, const SignedHead& head);
  void keeps_erased(const Daemon& daemon, const Head& head) const;
  bool knows(const Head& seen, const Reign& erasure) const;
  void serve(const Daemon& from, const PackedPlace& packed) const;
  void confirm(const Daemon& from, const Receipt& receipt);

  std::map<std::size_t, std::map<PlaceId, Marks>> marks_;      // of each daemon
  std::map<Hash, std::size_t> signer_;                         // lineage
  std::map<Hash, Head> signed_;
  std::map<std::pair<std::size_t, Counters>, std::vector<Head>> told_;  // of each lineage; the second was unforeseeable
  std::map<std::pair<std::size_t, PlaceId>, Head> informed_;   // of each daemon, since its start
  std::map<PlaceId, std::map<Reign, Hash>> erased_at_;         // and the head that erased
  std::map<Hash, std::vector<Hash>> before_;                   // the heads that a head goes on from
  std::set<PlaceId> doubled_;
  std::map<ObjectId, std::pair<PlaceId, Reign>> erased_;       // records
  std::map<std::pair<std::size_t, PlaceId>, Instant> healed_;  // the last time, of each disk
  std::map<SessionId, std::vector<PackedPlace>> serving_;
  std::map<std::pair<std::size_t, PlaceId>, std::pair<Instant, unsigned>> steps_;  // since when, how many
  std::uint64_t unforeseeable_ = 0, heals_ = 0, erasures_ = 0, confirmed_ = 0;
};

}  // namespace maillage::simulation
