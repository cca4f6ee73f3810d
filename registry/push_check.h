// Judges what somebody pushed to a place of ours: either all that would change, or everything that is wrong with it, at
// once. Nothing is written. GIT.md "Contributions".
//
// Invariant: what passes can be published as it is (`prepare_publication` accepts it), starts from a commit of the
// place's own history, and names nothing that is not in the pack or in that history. Any thread.
#pragma once

#include "registry/contribution.h"
#include "registry/pack_overlay.h"
#include "registry/place_history.h"
#include "registry/publish.h"

namespace maillage::registry {

// What a contributor sends beside her pack.
struct Push {
  protocol::PlaceId place;
  ObjectId tip;
  bool keep = false;
  protocol::Language language = protocol::Language::kFrench;
  std::string sender;                  // Contribution::sender
  std::optional<protocol::PublicKey> certified;  // the key of a push certificate over our nonce, verified
};

struct CheckedPush {
  ObjectId base;      // the newest commit of the place's history that the tip descends from
  ObjectId tip_tree;
  FileChanges files;  // against the base; never empty
  std::string name, email;
  std::optional<protocol::PublicKey> key;
  std::vector<std::string> reserved;  // fields of the profile that an operator must see: maintainers, endpoints, neighbours
};

// A pushed pack, opened: its objects before the place's history. Points into `pack` and `store`.
class OpenedPush {
 public:
  // What PackTable::read refuses.
  static Result<std::unique_ptr<OpenedPush>> open(const ObjectSource& store, const ObjectId& head, ByteView pack);

  const PackTable& table() const { return table_; }
  const PlaceHistory& history() const { return history_; }
  const ObjectSource& objects() const { return objects_; }

 private:
  OpenedPush(const ObjectSource& store, const ObjectId& head) : history_(store, head), objects_(table_, history_) {}
  PlaceHistory history_;
  PackTable table_;
  PackOverlay objects_;
};

// `cache` knows the store's trees; what the pack brings is not put into it.
tl::expected<CheckedPush, std::vector<protocol::Problem>> check_push(const OpenedPush& opened, const Push& push, TreeCache& cache);

// The fields of a profile that its operator alone may change, as they differ.
std::vector<std::string> reserved_fields(const std::optional<Bytes>& before, const std::optional<Bytes>& after);

}  // namespace maillage::registry
