// What the node is told of a job that could not even wait for its turn: the same answers as of a job that failed.
//
// Invariant: every action that the node expects an answer to gets one; a node that waits for ever for one `Persisted`
// would never write a head again. Pure; any thread. PROTOCOL.md §7.
#pragma once

#include "protocol/node.h"

namespace maillage::daemon {

protocol::Persisted refused_job(const protocol::Persist& asked);
// The bytes count as appended, so that the peer's window opens again; their lack is found when the pack is checked.
protocol::PackAppended refused_job(const protocol::AppendPack& asked);
// Every place refused, kBusy.
protocol::Ingested refused_job(const protocol::IngestPack& asked);
// Nothing is let go; the node asks again.
protocol::Released refused_job(const protocol::Release& asked);
// No place; reading it fails then.
protocol::PackOpened refused_job(const protocol::OpenPack& asked);
protocol::PackChunk refused_job(const protocol::ReadPack& asked);

}  // namespace maillage::daemon
