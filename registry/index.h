// Index: what answers queries. Memory columns and word lists over every record that is held, rebuilt at start from
// Column::kRecords, which is itself rebuildable from git.
//
// Invariant: memory is a pure function of Column::kRecords, and of the held heads' signers. A change is staged into the
// caller's batch, committed by the caller, then applied (indexing.h). A record that is not indexable stays in the column
// with the problem, for its owner.
// `stage`, `apply` and `load` by one thread at a time; `query`, `place`, `find_place` from any thread meanwhile.
// STORAGE.md, "Index" and "Query".
#pragma once

#include <memory>

#include <boost/json/monotonic_resource.hpp>

#include "registry/hosts.h"
#include "registry/place_changes.h"
#include "registry/query.h"
#include "registry/state_store.h"
#include "registry/stored_record.h"

namespace maillage::registry {

// A place, and its id in the list that its profile comes from.
struct SourcedPlace {
  std::string id;
  PlaceId place;
};

// A record that replicates and is kept but is not indexed, and why.
struct RecordProblem {
  std::string path;
  Error problem;
};

// The records of one change as they were read to be judged, in one piece of memory.
struct ReadRecords {
  struct Record {
    PathKey path;
    std::optional<boost::json::object> fields;  // nothing: withdrawn, or not indexable
  };
  explicit ReadRecords(std::size_t room_bytes) : bytes(room_bytes), room(room_bytes) {}
  std::size_t bytes;  // about what is held
  boost::json::monotonic_resource room;
  std::vector<Record> records;  // in the order of the change
};

// What a commit brings of one place.
struct IndexChange {
  PlaceChanges place;
  std::optional<Signer> signer;
  std::shared_ptr<const ReadRecords> read = {};  // once it is staged; the bytes of the records are gone then
};

class Index {
 public:
  // `store` outlives the index.
  explicit Index(StateStore& store);
  ~Index();

  // Adds to `batch` what `changes` make of Column::kRecords. Changes nothing else, and may run beside `apply`.
  Result<void> stage(WriteBatch& batch, const PlaceChanges& changes) const;
  Result<void> stage(WriteBatch& batch, IndexChange& change) const;  // and keeps what was read for `apply`

  // Call once the batch is committed. `signer`: of the head that the changes lead to.
  void apply(const PlaceChanges& changes, const std::optional<Signer>& signer = {}) { apply(IndexChange{changes, signer}); }
  void apply(const IndexChange& change);
  // The same for many, in their order: some are added while the next are read.
  void apply_all(const std::vector<IndexChange>& changes);

  // Who signs for a place, unless a change has said so already. Signers are no records: after `load` they are as before.
  void know_signer(const PlaceId& place, const Signer& signer);

  // Judges every record of the column anew and writes those whose problem is another by the schemas of this program: what
  // a newer or older one kept may be shown now, or not any more. Before `load`.
  Result<void> judge_again();

  // Forgets memory and reads the column, on two threads. Cost: tests/bench/RESULTS.md, "Start".
  Result<void> load();

  Result<Page> query(const Query& query) const;

  // A place or network by id (64 hex) or slug; a slug answers only when exactly one place has it, or one that is shown of
  // several (a face of a card). kNotFound, kAmbiguousName.
  Result<PlaceId> find_place(std::string_view id_or_slug) const;

  // Every place with that slug.
  std::vector<PlaceId> places_with_slug(std::string_view slug) const;

  // Its item, as in a page.
  Result<boost::json::object> place(std::string_view id_or_slug) const;

  // Name and slug of a place, empty when it has no indexed profile.
  struct PlaceName {
    std::string name, slug;
  };
  PlaceName name_of(const PlaceId& place) const;

  // Every place whose profile comes from the source of that name, whoever publishes it.
  std::vector<SourcedPlace> places_from(std::string_view source) const;

  // How many cards a list has: what a question without conditions matches.
  std::size_t count(What what) const;

  // The same, for who asks again and again while much changes (a scrape): at most one twentieth of the time goes into
  // sorting what is new, so that it may be some seconds late.
  std::size_t count_lately(What what) const;

  // What a place published that is not indexed.
  Result<std::vector<RecordProblem>> problems(const PlaceId& place) const;

 private:
  // Of places that are added together: about 5 ms of reading, so that a thread for them costs nothing.
  static constexpr std::size_t kPreparedRecords = 320;

  struct Memory;
  struct Ready;
  Ready prepare(const IndexChange& change);
  void add(const Ready& ready);

  StateStore& store_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace maillage::registry
