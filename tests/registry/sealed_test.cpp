// What a break of history replaced: three days in a file that the place's roots open, and nobody else.
#include <catch2/catch.hpp>

#include <algorithm>

#include "protocol/sealed.h"
#include "registry/handover.h"
#include "registry/recovery_source.h"
#include "registry/unsealed.h"
#include "tests/registry/holder.h"

using namespace maillage;
using namespace maillage::tests;

namespace {

// All that git shows of a repository: commits, files, names.
std::string everything_in(const std::filesystem::path& repository) {
  return output_of("git -C " + repository.string() + " log -p --format=fuller main | cat");
}

// The author of the last commit in each file that the place's root opens.
std::vector<std::string> authors_in(const Holder& here, const std::filesystem::path& out) {
  std::vector<std::string> authors;
  for (const Bytes& file : here.sealed()) {
    auto handover = must(decode_handover(must(protocol::unseal(file, here.key))));
    std::filesystem::path dir = out / handover.head.head.commit.hex();
    auto store = must(ObjectStore::open(dir));
    auto staged = must(store->stage(handover.pack.size()));
    must(staged->append(handover.pack));
    auto table = must(PackTable::read(must(staged->bytes()), *store));
    must(store->release(must(store->adopt(*staged, table))));
    std::string author = output_of("git -C " + store->git_directory().string() + " log -1 --format=%an " + handover.head.head.commit.hex());
    authors.push_back(author.substr(0, author.find('\n')));
  }
  return authors;
}

}  // namespace

TEST_CASE("what is erased is opened with the recovery sheet for three days, and with nothing else") {
  Holder here;
  REQUIRE(here.registry->publish(here.own(), {resource("canari", "un canari")}, kNow));
  REQUIRE(here.registry->publish(here.own(), {resource("canari", "un canari jaune")}, kNow));
  REQUIRE(here.registry->erase(here.own(), {{"resources/canari.json"}, false}, kNow));
  must(here.registry->purge(kNow));
  CHECK(found_in(here.dir(), "canari") == "");
  REQUIRE(here.sealed().size() == 1);

  TemporaryDirectory out;
  auto sheet = must(RecoverySheet::parse(here.sheet));
  auto repository = must(unseal_into(out.path(), here.sealed()[0], sheet));
  std::string shown = everything_in(repository);
  CHECK(shown.find("un canari jaune") != std::string::npos);
  CHECK(shown.find("Konk Ar Lab") != std::string::npos);
  std::string clone = (out.path() / "clone").string();
  CHECK(output_of("git clone -q " + repository.string() + " " + clone + " && ls " + clone + "/resources") == "canari.json\n");
  CHECK(unseal_into(out.path(), here.sealed()[0], sheet).error().code == ErrorCode::kExists);
  protocol::SystemRandom random;
  CHECK(unseal_into(out.path() / "other", here.sealed()[0], RecoverySheet::make(random)).error().code == ErrorCode::kWrongSheet);

  must(here.registry->purge(kNow));
  must(here.registry->purge({kNow.ms + 71 * kHourMs}));
  here.reopen();
  CHECK(here.sealed().size() == 1);
  must(here.registry->purge({kNow.ms + 73 * kHourMs}));
  CHECK(here.sealed().empty());
  CHECK(here.sound());
}

TEST_CASE("a thief who overwrites, empties and breaks history again and again destroys nothing") {
  Holder here;
  TemporaryDirectory out;
  REQUIRE_FALSE(here.take_in(here.state(0, "Owner", {resource("scie", "la scie"), resource("tour", "le tour")})).refused);
  SECTION("slice by slice") {
    REQUIRE_FALSE(here.take_in(here.state(1, "Thief", {resource("scie", "la scie")})).refused);
    must(here.registry->purge(kNow));
    REQUIRE_FALSE(here.take_in(here.state(2, "Thief", {resource("rien", "rien")})).refused);
    must(here.registry->purge(kNow));
    CHECK(authors_in(here, out.path()) == std::vector<std::string>{"Owner", "Thief"});
  }
  SECTION("outranking it in its own epoch, and then erasing") {
    REQUIRE_FALSE(here.take_in(here.state(0, "Thief", {resource("rien", "rien")}, 1)).refused);
    REQUIRE_FALSE(here.take_in(here.state(1, "Thief", {resource("rien", "rien")})).refused);
    must(here.registry->purge(kNow));
    auto authors = authors_in(here, out.path());
    CHECK(std::ranges::count(authors, "Owner") == 1);
  }
  SECTION("before the first purge has begun") {
    for (std::uint64_t epoch = 1; epoch < 4; ++epoch) REQUIRE_FALSE(here.take_in(here.state(epoch, "Thief", {resource("rien", "rien")})).refused);
    must(here.registry->purge(kNow));
    auto authors = authors_in(here, out.path());
    CHECK(std::ranges::count(authors, "Owner") == 1);
  }
  SECTION("so often that no more files are kept") {
    for (std::uint64_t epoch = 1; epoch < 24; ++epoch) {
      REQUIRE_FALSE(here.take_in(here.state(epoch, "Thief", {resource("rien", "rien")})).refused);
      must(here.registry->purge(kNow));
    }
    auto authors = authors_in(here, out.path());
    CHECK(authors.size() == 16);
    CHECK(std::ranges::count(authors, "Owner") == 1);
  }
  CHECK(here.sound());
}

TEST_CASE("a purge that a restart finds waiting seals what it takes away") {
  Holder here;
  TemporaryDirectory out;
  REQUIRE_FALSE(here.take_in(here.state(0, "Owner", {resource("scie", "la scie")})).refused);
  REQUIRE_FALSE(here.take_in(here.state(1, "Thief", {resource("rien", "rien")})).refused);
  here.reopen();
  CHECK(authors_in(here, out.path()) == std::vector<std::string>{"Owner"});
  std::ofstream(here.dir() / "sealed" / "half.part") << "cut short";
  here.reopen();
  CHECK_FALSE(std::filesystem::exists(here.dir() / "sealed" / "half.part"));
}

TEST_CASE("the charter's minimum epoch destroys sealed files at once, and lets no more be made") {
  Holder here;
  REQUIRE_FALSE(here.take_in(here.state(0, "Owner", {resource("scie", "la scie")})).refused);
  REQUIRE_FALSE(here.take_in(here.state(1, "Owner", {resource("tour", "le tour")})).refused);
  must(here.registry->purge(kNow));
  REQUIRE(here.sealed().size() == 1);
  here.order_destruction_below(2);
  REQUIRE_FALSE(here.take_in(here.state(2, "Owner", {resource("rien", "rien")})).refused);
  CHECK(here.sealed().empty());
  must(here.registry->purge(kNow));
  CHECK(here.sealed().empty());
  CHECK(here.sound());
}

TEST_CASE("what is held is shown again when a charter outranks the epoch that took it out of service") {
  Holder here;
  REQUIRE_FALSE(here.take_in(here.state(0, "Owner", {resource("scie", "la scie")})).refused);
  auto shows = [&] {
    auto listed = here.registry->recoverable_place(here.chain->latest().roots.front(), here.chain->place());
    return listed.has_value();
  };
  CHECK(shows());
  must(here.registry->persist({{here.state(UINT64_MAX, "Thief", {resource("rien", "rien")}, UINT64_MAX).head, *here.chain, 0}}, {}));
  CHECK_FALSE(shows());
  CHECK(here.sound());
  here.order_destruction_below(0);  // another charter; nothing is below
  auto healed = here.state(0, "Owner", {resource("scie", "la scie"), resource("tour", "le tour")}, 1);
  must(here.registry->persist({{healed.head, *here.chain, 1}}, {}));
  CHECK(shows());
  CHECK(here.sound());
  here.new_charters = 0;
  REQUIRE_FALSE(here.take_in(healed).refused);
  CHECK(here.sound());
  here.reopen();
  CHECK(here.sound());
}

TEST_CASE("sealed files are given to whoever signs as a root of the place now, and to nobody else") {
  Holder here;
  REQUIRE_FALSE(here.take_in(here.state(0, "Owner", {resource("scie", "la scie")})).refused);
  REQUIRE_FALSE(here.take_in(here.state(1, "Owner", {resource("tour", "le tour")})).refused);
  must(here.registry->purge(kNow));
  auto request = [&](const protocol::KeyPair& root, const protocol::PlaceId& place, std::int64_t ms) {
    protocol::UnixTime time{ms};
    return SealedRequest{place, time, root.public_key(), root.sign(protocol::sealed_request(place, time))};
  };
  SealedRequest good = request(here.key, here.chain->place(), kNow.ms);
  auto names = must(here.registry->sealed_files(good, kNow));
  REQUIRE(names.size() == 1);
  auto file = here.registry->sealed_file(good, names[0], kNow);
  REQUIRE(file);
  CHECK(std::ranges::equal(file->bytes(), here.sealed()[0]));
  CHECK(here.registry->sealed_file(good, "../keys/daemon.key", kNow).error().code == ErrorCode::kNotFound);
  protocol::KeyPair stranger{protocol::Seed{{8}}};
  SealedRequest moved = good;
  moved.time.ms += 1;
  for (const SealedRequest& bad : {request(stranger, here.chain->place(), kNow.ms), request(here.key, here.own(), kNow.ms)})
    CHECK(here.registry->sealed_files(bad, kNow).error().code == ErrorCode::kWrongSheet);
  for (const SealedRequest& bad : {moved, request(here.key, here.chain->place(), kNow.ms - kHourMs), request(here.key, here.chain->place(), INT64_MIN)})
    CHECK(here.registry->sealed_files(bad, kNow).error().code == ErrorCode::kDenied);
}
