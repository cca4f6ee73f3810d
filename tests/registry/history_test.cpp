#include "tests/registry/git_fixture.h"

using namespace maillage::tests;

namespace {

struct Diary {
  TemporaryDirectory directory;
  std::unique_ptr<ObjectStore> store = must(ObjectStore::open(directory.path()));
  Place place{1};
  std::vector<ObjectId> commits;
  std::vector<std::int64_t> times;  // committer's, in milliseconds

  PlaceChanges publish(Files files) {
    PlaceChanges changes = publish_files(*store, place, std::move(files));
    commits.push_back(*place.commit);
    times.push_back(place.seconds * 1000);
    return changes;
  }
  PlaceChanges between(std::optional<std::size_t> from, std::size_t to) {
    return must(changes_between(*store, place.id, from ? std::optional(commits.at(*from)) : std::nullopt, commits.at(to)));
  }
};

const RecordVersion& record(const PlaceChanges& changes, const std::string& path) {
  auto found = std::ranges::find(changes.records, path, &RecordVersion::path);
  REQUIRE(found != changes.records.end());
  return *found;
}

}  // namespace

TEST_CASE("created and updated come from the commits that brought and last changed a record") {
  Diary diary;
  diary.publish({{"profile.json", bytes_of("{}")}});
  diary.publish({{"needs/visors.json", bytes_of("{\"n\":1}")}});
  PlaceChanges changes = diary.publish({{"needs/visors.json", bytes_of("{\"n\":2}")}});
  CHECK_FALSE(changes.replaces_all);
  REQUIRE(changes.records.size() == 1);
  CHECK(changes.records[0].json == bytes_of("{\"n\":2}"));
  CHECK(changes.records[0].created.ms == diary.times[1]);
  CHECK(changes.records[0].updated.ms == diary.times[2]);

  PlaceChanges all = diary.between(std::nullopt, 2);
  CHECK(all.replaces_all);
  CHECK(record(all, "profile.json").updated.ms == diary.times[0]);
  CHECK(record(all, "needs/visors.json").created.ms == diary.times[1]);
  CHECK(record(all, "needs/visors.json").updated.ms == diary.times[2]);
}

TEST_CASE("a withdrawn record is told once, and is new when it comes back") {
  Diary diary;
  diary.publish({{"profile.json", bytes_of("{}")}, {"needs/visors.json", bytes_of("{}")}});
  PlaceChanges gone = diary.publish({{"needs/visors.json", std::nullopt}});
  REQUIRE(gone.records.size() == 1);
  CHECK_FALSE(gone.records[0].json);
  CHECK(diary.between(std::nullopt, 1).records.size() == 1);
  diary.publish({{"needs/visors.json", bytes_of("{}")}});
  CHECK(record(diary.between(0, 2), "needs/visors.json").created.ms == diary.times[2]);
  CHECK(record(diary.between(std::nullopt, 2), "needs/visors.json").created.ms == diary.times[2]);
}

TEST_CASE("what is known of creation spares the walk through history") {
  Diary diary;
  diary.publish({{"profile.json", bytes_of("{}")}});
  diary.publish({{"profile.json", bytes_of("{\"name\":\"x\"}")}});
  std::string asked;
  auto known = [&](const PlaceId& place, const std::string& path) {
    CHECK(place == diary.place.id);
    asked += path;
    return std::optional(UnixTime{42});
  };
  PlaceChanges changes = must(changes_between(*diary.store, diary.place.id, diary.commits[0], diary.commits[1], known));
  CHECK(asked == "profile.json");
  CHECK(changes.records.at(0).created.ms == 42);
}

TEST_CASE("only records are told, and a file too large for a record is not one") {
  Diary diary;
  PlaceChanges changes = diary.publish({{"profile.json", bytes_of("{}")},
                                        {"resources/saw/readme.md", bytes_of("text")},
                                        {"identity/charters", bytes_of("x")},
                                        {"needs/giant.json", Bytes(70'000, ' ')}});
  REQUIRE(changes.records.size() == 1);
  CHECK(changes.records[0].path == "profile.json");
  changes = diary.publish({{"profile.json", Bytes(70'000, ' ')}});
  REQUIRE(changes.records.size() == 1);
  CHECK_FALSE(changes.records[0].json);
}

TEST_CASE("a break of history replaces everything") {
  Diary diary;
  diary.publish({{"profile.json", bytes_of("{}")}, {"needs/visors.json", bytes_of("{}")}});
  Place& place = diary.place;
  place.commit.reset();
  place.tree.reset();
  diary.publish({{"profile.json", bytes_of("{\"name\":\"new\"}")}});
  PlaceChanges changes = diary.between(0, 1);
  CHECK(changes.replaces_all);
  REQUIRE(changes.records.size() == 1);
  CHECK(changes.records[0].created.ms == diary.times[1]);
}

TEST_CASE("descent is found over any number of commits, and denied to a stranger") {
  Diary diary;
  for (int i = 0; i < 5; ++i) diary.publish({{"profile.json", bytes_of("{\"n\":" + std::to_string(i) + "}")}});
  CHECK(must(descends_from(*diary.store, diary.commits[4], diary.commits[0])));
  CHECK(must(descends_from(*diary.store, diary.commits[2], diary.commits[2])));
  CHECK_FALSE(must(descends_from(*diary.store, diary.commits[0], diary.commits[4])));
  CHECK(must(first_parents(*diary.store, diary.commits[4], diary.commits[2])).size() == 3);
  CHECK(must(first_parents(*diary.store, diary.commits[4])).size() == 5);
}

TEST_CASE("a draft that changes too much, or withdraws what is not there, is refused") {
  Diary diary;
  diary.publish({{"profile.json", bytes_of("{}")}});
  TreeCache cache;
  auto stage = [&](Files files) {
    CommitPerson person = diary.place.person();
    return stage_commit(*diary.store, {diary.place.commit, diary.place.tree, std::move(files), person, person, "m\n"}, diary.place.key, cache);
  };
  CHECK(stage({{"a.json", std::nullopt}}).error().code == ErrorCode::kNotFound);
  CHECK(stage({{"a.json", Bytes(5'000'000, 'x')}}).error().code == ErrorCode::kTooLarge);
  Files many;
  for (int i = 0; i < 20'001; ++i) many["f" + std::to_string(i / 1000) + "/" + std::to_string(i)] = bytes_of("x");
  CHECK(stage(std::move(many)).error().code == ErrorCode::kTooMany);
}
