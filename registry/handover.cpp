#include "registry/handover.h"

#include <algorithm>
#include <utility>

#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "registry/renewal.h"

namespace maillage::registry {
namespace {

using namespace protocol;

constexpr std::string_view kMark = "maillage-place-1\n";
constexpr std::string_view kSuccessorMark = "MAILLAGE-SUCCESSOR-";

constexpr std::size_t kCodeBytesMax = 4'096;  // of what is read as a code, blanks and all
constexpr std::size_t kCheckDigits = 8;  // one mistyped code in four thousand million is not found

// As people copy it: in upper case, in groups, over two lines.
std::string without_blanks_or_case(std::string_view text) {
  std::string plain;
  for (char c : text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') plain.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  return plain;
}

std::string check_digits(std::string_view digits) {
  return sha256({as_bytes(kSuccessorMark), as_bytes(digits)}).hex().substr(0, kCheckDigits);
}

bool holds(const std::vector<PublicKey>& roots, const PublicKey& root) { return std::ranges::find(roots, root) != roots.end(); }

}  // namespace

std::string Successor::text() const {
  std::string digits = daemon_key.hex() + root.hex();
  return std::string(kSuccessorMark) + digits + check_digits(digits);
}

Result<Successor> Successor::parse(std::string_view given) {
  if (given.size() > kCodeBytesMax) return fail(ErrorCode::kBadSuccessor, "");
  std::string plain = without_blanks_or_case(given), mark = without_blanks_or_case(kSuccessorMark);
  std::string_view text = plain;
  constexpr std::size_t digits = 2 * PublicKey::kSize;
  if (!text.starts_with(mark)) return fail(ErrorCode::kBadSuccessor, "");
  text.remove_prefix(mark.size());
  constexpr std::size_t whole = 2 * digits + kCheckDigits;
  auto cut = [&] {
    auto right = std::ranges::count_if(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    return fail(ErrorCode::kSuccessorCut, " (" + std::to_string(right) + " / " + std::to_string(whole) + ")");
  };
  bool checked = text.size() == whole;
  if (!checked && text.size() != 2 * digits) return cut();
  auto daemon_key = PublicKey::parse(text.substr(0, digits)), root = PublicKey::parse(text.substr(digits, digits));
  if (!daemon_key || !root || !from_hex(text)) return cut();
  if (checked && text.substr(2 * digits) != check_digits(text.substr(0, 2 * digits))) return fail(ErrorCode::kSuccessorCut, "");
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
