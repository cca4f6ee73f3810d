// OwnHeads: of every place that this daemon signs for, the decision (protocol/own_head.h) and its row on disk. PROTOCOL.md §8
// "Own heads", STORAGE.md "What we signed".
//
// Row of Column::kMeta, written in the batch that moves the marks; none when nothing is to be remembered:
//   "ledger " ‖ place → u8 flags (1 told, 2 healed, 4 question) ‖ told (224) ‖ healed i64 ‖ doubt u8 ‖ theirs (224)
// Invariant: the ledger in memory is the one on disk. One that has nothing to remember is forgotten: a hub may keep 100,000
// places. Any thread; what is decided and what is committed come from the one writer.
#pragma once

#include <map>
#include <mutex>

#include "protocol/own_head.h"
#include "registry/state_store.h"

namespace maillage::registry {

using protocol::PlaceId;
using protocol::Result;

void put_ledger(WriteBatch& batch, const PlaceId& place, const protocol::OwnLedger& ledger);
bool is_remembered(const protocol::OwnLedger& ledger);
// `mine` is left out: it is the `held` mark. kCorrupt.
Result<protocol::OwnLedger> read_ledger(protocol::ByteView row);

class OwnHeads {
 public:
  explicit OwnHeads(const StateStore& state) : state_(state) {}

  // The rows on disk. kCorrupt.
  Result<void> load();

  // From now on what is signed waits for `caught_up` before anybody is told.
  void await_peers();
  bool awaits_peers() const;
  void caught_up();

  void heard(const protocol::SignedHead& head, const PlaceId& peer, protocol::Instant now);
  void forked(const protocol::Fork& fork, protocol::Instant now);
  void compared(const protocol::SignedHead& theirs, protocol::Kinship kinship);
  // kNotFound when nothing is asked.
  Result<void> answered(const PlaceId& place, protocol::OwnHead::Answer answer);

  // What OwnHead::may_sign gives.
  Result<void> may_sign(const PlaceId& place);
  bool may_tell(const PlaceId& place);
  protocol::OwnLedger after_publication(const protocol::SignedHead& head);
  protocol::OwnLedger after(const protocol::OwnStep& step, const PlaceId& place, const protocol::SignedHead& made, protocol::UnixTime now);
  void commit(const PlaceId& place, protocol::OwnLedger ledger);
  // Another daemon signs for it since.
  void drop(const PlaceId& place);

  // What is due, one step a place.
  std::vector<std::pair<PlaceId, protocol::OwnStep>> due(protocol::Now now);
  protocol::Instant deadline() const;

  // Whether it has a row, so that none is deleted that never was.
  bool remembered(const PlaceId& place) const;
  std::optional<protocol::OwnLedger> ledger(const PlaceId& place) const;
  std::optional<protocol::OwnQuestion> question(const PlaceId& place) const;

 private:
  protocol::OwnHead& at(const PlaceId& place);
  void forget_idle(const PlaceId& place);

  const StateStore& state_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<PlaceId, protocol::OwnHead> heads_;
  bool caught_up_ = true;
};

// "two-daemons", "history-replaced" or "counters-exhausted": what `status` names it by.
std::string_view name_of(protocol::OwnDoubt doubt);

}  // namespace maillage::registry
