// Trustees: who may be named, what they sign, and what their signatures are worth.
#include "registry/trustees.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "registry/recovery.h"
#include "registry/registry.h"
#include "tests/protocol/damage.h"
#include "tests/registry/temporary_directory.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using maillage::tests::TemporaryDirectory;

namespace {

constexpr UnixTime kNow{1'800'000'000'000};

RecoverySheet new_sheet() {
  SystemRandom random;
  return RecoverySheet::make(random);
}

PublicKey key_of(const RecoverySheet& trustee) { return TrusteeCode::of(trustee).key; }

// A daemon whose places have three trustees, of whom two are needed.
struct Trusting {
  Trusting() {
    sheet = Registry::create(dir.path(), {"Konk Ar Lab", false, "", {}, {}}, kNow)->recovery_sheet;
    reopen();
  }
  void reopen() {
    registry.reset();
    registry = std::move(*Registry::open(dir.path()));
  }
  std::vector<PublicKey> keys() const { return {key_of(trustees[0]), key_of(trustees[1]), key_of(trustees[2])}; }
  Result<Renewed> name(const Trust& trust) {
    RenewalWish wish{sheet};
    wish.trust = trust;
    return registry->renew(wish, kNow);
  }
  const PlaceId& own() const { return registry->identity().place; }
  CharterChain chain(const PlaceId& place) const {
    auto states = registry->load();
    for (PlaceState& each : *states)
      if (each.chain.place() == place) return std::move(each.chain);
    throw std::runtime_error("no such place");
  }
  // The file as it goes round: what `fresh` asks for, signed by some of the trustees.
  Bytes asked(const RecoverySheet& fresh, const std::vector<int>& signers) const {
    Vouching vouching{*ask_trustees(chain(own()), fresh, keys(), kNow)};
    for (int number : signers) {
      auto vouched = registry->vouch(encode_vouching(vouching), trustees[static_cast<std::size_t>(number)].text());
      REQUIRE(vouched);
      vouching = *decode_vouching(vouched->file);
    }
    return encode_vouching(vouching);
  }
  Result<Renewed> take(const RecoverySheet& fresh, const Bytes& file) {
    RenewalWish wish{fresh.text()};
    wish.supersede = true;
    wish.vouched = file;
    return registry->renew(wish, kNow);
  }

  TemporaryDirectory dir;
  std::string sheet;
  std::unique_ptr<Registry> registry;
  std::vector<RecoverySheet> trustees{new_sheet(), new_sheet(), new_sheet()};
};

}  // namespace

TEST_CASE("a trustee's code survives being copied, and a slip of the pen in it is noticed") {
  RecoverySheet sheet = new_sheet();
  TrusteeCode code = TrusteeCode::of(sheet);
  std::string text = code.text();
  CHECK(TrusteeCode::parse(text).value() == code);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string slip = text;
    slip[i] = slip[i] == '0' ? '1' : '0';
    CHECK_FALSE(TrusteeCode::parse(slip));
    CHECK_FALSE(TrusteeCode::parse(text.substr(0, i)));
  }
  for (std::uint64_t index = 0; index < 7; ++index) CHECK(sheet.root(index).public_key() != code.key);
}

TEST_CASE("two trustees are needed at least, so many must there be, and nobody is named twice or stands by themselves") {
  RecoverySheet own = new_sheet();
  std::vector<PublicKey> keys;
  for (int i = 0; i < 6; ++i) keys.push_back(key_of(new_sheet()));
  auto roots = [&](std::uint8_t needed, std::size_t count) { return roots_with(own, {needed, {keys.begin(), keys.begin() + static_cast<long>(count)}}); };
  CHECK(roots(2, 3)->size() == 5);
  CHECK(roots(2, 5)->size() == 7);
  CHECK(roots(3, 4)->size() == 7);
  CHECK(roots(1, 0)->size() == 1);
  for (auto [needed, count] : {std::pair<std::uint8_t, std::size_t>{1, 2}, {0, 0}, {2, 1}, {2, 0}, {2, 6}, {3, 5}, {4, 4}})
    CHECK(roots(needed, count).error().code == ErrorCode::kOutOfRange);
  CHECK(roots_with(own, {2, {keys[0], keys[1], keys[0]}}).error().code == ErrorCode::kDuplicateValue);
  CHECK(roots_with(own, {2, {keys[0], key_of(own)}}).error().code == ErrorCode::kDuplicateValue);
  CHECK(roots_with(own, {2, {keys[0], own.root(1).public_key()}}).error().code == ErrorCode::kDuplicateValue);
}

TEST_CASE("trustees are named and taken off by the sheet alone, and the daemon key stays") {
  Trusting one;
  PlaceId hosted = one.registry->add_place({"Moulin", false, "", {}, {}}, std::nullopt, kNow)->place;
  PlaceId other = one.registry->add_place({"Hangar", false, "", {}, {}}, new_sheet().root(0).public_key(), kNow)->place;
  PublicKey key = one.registry->identity().key.public_key();
  auto named = one.name({2, one.keys()});
  REQUIRE(named);
  CHECK(named->places.size() == 2);  // a place with a sheet of its own decides for itself
  CHECK(one.registry->identity().key.public_key() == key);
  for (const PlaceId& place : {one.own(), hosted}) {
    CHECK(one.chain(place).latest().roots.size() == 5);
    CHECK(one.chain(place).latest().threshold == 2);
    CHECK(one.registry->other_roots(place)->empty());
  }
  CHECK(one.chain(other).size() == 1);
  one.reopen();
  CHECK(one.registry->renew({one.sheet}, kNow));
  CHECK(one.chain(one.own()).latest().threshold == 2);
  REQUIRE(one.name({1, {}}));
  CHECK(one.chain(one.own()).latest().roots.size() == 1);
  CHECK(one.registry->verify()->empty());
}

TEST_CASE("two of three trustees make a new sheet the place's, and one does not") {
  Trusting one;
  REQUIRE(one.name({2, one.keys()}));
  RecoverySheet fresh = new_sheet();
  CHECK(one.take(fresh, one.asked(fresh, {})).error().code == ErrorCode::kBadSignature);
  CHECK(one.take(fresh, one.asked(fresh, {1})).error().code == ErrorCode::kBadSignature);
  CHECK(one.take(fresh, one.asked(fresh, {1, 1})).error().code == ErrorCode::kBadSignature);
  Bytes good = one.asked(fresh, {2, 0});
  CHECK(one.take(new_sheet(), good).error().code == ErrorCode::kWrongSheet);
  CHECK(one.chain(one.own()).size() == 2);
  PublicKey before = one.registry->identity().key.public_key();
  auto taken = one.take(fresh, good);
  REQUIRE(taken);
  CHECK(one.chain(one.own()).size() == 4);  // the trustees' charter, which no head has, and the new sheet's
  CHECK(one.registry->identity().key.public_key() != before);
  CHECK(one.registry->renew({one.sheet}, kNow).error().code == ErrorCode::kWrongSheet);
  one.reopen();
  CHECK(one.registry->confirm_sheet(fresh.text()).value());
  CHECK(one.registry->renew({fresh.text()}, kNow));
  CHECK(one.chain(one.own()).latest().threshold == 2);
  CHECK(one.registry->verify()->empty());
}

TEST_CASE("what trustees signed on copies of one file comes together, and a wrong signature spoils nothing") {
  Trusting one;
  REQUIRE(one.name({2, one.keys()}));
  RecoverySheet fresh = new_sheet();
  Vouching first = *decode_vouching(one.asked(fresh, {0})), second = *decode_vouching(one.asked(fresh, {2})), bad = *decode_vouching(one.asked(fresh, {1}));
  CHECK(spoken(first) == spoken(second));
  for (RootSignature& each : bad[0].signatures) each.signature.bytes[3] ^= 1;
  merge(bad, first);
  merge(bad, second);
  CHECK(vouched_by(bad[0], one.chain(one.own()).latest()) == 2);
  KeyPair stranger(Seed{{9}});
  SignedCharter strange = sign(bad[0].charter, std::span(&stranger, 1));
  bad[0].signatures.push_back(strange.signatures[0]);
  std::ranges::sort(bad[0].signatures, {}, &RootSignature::root);
  CHECK(one.take(fresh, encode_vouching(bad)));
}

TEST_CASE("a trustee signs only what follows the charter that it knows, for the lost roots and for nothing more") {
  Trusting one;
  REQUIRE(one.name({2, one.keys()}));
  RecoverySheet fresh = new_sheet();
  CharterChain known = one.chain(one.own());
  auto asked = ask_trustees(known, fresh, one.keys(), kNow);
  REQUIRE(asked);
  CHECK(check_vouchable(asked->charter, known));
  auto refused = [&](auto&& change) {
    Charter other = asked->charter;
    change(other);
    auto checked = check_vouchable(other, known);
    return checked ? ErrorCode::kExists : checked.error().code;
  };
  CHECK(refused([](Charter& c) { c.number += 1; }) == ErrorCode::kMissingCharter);
  CHECK(refused([](Charter& c) { c.place.bytes[0] ^= 1; }) == ErrorCode::kMissingCharter);
  CHECK(refused([](Charter& c) { c.number -= 1; }) == ErrorCode::kHandoverStale);
  CHECK(refused([](Charter& c) { c.previous.bytes[0] ^= 1; }) == ErrorCode::kHandoverStale);
  CHECK(refused([](Charter& c) { c.threshold = 1; }) == ErrorCode::kBadCharter);
  CHECK(refused([](Charter& c) { c.minimum_epoch = 1; }) == ErrorCode::kBadCharter);
  auto without_one_trustee = [&](Charter& c) {
    *std::ranges::find(c.roots, one.keys()[0]) = new_sheet().root(0).public_key();
    std::ranges::sort(c.roots);
  };
  CHECK(refused(without_one_trustee) == ErrorCode::kBadCharter);
  CHECK(ask_trustees(known, fresh, {one.keys()[0], key_of(new_sheet())}, kNow).error().code == ErrorCode::kNotFound);
  CHECK(ask_trustees(known, fresh, {one.keys()[0]}, kNow).error().code == ErrorCode::kOutOfRange);

  Bytes file = encode_vouching({*asked});
  CHECK(one.registry->vouch(file, new_sheet().text()).error().code == ErrorCode::kWrongSheet);
  CHECK(one.registry->vouch(file, "")->places.front().signatures == 0);
  CHECK(one.registry->vouch(file, one.trustees[1].text())->places.front().signatures == 1);
  REQUIRE(one.registry->renew({one.sheet}, kNow));
  CHECK(one.registry->vouch(file, one.trustees[1].text()).error().code == ErrorCode::kHandoverStale);
}

TEST_CASE("a vouching survives its file, and one that is cut, lengthened or another file is refused") {
  Trusting one;
  REQUIRE(one.name({2, one.keys()}));
  Bytes bytes = one.asked(new_sheet(), {1});
  Vouching vouching = *decode_vouching(bytes);
  CHECK(encode_vouching(vouching) == bytes);
  maillage::tests::for_each_truncation(bytes, [](ByteView cut) { CHECK_FALSE(decode_vouching(cut)); });
  maillage::tests::for_each_flip(bytes, [&](ByteView flipped) {
    auto read = decode_vouching(flipped);
    if (read) CHECK_FALSE(*read == vouching);
  });
  bytes.push_back(0);
  CHECK_FALSE(decode_vouching(bytes));
}
