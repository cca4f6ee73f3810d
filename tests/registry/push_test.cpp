// What a push goes through: each attack, each slip, and what is said about it.
#include <chrono>
#include <thread>

#include "registry/git/push_request.h"
#include "registry/pushed_commit.h"
#include "registry/ssh_signature.h"
#include "tests/registry/push_fixture.h"
#include "tests/registry/raw_pack.h"

using namespace maillage::tests;
using maillage::protocol::ErrorCode;
using maillage::protocol::Language;
namespace fs = std::filesystem;
namespace protocol = maillage::protocol;

TEST_CASE("a contribution by stock git waits in the inbox with the name that would become public") {
  PushFixture it;
  it.clone();
  it.write("resources/laser/record.json", it.record("Laser"));
  it.write("resources/laser/readme.md", "# Laser\n");
  ObjectId tip = it.commit();
  auto outcome = it.push();
  REQUIRE(outcome);
  const Contribution& contribution = outcome->contribution;
  CHECK(contribution.state == ContributionState::kPending);
  CHECK(contribution.name == "Jeanne Dupont");
  CHECK(contribution.files == std::vector<std::string>{"resources/laser/readme.md", "resources/laser/record.json"});
  CHECK(contribution.tip == tip);
  CHECK_FALSE(outcome->announcement);
  CHECK(it.published("resources/laser/record.json").empty());
  CHECK(it.registry->status().at("contributions").to_number<int>() == 1);
}

TEST_CASE("everything wrong with a push is listed at once, in its language, with the command that mends it") {
  PushFixture it;
  it.clone();
  it.write("resources/Perceuse.json", it.record("Perceuse"));
  it.write("resources/tour.json", R"({"kind": "resource", "name": "Tour", "type": "equipment"})");
  it.write("resources/run.json", R"({"kind": "resource", "name": "Run", "licence": "CC0-1.0"})");
  fs::permissions(it.work() / "resources/run.json", fs::perms::owner_exec, fs::perm_options::add);
  fs::create_symlink("saw.json", it.work() / "resources/link.json");
  it.git("add resources");
  it.git("update-index --add --cacheinfo 160000," + it.tip().hex() + ",resources/module");
  it.git("update-index --add --cacheinfo 100644," + it.git("hash-object resources/tour.json").substr(0, 40) + ",identity/charters");
  it.git("commit -q -m work");
  auto outcome = it.push();
  std::multimap<std::string, ErrorCode> found;
  for (const auto& [path, code] : it.problems(outcome)) found.emplace(path, code);
  CHECK(found == std::multimap<std::string, ErrorCode>{{"identity/charters", ErrorCode::kPathIdentity},
                                                   {"resources/Perceuse.json", ErrorCode::kPathWrongCase},
                                                   {"resources/link.json", ErrorCode::kPushSymlink},
                                                   {"resources/module", ErrorCode::kPushSubmodule},
                                                   {"resources/run.json", ErrorCode::kPushExecutable},
                                                   {"resources/run.json", ErrorCode::kMissingField},
                                                   {"resources/tour.json", ErrorCode::kMissingField}});
  std::string all;
  for (const auto& problem : outcome.error()) all += sentence(problem, Language::kEnglish) + "\n" + sentence(problem, Language::kFrench) + "\n";
  CHECK(all.find("git update-index --chmod=-x resources/run.json") != std::string::npos);
  CHECK(all.find("resources/tour.json: /licence is missing — for example ") != std::string::npos);
  CHECK(all.find("resources/tour.json : /licence manque — par exemple ") != std::string::npos);
  CHECK(all.find("resources/Perceuse.json → resources/perceuse.json") != std::string::npos);
  CHECK(it.registry->contributions().items.empty());
}

TEST_CASE("a record that only changed elsewhere is not judged by what others left in the place") {
  PushFixture it;
  it.clone();
  it.write("resources/notes.md", "hello\n");
  it.commit();
  CHECK(it.push());
}

TEST_CASE("a push that changes nothing, or was published meanwhile, is refused with the reason") {
  PushFixture it;
  it.clone();
  it.git("commit -q --allow-empty -m nothing");
  CHECK(it.code_of(it.push()) == ErrorCode::kPushUnchanged);
  CHECK(it.code_of(it.push(it.push_of(must(ObjectId::parse(it.git("rev-parse origin/main").substr(0, 40)))), it.pack())) == ErrorCode::kPushUnchanged);
}

namespace {

// A push of one entry more in the place's own root folder, made by no git.
PushFixture::Outcome push_entry(PushFixture& it, const std::string& mode_and_name, const ObjectId& id, std::vector<RawObject> more = {}) {
  Bytes tree = bytes_of(it.git("cat-file tree HEAD^{tree}"));
  Bytes entry = bytes_of(mode_and_name);
  entry.push_back(0);
  entry.insert(entry.end(), id.bytes.begin(), id.bytes.end());
  tree.insert(tree.end(), entry.begin(), entry.end());
  RawObject folder{ObjectKind::kTree, tree};
  std::string text = "tree " + folder.id().hex() + "\nparent " + it.git("rev-parse origin/main").substr(0, 40) +
                     "\nauthor J <j@x.invalid> 1700000000 +0000\ncommitter J <j@x.invalid> 1700000000 +0000\n\nx\n";
  RawObject commit{ObjectKind::kCommit, bytes_of(text)};
  more.insert(more.end(), {folder, commit});
  return it.push(it.push_of(commit.id()), pack_of_objects(more));
}

}  // namespace

TEST_CASE("a file of a name that no place may have is refused by its path, whatever git lets through") {
  PushFixture it;
  it.clone();
  ObjectId blob = must(ObjectId::parse(it.git("rev-parse HEAD:resources/saw.json").substr(0, 40)));
  using Refusals = std::vector<std::pair<std::string, ErrorCode>>;
  const std::map<std::string, Refusals> names{{".git", {{".git", ErrorCode::kPathGitName}}},
                                              {".gitmodules", {{".gitmodules", ErrorCode::kPathGitName}}},
                                              {"..", {{"..", ErrorCode::kPathParent}}},
                                              {"a/../b", {{"", ErrorCode::kBadObject}}},
                                              {"Ünïcode.md", {{"Ünïcode.md", ErrorCode::kPathBadName}}},
                                              {"con", {{"con", ErrorCode::kPathReservedName}}},
                                              {"a\\b", {{"a\\b", ErrorCode::kPathBadName}}},
                                              {".gıt", {{".gıt", ErrorCode::kPathBadName}}}};
  for (const auto& [name, refusals] : names) {
    CAPTURE(name);
    CHECK(it.problems(push_entry(it, "100644 " + name, blob)) == refusals);
  }
  Bytes in_folder = bytes_of("100644 config");
  in_folder.push_back(0);
  in_folder.insert(in_folder.end(), blob.bytes.begin(), blob.bytes.end());
  RawObject folder{ObjectKind::kTree, in_folder};
  CHECK(it.problems(push_entry(it, "40000 .git", folder.id(), {folder})) == Refusals{{".git/config", ErrorCode::kPathGitName}});
  CHECK(it.registry->contributions().items.empty());
  CHECK(push_entry(it, "100644 readme.md", blob));  // and nothing but the name was wrong
}

TEST_CASE("a commit with a NUL is refused, because what follows it is hidden from some readers") {
  PushFixture it;
  it.clone();
  std::string parent = it.git("rev-parse origin/main").substr(0, 40), tree = it.git("rev-parse HEAD^{tree}").substr(0, 40);
  std::string text = "tree " + tree + "\nparent " + parent + "\nauthor J <j@x.invalid> 1 +0000\ncommitter J <j@x.invalid> 1 +0000\n\nx";
  text += std::string(1, '\0') + "gpgsig\n";
  RawObject commit{ObjectKind::kCommit, bytes_of(text)};
  CHECK(it.code_of(it.push(it.push_of(commit.id()), pack_of_objects({commit}))) == ErrorCode::kBadObject);
}

TEST_CASE("a history with another beginning is refused, and told how to go on") {
  PushFixture it;
  it.clone();
  it.git("checkout -q --orphan other");
  it.write("resources/new.json", it.record("Neuf"));
  it.commit();
  auto outcome = it.push();
  CHECK(it.code_of(outcome) == ErrorCode::kPushOtherRoot);
  CHECK(sentence(outcome.error().front(), Language::kEnglish).find("git rebase --onto origin/main origin/main@{1}") != std::string::npos);
  it.git("checkout -q main");
  it.git("merge -q --allow-unrelated-histories -X theirs -m both other");
  CHECK(it.code_of(it.push()) == ErrorCode::kPushOtherRoot);
}

TEST_CASE("a clone that is behind pushes its whole history, and starts from where it was") {
  PushFixture it;
  it.clone();
  it.write("resources/new.json", it.record("Neuf"));
  it.commit();
  it.publish("resources/plane.json", it.record("Rabot"));
  auto outcome = it.push(it.push_of(it.tip()), it.pack("HEAD\n"));
  REQUIRE(outcome);
  CHECK(outcome->contribution.files == std::vector<std::string>{"resources/new.json"});
  REQUIRE(it.registry->approve(outcome->contribution.id, kPushNow));
  CHECK_FALSE(it.published("resources/new.json").empty());
  CHECK_FALSE(it.published("resources/plane.json").empty());
}

TEST_CASE("a push cannot bring in what is in the store but not in the place's history") {
  PushFixture it;
  it.clone();
  auto other = it.registry->add_place({"Autre", false, "29039", {}, {}}, std::nullopt, kPushNow);
  REQUIRE(other);
  REQUIRE(it.registry->publish(other->place, {{"resources/secret.md", bytes_of("theirs\n")}}, kPushNow));
  ObjectId theirs = object_id(ObjectKind::kBlob, bytes_of("theirs\n"));
  Bytes tree = bytes_of("100644 secret.md");
  tree.push_back(0);
  tree.insert(tree.end(), theirs.bytes.begin(), theirs.bytes.end());
  RawObject folder{ObjectKind::kTree, tree};
  std::string parent = it.git("rev-parse origin/main").substr(0, 40);
  RawObject commit{ObjectKind::kCommit, bytes_of("tree " + folder.id().hex() + "\nparent " + parent +
                                                 "\nauthor J <> 1 +0000\ncommitter J <> 1 +0000\n\nx\n")};
  CHECK(it.code_of(it.push(it.push_of(commit.id()), pack_of_objects({folder, commit}))) == ErrorCode::kMissingObject);
}

TEST_CASE("a file that is too large is named, and a pack that inflates without end is not unpacked") {
  PushFixture it;
  it.clone();
  it.write("resources/film.bin", std::string(5 << 20, 'x'));
  it.commit();
  CHECK(it.problems(it.push()) == std::vector<std::pair<std::string, ErrorCode>>{{"resources/film.bin", ErrorCode::kTooLarge}});
  it.git("reset -q --hard origin/main");
  for (int i = 0; i < 40; ++i) it.write("resources/bomb-" + std::to_string(i) + ".bin", std::string((4 << 20) - i, 'x'));
  it.commit();
  CHECK(it.code_of(it.push()) == ErrorCode::kTooLarge);
}

TEST_CASE("a push of deltas that lean on one another in a ring, by way of a file of the place, is refused") {
  PushFixture it;
  RawObject saw{ObjectKind::kBlob, bytes_of(it.published("resources/saw.json"))};
  REQUIRE(saw.bytes.size() < 128);
  RawObject longer{ObjectKind::kBlob, saw.bytes};
  longer.bytes.push_back('!');
  CHECK(it.code_of(it.push(it.push_of(longer.id()), ring_of_deltas(saw).finish())) == ErrorCode::kBadPack);
  CHECK(it.registry->contributions().items.empty());
}

TEST_CASE("a push larger than 32 MiB is cut off while it comes") {
  PushFixture it;
  auto arrival = must(it.registry->begin_push());
  Bytes piece(1 << 20);
  for (int i = 0; i < 32; ++i) must(arrival->append(piece));
  CHECK(arrival->append(Bytes(1)).error().code == ErrorCode::kTooLarge);
}

TEST_CASE("the author's e-mail as a name, or no name, is refused with the command that sets one") {
  PushFixture it;
  it.clone();
  it.git("config user.name jeanne@personne.example");
  it.write("resources/new.json", it.record("Neuf"));
  it.commit();
  CHECK(it.code_of(it.push()) == ErrorCode::kPushName);
}

TEST_CASE("what only an operator may change is marked, whoever pushes it") {
  PushFixture it;
  it.clone();
  it.write("profile.json", R"({"kind": "profile", "name": "Konk Ar Lab", "endpoints": ["wss://x.example/peer"]})");
  it.commit();
  auto key = it.sign_with("key");
  Push push = it.push_of(it.tip());
  push.certified = key;
  auto outcome = it.push(push, it.pack());
  REQUIRE(outcome);
  CHECK(outcome->contribution.reserved == std::vector<std::string>{"endpoints"});
  CHECK(outcome->contribution.state == ContributionState::kPending);
}

namespace {

// A certificate as git writes it, by that key.
PushCertificate certificate_of(const std::string& nonce, const protocol::KeyPair& key, std::uint32_t number = 0) {
  std::string text = "certificate version 0.1\npusher key " + std::to_string(number) + " +0000\nnonce " + nonce + "\n\n" + std::string(40, '0') + " " +
                     std::string(40, '7') + " refs/for/main\n";
  return {text, armour(ssh_sign(key, protocol::as_bytes(text))), nonce, {}};
}

// A store that counts what is asked of it, and is slow from a moment on.
class WatchedStore final : public ObjectSource {
 public:
  explicit WatchedStore(const ObjectSource& store) : store_(store) {}
  bool contains(const ObjectId& id) const override { return store_.contains(id); }
  Result<Object> read(const ObjectId& id) const override {
    while (std::chrono::steady_clock::now() < slow_until) std::this_thread::yield();
    auto object = store_.read(id);
    if (object && object->kind == ObjectKind::kBlob) ++reads[id];
    return object;
  }
  Result<BlobSummary> summarise_blob(const ObjectId& id) const override {
    ++summaries[id];
    return store_.summarise_blob(id);
  }
  TimedSource::Moment slow_until = TimedSource::Moment::min();
  mutable std::map<ObjectId, int> reads, summaries;

 private:
  const ObjectSource& store_;
};

// The store alone, and the place's commit in it.
struct Judged {
  explicit Judged(PushFixture& it) {
    head = must(ObjectId::parse(std::string(must(it.registry->place("konk-ar-lab")).at("head").at("commit").as_string())));
    it.registry.reset();
    store = must(ObjectStore::open(it.dir()));
  }
  ObjectId head;
  std::unique_ptr<ObjectStore> store;
};

}  // namespace

TEST_CASE("strangers' push certificates do not keep a maintainer out, and are no reason to publish") {
  PushFixture it;
  protocol::KeyPair maintainer(protocol::Seed{{7}}), stranger(protocol::Seed{{8}});
  it.publish("profile.json", R"({"kind": "profile", "name": "Konk Ar Lab", "maintainers": [{"name": "Jeanne", "key": ")" +
                                 ssh_public_key(maintainer.public_key()) + "\"}]}");
  protocol::SystemRandom random;
  PushNonces nonces(random);
  std::string nonce = nonces.make(it.place, kPushNow);
  Push push;
  push.place = it.place;
  for (std::uint32_t i = 0; i <= PushNonces::kUsedMax; ++i) {
    push.signer.reset();
    must(it.registry->certify(push, certificate_of(nonce, stranger, i), nonces, kPushNow));
    if (push.certified || push.signer != stranger.public_key()) FAIL("a stranger's key counts");
  }
  PushCertificate good = certificate_of(nonce, maintainer);
  must(it.registry->certify(push, good, nonces, kPushNow));
  CHECK(push.certified == maintainer.public_key());
  CHECK(it.registry->certify(push, good, nonces, kPushNow).error().code == ErrorCode::kPushNonce);
  good.text += "x";
  CHECK(it.registry->certify(push, good, nonces, kPushNow).error().code == ErrorCode::kBadSignature);
  CHECK(it.registry->certify(push, certificate_of("1-x", stranger), nonces, kPushNow).error().code == ErrorCode::kPushNonce);
}

TEST_CASE("a certificate signed in another way than with an SSH Ed25519 key is as good as none, never a reason to publish or to refuse") {
  PushFixture it;
  protocol::KeyPair maintainer(protocol::Seed{{7}});
  it.publish("profile.json", R"({"kind": "profile", "name": "Konk Ar Lab", "maintainers": [{"name": "Jeanne", "key": ")" +
                                 ssh_public_key(maintainer.public_key()) + "\"}]}");
  protocol::SystemRandom random;
  PushNonces nonces(random);
  Push push;
  push.place = it.place;
  PushCertificate other = certificate_of(nonces.make(it.place, kPushNow), maintainer);
  must(it.registry->certify(push, other, nonces, kPushNow));
  CHECK_FALSE(push.other_certificate);
  CHECK(push.certified);
  for (const char* armour : {"-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----",
                             "-----BEGIN SIGNED MESSAGE-----\nMIAG\n-----END SIGNED MESSAGE-----",
                             "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----"}) {
    Push hers;
    hers.place = it.place;
    other.signature = armour;
    must(it.registry->certify(hers, other, nonces, kPushNow));
    CHECK(hers.other_certificate);
    CHECK_FALSE(hers.certified);
    CHECK_FALSE(hers.signer);
  }
}

TEST_CASE("a push to the copy of a place is told the command for the daemon that publishes it, and a push to the whole registry to choose a place") {
  PushFixture it, peer;
  auto hear = [&] { it.tell(peer); };
  auto told = [&](const std::string& repository) { return peer.registry->place_for_push(repository).error(); };
  protocol::PlaceId nobody{{9}};
  CHECK(told(nobody.hex()).code == ErrorCode::kUnknownPlace);
  CHECK(told("commons").code == ErrorCode::kPushWhole);
  hear();
  CHECK(told(it.place.hex()) == Error{ErrorCode::kPushElsewhereUnknown, "Konk Ar Lab (" + it.place.hex() + ")"});
  // Words of a shell are nobody's address.
  auto published_at = [&](const std::string& endpoint) {
    it.publish("profile.json", R"({"kind": "profile", "name": "Konk Ar Lab", "endpoints": [")" + endpoint + "\"]}");
    hear();
  };
  published_at("wss://konk.example/$(reboot)");
  CHECK(told(it.place.hex()).code == ErrorCode::kPushElsewhereUnknown);
  published_at("wss://konk.example:8443/lab/peer");
  CHECK(told(it.place.hex()) == Error{ErrorCode::kPushElsewhere, "git push https://konk.example:8443/lab/git/" + it.place.hex() + " HEAD:refs/for/main"});
}

TEST_CASE("a push that takes too long to judge is refused for that, whatever was found until then, and one that is judged is read later too") {
  PushFixture it;
  it.clone();
  it.write("resources/new.json", it.record("Neuf"));
  ObjectId tip = it.commit();
  Bytes pack = it.pack();
  Judged at(it);
  WatchedStore store(*at.store);
  TreeCache cache;
  CHECK(OpenedPush::open(store, at.head, pack, std::chrono::steady_clock::now()).error().code == ErrorCode::kTimeout);
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  auto opened = must(OpenedPush::open(store, at.head, pack, until)), judged = must(OpenedPush::open(store, at.head, pack, until));
  CHECK(check_push(*judged, it.push_of(tip), cache, kPushNow));
  store.slow_until = until;
  auto late = check_push(*opened, it.push_of(tip), cache, kPushNow);
  REQUIRE(!late);
  REQUIRE(late.error().size() == 1);
  CHECK(late.error()[0].code == ErrorCode::kTimeout);
  // What was judged in time waits for the writer as long as it has to.
  CHECK(judged->objects().read(tip));
  CHECK(judged->objects().read(at.head));
  CHECK(check_push(*must(OpenedPush::open(store, at.head, pack)), it.push_of(tip), cache, kPushNow));
}

TEST_CASE("judging many commits that keep the same files reads each of these files once") {
  PushFixture it;
  for (int i = 0; i < 5; ++i) it.publish("resources/old-" + std::to_string(i) + ".json", it.record("Ancien " + std::to_string(i)));
  it.clone();
  it.git("config user.email jeanne@users.noreply.example");
  it.sign_with("key");
  for (int i = 0; i < 6; ++i) {
    it.write("resources/new-" + std::to_string(i) + ".json", it.record("Neuf " + std::to_string(i)));
    it.commit("-S");
  }
  ObjectId tip = it.tip();
  Bytes pack = it.pack();
  Judged at(it);
  WatchedStore store(*at.store);
  TreeCache cache;
  auto opened = must(OpenedPush::open(store, at.head, pack));
  auto checked = check_push(*opened, it.push_of(tip, true), cache, kPushNow);
  if (!checked) FAIL(protocol::sentence(checked.error().front(), Language::kEnglish));
  CHECK(store.summaries.size() >= 6);
  for (const auto& [id, count] : store.summaries) CHECK(count == 1);
  for (const auto& [id, count] : store.reads) CHECK(count <= 2);
}

TEST_CASE("the same commit pushed twice is one contribution") {
  PushFixture it;
  it.clone();
  it.write("resources/new.json", it.record("Neuf"));
  it.commit();
  auto first = it.push(), second = it.push();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->contribution.id == second->contribution.id);
  CHECK(it.registry->contributions().items.size() == 1);
}

TEST_CASE("the signer of a commit is known only when the signature holds over the commit it is in") {
  PushFixture it;
  it.clone();
  auto key = it.sign_with("key");
  it.write("resources/new.json", it.record("Neuf"));
  it.commit("-S");
  std::string raw = it.git("cat-file commit HEAD");
  auto good = read_pushed_commit(bytes_of(raw));
  REQUIRE(good);
  CHECK(good->signer == key);
  CHECK(good->name == "Jeanne Dupont ");
  auto moved = raw;
  moved.replace(moved.find("\n\nwork"), 6, "\n\nwoRk");
  CHECK_FALSE(must(read_pushed_commit(bytes_of(moved))).signer);
  for (std::size_t size = 0; size < raw.size(); ++size)
    if (auto cut = read_pushed_commit(bytes_of(raw.substr(0, size)))) CHECK_FALSE(cut->signer);
}
