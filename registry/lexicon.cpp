#include "registry/lexicon.h"

namespace maillage::registry {
namespace {

constexpr std::size_t kSlotsMin = 64;

}  // namespace

const Word& Lexicon::word(std::string_view letters) {
  if (2 * (words_.size() + 1) > slots_.size()) grow();
  std::uint64_t hash = word_hash(letters);
  Slot& slot = slot_of(hash, letters);
  if (!slot.word) {
    words_.push_back(make_word(letters));
    words_.back().number = static_cast<std::uint32_t>(words_.size() - 1);
    slot = {hash, &words_.back()};
  }
  return *slot.word;
}

Lexicon::Slot& Lexicon::slot_of(std::uint64_t hash, std::string_view letters) {
  std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (!slot.word || (slot.hash == hash && slot.word->letters == letters)) return slot;
  }
}

void Lexicon::grow() {
  std::vector<Slot> old(std::max(kSlotsMin, 2 * slots_.size()));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.word) slot_of(slot.hash, slot.word->letters) = slot;
  }
}

void Lexicon::clear() {
  slots_.clear();
  words_.clear();
}

}  // namespace maillage::registry
