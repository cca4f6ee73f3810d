#include "protocol/error.h"

#include <algorithm>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include <cerrno>
#include <future>

using namespace maillage::protocol;

namespace {

struct Row {
  ErrorCode code;
  std::string slug, french, english;
};

const std::vector<Row> kRows{
#define MAILLAGE_ERROR(code, slug, french, english) {ErrorCode::code, slug, french, english},
#include "protocol/error_list.h"
#undef MAILLAGE_ERROR
};

std::size_t blanks_in(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find("{}"); at != std::string::npos; at = text.find("{}", at + 2)) ++count;
  return count;
}

}  // namespace

TEST_CASE("every code has a slug of its own, in lower case with hyphens, that finds it again") {
  std::set<std::string> slugs;
  for (const Row& row : kRows) {
    CAPTURE(row.slug);
    CHECK(slugs.insert(row.slug).second);
    CHECK_FALSE(row.slug.empty());
    CHECK(std::ranges::all_of(row.slug, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }));
    CHECK(slug(row.code) == row.slug);
    CHECK(code_of_slug(row.slug) == row.code);
  }
  CHECK(code_of_slug("no-such-error") == ErrorCode::kMalformed);
}

TEST_CASE("every error has one sentence in each language, with the same place for its context") {
  for (const Row& row : kRows) {
    CAPTURE(row.slug);
    CHECK_FALSE(row.french.empty());
    CHECK_FALSE(row.english.empty());
    CHECK(row.french != row.english);
    CHECK(blanks_in(row.french) == blanks_in(row.english));
    CHECK(blanks_in(row.french) <= 1);
  }
}

TEST_CASE("French puts a space before a colon, English none") {
  for (const Row& row : kRows) {
    CAPTURE(row.slug);
    for (std::size_t at = row.french.find(": "); at != std::string::npos; at = row.french.find(": ", at + 1)) {
      bool plain = at >= 1 && row.french[at - 1] == ' ';
      bool narrow = at >= 3 && row.french.substr(at - 3, 3) == "\u202f";
      bool no_break = at >= 2 && row.french.substr(at - 2, 2) == "\u00a0";
      CHECK((plain || narrow || no_break));
    }
    CHECK(row.english.find(" :") == std::string::npos);
  }
}

TEST_CASE("a sentence carries its context as it is") {
  Error error{ErrorCode::kNotFound, "a {} b"};
  CHECK(sentence(error, Language::kEnglish) == "not found: a {} b");
  CHECK(sentence(error, Language::kFrench) == "introuvable : a {} b");
}

TEST_CASE("what the system answered is told in our words, and otherwise by its name, never in its language") {
  auto told = [](int number) { return sentence(system_error({number, std::generic_category()}, "x"), Language::kFrench); };
  CHECK(told(ENOENT) == "introuvable : x");
  CHECK(told(EACCES) == "accès refusé : x");
  CHECK(told(ETIMEDOUT) == "délai dépassé : x");
  CHECK(told(EIO) == "erreur de lecture ou d'écriture : x (EIO)");
  auto other = std::make_error_code(std::future_errc::no_state);
  CHECK(system_error(other, "x").context == "x (future:" + std::to_string(other.value()) + ")");
}
