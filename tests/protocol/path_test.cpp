#include "protocol/path.h"

#include <catch2/catch.hpp>

#include "protocol/limits.h"

using namespace maillage::protocol;

namespace {
ErrorCode refusal(std::string_view path) {
  auto checked = check_path(path);
  INFO(path);
  REQUIRE_FALSE(checked);
  return checked.error().code;
}
}  // namespace

TEST_CASE("paths of the grammar are accepted") {
  for (std::string_view path :
       {"profile.json", "events/2026-12/repair-cafe-05.json", "resources/laser-cutter/pictures/front.jpg", "a", "0",
        "a.b_c-d/9", "con-cert.json", "console/x", "com/x", "com10", "identity/allowed_signers"})
    CHECK(check_path(path));
  CHECK(check_path(std::string(kPathSegmentBytesMax, 'a')));
}

TEST_CASE("each way to break the path grammar has its own code") {
  CHECK(refusal("") == ErrorCode::kPathEmpty);
  CHECK(refusal("a//b") == ErrorCode::kPathEmpty);
  CHECK(refusal("a/") == ErrorCode::kPathEmpty);
  CHECK(refusal("/etc/passwd") == ErrorCode::kPathAbsolute);
  CHECK(refusal("../x") == ErrorCode::kPathParent);
  CHECK(refusal("a/../b") == ErrorCode::kPathParent);
  CHECK(refusal("a..b") == ErrorCode::kPathParent);
  CHECK(refusal("a/b/c/d/e") == ErrorCode::kPathTooDeep);
  CHECK(refusal(std::string(kPathSegmentBytesMax + 1, 'a')) == ErrorCode::kPathSegmentTooLong);
  CHECK(refusal("Events/x.json") == ErrorCode::kPathWrongCase);
  CHECK(refusal("events/café.json") == ErrorCode::kPathBadName);
  for (std::string_view path : {".git/config", "a/.gitmodules", ".GIT", ".gitignore"}) CHECK(refusal(path) == ErrorCode::kPathGitName);
  for (std::string_view path : {"a.", "-a", "a-", "a b", "a\\b", "c:", "x/.", "_a"})
    CHECK(refusal(path) == ErrorCode::kPathBadName);
  CHECK(refusal(std::string_view("a\0b", 3)) == ErrorCode::kPathBadName);
  for (std::string_view path : {"con", "a/nul.txt", "aux.tar.gz", "prn", "com0", "lpt9.json", "com1/x"})
    CHECK(refusal(path) == ErrorCode::kPathReservedName);
}

TEST_CASE("a wrong case is refused with the lower-case name suggested") {
  auto checked = check_path("Events/Repair-Cafe.JSON");
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == ErrorCode::kPathWrongCase);
  CHECK(checked.error().context == "Events/Repair-Cafe.JSON → events/repair-cafe.json");
}

TEST_CASE("a path is suggested for names as people write them") {
  CHECK(suggest_path("Événements/Café réparation.json") == "evenements/cafe-reparation.json");
  CHECK(suggest_path("L'œuvre (finale) .json") == "l-oeuvre-finale.json");
  CHECK(suggest_path("e\xcc\x81te.json") == "ete.json");
  CHECK_FALSE(suggest_path(".git"));
  CHECK_FALSE(suggest_path("a/.gitmodules"));
  CHECK_FALSE(suggest_path("../x"));
  CHECK_FALSE(suggest_path("/x"));
  CHECK_FALSE(suggest_path("???"));
  CHECK_FALSE(suggest_path("CON"));
}

TEST_CASE("what is suggested is always accepted, and accepted paths are suggested unchanged") {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      std::string path = {'x', static_cast<char>(a), static_cast<char>(b), 'y'};
      auto suggestion = suggest_path(path);
      if (suggestion) REQUIRE(check_path(*suggestion));
      if (check_path(path)) REQUIRE(suggestion == path);
    }
}

TEST_CASE("the context of a refused path is one printable line whatever was sent") {
  std::string hostile = "a\n\x1b[31m\xff" + std::string(5'000, 'A');
  auto checked = check_path(hostile);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().context.size() < 1'000);
  CHECK(checked.error().context.find_first_of("\n\x1b\xff") == std::string::npos);
}
