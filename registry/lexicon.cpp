#include "registry/lexicon.h"

#include <bit>

#include "protocol/error.h"
#include "registry/word_hash.h"

namespace maillage::registry {
namespace {

constexpr std::size_t kSlotsMin = 64;

}  // namespace

template <class Make>
std::optional<MetWord> Lexicon::find_or_make(Table& table, std::string_view key, Make make) {
  if (2 * (table.taken + 1u) > table.slots.size()) table.grow();
  auto name = word_name(key);
  Slot& slot = table.slot_of(name);
  if (slot.met == kFree) {
    protocol::check(size_ < MetWord::kNumbersMax, "more words than a lexicon can number");
    auto& chunk = chunks_[static_cast<std::size_t>(std::bit_width(size_ / kFirstChunk + 1)) - 1];
    if (!chunk) chunk = std::make_unique<Word[]>(static_cast<std::size_t>(size_) + kFirstChunk);
    Word& word = room(size_);
    word = make();
    slot = {name[0], static_cast<std::uint32_t>(name[1]), MetWord(size_, word).packed()};
    ++size_;
    ++table.taken;
  }
  auto met = MetWord::unpack(slot.met);
  return met.empty() ? std::nullopt : std::optional(met);
}

std::optional<MetWord> Lexicon::meet(std::string_view letters) {
  return find_or_make(words_, letters, [&] { return make_word(letters); });
}

std::optional<MetWord> Lexicon::meet_joined(MetWord first, MetWord second) {
  std::array<char, 8> key;
  for (std::size_t i = 0; i < 4; ++i) {
    key[i] = static_cast<char>(first.number() >> 8 * i);
    key[4 + i] = static_cast<char>(second.number() >> 8 * i);
  }
  return find_or_make(joined_, {key.data(), key.size()}, [&] {
    Word word;
    word.folded = at(first).folded + at(second).folded;
    if (word.folded.size() > kWordBytesMax) word.folded.clear();
    return word;
  });
}

// Chunk k begins at word kFirstChunk * (2^k - 1).
Word& Lexicon::room(std::uint32_t number) const {
  auto chunk = static_cast<std::size_t>(std::bit_width(number / kFirstChunk + 1)) - 1;
  return chunks_[chunk][number - kFirstChunk * ((1u << chunk) - 1)];
}

Lexicon::Slot& Lexicon::Table::slot_of(const std::array<std::uint64_t, 2>& name) {
  std::size_t mask = slots.size() - 1;
  for (std::size_t at = name[0] & mask;; at = (at + 1) & mask) {
    Slot& slot = slots[at];
    if (slot.met == kFree || (slot.name == name[0] && slot.name_rest == static_cast<std::uint32_t>(name[1]))) return slot;
  }
}

void Lexicon::Table::grow() {
  std::vector<Slot> old(std::max(kSlotsMin, 2 * slots.size()));
  old.swap(slots);
  for (const Slot& slot : old) {
    if (slot.met != kFree) slot_of({slot.name, slot.name_rest}) = slot;
  }
}

void Lexicon::clear() {
  words_ = {};
  joined_ = {};
  for (auto& chunk : chunks_) chunk.reset();
  size_ = 0;
}

}  // namespace maillage::registry
