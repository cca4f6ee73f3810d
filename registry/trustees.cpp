#include "registry/trustees.h"

#include <algorithm>

#include "protocol/limits.h"

namespace maillage::registry {

using namespace protocol;

namespace {

constexpr std::string_view kCodeMark = "MAILLAGE-TRUSTEE-";
constexpr std::string_view kMark = "maillage-vouching-1\n";
constexpr std::size_t kCheckDigits = 8;
constexpr std::size_t kSpokenGroups = 8, kSpokenDigits = 5;

bool holds(const std::vector<PublicKey>& roots, const PublicKey& root) { return std::ranges::find(roots, root) != roots.end(); }

bool is_right(const Charter& charter, const RootSignature& each) {
  Writer message;
  message.text("place-charter-1\n").raw(encode(charter));
  return verify(each.root, message.bytes(), each.signature);
}

std::string check_of(const PublicKey& key) { return sha256(key.bytes).hex().substr(0, kCheckDigits); }

}  // namespace

std::string TrusteeCode::text() const { return std::string(kCodeMark) + key.hex() + check_of(key); }

Result<TrusteeCode> TrusteeCode::parse(std::string_view text) {
  std::size_t digits = 2 * PublicKey::kSize;
  bool marked = text.starts_with(kCodeMark) && text.size() == kCodeMark.size() + digits + kCheckDigits;
  auto key = marked ? PublicKey::parse(text.substr(kCodeMark.size(), digits)) : fail(ErrorCode::kMalformed, std::string(text.substr(0, 100)));
  if (!key) return tl::unexpected(key.error());
  if (check_of(*key) != text.substr(text.size() - kCheckDigits)) return fail(ErrorCode::kMalformed, std::string(text));
  return TrusteeCode{*key};
}

Result<std::vector<PublicKey>> roots_with(const RecoverySheet& sheet, const Trust& trust) {
  bool none = trust.needed == 1 && trust.keys.empty();
  bool fits = trust.needed >= kTrusteesNeededMin && trust.needed <= trust.keys.size() && trust.needed + trust.keys.size() <= kRootKeysMax;
  if (!none && !fits) return fail(ErrorCode::kOutOfRange, std::to_string(trust.needed) + " / " + std::to_string(trust.keys.size()));
  std::vector<PublicKey> roots = trust.keys;
  // Whoever loses the sheet would lose its trustee's key with it.
  roots.push_back(TrusteeCode::of(sheet).key);
  for (std::uint8_t index = 0; index < trust.needed; ++index) roots.push_back(sheet.root(index).public_key());
  std::ranges::sort(roots);
  if (auto twice = std::ranges::adjacent_find(roots); twice != roots.end()) return fail(ErrorCode::kDuplicateValue, TrusteeCode{*twice}.text());
  std::erase(roots, TrusteeCode::of(sheet).key);
  return roots;
}

Bytes encode_vouching(const Vouching& vouching) {
  Writer out;
  out.text(kMark).u16(static_cast<std::uint16_t>(vouching.size()));
  for (const SignedCharter& charter : vouching) write(out, charter);
  return std::move(out).take();
}

Result<Vouching> decode_vouching(ByteView bytes) {
  Reader in(bytes);
  if (as_text(in.take(kMark.size())) != kMark) return fail(ErrorCode::kMalformed, "vouching");
  std::size_t count = in.u16();
  if (count > kVouchingPlacesMax) return fail(ErrorCode::kTooMany, "vouching");
  Vouching vouching;
  for (std::size_t i = 0; i < count; ++i) {
    auto charter = read_signed_charter(in);
    if (!charter) return tl::unexpected(charter.error());
    vouching.push_back(std::move(*charter));
  }
  if (auto done = in.finish("vouching"); !done) return tl::unexpected(done.error());
  return vouching;
}

Result<SignedCharter> ask_trustees(const CharterChain& chain, const RecoverySheet& fresh, const std::vector<PublicKey>& trustees, UnixTime now) {
  const Charter& latest = chain.latest();
  for (const PublicKey& key : trustees)
    if (!holds(latest.roots, key)) return fail(ErrorCode::kNotFound, TrusteeCode{key}.text());
  auto roots = roots_with(fresh, {latest.threshold, trustees});
  if (!roots) return tl::unexpected(roots.error());
  if (chain.size() >= kChartersMax) return fail(ErrorCode::kTooMany, "charters of " + chain.place().hex());
  Charter next = latest;
  next.place = chain.place();
  next.number = chain.size();
  next.previous = hash_of(latest);
  next.roots = std::move(*roots);
  next.daemon_key = fresh.root(kBridgeSubkey).public_key();
  next.time = now;
  std::vector<KeyPair> signers;
  for (std::uint8_t index = 0; index < latest.threshold; ++index) signers.push_back(fresh.root(index));
  return sign(next, signers);
}

Result<void> check_vouchable(const Charter& next, const CharterChain& known) {
  const Charter& latest = known.latest();
  if (next.place != known.place() || next.number > known.size()) return fail(ErrorCode::kMissingCharter, known.place().hex());
  if (next.number < known.size() || next.previous != hash_of(latest)) return fail(ErrorCode::kHandoverStale, known.place().hex());
  auto fresh = std::ranges::count_if(next.roots, [&](const PublicKey& root) { return !holds(latest.roots, root); });
  bool same = next.threshold == latest.threshold && latest.threshold >= kTrusteesNeededMin && next.minimum_epoch == latest.minimum_epoch;
  return same && fresh == latest.threshold ? Result<void>() : fail(ErrorCode::kBadCharter, known.place().hex());
}

std::size_t vouched_by(const SignedCharter& next, const Charter& before) {
  return static_cast<std::size_t>(std::ranges::count_if(next.signatures, [&](const RootSignature& each) { return holds(before.roots, each.root); }));
}

SignedCharter cleaned(const SignedCharter& next, const Charter& before) {
  SignedCharter good = next;
  std::erase_if(good.signatures, [&](const RootSignature& each) {
    bool has_say = holds(before.roots, each.root) || holds(next.charter.roots, each.root);
    return !has_say || !is_right(next.charter, each);
  });
  return good;
}

Result<void> extend_vouched(CharterChain& chain, const Vouching& vouching) {
  if (vouching.empty()) return {};
  auto asked = std::ranges::find_if(vouching, [&](const SignedCharter& each) { return each.charter.place == chain.place(); });
  if (asked == vouching.end()) return fail(ErrorCode::kWrongSheet, " : " + chain.place().hex());
  // What came after it meanwhile counts only if its roots are the new sheet's: the charter that is signed next shows that.
  if (asked->charter.number < chain.size()) return {};
  return chain.extend(cleaned(*asked, chain.latest()));
}

void merge(Vouching& vouching, const Vouching& more) {
  for (SignedCharter& charter : vouching) {
    std::erase_if(charter.signatures, [&](const RootSignature& each) { return !is_right(charter.charter, each); });
    auto same = std::ranges::find(more, charter.charter, &SignedCharter::charter);
    if (same == more.end()) continue;
    for (const RootSignature& each : same->signatures) {
      bool had = std::ranges::find(charter.signatures, each.root, &RootSignature::root) != charter.signatures.end();
      if (!had && charter.signatures.size() < kCharterSignaturesMax && is_right(charter.charter, each)) charter.signatures.push_back(each);
    }
    std::ranges::sort(charter.signatures, {}, &RootSignature::root);
  }
}

std::string spoken(const Vouching& vouching) {
  Writer all;
  for (const SignedCharter& charter : vouching) all.raw(hash_of(charter.charter).bytes);
  Hash hash = sha256(all.bytes());
  Reader in(hash.bytes);
  std::string text;
  for (std::size_t group = 0; group < kSpokenGroups; ++group) {
    std::string digits = std::to_string(in.u32() % 100'000);
    text += (group == 0 ? "" : " ") + std::string(kSpokenDigits - digits.size(), '0') + digits;
  }
  return text;
}

}  // namespace maillage::registry
