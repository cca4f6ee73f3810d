// The known word nearest to a misspelt one: "did you mean …?". Any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace maillage::protocol {

// Letters added, left out or exchanged to make one word of the other (Levenshtein), in bytes. Cost: |a| × |b|.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate with the smallest edit distance to `word`, or an empty view when none is within a third of the
// word's length (at least 2): a far-fetched suggestion is worse than none. Cost: |word| × |candidate| each; words
// over 64 bytes get no suggestion.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace maillage::protocol
