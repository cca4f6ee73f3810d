// Every limit of the protocol in one place: its value, its unit and why it has that value.
// A limit refuses with a code and never cuts silently.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace maillage::protocol {

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

// -- what a place may hold
// A record is read whole, parsed and shown on one page; the largest real profile seen is 9 KB.
inline constexpr std::size_t kRecordBytesMax = 64 * kKiB;
// A phone photo resized, a scanned manual; larger things are linked, not copied to every place.
inline constexpr std::size_t kFileBytesMax = 4 * kMiB;
// What a Raspberry Pi's disk can carry for hundreds of places, and one ingest can check in seconds.
inline constexpr std::size_t kPlaceBytesMax = 256 * kMiB;
inline constexpr std::size_t kPlaceFilesMax = 20'000;
// One contribution by `git push`: a documented machine with its pictures, and a bound on what a stranger makes us unpack.
// What an operator publishes is bounded by kPlaceBytesMax, a pack pushed with a live head by kPushedPackOriginBytesMax,
// one that was asked for by kPackBytesMax.
inline constexpr std::size_t kPushBytesMax = 32 * kMiB;
// What a push may inflate to, bases of deltas included: pictures do not inflate, texts do four times. All of it may be in memory.
inline constexpr std::size_t kPushInflatedBytesMax = 128 * kMiB;
// Objects of a push: a whole place's history pushed again, by whoever did not fetch it last, must fit.
inline constexpr std::size_t kPushObjectsMax = 100'000;
// Folders deep: `resources/laser-cutter/pictures/front.jpg` is 4.
inline constexpr std::size_t kPathDepthMax = 4;
// One segment of a path: fits every file system's 255 bytes with room for suffixes.
inline constexpr std::size_t kPathSegmentBytesMax = 64;
// One string inside a record, before any schema sees it. Rationale: schema code must meet no hostile giant.
inline constexpr std::size_t kRecordStringBytesMax = 16 * kKiB;
// Objects and arrays inside a record: people nest four deep at most; parsers recurse.
inline constexpr std::size_t kRecordDepthMax = 16;

// -- git objects
// A raw commit of ours is ~700 bytes; names and an armoured signature fit many times.
inline constexpr std::size_t kCommitBytesMax = 16 * kKiB;
// A folder: 20,000 entries of (64-byte name + 28) would be 1.9 MB; folders hold at most this many.
inline constexpr std::size_t kTreeEntriesMax = 10'000;
inline constexpr std::size_t kTreeBytesMax = kTreeEntriesMax * (kPathSegmentBytesMax + 28);
// Objects in one pack that a peer or contributor sends: blobs, trees and commits of many places at once.
inline constexpr std::size_t kPackObjectsMax = 1'000'000;
// A delta chain: git itself writes at most 50 deep, 250 with --depth; deeper only costs the reader.
inline constexpr std::size_t kDeltaDepthMax = 64;

// -- identity
inline constexpr std::size_t kRootKeysMax = 7;
// Old and new roots together. Keeps the longest chain, 256 charters, within one frame.
inline constexpr std::size_t kCharterSignaturesMax = 7;
inline constexpr std::size_t kChartersMax = 256;

// -- frames and sessions
// One WebSocket message. Rationale: the largest thing a session must hold whole before it can refuse it.
inline constexpr std::size_t kFrameBytesMax = 256 * kKiB;
// One chunk of a pack inside PACK frames; leaves room for the frame's own fields.
inline constexpr std::size_t kPackChunkBytes = 128 * kKiB;
// Heads in one HEADS frame: 64 × 224 B + charters; verifying them takes about 6 ms, so live traffic gets a turn.
inline constexpr std::size_t kHeadsPerFrameMax = 64;
// One pack in quarantine. Rationale: two whole places at their limit; the disk a liar can make us fill a session.
inline constexpr std::size_t kPackBytesMax = 2 * kPlaceBytesMax;
// An answer to a WANT takes no further place once it has so many bytes or objects: the rest is asked for again. Rationale: one place
// and half a disk's second, not 512 large places in a pack over every limit.
inline constexpr std::size_t kAnswerBytesEnough = 64 * kMiB;
inline constexpr std::size_t kAnswerObjectsEnough = 250'000;
// A part of a pack that is not the last. Rationale: parts are jobs for a disk; a million of one byte would be a queue.
inline constexpr std::size_t kPackPartBytesMin = 4 * kKiB;
// The slowest line on which a pack may come once its first minute is over; slower, others are asked who have offered the same.
inline constexpr std::size_t kPackBytesPerSecondMin = 16 * kKiB;
// Places in one WANT: one pack, one quarantine, one synced batch.
inline constexpr std::size_t kWantPlacesMax = 512;
// New heads of one place that are written and passed on: a burst, then so many a second (arrivals.h). Rationale: fifty
// files published one by one are not slowed, and after a burst nothing waits longer than two seconds, because one head
// stands for all before it; a place that signs thousands a second costs each daemon one a second.
inline constexpr std::uint64_t kHeadsBurst = 128;
inline constexpr std::uint64_t kHeadsPerSecond = 1;
// What a session may have queued; above it the queue is dropped and the next sketch repairs (outbox.h).
inline constexpr std::size_t kOutboxBytesMax = 1 * kMiB;
// Of which frames that may not be dropped; more waiting ends the session. Two of the largest frames.
inline constexpr std::size_t kOutboxControlBytesMax = 2 * kFrameBytesMax;
// A thin pack pushed with a live head: by its origin, and by a relay.
inline constexpr std::size_t kPushedPackOriginBytesMax = 64 * kKiB;
inline constexpr std::size_t kPushedPackRelayBytesMax = 8 * kKiB;
// One synced batch: bounds the memory and the pause of a commit.
inline constexpr std::size_t kBatchRecordsMax = 4'096;
inline constexpr std::size_t kBatchBytesMax = 8 * kMiB;
// Sessions at once, those that are not authenticated yet included: ~12 KB each. More get a BYE.
inline constexpr std::size_t kSessionsMax = 4'096;
// Of which for peers that we dial: strangers at our door must not keep us from those that a person named.
inline constexpr std::size_t kSessionsKeptForDialled = 64;

// -- sketches
// Cells of one stream: 700,000 differences or 13 MB; above that all heads are the cheaper answer.
inline constexpr std::uint32_t kSketchCellsMax = 1 << 20;
// Cells in one frame: 2,048 × at most 17 bytes is 34 KB, a pause of no live head, and decodes 1,500 differences.
inline constexpr std::uint32_t kSketchCellsPerRunMax = 2'048;
// Cells asked for at once: 220 KB, so that an estimate gone wrong wastes no more.
inline constexpr std::uint32_t kSketchCellsPerAskMax = 16'384;
// Changes a source can undo for a stream that began before them: 3 minutes at 20 heads a second.
inline constexpr std::size_t kSketchChangesKept = 4'096;
// Symbols in one set: a count fits in 32 bits with room for differences.
inline constexpr std::uint64_t kSketchSetMax = 1 << 28;

// -- times
inline constexpr std::chrono::seconds kHandshakeTimeout{10};
inline constexpr std::chrono::minutes kReconcileInterval{10};  // ± 50 %
inline constexpr std::chrono::seconds kWantTimeout{60};
// Between two reconciliations that a peer or an overflow calls for: each costs a pass over all places.
inline constexpr std::chrono::seconds kReconcileGapMin{5};
inline constexpr std::chrono::seconds kDialBackoffMin{1};
inline constexpr std::chrono::minutes kDialBackoffMax{10};

}  // namespace maillage::protocol
