#include "protocol/state.h"

#include <catch2/catch.hpp>

using namespace maillage::protocol;

namespace {
Hash hash_of_text(std::string_view text) { return sha256(as_bytes(text)); }
}  // namespace

TEST_CASE("the state of an empty place is the hash of nothing") {
  CHECK(state_of({}).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("the worked example of RECORDS.md holds") {
  std::map<std::string, Hash> files{{"profile.json", hash_of_text("{\"kind\":\"profile\",\"name\":\"Atelier\"}\n")},
                                    {"events/fete.json", hash_of_text("{\"kind\":\"event\",\"name\":\"Fête\"}\n")}};
  CHECK(files["profile.json"].hex() == "3df2a4d3ef0dfb6a9817ec151ba691db4f68f65172194d3a7aa2e823fa9f204e");
  CHECK(files["events/fete.json"].hex() == "a3b195f3c1f85707e0322d00523692c56cf7f2f6624eef1560a8965fc1a42d17");
  CHECK(state_of({{"fete.json", files["events/fete.json"]}}).hex() == "dd27c1d5c17f36a3e94e05250bab73db764547dd5d7490edf5c64a9c7085998e");
  CHECK(state_of(files).hex() == "e0e3b08c0d155bc863dfe5f5c06aab9c77e32957f7bb12603f401a0b804ab838");
}

TEST_CASE("folders sort as git sorts them, as if their name ended in a slash") {
  CHECK(before_in_tree("a.b", false, "a", true));
  CHECK(before_in_tree("a", false, "a.b", false));
  CHECK(before_in_tree("a-b", true, "a", true));
  CHECK(before_in_tree("a", true, "a0", false));
  CHECK_FALSE(before_in_tree("a", true, "a", true));
}

TEST_CASE("a folder's hash depends on names, bytes and nesting, not on the order given") {
  StateEntry a{"a", false, hash_of_text("1")}, b{"b", true, hash_of_text("2")};
  std::vector<StateEntry> one{a, b}, other{b, a};
  CHECK(folder_hash(one) == folder_hash(other));
  other[0].name = "c";
  CHECK_FALSE(folder_hash(one) == folder_hash(other));
  other = {a};
  CHECK_FALSE(folder_hash(one) == folder_hash(other));
  CHECK_FALSE(state_of({{"a/b", a.hash}}) == state_of({{"a-b", a.hash}}));
}
