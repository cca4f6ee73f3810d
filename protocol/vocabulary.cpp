#include "protocol/vocabulary.h"

#include <algorithm>
#include <numeric>

#include <boost/json/parse.hpp>

#include "protocol/embedded_files.h"
#include "protocol/path.h"

namespace maillage::protocol {
namespace {

constexpr std::string_view kFolder = "vocabulary/";
constexpr std::string_view kEnding = ".json";

std::string text_of(const boost::json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

std::string folded(std::string_view text) {
  std::string without_slashes(text);
  std::replace(without_slashes.begin(), without_slashes.end(), '/', '-');
  return suggest_path(without_slashes).value_or("");
}

// The files are our own, checked by a test: a malformed one throws here, in that test.
Vocabulary read_vocabulary(const EmbeddedFile& file) {
  boost::json::value root = boost::json::parse(file.text);
  const auto& title = root.at("title").as_object();
  std::string_view name = file.path.substr(kFolder.size());
  name.remove_suffix(kEnding.size());
  Vocabulary vocabulary{std::string(name), text_of(title, "fr"), text_of(title, "en"), {}};
  for (const auto& entry : root.at("entries").as_object()) {
    const auto& labels = entry.value().as_object();
    std::string slug(entry.key()), french = text_of(labels, "fr"), english = text_of(labels, "en");
    vocabulary.entries.push_back({slug, french, english, {folded(slug), folded(french), folded(english)}});
  }
  return vocabulary;
}

std::vector<Vocabulary> read_all() {
  std::vector<Vocabulary> all;
  for (const EmbeddedFile& file : embedded_files())
    if (file.path.starts_with(kFolder)) all.push_back(read_vocabulary(file));
  return all;
}

const VocabularyEntry* find_entry(std::string_view vocabulary, std::string_view slug) {
  const Vocabulary* found = find_vocabulary(vocabulary);
  if (!found) return nullptr;
  auto at = std::find_if(found->entries.begin(), found->entries.end(), [&](const auto& e) { return e.slug == slug; });
  return at == found->entries.end() ? nullptr : &*at;
}

// Levenshtein's distance, by bytes: both texts are folded to ASCII and short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      std::size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const std::vector<Vocabulary>& vocabularies() {
  static const std::vector<Vocabulary> all = read_all();
  return all;
}

const Vocabulary* find_vocabulary(std::string_view name) {
  for (const Vocabulary& vocabulary : vocabularies())
    if (vocabulary.name == name) return &vocabulary;
  return nullptr;
}

bool known(std::string_view vocabulary, std::string_view slug) { return find_entry(vocabulary, slug) != nullptr; }

std::string_view label(std::string_view vocabulary, std::string_view slug, Language language) {
  const VocabularyEntry* entry = find_entry(vocabulary, slug);
  if (!entry) return slug;
  return language == Language::kFrench ? entry->french : entry->english;
}

std::optional<std::string_view> nearest_slug(std::string_view name, std::string_view text) {
  const Vocabulary* vocabulary = find_vocabulary(name);
  std::string wanted = text.size() <= 64 ? folded(text) : "";
  if (!vocabulary || wanted.empty()) return std::nullopt;
  std::size_t allowed = wanted.size() < 5 ? 1 : 2;
  const VocabularyEntry* best = nullptr;
  std::size_t best_distance = allowed + 1;
  for (const VocabularyEntry& entry : vocabulary->entries)
    for (const std::string& word : entry.folded)
      if (std::size_t d = distance(wanted, word); d < best_distance) {
        best = &entry;
        best_distance = d;
      }
  if (!best) return std::nullopt;
  return best->slug;
}

}  // namespace maillage::protocol
