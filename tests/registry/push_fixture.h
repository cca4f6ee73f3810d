// A place and a contributor with stock git: what she commits becomes the pack that `git push` would send.
#pragma once

#include "registry/registry.h"
#include "registry/refs.h"
#include "tests/registry/git_fixture.h"

namespace maillage::tests {

inline constexpr protocol::UnixTime kPushNow{1'800'000'000'000};

class PushFixture {
 public:
  PushFixture() {
    auto created = Registry::create(dir(), {"Konk Ar Lab", false, "29039", 47.87, -3.92}, kPushNow);
    REQUIRE(created);
    place = created->place;
    sheet = created->recovery_sheet;
    registry = must(Registry::open(dir()));
    publish("resources/saw.json", record("Scie"));
  }

  std::filesystem::path dir() const { return folder_.path() / "daemon"; }
  std::filesystem::path work() const { return folder_.path() / "work"; }

  static std::string record(const std::string& name, const std::string& more = "") {
    return R"({"kind": "resource", "name": ")" + name + R"(", "type": "equipment", "licence": "CC-BY-SA-4.0")" + more + "}\n";
  }
  void publish(const std::string& path, const std::string& text) {
    auto published = registry->publish(place, {{path, bytes_of(text)}}, kPushNow);
    REQUIRE(published);
  }
  void reopen() {
    registry.reset();
    registry = must(Registry::open(dir()));
  }

  std::string git(const std::string& arguments) const {
    std::string environment = "env -i PATH=\"$PATH\" LC_ALL=C GIT_CONFIG_NOSYSTEM=1 HOME=" + folder_.path().string();
    environment += " GIT_COMMITTER_DATE='" + committed + " +0000'";
    return output_of("cd " + (std::filesystem::exists(work()) ? work() : folder_.path()).string() + " && " + environment + " git " + arguments);
  }
  // The place as a contributor has it: branch and remote branch `main`.
  void clone() {
    must(registry->write_refs());
    git("init -q -b main work");
    git("remote add origin " + (dir() / "store.git").string());
    git("config remote.origin.fetch +refs/places/" + place.hex() + ":refs/remotes/origin/main");
    git("fetch -q origin");
    git("reset -q --hard origin/main");
    git("config user.name 'Jeanne Dupont'");
    git("config user.email jeanne@personne.example");
  }
  void fetch() {
    must(registry->write_refs());
    git("fetch -q origin");
  }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((work() / path).parent_path());
    std::ofstream(work() / path) << text;
  }
  ObjectId commit(const std::string& options = "") const {
    git("add -A");
    git("commit -q -m work " + options);
    return tip();
  }
  ObjectId tip() const { return must(ObjectId::parse(git("rev-parse HEAD").substr(0, 40))); }
  // A key, and git told to sign with it.
  protocol::PublicKey sign_with(const std::string& name) const {
    output_of("ssh-keygen -q -t ed25519 -N '' -C '' -f " + (folder_.path() / name).string());
    git("config gpg.format ssh");
    git("config user.signingkey " + (folder_.path() / (name + ".pub")).string());
    std::string blob = output_of("cut -d' ' -f2 " + (folder_.path() / (name + ".pub")).string() + " | base64 -d | tail -c 32");
    protocol::PublicKey key;
    std::memcpy(key.bytes.data(), blob.data(), key.bytes.size());
    return key;
  }
  // What `git push` sends: everything but what the remote told of itself.
  Bytes pack(const std::string& revisions = "HEAD\n^origin/main\n") const {
    write("../revisions", revisions);
    git("pack-objects --revs --thin --stdout -q < ../revisions > ../pushed.pack");
    return must(read_file(folder_.path() / "pushed.pack", 1u << 30));
  }

  using Outcome = tl::expected<PushOutcome, Problems>;
  Outcome push(const Push& push, const Bytes& pack, protocol::UnixTime now = kPushNow) {
    auto arrival = must(registry->begin_push());
    must(arrival->append(pack));
    auto judged = registry->judge_push(*arrival, push, now);
    if (!judged) return tl::unexpected(judged.error());
    return registry->take_push(*arrival, push, *judged, now);
  }
  Push push_of(const ObjectId& commit, bool keep = false) const {
    Push made;
    made.place = place;
    made.tip = commit;
    made.keep = keep;
    return made;
  }
  // The place as it is held here comes to another daemon whole.
  void tell(PushFixture& peer) {
    auto states = must(registry->load());
    protocol::Candidate head{states.front().seen, states.front().chain, states.front().chain.size()};
    registry->open_pack(1, {{place, head.head, {}}});
    Bytes whole;
    for (bool last = false; !last;) {
      auto chunk = must(registry->read_pack(1, 1 << 20));
      whole.insert(whole.end(), chunk.bytes.begin(), chunk.bytes.end());
      last = chunk.last;
    }
    registry->close_pack(1);
    must(peer.registry->append_pack(2, whole));
    REQUIRE_FALSE(peer.registry->ingest(2, {{head, {}}}).front().refused);
  }
  Outcome push(bool keep = false) { return push(push_of(tip(), keep), pack()); }
  // Commits what was written, and hands it in.
  Outcome contribute() {
    commit();
    auto outcome = push();
    REQUIRE(outcome);
    return outcome;
  }
  boost::json::object show(const Outcome& outcome, protocol::Language language = protocol::Language::kEnglish) const {
    auto shown = registry->show_contribution(outcome->contribution.id, language);
    REQUIRE(shown);
    return std::move(*shown);
  }

  // The refusal: every code, and the paths.
  static std::vector<std::pair<std::string, ErrorCode>> problems(const Outcome& outcome) {
    std::vector<std::pair<std::string, ErrorCode>> list;
    if (!outcome)
      for (const auto& problem : outcome.error()) list.emplace_back(problem.path, problem.code);
    return list;
  }
  // The only thing that is wrong.
  static ErrorCode code_of(const Outcome& outcome) {
    if (outcome) FAIL("the push was accepted");
    for (const auto& problem : outcome.error()) INFO(protocol::sentence(problem, protocol::Language::kEnglish));
    REQUIRE(outcome.error().size() == 1);
    return outcome.error().front().code;
  }
  std::string published(const std::string& path) const {
    auto bytes = registry->file(place, path);
    return bytes ? std::string(protocol::as_text(*bytes)) : "";
  }

  protocol::PlaceId place;
  std::string sheet;
  std::unique_ptr<Registry> registry;
  std::string committed = "1800000000";  // the time of her computer: kPushNow

 private:
  TemporaryDirectory folder_;
};

}  // namespace maillage::tests
