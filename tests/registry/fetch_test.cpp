// Our side of git-upload-pack: what it answers, what it lists, compared with git where git can say it.
#include <catch2/catch.hpp>

#include <set>
#include <sstream>

#include "registry/git/fetch.h"
#include "registry/git/head_commit.h"
#include "tests/registry/git_fixture.h"

using namespace maillage::tests;
namespace protocol = maillage::protocol;
using Acknowledging = UploadRequest::Acknowledging;
using End = UploadRequest::End;

namespace {

// A place with a history of commits, oldest first.
struct History {
  TemporaryDirectory directory;
  std::unique_ptr<ObjectStore> store = must(ObjectStore::open(directory.path()));
  Place place{1};
  std::vector<ObjectId> commits;

  explicit History(int count) {
    for (int number = 0; number < count; ++number) {
      Files files{{"profile.json", bytes_of("{\"n\": " + std::to_string(number) + "}")}};
      files["notes/n" + std::to_string(number % 3) + ".md"] = bytes_of("note " + std::to_string(number));
      if (number == 0) files["files/kept.txt"] = bytes_of("kept");
      publish_files(*store, place, std::move(files));
      commits.push_back(*place.commit);
    }
  }
  ObjectId tip() const { return commits.back(); }
  std::shared_ptr<const ObjectSource> source() const { return std::make_shared<AboveStore>(*store, LooseObjects{}); }
  UploadRequest want(const ObjectId& id, std::vector<ObjectId> haves = {}, End end = End::kDone) const {
    UploadRequest request;
    request.wants = {id};
    request.haves = std::move(haves);
    request.acknowledging = Acknowledging::kDetailed;
    request.no_done = true;
    request.side_band = true;
    request.end = end;
    return request;
  }
  std::string answer(const UploadRequest& request) const {
    auto fetch = must(Fetch::open(source(), request, Compare::kWhole));
    Bytes all;
    for (Bytes piece = must(fetch->read()); !piece.empty(); piece = must(fetch->read())) all.insert(all.end(), piece.begin(), piece.end());
    return std::string(protocol::as_text(all));
  }
  // What git lists for the same question.
  std::set<std::string> git_list(const std::string& revisions) const {
    std::set<std::string> ids;
    std::istringstream lines(output_of("git -C '" + store->git_directory().string() + "' rev-list --objects " + revisions));
    for (std::string line; std::getline(lines, line);) ids.insert(line.substr(0, 40));
    return ids;
  }
};

std::set<std::string> names(const std::vector<ObjectId>& ids) {
  std::set<std::string> text;
  for (const ObjectId& id : ids) text.insert(id.hex());
  REQUIRE(text.size() == ids.size());
  return text;
}

std::string line(const std::string& text) {
  char size[5];
  snprintf(size, sizeof size, "%04zx", text.size() + 5);
  return size + text + "\n";
}

}  // namespace

TEST_CASE("the refs of a repository are told with our capabilities after the first") {
  ObjectId id = object_id(ObjectKind::kBlob, bytes_of("x"));
  std::string told(protocol::as_text(advertise_refs({{"HEAD", id}, {"refs/heads/main", id}})));
  CHECK(told.starts_with("001e# service=git-upload-pack\n0000"));
  CHECK(told.find(id.hex() + " HEAD" + std::string(1, '\0') + "multi_ack") != std::string::npos);
  CHECK(told.find("symref=HEAD:refs/heads/main") != std::string::npos);
  CHECK(told.find("filter") == std::string::npos);
  CHECK(told.ends_with(line(id.hex() + " refs/heads/main") + "0000"));
}

TEST_CASE("a clone is answered with NAK and everything that the commit reaches") {
  History history(5);
  std::string answer = history.answer(history.want(history.tip()));
  CHECK(answer.starts_with("0008NAK\n"));
  CHECK(answer.substr(12, 5) == std::string(1, 1) + "PACK");
  CHECK(answer.ends_with("0000"));
  auto ids = must(list_objects(*history.store, {{history.tip()}, {}, {}}, Compare::kWhole));
  CHECK(names(ids) == history.git_list(history.tip().hex()));
}

TEST_CASE("negotiation answers as git does: common, ready, and the pack without a further round") {
  History history(5);
  std::string common = history.commits[2].hex(), foreign(40, 'e');
  auto foreign_id = *protocol::ObjectId::parse(foreign);
  std::string end = history.answer(history.want(history.tip(), {history.commits[2]}, End::kFlush));
  CHECK(end.starts_with(line("ACK " + common + " common") + line("ACK " + common + " ready") + line("NAK") + line("ACK " + common)));
  CHECK(end.find("PACK") != std::string::npos);
  std::string first_unknown = history.answer(history.want(history.tip(), {foreign_id}, End::kFlush));
  CHECK(first_unknown == line("NAK"));
  std::string after = history.answer(history.want(history.tip(), {history.commits[2], foreign_id}));
  CHECK(after.starts_with(line("ACK " + common + " common") + line("ACK " + foreign + " ready") + line("ACK " + common)));

  UploadRequest plain = history.want(history.tip(), {history.commits[2], history.commits[1]}, End::kFlush);
  plain.acknowledging = Acknowledging::kPlain;
  CHECK(history.answer(plain) == line("ACK " + common));
  plain.end = End::kDone;
  plain.side_band = false;
  CHECK(history.answer(plain).starts_with(line("ACK " + common) + "PACK"));
}

TEST_CASE("what is listed for a fetch is what git would list, from any commit to any later one") {
  History history(6);
  for (std::size_t have = 0; have < history.commits.size(); ++have)
    for (std::size_t want = have; want < history.commits.size(); ++want) {
      auto ids = must(list_objects(*history.store, {{history.commits[want]}, {history.commits[have]}, {}}, Compare::kWhole));
      auto listed = names(ids), expected = history.git_list(history.commits[want].hex() + " ^" + history.commits[have].hex());
      // git looks at the trees of the edge only where that is cheap: what it lists besides, the client has.
      CHECK(std::ranges::includes(expected, listed));
      auto had = history.git_list(history.commits[have].hex());
      for (const std::string& id : expected)
        if (!had.contains(id)) CHECK(listed.contains(id));
    }
}

TEST_CASE("comparing parents lists nothing that is unchanged and leaves out nothing that is new") {
  History history(6);
  auto ids = must(list_objects(*history.store, {{history.commits[5]}, {history.commits[2]}, {}}, Compare::kParents));
  auto had = history.git_list(history.commits[2].hex());
  auto wanted = history.git_list(history.commits[5].hex());
  auto listed = names(ids);
  for (const std::string& id : wanted) CHECK((had.contains(id) || listed.contains(id)));
  CHECK(std::ranges::includes(wanted, listed));
  CHECK(listed.size() < wanted.size());
}

TEST_CASE("merges are followed over all parents, and what a client has is never sent around its back") {
  History history(3);
  // A contributor's commit on the first one, merged by the place.
  auto commit_on = [&](std::vector<ObjectId> parents, const std::string& message) {
    auto tree = must(read_links(*history.store, history.tip())).tree;
    CommitPerson person = history.place.person();
    return write_commit(sign({tree, std::move(parents), person, person, {}, message + "\n"}, history.place.key));
  };
  LooseObjects loose;
  auto add = [&](Bytes bytes) {
    ObjectId id = object_id(ObjectKind::kCommit, bytes);
    loose.emplace(id, Object{ObjectKind::kCommit, std::move(bytes)});
    return id;
  };
  ObjectId side = add(commit_on({history.commits[0]}, "side"));
  ObjectId merge = add(commit_on({history.tip(), side}, "merge"));
  AboveStore source(*history.store, loose);
  CHECK(must(list_objects(source, {{merge}, {history.tip()}, {}}, Compare::kWhole)) == std::vector<ObjectId>{merge, side});
  CHECK(must(list_objects(source, {{merge}, {history.tip(), side}, {}}, Compare::kWhole)) == std::vector<ObjectId>{merge});
  auto found = must(ancestors_among(source, {merge}, {side, history.commits[0], object_id(ObjectKind::kBlob, bytes_of("no"))}));
  CHECK(found == ObjectSet{side, history.commits[0]});
}

TEST_CASE("a depth cuts the history there, and a deeper one sends only what was missing") {
  History history(6);
  UploadRequest shallow = history.want(history.tip(), {}, End::kWants);
  shallow.depth = 2;
  CHECK(history.answer(shallow) == line("shallow " + history.commits[4].hex()) + "0000");
  UploadRequest deeper = history.want(history.tip(), {history.tip()});
  deeper.shallow = {history.commits[4]};
  deeper.depth = 4;
  std::string answer = history.answer(deeper);
  CHECK(answer.starts_with(line("shallow " + history.commits[2].hex()) + line("unshallow " + history.commits[4].hex()) + "0000"));
  deeper.depth = kWholeDepth;
  CHECK(history.answer(deeper).starts_with(line("unshallow " + history.commits[4].hex()) + "0000"));
  UploadRequest relative = deeper;
  relative.deepen_relative = true;
  relative.depth = 1;
  CHECK(history.answer(relative).starts_with(line("shallow " + history.commits[3].hex()) + line("unshallow " + history.commits[4].hex()) + "0000"));
  auto ids = must(list_objects(*history.store, {{history.tip()}, {}, {history.commits[4]}}, Compare::kWhole));
  CHECK(names(ids) == [&] {
    auto all = history.git_list(history.tip().hex() + " ^" + history.commits[3].hex());
    for (const std::string& id : history.git_list("--no-walk " + history.commits[4].hex())) all.insert(id);
    return all;
  }());
}

TEST_CASE("the head of a place is a commit that stock git reads, the same for the same head") {
  History history(2);
  auto chain = must(protocol::CharterChain::start([] {
    protocol::SignedCharter genesis;
    genesis.charter.roots = {protocol::KeyPair(protocol::Seed{{9}}).public_key()};
    genesis.charter.daemon_key = protocol::KeyPair(protocol::Seed{{1}}).public_key();
    return genesis;
  }()));
  HeadCommit shown = head_commit(history.place.head, chain);
  CHECK(shown.objects.size() == 4);
  CHECK(head_commit(history.place.head, chain).commit == shown.commit);
  AboveStore source(*history.store, shown.objects);
  auto ids = must(list_objects(source, {{shown.commit}, {}, {}}, Compare::kWhole));
  CHECK(ids.size() == 4);
  protocol::Head other = history.place.head.head;
  other.sequence += 1;
  CHECK(head_commit(protocol::sign(other, history.place.key), chain).commit != shown.commit);
}

TEST_CASE("an object that goes away while it is sent ends the fetch with words in the client's own band") {
  History history(3);
  struct Forgetful final : ObjectSource {
    explicit Forgetful(const ObjectSource& all) : store(all) {}
    bool contains(const ObjectId& id) const override { return store.contains(id); }
    Result<Object> read(const ObjectId& id) const override { return store.read(id); }
    Result<DeflatedObject> read_deflated(const ObjectId& id) const override { return protocol::fail(ErrorCode::kNotFound, id.hex()); }
    const ObjectSource& store;
  };
  auto fetch = must(Fetch::open(std::make_shared<Forgetful>(*history.store), history.want(history.tip()), Compare::kWhole));
  std::string said(protocol::as_text(must(fetch->read())));
  CHECK(said.find("\3this place was erased") != std::string::npos);
  CHECK(must(fetch->read()).empty());
  UploadRequest bare = history.want(history.tip());
  bare.side_band = false;
  auto broken = must(Fetch::open(std::make_shared<Forgetful>(*history.store), bare, Compare::kWhole));
  CHECK(!broken->read());
}
