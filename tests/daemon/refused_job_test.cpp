#include <catch2/catch.hpp>

#include "daemon/refused_job.h"

using namespace maillage::daemon;
namespace protocol = maillage::protocol;

TEST_CASE("every job that finds no room is answered to the node as one that failed") {
  protocol::Persisted persisted = refused_job(protocol::Persist{1, {}, {}});
  CHECK(persisted.job == 1);
  CHECK_FALSE(persisted.done);

  protocol::PackAppended appended = refused_job(protocol::AppendPack{2, protocol::Bytes(5)});
  CHECK(appended.job == 2);
  CHECK(appended.bytes == 5);

  protocol::IngestPack ingest{3, {}};
  ingest.places.resize(2);
  ingest.places[1].head.head.head.place.bytes[0] = 9;
  protocol::Ingested ingested = refused_job(ingest);
  CHECK(ingested.job == 3);
  REQUIRE(ingested.places.size() == 2);
  for (const auto& outcome : ingested.places) CHECK(outcome.refused->code == protocol::ErrorCode::kBusy);
  CHECK(ingested.places[1].place.bytes[0] == 9);

  protocol::PackOpened opened = refused_job(protocol::OpenPack{4, std::vector<protocol::PackedPlace>(3)});
  CHECK(opened.job == 4);
  CHECK(opened.places.empty());

  protocol::PackChunk chunk = refused_job(protocol::ReadPack{5, 100});
  CHECK(chunk.job == 5);
  CHECK(chunk.failed);
  CHECK(chunk.last);
}

TEST_CASE("what could not even wait to be let go stays, and the node asks again") {
  maillage::protocol::Released released = maillage::daemon::refused_job(maillage::protocol::Release{5, {maillage::protocol::PlaceId{}}});
  CHECK(released.job == 5);
  CHECK_FALSE(released.done);
  CHECK(released.places.empty());
}
