#include "registry/import/note.h"

#include <array>

namespace maillage::registry {
namespace {

struct Words {
  std::string_view slug;
  NoteEffect effect;
  std::string_view french, english;
};

constexpr auto kWords = std::to_array<Words>({
#define MAILLAGE_NOTE(code, slug, effect, french, english) {slug, NoteEffect::effect, french, english},
#include "registry/import/note_list.h"
#undef MAILLAGE_NOTE
});

const Words& words_of(NoteCode code) { return kWords[static_cast<std::size_t>(code)]; }

}  // namespace

std::string_view slug(NoteCode code) { return words_of(code).slug; }

std::string_view slug(NoteEffect effect) {
  switch (effect) {
    case NoteEffect::kRefused: return "refused";
    case NoteEffect::kRepaired: return "repaired";
    case NoteEffect::kLeftOut: return "left-out";
    case NoteEffect::kKept: return "kept";
  }
  return "";
}

NoteEffect effect_of(NoteCode code) { return words_of(code).effect; }

std::string_view sentence(NoteCode code, protocol::Language language) {
  return language == protocol::Language::kFrench ? words_of(code).french : words_of(code).english;
}

}  // namespace maillage::registry
