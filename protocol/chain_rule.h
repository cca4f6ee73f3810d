// The one rule by which a node leaves a chain of charters for another. PROTOCOL.md §3.
//
// The chain accepted first stays, but for one that has a charter of higher number which the threshold of the roots trusted now
// signed too. Rationale: whoever holds those roots may name the next daemon anyway; so an owner who signed two charters by
// mistake brings both halves of the network together with one more, and a thief of older roots brings over nobody. Pure.
#pragma once

#include <optional>

#include "protocol/charter.h"

namespace maillage::protocol {

// How many charters at the beginning are the same.
std::uint16_t common_length(const CharterChain& a, const CharterChain& b);

// Whether they have the same charter of that number: then one key signed for both there, and two heads of it can conflict.
bool agree(const CharterChain& a, const CharterChain& b, std::uint16_t number);

// Whether `next` continues `known`, or replaces it by the rule.
bool may_replace(const CharterChain& known, const CharterChain& next);

// The chain that leaves `known` at the first of `charters`, which differs from known's of that number. kOtherChain when the rule
// is against it, told from the names of the signers before any signature is looked at; what CharterChain::extend gives.
Result<CharterChain> replace_from(const CharterChain& known, std::span<const SignedCharter> charters);

// Two charters of one place with one parent, each signed as §3 wants: its owner signed twice, or a thief of its roots did.
struct CharterFork {
  SignedCharter kept, other;  // `kept` is of the chain that we follow
  bool operator==(const CharterFork&) const = default;
};

// The first of `charters` that leaves `known`, when it is such a one: nobody can make that up. Checks the chain up to it again.
std::optional<CharterFork> charter_fork(const CharterChain& known, std::span<const SignedCharter> charters);

}  // namespace maillage::protocol
