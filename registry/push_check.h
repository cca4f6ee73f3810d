// Judges what somebody pushed to a place of ours: either all that would change, or everything that is wrong with it, at
// once. Nothing is written. GIT.md "Contributions".
//
// Invariant: what passes can be published as it is (`prepare_publication` accepts it), starts from a commit of the
// place's own history, and names nothing that is not in the pack or in that history. Any thread.
#pragma once

#include <chrono>

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
  std::optional<protocol::PublicKey> certified;  // the maintainer's key of a push certificate over our nonce, good for this push alone
  std::optional<protocol::PublicKey> signer = std::nullopt;  // the key of the certificate, whosever it is
  bool other_certificate = false;  // one of a kind that we do not read (OpenPGP, X.509, another SSH key): as if there were none
};

struct CheckedPush {
  ObjectId base;      // the newest commit of the place's history that the tip descends from
  ObjectId tip_tree;
  FileChanges files;  // against the base; never empty
  std::string name, email;
  std::optional<protocol::PublicKey> key;
  std::vector<std::string> reserved;  // fields of the profile that an operator must see: maintainers, endpoints, neighbours
  std::vector<protocol::Problem> remarks;  // what may be published and was probably meant otherwise (push_remarks.h)
};

// What judging one push may take: the others wait for it. A hundred times what the largest push that is made by hand takes.
inline constexpr std::chrono::seconds kJudgeTimeMax{60};

// A source that is read until a moment, and then is not: for work whose length a stranger chooses. Any thread.
class TimedSource final : public ObjectSource {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  // `source` outlives it.
  TimedSource(const ObjectSource& source, Moment until) : source_(source), until_(until) {}

  bool is_late() const { return std::chrono::steady_clock::now() >= until_; }
  bool contains(const ObjectId& id) const override { return !is_late() && source_.contains(id); }
  Result<Object> read(const ObjectId& id) const override;  // kTimeout
  Result<BlobSummary> summarise_blob(const ObjectId& id) const override;
  // Read without end from now on. Not while another thread reads.
  void lift() { until_ = Moment::max(); }

 private:
  const ObjectSource& source_;
  Moment until_;
};

// A pushed pack, opened: its objects before the place's history. Points into `pack` and `store`.
class OpenedPush {
 public:
  // What PackTable::read refuses; kTimeout.
  static Result<std::unique_ptr<OpenedPush>> open(const ObjectSource& store, const ObjectId& head, ByteView pack,
                                                  TimedSource::Moment until = TimedSource::Moment::max());

  const PackTable& table() const { return table_; }
  const PlaceHistory& history() const { return history_; }
  const ObjectSource& objects() const { return objects_; }
  bool is_late() const { return objects_.is_late(); }
  void lift_deadline() { store_.lift(), objects_.lift(); }

 private:
  OpenedPush(const ObjectSource& store, const ObjectId& head, TimedSource::Moment until)
      : store_(store, until), history_(store_, head), overlay_(table_, history_), objects_(overlay_, until) {}
  TimedSource store_;
  PlaceHistory history_;
  PackTable table_;
  PackOverlay overlay_;
  TimedSource objects_;
};

// Also kTimeout, alone. What passes is read without end from then on: that is our own work, which waits for its turn as long as it
// has to. `cache` knows the store's trees; what the pack brings is not put into it. `now`: when it came, or later.
tl::expected<CheckedPush, std::vector<protocol::Problem>> check_push(OpenedPush& opened, const Push& push, TreeCache& cache, protocol::UnixTime now);

// The fields of a profile that its operator alone may change, as they differ.
std::vector<std::string> reserved_fields(const std::optional<Bytes>& before, const std::optional<Bytes>& after);

}  // namespace maillage::registry
