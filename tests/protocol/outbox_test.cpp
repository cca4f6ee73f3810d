#include "protocol/outbox.h"

#include <catch2/catch.hpp>

using namespace maillage::protocol;

namespace {

PlaceId place(unsigned number) {
  PlaceId id;
  id.bytes[0] = static_cast<std::uint8_t>(number >> 8);
  id.bytes[1] = static_cast<std::uint8_t>(number);
  return id;
}

SharedBytes frame(std::size_t size, std::uint8_t fill = 0) { return std::make_shared<const Bytes>(size, fill); }

// What comes next, as text: "control 3" (its fill), "heads 1 2 3", "pack 4", "idle".
std::string next_of(Outbox& outbox, std::size_t frame_bytes_max = kFrameBytesMax) {
  auto number = [](const PlaceId& id) { return std::to_string(id.bytes[0] << 8 | id.bytes[1]); };
  Outbox::Next next = outbox.next(frame_bytes_max);
  if (auto* control = std::get_if<Outbox::Control>(&next)) return "control " + std::to_string(control->frame->at(0));
  if (auto* pack = std::get_if<Outbox::Pack>(&next)) return "pack " + number(pack->place);
  if (auto* heads = std::get_if<Outbox::Heads>(&next)) {
    std::string text = "heads";
    for (const PlaceId& id : heads->places) text += " " + number(id);
    return text;
  }
  return "idle";
}

}  // namespace

TEST_CASE("control frames go first, then heads, then packs, and bulk only when nothing waits") {
  Outbox outbox;
  CHECK(outbox.bulk_allowed());
  outbox.push_pack(place(2), frame(10));
  outbox.push_head(place(1));
  REQUIRE(outbox.push_control(frame(5, 7)));
  REQUIRE(outbox.push_control(frame(5, 8)));
  CHECK_FALSE(outbox.bulk_allowed());
  CHECK(next_of(outbox) == "control 7");
  CHECK(next_of(outbox) == "control 8");
  CHECK(next_of(outbox) == "heads 1");
  CHECK_FALSE(outbox.bulk_allowed());
  CHECK(next_of(outbox) == "pack 2");
  CHECK(next_of(outbox) == "idle");
  CHECK(outbox.bulk_allowed());
  CHECK(outbox.bytes() == 0);
}

TEST_CASE("a break of history passes the heads that were queued before it") {
  Outbox outbox;
  for (unsigned i = 1; i <= 4; ++i) outbox.push_head(place(i));
  outbox.push_head(place(9), Outbox::Urgency::kUrgent);
  outbox.push_head(place(3), Outbox::Urgency::kUrgent);
  outbox.push_head(place(3));  // still urgent: its newer head carries the break too
  CHECK(next_of(outbox) == "heads 9 3 1 2 4");
}

TEST_CASE("a place that changes often is sent once, in its first turn") {
  Outbox outbox;
  outbox.push_head(place(1));
  outbox.push_head(place(2));
  for (int i = 0; i < 100'000; ++i) outbox.push_head(place(1));
  CHECK(outbox.bytes() == 2 * SignedHead::kBytes);
  CHECK(next_of(outbox) == "heads 1 2");
  CHECK(next_of(outbox) == "idle");
}

TEST_CASE("a pushed pack goes when a newer head of its place is queued") {
  Outbox outbox;
  outbox.push_head(place(1));
  outbox.push_pack(place(1), frame(100));
  outbox.push_pack(place(2), frame(50));
  outbox.push_head(place(1));
  CHECK(outbox.bytes() == SignedHead::kBytes + 50);
  outbox.push_pack(place(2), frame(60));
  CHECK(outbox.bytes() == SignedHead::kBytes + 60);
  CHECK(next_of(outbox) == "heads 1");
  CHECK(next_of(outbox) == "pack 2");
  CHECK(next_of(outbox) == "idle");
  CHECK(outbox.bytes() == 0);
}

TEST_CASE("what the peer told us itself is not sent back") {
  Outbox outbox;
  outbox.push_head(place(1));
  outbox.push_pack(place(1), frame(100));
  outbox.push_head(place(2));
  outbox.forget(place(1));
  outbox.forget(place(5));
  CHECK(outbox.bytes() == SignedHead::kBytes);
  CHECK(next_of(outbox) == "heads 2");
  CHECK(next_of(outbox) == "idle");
}

TEST_CASE("heads are batched to what a frame holds, and at least one goes") {
  Outbox outbox;
  for (unsigned i = 0; i < kHeadsPerFrameMax + 6; ++i) outbox.push_head(place(i));
  CHECK(next_of(outbox, 0) == "heads 0");
  CHECK(next_of(outbox, 3 * SignedHead::kBytes + 5) == "heads 1 2 3");
  auto heads = std::get<Outbox::Heads>(outbox.next());
  CHECK(heads.places.size() == kHeadsPerFrameMax);
  CHECK(next_of(outbox) == "heads 68 69");
}

TEST_CASE("one buffer serves many sessions") {
  SharedBytes shared = frame(1'000);
  Outbox first, second;
  first.push_pack(place(1), shared);
  second.push_pack(place(1), shared);
  CHECK(shared.use_count() == 3);
}

TEST_CASE("a pushed pack carries its head: a queued head of its place goes") {
  Outbox outbox;
  outbox.push_head(place(1));
  outbox.push_pack(place(1), frame(10));
  CHECK(outbox.bytes() == 10);
  CHECK(next_of(outbox) == "pack 1");
  CHECK(next_of(outbox) == "idle");
}

TEST_CASE("overflow drops packs but not their heads, and is dirty only when heads went") {
  Outbox outbox;
  outbox.push_head(place(1));
  for (unsigned i = 2; outbox.bytes() + 64 * kKiB <= kOutboxBytesMax; ++i) outbox.push_pack(place(i), frame(64 * kKiB));
  outbox.push_pack(place(999), frame(64 * kKiB));
  CHECK_FALSE(outbox.dirty());
  CHECK(outbox.bytes() == 17 * SignedHead::kBytes);
  CHECK(next_of(outbox) == "heads 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 999");

  unsigned queued = 0;
  while (!outbox.dirty()) {
    outbox.push_head(place(queued++));
    REQUIRE(outbox.bytes() <= kOutboxBytesMax);
  }
  CHECK(queued == kOutboxBytesMax / SignedHead::kBytes + 1);
  CHECK(outbox.bytes() == 0);
  CHECK(outbox.take_dirty());
  CHECK_FALSE(outbox.dirty());
  outbox.push_head(place(3));
  CHECK(next_of(outbox) == "heads 3");
}

TEST_CASE("a peer that does not read its control frames is an error that keeps what was queued") {
  Outbox outbox;
  REQUIRE(outbox.push_control(frame(kFrameBytesMax, 1)));
  REQUIRE(outbox.push_control(frame(kFrameBytesMax, 2)));
  auto refused = outbox.push_control(frame(1, 3));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kTooMany);
  CHECK(outbox.bytes() == kOutboxControlBytesMax);
  CHECK(next_of(outbox) == "control 1");
  REQUIRE(outbox.push_control(frame(1, 3)));
  CHECK(next_of(outbox) == "control 2");
  CHECK(next_of(outbox) == "control 3");
}
