#include "protocol/chain_rule.h"

#include <algorithm>

namespace maillage::protocol {
namespace {

// By the names of the signers; whether they signed, CharterChain knows.
bool bears(const SignedCharter& charter, const Charter& trusted) {
  auto signers = std::ranges::count_if(charter.signatures, [&](const RootSignature& entry) {
    return std::ranges::binary_search(trusted.roots, entry.root);
  });
  return signers >= trusted.threshold;
}

bool is_brought_over(const CharterChain& known, std::span<const SignedCharter> charters) {
  return std::ranges::any_of(charters, [&](const SignedCharter& each) {
    return each.charter.number >= known.size() && bears(each, known.latest());
  });
}

// The charters before this number. > 0.
Result<CharterChain> beginning_of(const CharterChain& known, std::uint16_t end) {
  auto chain = CharterChain::start(known.at(0));
  for (std::uint16_t number = 1; chain && number < end; ++number)
    if (auto extended = chain->extend(known.at(number)); !extended) return tl::unexpected(extended.error());
  return chain;
}

}  // namespace

std::uint16_t common_length(const CharterChain& a, const CharterChain& b) {
  std::uint16_t shorter = std::min(a.size(), b.size());
  // Each carries the hash of the one before it.
  if (a.at(static_cast<std::uint16_t>(shorter - 1)).charter == b.at(static_cast<std::uint16_t>(shorter - 1)).charter) return shorter;
  std::uint16_t length = 0;
  while (length < shorter && a.at(length).charter == b.at(length).charter) ++length;
  return length;
}

bool agree(const CharterChain& a, const CharterChain& b, std::uint16_t number) {
  return number < a.size() && number < b.size() && a.at(number).charter == b.at(number).charter;
}

bool may_replace(const CharterChain& known, const CharterChain& next) {
  if (common_length(known, next) == std::min(known.size(), next.size())) return true;
  return known.place() == next.place() && is_brought_over(known, next.charters());
}

Result<CharterChain> replace_from(const CharterChain& known, std::span<const SignedCharter> charters) {
  if (charters.empty() || !is_brought_over(known, charters)) return fail(ErrorCode::kOtherChain, known.place().hex());
  std::uint16_t first = charters.front().charter.number;
  if (first == 0) return fail(ErrorCode::kOtherChain, known.place().hex());
  auto chain = beginning_of(known, first);
  if (!chain) return chain;
  for (const SignedCharter& charter : charters)
    if (auto extended = chain->extend(charter); !extended) return tl::unexpected(extended.error());
  return chain;
}

std::optional<CharterFork> charter_fork(const CharterChain& known, std::span<const SignedCharter> charters) {
  auto leaves = [&](const SignedCharter& each) {
    std::uint16_t number = each.charter.number;
    return number > 0 && number < known.size() && !(each.charter == known.at(number).charter);
  };
  auto other = std::ranges::find_if(charters, leaves);
  if (other == charters.end()) return std::nullopt;
  auto chain = beginning_of(known, other->charter.number);
  if (!chain || !chain->extend(*other)) return std::nullopt;
  return CharterFork{known.at(other->charter.number), *other};
}

}  // namespace maillage::protocol
