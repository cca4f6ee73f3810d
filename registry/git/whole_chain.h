// WholeChain: the commits above the tree of everything, of this daemon alone: each has the previous one as parent, so that
// `git pull` works, also after a restart. GIT.md "The commons".
//
// Invariant: every commit of the chain and every tree that only it has is in Column::kCommons, durably, before a client is
// told of it; the trees of places are in the object store. A tree is built when somebody asks, at most once a minute, and a
// commit is made only when the tree is another. Any thread; one builds at a time, the others get the last one.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <span>

#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "registry/git/whole_tree.h"
#include "registry/state_store.h"

namespace maillage::registry {

inline constexpr std::int64_t kWholeIntervalMs = 60 * 1000;
// What the chain may take on the disk; beyond it the chain starts again. Rationale: with 100,000 places a commit is about
// 0.5 MB (the region that changed), so these are some 500 of them.
inline constexpr std::uint64_t kWholeBytesMax = 256 * protocol::kMiB;

class WholeChain {
 public:
  struct Tip {
    ObjectId commit, tree;
    bool operator==(const Tip&) const = default;
  };

  // `state` and `objects` outlive the chain. `author` signs its commits: the daemon's own place.
  WholeChain(StateStore& state, const ObjectSource& objects, std::uint64_t bytes_max = kWholeBytesMax)
      : state_(state), objects_(objects), bytes_max_(bytes_max) {}

  // What a start finds. kCorrupt.
  Result<void> load();

  // When the last tree is not of this `revision` and is a minute old.
  bool is_due(std::uint64_t revision, protocol::UnixTime now) const;

  // Makes the tree of these heads, and the next commit when it is another tree. A place whose objects cannot be read is left out.
  // kDiskFull, kIo; the chain is unchanged then. Cost: the places that changed since the last call; the first one reads all profiles.
  struct Author {
    const protocol::PlaceId& place;
    const protocol::KeyPair& key;
  };
  Result<void> build(std::span<const protocol::SignedHead> heads, std::uint64_t revision, const Author& author, protocol::UnixTime now);

  // The latest commit; nothing before the first build.
  std::optional<Tip> tip() const;

  // For an erasure: adds to `batch` that every commit and its trees go, so that they go with what is erased or not at all. Nothing is
  // built until the token is gone; `dropped` once the batch is written. The next commit has no parent. The caller
  // purges the column.
  using Token = std::unique_lock<std::mutex>;
  Result<Token> stage_drop(WriteBatch& batch);
  void dropped(const Token& token);

  // The objects of the chain and of the places.
  std::shared_ptr<const ObjectSource> source() const;

 private:
  struct Known {
    ObjectId commit;
    WholePlace place;
  };

  Result<void> extend(const WholeTree& tree, const Author& author, protocol::UnixTime now);
  Result<void> stage_rows(WriteBatch& batch) const;
  void forget();
  void learn(std::span<const protocol::SignedHead> heads);

  StateStore& state_;
  const ObjectSource& objects_;
  const std::uint64_t bytes_max_;

  std::mutex build_mutex_;  // who builds; guards known_ and bytes_
  std::map<protocol::PlaceId, Known> known_;
  std::uint64_t bytes_ = 0;  // in the column

  mutable std::mutex tip_mutex_;  // guards what follows
  std::optional<Tip> tip_;
  std::optional<std::uint64_t> built_revision_;
  protocol::UnixTime built_;
};

}  // namespace maillage::registry
