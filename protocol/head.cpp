#include "protocol/head.h"

#include <tuple>

namespace maillage::protocol {
namespace {

constexpr std::string_view kDomain = "place-head-1\n";

Bytes signed_message(const Head& head) {
  Writer out(kDomain.size() + Head::kBytes);
  out.text(kDomain).raw(encode(head));
  return std::move(out).take();
}

std::uint64_t addressed_mask(const PlaceId& place) {
  return std::uint64_t{1} << (place.bytes[0] & 63) | std::uint64_t{1} << (place.bytes[1] & 63);
}

auto counters(const Head& head) { return std::tuple(head.charter, head.epoch, head.sequence); }

std::string printable(ByteView bytes) {
  std::string text(as_text(bytes));
  return text.find('\0') == std::string::npos ? text : std::string();
}

}  // namespace

TerritoryCell TerritoryCell::of(std::string_view country, std::string_view commune) {
  TerritoryCell cell;
  if (country.size() == 2) std::memcpy(cell.bytes.data(), country.data(), 2);
  if (commune.size() == 5) std::memcpy(cell.bytes.data() + 2, commune.data(), 5);
  return cell;
}
std::string TerritoryCell::country() const { return printable(ByteView(bytes).first(2)); }
std::string TerritoryCell::commune() const { return printable(ByteView(bytes).subspan(2, 5)); }

void Addressed::add(const PlaceId& place) { bits_ |= addressed_mask(place); }
bool Addressed::may_contain(const PlaceId& place) const {
  std::uint64_t mask = addressed_mask(place);
  return (bits_ & mask) == mask;
}

std::array<std::uint8_t, Head::kBytes> encode(const Head& head) {
  Writer out(Head::kBytes);
  out.u8(Head::kVersion).u8(head.flags).u16(head.charter).u64(head.epoch).u64(head.sequence).i64(head.time.ms);
  out.fixed(head.place).fixed(head.commit).fixed(head.state).fixed(head.previous);
  out.fixed(head.cell).u64(head.addressed.bits());
  std::array<std::uint8_t, Head::kBytes> bytes;
  check(out.size() == bytes.size(), "a head is 160 bytes");
  std::memcpy(bytes.data(), out.bytes().data(), bytes.size());
  return bytes;
}

void write(Writer& out, const SignedHead& head) { out.raw(encode(head.head)).fixed(head.signature); }

Result<SignedHead> read_signed_head(Reader& in) {
  SignedHead result;
  Head& head = result.head;
  std::uint8_t version = in.u8();
  head.flags = in.u8();
  head.charter = in.u16();
  head.epoch = in.u64();
  head.sequence = in.u64();
  head.time.ms = in.i64();
  head.place = in.fixed<PlaceId>();
  head.commit = in.fixed<ObjectId>();
  head.state = in.fixed<Hash>();
  head.previous = in.fixed<Hash>();
  head.cell = in.fixed<TerritoryCell>();
  head.addressed = Addressed(in.u64());
  result.signature = in.fixed<Signature>();
  if (in.failed()) return fail(ErrorCode::kTruncated, "head");
  if (version != Head::kVersion) return fail(ErrorCode::kUnsupportedVersion, "head version " + std::to_string(version));
  if ((head.flags & ~Head::kClosed) != 0) return fail(ErrorCode::kBadHead, "unknown flag");
  if (head.cell.bytes[7] != 0) return fail(ErrorCode::kBadHead, "spare byte of the territory cell");
  return result;
}

Hash hash_of(const Head& head) { return sha256(encode(head)); }

SignedHead sign(const Head& head, const KeyPair& daemon_key) {
  return {head, daemon_key.sign(signed_message(head))};
}

Result<void> verify(const SignedHead& head, const PublicKey& daemon_key) {
  if (!verify(daemon_key, signed_message(head.head), head.signature))
    return fail(ErrorCode::kBadSignature, "head of " + head.head.place.hex());
  return {};
}

std::strong_ordering order(const Head& a, const Head& b) {
  if (auto by_counters = counters(a) <=> counters(b); by_counters != 0) return by_counters;
  if (a == b) return std::strong_ordering::equal;
  return hash_of(a) <=> hash_of(b);
}

bool conflicts(const Head& a, const Head& b) {
  return a.place == b.place && counters(a) == counters(b) && !(a == b);
}

Hash sketch_element(const Head& head, bool forked) {
  std::uint8_t bit = forked ? 1 : 0;
  return sha256({encode(head), ByteView(&bit, 1)});
}

}  // namespace maillage::protocol
