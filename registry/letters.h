// Letters: UTF-8 text as the lower-case words that stand in it, before anything is known about words (text.h).
//
// Rationale for the table inside: nearly all text here is Latin letters below U+0250, whose case folding depends on no
// neighbour; only other text needs a Unicode library for the whole of it. Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace maillage::registry {

// The text without case and accents, in ASCII where Latin: "Événements" → "evenements".
std::string fold(std::string_view utf8);

// One run of letters and digits, case folded (NFKC), accents kept; what follows it is an apostrophe or not.
using VisitLetters = std::function<void(const std::string& letters, bool apostrophe)>;
void each_word(std::string_view utf8, const VisitLetters& visit);

// A word of `each_word` without accents, œ as oe.
std::string without_accents(const std::string& letters);

// The same word with accents, œ as oe: what a French stemmer expects.
std::string with_oe(std::string letters);

bool is_ascii(std::string_view text);

}  // namespace maillage::registry
