#include "protocol/bytes.h"

namespace maillage::protocol {

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (text.size() % 2 != 0) return fail(ErrorCode::kMalformed, "hexadecimal: odd length");
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return fail(ErrorCode::kMalformed, "hexadecimal: not 0-9 a-f");
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

std::uint64_t Reader::integer(std::size_t width) {
  std::uint64_t value = 0;
  for (std::uint8_t byte : take(width)) value = value << 8 | byte;
  return value;
}

std::uint64_t Reader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    std::uint8_t byte = u8();
    if (failed_) return 0;
    bool overflows = shift == 63 && byte > 1;
    bool padded = shift > 0 && byte == 0;
    if (overflows || padded) break;
    value |= static_cast<std::uint64_t>(byte & 127) << shift;
    if (byte < 128) return value;
  }
  refuse();
  return 0;
}

ByteView Reader::take(std::size_t count) {
  if (failed_ || count > rest_.size()) {
    refuse();
    return {};
  }
  ByteView taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

Result<void> Reader::finish(std::string_view what) const {
  if (failed_) return fail(ErrorCode::kTruncated, std::string(what));
  if (!rest_.empty()) return fail(ErrorCode::kTrailingBytes, std::string(what));
  return {};
}

Writer& Writer::varint(std::uint64_t value) {
  while (value >= 128) {
    bytes_.push_back(static_cast<std::uint8_t>(value | 128));
    value >>= 7;
  }
  bytes_.push_back(static_cast<std::uint8_t>(value));
  return *this;
}

}  // namespace maillage::protocol
