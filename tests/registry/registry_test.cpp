#include "registry/registry.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <set>

#include "registry/keys.h"
#include "registry/rocks_store.h"
#include "tests/registry/temporary_directory.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using maillage::tests::TemporaryDirectory;

namespace {

constexpr UnixTime kNow{1'800'000'000'000};

std::unique_ptr<Registry> make(const std::filesystem::path& dir, const std::string& name) {
  auto created = Registry::create(dir, {name, false, "29039", 47.87, -3.92}, kNow);
  REQUIRE(created);
  auto opened = Registry::open(dir);
  REQUIRE(opened);
  return std::move(*opened);
}

FileEdit edit(const std::string& path, const std::string& json) { return {path, Bytes(json.begin(), json.end())}; }

FileEdit need(const std::string& name) {
  return edit("needs/" + name + ".json", R"({"kind": "need", "name": "Visières", "quantity": 200, "until": "2027-03-01"})");
}

std::size_t count(const Registry& registry, What what, const Parameters& parameters = {}) {
  auto query = parse_query(what, parameters);
  REQUIRE(query);
  auto page = registry.query(*query);
  REQUIRE(page);
  return page->number_matched;
}

// Everything of `from`'s own place that `to` lacks, as a peer would bring it.
Ingested::Outcome bring(Registry& from, Registry& to, const Candidate& head, const ObjectId& base) {
  static JobId job = 1;
  ++job;
  auto packed = from.open_pack(job, {{head.head.head.place, head.head, base}});
  REQUIRE(packed.size() == 1);
  for (bool last = false; !last;) {
    auto chunk = from.read_pack(job, 1000);
    REQUIRE(chunk);
    REQUIRE(to.append_pack(job, chunk->bytes));
    last = chunk->last;
  }
  from.close_pack(job);
  if (job % 2 == 0) to.read_ahead(job);  // nothing comes of it but sooner
  auto outcomes = to.ingest(job, {{head, packed.front().base}});
  REQUIRE(outcomes.size() == 1);
  return outcomes.front();
}

Candidate own_candidate(const Registry& registry) {
  auto places = registry.load();
  REQUIRE(places);
  for (PlaceState& place : *places)
    if (place.own) return Candidate{place.seen, place.chain, place.chain.size()};
  FAIL("no own place");
  std::abort();
}

}  // namespace

TEST_CASE("a new registry holds its own place, and only once") {
  TemporaryDirectory dir;
  {
    auto registry = make(dir.path(), "Konk Ar Lab");
    CHECK(count(*registry, What::kPlaces) == 1);
    CHECK(registry->place("konk-ar-lab"));
    CHECK(registry->own_places().size() == 1);
    CHECK(registry->verify()->empty());
    auto second = Registry::open(dir.path());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::kInUse);
  }
  auto again = Registry::create(dir.path(), {"Autre", false, "", {}, {}}, kNow);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ErrorCode::kExists);
  CHECK(count(**Registry::open(dir.path()), What::kPlaces) == 1);
}

TEST_CASE("the recovery sheet is the root of the place, and a slip of the pen is noticed") {
  TemporaryDirectory dir;
  auto created = Registry::create(dir.path(), {"Lieu", false, "", {}, {}}, kNow);
  REQUIRE(created);
  auto registry = *Registry::open(dir.path());
  CHECK_FALSE(registry->sheet_confirmed());
  std::string sheet = created->recovery_sheet;
  SystemRandom random;
  CHECK(registry->confirm_sheet(RecoverySheet::make(random).text()) == Result<bool>(false));
  char& digit = sheet[20] == '-' ? sheet[21] : sheet[20];
  char right = digit;
  digit = right == '7' ? '8' : '7';
  CHECK_FALSE(registry->confirm_sheet(sheet));
  digit = right;
  std::string spoken;
  for (char c : sheet)
    if (c != '-') spoken += static_cast<char>(std::tolower(c));
  CHECK(registry->confirm_sheet(spoken) == Result<bool>(true));
  CHECK(registry->sheet_confirmed());
  registry.reset();
  CHECK((*Registry::open(dir.path()))->sheet_confirmed());
}

TEST_CASE("what is published answers at once, and after a restart") {
  TemporaryDirectory dir;
  auto registry = make(dir.path(), "Konk Ar Lab");
  PlaceId place = registry->identity().place;
  auto revision = registry->revision();
  auto published = registry->publish(place, {need("visieres")}, kNow);
  REQUIRE(published);
  CHECK(published->changed == std::vector<std::string>{"needs/visieres.json"});
  CHECK(published->place->pack != nullptr);
  CHECK(registry->revision() > revision);
  CHECK(count(*registry, What::kNeeds, {{"q", "visiere"}}) == 1);
  auto same = registry->publish(place, {need("visieres")}, kNow);
  REQUIRE(same);
  CHECK_FALSE(same->place);
  registry.reset();
  registry = *Registry::open(dir.path());
  CHECK(count(*registry, What::kNeeds) == 1);
  CHECK(registry->verify()->empty());
  REQUIRE(registry->publish(place, {{"needs/visieres.json", std::nullopt}}, kNow));
  CHECK(count(*registry, What::kNeeds) == 0);
}

TEST_CASE("a wrong record publishes nothing, also not the right ones beside it") {
  TemporaryDirectory dir;
  auto registry = make(dir.path(), "Lieu");
  auto refused = registry->publish(registry->identity().place,
                                   {need("bon"), edit("resources/saw/record.json", R"({"kind": "resource", "name": "Scie", "type": "equipment"})")}, kNow);
  REQUIRE_FALSE(refused);
  REQUIRE(refused.error().size() == 1);
  CHECK(refused.error().front().pointer == "/licence");
  CHECK(count(*registry, What::kNeeds) == 0);
  auto other = registry->publish(PlaceId{}, {need("bon")}, kNow);
  REQUIRE_FALSE(other);
  CHECK(other.error().front().code == ErrorCode::kNotOurs);
}

TEST_CASE("a place comes over whole, then by what changed, and is held after a restart") {
  TemporaryDirectory here, there;
  auto from = make(here.path(), "Konk Ar Lab");
  auto to = make(there.path(), "Atelier Jouret");
  Candidate first = own_candidate(*from);
  REQUIRE_FALSE(bring(*from, *to, first, {}).refused);
  CHECK(count(*to, What::kPlaces) == 2);
  auto published = from->publish(from->identity().place, {need("visieres")}, kNow);
  REQUIRE(published);
  REQUIRE_FALSE(bring(*from, *to, published->place->head, first.head.head.commit).refused);
  CHECK(count(*to, What::kNeeds) == 1);
  CHECK(to->verify()->empty());

  // An older head that was judged before the newer one was committed does not take the mark back.
  REQUIRE(to->persist({first}, {}));
  to.reset();
  to = *Registry::open(there.path());
  CHECK(count(*to, What::kNeeds) == 1);
  auto places = to->load();
  REQUIRE(places);
  for (const PlaceState& place : *places)
    if (!place.own) CHECK(place.holds_seen);
  CHECK(to->verify()->empty());
}

TEST_CASE("a peer that answers with less than is held does not take the index back") {
  TemporaryDirectory here, there, late;
  auto from = make(here.path(), "Konk Ar Lab");
  auto behind = make(late.path(), "Fabricarium");
  auto to = make(there.path(), "Atelier Jouret");
  Candidate first = own_candidate(*from);
  REQUIRE_FALSE(bring(*from, *behind, first, {}).refused);
  REQUIRE(from->publish(from->identity().place, {need("visieres")}, kNow));
  REQUIRE_FALSE(bring(*from, *to, own_candidate(*from), {}).refused);
  REQUIRE(count(*to, What::kNeeds) == 1);
  CHECK_FALSE(bring(*behind, *to, first, {}).refused);
  CHECK(count(*to, What::kNeeds) == 1);
  CHECK(to->verify()->empty());
}

TEST_CASE("a receipt that comes late does not replace a newer one") {
  TemporaryDirectory dir;
  auto registry = make(dir.path(), "Konk Ar Lab");
  PlaceId own = registry->identity().place;
  Hash newer, older;
  newer.bytes[0] = 2;
  older.bytes[0] = 1;
  REQUIRE(registry->keep_receipts({{PlaceId{}, {2000}, {{own, newer}}}, {PlaceId{}, {1500}, {{own, older}}}}));
  REQUIRE(registry->keep_receipts({{PlaceId{}, {1000}, {{own, older}}}}));
  auto receipts = registry->status().at("own").at(0).at("receipts").as_array();
  REQUIRE(receipts.size() == 1);
  CHECK(receipts[0].at("head").as_string() == newer.hex());
}

TEST_CASE("a place that was published elsewhere under our identity is not signed over") {
  TemporaryDirectory dir;
  auto registry = make(dir.path(), "Konk Ar Lab");
  Candidate elsewhere = own_candidate(*registry);
  elsewhere.head.head.sequence += 5;
  elsewhere.head = sign(elsewhere.head.head, registry->identity().key);
  REQUIRE(registry->persist({elsewhere}, {}));
  auto refused = registry->publish(registry->identity().place, {need("visieres")}, kNow);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().front().code == ErrorCode::kIdentityElsewhere);
}

TEST_CASE("a damaged index is made anew from git at the next start, and verify notices it before") {
  TemporaryDirectory dir;
  auto registry = make(dir.path(), "Konk Ar Lab");
  REQUIRE(registry->publish(registry->identity().place, {need("visieres")}, kNow));
  auto damage = [&](std::string value) {
    registry.reset();
    auto store = *RocksStore::open(dir.path() / "state");
    std::string key;
    REQUIRE(store->scan(Column::kRecords, "", [&](std::string_view found, std::string_view) {
      key = std::string(found);
      return false;
    }));
    WriteBatch batch;
    if (value.empty())
      batch.erase(Column::kRecords, key);
    else
      batch.put(Column::kRecords, key, value);
    REQUIRE(store->write(batch));
  };
  damage("");
  registry = *Registry::open(dir.path());
  CHECK_FALSE(registry->verify()->empty());
  CHECK(registry->reindex() == Result<std::uint64_t>(2));
  CHECK(registry->verify()->empty());
  damage("nonsense");
  registry = *Registry::open(dir.path());
  CHECK(registry->verify()->empty());
  CHECK(count(*registry, What::kNeeds) == 1);
  CHECK(count(*registry, What::kPlaces) == 1);
}

TEST_CASE("an init that was cut short can be run again, and leaves no ghost of the first") {
  TemporaryDirectory dir;
  make(dir.path(), "Fantôme").reset();
  {
    auto store = *RocksStore::open(dir.path() / "state");
    WriteBatch batch;
    batch.erase(Column::kMeta, "identity");
    REQUIRE(store->write(batch));
  }
  std::ofstream(dir.path() / "keys/unfinished") << "1\n";
  auto registry = make(dir.path(), "Konk Ar Lab");
  CHECK(count(*registry, What::kPlaces) == 1);
  CHECK(registry->own_places().size() == 1);
  CHECK(registry->verify()->empty());
  CHECK_FALSE(std::filesystem::exists(dir.path() / "keys/unfinished"));
}

TEST_CASE("a place whose sheet could not be shown is not finished, and is made anew") {
  TemporaryDirectory dir;
  std::string unseen;
  auto refused = Registry::create(dir.path(), {"Lieu", false, "", {}, {}}, kNow, [&](const CreatedPlace& created) -> Result<void> {
    unseen = created.recovery_sheet;
    CHECK(std::filesystem::exists(dir.path() / "keys/unfinished"));
    return fail(ErrorCode::kIo, "stdout");
  });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kIo);
  CHECK_FALSE(unseen.empty());
  auto opened = Registry::open(dir.path());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::kInitCut);
  auto created = Registry::create(dir.path(), {"Lieu", false, "", {}, {}}, kNow, [](const CreatedPlace&) { return Result<void>(); });
  REQUIRE(created);
  CHECK(created->recovery_sheet != unseen);
  CHECK(Registry::open(dir.path()));
}

TEST_CASE("a key that is left without its stores is never replaced") {
  TemporaryDirectory dir;
  make(dir.path(), "Konk Ar Lab").reset();
  std::filesystem::remove_all(dir.path() / "state");
  std::filesystem::remove_all(dir.path() / "store.git");
  auto again = Registry::create(dir.path(), {"Autre", false, "", {}, {}}, kNow);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ErrorCode::kExists);
}

TEST_CASE("content that is not what the head signs is refused, and what was held stays") {
  TemporaryDirectory here, there;
  auto from = make(here.path(), "Konk Ar Lab");
  auto to = make(there.path(), "Atelier Jouret");
  Candidate lying = own_candidate(*from);
  lying.head.head.state.bytes[0] ^= 1;
  auto refused = bring(*from, *to, lying, {});
  REQUIRE(refused.refused);
  CHECK(refused.refused->code == ErrorCode::kWrongState);
  CHECK(count(*to, What::kPlaces) == 1);
  CHECK_FALSE(bring(*from, *to, own_candidate(*from), {}).refused);
  CHECK(to->verify()->empty());
}

TEST_CASE("a flipped byte anywhere in a pack is noticed by verify") {
  TemporaryDirectory dir;
  make(dir.path(), "Konk Ar Lab").reset();
  std::filesystem::path pack;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path() / "store.git/objects/pack"))
    if (entry.path().extension() == ".pack") pack = entry.path();
  std::filesystem::permissions(pack, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
  auto size = std::filesystem::file_size(pack);
  for (std::uintmax_t at = 0; at < size; at += 97) {
    std::fstream file(pack, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    char byte = static_cast<char>(file.get());
    auto write = [&](char value) {
      file.seekp(static_cast<std::streamoff>(at));
      file.put(value);
      file.flush();
    };
    write(static_cast<char>(byte ^ 0x40));
    auto opened = Registry::open(dir.path());
    CHECK((!opened || !(*opened)->verify()->empty()));
    write(byte);
  }
  CHECK((*Registry::open(dir.path()))->verify()->empty());
}

TEST_CASE("a reindex leaves out the place that cannot be read, says so, and everybody else is found") {
  TemporaryDirectory here, there;
  auto from = make(here.path(), "Konk Ar Lab");
  make(there.path(), "Atelier Jouret").reset();
  std::set<std::filesystem::path> before;
  auto packs = [&] { return std::filesystem::directory_iterator(there.path() / "store.git/objects/pack"); };
  for (const auto& entry : packs()) before.insert(entry.path());
  auto to = *Registry::open(there.path());
  REQUIRE_FALSE(bring(*from, *to, own_candidate(*from), {}).refused);
  CHECK(count(*to, What::kPlaces) == 2);
  to.reset();
  for (const auto& entry : packs()) {
    if (entry.path().extension() != ".pack" || before.contains(entry.path())) continue;
    std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    for (std::uintmax_t at = 20; at + 20 < entry.file_size(); ++at) {
      file.seekp(static_cast<std::streamoff>(at));
      file.put('x');
    }
  }
  for (int start = 0; start < 2; ++start) {
    to = *Registry::open(there.path());
    CHECK_FALSE(to->reindex());
    CHECK(count(*to, What::kPlaces) == 1);
    CHECK_FALSE(to->verify()->empty());
    CHECK(to->publish(to->identity().place, {need("visieres" + std::to_string(start))}, kNow));
    to.reset();
  }
}

TEST_CASE("refs name every place's commit for stock git") {
  TemporaryDirectory dir;
  auto registry = make(dir.path(), "Konk Ar Lab");
  REQUIRE(registry->write_refs() == Result<std::uint64_t>(1));
  std::ifstream refs(dir.path() / "store.git/packed-refs");
  std::string text(std::istreambuf_iterator<char>(refs), {});
  CHECK(text.find("refs/places/" + registry->identity().place.hex()) != std::string::npos);
}

TEST_CASE("a head says whom the place's open records speak to: by address, a membership its network, an admission its member") {
  TemporaryDirectory directory;
  auto registry = make(directory.path() / "one", "Konk Ar Lab");
  PlaceId place = registry->identity().place;
  auto id = [](char digit) { return std::string(64, digit); };
  Addressed addressed;
  auto publish_edit = [&](const FileEdit& made) {
    auto published = registry->publish(place, {made}, kNow);
    REQUIRE(published);
    addressed = published->place->head.head.head.addressed;
  };
  auto publish = [&](const std::string& path, const std::string& json) { publish_edit(edit(path, json)); };
  auto speaks_to = [&](char digit) { return addressed.may_contain(*PlaceId::parse(id(digit))); };
  publish("memberships/collectif.json", R"({"kind": "membership", "name": "Adhésion", "network": ")" + id('a') + "\"}");
  publish("admissions/konk.json", R"({"kind": "admission", "name": "Admission", "member": ")" + id('b') + "\"}");
  publish("needs/scie.json", R"({"kind": "need", "name": "Scie", "description": "Comme maillage:)" + id('c') + R"(/offers/scie"})");
  CHECK((speaks_to('a') && speaks_to('b') && speaks_to('c')));
  CHECK_FALSE(speaks_to('d'));
  publish_edit({"memberships/collectif.json", std::nullopt});
  CHECK_FALSE(speaks_to('a'));
  CHECK((speaks_to('b') && speaks_to('c')));
}
