#include <catch2/catch.hpp>

#include "registry/git/pkt_line.h"
#include "registry/gunzip.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using Kind = PktReader::Kind;

TEST_CASE("a line and a flush are written as git writes them, and read back") {
  Bytes out;
  append_pkt(out, "want 0123");
  append_flush(out);
  append_pkt(out, "");
  CHECK(as_text(out) == "000ewant 0123\n00000005\n");
  PktReader reader(out);
  auto line = reader.next();
  CHECK(line.is_line());
  CHECK(line.text == "want 0123");
  CHECK(reader.next().kind == Kind::kFlush);
  CHECK(reader.taken() == 18);
  CHECK(reader.next().text.empty());
  CHECK(reader.next().kind == Kind::kEnd);
}

TEST_CASE("git's example of an empty line, one without LF, and upper-case digits are read") {
  PktReader reader(as_bytes("0004000bfoobar\n000Afoobar"));
  CHECK(reader.next().text.empty());
  CHECK(reader.next().text == "foobar");
  CHECK(reader.next().text == "foobar");
}

TEST_CASE("a length that no line has breaks the reader for good") {
  for (std::string_view bytes : {"0001", "0002", "0003", "fff1", "ffff", "zzzz", " 12a", "-001", "0x10"}) {
    std::string text = std::string(bytes) + "0000";
    PktReader reader(as_bytes(text));
    CHECK(reader.next().kind == Kind::kBroken);
    CHECK(reader.next().kind == Kind::kBroken);
    CHECK(reader.taken() == 0);
  }
}

TEST_CASE("bytes that end inside a line are cut, wherever that is") {
  std::string whole = "000ewant 0123\n";
  for (std::size_t size = 1; size < whole.size(); ++size) {
    PktReader reader(as_bytes(std::string_view(whole).substr(0, size)));
    CHECK(reader.next().kind == Kind::kCut);
    CHECK(reader.next().kind == Kind::kCut);
  }
}

TEST_CASE("side-band lines are at most 65520 bytes and hold everything in order") {
  Bytes pack(200'000);
  for (std::size_t i = 0; i < pack.size(); ++i) pack[i] = static_cast<std::uint8_t>(i * 7);
  Bytes out;
  append_side_band(out, SideBand::kPack, pack);
  Bytes joined;
  for (Reader rest(out); rest.left() > 0;) {
    std::size_t size = std::stoul(std::string(as_text(rest.take(4))), nullptr, 16);
    CHECK(size <= 65'520);
    CHECK(rest.u8() == 1);
    ByteView part = rest.take(size - 5);
    joined.insert(joined.end(), part.begin(), part.end());
  }
  CHECK(joined == pack);
}

TEST_CASE("what a gzip stream unpacks to never passes its cap, in any cut of the input") {
  // 300 times "a", by gzip -n
  const Bytes packed{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff, 0x4b, 0x4c, 0x1c, 5, 0xc4, 2, 0, 9, 0x19, 0x97, 0x89, 0x2c, 1, 0, 0};
  auto unpack = [&](std::uint64_t most, std::size_t each, std::size_t& given) {
    Gunzip gunzip(most);
    for (std::size_t at = 0; at < packed.size(); at += each) {
      auto sink = [&](ByteView piece) {
        given += piece.size();
        return true;
      };
      if (auto taken = gunzip.take(ByteView(packed).subspan(at, std::min(each, packed.size() - at)), sink); !taken) return taken;
    }
    return gunzip.finish();
  };
  for (std::size_t each : {1u, 3u, 100u}) {
    std::size_t given = 0, refused = 0;
    CHECK(unpack(300, each, given));
    CHECK(given == 300);
    auto over = unpack(299, each, refused);
    REQUIRE(!over);
    CHECK(over.error().code == ErrorCode::kTooLarge);
    CHECK(refused <= 299);
  }
}
