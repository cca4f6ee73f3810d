#include "protocol/outbox.h"

#include <algorithm>

namespace maillage::protocol {
namespace {

// Turns of urgent heads are below it, all others above.
constexpr std::uint64_t kNormalTurns = std::uint64_t{1} << 63;

}  // namespace

Result<void> Outbox::push_control(SharedBytes frame) {
  if (frame->size() > kOutboxControlBytesMax - control_bytes_)
    return fail(ErrorCode::kTooMany, "control frames waiting for a peer that does not read");
  control_bytes_ += frame->size();
  control_.push_back(std::move(frame));
  shed();
  return {};
}

void Outbox::push_head(const PlaceId& place, Urgency urgency) {
  if (auto stale = packs_.remove(place)) pack_bytes_ -= (*stale)->size();
  std::uint64_t turn = next_turn_++ + (urgency == Urgency::kUrgent ? 0 : kNormalTurns);
  if (heads_.contains(place)) {
    if (turn > heads_.turn_of(place)) return;
    heads_.remove(place);
  }
  heads_.put(place, turn, {});
  shed();
}

void Outbox::push_pack(const PlaceId& place, SharedBytes frame) {
  forget(place);
  pack_bytes_ += frame->size();
  packs_.put(place, next_turn_++, std::move(frame));
  shed();
}

void Outbox::forget(const PlaceId& place) {
  heads_.remove(place);
  if (auto pack = packs_.remove(place)) pack_bytes_ -= (*pack)->size();
}

Outbox::Next Outbox::next(std::size_t frame_bytes_max) {
  if (!control_.empty()) {
    Control control{std::move(control_.front())};
    control_.pop_front();
    control_bytes_ -= control.frame->size();
    return control;
  }
  if (!heads_.empty()) {
    Heads heads;
    std::size_t fitting = std::clamp<std::size_t>(frame_bytes_max / kHeadBytes, 1, kHeadsPerFrameMax);
    while (heads.places.size() < fitting && !heads_.empty()) heads.places.push_back(heads_.pop().first);
    return heads;
  }
  if (!packs_.empty()) {
    auto [place, frame] = packs_.pop();
    pack_bytes_ -= frame->size();
    return Pack{place, std::move(frame)};
  }
  return Idle{};
}

void Outbox::shed() {
  if (bytes() <= kOutboxBytesMax) return;
  while (!packs_.empty())
    if (auto [place, frame] = packs_.pop(); !heads_.contains(place)) heads_.put(place, kNormalTurns + next_turn_++, {});
  pack_bytes_ = 0;
  if (bytes() <= kOutboxBytesMax) return;
  heads_.clear();
  dirty_ = true;
}

}  // namespace maillage::protocol
