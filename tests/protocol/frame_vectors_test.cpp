// protocol/vectors/frames.json: one of each frame, and the handshake that PROTOCOL.md §7 shows. A change of any byte is
// a change of the protocol. `protocol_tests "[write-vectors]"` writes them anew.
#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/locations.h"
#include "tests/protocol/author.h"

using namespace maillage::tests;
namespace json = boost::json;

namespace {

const std::string kPath = std::string(kSourceDir) + "/protocol/vectors/frames.json";

KeyPair key_of(std::uint8_t fill) {
  Seed seed;
  seed.bytes.fill(fill);
  return KeyPair(seed);
}

// The dialling place is that of charter.json (root a1…, daemon d1…); the dialled one has root b2… and daemon d2….
CharterChain chain_of_keys(const KeyPair& root, const KeyPair& daemon) {
  Charter charter;
  charter.roots = {root.public_key()};
  charter.daemon_key = daemon.public_key();
  charter.time.ms = 1'767'225'600'000;
  return *CharterChain::start({charter, {}});
}

SignedHead head_of(const PlaceId& place, const KeyPair& daemon, std::uint64_t sequence, std::string_view state) {
  Head head;
  head.sequence = sequence;
  head.time.ms = 1'767'225'601'000;
  head.place = place;
  head.commit = ObjectId::parse("4b825dc642cb6eb9a060e54bf8d69288fbee4904").value();
  head.state = sha256(as_bytes(state));
  head.cell = TerritoryCell::of("FR", "29039");
  return sign(head, daemon);
}

Nonce nonce_from(std::uint8_t first) {
  Nonce nonce;
  for (std::uint8_t& byte : nonce.bytes) byte = first++;
  return nonce;
}

TwoCharters two_charters(const CharterChain& chain, const KeyPair& root) {
  Charter next = chain.latest();
  next.place = chain.place();
  next.number = 1;
  next.previous = hash_of(chain.latest());
  next.daemon_key = key_of(0xd3).public_key();
  SignedCharter first = sign(next, std::vector{root});
  next.daemon_key = key_of(0xd4).public_key();
  return {first, sign(next, std::vector{root})};
}

std::vector<std::pair<std::string, Bytes>> frames() {
  KeyPair daemon_1 = key_of(0xd1), daemon_2 = key_of(0xd2);
  CharterChain chain_1 = chain_of_keys(key_of(0xa1), daemon_1), chain_2 = chain_of_keys(key_of(0xb2), daemon_2);
  SignedHead head_1 = head_of(chain_1.place(), daemon_1, 1, "state"), head_2 = head_of(chain_2.place(), daemon_2, 1, "state");
  Hello hello_1{1, nonce_from(0), chain_1.place(), {1'767'225'602'000}, "maillage", {}};
  Hello hello_2{1, nonce_from(0x80), chain_2.place(), {1'767'225'602'500}, "maillage", {"29"}};
  Hello telling = hello_2;  // not of the handshake shown
  telling.abilities = 1;
  for (int i = 0; i < 10; ++i) telling.estimate.toggle(sha256(as_bytes(std::to_string(i))));
  Handshake dialling(Role::kDialling, hello_1), dialled(Role::kDialled, hello_2);
  Bytes auth_1 = *dialling.on_hello(hello_2, *dialled.hello(), {chain_1.place(), daemon_1}, {chain_1.charters(), {head_1}});
  Bytes auth_2 = *dialled.on_hello(hello_1, *dialling.hello(), {chain_2.place(), daemon_2}, {chain_2.charters(), {head_2}});

  SketchKey key = SketchKey::parse("000102030405060708090a0b0c0d0e0f").value();
  SketchSource source(key);
  SketchSymbol symbol = sketch_symbol(key, sketch_element(head_1.head, false));
  source.add(symbol);
  Receipt receipt{chain_2.place(), {1'767'225'603'000}, {{chain_1.place(), hash_of(head_1.head)}}, {}};
  receipt.signature = daemon_2.sign(signed_message(receipt));
  Bytes part{'P', 'A', 'C', 'K'};
  SignedHead other = head_of(chain_1.place(), daemon_1, 1, "another state");
  InvitationSecret secret = InvitationSecret::parse("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf").value();
  auto [hash_1, hash_2] = dialling.hellos();
  return {{"hello_dialling", encode(hello_1)},
          {"hello_dialled", encode(hello_2)},
          {"hello_telling", encode(telling)},
          {"auth_dialling", auth_1},
          {"auth_dialled", auth_2},
          {"sketch_ask", encode(Sketch(SketchAsk{2}))},
          {"sketch_cells", encode(Sketch(SketchCells{key, *source.cells(source.revision(), 0, 2)}))},
          {"sketch_more", encode(Sketch(SketchMore{64}))},
          {"sketch_done", encode(Sketch(SketchDone{key, {symbol}, true}))},
          {"sketch_all", encode(Sketch(SketchAll{}))},
          {"sketch_end", encode(Sketch(SketchEnd{}))},
          {"sketch_due", encode(Sketch(SketchDue{}))},
          {"heads", encode(Heads{{chain_1.charters(), {head_1}}})},
          {"want", encode(Want{1, {{chain_1.place(), {}}}})},
          {"pack_first", encode(Pack{1, Pack::kFirst, {{chain_1.place(), head_1, {}}, {chain_2.place(), {}, {}}}, part})},
          {"pack_last", encode(Pack{1, Pack::kLast, {}, part})},
          {"credit", encode(Credit{4})},
          {"evidence", encode(Evidence{chain_1.charters(), head_1, other})},
          {"receipt", encode(receipt)},
          {"bye", encode(Bye{"timeout", "handshake"})},
          {"invited", encode(Invited{id_of(secret), invitation_proof(secret, hash_1, hash_2)})},
          {"welcome", encode(Welcome{})},
          {"welcome_refused", encode(Welcome{"expired-invitation"})},
          {"two_charters", encode(two_charters(chain_1, key_of(0xa1)))},
          {"scope", encode(ScopeNow{{"29", "region:53"}})},
          {"where", encode(Where{{chain_1.place()}})},
          {"holders", encode(Holders{{{chain_2.place(), "wss://ici.example/peer"}}, {{chain_1.place(), {0}}}})},
          {"charters", encode(Charters{{chain_1.place(), chain_2.place()}})},
          {"unknown", Bytes{0x80, 0x00}}};
}

}  // namespace

TEST_CASE("writes the golden frames", "[.][write-vectors]") {
  std::ofstream file(kPath);
  const char* separator = "{\n";
  for (const auto& [name, bytes] : frames()) file << std::exchange(separator, ",\n") << "  \"" << name << "\": \"" << to_hex(bytes) << "\"";
  file << "\n}\n";
}

TEST_CASE("frames are encoded as the golden vectors say, and read back") {
  std::ifstream file(kPath);
  std::stringstream text;
  text << file.rdbuf();
  json::object golden = json::parse(text.str()).as_object();
  CHECK(golden.size() == frames().size());
  for (const auto& [name, bytes] : frames()) {
    INFO(name);
    CHECK(golden.at(name).as_string() == to_hex(bytes));
    CHECK(decode_frame(from_hex(golden.at(name).as_string()).value()));
  }
}

TEST_CASE("the handshake of the golden vectors opens on both sides") {
  std::map<std::string, Bytes> all;
  for (auto& [name, bytes] : frames()) all[name] = bytes;
  auto hello = [&](const char* name) { return std::get<Hello>(*decode_frame(all.at(name))); };
  KeyPair daemon_2 = key_of(0xd2);
  CharterChain chain_2 = chain_of_keys(key_of(0xb2), daemon_2);
  Handshake dialled(Role::kDialled, hello("hello_dialled"));
  CHECK(*dialled.hello() == all.at("hello_dialled"));
  auto answer = dialled.on_hello(hello("hello_dialling"), all.at("hello_dialling"), {chain_2.place(), daemon_2},
                                 {chain_2.charters(), {head_of(chain_2.place(), daemon_2, 1, "state")}});
  CHECK(*answer == all.at("auth_dialled"));
  CHECK(dialled.on_auth(std::get<Auth>(*decode_frame(all.at("auth_dialling"))), nullptr));
}
