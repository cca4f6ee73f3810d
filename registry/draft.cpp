#include "registry/draft.h"

#include <deque>
#include <set>

#include "protocol/limits.h"
#include "registry/pack_writer.h"

namespace maillage::registry {
namespace {

using protocol::fail;

struct NewObject {
  ObjectKind kind;
  ByteView bytes;
};

// What the store does not have, each object once. Files stay the drafts'; folders and commits live here.
class NewObjects {
 public:
  bool contains(const ObjectId& id) const { return objects_.contains(id); }
  const NewObject* find(const ObjectId& id) const {
    auto found = objects_.find(id);
    return found == objects_.end() ? nullptr : &found->second;
  }
  void add(const ObjectId& id, ObjectKind kind, ByteView bytes) { objects_.emplace(id, NewObject{kind, bytes}); }
  void keep(const ObjectId& id, ObjectKind kind, Bytes bytes) { add(id, kind, kept_.emplace_back(std::move(bytes))); }
  const std::map<ObjectId, NewObject>& all() const { return objects_; }

 private:
  std::map<ObjectId, NewObject> objects_;
  std::deque<Bytes> kept_;
};

// The store, and above it blobs that are not in it yet.
class WithDraft final : public ObjectSource {
 public:
  WithDraft(const ObjectSource& store, const NewObjects& fresh) : store_(store), fresh_(fresh) {}
  bool contains(const ObjectId& id) const override { return fresh_.contains(id) || store_.contains(id); }
  Result<Object> read(const ObjectId& id) const override {
    const NewObject* found = fresh_.find(id);
    if (found == nullptr) return store_.read(id);
    return Object{found->kind, Bytes(found->bytes.begin(), found->bytes.end())};
  }

 private:
  const ObjectSource& store_;
  const NewObjects& fresh_;
};

Result<std::unique_ptr<StagedPack>> write_pack(ContentStore& store, const NewObjects& objects) {
  auto staged = store.stage(protocol::kPlaceBytesMax * 2);
  if (!staged) return staged;
  PackWriter writer(static_cast<std::uint32_t>(objects.all().size()), [&](ByteView bytes) { return (*staged)->append(bytes); });
  for (const auto& [id, object] : objects.all())
    if (auto done = writer.add(id, object.kind, object.bytes); !done) return tl::unexpected(done.error());
  if (auto name = writer.finish(); !name) return tl::unexpected(name.error());
  return staged;
}

// Blob names for the draft's files; what the store lacks goes to `objects`.
Result<std::map<std::string, std::optional<ObjectId>>> name_files(const ObjectSource& store, const Draft& draft, NewObjects& objects) {
  std::map<std::string, std::optional<ObjectId>> names;
  for (const auto& [path, bytes] : draft.files) {
    std::optional<ObjectId> id;
    if (bytes) {
      if (bytes->size() > protocol::kFileBytesMax) return fail(ErrorCode::kTooLarge, path);
      id = object_id(ObjectKind::kBlob, *bytes);
      if (!store.contains(*id)) objects.add(*id, ObjectKind::kBlob, *bytes);
    }
    names.emplace(path, id);
  }
  return names;
}

Result<StagedCommit> make_commit(const ObjectSource& store, const Draft& draft, const protocol::KeyPair& daemon_key,
                                 TreeCache& cache, NewObjects& objects) {
  auto names = name_files(store, draft, objects);
  if (!names) return tl::unexpected(names.error());
  auto edited = edit_tree(store, draft.tree, *names);
  if (!edited) return tl::unexpected(edited.error());
  for (auto& [id, bytes] : edited->trees) objects.keep(id, ObjectKind::kTree, std::move(bytes));
  auto summary = summarise(WithDraft(store, objects), edited->root, cache);
  if (!summary) return tl::unexpected(summary.error());
  Commit commit{edited->root, {}, draft.author, draft.committer, {}, draft.message};
  if (draft.parent) commit.parents.push_back(*draft.parent);
  Bytes bytes = write_commit(sign(std::move(commit), daemon_key));
  if (bytes.size() > protocol::kCommitBytesMax) return fail(ErrorCode::kTooLarge, "commit message");
  ObjectId id = object_id(ObjectKind::kCommit, bytes);
  objects.keep(id, ObjectKind::kCommit, std::move(bytes));
  return StagedCommit{id, edited->root, summary->state};
}

}  // namespace

Result<StagedCommits> stage_commits(ContentStore& store, std::span<const Draft> drafts, const protocol::KeyPair& daemon_key,
                                    TreeCache& cache) {
  NewObjects objects;
  StagedCommits staged;
  for (const Draft& draft : drafts) {
    auto commit = make_commit(store, draft, daemon_key, cache, objects);
    if (!commit) return tl::unexpected(commit.error());
    staged.commits.push_back(*commit);
  }
  auto pack = write_pack(store, objects);
  if (!pack) return tl::unexpected(pack.error());
  staged.pack = std::move(*pack);
  return staged;
}

Result<StagedDraft> stage_commit(ContentStore& store, const Draft& draft, const protocol::KeyPair& daemon_key, TreeCache& cache) {
  auto staged = stage_commits(store, std::span(&draft, 1), daemon_key, cache);
  if (!staged) return tl::unexpected(staged.error());
  return StagedDraft{staged->commits.front(), std::move(staged->pack)};
}

std::string place_email(const protocol::PlaceId& place) { return place.hex() + "@maillage.invalid"; }

Bytes identity_charters(const protocol::CharterChain& chain) {
  protocol::Writer out;
  for (const protocol::SignedCharter& charter : chain.charters()) write(out, charter);
  return std::move(out).take();
}

std::string identity_allowed_signers(const protocol::CharterChain& chain) {
  std::string text;
  std::set<protocol::PublicKey> listed;
  for (const protocol::SignedCharter& charter : chain.charters())
    if (listed.insert(charter.charter.daemon_key).second)
      text += place_email(chain.place()) + " namespaces=\"git\" " + ssh_public_key(charter.charter.daemon_key) + "\n";
  return text;
}

}  // namespace maillage::registry
