#include "registry/handover.h"

#include <algorithm>
#include <utility>

#include "protocol/limits.h"
#include "registry/renewal.h"

namespace maillage::registry {
namespace {

using namespace protocol;

constexpr std::string_view kMark = "maillage-place-1\n";
constexpr std::string_view kSuccessorMark = "MAILLAGE-SUCCESSOR-";

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}

bool holds(const std::vector<PublicKey>& roots, const PublicKey& root) { return std::ranges::find(roots, root) != roots.end(); }

}  // namespace

std::string Successor::text() const { return std::string(kSuccessorMark) + daemon_key.hex() + root.hex(); }

Result<Successor> Successor::parse(std::string_view text) {
  text = trimmed(text);
  std::size_t digits = 2 * PublicKey::kSize;
  if (!text.starts_with(kSuccessorMark)) return fail(ErrorCode::kBadSuccessor, "");
  text.remove_prefix(kSuccessorMark.size());
  auto cut = [&] {
    auto right = std::ranges::count_if(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    return fail(ErrorCode::kSuccessorCut, std::to_string(right) + (std::cmp_equal(right, text.size()) ? "" : " / " + std::to_string(text.size())));
  };
  if (text.size() != 2 * digits) return cut();
  auto daemon_key = PublicKey::parse(text.substr(0, digits)), root = PublicKey::parse(text.substr(digits));
  if (!daemon_key || !root) return cut();
  return Successor{*daemon_key, *root};
}

Bytes encode(const Handover& handover) {
  Writer out(handover.pack.size() + 4096);
  out.text(kMark).u16(static_cast<std::uint16_t>(handover.charters.size()));
  for (const SignedCharter& charter : handover.charters) write(out, charter);
  write(out, handover.head);
  out.u8(handover.next ? 1 : 0);
  if (handover.next) write(out, *handover.next);
  out.raw(handover.pack);
  return std::move(out).take();
}

Result<Handover> decode_handover(ByteView bytes) {
  Reader in(bytes);
  if (as_text(in.take(kMark.size())) != kMark) return fail(ErrorCode::kBadHandover, "");
  Handover handover;
  std::size_t charters = in.u16();
  if (charters > kChartersMax) return fail(ErrorCode::kTooMany, "charters");
  for (std::size_t i = 0; i < charters; ++i) {
    auto charter = read_signed_charter(in);
    if (!charter) return tl::unexpected(charter.error());
    handover.charters.push_back(std::move(*charter));
  }
  auto head = read_signed_head(in);
  if (!head) return tl::unexpected(head.error());
  handover.head = *head;
  std::uint8_t follows = in.u8();
  if (follows > 1) return fail(ErrorCode::kBadHandover, "");
  if (follows == 1) {
    auto next = read_signed_charter(in);
    if (!next) return tl::unexpected(next.error());
    handover.next = std::move(*next);
  }
  ByteView pack = in.rest();
  handover.pack.assign(pack.begin(), pack.end());
  if (auto done = in.finish("handover"); !done) return tl::unexpected(done.error());
  return handover;
}

Result<SignedCharter> charter_for(const Successor& successor, const CharterChain& chain, const std::vector<RecoverySheet>& sheets,
                                  const std::vector<PublicKey>& leaving, UnixTime now) {
  const Charter& latest = chain.latest();
  std::vector<KeyPair> signers;
  for (const RecoverySheet& sheet : sheets)
    for (const KeyPair& root : roots_held(sheet, latest)) signers.push_back(root);
  std::ranges::sort(signers, {}, &KeyPair::public_key);
  auto twice = std::ranges::unique(signers, {}, &KeyPair::public_key);
  signers.erase(twice.begin(), twice.end());
  if (signers.size() < latest.threshold) return fail(ErrorCode::kWrongSheet, "");
  Charter next = latest;
  next.place = chain.place();
  next.number = chain.size();
  next.previous = hash_of(latest);
  next.daemon_key = successor.daemon_key;
  next.time = now;
  if (holds(leaving, successor.root) || !holds(latest.roots, successor.root)) {
    next.threshold = 1;
    next.roots = {successor.root};
    // Trustees go with the roots that they stood beside: one of them alone must not suffice.
    bool shared = latest.threshold > 1;
    for (const PublicKey& root : latest.roots)
      if (!shared && !holds(leaving, root) && !holds(next.roots, root) && next.roots.size() < kRootKeysMax) next.roots.push_back(root);
    std::ranges::sort(next.roots);
  }
  return sign(next, signers);
}

SignedCharter also_signed(const SignedCharter& charter, const KeyPair& root) {
  SignedCharter own = sign(charter.charter, std::span(&root, 1)), both = charter;
  std::erase_if(both.signatures, [&](const RootSignature& each) { return each.root == root.public_key(); });
  both.signatures.push_back(own.signatures.front());
  std::ranges::sort(both.signatures, {}, &RootSignature::root);
  return both;
}

}  // namespace maillage::registry
