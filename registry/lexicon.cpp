#include "registry/lexicon.h"

#include <bit>

#include "protocol/error.h"
#include "registry/word_hash.h"

namespace maillage::registry {
namespace {

constexpr std::size_t kSlotsMin = 64;

}  // namespace

template <class Make>
std::optional<MetWord> Lexicon::find_or_make(Table& table, const Name& name, Make make) {
  if (2 * (table.taken + 1u) > table.slots.size()) table.grow();
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
  return find_or_make(words_, word_name(letters), [&] { return make_word(letters); });
}

void Lexicon::meet_all(const std::vector<std::string_view>& letters, std::size_t most, std::vector<MetWord>& words) {
  names_.clear();
  for (std::string_view each : letters) words_.fetch(names_.emplace_back(word_name(each)));
  for (std::size_t i = 0; i < letters.size() && words.size() < most; ++i)
    if (auto word = find_or_make(words_, names_[i], [&] { return make_word(letters[i]); })) words.push_back(*word);
}

namespace {

std::array<char, 8> key_of(MetWord first, MetWord second) {
  std::array<char, 8> key;
  for (std::size_t i = 0; i < 4; ++i) {
    key[i] = static_cast<char>(first.number() >> 8 * i);
    key[4 + i] = static_cast<char>(second.number() >> 8 * i);
  }
  return key;
}

}  // namespace

void Lexicon::meet_joined(const std::vector<MetWord>& neighbours, std::vector<MetWord>& joined) {
  names_.clear();
  for (std::size_t i = 0; i + 1 < neighbours.size(); ++i) {
    auto key = key_of(neighbours[i], neighbours[i + 1]);
    joined_.fetch(names_.emplace_back(word_name({key.data(), key.size()})));
  }
  for (std::size_t i = 0; i + 1 < neighbours.size(); ++i) {
    auto found = find_or_make(joined_, names_[i], [&] {
      Word word;
      word.folded = at(neighbours[i]).folded + at(neighbours[i + 1]).folded;
      if (word.folded.size() > kWordBytesMax) word.folded.clear();
      return word;
    });
    if (found) joined.push_back(*found);
  }
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

std::optional<MetWord> Lexicon::meet_joined(MetWord first, MetWord second) {
  std::vector<MetWord> joined;
  meet_joined({first, second}, joined);
  return joined.empty() ? std::nullopt : std::optional(joined.front());
}

void Lexicon::Table::fetch(const Name& name) const {
  if (!slots.empty()) __builtin_prefetch(&slots[name[0] & (slots.size() - 1)]);
}

void Lexicon::Table::grow() {
  std::vector<Slot> old(std::max(kSlotsMin, 2 * slots.size()));
  old.swap(slots);
  for (const Slot& slot : old) {
    if (slot.met != kFree) slot_of({slot.name, slot.name_rest}) = slot;
  }
}

const std::vector<MetWord>& Lexicon::words_of_label(const std::string& key, const std::function<std::vector<MetWord>()>& words_of) {
  auto found = labels_.find(key);
  return found != labels_.end() ? found->second : labels_.emplace(key, words_of()).first->second;
}

void Lexicon::clear() {
  words_ = {};
  joined_ = {};
  labels_.clear();
  for (auto& chunk : chunks_) chunk.reset();
  size_ = 0;
}

}  // namespace maillage::registry
