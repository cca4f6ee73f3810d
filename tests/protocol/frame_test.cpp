#include "protocol/frame.h"

#include <catch2/catch.hpp>

#include "tests/protocol/author.h"
#include "tests/protocol/damage.h"

using namespace maillage::tests;

namespace {

const Author kPlace(1), kOther(2);

Hello hello() {
  Hello frame;
  frame.nonce = SeededRandom(1).fixed<Nonce>();
  frame.place = kPlace.place();
  frame.time.ms = -1;
  frame.agent = "maillage 0.1";
  frame.scope = {"59", kOther.place().hex()};
  return frame;
}

// As daemons say it that tell what they can and what they have.
Hello telling_hello() {
  Hello frame = hello();
  frame.abilities = 1;
  frame.estimate.toggle(sha256(as_bytes("element")));
  frame.estimate.toggle(Hash{});  // on the last level
  return frame;
}

Receipt receipt() {
  Receipt frame{kOther.place(), {1'800'000'000'000}, {{kPlace.place(), hash_of(kPlace.head(1).head)}}, {}};
  frame.signature = kOther.key().sign(signed_message(frame));
  return frame;
}

Pack first_part(ByteView bytes) {
  return {7, Pack::kFirst, {{kPlace.place(), kPlace.head(3), kPlace.head(2).head.commit}, {kOther.place(), {}, {}}}, bytes};
}

Want want(std::size_t places) {
  Want frame{7, {}};
  for (std::size_t i = 0; i < places; ++i) {
    PlaceId place;
    place.bytes = {1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    frame.places.push_back({place, {}});
  }
  return frame;
}

TwoCharters two_charters() {
  Author twin = kPlace, other = kPlace;
  twin.rotate();
  other.rotate(1);
  return {twin.chain().at(1), other.chain().at(1)};
}

const Bytes kPackBytes{0x50, 0x41, 0x43, 0x4b};

// One place that so many daemons hold.
Holders holders(std::size_t count) {
  Holders frame;
  Holders::Held held{kPlace.place(), {}};
  for (std::size_t i = 0; i < count; ++i) {
    frame.daemons.push_back({Author(10 + i).place(), i == 0 ? "wss://ici.example/peer" : ""});
    held.by.push_back(static_cast<std::uint8_t>(i));
  }
  frame.places.push_back(std::move(held));
  return frame;
}

// One of each kind and part.
std::vector<Frame> one_of_each() {
  SketchRun run{10, 0, {{0x0102030405060708, 0x090a0b0c, 10}, {1, 2, 7}}};
  return {hello(),
          telling_hello(),
          Auth{kPlace.key().sign({}), kPlace.bundle(kPlace.head(1))},
          Sketch(SketchAsk{5000}),
          Sketch(SketchCells{SketchKey{{1, 2, 3}}, run}),
          Sketch(SketchMore{64}),
          Sketch(SketchDone{SketchKey{{1, 2, 3}}, {1, 0xffffffffffffffff}, true}),
          Sketch(SketchAll{}),
          Sketch(SketchEnd{}),
          Sketch(SketchDue{}),
          Heads{kPlace.bundle(kPlace.head(4))},
          want(3),
          first_part(kPackBytes),
          Pack{7, Pack::kLast, {}, kPackBytes},
          Credit{131'072},
          Evidence{kPlace.chain().charters(), kPlace.head(1, 0, 1), kPlace.head(1, 0, 2)},
          receipt(),
          Bye{"timeout", "handshake"},
          Invited{{{1, 2, 3}}, sha256(as_bytes("proof"))},
          Welcome{"used-invitation"},
          two_charters(),
          ScopeNow{{"29", "region:53", kOther.place().hex()}},
          Where{{kPlace.place()}},
          holders(kHoldersMax),
          Charters{{kPlace.place()}}};
}

struct Encode {
  template <class T>
  Bytes operator()(const T& frame) const { return encode(frame); }
  Bytes operator()(const Unknown& frame) const { return {frame.type}; }
};
Bytes encoded(const Frame& frame) { return std::visit(Encode{}, frame); }

ErrorCode refusal(const Bytes& bytes) {
  auto frame = decode_frame(bytes);
  REQUIRE_FALSE(frame);
  return frame.error().code;
}

// `bytes` with the big-endian 16-bit number at `at` set.
Bytes with_u16(Bytes bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
  return bytes;
}

}  // namespace

TEST_CASE("every frame is read back as it was written, and has one encoding") {
  for (const Frame& frame : one_of_each()) {
    Bytes bytes = encoded(frame);
    auto decoded = decode_frame(bytes);
    REQUIRE(decoded);
    CHECK(decoded->index() == frame.index());
    CHECK(encoded(*decoded) == bytes);
  }
  for (const Hello& frame : {hello(), telling_hello()}) CHECK(std::get<Hello>(*decode_frame(encode(frame))) == frame);
  CHECK(std::get<Receipt>(*decode_frame(encode(receipt()))) == receipt());
}

TEST_CASE("a frame cut anywhere or with a changed byte is refused or is another frame") {
  for (const Frame& frame : one_of_each()) {
    Bytes valid = encoded(frame);
    auto survives = [](ByteView bytes) {
      auto decoded = decode_frame(bytes);
      if (decoded) (void)encoded(*decoded);
    };
    for_each_truncation(valid, survives);
    for_each_flip(valid, survives);
  }
}

TEST_CASE("a frame without a tail of its own is refused when it is cut anywhere") {
  for (const Frame& frame : one_of_each()) {
    const Sketch* sketch = std::get_if<Sketch>(&frame);
    if (std::holds_alternative<Pack>(frame) || (sketch != nullptr && std::holds_alternative<SketchCells>(*sketch))) continue;
    // HELLO may end where those of earlier daemons do.
    auto ends_early = [](ByteView bytes) { return bytes.size() == encode(hello()).size() && bytes[0] == 0x01; };
    for_each_truncation(encoded(frame), [&](ByteView bytes) { CHECK(decode_frame(bytes).has_value() == ends_early(bytes)); });
  }
}

TEST_CASE("bytes after a frame are refused, except after HELLO, which may grow") {
  for (const Frame& frame : one_of_each()) {
    const Sketch* sketch = std::get_if<Sketch>(&frame);
    if (std::holds_alternative<Pack>(frame) || (sketch != nullptr && std::holds_alternative<SketchCells>(*sketch))) continue;
    Bytes longer = encoded(frame);
    longer.push_back(0);
    if (auto* known = std::get_if<Hello>(&frame); known != nullptr && known->abilities == 0)
      CHECK(refusal(longer) == ErrorCode::kTruncated);  // it tells what it can, and not what it has
    else if (known != nullptr)
      CHECK(std::get<Hello>(*decode_frame(longer)) == *known);
    else
      CHECK(refusal(longer) == ErrorCode::kTrailingBytes);
  }
}

TEST_CASE("a frame of an unknown type is ignored from 0x80 on and refused below") {
  CHECK(std::get<Unknown>(*decode_frame(Bytes{0x80, 1, 2, 3})).type == 0x80);
  CHECK(std::get<Unknown>(*decode_frame(Bytes{0xff})).type == 0xff);
  for (std::uint8_t type : {0x00, 0x0b, 0x7f}) CHECK(refusal({type, 1, 2, 3}) == ErrorCode::kMalformed);
  CHECK(refusal({}) == ErrorCode::kTruncated);
}

TEST_CASE("a count over its limit is refused whether or not what it counts is there") {
  Bytes heads = encode(Heads{});  // type, charters u16, heads u16
  CHECK(refusal(with_u16(heads, 3, kHeadsPerFrameMax + 1)) == ErrorCode::kTooMany);
  CHECK(refusal(with_u16(heads, 3, kHeadsPerFrameMax)) == ErrorCode::kTruncated);
  CHECK(refusal(with_u16(heads, 1, 0xffff)) == ErrorCode::kTruncated);
  CHECK(refusal(with_u16(encode(want(1)), 5, kWantPlacesMax + 1)) == ErrorCode::kTooMany);
  CHECK(refusal(with_u16(encode(first_part({})), 6, kWantPlacesMax + 1)) == ErrorCode::kTooMany);
  CHECK(refusal(with_u16(encode(receipt()), 41, kReceiptItemsMax + 1)) == ErrorCode::kTooMany);
  Bytes done = encode(Sketch(SketchDone{}));
  CHECK(refusal(with_u16(done, done.size() - 2, kSketchSymbolsMax + 1)) == ErrorCode::kTooMany);
  Hello greedy = hello();
  greedy.scope.assign(65, "a");
  CHECK(refusal(encode(greedy)) == ErrorCode::kTooMany);
  CHECK(refusal(encode(Sketch(SketchCells{{}, {kSketchSetMax + 1, 0, {}}}))) == ErrorCode::kTooMany);
  CHECK(refusal(encode(Sketch(SketchCells{{}, {0, 0, std::vector<SketchCell>(kSketchCellsPerRunMax + 1)}}))) == ErrorCode::kTooMany);
}

TEST_CASE("the largest frames of each kind fit in one message") {
  CHECK(encode(want(kWantPlacesMax)).size() <= kFrameBytesMax);
  Pack whole{1, Pack::kFirst, std::vector<PackedPlace>(kWantPlacesMax, {kPlace.place(), kPlace.head(1), {}}), {}};
  Bytes chunk(kPackChunkBytes);
  whole.bytes = chunk;
  CHECK(encode(whole).size() <= kFrameBytesMax);
  CHECK(encode(Sketch(SketchDone{{}, std::vector<SketchSymbol>(kSketchSymbolsMax), true})).size() <= kFrameBytesMax);
  Receipt full = receipt();
  full.items.assign(kReceiptItemsMax, full.items.front());
  CHECK(encode(full).size() <= kFrameBytesMax);
  CHECK(refusal(Bytes(kFrameBytesMax + 1, 0x80)) == ErrorCode::kTooLarge);
}

TEST_CASE("frames that say nothing, or say it in two ways, are malformed") {
  CHECK(refusal(encode(Want{0, want(1).places})) == ErrorCode::kMalformed);
  CHECK(refusal(encode(Want{1, {}})) == ErrorCode::kMalformed);
  Want twice = want(1);
  twice.places.push_back(twice.places.front());
  CHECK(refusal(encode(twice)) == ErrorCode::kMalformed);
  Want backwards = want(2);
  std::swap(backwards.places[0], backwards.places[1]);
  CHECK(refusal(encode(backwards)) == ErrorCode::kMalformed);
  Receipt empty = receipt();
  empty.items.clear();
  CHECK(refusal(encode(empty)) == ErrorCode::kMalformed);
  CHECK(refusal(encode(Evidence{{}, kPlace.head(1), kPlace.head(2)})) == ErrorCode::kMalformed);
  CHECK(refusal(encode(Evidence{{}, kPlace.head(1), kPlace.head(1)})) == ErrorCode::kMalformed);
  TwoCharters both = two_charters();
  CHECK(refusal(encode(TwoCharters{both.first, both.first})) == ErrorCode::kMalformed);
  CHECK(refusal(encode(TwoCharters{kPlace.chain().at(0), kOther.chain().at(0)})) == ErrorCode::kMalformed);  // the genesis has no parent
  both.second.charter.number = 2;
  CHECK(refusal(encode(both)) == ErrorCode::kMalformed);
  Auth two{{}, {{}, {kPlace.head(1), kPlace.head(2)}}};
  CHECK(refusal(encode(two)) == ErrorCode::kMalformed);
  CHECK(refusal({0x03, 7}) == ErrorCode::kMalformed);  // an eighth part of SKETCH
}

TEST_CASE("texts of a frame are cut at their limit when written and refused beyond it when read") {
  Bye long_winded{"timeout", std::string(300, 'x')};
  CHECK(std::get<Bye>(*decode_frame(encode(long_winded))).text.size() == 255);
  Hello boastful = hello();
  boastful.agent.assign(200, 'x');
  CHECK(std::get<Hello>(*decode_frame(encode(boastful))).agent.size() == 64);
  Bytes bytes = encode(hello());
  bytes[1 + 2 + 32 + 32 + 8] = 65;
  CHECK_FALSE(decode_frame(bytes));
}

TEST_CASE("an estimate in HELLO has twenty levels at most") {
  Bytes bytes = encode(hello());
  bytes.push_back(1);
  for (std::size_t levels : {0u, 1u, 20u, 21u}) {
    Bytes longer = bytes;
    longer.push_back(static_cast<std::uint8_t>(levels));
    longer.resize(longer.size() + 8 * levels, 0xa5);
    if (levels == 21) CHECK(refusal(longer) == ErrorCode::kTooMany);
    else CHECK(std::get<Hello>(*decode_frame(longer)).estimate.levels().size() == levels);
  }
}

TEST_CASE("four holders of a place are named and no fifth, and only daemons that the frame lists") {
  CHECK(std::get<Holders>(*decode_frame(encode(holders(4)))) == holders(4));
  CHECK(refusal(encode(holders(5))) == ErrorCode::kTooMany);
  CHECK(refusal(encode(holders(0))) != ErrorCode::kTooMany);
  Holders strange = holders(1);
  strange.places.front().by = {1};
  CHECK_FALSE(decode_frame(encode(strange)));
  Holders crowd = holders(4);
  crowd.daemons.resize(kHolderDaemonsMax, crowd.daemons.front());
  CHECK(decode_frame(encode(crowd)));
  crowd.daemons.push_back(crowd.daemons.front());
  CHECK(refusal(encode(crowd)) == ErrorCode::kTooMany);
  crowd = holders(4);
  crowd.places.resize(kWantPlacesMax, crowd.places.front());
  CHECK(decode_frame(encode(crowd)));
  crowd.places.push_back(crowd.places.front());
  CHECK(refusal(encode(crowd)) == ErrorCode::kTooMany);
}

TEMPLATE_TEST_CASE("who holds, and charters, are asked for of one place at least, of 512 at most, in ascending order", "", Where, Charters) {
  auto asked = [](std::size_t count) {
    TestType frame;
    for (const WantedPlace& wanted : want(count).places) frame.places.push_back(wanted.place);
    return frame;
  };
  CHECK(std::get<TestType>(*decode_frame(encode(asked(kWantPlacesMax)))) == asked(kWantPlacesMax));
  CHECK(refusal(encode(asked(kWantPlacesMax + 1))) == ErrorCode::kTooMany);
  CHECK(refusal(encode(TestType{})) == ErrorCode::kMalformed);
  TestType twice = asked(1);
  twice.places.push_back(twice.places.front());
  CHECK(refusal(encode(twice)) == ErrorCode::kMalformed);
}

TEST_CASE("a scope has 64 texts at most") {
  ScopeNow frame;
  frame.scope.assign(kScopeTextsMax, "29");
  CHECK(std::get<ScopeNow>(*decode_frame(encode(frame))) == frame);
  frame.scope.push_back("29");
  CHECK(refusal(encode(frame)) == ErrorCode::kTooMany);
}
