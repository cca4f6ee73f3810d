#include "registry/pack_build.h"

#include <algorithm>
#include <unordered_set>

#include "registry/commit.h"
#include "registry/tree.h"

namespace maillage::registry {
namespace {

using protocol::fail;
using IdSet = std::unordered_set<ObjectId>;

// Of an object that is written at once: a client that does not read keeps no more in memory.
constexpr std::uint64_t kPieceBytes = 128 * 1024;

// Lists what a pack must hold, each object once, in a fixed order.
class Listing {
 public:
  explicit Listing(const ObjectSource& source) : source_(source) {}

  Result<void> add(const PackWish& wish) {
    ObjectId base = source_.contains(wish.base) ? wish.base : ObjectId{};
    auto commits = commits_since(base, wish.wanted);
    if (!commits) return tl::unexpected(commits.error());
    IdSet held;
    if (!base.is_zero() && !commits->empty()) {
      auto commit = load(base);
      if (!commit) return tl::unexpected(commit.error());
      if (auto done = walk_tree(commit->tree, held, nullptr); !done) return done;
    }
    for (const auto& [id, tree] : *commits) {
      if (listed_.insert(id).second) ids_.push_back(id);
      if (auto done = walk_tree(tree, listed_, &held); !done) return done;
      if (ids_.size() > protocol::kPackObjectsMax) return fail(ErrorCode::kTooMany, "objects in a pack");
    }
    return {};
  }

  // Takes back what was listed after the first `count`.
  void cut(std::size_t count) {
    for (std::size_t i = count; i < ids_.size(); ++i) listed_.erase(ids_[i]);
    ids_.resize(count);
  }

  std::span<const ObjectId> ids() const { return ids_; }
  std::vector<ObjectId> take() { return std::move(ids_); }

 private:
  using Commits = std::vector<std::pair<ObjectId, ObjectId>>;  // and their trees

  Result<Commit> load(const ObjectId& id) {
    auto bytes = source_.read_as(ObjectKind::kCommit, id);
    if (!bytes) return tl::unexpected(bytes.error());
    return read_commit(*bytes);
  }

  // Every commit reached from `from` without passing through `base`; tells whether a beginning was reached.
  Result<Commits> reach(const ObjectId& from, const ObjectId& base, bool& met_root) {
    Commits commits;
    IdSet seen{base};
    std::vector<ObjectId> waiting;
    if (seen.insert(from).second) waiting.push_back(from);
    for (std::size_t next = 0; next < waiting.size(); ++next) {
      ObjectId id = waiting[next];
      auto commit = load(id);
      if (!commit) return tl::unexpected(commit.error());
      commits.emplace_back(id, commit->tree);
      met_root = met_root || commit->parents.empty();
      for (const ObjectId& parent : commit->parents)
        if (seen.insert(parent).second) waiting.push_back(parent);
    }
    return commits;
  }

  Result<Commits> commits_since(const ObjectId& base, const ObjectId& wanted) {
    bool went_around = false;
    auto commits = reach(wanted, base, went_around);
    if (!commits || base.is_zero() || !went_around) return commits;
    // A way around the base leads to what it reaches itself (or the base is no ancestor at all): leave that out.
    auto held = reach(base, {}, went_around);
    if (!held) return held;
    IdSet held_ids;
    for (const auto& [id, tree] : *held) held_ids.insert(id);
    std::erase_if(*commits, [&](const auto& commit) { return held_ids.contains(commit.first); });
    return commits;
  }

  // Adds a folder and all in it to `reached`, except what is `held`; to the list too when that is given.
  Result<void> walk_tree(const ObjectId& id, IdSet& reached, const IdSet* held) {
    if ((held != nullptr && held->contains(id)) || !reached.insert(id).second) return {};
    if (held != nullptr) ids_.push_back(id);
    auto bytes = source_.read_as(ObjectKind::kTree, id);
    if (!bytes) return tl::unexpected(bytes.error());
    auto entries = read_tree(*bytes);
    if (!entries) return tl::unexpected(entries.error());
    for (const TreeEntry& entry : *entries) {
      if (entry.is_folder) {
        if (auto done = walk_tree(entry.id, reached, held); !done) return done;
      } else if (!(held != nullptr && held->contains(entry.id)) && reached.insert(entry.id).second && held != nullptr) {
        ids_.push_back(entry.id);
      }
    }
    return {};
  }

  const ObjectSource& source_;
  std::vector<ObjectId> ids_;
  IdSet listed_;
};

}  // namespace

OutgoingPack::OutgoingPack(const ObjectSource& source, std::vector<ObjectId> ids)
    : source_(&source),
      ids_(std::move(ids)),
      waiting_(std::make_unique<Bytes>()),
      writer_(static_cast<std::uint32_t>(ids_.size()), [waiting = waiting_.get()](ByteView bytes) -> Result<void> {
        waiting->insert(waiting->end(), bytes.begin(), bytes.end());
        return {};
      }) {}

Result<OutgoingPack> OutgoingPack::open(const ObjectSource& source, std::span<const PackWish> wishes) {
  Listing listing(source);
  for (const PackWish& wish : wishes)
    if (auto done = listing.add(wish); !done) return tl::unexpected(done.error());
  OutgoingPack pack(source, listing.take());
  pack.wishes_ = wishes.size();
  return pack;
}

Result<OutgoingPack> OutgoingPack::open_first(const ObjectSource& source, std::span<const PackWish> wishes, const PackEnough& enough) {
  Listing listing(source);
  std::uint64_t bytes = 0;
  std::size_t taken = 0;
  for (; taken < wishes.size() && bytes < enough.bytes && listing.ids().size() < enough.objects; ++taken) {
    std::size_t before = listing.ids().size();
    if (auto done = listing.add(wishes[taken]); !done) {
      if (taken == 0 || done.error().code != ErrorCode::kTooMany) return tl::unexpected(done.error());
      listing.cut(before);
      break;
    }
    for (const ObjectId& id : listing.ids().subspan(before)) {
      auto object = source.read_deflated(id);
      if (!object) return tl::unexpected(object.error());
      bytes += object->deflated.size();
    }
  }
  OutgoingPack pack(source, listing.take());
  pack.wishes_ = taken;
  return pack;
}

Result<void> OutgoingPack::write_next() {
  if (next_ == ids_.size()) {
    finished_ = true;
    auto name = writer_.finish();
    return name ? Result<void>{} : tl::unexpected(name.error());
  }
  const ObjectId& id = ids_[next_];
  auto object = held_ ? Result<DeflatedObject>(*held_) : source_->read_deflated(id);
  if (!object) return tl::unexpected(object.error());
  if (sent_ == 0) {
    writer_.begin(id, *object);
    next_bytes_ = object->deflated.size();
  }
  if (object->deflated.size() != next_bytes_) return fail(ErrorCode::kNotFound, id.hex());  // stored otherwise meanwhile
  ByteView piece = object->deflated.subspan(sent_, std::min<std::uint64_t>(kPieceBytes, next_bytes_ - sent_));
  if (auto done = writer_.append(piece); !done) return done;
  sent_ += piece.size();
  if (sent_ < next_bytes_) {
    if (!object->stored) held_ = std::move(*object);
    return {};
  }
  held_.reset();
  sent_ = 0;
  ++next_;
  return writer_.end();
}

Result<Bytes> OutgoingPack::read(std::size_t bytes_max) {
  while (!finished_ && waiting_->size() < bytes_max)
    if (auto done = write_next(); !done) return tl::unexpected(done.error());
  auto end = waiting_->begin() + static_cast<std::ptrdiff_t>(std::min(bytes_max, waiting_->size()));
  Bytes chunk(waiting_->begin(), end);
  waiting_->erase(waiting_->begin(), end);
  return chunk;
}

}  // namespace maillage::registry
