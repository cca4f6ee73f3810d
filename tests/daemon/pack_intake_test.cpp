// Packs that are appended, read ahead and taken in, by pools that have no room, too.
#include "daemon/pack_intake.h"

#include <filesystem>
#include <future>

#include <catch2/catch.hpp>

#include "tests/registry/git_fixture.h"

using namespace maillage::daemon;
using namespace maillage::tests;
namespace protocol = maillage::protocol;
namespace fs = std::filesystem;

namespace {

constexpr protocol::UnixTime kNow{1'800'000'000'000};

std::unique_ptr<Registry> make(const fs::path& dir, const std::string& name) {
  must(Registry::create(dir, {name, false, "29039", {}, {}}, kNow));
  return must(Registry::open(dir));
}

// What one registry has of its own place, on its way into another.
struct Intake {
  explicit Intake(std::size_t writes_waiting_max) : writer(1, writes_waiting_max) {
    for (protocol::PlaceState& place : must(from->load()))
      if (place.own) head = {place.seen, place.chain, place.chain.size()};
    REQUIRE(from->open_pack(1, {{head.head.head.place, head.head, {}}}).size() == 1);
    for (bool last = false; !last;) {
      auto chunk = must(from->read_pack(1, 1'000));
      pack.insert(pack.end(), chunk.bytes.begin(), chunk.bytes.end());
      last = chunk.last;
    }
  }
  ~Intake() {
    receiver.stop();
    writer.stop();
  }

  protocol::Input append(protocol::JobId job) {
    std::promise<protocol::Input> answered;
    intake.append({job, pack}, [&](const protocol::Input& answer) { answered.set_value(answer); });
    return answered.get_future().get();
  }
  protocol::Ingested ingest(protocol::JobId job) {
    std::promise<protocol::Input> answered;
    auto take_in = [this](const protocol::IngestPack& asked) { return protocol::Ingested{asked.job, to->ingest(asked.job, asked.places)}; };
    intake.ingest({job, {{head, {}}}}, take_in, [&](const protocol::Input& answer) { answered.set_value(answer); });
    auto answer = std::get<protocol::Ingested>(answered.get_future().get());
    std::promise<void> turn;  // what was given back meanwhile is
    receiver.post_giving_back([&] { turn.set_value(); });
    turn.get_future().get();
    return answer;
  }
  bool in_quarantine() const { return !fs::is_empty(folder.path() / "to" / "quarantine"); }

  TemporaryDirectory folder;
  std::unique_ptr<Registry> from = make(folder.path() / "from", "Le Moulin"), to = make(folder.path() / "to", "Le Hangar");
  protocol::Candidate head;
  protocol::Bytes pack;
  WorkerPool receiver{1, 10}, writer;
  PackIntake intake{*to, receiver, writer};
};

}  // namespace

TEST_CASE("a pack that came whole is taken in, and leaves the quarantine") {
  Intake intake(10);
  CHECK(std::get<protocol::PackAppended>(intake.append(1)).bytes == intake.pack.size());
  CHECK(intake.in_quarantine());
  CHECK_FALSE(intake.ingest(1).places.at(0).refused);
  CHECK_FALSE(intake.in_quarantine());
}

TEST_CASE("a pack that finds no room among the writer's jobs is refused, leaves the disk at once, and the next one is read ahead") {
  Intake intake(0);
  for (protocol::JobId job : {1, 2}) {
    (void)intake.append(job);
    auto refused = intake.ingest(job);
    REQUIRE(refused.places.size() == 1);
    CHECK(refused.places[0].refused->code == protocol::ErrorCode::kBusy);
    CHECK_FALSE(intake.in_quarantine());
  }
  (void)intake.append(3);
  CHECK(intake.to->read_ahead(3));
}

TEST_CASE("a pool that is full takes what gives back, and nothing else") {
  WorkerPool full(1, 0);
  CHECK_FALSE(full.post([] {}));
  std::promise<void> done;
  full.post_giving_back([&] { done.set_value(); });
  done.get_future().get();
  full.stop();
  full.post_giving_back([] { FAIL("the pool was stopped"); });
}
