// PackIntake: packs on their way from peers into the registry. The receiver appends what comes and, once a pack is whole, reads it ahead;
// the writer takes it in when its turn comes.
//
// Invariant: every action is answered once, and what was not taken in leaves nothing behind, neither its file nor its turn to be read
// ahead, also when a pool had no room for the job. Rationale: a pack that stayed would keep its disk, and all later packs from being read
// ahead, until the next start. Called by the node thread; answers come from any.
#pragma once

#include <functional>

#include "daemon/worker_pool.h"
#include "protocol/node.h"
#include "registry/registry.h"

namespace maillage::daemon {

class PackIntake {
 public:
  using Answer = std::function<void(protocol::Input)>;
  using TakeIn = std::function<protocol::Ingested(const protocol::IngestPack&)>;  // writer

  // All of them outlive it, and their jobs with them.
  PackIntake(registry::Registry& registry, WorkerPool& receiver, WorkerPool& writer) : registry_(registry), receiver_(receiver), writer_(writer) {}

  void append(protocol::AppendPack asked, const Answer& answer);
  // After the last of its parts was appended.
  void ingest(protocol::IngestPack asked, TakeIn take_in, const Answer& answer);
  void drop(protocol::JobId job);

 private:
  registry::Registry& registry_;
  WorkerPool& receiver_;
  WorkerPool& writer_;
};

}  // namespace maillage::daemon
