#include "registry/git/pkt_line.h"

#include <algorithm>
#include <optional>

namespace maillage::registry {
namespace {

constexpr std::size_t kLengthBytes = 4;

// git writes lower case and reads both.
std::optional<unsigned> digit(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

std::optional<std::size_t> length_of(protocol::ByteView bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    auto value = digit(bytes[i]);
    if (!value) return std::nullopt;
    length = length * 16 + *value;
  }
  return length;
}

void append_length(protocol::Bytes& out, std::size_t length) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(static_cast<std::uint8_t>(kDigits[(length >> shift) & 15]));
}

}  // namespace

PktReader::Pkt PktReader::next() {
  if (broken_) return {Kind::kBroken, {}};
  if (rest_.empty()) return {Kind::kEnd, {}};
  if (rest_.size() < kLengthBytes) return {Kind::kCut, {}};
  auto length = length_of(rest_);
  // 0001 to 0003 are delimiters of version 2, which nobody is offered; 0004 is an empty line, which git allows.
  if (!length || (*length > 0 && *length < kLengthBytes) || *length > kPktBytesMax) {
    broken_ = true;
    return {Kind::kBroken, {}};
  }
  if (*length == 0) {
    rest_ = rest_.subspan(kLengthBytes);
    return {Kind::kFlush, {}};
  }
  if (rest_.size() < *length) return {Kind::kCut, {}};
  std::string_view text = protocol::as_text(rest_.subspan(kLengthBytes, *length - kLengthBytes));
  rest_ = rest_.subspan(*length);
  if (text.ends_with('\n')) text.remove_suffix(1);
  return {Kind::kLine, text};
}

void append_pkt(protocol::Bytes& out, std::string_view text) {
  protocol::check(text.size() < kPktPayloadBytesMax, "a pkt-line is at most 65,515 bytes and a LF");
  append_length(out, kLengthBytes + text.size() + 1);
  out.insert(out.end(), text.begin(), text.end());
  out.push_back('\n');
}

void append_flush(protocol::Bytes& out) { append_length(out, 0); }

void append_side_band(protocol::Bytes& out, SideBand band, protocol::ByteView bytes) {
  while (!bytes.empty()) {
    auto part = bytes.first(std::min(bytes.size(), kPktPayloadBytesMax - 1));
    append_length(out, kLengthBytes + 1 + part.size());
    out.push_back(static_cast<std::uint8_t>(band));
    out.insert(out.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
  }
}

}  // namespace maillage::registry
