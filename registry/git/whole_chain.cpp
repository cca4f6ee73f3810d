#include "registry/git/whole_chain.h"

#include <unordered_set>

#include "protocol/limits.h"
#include "registry/commit.h"
#include "registry/draft.h"
#include "registry/inflate.h"

namespace maillage::registry {
namespace {

using protocol::fail;

// Neither is as long as an object's id, which all other keys are.
constexpr std::string_view kTipKey = "tip";
constexpr std::string_view kWithdrawnPrefix = "withdrawn ";

std::string key_of(const ObjectId& id) { return std::string(protocol::as_text(id.bytes)); }

std::string withdrawn_key(const protocol::PlaceId& place) { return std::string(kWithdrawnPrefix) + std::string(protocol::as_text(place.bytes)); }

// kind u8 ‖ size u32 ‖ zlib stream
std::string row_of(ObjectKind kind, ByteView bytes) {
  protocol::Writer row;
  row.u8(static_cast<std::uint8_t>(kind)).u32(static_cast<std::uint32_t>(bytes.size()));
  Bytes packed = std::move(row).take();
  deflate_to(packed, bytes);
  return std::string(protocol::as_text(packed));
}

// The store, then the column: most of what is asked for is of places.
class WholeSource final : public ObjectSource {
 public:
  WholeSource(const StateStore& state, const ObjectSource& objects) : state_(state), objects_(objects) {}

  bool contains(const ObjectId& id) const override {
    if (objects_.contains(id)) return true;
    auto row = state_.get(Column::kCommons, key_of(id));
    return row && *row;
  }
  Result<Object> read(const ObjectId& id) const override {
    if (objects_.contains(id)) return objects_.read(id);
    auto packed = read_deflated(id);
    if (!packed) return tl::unexpected(packed.error());
    Bytes bytes(packed->size);
    if (auto done = inflate_exactly(packed->deflated, bytes); !done) return tl::unexpected(done.error());
    return Object{packed->kind, std::move(bytes)};
  }
  Result<DeflatedObject> read_deflated(const ObjectId& id) const override {
    if (objects_.contains(id)) return objects_.read_deflated(id);
    auto row = state_.get(Column::kCommons, key_of(id));
    if (!row) return tl::unexpected(row.error());
    if (!*row) return fail(ErrorCode::kNotFound, id.hex());
    auto owner = std::make_shared<const std::string>(std::move(**row));
    protocol::Reader in(protocol::as_bytes(*owner));
    auto kind = static_cast<ObjectKind>(in.u8());
    std::uint64_t size = in.u32();
    if (in.failed()) return fail(ErrorCode::kCorrupt, id.hex());
    return DeflatedObject{kind, size, in.rest(), owner};
  }

 private:
  const StateStore& state_;
  const ObjectSource& objects_;
};

}  // namespace

Result<void> WholeChain::load() {
  auto row = state_.get(Column::kCommons, kTipKey);
  if (!row) return tl::unexpected(row.error());
  if (!*row) return {};
  protocol::Reader in(protocol::as_bytes(**row));
  Tip tip;
  tip.commit = in.fixed<ObjectId>();
  tip.tree = in.fixed<ObjectId>();
  bytes_ = in.u64();
  if (auto read = in.finish("commons"); !read) return fail(ErrorCode::kCorrupt, "commons");
  std::scoped_lock lock(tip_mutex_);
  tip_ = tip;
  return state_.scan(Column::kCommons, kWithdrawnPrefix, [&](std::string_view key, std::string_view) {
    protocol::Reader place(protocol::as_bytes(key.substr(kWithdrawnPrefix.size())));
    withdrawn_.insert(place.fixed<protocol::PlaceId>());
    return true;
  });
}

std::optional<WholeChain::Tip> WholeChain::tip() const {
  std::scoped_lock lock(tip_mutex_);
  return withdrawn_.empty() ? tip_ : std::nullopt;
}

bool WholeChain::withholds() const {
  std::scoped_lock lock(tip_mutex_);
  return !withdrawn_.empty();
}

Result<bool> WholeChain::has(const ObjectId& commit) const {
  auto row = state_.get(Column::kCommons, key_of(commit));
  if (!row) return tl::unexpected(row.error());
  return row->has_value();
}

std::shared_ptr<const ObjectSource> WholeChain::source() const { return std::make_shared<WholeSource>(state_, objects_); }

bool WholeChain::is_due(std::uint64_t revision, protocol::UnixTime now) const {
  std::scoped_lock lock(tip_mutex_);
  if (!tip_ || !built_revision_ || !withdrawn_.empty()) return true;
  bool aged = now.ms - built_.ms >= kWholeIntervalMs || now.ms < built_.ms;
  return aged && *built_revision_ != revision;
}

Result<bool> WholeChain::build(std::uint64_t asked_at, const ReadShown& read, const Author& author, protocol::UnixTime now) {
  std::unique_lock building(build_mutex_, std::try_to_lock);
  if (!building && tip()) return false;
  if (!building) building.lock();
  if (!is_due(asked_at, now)) return false;
  auto shown = read();
  if (!shown) return tl::unexpected(shown.error());
  learn(shown->heads);
  std::map<protocol::PlaceId, WholePlace> places;
  for (const auto& [id, known] : known_) places.emplace(id, known.place);
  WholeTree tree = build_whole_tree(places);
  auto restarted = restart();
  if (!restarted) return restarted;
  auto last = tip();
  if (!last || last->tree != tree.root)
    if (auto extended = extend(tree, author, now); !extended) return tl::unexpected(extended.error());
  std::scoped_lock lock(tip_mutex_);
  built_revision_ = shown->revision;
  built_ = now;
  return restarted;
}

// Drops a chain that has grown too long, or that shows what may be shown no more.
Result<bool> WholeChain::restart() {
  if (bytes_ <= bytes_max_ && !withholds()) return false;
  WriteBatch all;
  if (auto staged = stage_rows(all); !staged) return tl::unexpected(staged.error());
  if (auto written = state_.write(all); !written) return tl::unexpected(written.error());
  forget();
  return true;
}

// What is known of the places that did not change stays.
void WholeChain::learn(std::span<const protocol::SignedHead> heads) {
  std::map<protocol::PlaceId, Known> fresh;
  for (const protocol::SignedHead& head : heads) {
    auto known = known_.extract(head.head.place);
    if (!known.empty() && known.mapped().commit == head.head.commit) {
      fresh.insert(std::move(known));
      continue;
    }
    auto place = whole_place(objects_, head);
    if (place) fresh.emplace(head.head.place, Known{head.head.commit, std::move(*place)});
  }
  known_ = std::move(fresh);
}

Result<void> WholeChain::extend(const WholeTree& tree, const Author& author, protocol::UnixTime now) {
  auto last = tip();
  CommitPerson person{"Maillage", place_email(author.place), std::max<std::int64_t>(0, now.ms / 1000), 0};
  std::string message = std::to_string(tree.places) + " places, " + std::to_string(tree.networks) + " networks\n";
  Commit commit{tree.root, {}, person, person, {}, message};
  if (last) commit.parents.push_back(last->commit);
  Bytes bytes = write_commit(sign(std::move(commit), author.key));
  Tip next{object_id(ObjectKind::kCommit, bytes), tree.root};

  WriteBatch batch;
  std::uint64_t written = bytes_;
  auto put = [&](const ObjectId& id, ObjectKind kind, ByteView object) -> Result<void> {
    auto there = state_.get(Column::kCommons, key_of(id));
    if (!there || *there) return there ? Result<void>() : tl::unexpected(there.error());
    std::string row = row_of(kind, object);
    written += row.size();
    batch.put(Column::kCommons, key_of(id), std::move(row));
    if (batch.bytes() < protocol::kBatchBytesMax) return {};
    return state_.write(std::exchange(batch, {}));
  };
  for (const auto& [id, object] : tree.trees)
    if (auto done = put(id, ObjectKind::kTree, object); !done) return done;
  if (auto done = put(next.commit, ObjectKind::kCommit, bytes); !done) return done;
  protocol::Writer row;
  row.fixed(next.commit).fixed(next.tree).u64(written);
  batch.put(Column::kCommons, std::string(kTipKey), std::string(protocol::as_text(row.bytes())));
  if (auto done = state_.write(batch); !done) return done;
  bytes_ = written;
  std::scoped_lock lock(tip_mutex_);
  tip_ = next;
  return {};
}

Result<void> WholeChain::stage_rows(WriteBatch& batch) const {
  bool any = false;
  auto scanned = state_.scan(Column::kCommons, "", [&](std::string_view key, std::string_view) {
    batch.erase(Column::kCommons, std::string(key));
    return any = true;
  });
  if (any) batch.put(Column::kMeta, std::string(kPurgeCommonsKey), "");
  return scanned;
}

void WholeChain::forget() {
  bytes_ = 0;
  std::scoped_lock lock(tip_mutex_);
  tip_.reset();
  withdrawn_.clear();
  built_revision_.reset();
}

void WholeChain::Turn::take() {
  if (!building_) building_ = std::unique_lock(chain_.build_mutex_);
}

void WholeChain::Turn::drop() {
  take();
  drops_ = true;
}

void WholeChain::Turn::withdraw(const protocol::PlaceId& place) {
  take();
  withdrawn_.insert(place);
}

void WholeChain::Turn::restore(const protocol::PlaceId& place) {
  take();
  restored_.insert(place);
}

Result<void> WholeChain::Turn::stage(WriteBatch& batch) const {
  if (drops_) return chain_.stage_rows(batch);
  std::scoped_lock lock(chain_.tip_mutex_);
  if (!chain_.tip_) return {};
  for (const protocol::PlaceId& place : restored_) batch.erase(Column::kCommons, withdrawn_key(place));
  for (const protocol::PlaceId& place : withdrawn_) batch.put(Column::kCommons, withdrawn_key(place), "");
  return {};
}

void WholeChain::Turn::written() {
  if (drops_) return chain_.forget();
  std::scoped_lock lock(chain_.tip_mutex_);
  if (!chain_.tip_) return;
  for (const protocol::PlaceId& place : restored_) chain_.withdrawn_.erase(place);
  chain_.withdrawn_.insert(withdrawn_.begin(), withdrawn_.end());
}

}  // namespace maillage::registry
