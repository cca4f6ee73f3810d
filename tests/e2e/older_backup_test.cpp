// A backup from before an erasure is put back: its owner's daemon learns of the erasure, asks a person, and brings nothing back.
#include <catch2/catch.hpp>

#include "tests/e2e/canary.h"

using namespace maillage::tests;

namespace fs = std::filesystem;

namespace {

constexpr Milliseconds kErasedWithin{60'000};

}  // namespace

TEST_CASE("a backup from before an erasure brings nothing back to anybody, asks, and what it held leaves the disk with the answer") {
  TemporaryDirectory folder;
  Place origin(folder.path(), "Origine"), partner(folder.path(), "Partenaire");
  partner.serve();
  origin.serve_with(partner);
  std::string name = std::string("resources/") + kCanary + ".json";
  REQUIRE(origin.publish(name, resource(std::string("Un ") + kCanary)).code == 0);
  REQUIRE(eventually([&] { return partner.count("resources") == 1; }));
  REQUIRE(origin.stop() == 0);
  fs::copy(origin.dir(), folder.path() / "backup", fs::copy_options::recursive);
  origin.serve_with(partner);
  REQUIRE(origin.command("erase", {"--yes", name}).code == 0);
  REQUIRE(eventually([&] { return files_that_hold(partner.dir()) == ""; }, kErasedWithin));
  REQUIRE(origin.stop() == 0);
  fs::remove_all(origin.dir());
  fs::copy(folder.path() / "backup", origin.dir(), fs::copy_options::recursive);

  origin.serve_with(partner);
  auto question = [&] { return text_at(json_of(origin.command("status")), "/own/0/question/code"); };
  REQUIRE(eventually([&] { return !question().empty(); }));
  CHECK(text_at(json_of(origin.publish("resources/scie.json", resource("Scie"))), "/problems/0/code") == "identity-in-question");
  bool running = GENERATE(true, false);
  if (!running) REQUIRE(origin.stop() == 0);
  CHECK(origin.command("settle", {"--take"}).code == 0);
  if (!running) origin.serve_with(partner);
  CHECK(eventually([&] { return files_that_hold(origin.dir()) == ""; }, kErasedWithin));
  CHECK((origin.count("resources") == 0 && partner.count("resources") == 0));
  CHECK(question().empty());
  REQUIRE(origin.publish("resources/scie.json", resource("Scie")).code == 0);
  CHECK(eventually([&] { return partner.count("resources") == 1; }));
  CHECK(files_that_hold(partner.dir()) == "");
  for (Place* place : {&origin, &partner}) CHECK(place->stop() == 0);
  for (Place* place : {&origin, &partner}) CHECK(place->unsound() == "");
}
