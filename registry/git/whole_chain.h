// WholeChain: the commits above the tree of everything, of this daemon alone: each has the previous one as parent, so that
// `git pull` works, also after a restart. GIT.md "The commons".
//
// Invariant: every commit of the chain and every tree that only it has is in Column::kCommons, durably, before a client is
// told of it; the trees of places are in the object store. A tree is built when somebody asks, at most once a minute, and a
// commit is made only when the tree is another. What a place took out of its history is not taken in again: heads are read
// while nobody can change what they mean for the chain (Turn). Any thread; one builds at a time, the others get the last one.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
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

// The row of Column::kMeta that says: rows of Column::kCommons went, their bytes are to leave the files. Written with what
// deletes them; taken away by who purged.
inline constexpr std::string_view kPurgeCommonsKey = "purge commons";

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

  // The heads that may be shown, and the revision they are of at least.
  struct Shown {
    std::vector<protocol::SignedHead> heads;
    std::uint64_t revision = 0;
  };
  using ReadShown = std::function<Result<Shown>()>;
  struct Author {
    const protocol::PlaceId& place;
    const protocol::KeyPair& key;
  };

  // When it is due at `asked_at`: makes the tree of what `read` gives, and the next commit when it is another tree. True: the
  // chain began anew, and what was told of it before is void. A place whose objects cannot be read is left out. kDiskFull, kIo, what
  // `read` says. Cost: the places that changed since the last call; the first one reads all profiles.
  Result<bool> build(std::uint64_t asked_at, const ReadShown& read, const Author& author, protocol::UnixTime now);

  // The latest commit; nothing before the first build, nor while a place that the chain shows is withdrawn.
  std::optional<Tip> tip() const;

  // Whether this commit is of the chain as it is now. kIo.
  Result<bool> has(const ObjectId& commit) const;

  // What a batch of heads means for the chain. Say it, `stage` it in the batch, and `written` once the batch is. Nothing is built
  // from the first word to the end of the turn.
  class Turn {
   public:
    explicit Turn(WholeChain& chain) : chain_(chain) {}

    // A place broke its history: every commit and its trees go with that batch or not at all. The next one has no parent.
    void drop();
    // It may have: its head is of another epoch, the content is not here. Nothing of the chain is served until it is; asked for
    // meanwhile, the chain starts again without the place.
    void withdraw(const protocol::PlaceId& place);
    // The content is here, and the history goes on.
    void restore(const protocol::PlaceId& place);

    Result<void> stage(WriteBatch& batch) const;
    void written();

   private:
    void take();

    WholeChain& chain_;
    std::unique_lock<std::mutex> building_;
    bool drops_ = false;
    std::set<protocol::PlaceId> withdrawn_, restored_;
  };

  // While it is held nothing is built and no turn begins: for who purges.
  std::unique_lock<std::mutex> pause() { return std::unique_lock(build_mutex_); }

  // Whether some place is withdrawn, so that its return must be told.
  bool withholds() const;

  // The objects of the chain and of the places.
  std::shared_ptr<const ObjectSource> source() const;

 private:
  struct Known {
    ObjectId commit;
    WholePlace place;
  };

  Result<bool> restart();
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
  std::set<protocol::PlaceId> withdrawn_;  // with their rows; none without a tip
  std::optional<std::uint64_t> built_revision_;
  protocol::UnixTime built_;
};

}  // namespace maillage::registry
