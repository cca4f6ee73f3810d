// Keeper: what a daemon keeps, in simulation: the registry's own rules over the twin stores, one step of a job at a time,
// so that a crash falls between any two.
//
// The verdict on packs (ingest.h), the rows (head_rows.h), packs that go out (pack_build.h), new commits (draft.h) and how two
// histories are related (kinship.h) are the registry's own code. What Registry does around them with a disk is said again
// here: marks are maxima, one batch is the commit point, a pack is marked until then, a break of history is purged after.
#pragma once

#include <functional>
#include <set>

#include "protocol/own_head.h"
#include "protocol/node.h"
#include "registry/draft.h"
#include "registry/head_rows.h"
#include "registry/ingest.h"
#include "registry/pack_build.h"
#include "tests/twins/memory_content_store.h"
#include "tests/twins/memory_state_store.h"

namespace maillage::simulation {

using namespace maillage::protocol;

class Keeper {
 public:
  // A job in steps; what a step shares with the next is in its closure.
  using Steps = std::vector<std::function<void()>>;

  // Objects of a blob's name, with everything below a commit.
  using Reach = std::set<ObjectId>;

  // A copy of what a crash would leave.
  Keeper snapshot() const;
  // After a crash: un-synced rows and quarantines are gone, marked packs without a batch too.
  void crash();
  void reopen() { state_.sync(), crash(); }  // an end in good order
  std::vector<PlaceState> load() const;
  std::map<PlaceId, OwnLedger> ledgers() const;

  // ---- the node's side
  Steps persist(const Persist& batch, std::function<void(bool)> done);
  void append(const AppendPack& part);
  Steps ingest(const IngestPack& job, std::function<void(Ingested)> done);
  // A job of its own, as the writer takes it up between others. The places that wait for it are in a row each, which the purge
  // takes away: an earlier life may have left them.
  Steps purge(std::vector<PlaceId> places, std::function<void()> done) { return {[this, places, done] { purge(places), done(); }}; }
  std::vector<PlaceId> unpurged() const;
  void drop(JobId job) { quarantine_.erase(job); }
  PackOpened open(const OpenPack& job);
  PackChunk read(const ReadPack& read);
  void close(JobId job) { outgoing_.erase(job); }
  std::vector<PackedPlace> serving(JobId job) const;

  // ---- our own places
  // What is to be signed: a draft, and the counters of its head.
  struct Plan {
    CharterChain chain;
    std::size_t new_charters = 0;
    std::optional<SignedHead> before;  // what its head replaces
    registry::Draft draft;
    OwnCounters counters;
  };
  registry::Draft reapplied(const SignedHead& mine, const SignedHead& theirs, UnixTime now) const;
  // `ledger` may be null: somebody else's place.
  using Ledger = std::function<OwnLedger(const SignedHead&)>;
  // Commits and signs; `ledger` is written in the same batch. `done` gets what the node is told.
  Steps sign(std::vector<Plan> plans, const KeyPair& key, UnixTime now, Ledger ledger, std::function<void(std::vector<Published::Place>)> done);
  Steps write_ledger(const PlaceId& place, const OwnLedger& ledger, std::function<void()> done);
  Steps take_over(const OwnLedger& ledger, std::function<void()> done);
  registry::Draft draft(const std::optional<SignedHead>& on, const PlaceId& place, UnixTime now) const;
  Result<Kinship> kinship_of(const SignedHead& mine, const SignedHead& theirs) const;

  // ---- looked at from outside
  std::optional<SignedHead> durable(registry::Mark mark, const PlaceId& place) const;
  bool has(const ObjectId& object) const { return content_.contains(object); }
  // In a pack that waits to be looked at, too, when all of it is there.
  bool has_anywhere(const ObjectId& object) const;
  Reach reach(const ObjectId& commit) const;
  std::map<std::string, ObjectId> files(const ObjectId& commit) const;
  const registry::ObjectSource& objects() const { return content_; }

 private:
  struct Incoming;
  struct Making;

  void put(registry::WriteBatch& batch, const Candidate& candidate, bool hold);
  bool raise(registry::WriteBatch& batch, registry::Mark mark, const SignedHead& head) const;
  void put_ledger(registry::WriteBatch& batch, const PlaceId& place, const OwnLedger& ledger) const;
  std::optional<SignedHead> mark(registry::Mark which, const PlaceId& place) const;
  void purge(const std::vector<PlaceId>& places);

  tests::MemoryStateStore state_;
  tests::MemoryContentStore content_;
  // A crash forgets:
  struct Outgoing {
    registry::OutgoingPack pack;
    std::vector<PackedPlace> places;
  };
  std::map<JobId, std::shared_ptr<registry::StagedPack>> quarantine_;
  std::map<JobId, Outgoing> outgoing_;
};

}  // namespace maillage::simulation
