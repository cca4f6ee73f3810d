#include "daemon/named_holders.h"

#include <catch2/catch.hpp>

using namespace maillage::daemon;
using maillage::protocol::PlaceId;

namespace {

PlaceId place(std::size_t number) {
  PlaceId id;
  id.bytes[0] = static_cast<std::uint8_t>(number);
  return id;
}

std::size_t from(const NamedHolders& holders, std::size_t first, std::size_t last) {
  std::size_t found = 0;
  for (const auto& [id, address] : holders.all()) found += id.bytes[0] >= first && id.bytes[0] <= last ? 1 : 0;
  return found;
}

}  // namespace

TEST_CASE("a peer that names many daemons leaves room for what others name, down to an equal share") {
  NamedHolders holders;
  for (std::size_t i = 0; i < 100; ++i) holders.name(1, place(i), "");
  CHECK(holders.all().size() == NamedHolders::kMax);
  CHECK(from(holders, 0, 99) == NamedHolders::kMax);  // the first, as none has less than its peer
  for (std::size_t i = 100; i < 120; ++i) holders.name(2, place(i), "");
  CHECK(from(holders, 100, 119) == NamedHolders::kMax / 2);
  CHECK(holders.all().size() == NamedHolders::kMax);
  holders.name(3, place(200), "");
  CHECK(from(holders, 200, 200) == 1);
}

TEST_CASE("what a peer named goes with its session, unless another one named it too") {
  NamedHolders holders;
  holders.name(1, place(1), "");
  holders.name(1, place(2), "wss://two.example/peer");
  holders.name(2, place(1), "wss://one.example/peer");
  CHECK(holders.all() == std::vector<std::pair<PlaceId, std::string>>{{place(1), "wss://one.example/peer"}, {place(2), "wss://two.example/peer"}});
  holders.forget(1);
  CHECK(holders.all().size() == 1);
  holders.forget(2);
  CHECK(holders.all().empty());
}

TEST_CASE("a daemon that is named again by the same peer takes no more room, and has its latest address") {
  NamedHolders holders;
  for (int i = 0; i < 20; ++i) holders.name(1, place(1), "wss://old.example/peer");
  holders.name(1, place(1), "wss://new.example/peer");
  CHECK(holders.all() == std::vector<std::pair<PlaceId, std::string>>{{place(1), "wss://new.example/peer"}});
}
