// word_hash: a hash of words under a key that is new in each run of the program. Rationale: the words come from anybody,
// and words that were made to collide would turn every look-up into a walk. About 20 ns (SipHash-2-4). Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace maillage::registry {

std::uint64_t word_hash(std::string_view word);

// 128 bits: under a key that nobody knows two words have the same with a chance below 10⁻²⁰ for a billion words, so that
// this may stand for the word.
std::array<std::uint64_t, 2> word_name(std::string_view word);

// For std::unordered_map, with std::equal_to<>: looks up by view.
struct WordHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view word) const { return word_hash(word); }
};

}  // namespace maillage::registry
