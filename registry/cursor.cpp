#include "registry/cursor.h"

#include <bit>
#include <cmath>
#include <tuple>

#include "protocol/crypto.h"
#include "registry/text.h"

namespace maillage::registry {
namespace {

using protocol::Reader;
using protocol::Writer;

constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64url(ByteView bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (std::uint8_t byte : bytes) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 6; count -= 6) text.push_back(kAlphabet[bits >> (count - 6) & 63]);
  }
  if (count > 0) text.push_back(kAlphabet[bits << (6 - count) & 63]);
  return text;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> count));
  }
  return bytes;
}

std::uint32_t question_of(const Query& query) {
  Writer out;
  out.u8(static_cast<std::uint8_t>(query.what)).varint(query.q.size());
  for (const auto& text : query.q) out.varint(text.size()).text(text);
  out.u8(query.near ? 1 : 0);
  if (query.near) out.u64(std::bit_cast<std::uint64_t>(query.near->lat)).u64(std::bit_cast<std::uint64_t>(query.near->lon));
  for (const auto& bound : {query.from, query.to}) out.u8(bound ? 1 : 0).i64(bound ? bound->ms : 0);
  auto hash = protocol::sha256(out.bytes());
  return Reader(hash.bytes).u32();
}

protocol::Error wrong_cursor() { return {ErrorCode::kBadParameter, "after → next"}; }

}  // namespace

bool Position::before(const Position& other) const {
  if (score != other.score) return score > other.score;
  return std::tie(distance, start, name_key, place, path) <
         std::tie(other.distance, other.start, other.name_key, other.place, other.path);
}

Position position_of(const Columns& columns, const Hit& hit) {
  const Row& row = columns.rows()[hit.row];
  return {hit.score, hit.distance, hit.start, row.name_key, columns.places()[row.place].id, row.path};
}

std::string encode_cursor(const Query& query, const Position& position) {
  Writer out;
  out.u8(kVersion).u32(question_of(query)).u32(position.score);
  out.u64(std::bit_cast<std::uint64_t>(position.distance)).i64(position.start);
  out.fixed(position.place).fixed(position.path).text(position.name_key);
  return to_base64url(out.bytes());
}

Result<Position> decode_cursor(const Query& query, std::string_view text) {
  auto bytes = from_base64url(text);
  if (!bytes) return tl::unexpected(wrong_cursor());
  Reader in(*bytes);
  bool ours = in.u8() == kVersion && in.u32() == question_of(query);
  Position position;
  position.score = in.u32();
  position.distance = std::bit_cast<double>(in.u64());
  position.start = in.i64();
  position.place = in.fixed<PlaceId>();
  position.path = in.fixed<PathKey>();
  position.name_key = protocol::as_text(in.rest());
  bool whole = in.finish("cursor").has_value() && position.name_key.size() <= kNameKeyBytes;
  if (!ours || !whole || !std::isfinite(position.distance)) return tl::unexpected(wrong_cursor());
  return position;
}

}  // namespace maillage::registry
