// Outbox: what one session still has to send, in the order that matters. Sans-I/O: the session asks `next` whenever
// its transport can take a frame. DESIGN.md "Backpressure".
//
// Order: control frames (handshake, sketches, evidence, breaks of history), heads, pushed packs; bulk (chunks of packs
// that the peer asked for) is never stored here, it is read on demand when `bulk_allowed()`.
// Of a place only the latest is kept: a head is queued as its place's id, and the session looks the greatest head up
// when it sends; a pushed pack belongs to one head and goes when a newer head is queued.
// Overflow never blocks and never grows: first the packs go (their heads stay, the peer will ask), then the heads, and the
// session is `dirty` until the next sketch repairs it. Control frames cannot be dropped: too many end the session.
// A slow peer can so never hurt another. Payloads are shared: one buffer serves all sessions. Node thread.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/head.h"
#include "protocol/limits.h"

namespace maillage::protocol {

using SharedBytes = std::shared_ptr<const Bytes>;

// A queue in order of turn that holds at most one payload a place. All operations O(log size).
template <class Payload>
class PlaceLine {
 public:
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  bool contains(const PlaceId& place) const { return turns_.contains(place); }
  std::uint64_t turn_of(const PlaceId& place) const { return turns_.at(place); }

  // Precondition: the place is not in the line and the turn is nobody's.
  void put(const PlaceId& place, std::uint64_t turn, Payload payload) {
    turns_.emplace(place, turn);
    waiting_.emplace(turn, std::pair(place, std::move(payload)));
  }

  // Takes a place out, wherever it stands.
  std::optional<Payload> remove(const PlaceId& place) {
    auto turn = turns_.find(place);
    if (turn == turns_.end()) return std::nullopt;
    auto payload = std::move(waiting_.extract(turn->second).mapped().second);
    turns_.erase(turn);
    return payload;
  }

  // Takes the first out. Precondition: not empty.
  std::pair<PlaceId, Payload> pop() {
    auto first = std::move(waiting_.extract(waiting_.begin()).mapped());
    turns_.erase(first.first);
    return first;
  }

  void clear() {
    turns_.clear();
    waiting_.clear();
  }

 private:
  std::map<std::uint64_t, std::pair<PlaceId, Payload>> waiting_;
  std::unordered_map<PlaceId, std::uint64_t> turns_;
};

class Outbox {
 public:
  enum class Urgency { kNormal, kUrgent };  // urgent: a break of history

  struct Idle {};  // nothing to send
  struct Control {
    SharedBytes frame;
  };
  struct Heads {  // 1 … kHeadsPerFrameMax places whose greatest head goes out
    std::vector<PlaceId> places;
  };
  struct Pack {
    PlaceId place;
    SharedBytes frame;
  };
  using Next = std::variant<Idle, Control, Heads, Pack>;

  // Queues an encoded frame before everything but the control frames already there. kTooMany above
  // kOutboxControlBytesMax: the peer does not read; end the session.
  Result<void> push_control(SharedBytes frame);

  // The place has a new greatest head that the peer lacks. Keeps its turn when it is already queued; an urgent one
  // goes before all that are not. Drops a queued pack of that place.
  void push_head(const PlaceId& place, Urgency urgency = Urgency::kNormal);

  // An encoded PACK frame that carries the place's new greatest head itself, in the place of a queued head. When it
  // has to go, its head stays queued.
  void push_pack(const PlaceId& place, SharedBytes frame);

  // The peer told us this head, or a greater one, itself.
  void forget(const PlaceId& place);

  // What to send now, removed from the queue. Heads are as many as fit `frame_bytes_max`, at least one.
  Next next(std::size_t frame_bytes_max = kFrameBytesMax);

  // Nothing is queued that bulk would delay.
  bool bulk_allowed() const { return control_.empty() && heads_.empty() && packs_.empty(); }

  // What is queued; a head counts as the bytes it will have on the wire.
  std::size_t bytes() const { return control_bytes_ + heads_.size() * kHeadBytes + pack_bytes_; }

  std::size_t control_bytes() const { return control_bytes_; }

  // Heads were dropped since the last `take_dirty`: reconcile.
  bool dirty() const { return dirty_; }
  bool take_dirty() { return std::exchange(dirty_, false); }

 private:
  static constexpr std::size_t kHeadBytes = SignedHead::kBytes;

  void shed();

  std::list<SharedBytes> control_;  // a deque keeps 600 bytes when it is empty, and sessions are many
  std::size_t control_bytes_ = 0;
  PlaceLine<std::monostate> heads_;
  PlaceLine<SharedBytes> packs_;
  std::size_t pack_bytes_ = 0;
  std::uint64_t next_turn_ = 0;
  bool dirty_ = false;
};

}  // namespace maillage::protocol
