// Many places on one daemon: made, published together, kept.
#include <catch2/catch.hpp>

#include <set>

#include "registry/registry.h"
#include "tests/registry/temporary_directory.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using maillage::tests::TemporaryDirectory;

namespace {

constexpr UnixTime kNow{1'800'000'000'000};

std::unique_ptr<Registry> make_hub(const std::filesystem::path& dir) {
  REQUIRE(Registry::create(dir, {"Collectif", true, "59350", {}, {}}, kNow));
  return std::move(*Registry::open(dir));
}

FileEdit profile(const std::string& name, const std::string& more = "") {
  std::string json = R"({"kind": "profile", "name": ")" + name + "\"" + more + "}";
  return {"profile.json", Bytes(json.begin(), json.end())};
}

std::vector<Publication> numbered_places(std::size_t count) {
  std::vector<Publication> publications;
  for (std::size_t i = 0; i < count; ++i) publications.push_back({std::nullopt, {profile("Lieu " + std::to_string(i))}});
  return publications;
}

std::size_t count(const Registry& registry, const Parameters& parameters = {}) {
  return registry.query(*parse_query(What::kPlaces, parameters))->number_matched;
}

}  // namespace

TEST_CASE("a hub makes 1,500 places in a handful of batches, all of them its own after a restart") {
  TemporaryDirectory dir;
  auto hub = make_hub(dir.path());
  auto before = hub->revision();
  auto outcomes = hub->publish_all(numbered_places(1'500), kNow);
  std::set<PlaceId> places;
  for (const auto& outcome : outcomes) {
    REQUIRE(outcome);
    REQUIRE(outcome->place);
    places.insert(outcome->place->head.chain.place());
  }
  CHECK(places.size() == 1'500);
  CHECK(hub->revision() - before <= 4);
  CHECK(count(*hub) == 1'500);
  hub.reset();
  hub = std::move(*Registry::open(dir.path()));
  CHECK(hub->own_places().size() == 1'501);
  CHECK(count(*hub, {{"q", "1234"}}) == 1);
  CHECK(hub->verify()->empty());
  auto states = hub->load();
  CHECK(std::all_of(states->begin(), states->end(), [](const PlaceState& state) { return state.own; }));
}

TEST_CASE("in a group each place is published or refused by itself, and what is published already is left alone") {
  TemporaryDirectory dir;
  auto hub = make_hub(dir.path());
  auto made = hub->publish_all(numbered_places(2), kNow);
  PlaceId first = made[0]->place->head.chain.place(), second = made[1]->place->head.chain.place();
  auto before = hub->revision();
  auto outcomes = hub->publish_all({{first, {profile("Lieu 0")}},
                                    {second, {profile("Lieu deux")}},
                                    {std::nullopt, {profile("")}},
                                    {PlaceId{}, {profile("Étranger")}},
                                    {std::nullopt, {}},
                                    {second, {profile("Lieu II")}}},
                                   kNow);
  CHECK(outcomes[0]);
  CHECK_FALSE(outcomes[0]->place);
  CHECK(outcomes[1]->changed == std::vector<std::string>{"profile.json"});
  CHECK(outcomes[2].error().front().path == "profile.json");
  CHECK(outcomes[3].error().front().code == ErrorCode::kNotOurs);
  CHECK(outcomes[4].error().front().code == ErrorCode::kNotFound);
  CHECK(outcomes[5]->place->base == outcomes[1]->place->head.head.head.commit);
  CHECK(hub->revision() - before == 2);
  CHECK(count(*hub, {{"q", "II"}}) == 1);
  CHECK(hub->verify()->empty());
}

namespace {

FileEdit need(const std::string& path, const std::string& name) {
  std::string json = R"({"kind": "need", "name": ")" + name + "\"}";
  return {path, Bytes(json.begin(), json.end())};
}

}  // namespace

TEST_CASE("what one place publishes in a burst is one commit and one head, and each publication is answered for what it changed") {
  TemporaryDirectory dir;
  auto hub = make_hub(dir.path());
  PlaceId place = hub->publish_all(numbered_places(1), kNow)[0]->place->head.chain.place();
  REQUIRE(hub->publish(place, {need("needs/old.json", "Vieux")}, kNow));
  auto before = hub->revision();
  std::vector<Publication> burst;
  for (int i = 0; i < 100; ++i) burst.push_back({place, {need("needs/n" + std::to_string(i) + ".json", "Besoin")}});
  burst.push_back({place, {{"needs/old.json", std::nullopt}}});
  auto outcomes = hub->publish_all(burst, kNow);
  CHECK(hub->revision() - before == 1);
  REQUIRE(outcomes[0]);
  CHECK(outcomes[0]->place->head.head.head.sequence == 2);
  CHECK(outcomes[0]->changed == std::vector<std::string>{"needs/n0.json"});
  REQUIRE(outcomes[57]);
  CHECK_FALSE(outcomes[57]->place);  // told once
  CHECK(outcomes[57]->changed == std::vector<std::string>{"needs/n57.json"});
  CHECK(outcomes[100]->withdrawn == std::vector<std::string>{"needs/old.json"});
  CHECK(hub->query(*parse_query(What::kNeeds, {}))->number_matched == 100);
  CHECK(hub->verify()->empty());
}

TEST_CASE("in a burst of one place, what is refused or contradicts another publication is answered for itself, in the order it came") {
  TemporaryDirectory dir;
  auto hub = make_hub(dir.path());
  PlaceId place = hub->publish_all(numbered_places(1), kNow)[0]->place->head.chain.place();
  auto outcomes = hub->publish_all({{place, {need("needs/a.json", "Un")}},
                                    {place, {need("needs/b.json", "")}},
                                    {place, {need("needs/a.json", "Deux")}},
                                    {place, {need("needs/c.json", "Trois")}}},
                                   kNow);
  REQUIRE(outcomes[0]);
  CHECK(outcomes[1].error().front().path == "needs/b.json");
  REQUIRE(outcomes[2]);
  REQUIRE(outcomes[3]);
  auto page = hub->query(*parse_query(What::kNeeds, {}));
  CHECK(page->number_matched == 2);
  CHECK(hub->query(*parse_query(What::kNeeds, {{"q", "deux"}}))->number_matched == 1);
  CHECK(hub->query(*parse_query(What::kNeeds, {{"q", "un"}}))->number_matched == 0);
  CHECK(hub->verify()->empty());
}

TEST_CASE("places made in the same millisecond are different places under one root") {
  TemporaryDirectory dir;
  auto hub = make_hub(dir.path());
  auto made = hub->publish_all({{std::nullopt, {profile("Même")}}, {std::nullopt, {profile("Même")}}}, kNow);
  const Charter& one = made[0]->place->head.chain.latest();
  const Charter& two = made[1]->place->head.chain.latest();
  CHECK(one.roots == two.roots);
  CHECK(one.time != two.time);
  CHECK(place_of_genesis(one) != place_of_genesis(two));
  hub.reset();
  hub = std::move(*Registry::open(dir.path()));
  auto again = hub->publish_all({{std::nullopt, {profile("Même")}}}, kNow);
  CHECK(count(*hub, {{"q", "même"}}) == 3);
}

namespace {

struct Daemon {
  explicit Daemon(const std::string& name) {
    auto created = Registry::create(dir.path(), {name, false, "", {}, {}}, kNow);
    REQUIRE(created);
    sheet = created->recovery_sheet;
    reopen();
  }
  void reopen() {
    registry.reset();
    registry = std::move(*Registry::open(dir.path()));
  }
  PlaceId add(const std::string& name, const std::optional<PublicKey>& own_root = {}) {
    auto made = registry->publish_all({{std::nullopt, {profile(name)}, own_root}}, kNow);
    REQUIRE(made.front());
    return made.front()->place->head.chain.place();
  }
  bool owns(const PlaceId& place) const {
    auto states = registry->load();
    for (const PlaceState& state : *states)
      if (state.chain.place() == place) return state.own;
    return false;
  }

  TemporaryDirectory dir;
  std::string sheet;
  std::unique_ptr<Registry> registry;
};

// What a node does with a head that a partner sends: its charters, its content.
void learn(Daemon& daemon, Daemon& from, const Candidate& head, const ObjectId& base) {
  auto packed = from.registry->open_pack(7, {{head.head.head.place, head.head, base}});
  for (bool last = false; !last;) {
    auto chunk = from.registry->read_pack(7, 1 << 20);
    REQUIRE(chunk);
    REQUIRE(daemon.registry->append_pack(7, chunk->bytes));
    last = chunk->last;
  }
  from.registry->close_pack(7);
  auto outcomes = daemon.registry->ingest(7, {{head, packed.front().base}});
  REQUIRE_FALSE(outcomes.front().refused);
}

}  // namespace

TEST_CASE("a place moves with its history, by its host's sheet, and its old host signs for it no more") {
  Daemon host("Hôte"), next("Suivant");
  PlaceId place = host.add("La Quincaillerie");
  REQUIRE(host.registry->publish(place, {profile("La Quincaillerie", R"(, "stage": "open")")}, kNow));
  auto code = Successor::parse(next.registry->successor().text() + "\n");
  REQUIRE(code);
  CHECK(host.registry->export_place(place, *code, {next.sheet}, kNow).error().code == ErrorCode::kWrongSheet);
  auto file = host.registry->export_place(place, *code, {host.sheet}, kNow);
  REQUIRE(file);
  CHECK(next.registry->adopt_place(*file, {host.sheet}, kNow).error().front().code == ErrorCode::kHostSheetMissing);
  auto adopted = next.registry->adopt_place(*file, {next.sheet}, kNow);
  REQUIRE(adopted);
  CHECK(next.owns(place));
  auto second = next.registry->publish(place, {profile("La Quincaillerie", R"(, "stage": "closed")")}, kNow);
  REQUIRE(second);
  CHECK(second->place->head.head.head.sequence == 3);
  CHECK(next.registry->verify()->empty());

  learn(host, next, adopted->place->head, adopted->place->base);
  CHECK_FALSE(host.owns(place));
  CHECK(host.registry->publish(place, {profile("À moi")}, kNow).error().front().code == ErrorCode::kMovedAway);
  host.reopen();
  CHECK_FALSE(host.owns(place));
  CHECK(host.registry->verify()->empty());
}

TEST_CASE("a place with a sheet of its own leaves without its host, and keeps its sheet") {
  Daemon host("Hôte"), next("Suivant"), third("Troisième");
  SystemRandom random;
  RecoverySheet own = RecoverySheet::make(random);
  PlaceId place = host.add("Les Riverains", own.root(0).public_key());
  auto file = host.registry->export_place(place, std::nullopt, {}, kNow);
  REQUIRE(file);
  REQUIRE(next.registry->adopt_place(*file, {own.text(), next.sheet}, kNow));
  CHECK(next.owns(place));
  auto again = next.registry->export_place(place, third.registry->successor(), {own.text()}, kNow);
  REQUIRE(again);
  REQUIRE(third.registry->adopt_place(*again, {third.sheet}, kNow));
  CHECK(third.owns(place));
  CHECK(third.registry->verify()->empty());
}

TEST_CASE("a handover file that is cut, changed, or for somebody else is refused, and nothing is adopted") {
  Daemon host("Hôte"), next("Suivant"), other("Autre");
  PlaceId place = host.add("Colybric");
  Bytes file = *host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow);
  CHECK(other.registry->adopt_place(file, {other.sheet}, kNow).error().front().code == ErrorCode::kNotSuccessor);
  for (std::size_t size = 0; size < file.size(); size += 1 + file.size() / 97)
    CHECK_FALSE(next.registry->adopt_place(ByteView(file).first(size), {next.sheet}, kNow));
  for (std::size_t at = 0; at < file.size(); at += 1 + file.size() / 197) {
    file[at] ^= 0x10;
    CHECK_FALSE(next.registry->adopt_place(file, {next.sheet}, kNow));
    file[at] ^= 0x10;
  }
  CHECK_FALSE(next.owns(place));
  CHECK(next.registry->own_places().size() == 1);
  REQUIRE(next.registry->adopt_place(file, {next.sheet}, kNow));
  CHECK(next.registry->verify()->empty());
  CHECK(decode_handover(file)->charters.size() == 1);
  CHECK(encode(*decode_handover(file)) == file);
}

TEST_CASE("a place with a sheet of its own keeps its root when its host hands it over, and the host's root goes") {
  Daemon host("Hôte"), next("Suivant");
  SystemRandom random;
  RecoverySheet own = RecoverySheet::make(random);
  PlaceId place = host.add("Les Riverains", own.root(0).public_key());
  auto file = host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow);
  REQUIRE(file);
  REQUIRE(next.registry->adopt_place(*file, {next.sheet}, kNow));
  auto states = next.registry->load();
  for (const PlaceState& state : *states) {
    if (state.chain.place() != place) continue;
    const auto& roots = state.chain.latest().roots;
    CHECK(roots.size() == 2);
    CHECK(std::ranges::count(roots, own.root(0).public_key()) == 1);
    CHECK(std::ranges::count(roots, next.registry->successor().root) == 1);
  }
}

TEST_CASE("a short name that two hosted places have names neither, and says both") {
  Daemon host("Hôte");
  PlaceId one = host.add("Colybric"), two = host.add("Colybric");
  auto refused = host.registry->own_place("colybric");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kAmbiguousName);
  for (const PlaceId& place : {one, two}) CHECK(refused.error().context.find(place.hex()) != std::string::npos);
  CHECK(host.registry->own_place("hote").value() == host.registry->identity().place);
  CHECK(host.registry->own_place("nulle-part").error().code == ErrorCode::kNotFound);
}

TEST_CASE("places are called by their short name, or by eight digits of their id at least, and more than one may be meant") {
  Daemon host("Hôte");
  PlaceId one = host.add("Colybric"), two = host.add("Colybric"), own = host.registry->identity().place;
  auto called = [&](std::string_view word) { return host.registry->places_called(word).value(); };
  CHECK(called("hote") == std::vector{own});
  CHECK(called("Hôte") == std::vector{own});
  std::vector<PlaceId> both = called("colybric");
  CHECK(std::set(both.begin(), both.end()) == std::set{one, two});
  for (std::size_t digits : {8u, 9u, 12u, 63u, 64u}) CHECK(called(one.hex().substr(0, digits)) == std::vector{one});
  CHECK(called(one.hex().substr(0, 7)).empty());
  for (const char* nobody : {"", "zzzzzzzz", "00000000", "nulle-part"}) CHECK(called(nobody).empty());
}

TEST_CASE("the daemon's own place is not handed over, and the same file is adopted once") {
  Daemon host("Hôte"), next("Suivant"), third("Troisième");
  CHECK_FALSE(host.registry->export_place(host.registry->identity().place, next.registry->successor(), {host.sheet}, kNow));
  PlaceId place = host.add("Colybric");
  Bytes file = *host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow);
  REQUIRE(next.registry->adopt_place(file, {next.sheet}, kNow));
  Bytes onward = *next.registry->export_place(place, third.registry->successor(), {next.sheet}, kNow);
  auto moved = third.registry->adopt_place(onward, {third.sheet}, kNow);
  REQUIRE(moved);
  learn(next, third, moved->place->head, moved->place->base);
  CHECK(next.registry->adopt_place(file, {next.sheet}, kNow).error().front().code == ErrorCode::kMovedAway);
  CHECK_FALSE(next.owns(place));
}

TEST_CASE("a file older than what its host published since is refused, and says so") {
  Daemon host("Hôte"), next("Suivant");
  PlaceId place = host.add("Colybric");
  Bytes file = *host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow);
  REQUIRE(host.registry->keep_place(place));
  auto later = host.registry->publish(place, {profile("Colybric", R"(, "stage": "open")")}, kNow);
  REQUIRE(later);
  Candidate whole{later->place->head.head, later->place->head.chain, later->place->head.chain.size()};
  learn(next, host, whole, {});
  CHECK(next.registry->adopt_place(file, {next.sheet}, kNow).error().front().code == ErrorCode::kHandoverStale);
}

TEST_CASE("nothing is published in a place that was handed over, until it is adopted or kept, restarts included") {
  Daemon host("Hôte"), next("Suivant");
  PlaceId place = host.add("Colybric");
  auto publish = [&](Daemon& daemon, const std::string& stage) {
    return daemon.registry->publish(place, {profile("Colybric", R"(, "stage": ")" + stage + '"')}, kNow);
  };
  auto handed_over = [&] {
    for (const HostedPlace& hosted : host.registry->hosted_places())
      if (hosted.place == place) return hosted.handed_over;
    return false;
  };
  CHECK(host.registry->keep_place(place).error().code == ErrorCode::kNotHandedOver);
  REQUIRE(host.registry->export_place(place, std::nullopt, {}, kNow));  // a copy: nobody is named
  CHECK(publish(host, "project"));
  CHECK_FALSE(handed_over());

  REQUIRE(host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow));
  CHECK(publish(host, "open").error().front().code == ErrorCode::kHandedOver);
  host.reopen();
  CHECK(publish(host, "open").error().front().code == ErrorCode::kHandedOver);
  CHECK(handed_over());
  auto same = publish(host, "project");  // what is published already changes nothing
  REQUIRE(same);
  CHECK_FALSE(same->place);
  CHECK(host.add("Autre") != place);

  REQUIRE(host.registry->keep_place(place));
  CHECK_FALSE(handed_over());
  host.reopen();
  CHECK(publish(host, "open"));

  auto file = host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow);
  auto there = next.registry->adopt_place(*file, {next.sheet}, kNow);
  REQUIRE(there);
  learn(host, next, there->place->head, there->place->base);
  CHECK_FALSE(handed_over());
  CHECK(publish(host, "closed").error().front().code == ErrorCode::kMovedAway);
  auto back = next.registry->export_place(place, host.registry->successor(), {next.sheet}, kNow);
  REQUIRE(host.registry->adopt_place(*back, {host.sheet}, kNow));
  CHECK_FALSE(handed_over());
  CHECK(publish(host, "closed"));
  host.reopen();
  CHECK(publish(host, "open"));
  CHECK(host.registry->verify()->empty());
}

TEST_CASE("what was published after the export and is not in what the new host took over is named by the old one") {
  Daemon host("Hôte"), next("Suivant");
  PlaceId place = host.add("Colybric"), other = host.add("Autre");
  Bytes file = *host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow);
  Bytes other_file = *host.registry->export_place(other, next.registry->successor(), {host.sheet}, kNow);
  REQUIRE(host.registry->keep_place(place));
  Bytes need{'{', '"', 'k', 'i', 'n', 'd', '"', ':', '"', 'n', 'e', 'e', 'd', '"', ',', '"', 'n', 'a', 'm', 'e', '"', ':', '"', 'A', '"', '}'};
  REQUIRE(host.registry->publish(place, {{"needs/lost.json", need}}, kNow));
  REQUIRE(host.registry->publish(place, {profile("Colybric", R"(, "stage": "open")")}, kNow));
  auto lost = [&](const PlaceId& of) {
    std::string all;
    for (const HostedPlace& hosted : host.registry->hosted_places())
      for (const std::string& path : hosted.place == of ? hosted.lost : std::vector<std::string>()) all += path + " ";
    return all;
  };
  for (const auto& [id, bytes] : {std::pair(place, file), std::pair(other, other_file)}) {
    auto adopted = next.registry->adopt_place(bytes, {next.sheet}, kNow);
    REQUIRE(adopted);
    auto after = next.registry->publish(id, {profile("Renommé")}, kNow);  // a later choice of the new host is nothing lost
    REQUIRE(after);
    Candidate whole{after->place->head.head, after->place->head.chain, after->place->head.chain.size()};
    CHECK(lost(id) == "");
    learn(host, next, whole, {});
  }
  CHECK(host.registry->take_left_without() == std::vector<PlaceId>{place});
  CHECK(lost(place) == "needs/lost.json profile.json ");
  CHECK(lost(other) == "");
  host.reopen();
  CHECK(lost(place) == "needs/lost.json profile.json ");
  CHECK(host.registry->lost_when_moved(place).size() == 2);
  CHECK(host.registry->take_left_without().empty());
}

TEST_CASE("content on top of less than what is held here leaves nothing of that in the index") {
  Daemon host("Hôte"), next("Suivant");
  PlaceId place = host.add("Colybric");
  Bytes file = *host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow);
  REQUIRE(host.registry->keep_place(place));
  constexpr std::string_view kNeed = R"({"kind": "need", "name": "Aide"})";
  REQUIRE(host.registry->publish(place, {{"needs/lost.json", Bytes(kNeed.begin(), kNeed.end())}}, kNow));
  auto adopted = next.registry->adopt_place(file, {next.sheet}, kNow);
  REQUIRE(adopted);
  learn(host, next, adopted->place->head, adopted->place->base);  // as a node asks that was not told of the last publication
  CHECK(host.registry->query(*parse_query(What::kNeeds, {}))->number_matched == 0);
  CHECK(host.registry->lost_when_moved(place) == std::vector<std::string>{"needs/lost.json"});
  CHECK(host.registry->verify()->empty());
}

TEST_CASE("a successor code that was cut or mistyped is told from what is none") {
  Daemon next("Suivant");
  std::string code = next.registry->successor().text(), cut = code.substr(0, 60), typo = code;
  typo.back() = 'x';
  CHECK(Successor::parse("maillage").error().code == ErrorCode::kBadSuccessor);
  CHECK(Successor::parse(cut).error() == Error{ErrorCode::kSuccessorCut, " (41 / 136)"});
  CHECK(Successor::parse(typo).error() == Error{ErrorCode::kSuccessorCut, " (135 / 136)"});
  CHECK(Successor::parse("MAILLAGE-SUCCESSOR-").error() == Error{ErrorCode::kSuccessorCut, " (0 / 136)"});
  CHECK(Successor::parse(code + "0").error().code == ErrorCode::kSuccessorCut);
  CHECK(Successor::parse(std::string(5'000, ' ') + code).error().code == ErrorCode::kBadSuccessor);
}

TEST_CASE("any one wrong character of a successor code is found, and a code of before the check is read") {
  Daemon next("Suivant");
  Successor keys = next.registry->successor();
  std::string code = keys.text(), mark = "MAILLAGE-SUCCESSOR-";
  REQUIRE(code.size() == mark.size() + 136);
  for (std::size_t at = mark.size(); at < code.size(); ++at) {
    std::string typo = code;
    typo[at] = typo[at] == '7' ? '1' : '7';
    CHECK(Successor::parse(typo).error().code == ErrorCode::kSuccessorCut);
  }
  CHECK(Successor::parse(code.substr(0, mark.size() + 128)).value() == keys);
  std::string copied;
  for (std::size_t at = 0; at < code.size(); ++at) copied += std::string(at > 0 && at % 20 == 0 ? "\r\n  " : "") + static_cast<char>(std::toupper(code[at]));
  CHECK(Successor::parse("\t" + copied + "\n").value() == keys);
}

TEST_CASE("a place is not exported for the daemon that keeps it, nor adopted a second time there, and both say why") {
  Daemon host("Hôte"), next("Suivant");
  PlaceId place = host.add("Colybric");
  CHECK(host.registry->export_place(place, host.registry->successor(), {}, kNow).error() == Error{ErrorCode::kExists, place.hex()});
  REQUIRE(host.registry->publish(place, {profile("Colybric", R"(, "stage": "open")")}, kNow));  // not frozen
  PlaceId own = host.registry->identity().place;
  CHECK(host.registry->export_place(own, next.registry->successor(), {}, kNow).error() == Error{ErrorCode::kNotHandedOver, own.hex()});
  CHECK(host.registry->export_place(place, next.registry->successor(), {}, kNow).error().code == ErrorCode::kWrongSheet);
  CHECK(host.registry->publish(place, {profile("Colybric", R"(, "stage": "closed")")}, kNow));  // nor by asking without a sheet
  Bytes file = *host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow);
  REQUIRE(next.registry->adopt_place(file, {next.sheet}, kNow));
  CHECK(next.registry->adopt_place(file, {next.sheet}, kNow).error().front().code == ErrorCode::kExists);
  CHECK(next.registry->verify()->empty());
}

TEST_CASE("a charter that keeps a foreign root, wants a second signature or voids what is held is not signed") {
  Daemon host("Hôte"), next("Suivant");
  PlaceId place = host.add("Colybric");
  SystemRandom random;
  RecoverySheet thief = RecoverySheet::make(random), master = *RecoverySheet::parse(host.sheet);
  Bytes file = *host.registry->export_place(place, next.registry->successor(), {host.sheet}, kNow);
  auto with = [&](auto change) {
    Handover handover = *decode_handover(file);
    Charter charter = handover.next->charter;
    change(charter);
    std::ranges::sort(charter.roots);
    KeyPair root = master.root(0);
    handover.next = sign(charter, std::span(&root, 1));
    auto adopted = next.registry->adopt_place(encode(handover), {next.sheet}, kNow);
    return adopted ? ErrorCode::kUsage : adopted.error().front().code;
  };
  CHECK(with([&](Charter& charter) { charter.roots.push_back(thief.root(0).public_key()); }) == ErrorCode::kNotSuccessor);
  CHECK(with([&](Charter& charter) { charter.minimum_epoch = 9; }) == ErrorCode::kNotSuccessor);
  CHECK(with([&](Charter& charter) {
          charter.roots.push_back(master.root(0).public_key());
          charter.threshold = 2;
        }) == ErrorCode::kNotSuccessor);
  CHECK_FALSE(next.owns(place));
}

TEST_CASE("a place whose profile is withdrawn answers to its last name for those who keep it, and to nobody else") {
  TemporaryDirectory dir;
  auto hub = make_hub(dir.path());
  auto made = hub->publish_all(numbered_places(3), kNow);
  PlaceId place = made[1]->place->head.chain.place();
  REQUIRE(hub->publish(place, {profile("Le Hangar")}, kNow));
  REQUIRE(hub->publish(place, {{"profile.json", std::nullopt}, {"notes.md", Bytes{'x'}}}, kNow));
  if (GENERATE(false, true)) hub.reset(), hub = std::move(*Registry::open(dir.path()));
  CHECK(hub->known_name(place).name == "Le Hangar");
  CHECK(hub->known_name(place).slug == "le-hangar");
  CHECK(hub->name_of(place).name.empty());
  CHECK(hub->own_place("Le Hangar").value() == place);
  CHECK(hub->own_place("lieu-1").error().code == ErrorCode::kNotFound);
  CHECK(hub->place("le-hangar").error().code == ErrorCode::kNotFound);
  CHECK(count(*hub) == 2);
  auto names = hub->status().at("own").as_array();
  CHECK(std::any_of(names.begin(), names.end(), [](const auto& own) { return own.at("name") == "Le Hangar"; }));
  REQUIRE(hub->publish(hub->own_place("le-hangar").value(), {profile("Le Hangar rouvert")}, kNow));
  CHECK(hub->own_place("le-hangar-rouvert").value() == place);
  CHECK_FALSE(hub->own_place("le-hangar"));
}
