#include "registry/page.h"

#include <set>

#include "tests/registry/registry_fixture.h"

using namespace maillage::registry;
using namespace maillage::tests;

namespace {

// A need of about `bytes`, most of them in a field nobody asks for.
std::string need(int number, std::size_t bytes) {
  std::string name = std::to_string(1000 + number);
  return R"({"kind": "need", "name": "Besoin )" + name + R"(", "extra": [")" + std::string(bytes / 4, 'a') + R"(", ")" + std::string(bytes / 4, 'b') +
         R"(", ")" + std::string(bytes / 4, 'c') + R"(", ")" + std::string(bytes / 4, 'd') + R"("]})";
}

struct LargeNeeds : IndexFixture {
  static constexpr int kNeeds = 150;
  static constexpr std::size_t kBytes = 60'000;
  LargeNeeds() {
    PlaceChanges changes{place_number(1), false, {}};
    for (int i = 0; i < kNeeds; ++i) changes.records.push_back(version("needs/n" + std::to_string(i) + ".json", need(i, kBytes)));
    commit(changes);
    REQUIRE(index.problems(place_number(1))->empty());
  }
};

}  // namespace

TEST_CASE("a page ends before four megabytes and the next one goes on, so that a walk shows every large record once") {
  LargeNeeds large;
  std::size_t limit = GENERATE(1u, 40u, 1000u);
  std::set<std::string> seen;
  std::string after;
  int pages = 0;
  do {
    auto page = large.ask(What::kNeeds, {{"limit", std::to_string(limit)}, {"after", after}});
    CHECK(page.number_matched == LargeNeeds::kNeeds);
    REQUIRE_FALSE(page.items.empty());
    CHECK(page.items.size() <= limit);
    CHECK(boost::json::serialize(to_json(page)).size() < kPageBytesMax + 1'000 * page.items.size());
    CHECK(to_json(page).at("numberReturned") == page.items.size());
    for (const auto& item : page.items) CHECK(seen.insert(std::string(item.at("record").as_string())).second);
    after = page.next;
    ++pages;
  } while (!after.empty());
  CHECK(seen.size() == LargeNeeds::kNeeds);
  if (limit == 1000) CHECK(pages == 3);
}

TEST_CASE("a walk in order of distance or relevance crosses the ends of large pages as well") {
  LargeNeeds large;
  large.put(place_number(1), "profile.json", R"({"kind": "profile", "name": "Konk Ar Lab", "geo": {"lat": 47.9, "lon": -3.9}})");
  for (const Parameters& asked : {Parameters{{"near", "47,2"}, {"limit", "1000"}}, Parameters{{"q", "besoin"}, {"limit", "1000"}}}) {
    std::vector<std::string> walked;
    auto query = parse_query(What::kNeeds, asked).value();
    do {
      auto page = large.index.query(query);
      REQUIRE(page);
      for (const auto& item : page->items) walked.emplace_back(item.at("name").as_string());
      query.after = page->next;
    } while (!query.after.empty());
    CHECK(walked.size() == LargeNeeds::kNeeds);
    CHECK(std::is_sorted(walked.begin(), walked.end()));
  }
}

TEST_CASE("the last page that bytes happen to fill leads nowhere") {
  IndexFixture few;
  for (int i = 0; i < 3; ++i) few.put(place_number(1), "needs/n" + std::to_string(i) + ".json", need(i, 60'000));
  CHECK(few.ask(What::kNeeds, {{"limit", "3"}}).next.empty());
  CHECK(few.ask(What::kNeeds, {{"limit", "1000"}}).next.empty());
  CHECK_FALSE(few.ask(What::kNeeds, {{"limit", "2"}}).next.empty());
}

TEST_CASE("a record that was withdrawn after the question was answered is left out, and the walk goes on") {
  IndexFixture needs;
  for (int i = 0; i < 3; ++i) needs.put(place_number(1), "needs/n" + std::to_string(i) + ".json", need(i, 100));
  WriteBatch erased;
  erased.erase(Column::kRecords, record_key(place_number(1), path_key("needs/n0.json")));
  REQUIRE(needs.store.write(erased));
  auto page = needs.ask(What::kNeeds, {{"limit", "1"}});
  CHECK(page.items.empty());
  REQUIRE_FALSE(page.next.empty());
  CHECK(needs.ask(What::kNeeds, {{"limit", "1"}, {"after", page.next}}).items.at(0).at("name") == "Besoin 1001");
}
