#include "registry/publish.h"

#include <unordered_map>

#include <catch2/catch.hpp>

#include "protocol/limits.h"

using namespace maillage::registry;
using maillage::protocol::Problem;

namespace {

// Objects in memory, and a place whose tree is made of them.
class MemoryPlace final : public ObjectSource {
 public:
  bool contains(const ObjectId& id) const override { return objects_.contains(id); }
  Result<Object> read(const ObjectId& id) const override {
    auto at = objects_.find(id);
    if (at == objects_.end()) return maillage::protocol::fail(ErrorCode::kNotFound, id.hex());
    return at->second;
  }

  // Remembered: a place at its cap has one large file under many names here.
  Result<BlobSummary> summarise_blob(const ObjectId& id) const override {
    auto at = summaries_.find(id);
    if (at != summaries_.end()) return at->second;
    auto summary = ObjectSource::summarise_blob(id);
    if (summary) summaries_.emplace(id, *summary);
    return summary;
  }

  ObjectId add(ObjectKind kind, const Bytes& bytes) {
    ObjectId id = object_id(kind, bytes);
    objects_[id] = {kind, bytes};
    return id;
  }

  void hold(const std::vector<std::string>& paths, const Bytes& bytes) {
    std::map<std::string, std::optional<ObjectId>> files;
    ObjectId blob = add(ObjectKind::kBlob, bytes);
    for (const std::string& path : paths) files[path] = blob;
    auto edited = edit_tree(*this, tree, files);
    REQUIRE(edited);
    for (const auto& [id, tree_bytes] : edited->trees) objects_[id] = {ObjectKind::kTree, tree_bytes};
    tree = edited->root;
  }

  tl::expected<FileChanges, std::vector<Problem>> prepare(const std::vector<FileEdit>& edits) {
    return prepare_publication(*this, tree, cache, edits);
  }

  std::optional<ObjectId> tree;
  TreeCache cache;

 private:
  std::unordered_map<ObjectId, Object> objects_;
  mutable std::unordered_map<ObjectId, BlobSummary> summaries_;
};

Bytes bytes(std::string_view text) { return Bytes(text.begin(), text.end()); }

const Bytes kProfile = bytes(R"({"kind":"profile","name":"Konk Ar Lab"})");
const Bytes kSaw = bytes(R"({"kind":"resource","name":"Scie","type":"equipment","licence":"CC0-1.0"})");

// The problems as "path code".
std::vector<std::string> refused(const tl::expected<FileChanges, std::vector<Problem>>& prepared) {
  REQUIRE_FALSE(prepared);
  std::vector<std::string> told;
  for (const Problem& problem : prepared.error())
    told.push_back(problem.path + " " + std::string(maillage::protocol::slug(problem.code)));
  return told;
}

}  // namespace

TEST_CASE("what is new or changed is published, what is the same is left out") {
  MemoryPlace place;
  auto first = place.prepare({{"profile.json", kProfile}, {"readme.md", bytes("hello")}});
  REQUIRE(first);
  CHECK(first->size() == 2);
  place.hold({"profile.json"}, kProfile);
  auto second = place.prepare({{"profile.json", kProfile}, {"resources/saw.json", kSaw}});
  REQUIRE(second);
  CHECK(second->size() == 1);
  CHECK(second->at("resources/saw.json") == kSaw);
  auto changed = place.prepare({{"profile.json", bytes(R"({"kind":"profile","name":"Other"})")}});
  REQUIRE(changed);
  CHECK(changed->size() == 1);
  CHECK(place.prepare({})->empty());
}

TEST_CASE("a file or a whole folder is withdrawn, and what is not there cannot be") {
  MemoryPlace place;
  place.hold({"profile.json", "resources/saw/record.json", "resources/saw/readme.md", "resources/saw-2.json"}, kProfile);
  auto file = place.prepare({{"resources/saw/readme.md", std::nullopt}});
  REQUIRE(file);
  CHECK(file->size() == 1);
  CHECK_FALSE(file->at("resources/saw/readme.md"));
  auto folder = place.prepare({{"resources/saw", std::nullopt}});
  REQUIRE(folder);
  CHECK(folder->size() == 2);
  CHECK(refused(place.prepare({{"events/x.json", std::nullopt}})) == std::vector<std::string>{"events/x.json not-found"});
}

TEST_CASE("everything wrong is told at once and nothing is prepared") {
  MemoryPlace place;
  auto told = refused(place.prepare({{"profile.json", bytes("{")},
                                     {"Events/Été.json", kProfile},
                                     {"/etc/passwd", kProfile},
                                     {"../x", kProfile},
                                     {"identity/charters", kProfile},
                                     {"resources/saw.json", bytes(R"({"kind":"resource","name":"x"})")},
                                     {"readme.md", bytes("fine")}}));
  CHECK(told == std::vector<std::string>{"profile.json not-json", "Events/Été.json path-wrong-case", "/etc/passwd path-absolute",
                                         "../x path-parent", "identity/charters path-identity",
                                         "resources/saw.json missing-field", "resources/saw.json missing-field"});
}

TEST_CASE("a thousand mistakes are answered with a bounded list that says so") {
  MemoryPlace place;
  std::vector<FileEdit> edits(1'000, {"../x", kProfile});
  auto told = refused(place.prepare(edits));
  REQUIRE(told.size() == maillage::protocol::kProblemsMax);
  CHECK(told[98] == "../x path-parent");
  CHECK(told[99] == " too-many");
}

TEST_CASE("a wrong case is refused with the lower-case path as example") {
  MemoryPlace place;
  auto prepared = place.prepare({{"Resources/Saw.json", kSaw}});
  REQUIRE_FALSE(prepared);
  REQUIRE(prepared.error().size() == 1);
  CHECK(prepared.error()[0].code == ErrorCode::kPathWrongCase);
  CHECK(prepared.error()[0].example == "\"resources/saw.json\"");
}

TEST_CASE("identity is the daemon's own, to write and to withdraw") {
  MemoryPlace place;
  place.hold({"identity/charters"}, kProfile);
  CHECK(refused(place.prepare({{"identity/charters", std::nullopt}})) ==
        std::vector<std::string>{"identity/charters path-identity"});
  CHECK(refused(place.prepare({{"identity", kProfile}})) == std::vector<std::string>{"identity path-identity"});
}

TEST_CASE("a file cannot be where a folder is, unless one of them goes") {
  MemoryPlace place;
  place.hold({"guides/laser.md", "notes"}, kProfile);
  CHECK(refused(place.prepare({{"guides", kProfile}})) == std::vector<std::string>{"guides path-conflict"});
  CHECK(refused(place.prepare({{"notes/a.md", kProfile}})) == std::vector<std::string>{"notes/a.md path-conflict"});
  CHECK(refused(place.prepare({{"a", kProfile}, {"a/b", kProfile}})).size() == 2);
  CHECK(place.prepare({{"notes", std::nullopt}, {"notes/a.md", kProfile}}));
}

TEST_CASE("a resource is a file or a folder, never both") {
  MemoryPlace place;
  place.hold({"resources/saw.json"}, kSaw);
  CHECK(refused(place.prepare({{"resources/saw/record.json", kSaw}})) ==
        std::vector<std::string>{"resources/saw/record.json path-conflict"});
  CHECK(place.prepare({{"resources/saw.json", std::nullopt}, {"resources/saw/record.json", kSaw}}));
  CHECK(place.prepare({{"resources/saw/readme.md", kProfile}}));
}

TEST_CASE("a record filed where nobody would see it is refused with its right path, an attachment is not") {
  MemoryPlace place;
  auto meant = [&](const std::string& path, const Bytes& file) {
    auto prepared = place.prepare({{path, file}});
    if (prepared) return std::string("published");
    REQUIRE(prepared.error().size() == 1);
    CHECK(prepared.error().front().code == ErrorCode::kStrayRecord);
    return prepared.error().front().example;
  };
  CHECK(meant("resources/workshop/saw.json", kSaw) == R"("resources/saw.json")");
  CHECK(meant("resources/workshop/saw/record.json", kSaw) == R"("resources/saw/record.json")");
  CHECK(meant("saw.json", kSaw) == R"("resources/saw.json")");
  CHECK(meant("docs/lieu.json", kProfile) == R"("profile.json")");
  CHECK(meant("event/fete.json", bytes(R"({"kind": "event", "name": "Fête"})")) == R"("events/fete.json")");
  CHECK(meant("resources/saw/record.json", kSaw) == "published");
  CHECK(meant("resources/saw/settings.json", bytes(R"({"power": 80})")) == "published");
  CHECK(meant("resources/saw/settings.json", bytes(R"({"kind": "acrylic"})")) == "published");
  CHECK(meant("resources/saw/settings.json", bytes("{,}")) == "published");
  CHECK(meant("resources/saw/saw.txt", kSaw) == "published");
}

TEST_CASE("one path twice is refused unless both say the same") {
  MemoryPlace place;
  CHECK(place.prepare({{"profile.json", kProfile}, {"profile.json", kProfile}}));
  CHECK(refused(place.prepare({{"a.md", bytes("1")}, {"a.md", bytes("2")}})) ==
        std::vector<std::string>{"a.md path-conflict"});
  place.hold({"a.md"}, bytes("0"));
  CHECK(refused(place.prepare({{"a.md", bytes("1")}, {"a.md", std::nullopt}})) ==
        std::vector<std::string>{"a.md path-conflict"});
}

TEST_CASE("a file, a record and a place are refused just above their caps") {
  MemoryPlace place;
  Bytes largest(maillage::protocol::kFileBytesMax, 'x');
  CHECK(place.prepare({{"film.bin", largest}}));
  Bytes larger(maillage::protocol::kFileBytesMax + 1, 'x');
  CHECK(refused(place.prepare({{"film.bin", larger}})) == std::vector<std::string>{"film.bin too-large"});
  std::vector<std::string> paths;
  for (int i = 0; i < 64; ++i) paths.push_back("film-" + std::to_string(i));
  place.hold(paths, largest);  // exactly kPlaceBytesMax
  CHECK(refused(place.prepare({{"one-more", bytes("x")}})) == std::vector<std::string>{" too-large"});
  CHECK(place.prepare({{"film-0", bytes("x")}, {"one-more", bytes("x")}}));
  CHECK(place.prepare({{"film-0", std::nullopt}, {"one-more", largest}}));
}

TEST_CASE("a folder and a place are refused just above their number of entries") {
  MemoryPlace place;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < maillage::protocol::kTreeEntriesMax; ++i) paths.push_back("a/" + std::to_string(i));
  place.hold(paths, bytes("x"));
  CHECK(refused(place.prepare({{"a/more", bytes("x")}})) == std::vector<std::string>{"a too-many"});
  CHECK(place.prepare({{"b/more", bytes("x")}}));
  for (std::string& path : paths) path[0] = 'b';
  place.hold(paths, bytes("x"));  // exactly kPlaceFilesMax
  CHECK(refused(place.prepare({{"c/more", bytes("x")}})) == std::vector<std::string>{" too-many"});
  CHECK(place.prepare({{"c/more", bytes("x")}, {"b/0", std::nullopt}}));
}

TEST_CASE("a place whose tree cannot be read is told so, not published over") {
  MemoryPlace place;
  place.tree = ObjectId{{1}};
  CHECK(refused(place.prepare({{"profile.json", kProfile}})) == std::vector<std::string>{" not-found"});
}

TEST_CASE("still true changes the date of a record and no other byte") {
  MemoryPlace place;
  place.hold({"resources/saw.json"}, bytes("{\n  \"kind\": \"resource\",\n  \"lat\": 47.10\n}\n"));
  auto edits = prepare_confirmation(place, place.tree, {"resources/saw.json"}, "2026-11-22");
  REQUIRE(edits);
  REQUIRE(edits->size() == 1);
  CHECK(edits->front().path == "resources/saw.json");
  CHECK(*edits->front().bytes ==
        bytes("{\n  \"kind\": \"resource\",\n  \"lat\": 47.10,\n  \"confirmed\": \"2026-11-22\"\n}\n"));
}

TEST_CASE("only records that are there can be confirmed, and everything wrong is told") {
  MemoryPlace place;
  place.hold({"readme.md", "profile.json"}, bytes("x"));
  auto edits = prepare_confirmation(place, place.tree, {"readme.md", "events/x.json", "profile.json", "absent.md"}, "2026-11-22");
  REQUIRE_FALSE(edits);
  REQUIRE(edits.error().size() == 4);
  CHECK(edits.error()[0].code == ErrorCode::kNotARecord);
  CHECK(edits.error()[3].code == ErrorCode::kNotFound);
  CHECK(edits.error()[1].code == ErrorCode::kNotFound);
  CHECK(edits.error()[2].code == ErrorCode::kNotJson);
  CHECK_FALSE(prepare_confirmation(place, std::nullopt, {"profile.json"}, "2026-11-22"));
}

TEST_CASE("a file published again over its confirmed record changes nothing, a changed one is published as it is") {
  MemoryPlace place;
  std::string text = R"({"kind": "offer", "name": "Scie", "confirmed": "2026-11-22"})";
  place.hold({"offers/saw.json"}, bytes(text));
  auto again = place.prepare({{"offers/saw.json", bytes(R"({"name": "Scie", "kind": "offer"})")}});
  REQUIRE(again);
  CHECK(again->empty());
  for (std::string_view changed : {R"({"kind": "offer", "name": "Scie sauteuse"})", R"({"kind": "offer", "name": "Scie", "confirmed": "2026-11-23"})"}) {
    auto done = place.prepare({{"offers/saw.json", bytes(changed)}});
    REQUIRE(done);
    CHECK(done->size() == 1);
  }
}
