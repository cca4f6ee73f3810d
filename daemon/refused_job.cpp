#include "daemon/refused_job.h"

namespace maillage::daemon {

protocol::Persisted refused_job(const protocol::Persist& asked) { return {asked.job, false}; }

protocol::PackAppended refused_job(const protocol::AppendPack& asked) { return {asked.job, asked.bytes.size()}; }

protocol::Ingested refused_job(const protocol::IngestPack& asked) {
  protocol::Ingested refused{asked.job, {}};
  for (const protocol::IngestPack::Place& place : asked.places)
    refused.places.push_back({place.head.head.head.place, protocol::Error{protocol::ErrorCode::kBusy, "ingest"}});
  return refused;
}

protocol::Released refused_job(const protocol::Release& asked) { return {asked.job, false, {}}; }

protocol::PackOpened refused_job(const protocol::OpenPack& asked) { return {asked.job, {}}; }

protocol::PackChunk refused_job(const protocol::ReadPack& asked) { return {asked.job, {}, true, true}; }

}  // namespace maillage::daemon
