// The node's receipts: saying what is here durably, keeping what others say of our places, handing on what they say of others'.
#include <algorithm>

#include "protocol/node.h"

namespace maillage::protocol {

namespace {

// A signature looked at for nothing costs so many of what a session may send without use.
constexpr std::uint64_t kStrangeReceiptCost = 4;

// What may wait on a session before receipts of others are left out.
constexpr std::size_t kForwardBytesMax = kOutboxBytesMax / 8;

}  // namespace

// What a receipt says of a place: the head whose content is here, or zero, when nothing of it is any more.
Hash Node::kept_of(const PlaceState& state) {
  const SignedHead* held = state.held_head();
  return held != nullptr ? hash_of(held->head) : Hash{};
}

void Node::owe_receipt(Session& session, const Receipt::Item& item) {
  session.receipts.push_back(item);
  receipts_due_ = true;
}

// To everybody who is there: whoever has the place's content from elsewhere hands them on.
void Node::offer_owed_receipts() {
  if (owed_.empty()) return;
  bool taken = false;
  for (const auto& [id, session] : sessions_) {
    if (!session->open() || !session->reconciled) continue;
    taken = true;
    for (const PlaceId& place : owed_)
      if (const PlaceState* state = table_.find(place)) owe_receipt(*session, {place, kept_of(*state)});
  }
  if (taken) owed_.clear();
}

void Node::send_receipts() {
  offer_owed_receipts();
  if (!std::exchange(receipts_due_, false)) return;  // a look at every session for each frame is dear with a thousand of them
  for (const auto& [id, session] : sessions_) {
    if (session->receipts.empty() || !session->open()) continue;
    auto items = std::exchange(session->receipts, {});
    for (std::size_t at = 0; at < items.size(); at += kReceiptItemsMax) {
      Receipt receipt{settings_.identity.place, now_.wall, {}, {}};
      auto end = std::min(at + kReceiptItemsMax, items.size());
      receipt.items.assign(items.begin() + static_cast<std::ptrdiff_t>(at), items.begin() + static_cast<std::ptrdiff_t>(end));
      receipt.signature = settings_.identity.key.sign(signed_message(receipt));
      control(*session, encode(receipt));
    }
    pump_wanted_ = true;
  }
}

Result<void> Node::on_frame(Session& session, const Receipt& receipt, ByteView frame) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "RECEIPT");
  Hash name = sha256(frame);
  if (std::ranges::find(forwarded_, name) != forwarded_.end()) return useless(session, "receipts known already");
  if (!session.receipts_taken.take(1, now_.instant)) return {};
  const PlaceState* replica = table_.find(receipt.replica);
  if (replica == nullptr) return useless(session, "receipts of unknown places");
  // Whoever hands it on may know a charter that we do not know yet, or knew none of one that we do.
  if (!verify(replica->chain.latest().daemon_key, signed_message(receipt), receipt.signature))
    return useless(session, "receipts that another key signed", kStrangeReceiptCost);
  KeepReceipt kept{receipt.replica, receipt.time, {}};
  for (const Receipt::Item& item : receipt.items) {
    const PlaceState* state = table_.find(item.place);
    if (state != nullptr && state->own) kept.items.push_back(item);
  }
  if (!kept.items.empty()) actions_.push_back(std::move(kept));
  forwarded_.push_back(name);
  if (forwarded_.size() > kForwardedKept) forwarded_.pop_front();
  forward(receipt, session, frame);
  return {};
}

// One step towards each place's own daemon: to it, or else to whom we have the place's content from. When neither is here, or can
// take it, it waits for the next that can.
void Node::forward(const Receipt& receipt, Session& from, ByteView frame) {
  std::set<Session*> onward;
  bool waits = false;
  for (const Receipt::Item& item : receipt.items) {
    const PlaceState* state = table_.find(item.place);
    if (state == nullptr || state->own) continue;
    Session* next = open_session_of(*state);
    if (auto source = source_.find(item.place); next == nullptr && source != source_.end())
      if (const PlaceState* peer = table_.find(source->second)) next = open_session_of(*peer);
    if (next != nullptr) onward.insert(next);
    else waits = true;
  }
  onward.erase(&from);
  for (Session* next : onward) waits = !hand_on(*next, frame) || waits;
  if (!waits || frame.size() > kReceiptsWaitingBytesMax) return;
  receipts_waiting_.push_back({receipt, Bytes(frame.begin(), frame.end())});
  for (receipts_waiting_bytes_ += frame.size(); receipts_waiting_bytes_ > kReceiptsWaitingBytesMax; receipts_waiting_.pop_front())
    receipts_waiting_bytes_ -= receipts_waiting_.front().frame.size();
}

// With the daemon that signs for the place.
Node::Session* Node::open_session_of(const PlaceState& place) {
  auto found = at_key_.find(place.chain.latest().daemon_key);
  return found == at_key_.end() ? nullptr : find(found->second);
}

// Not to a session that is slow: others' receipts must not end it.
bool Node::hand_on(Session& next, ByteView frame) {
  if (next.outbox.bytes() >= kForwardBytesMax) return false;
  control(next, Bytes(frame.begin(), frame.end()));
  return pump_wanted_ = true;
}

void Node::hand_on_waiting(Session& session) {
  if (receipts_waiting_.empty()) return;
  const PlaceId& peer = session.handshake.peer();
  auto leads = [&](const Receipt::Item& item) {
    const PlaceState* state = table_.find(item.place);
    auto source = source_.find(item.place);
    return (state != nullptr && open_session_of(*state) == &session) || (source != source_.end() && source->second == peer);
  };
  std::erase_if(receipts_waiting_, [&](const WaitingReceipt& waiting) {
    bool handed = waiting.receipt.replica != peer && std::ranges::any_of(waiting.receipt.items, leads) && hand_on(session, waiting.frame);
    if (handed) receipts_waiting_bytes_ -= waiting.frame.size();
    return handed;
  });
}

}  // namespace maillage::protocol
