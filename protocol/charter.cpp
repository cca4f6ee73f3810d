#include "protocol/charter.h"

#include <algorithm>

#include "protocol/limits.h"

namespace maillage::protocol {
namespace {

constexpr std::string_view kDomain = "place-charter-1\n";

Bytes signed_message(const Charter& charter) {
  Writer out;
  out.text(kDomain).raw(encode(charter));
  return std::move(out).take();
}

bool strictly_ascending(const auto& range, auto projection) {
  return std::ranges::adjacent_find(range, std::ranges::greater_equal{}, projection) == std::ranges::end(range);
}

Result<void> check_form(const Charter& charter) {
  if (charter.roots.empty() || charter.roots.size() > kRootKeysMax)
    return fail(ErrorCode::kBadCharter, "it needs 1 to 7 root keys");
  if (!strictly_ascending(charter.roots, std::identity{}))
    return fail(ErrorCode::kBadCharter, "root keys are not distinct and ascending");
  if (charter.threshold < 1 || charter.threshold > charter.roots.size())
    return fail(ErrorCode::kBadCharter, "threshold");
  if (charter.number >= kChartersMax) return fail(ErrorCode::kTooMany, "charters of one place");
  return {};
}

// How many of `roots` are among the signers.
std::size_t signers_among(const std::vector<PublicKey>& roots, const std::vector<RootSignature>& signatures) {
  return static_cast<std::size_t>(std::ranges::count_if(signatures, [&](const RootSignature& entry) {
    return std::ranges::binary_search(roots, entry.root);
  }));
}

}  // namespace

Bytes encode(const Charter& charter) {
  Writer out;
  out.u8(Charter::kVersion).fixed(charter.place).u16(charter.number).fixed(charter.previous);
  out.u8(charter.threshold).u8(static_cast<std::uint8_t>(charter.roots.size()));
  for (const PublicKey& root : charter.roots) out.fixed(root);
  out.fixed(charter.daemon_key).u64(charter.minimum_epoch).i64(charter.time.ms);
  return std::move(out).take();
}

Hash hash_of(const Charter& charter) { return sha256(encode(charter)); }

PlaceId place_of_genesis(const Charter& genesis) { return PlaceId{hash_of(genesis).bytes}; }

void write(Writer& out, const SignedCharter& charter) {
  out.raw(encode(charter.charter)).u8(static_cast<std::uint8_t>(charter.signatures.size()));
  for (const RootSignature& entry : charter.signatures) out.fixed(entry.root).fixed(entry.signature);
}

Result<SignedCharter> read_signed_charter(Reader& in) {
  SignedCharter result;
  Charter& charter = result.charter;
  std::uint8_t version = in.u8();
  charter.place = in.fixed<PlaceId>();
  charter.number = in.u16();
  charter.previous = in.fixed<Hash>();
  charter.threshold = in.u8();
  std::size_t root_count = in.u8();
  if (!in.failed() && version != Charter::kVersion)
    return fail(ErrorCode::kUnsupportedVersion, "charter version " + std::to_string(version));
  if (root_count > kRootKeysMax) return fail(ErrorCode::kBadCharter, "it needs 1 to 7 root keys");
  for (std::size_t i = 0; i < root_count; ++i) charter.roots.push_back(in.fixed<PublicKey>());
  charter.daemon_key = in.fixed<PublicKey>();
  charter.minimum_epoch = in.u64();
  charter.time.ms = in.i64();
  std::size_t signature_count = in.u8();
  if (signature_count > kCharterSignaturesMax) return fail(ErrorCode::kBadCharter, "more than 7 signatures");
  for (std::size_t i = 0; i < signature_count; ++i) {
    auto root = in.fixed<PublicKey>();
    result.signatures.push_back({root, in.fixed<Signature>()});
  }
  if (in.failed()) return fail(ErrorCode::kTruncated, "charter");
  if (auto formed = check_form(charter); !formed) return tl::unexpected(formed.error());
  if (!strictly_ascending(result.signatures, &RootSignature::root))
    return fail(ErrorCode::kBadCharter, "signatures are not distinct and ascending");
  return result;
}

SignedCharter sign(const Charter& charter, std::span<const KeyPair> roots) {
  SignedCharter result{charter, {}};
  Bytes message = signed_message(charter);
  for (const KeyPair& root : roots) result.signatures.push_back({root.public_key(), root.sign(message)});
  std::ranges::sort(result.signatures, {}, &RootSignature::root);
  return result;
}

Result<CharterChain> CharterChain::start(const SignedCharter& genesis) {
  const Charter& charter = genesis.charter;
  if (auto formed = check_form(charter); !formed) return tl::unexpected(formed.error());
  if (charter.number != 0 || !charter.place.is_zero() || !charter.previous.is_zero())
    return fail(ErrorCode::kBadCharter, "the first of a chain must be a genesis");
  if (!genesis.signatures.empty()) return fail(ErrorCode::kBadCharter, "a genesis carries no signature");
  CharterChain chain;
  chain.place_ = place_of_genesis(charter);
  chain.charters_.push_back(genesis);
  return chain;
}

Result<void> CharterChain::extend(const SignedCharter& next) {
  const Charter& charter = next.charter;
  if (charters_.size() >= kChartersMax) return fail(ErrorCode::kTooMany, "charters of one place");
  if (auto formed = check_form(charter); !formed) return formed;
  if (charter.place != place_) return fail(ErrorCode::kBadCharter, "of another place");
  if (charter.number != charters_.size()) return fail(ErrorCode::kBadCharter, "number " + std::to_string(charter.number));
  if (charter.previous != hash_of(latest())) return fail(ErrorCode::kBadCharter, "it does not follow the one before");
  if (charter.minimum_epoch < latest().minimum_epoch) return fail(ErrorCode::kBadCharter, "minimum epoch goes back");
  if (next.signatures.size() > kCharterSignaturesMax || !strictly_ascending(next.signatures, &RootSignature::root))
    return fail(ErrorCode::kBadCharter, "signatures");
  if (signers_among(latest().roots, next.signatures) < latest().threshold)
    return fail(ErrorCode::kBadSignature, "too few of the previous roots signed the charter");
  if (signers_among(charter.roots, next.signatures) < charter.threshold)
    return fail(ErrorCode::kBadSignature, "too few of its own roots signed the charter");
  Bytes message = signed_message(charter);
  for (const RootSignature& entry : next.signatures) {
    bool is_root = std::ranges::binary_search(latest().roots, entry.root) ||
                   std::ranges::binary_search(charter.roots, entry.root);
    if (!is_root || !verify(entry.root, message, entry.signature))
      return fail(ErrorCode::kBadSignature, "charter " + std::to_string(charter.number));
  }
  charters_.push_back(next);
  return {};
}

}  // namespace maillage::protocol
