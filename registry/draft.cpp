#include "registry/draft.h"

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
using NewObjects = std::map<ObjectId, NewObject>;

// The store, and above it blobs that are not in it yet.
class WithDraft final : public ObjectSource {
 public:
  WithDraft(const ObjectSource& store, const NewObjects& fresh) : store_(store), fresh_(fresh) {}
  bool contains(const ObjectId& id) const override { return fresh_.contains(id) || store_.contains(id); }
  Result<Object> read(const ObjectId& id) const override {
    auto found = fresh_.find(id);
    if (found == fresh_.end()) return store_.read(id);
    return Object{found->second.kind, Bytes(found->second.bytes.begin(), found->second.bytes.end())};
  }

 private:
  const ObjectSource& store_;
  const NewObjects& fresh_;
};

Result<std::unique_ptr<StagedPack>> write_pack(ContentStore& store, const NewObjects& objects) {
  auto staged = store.stage(protocol::kPlaceBytesMax * 2);
  if (!staged) return staged;
  PackWriter writer(static_cast<std::uint32_t>(objects.size()), [&](ByteView bytes) { return (*staged)->append(bytes); });
  for (const auto& [id, object] : objects)
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
      if (!store.contains(*id)) objects.emplace(*id, NewObject{ObjectKind::kBlob, *bytes});
    }
    names.emplace(path, id);
  }
  return names;
}

}  // namespace

Result<StagedCommit> stage_commit(ContentStore& store, const Draft& draft, const protocol::KeyPair& daemon_key, TreeCache& cache) {
  NewObjects objects;
  auto names = name_files(store, draft, objects);
  if (!names) return tl::unexpected(names.error());
  auto edited = edit_tree(store, draft.tree, *names);
  if (!edited) return tl::unexpected(edited.error());
  for (const auto& [id, bytes] : edited->trees) objects.emplace(id, NewObject{ObjectKind::kTree, bytes});
  auto summary = summarise(WithDraft(store, objects), edited->root, cache);
  if (!summary) return tl::unexpected(summary.error());
  Commit commit{edited->root, {}, draft.author, draft.committer, {}, draft.message};
  if (draft.parent) commit.parents.push_back(*draft.parent);
  Bytes bytes = write_commit(sign(std::move(commit), daemon_key));
  if (bytes.size() > protocol::kCommitBytesMax) return fail(ErrorCode::kTooLarge, "commit message");
  ObjectId id = object_id(ObjectKind::kCommit, bytes);
  objects.emplace(id, NewObject{ObjectKind::kCommit, bytes});
  auto pack = write_pack(store, objects);
  if (!pack) return tl::unexpected(pack.error());
  return StagedCommit{id, edited->root, summary->state, std::move(*pack)};
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
