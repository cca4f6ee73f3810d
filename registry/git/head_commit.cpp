#include "registry/git/head_commit.h"

#include <algorithm>

#include "registry/commit.h"
#include "registry/draft.h"
#include "registry/tree.h"

namespace maillage::registry {
namespace {

ObjectId add(LooseObjects& objects, ObjectKind kind, Bytes bytes) {
  ObjectId id = object_id(kind, bytes);
  objects.emplace(id, Object{kind, std::move(bytes)});
  return id;
}

}  // namespace

HeadCommit head_commit(const protocol::SignedHead& head, const protocol::CharterChain& chain) {
  protocol::Writer signed_head(protocol::SignedHead::kBytes), charters;
  write(signed_head, head);
  for (std::size_t number = 0; number < chain.size() && number <= head.head.charter; ++number)
    write(charters, chain.charters()[number]);
  HeadCommit result;
  ObjectId charters_id = add(result.objects, ObjectKind::kBlob, std::move(charters).take());
  ObjectId head_id = add(result.objects, ObjectKind::kBlob, std::move(signed_head).take());
  ObjectId tree = add(result.objects, ObjectKind::kTree, write_tree({{"charters", false, charters_id}, {"head", false, head_id}}));
  CommitPerson maillage{"Maillage", place_email(head.head.place), std::max<std::int64_t>(0, head.head.time.ms / 1000), 0};
  std::string message = "charter " + std::to_string(head.head.charter) + ", epoch " + std::to_string(head.head.epoch) + ", sequence " +
                        std::to_string(head.head.sequence) + "\n\nstate " + head.head.state.hex() + "\ncommit " + head.head.commit.hex() + "\n";
  result.commit = add(result.objects, ObjectKind::kCommit, write_commit({tree, {}, maillage, maillage, {}, message}));
  return result;
}

Result<Object> AboveStore::read(const ObjectId& id) const {
  auto found = objects_.find(id);
  return found == objects_.end() ? store_.read(id) : Result<Object>(found->second);
}

Result<DeflatedObject> AboveStore::read_deflated(const ObjectId& id) const {
  return objects_.contains(id) ? ObjectSource::read_deflated(id) : store_.read_deflated(id);
}

}  // namespace maillage::registry
