// Other keys: the file that a change of keys goes by, and what the roots say of what a stolen key signed.
#include "registry/renewal.h"

#include <algorithm>
#include <limits>

#include <catch2/catch.hpp>

#include "protocol/session.h"
#include "registry/registry.h"
#include "tests/protocol/damage.h"
#include "tests/registry/temporary_directory.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using maillage::tests::TemporaryDirectory;

namespace {

constexpr UnixTime kNow{1'800'000'000'000};
constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

FileEdit profile(const std::string& name) {
  std::string json = R"({"kind": "profile", "name": ")" + name + "\"}";
  return {"profile.json", Bytes(json.begin(), json.end())};
}

struct Daemon {
  Daemon() {
    sheet = Registry::create(dir.path(), {"Hôte", true, "59350", {}, {}}, kNow)->recovery_sheet;
    reopen();
  }
  void reopen() {
    registry.reset();
    registry = std::move(*Registry::open(dir.path()));
  }
  PlaceId add(const std::string& name) { return registry->add_place({name, false, "", {}, {}}, std::nullopt, kNow)->place; }
  KeyPair key() const { return registry->identity().key; }
  PlaceState state(const PlaceId& place) const {
    auto states = registry->load();
    for (PlaceState& each : *states)
      if (each.chain.place() == place) return std::move(each);
    throw std::runtime_error("no such place");
  }
  PlaceId own() const { return registry->identity().place; }
  // What whoever has the key of now signs elsewhere, as peers tell it.
  void hear_thief(const PlaceId& place, const KeyPair& stolen, std::uint64_t epoch, std::uint64_t sequence) {
    PlaceState known = state(place);
    Head head = known.seen.head;
    head.charter = 0, head.epoch = epoch, head.sequence = sequence;  // the stolen key is in no later one
    head.state.bytes[0] ^= 1;
    REQUIRE(registry->persist({{sign(head, stolen), known.chain, 0}}, {}));
  }

  TemporaryDirectory dir;
  std::string sheet;
  std::unique_ptr<Registry> registry;
};

Renewal some_renewal() {
  SystemRandom random;
  Charter genesis;
  KeyPair root(random.fixed<Seed>());
  genesis.roots = {root.public_key()};
  auto chain = CharterChain::start({genesis, {}});
  auto next = next_charter(*chain, {root.public_key(), 3, std::nullopt, std::nullopt, kNow});
  return {random.fixed<Seed>(), root.public_key(), {sign(*next, std::span(&root, 1))}};
}

}  // namespace

TEST_CASE("a renewal survives its file, and one that is cut or has another mark is damaged") {
  Renewal renewal = some_renewal();
  Bytes bytes = encode(renewal);
  CHECK(decode_renewal(bytes).value() == renewal);
  maillage::tests::for_each_truncation(bytes, [](ByteView cut) { CHECK_FALSE(decode_renewal(cut)); });
  maillage::tests::for_each_flip(bytes, [&](ByteView flipped) {
    auto read = decode_renewal(flipped);
    if (read) CHECK_FALSE(*read == renewal);
  });
  bytes.push_back(0);
  CHECK_FALSE(decode_renewal(bytes));
}

TEST_CASE("the first head under a new charter goes on counting, unless a counter is at its end") {
  Charter charter;
  Head before;
  before.epoch = 2, before.sequence = 9;
  auto counters = [&] {
    auto [epoch, sequence] = first_counters(charter, before);
    return std::pair(epoch, sequence);
  };
  CHECK(counters() == std::pair<std::uint64_t, std::uint64_t>(2, 10));
  charter.minimum_epoch = 5;
  CHECK(counters() == std::pair<std::uint64_t, std::uint64_t>(5, 0));
  before.epoch = kMax;
  CHECK(counters() == std::pair<std::uint64_t, std::uint64_t>(5, 0));
  charter.minimum_epoch = 0;
  before.epoch = 2, before.sequence = kMax;
  CHECK(counters() == std::pair<std::uint64_t, std::uint64_t>(2, 0));
}

TEST_CASE("a new key is every place's at once, the old one signs no more, and a restart goes on with it") {
  Daemon host;
  std::vector<PlaceId> places{host.own(), host.add("Moulin"), host.add("Hangar")};
  KeyPair before = host.key();
  auto renewed = host.registry->renew({host.sheet}, kNow);
  REQUIRE(renewed);
  CHECK(renewed->places.size() == 3);
  CHECK(renewed->identity.key.public_key() == host.key().public_key());
  CHECK(host.key().public_key() != before.public_key());
  CHECK(host.registry->sheet_confirmed());
  if (GENERATE(false, true)) host.reopen();
  for (const PlaceId& place : places) {
    PlaceState state = host.state(place);
    CHECK(state.own);
    CHECK(state.chain.size() == 2);
    CHECK(state.chain.latest().daemon_key == host.key().public_key());
    CHECK(state.chain.latest().roots == state.chain.at(0).charter.roots);
    CHECK(state.seen.head.charter == 1);
    CHECK(state.seen.head.epoch == 0);
    CHECK(verify_under(state.seen, state.chain));
    CHECK(host.registry->publish(place, {profile("Après")}, kNow));
  }
  CHECK(host.registry->add_place({"Encore", false, "", {}, {}}, std::nullopt, kNow));
  CHECK(host.registry->verify()->empty());
  CHECK_FALSE(std::filesystem::exists(host.dir.path() / "keys" / "renewal"));
}

TEST_CASE("without the right sheet no key changes") {
  Daemon host, other;
  KeyPair before = host.key();
  CHECK(host.registry->renew({other.sheet}, kNow).error().code == ErrorCode::kWrongSheet);
  CHECK(host.registry->renew({"MAILLAGE"}, kNow).error().code == ErrorCode::kBadSheet);
  CHECK(host.registry->renew({host.sheet, "MAILLAGE"}, kNow).error().code == ErrorCode::kBadSheet);
  CHECK(host.state(host.own()).chain.size() == 1);
  host.reopen();
  CHECK(host.key().public_key() == before.public_key());
}

TEST_CASE("a new sheet takes the old one's place in every place, and the old one signs nothing any more") {
  Daemon host;
  SystemRandom random;
  RecoverySheet own = RecoverySheet::make(random), fresh = RecoverySheet::make(random);
  PlaceId plain = host.add("Moulin");
  PlaceId with_own = host.registry->add_place({"Hangar", false, "", {}, {}}, own.root(0).public_key(), kNow)->place;
  REQUIRE(host.registry->renew({host.sheet, fresh.text()}, kNow));
  CHECK(host.state(plain).chain.latest().roots == std::vector<PublicKey>{fresh.root(0).public_key()});
  CHECK(host.state(with_own).chain.latest().roots.size() == 2);
  CHECK(host.registry->check_own_sheet(with_own, own.text()));
  CHECK(host.registry->renew({host.sheet}, kNow).error().code == ErrorCode::kWrongSheet);
  host.reopen();
  CHECK(host.registry->confirm_sheet(fresh.text()).value());
  REQUIRE(host.registry->renew({fresh.text()}, kNow));
  CHECK(host.state(plain).chain.size() == 3);
  CHECK(host.registry->verify()->empty());
}

TEST_CASE("a stolen key is undone, whatever it signed: its epoch and sequence at their ends included") {
  Daemon host;
  PlaceId place = host.add("Moulin");
  KeyPair stolen = host.key();
  auto [epoch, sequence] = GENERATE(std::pair<std::uint64_t, std::uint64_t>(kMax, kMax), std::pair<std::uint64_t, std::uint64_t>(0, kMax),
                                    std::pair<std::uint64_t, std::uint64_t>(1, 0));
  host.hear_thief(host.own(), stolen, epoch, sequence);
  host.hear_thief(place, stolen, epoch, sequence);
  CHECK(host.registry->renew({host.sheet}, kNow).error().code == ErrorCode::kIdentityElsewhere);
  REQUIRE(host.registry->renew({host.sheet, "", 0, true}, kNow));
  for (const PlaceId& each : {host.own(), place}) {
    PlaceState state = host.state(each);
    CHECK(state.holds_seen);
    CHECK(state.seen.head.charter == 1);
    CHECK(state.seen.head.epoch == 0);
    CHECK(host.registry->publish(each, {profile("À nous")}, kNow));
  }
  host.hear_thief(host.own(), stolen, kMax, kMax);
  CHECK(host.registry->publish(host.own(), {profile("Toujours à nous")}, kNow));
  CHECK(host.registry->verify()->empty());
}

TEST_CASE("two charters with one parent are shown until the chain goes on, after a restart too") {
  Daemon host;
  CharterChain before = host.state(host.own()).chain;
  REQUIRE(host.registry->renew({host.sheet}, kNow));
  KeyPair root = RecoverySheet::parse(host.sheet)->root(0);
  std::vector<SignedCharter> other{sign(*next_charter(before, {root.public_key(), 0, std::nullopt, std::nullopt, kNow}), std::span(&root, 1))};
  auto fork = charter_fork(host.state(host.own()).chain, other);
  REQUIRE(fork);
  auto shown = [&] { return host.registry->status().contains("twoCharters") && host.registry->place(host.own().hex())->contains("twoCharters"); };
  CHECK_FALSE(shown());
  REQUIRE(host.registry->keep_two_charters(*fork));
  CHECK(shown());
  host.reopen();
  CHECK(shown());
  CHECK(host.registry->verify()->empty());
  REQUIRE(host.registry->renew({host.sheet}, kNow));
  CHECK_FALSE(shown());
  host.reopen();
  CHECK_FALSE(shown());
}

TEST_CASE("a minimum epoch is in the charter, and its first head has it") {
  Daemon host;
  REQUIRE(host.registry->renew({host.sheet, "", 4}, kNow));
  PlaceState state = host.state(host.own());
  CHECK(state.chain.latest().minimum_epoch == 4);
  CHECK(state.seen.head.epoch == 4);
  REQUIRE(host.registry->renew({host.sheet, "", 2}, kNow));
  CHECK(host.state(host.own()).chain.latest().minimum_epoch == 4);
}

TEST_CASE("a place that moved away keeps its new daemon when the old one changes its key") {
  Daemon host, next;
  PlaceId place = host.add("Moulin");
  Bytes file = *host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow);
  auto adopted = next.registry->adopt_place(file, {next.sheet}, kNow);
  REQUIRE(adopted);
  REQUIRE(host.registry->persist({{adopted->place->head.head, adopted->place->head.chain, 1}}, {}));
  auto renewed = host.registry->renew({host.sheet}, kNow);
  REQUIRE(renewed);
  CHECK(renewed->places.size() == 1);
  CHECK(host.state(place).chain.latest().daemon_key == next.key().public_key());
}

TEST_CASE("a place of two signatures leaves with one root only: a trustee alone does not follow") {
  SystemRandom random;
  RecoverySheet sheet = RecoverySheet::make(random), neighbour = RecoverySheet::make(random), next = RecoverySheet::make(random);
  Charter genesis;
  genesis.threshold = 2;
  genesis.roots = {sheet.root(0).public_key(), sheet.root(1).public_key(), neighbour.root(0).public_key()};
  std::ranges::sort(genesis.roots);
  auto chain = CharterChain::start({genesis, {}});
  Successor successor{next.root(5).public_key(), next.root(0).public_key()};
  auto moved = charter_for(successor, *chain, {sheet}, {}, kNow);
  REQUIRE(moved);
  CHECK(moved->charter.roots == std::vector<PublicKey>{successor.root});
  CHECK(moved->charter.threshold == 1);
  CHECK(moved->signatures.size() == 2);
  CHECK(charter_for(successor, *chain, {neighbour}, {}, kNow).error().code == ErrorCode::kWrongSheet);
  auto kept = charter_for({successor.daemon_key, sheet.root(0).public_key()}, *chain, {sheet, sheet}, {}, kNow);
  REQUIRE(kept);
  CHECK(kept->charter.roots == genesis.roots);
  CHECK(kept->charter.threshold == 2);
}
