// Bytes, and the bounds-checked Reader and Writer that every binary format of the protocol goes through.
//
// Integers are big-endian. A Reader's error is sticky: after the first read past the end every read gives zeros,
// and `finish()` tells what was wrong, so that a decoder reads straight down and checks once. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.h"

namespace maillage::protocol {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hexadecimal, two characters a byte.
std::string to_hex(ByteView bytes);

// The bytes of a lower-case hexadecimal text; kMalformed for any other text.
Result<Bytes> from_hex(std::string_view text);

class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() { return integer(8); }
  std::int64_t i64() { return static_cast<std::int64_t>(integer(8)); }

  // LEB128, at most 10 bytes, shortest form only.
  std::uint64_t varint();

  // The next `count` bytes, without copying; empty once the reader has failed.
  ByteView take(std::size_t count);

  // Everything left.
  ByteView rest() { return take(rest_.size()); }

  // A fixed-size strong type that has `std::array<std::uint8_t, N> bytes`.
  template <class T>
  T fixed() {
    T value{};
    ByteView source = take(value.bytes.size());
    if (!source.empty()) std::memcpy(value.bytes.data(), source.data(), source.size());
    return value;
  }

  std::size_t left() const { return rest_.size(); }
  bool failed() const { return failed_; }

  // Marks the input as wrong from here on.
  void refuse() {
    failed_ = true;
    rest_ = {};
  }

  // kTruncated when a read went past the end, kTrailingBytes when something is left over.
  Result<void> finish(std::string_view what) const;

 private:
  std::uint64_t integer(std::size_t width);

  ByteView rest_;
  bool failed_ = false;
};

class Writer {
 public:
  Writer() = default;
  explicit Writer(std::size_t expected_bytes) { bytes_.reserve(expected_bytes); }

  Writer& u8(std::uint8_t value) { return integer(value, 1); }
  Writer& u16(std::uint16_t value) { return integer(value, 2); }
  Writer& u32(std::uint32_t value) { return integer(value, 4); }
  Writer& u64(std::uint64_t value) { return integer(value, 8); }
  Writer& i64(std::int64_t value) { return integer(static_cast<std::uint64_t>(value), 8); }
  Writer& varint(std::uint64_t value);
  Writer& raw(ByteView bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Writer& text(std::string_view text) { return raw(as_bytes(text)); }
  template <class T>
  Writer& fixed(const T& value) {
    return raw(value.bytes);
  }

  std::size_t size() const { return bytes_.size(); }
  const Bytes& bytes() const& { return bytes_; }
  Bytes take() && { return std::move(bytes_); }

 private:
  Writer& integer(std::uint64_t value, std::size_t width) {
    for (std::size_t i = width; i-- > 0;) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return *this;
  }

  Bytes bytes_;
};

}  // namespace maillage::protocol
