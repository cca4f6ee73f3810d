#include "registry/lexicon.h"
#include "registry/text.h"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

using namespace maillage::registry;

namespace {

std::vector<Word> record_words(std::string_view text) {
  Lexicon lexicon;
  std::vector<Word> words;
  for (MetWord word : words_of_record(lexicon, text)) words.push_back(lexicon.at(word));
  return words;
}

// Whether a question would meet a text by a whole word or a stem, as the index does; every word must.
bool finds(std::string_view question, std::string_view text) {
  auto in_text = record_words(text);
  auto asked = words_of_question(question);
  return std::all_of(asked.begin(), asked.end(), [&](const Word& word) {
    return std::any_of(in_text.begin(), in_text.end(), [&](const Word& other) {
      bool stem = std::find_first_of(word.stems.begin(), word.stems.end(), other.stems.begin(), other.stems.end()) !=
                  word.stems.end();
      return stem || word.folded == other.folded;
    });
  });
}

std::vector<std::string> folded(const std::vector<Word>& words) {
  std::vector<std::string> out;
  for (const auto& word : words) out.push_back(word.folded);
  return out;
}

}  // namespace

TEST_CASE("accents and plurals are forgiven together") {
  CHECK(finds("evenement", "Les événements de décembre"));
  CHECK(finds("ÉVÉNEMENTS", "un evenement"));
  CHECK(finds("mediatheque", "Médiathèques"));
  CHECK(finds("réparer", "atelier où l'on répare"));
  CHECK(finds("repare", "réparée"));
  CHECK(finds("tiers lieu", "Les tiers-lieux"));
  CHECK(finds("tiers-lieux", "un tiers-lieu"));
  CHECK(finds("jeu", "des jeux"));
  CHECK_FALSE(finds("evenement", "éventail"));
}

TEST_CASE("oe is found however it is written") {
  CHECK(finds("oeuvre", "Chefs-d'œuvre"));
  CHECK(finds("œuvres", "une oeuvre"));
  CHECK(finds("coeur", "Cœur de Ville"));
  CHECK(fold("CŒUR") == "coeur");
  CHECK(fold("Ex Æquo") == "ex aequo");
}

TEST_CASE("elisions do not hide a word") {
  CHECK(finds("atelier", "l'atelier"));
  CHECK(finds("l’atelier", "atelier"));
  CHECK(finds("entraide", "point d’entraide"));
  CHECK(finds("elle", "ce qu'elle fait"));
  CHECK(folded(words_of_question("l'École d’Art qu'on aime")) == std::vector<std::string>{"ecole", "art", "on", "aime"});
  CHECK(folded(words_of_question("aujourd'hui")) == std::vector<std::string>{"aujourd", "hui"});
}

TEST_CASE("saint and st are one word") {
  CHECK(finds("St Etienne", "Saint-Étienne"));
  CHECK(finds("saint-étienne", "ST-ETIENNE"));
  CHECK(finds("Ste Foy", "Sainte-Foy"));
}

TEST_CASE("fab lab, fablab and fab-lab find each other") {
  for (std::string_view question : {"fab lab", "fablab", "fab-lab", "FabLabs", "fab labs"}) {
    for (std::string_view text : {"un fab lab", "un fablab", "un Fab-Lab", "les FabLabs", "des fab-labs"}) {
      INFO(question << " in " << text);
      CHECK(finds(question, text));
    }
  }
  CHECK(finds("co-working", "espace de coworking"));
  CHECK_FALSE(finds("fablab", "lab de fabrication"));
}

TEST_CASE("words that carry no sense do not prevent a match, alone they count") {
  CHECK(finds("atelier de la ville", "Atelier, ville"));
  CHECK(folded(words_of_question("la")) == std::vector<std::string>{"la"});
}

TEST_CASE("one typo at most is one insertion, deletion, substitution or swap") {
  CHECK(within_one_typo("roubaix", "roubaix"));
  CHECK(within_one_typo("roubaix", "roubai"));
  CHECK(within_one_typo("roubaix", "rroubaix"));
  CHECK(within_one_typo("roubaix", "roubeix"));
  CHECK(within_one_typo("roubaix", "ruobaix"));
  CHECK(within_one_typo("roubaix", "roubaxi"));
  CHECK_FALSE(within_one_typo("roubaix", "ruobiax"));
  CHECK_FALSE(within_one_typo("roubaix", "rouba"));
  CHECK_FALSE(within_one_typo("roubaix", "roubeux"));
}

TEST_CASE("names sort as in a French dictionary") {
  CHECK(name_key("atelier") < name_key("École"));
  CHECK(name_key("École") < name_key("Fabrique"));
  CHECK(name_key("côte") < name_key("coter"));
  CHECK(name_key("Zoé") > name_key("œuvre"));
  CHECK(name_key(std::string(10'000, 'a')).size() == kNameKeyBytes);
}

TEST_CASE("broken UTF-8, endless words and other scripts are text too") {
  CHECK(record_words("\xff\xfe caf\xc3").size() >= 1);
  CHECK(record_words(std::string(100'000, 'x')).front().folded.size() <= kWordBytesMax);
  std::string long_text;
  for (int i = 0; i < 20'000; ++i) long_text += "mot ";
  CHECK(record_words(long_text).size() <= 3 * kWordsMax);
  CHECK(record_words("Ατελιέ мастерская").size() == 2);
  CHECK(record_words("").empty());
  CHECK(record_words("—…’'").empty());
}

TEST_CASE("Latin letters are folded the same with and without letters of other scripts beside them") {
  for (char32_t c = 1; c < 0x300; ++c) {
    std::string letter;
    if (c < 0x80) letter = {static_cast<char>(c)};
    else letter = {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f))};
    std::string text = "Caf" + letter + "s l" + letter + "atelier\u2019s \u2014 d\u2019Art\u2026";
    INFO(text);
    auto alone = folded(record_words(text)), beside = folded(record_words(text + " Ω"));
    REQUIRE(beside.back() == "ω");
    beside.pop_back();
    CHECK(alone == beside);
  }
}

TEST_CASE("a lexicon gives the same word for the same letters and another for any other, and stays so as it grows") {
  Lexicon lexicon;
  const Word* first = &lexicon.at(*lexicon.meet("réparées"));
  CHECK(first->stems.size() == 2);
  std::set<const Word*> others;
  for (int i = 0; i < 40'000; ++i) others.insert(&lexicon.at(*lexicon.meet("mot" + std::to_string(i))));
  CHECK(others.size() == 40'000);
  CHECK(&lexicon.at(*lexicon.meet("réparées")) == first);
  CHECK(lexicon.meet("réparées")->number() == 0);
  CHECK(lexicon.meet("mot39999")->number() == 40'000);
  lexicon.clear();
  CHECK(lexicon.size() == 0);
  CHECK(lexicon.meet("mot7")->number() == 0);
}

TEST_CASE("a lexicon keeps two neighbours as one word without stems, another than the same letters in one") {
  Lexicon lexicon;
  auto ar = *lexicon.meet("ar"), lab = *lexicon.meet("lab"), arlab = *lexicon.meet("arlab");
  auto joined = lexicon.meet_joined(ar, lab);
  REQUIRE(joined);
  CHECK(joined->number() != arlab.number());
  CHECK(lexicon.at(*joined).folded == "arlab");
  CHECK(lexicon.at(*joined).stems.empty());
  CHECK(lexicon.meet_joined(ar, lab)->number() == joined->number());
  CHECK(lexicon.at(*lexicon.meet_joined(lab, ar)).folded == "labar");
  auto half = *lexicon.meet(std::string(40, 'a'));
  CHECK_FALSE(lexicon.meet_joined(half, half));
}
