#include "registry/address_book.h"

#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

#include "registry/rocks_store.h"
#include "tests/registry/temporary_directory.h"
#include "tests/twins/memory_state_store.h"

using namespace maillage::registry;
using namespace maillage::tests;
using maillage::protocol::ErrorCode;

namespace {

constexpr UnixTime kNow{1'800'000'000'000}, kLater{kNow.ms + 1'000};

PlaceId place(std::uint8_t number) {
  PlaceId id;
  id.bytes.fill(number);
  return id;
}

GivenInvitation given(std::uint8_t number, std::uint16_t uses = 1, UnixTime expires = kLater) {
  InvitationSecret secret;
  secret.bytes.fill(number);
  return {{secret, expires, uses}, kNow, "pour le n° " + std::to_string(number)};
}
InvitationId id_in(const GivenInvitation& one) { return id_of(one.invitation.secret); }

JoinedPlace joined(std::uint8_t number) { return {place(number), given(number).invitation.secret, kNow, "wss://p" + std::to_string(number) + "/peer"}; }

// A store on a disk that can be closed and opened again.
struct Disk {
  Disk() { reopen(); }
  void reopen() {
    store.reset();
    auto opened = RocksStore::open(folder.path() / "state");
    REQUIRE(opened);
    store = std::move(*opened);
  }
  TemporaryDirectory folder;
  std::unique_ptr<StateStore> store;
};

std::size_t rows(const StateStore& store) {
  std::size_t count = 0;
  REQUIRE(store.scan(Column::kPeers, "", [&](std::string_view, std::string_view) { return ++count, true; }));
  return count;
}

}  // namespace

TEST_CASE("whom people invited, accepted and joined is known after the daemon starts again") {
  Disk disk;
  AddressBook book(*disk.store);
  GivenInvitation one = given(1), two = given(2, 3);
  REQUIRE(book.invite(one, kNow));
  REQUIRE(book.invite(two, kNow));
  REQUIRE(book.accept(place(7), id_in(two), kNow));
  REQUIRE(book.join(joined(8)));
  REQUIRE(book.note_answer(place(8), ""));
  disk.reopen();
  auto all = AddressBook(*disk.store).read();
  REQUIRE(all);
  REQUIRE(all->invitations.size() == 2);
  for (const GivenInvitation& kept : all->invitations) {
    const GivenInvitation& made = kept.note == one.note ? one : two;
    CHECK(kept.invitation.secret == made.invitation.secret);
    CHECK(kept.invitation.expires == kLater);
    CHECK(kept.made == kNow);
    CHECK(kept.note == made.note);
    CHECK(kept.invitation.uses == (made.note == two.note ? 2 : 1));
  }
  REQUIRE(all->accepted.size() == 1);
  CHECK(all->accepted.front().place == place(7));
  CHECK(all->accepted.front().since == kNow);
  CHECK(all->accepted.front().invitation == id_in(two));
  REQUIRE(all->joined.size() == 1);
  CHECK(all->joined.front().place == place(8));
  CHECK(all->joined.front().url == "wss://p8/peer");
  CHECK(all->joined.front().secret == given(8).invitation.secret);
  CHECK(all->joined.front().state == JoinedPlace::State::kAccepted);
}

TEST_CASE("an invitation is used as often as it says, and by one place once") {
  MemoryStateStore store;
  AddressBook book(store);
  REQUIRE(book.invite(given(1, 2), kNow));
  REQUIRE(book.accept(place(1), id_in(given(1)), kNow));
  REQUIRE(book.accept(place(1), id_in(given(1)), kNow));
  REQUIRE(book.accept(place(2), id_in(given(1)), kNow));
  CHECK(book.accept(place(3), id_in(given(1)), kNow).error().code == ErrorCode::kUsedInvitation);
  CHECK(book.accept(place(3), id_in(given(2)), kNow).error().code == ErrorCode::kUnknownInvitation);
  CHECK(book.read()->accepted.size() == 2);
}

TEST_CASE("an acceptance that the disk could not take uses nothing") {
  MemoryStateStore store;
  AddressBook book(store);
  REQUIRE(book.invite(given(1), kNow));
  store.fail_next(ErrorCode::kDiskFull);
  CHECK(book.accept(place(1), id_in(given(1)), kNow).error().code == ErrorCode::kDiskFull);
  auto all = book.read();
  CHECK(all->accepted.empty());
  CHECK(all->invitations.front().invitation.uses == 1);
}

TEST_CASE("an invitation taken back is nobody's any more, and taking it back again is refused") {
  MemoryStateStore store;
  AddressBook book(store);
  REQUIRE(book.invite(given(1), kNow));
  REQUIRE(book.revoke(id_in(given(1))));
  CHECK(book.revoke(id_in(given(1))).error().code == ErrorCode::kUnknownInvitation);
  CHECK(book.accept(place(1), id_in(given(1)), kNow).error().code == ErrorCode::kUnknownInvitation);
  CHECK(rows(store) == 0);
}

TEST_CASE("invitations that wait are bounded, and those that are over make room") {
  MemoryStateStore store;
  AddressBook book(store);
  auto numbered = [](std::size_t number) {
    GivenInvitation one = given(1);
    one.invitation.secret.bytes[0] = static_cast<std::uint8_t>(number >> 8);
    one.invitation.secret.bytes[1] = static_cast<std::uint8_t>(number);
    return one;
  };
  for (std::size_t i = 0; i < kInvitationsMax; ++i) REQUIRE(book.invite(numbered(i), kNow));
  CHECK(book.invite(numbered(5'000), kNow).error().code == ErrorCode::kTooMany);
  REQUIRE(book.accept(place(1), id_in(numbered(3)), kNow));  // used up
  CHECK(book.invite(numbered(5'000), kNow));
  CHECK(book.invite(numbered(5'001), kNow).error().code == ErrorCode::kTooMany);
  CHECK(book.invite(numbered(5'001), kLater));  // all others expired
  CHECK(book.read()->invitations.size() == 1);
}

TEST_CASE("places that are joined are bounded, one a place and one an address") {
  MemoryStateStore store;
  AddressBook book(store);
  for (std::uint8_t i = 1; i <= kJoinedMax; ++i) REQUIRE(book.join(joined(i)));
  CHECK(book.join(joined(200)).error().code == ErrorCode::kTooMany);
  JoinedPlace again = joined(1);
  again.url = "wss://moved/peer";
  CHECK(book.join(again));
  JoinedPlace other = joined(200);
  other.url = joined(2).url;  // another place answers where place 2 did
  CHECK(book.join(other));
  auto all = book.read();
  CHECK(all->joined.size() == kJoinedMax);
  CHECK(std::ranges::count(all->joined, place(2), &JoinedPlace::place) == 0);
  CHECK(std::ranges::find(all->joined, place(1), &JoinedPlace::place)->url == "wss://moved/peer");
}

TEST_CASE("a partner that refuses after it accepted stays one, and one that never did is refused until joined anew") {
  using State = JoinedPlace::State;
  MemoryStateStore store;
  AddressBook book(store);
  auto now = [&] { return book.read()->joined.front(); };
  REQUIRE(book.join(joined(1)));
  CHECK(now().state == State::kWaiting);
  REQUIRE(book.note_trouble(place(1), "timeout"));
  CHECK(now().trouble == "timeout");
  REQUIRE(book.note_answer(place(1), "expired-invitation"));
  CHECK(now().state == State::kRefused);
  REQUIRE(book.note_trouble(place(1), "timeout"));
  CHECK(now().trouble == "expired-invitation");
  REQUIRE(book.join(joined(1)));
  CHECK(now().state == State::kWaiting);
  CHECK(now().trouble == "");
  REQUIRE(book.note_answer(place(1), ""));
  CHECK(now().state == State::kAccepted);
  REQUIRE(book.note_answer(place(1), "unknown-invitation"));
  CHECK(now().state == State::kAccepted);
  CHECK(now().trouble == "unknown-invitation");
  REQUIRE(book.note_answer(place(1), ""));
  CHECK(now().trouble == "");
  REQUIRE(book.join(joined(1)));
  CHECK(now().state == State::kAccepted);
  CHECK(book.note_answer(place(9), ""));  // joined no more
  CHECK(book.read()->joined.size() == 1);
}

TEST_CASE("parting forgets a place on both sides of the book") {
  MemoryStateStore store;
  AddressBook book(store);
  REQUIRE(book.invite(given(1), kNow));
  REQUIRE(book.accept(place(1), id_in(given(1)), kNow));
  REQUIRE(book.join(joined(1)));
  REQUIRE(book.part_from(place(1)));
  CHECK(book.read()->accepted.empty());
  CHECK(book.read()->joined.empty());
  CHECK(book.part_from(place(1)).error().code == ErrorCode::kUnknownPlace);
}

TEST_CASE("a row cut anywhere or with a key of another length is passed over, and the others are read") {
  MemoryStateStore sound;
  AddressBook book(sound);
  REQUIRE(book.invite(given(1), kNow));
  REQUIRE(book.accept(place(1), id_in(given(1)), kNow));
  REQUIRE(book.join(joined(2)));
  std::vector<std::pair<std::string, std::string>> all;
  REQUIRE(sound.scan(Column::kPeers, "", [&](std::string_view key, std::string_view value) { return all.emplace_back(key, value), true; }));
  REQUIRE(all.size() == 3);
  for (std::size_t damaged = 0; damaged < all.size(); ++damaged)
    for (std::size_t size = 0; size < all[damaged].second.size(); ++size) {
      MemoryStateStore store;
      WriteBatch batch;
      for (std::size_t i = 0; i < all.size(); ++i) batch.put(Column::kPeers, all[i].first, i == damaged ? all[i].second.substr(0, size) : all[i].second);
      batch.put(Column::kPeers, all[damaged].first.substr(0, 9), all[damaged].second);
      REQUIRE(store.write(batch));
      auto read = AddressBook(store).read();
      REQUIRE(read);
      CHECK(read->invitations.size() + read->accepted.size() + read->joined.size() >= 2);
      CHECK(read->accepted.size() <= 1);
      CHECK(read->joined.size() <= 1);
    }
}

TEST_CASE("a place is blocked until it is not, by a word that is kept, and what let it in before holds again after") {
  MemoryStateStore store;
  AddressBook book(store);
  REQUIRE(book.let_in({place(3), kNow}));
  REQUIRE(book.block({place(3), kNow, "des réclames"}));
  auto contacts = book.read();
  REQUIRE(contacts);
  REQUIRE(contacts->blocked.size() == 1);
  CHECK(contacts->blocked.front().place == place(3));
  CHECK(contacts->blocked.front().since == kNow);
  CHECK(contacts->blocked.front().reason == "des réclames");
  CHECK(contacts->let_in.size() == 1);
  CHECK(book.let_in({place(3), kNow}).error().code == ErrorCode::kBlocked);
  REQUIRE(book.unblock(place(3)));
  CHECK(book.unblock(place(3)).error().code == ErrorCode::kNotBlocked);
  contacts = book.read();
  CHECK(contacts->blocked.empty());
  REQUIRE(contacts->let_in.size() == 1);
  CHECK(contacts->let_in.front().since == kNow);
  REQUIRE(book.let_in({place(3), kLater}));
  contacts = book.read();
  REQUIRE(contacts->let_in.size() == 1);
  CHECK(contacts->let_in.front().since == kLater);
}

TEST_CASE("who answers at the addresses that people named is known after the daemon starts again, and goes with the address") {
  Disk disk;
  std::vector<NamedPeer> named{{"wss://one.example/peer", place(1)}, {"wss://two.example/peer", place(2)}};
  REQUIRE(AddressBook(*disk.store).keep_named(named));
  disk.reopen();
  AddressBook book(*disk.store);
  auto known = [&] {
    auto all = book.read();
    REQUIRE(all);
    std::map<std::string, PlaceId> by_url;
    for (const NamedPeer& peer : all->named) by_url.emplace(peer.url, peer.place);
    return by_url;
  };
  CHECK(known() == std::map<std::string, PlaceId>{{"wss://one.example/peer", place(1)}, {"wss://two.example/peer", place(2)}});
  named = {{"wss://two.example/peer", place(3)}};
  REQUIRE(book.keep_named(named));
  CHECK(known() == std::map<std::string, PlaceId>{{"wss://two.example/peer", place(3)}});
  CHECK(rows(*disk.store) == 1);
}
