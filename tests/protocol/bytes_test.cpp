#include "protocol/bytes.h"

#include <limits>

#include <catch2/catch.hpp>

#include "protocol/ids.h"
#include "tests/protocol/damage.h"

using namespace maillage::protocol;

TEST_CASE("hexadecimal is lower case, two digits a byte, and nothing else is read") {
  Bytes bytes{0x00, 0x7f, 0xa0, 0xff};
  CHECK(to_hex(bytes) == "007fa0ff");
  CHECK(from_hex("007fa0ff").value() == bytes);
  CHECK(from_hex("").value().empty());
  for (const char* wrong : {"0", "0g", "FF", " 00", "0x00", "00\n"})
    CHECK(from_hex(wrong).error().code == ErrorCode::kMalformed);
}

TEST_CASE("an id is parsed from exactly its digits") {
  std::string text(40, 'a');
  CHECK(ObjectId::parse(text).value().hex() == text);
  CHECK_FALSE(ObjectId::parse(text + "aa"));
  CHECK_FALSE(ObjectId::parse(text.substr(2)));
  CHECK_FALSE(ObjectId::parse("A" + text.substr(1)));
}

TEST_CASE("integers are big-endian and come back as they were") {
  Writer out;
  out.u8(0x01).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).i64(-2);
  CHECK(to_hex(out.bytes()) == "0102030405060708090a0b0c0d0e0ffffffffffffffffe");
  Reader in(out.bytes());
  CHECK(in.u8() == 0x01);
  CHECK(in.u16() == 0x0203);
  CHECK(in.u32() == 0x04050607);
  CHECK(in.u64() == 0x08090a0b0c0d0e0f);
  CHECK(in.i64() == -2);
  CHECK(in.finish("integers"));
}

TEST_CASE("a varint comes back as it was, in its shortest form") {
  for (unsigned bits = 0; bits < 64; ++bits)
    for (std::uint64_t value : {std::uint64_t{1} << bits, (std::uint64_t{1} << bits) - 1}) {
      Writer out;
      out.varint(value);
      Reader in(out.bytes());
      CHECK(in.varint() == value);
      CHECK(in.finish("varint"));
    }
  Writer largest;
  largest.varint(std::numeric_limits<std::uint64_t>::max());
  CHECK(to_hex(largest.bytes()) == "ffffffffffffffffff01");
  Reader in(largest.bytes());
  CHECK(in.varint() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("a varint that is padded, too large or cut is refused") {
  for (const char* wrong : {"", "80", "8000", "ff00", "80808000", "ffffffffffffffffff02", "ffffffffffffffffffff01"}) {
    CAPTURE(wrong);
    Bytes bytes = from_hex(wrong).value();
    Reader in(bytes);
    CHECK(in.varint() == 0);
    CHECK(in.failed());
  }
}

TEST_CASE("after the first read past the end every read gives nothing") {
  Bytes bytes{1, 2, 3};
  Reader in(bytes);
  CHECK(in.u16() == 0x0102);
  CHECK(in.u32() == 0);
  CHECK(in.u8() == 0);  // though a byte was left
  CHECK(in.take(1).empty());
  CHECK(in.rest().empty());
  CHECK(in.fixed<Hash>().is_zero());
  CHECK(in.left() == 0);
  CHECK(in.finish("three bytes").error() == Error{ErrorCode::kTruncated, "three bytes"});
}

TEST_CASE("bytes left over are an error of their own") {
  Bytes bytes{1, 2};
  Reader in(bytes);
  in.u8();
  CHECK(in.finish("one byte").error() == Error{ErrorCode::kTrailingBytes, "one byte"});
  CHECK(as_text(in.rest()) == "\x02");
  CHECK(in.finish("two bytes"));
}

TEST_CASE("a count larger than the input takes nothing") {
  Bytes bytes{1, 2};
  Reader in(bytes);
  CHECK(in.take(std::numeric_limits<std::size_t>::max()).empty());
  CHECK(in.failed());
}
