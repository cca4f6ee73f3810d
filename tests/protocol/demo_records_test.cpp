// The records that the demo publishes are the first that a newcomer copies: they pass.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "protocol/validate.h"
#include "tests/locations.h"

using namespace maillage::protocol;

TEST_CASE("every record of the demonstration network is one that a daemon publishes and indexes") {
  std::filesystem::path places = std::filesystem::path(maillage::tests::kSourceDir) / "deploy/demo-places";
  std::size_t records = 0;
  for (const auto& place : std::filesystem::directory_iterator(places))
    for (const auto& file : std::filesystem::recursive_directory_iterator(place.path())) {
      if (!file.is_regular_file()) continue;
      std::string path = std::filesystem::relative(file.path(), place.path()).generic_string();
      std::ifstream in(file.path(), std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(in), {}};
      Assessment assessment = assess(path, as_bytes(text));
      records += assessment.indexable();
      for (const Problem& problem : assessment.problems)
        UNSCOPED_INFO(place.path().filename().string() << "/" << sentence(problem, Language::kEnglish));
      CHECK(assessment.problems.empty());
    }
  CHECK(records >= 10);
}
