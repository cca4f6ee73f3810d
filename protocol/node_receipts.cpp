// The node's receipts: saying what is here durably, keeping what others say of our places, handing on what they say of others'.
#include <algorithm>

#include "protocol/node.h"

namespace maillage::protocol {

namespace {

// A signature looked at for nothing costs so many of what a session may send without use.
constexpr std::uint64_t kStrangeReceiptCost = 4;

// What may wait on a session before receipts that are not answers to it are left out.
constexpr std::size_t kForwardBytesMax = kOutboxBytesMax / 8;

// Rationale: a receipt goes whole to everybody whom one of its items concerns.
constexpr std::size_t kReceiptItemsSent = 32;

// Of what is owed to nobody in particular: so much at once, and then a pause.
constexpr std::size_t kOwedAtOnce = 512;
constexpr std::chrono::seconds kOwedGap{1};

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

std::vector<SharedBytes> Node::signed_receipts(std::span<const Receipt::Item> items) const {
  std::vector<SharedBytes> frames;
  for (; !items.empty(); items = items.subspan(std::min(items.size(), kReceiptItemsSent))) {
    auto some = items.first(std::min(items.size(), kReceiptItemsSent));
    Receipt receipt{settings_.identity.place, now_.wall, {some.begin(), some.end()}, {}};
    receipt.signature = settings_.identity.key.sign(signed_message(receipt));
    frames.push_back(std::make_shared<const Bytes>(encode(receipt)));
  }
  return frames;
}

// To everybody who is there: whoever has the place's content from elsewhere hands them on.
void Node::offer_owed_receipts() {
  if (owed_.empty() || now_.instant < next_owed_) return;
  std::vector<Session*> there;
  for (const auto& [id, session] : sessions_)
    if (session->open() && session->reconciled) there.push_back(session.get());
  if (there.empty()) return;
  next_owed_ = now_.instant + kOwedGap;
  std::vector<Receipt::Item> items;
  while (!owed_.empty() && items.size() < kOwedAtOnce) {
    PlaceId place = owed_.extract(owed_.begin()).value();
    if (const PlaceState* state = table_.find(place)) items.push_back({place, kept_of(*state)});
  }
  for (const SharedBytes& frame : signed_receipts(items))
    for (Session* session : there) hand_on(*session, frame);
}

void Node::send_receipts() {
  offer_owed_receipts();
  if (!std::exchange(receipts_due_, false)) return;  // a look at every session for each frame is dear with a thousand of them
  for (const auto& [id, session] : sessions_) {
    if (session->receipts.empty() || !session->open()) continue;
    auto items = std::exchange(session->receipts, {});
    for (SharedBytes& frame : signed_receipts(items)) control(*session, std::move(frame));
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

// One step towards each place's own daemon: to it, or else to whom we have the place's content from. For places that neither leads to,
// or can take it for, it waits for the next that can.
void Node::forward(const Receipt& receipt, Session& from, ByteView bytes) {
  std::map<Session*, std::vector<PlaceId>> onward;
  WaitingReceipt waiting{std::make_shared<const Bytes>(bytes.begin(), bytes.end()), receipt.replica, {}};
  for (const Receipt::Item& item : receipt.items) {
    const PlaceState* state = table_.find(item.place);
    if (state == nullptr || state->own) continue;
    Session* next = open_session_of(*state);
    if (auto source = source_.find(item.place); next == nullptr && source != source_.end())
      if (const PlaceState* peer = table_.find(source->second)) next = open_session_of(*peer);
    if (next == nullptr) waiting.places.push_back(item.place);
    else if (next != &from) onward[next].push_back(item.place);
  }
  for (const auto& [next, places] : onward)
    if (!from.handed_on.take(bytes.size(), now_.instant) || !hand_on(*next, waiting.frame))
      waiting.places.insert(waiting.places.end(), places.begin(), places.end());
  if (waiting.places.empty()) return;
  receipts_waiting_bytes_ += bytes.size();
  receipts_waiting_.push_back(std::move(waiting));
  for (; receipts_waiting_bytes_ > kReceiptsWaitingBytesMax; receipts_waiting_.pop_front())
    receipts_waiting_bytes_ -= receipts_waiting_.front().frame->size();
}

// With the daemon that signs for the place.
Node::Session* Node::open_session_of(const PlaceState& place) {
  auto found = at_key_.find(place.chain.latest().daemon_key);
  return found == at_key_.end() ? nullptr : find(found->second);
}

// Not to a session that is slow: others' receipts must not end it.
bool Node::hand_on(Session& next, const SharedBytes& frame) {
  if (next.outbox.bytes() >= kForwardBytesMax) return false;
  control(next, frame);
  return pump_wanted_ = true;
}

// Some time after a reconciliation: who signed them must be known there first.
void Node::hand_on_waiting(Session& session) {
  const PlaceId& peer = session.handshake.peer();
  auto leads = [&](const PlaceId& place) {
    const PlaceState* state = table_.find(place);
    auto source = source_.find(place);
    return (state != nullptr && open_session_of(*state) == &session) || (source != source_.end() && source->second == peer);
  };
  std::erase_if(receipts_waiting_, [&](WaitingReceipt& waiting) {
    if (waiting.replica == peer || !std::ranges::any_of(waiting.places, leads) || !hand_on(session, waiting.frame)) return false;
    std::erase_if(waiting.places, leads);
    if (waiting.places.empty()) receipts_waiting_bytes_ -= waiting.frame->size();
    return waiting.places.empty();
  });
}

}  // namespace maillage::protocol
