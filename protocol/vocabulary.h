// Vocabulary: the slugs that an enumerated field may take, each with its French and English label. One file a
// vocabulary in `vocabulary/`; schemas name it with `x-vocabulary`. Slugs are for ever; labels may be reworded.
// Vocabularies bind what is published here; a record from elsewhere with another slug still replicates. Any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.h"

namespace maillage::protocol {

struct VocabularyEntry {
  std::string slug, french, english;
  std::array<std::string, 3> folded;  // the same, as what people type is compared
};

struct Vocabulary {
  std::string name;  // "activities"
  std::string french, english;
  std::vector<VocabularyEntry> entries;  // in the order to show
};

// All of them, ascending by name.
const std::vector<Vocabulary>& vocabularies();

// Null when there is none of that name.
const Vocabulary* find_vocabulary(std::string_view name);

bool known(std::string_view vocabulary, std::string_view slug);

// The label of a slug; the slug itself when it is unknown, so that a newer place's word can still be shown.
std::string_view label(std::string_view vocabulary, std::string_view slug, Language language);

// The slug that was probably meant by `text`: one of its labels, another case, accents, one or two letters off.
std::optional<std::string_view> nearest_slug(std::string_view vocabulary, std::string_view text);

}  // namespace maillage::protocol
