#include "daemon/pack_intake.h"

#include "daemon/log.h"
#include "daemon/refused_job.h"

namespace maillage::daemon {

void PackIntake::append(protocol::AppendPack asked, const Answer& answer) {
  auto shared = std::make_shared<const protocol::AppendPack>(std::move(asked));
  bool accepted = receiver_.post([this, shared, answer] {
    // A part that could not be written is missed when the pack is checked.
    auto done = registry_.append_pack(shared->job, shared->bytes);
    if (!done) log(LogLevel::kWarning, "registry.append_failed", {{"reason", done.error().context}});
    answer(protocol::PackAppended{shared->job, shared->bytes.size()});
  });
  if (accepted) return;
  log(LogLevel::kError, "workers.full");
  answer(refused_job(*shared));
}

void PackIntake::ingest(protocol::IngestPack asked, TakeIn take_in, const Answer& answer) {
  auto shared = std::make_shared<const protocol::IngestPack>(std::move(asked));
  auto refuse = [this, shared, answer] {
    log(LogLevel::kError, "workers.full");
    drop(shared->job);
    answer(refused_job(*shared));
  };
  bool accepted = receiver_.post([this, shared, take_in = std::move(take_in), answer, refuse] {
    registry_.read_ahead(shared->job);
    if (!writer_.post([shared, take_in, answer] { answer(take_in(*shared)); })) refuse();
  });
  if (!accepted) refuse();
}

// By the receiver, which may be appending to it.
void PackIntake::drop(protocol::JobId job) {
  receiver_.post_giving_back([this, job] { registry_.drop_pack(job); });
}

}  // namespace maillage::daemon
