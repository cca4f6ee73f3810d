#include "protocol/vocabulary.h"

#include <set>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "protocol/embedded_files.h"
#include "protocol/path.h"

using namespace maillage::protocol;

TEST_CASE("every entry of every vocabulary has a slug and both labels") {
  REQUIRE(vocabularies().size() >= 20);
  for (const Vocabulary& vocabulary : vocabularies()) {
    INFO(vocabulary.name);
    CHECK_FALSE(vocabulary.french.empty());
    CHECK_FALSE(vocabulary.english.empty());
    CHECK(vocabulary.entries.size() >= 2);
    std::set<std::string> slugs;
    for (const VocabularyEntry& entry : vocabulary.entries) {
      INFO(entry.slug);
      CHECK((vocabulary.name == "licences" || check_path(entry.slug)));
      CHECK_FALSE(entry.french.empty());
      CHECK_FALSE(entry.english.empty());
      CHECK(slugs.insert(entry.slug).second);
    }
  }
}

TEST_CASE("every vocabulary is used by a schema") {
  for (const Vocabulary& vocabulary : vocabularies()) {
    bool used = false;
    for (const EmbeddedFile& file : embedded_files())
      used = used || file.text.find("\"" + vocabulary.name + "\"") != std::string_view::npos;
    INFO(vocabulary.name);
    CHECK(used);
  }
}

TEST_CASE("a label is in the language asked, and an unknown slug is its own label") {
  CHECK(label("stages", "open", Language::kFrench) == "Ouvert");
  CHECK(label("stages", "open", Language::kEnglish) == "Open");
  CHECK(label("stages", "haunted", Language::kFrench) == "haunted");
  CHECK(label("no-such-vocabulary", "open", Language::kFrench) == "open");
  CHECK(known("activities", "fablab"));
  CHECK_FALSE(known("activities", "fab lab"));
  CHECK_FALSE(known("no-such-vocabulary", "fablab"));
}

TEST_CASE("the slug that was meant is found from labels, case, accents and slips") {
  CHECK(nearest_slug("activities", "Fab lab") == "fablab");
  CHECK(nearest_slug("activities", "Médiation numérique") == "digital-mediation");
  CHECK(nearest_slug("activities", "coworkng") == "coworking");
  CHECK(nearest_slug("stages", "Ouvert") == "open");
  CHECK_FALSE(nearest_slug("activities", "zeppelin"));
  CHECK_FALSE(nearest_slug("activities", std::string(10'000, 'a')));
  CHECK_FALSE(nearest_slug("no-such-vocabulary", "a"));
}
