// The golden vectors of protocol/vectors/, which PROTOCOL.md explains. A change of any byte here is a change of the
// protocol. `protocol_tests "[write-vectors]"` writes them anew.
#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "protocol/charter.h"
#include "protocol/estimate.h"
#include "protocol/head.h"
#include "protocol/sketch.h"
#include "tests/locations.h"

using namespace maillage::protocol;
namespace json = boost::json;

namespace {

std::string path_of(std::string_view name) {
  return std::string(maillage::tests::kSourceDir) + "/protocol/vectors/" + std::string(name) + ".json";
}

json::value read_vector(std::string_view name) {
  std::ifstream file(path_of(name));
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str());
}

template <class T>
std::string hex_of(const T& written) {
  Writer out;
  write(out, written);
  return to_hex(out.bytes());
}

std::string hex_of_integer(std::uint64_t value, int digits) {
  char text[17];
  std::snprintf(text, sizeof text, "%0*llx", digits, static_cast<unsigned long long>(value));
  return text;
}

Seed seed_of(std::uint8_t fill) {
  Seed seed;
  seed.bytes.fill(fill);
  return seed;
}

// The cast: two roots and two daemon keys, from seeds of one repeated byte.
const KeyPair kRootA(seed_of(0xa1)), kRootB(seed_of(0xb2)), kDaemon1(seed_of(0xd1)), kDaemon2(seed_of(0xd2));

SignedCharter genesis() {
  Charter charter;
  charter.roots = {kRootA.public_key()};
  charter.daemon_key = kDaemon1.public_key();
  charter.time.ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
  return {charter, {}};
}

SignedCharter rotated() {
  Charter charter;
  charter.place = place_of_genesis(genesis().charter);
  charter.number = 1;
  charter.previous = hash_of(genesis().charter);
  charter.threshold = 2;
  charter.roots = {kRootA.public_key(), kRootB.public_key()};
  std::ranges::sort(charter.roots);
  charter.daemon_key = kDaemon2.public_key();
  charter.minimum_epoch = 2;
  charter.time.ms = 1'769'904'000'000;  // 2026-02-01T00:00:00Z
  return sign(charter, std::vector{kRootA, kRootB});
}

SignedHead first_head() {
  Head head;
  head.sequence = 1;
  head.time.ms = 1'767'225'601'000;
  head.place = place_of_genesis(genesis().charter);
  head.commit = ObjectId::parse("4b825dc642cb6eb9a060e54bf8d69288fbee4904").value();
  head.state = sha256(as_bytes("state"));
  head.cell = TerritoryCell::of("FR", "29039");
  return sign(head, kDaemon1);
}

SignedHead second_head() {
  Head head = first_head().head;
  head.previous = hash_of(head);
  head.charter = 1;
  head.epoch = 2;
  head.sequence = 0;
  head.time.ms = 1'769'904'001'000;
  head.state = sha256(as_bytes("another state"));
  head.addressed.add(PlaceId{sha256(as_bytes("a neighbour")).bytes});
  return sign(head, kDaemon2);
}

json::object charter_vector(const SignedCharter& charter) {
  return {{"place", CharterChain::start(genesis())->place().hex()},
          {"unsigned", to_hex(encode(charter.charter))},
          {"hash", hash_of(charter.charter).hex()},
          {"signed", hex_of(charter)}};
}

json::object head_vector(const SignedHead& head) {
  return {{"unsigned", to_hex(encode(head.head))},
          {"hash", hash_of(head.head).hex()},
          {"signed", hex_of(head)},
          {"element", sketch_element(head.head, false).hex()},
          {"element_forked", sketch_element(head.head, true).hex()}};
}

const SketchKey kKey = SketchKey::parse("000102030405060708090a0b0c0d0e0f").value();

// Element number i of the example: the SHA-256 of its decimal digits.
SketchSymbol example_symbol(int number) { return sketch_symbol(kKey, sha256(as_bytes(std::to_string(number)))); }

json::object symbol_vector(int number) {
  SketchSymbol symbol = example_symbol(number);
  json::array indices;
  for (SketchIndices at(symbol); at.index() < kSketchCellsMax; at.advance()) indices.emplace_back(at.index());
  return {{"element", sha256(as_bytes(std::to_string(number))).hex()},
          {"symbol", hex_of_integer(symbol, 16)},
          {"check", hex_of_integer(sketch_check(kKey, symbol), 8)},
          {"indices", indices}};
}

json::object sketch_vector() {
  SketchSource source(kKey);
  for (int i = 0; i < 10; ++i) source.add(example_symbol(i));
  SketchRun run = source.cells(source.revision(), 0, 8).value();
  Writer wire;
  write_cells(wire, run);
  json::array cells, symbols;
  for (const SketchCell& cell : run.cells)
    cells.push_back(json::object{{"sum", hex_of_integer(cell.sum, 16)},
                                 {"check", hex_of_integer(cell.check, 8)},
                                 {"count", cell.count}});
  for (int i = 0; i < 10; ++i) symbols.push_back(symbol_vector(i));
  Estimate estimate;
  for (int i = 0; i < 10; ++i) estimate.toggle(sha256(as_bytes(std::to_string(i))));
  json::array levels;
  for (std::uint64_t level : estimate.levels()) levels.emplace_back(hex_of_integer(level, 16));
  return {{"key", kKey.hex()}, {"symbols", symbols}, {"cells", cells}, {"encoded", to_hex(wire.bytes())}, {"estimate", levels}};
}

json::object identity_vectors() {
  return {{"root_a_seed", seed_of(0xa1).hex()},      {"root_a", kRootA.public_key().hex()},
          {"root_b_seed", seed_of(0xb2).hex()},      {"root_b", kRootB.public_key().hex()},
          {"daemon_1_seed", seed_of(0xd1).hex()},    {"daemon_1", kDaemon1.public_key().hex()},
          {"daemon_2_seed", seed_of(0xd2).hex()},    {"daemon_2", kDaemon2.public_key().hex()},
          {"genesis", charter_vector(genesis())},    {"rotated", charter_vector(rotated())}};
}

json::object head_vectors() { return {{"first", head_vector(first_head())}, {"second", head_vector(second_head())}}; }

// One member a line, and one item of an array a line: readable, and stable in a diff.
void write_vector(std::string_view name, const json::object& vector) {
  std::ofstream file(path_of(name));
  auto write_items = [&](const auto& items, auto write_item, const char* open, const char* close) {
    file << open;
    const char* separator = "\n";
    for (const auto& item : items) file << std::exchange(separator, ",\n"), write_item(item);
    file << "\n" << close;
  };
  write_items(vector, [&](const auto& member) {
    file << "  " << json::serialize(member.key()) << ": ";
    if (member.value().is_array())
      write_items(member.value().as_array(), [&](const auto& item) { file << "    " << item; }, "[", "  ]");
    else if (member.value().is_object())
      write_items(member.value().as_object(),
                  [&](const auto& inner) { file << "    " << json::serialize(inner.key()) << ": " << inner.value(); }, "{", "  }");
    else
      file << member.value();
  }, "{", "}");
  file << "\n";
}

std::string text_of(const json::value& vector, std::string_view entry, std::string_view field) {
  return std::string(vector.at(entry).at(field).as_string());
}

template <class Read>
auto read_back(const std::string& hex, Read read) {
  Bytes bytes = from_hex(hex).value();
  Reader in(bytes);
  auto value = read(in).value();
  REQUIRE(in.finish("vector"));
  return value;
}

}  // namespace

TEST_CASE("writes the golden vectors", "[.][write-vectors]") {
  write_vector("charter", identity_vectors());
  write_vector("head", head_vectors());
  write_vector("sketch", sketch_vector());
}

TEST_CASE("charters are encoded, hashed and signed as the golden vectors say") {
  json::value golden = read_vector("charter");
  CHECK(golden == json::value(identity_vectors()));
  auto read = [&](const char* entry) { return read_back(text_of(golden, entry, "signed"), read_signed_charter); };
  CharterChain chain = CharterChain::start(read("genesis")).value();
  CHECK(chain.place().hex() == text_of(golden, "genesis", "hash"));
  REQUIRE(chain.extend(read("rotated")));
  CHECK(chain.latest() == rotated().charter);
}

TEST_CASE("heads are encoded, hashed and signed as the golden vectors say") {
  json::value golden = read_vector("head");
  CHECK(golden == json::value(head_vectors()));
  SignedHead first = read_back(text_of(golden, "first", "signed"), read_signed_head);
  SignedHead second = read_back(text_of(golden, "second", "signed"), read_signed_head);
  CHECK(verify(first, kDaemon1.public_key()));
  CHECK(verify(second, kDaemon2.public_key()));
  CHECK((order(first.head, second.head) < 0));
  CHECK(second.head.previous == hash_of(first.head));
}

TEST_CASE("symbols, indices and cells are as the golden vectors say") {
  json::value golden = read_vector("sketch");
  CHECK(golden == json::value(sketch_vector()));
  Bytes wire = from_hex(golden.at("encoded").as_string()).value();
  Reader in(wire);
  SketchRun run = read_cells(in, 10, 0).value();
  // The worked example: the dialling side holds elements 1 … 10, the dialled side 0 … 9.
  std::vector<SketchSymbol> own;
  for (int i = 1; i <= 10; ++i) own.push_back(example_symbol(i));
  SketchDecoder decoder(kKey, own);
  REQUIRE(decoder.add_cells(run));
  REQUIRE(decoder.done());
  CHECK(decoder.only_remote() == std::vector{example_symbol(0)});
  CHECK(decoder.only_local() == std::vector{example_symbol(10)});
}
