// Inbox: contributions on disk, one folder each, outside the object store: nothing in it is ever served, by name or by
// object id. STORAGE.md "The inbox".
//
//   DIR/inbox/<id>/pack               as it was received; gone once answered
//   DIR/inbox/<id>/contribution.json  contribution.h
//   DIR/inbox/<id>.part               arrives, or goes: removed at every start
//
// Invariant: a contribution is durable when `keep` returns, and never half there; what an answered one leaves is its
// answer. Listing and finding: any thread; changing: one (a mutex guards the list only).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "protocol/limits.h"
#include "registry/contribution.h"
#include "registry/file.h"

namespace maillage::registry {

// What waits for one place. Rationale: more than a person reads in a month; a flood for one place leaves the others theirs.
inline constexpr std::size_t kInboxPlaceMax = 100;
// By one key, and from one address (a whole /64 of IPv6), everywhere: a workshop that pushes at once fits.
inline constexpr std::size_t kInboxKeyMax = 20;
inline constexpr std::size_t kInboxSenderMax = 20;
// What these take on the disk: no address fills a place's share, and no place the whole. A picture book has 64 MiB.
inline constexpr std::uint64_t kInboxSenderBytesMax = 64 * protocol::kMiB;
inline constexpr std::uint64_t kInboxPlaceBytesMax = 128 * protocol::kMiB;
// Waiting in all, and what the folder takes on the disk, answers included: what a small machine can spare for strangers.
inline constexpr std::size_t kInboxMax = 5'000;
inline constexpr std::uint64_t kInboxBytesMax = 512 * protocol::kMiB;
// Longer than a holiday; then it expires, unread.
inline constexpr std::chrono::days kInboxOpenFor{30};
// An answer can be read this long; the oldest go first beyond kAnswersMax.
inline constexpr std::chrono::days kAnswerKeptFor{90};
inline constexpr std::size_t kAnswersMax = 10'000;
// Of an arriving pack: after so many more bytes it is asked again whether the disk has room, so that all that come at once
// go beyond by a small part of the reserve.
inline constexpr std::uint64_t kRoomLookBytes = 64 * protocol::kKiB;
// In one answer to whoever asks what there is: more is counted, not listed.
inline constexpr std::size_t kInboxListedMax = 500;

// Contributions that wait, the oldest first, then answered ones, the newest first: as many as can be listed.
struct ContributionList {
  std::vector<Contribution> items;
  std::size_t left_off = 0;
};

// An error: the disk has no room for so many more.
using RoomCheck = std::function<protocol::Result<void>(std::uint64_t bytes)>;

// As far as one can tell without a person: the same key, or the same name and e-mail where one has no key.
bool same_author(const Contribution& a, const Contribution& b);

class Inbox {
 public:
  // A pack that arrives. Its destructor removes what was not kept.
  class Arrival {
   public:
    ~Arrival();
    Arrival(const Arrival&) = delete;
    const ContributionId& id() const { return id_; }
    // kTooLarge beyond kPushBytesMax, kDiskFull, kIo; of no use then.
    protocol::Result<void> append(protocol::ByteView bytes);
    protocol::Result<protocol::ByteView> bytes();

   private:
    friend class Inbox;
    Arrival(ContributionId id, std::filesystem::path folder, OutputFile file, RoomCheck room)
        : id_(id), folder_(std::move(folder)), file_(std::move(file)), room_(std::move(room)) {}
    ContributionId id_;
    std::filesystem::path folder_;
    OutputFile file_;
    RoomCheck room_;
    MappedFile mapped_;
    bool kept_ = false;
  };

  // Removes what a crash left, and reads the rest. A contribution that cannot be read any more is removed: its
  // contributor pushes again.
  static protocol::Result<std::unique_ptr<Inbox>> open(const std::filesystem::path& directory);

  // `room` is asked while the pack comes: many that come at once are not whole when they begin.
  protocol::Result<std::unique_ptr<Arrival>> begin(RoomCheck room = {});

  // kInboxSenderFull (its key or its address), kInboxPlaceFull, kInboxFull; the context is the quota. Its pack is in the folder already, and counts.
  protocol::Result<void> room_for(const Contribution& contribution) const;
  // Durable on return. Its id must be the arrival's. kTooLarge: its description would not be read back.
  protocol::Result<void> keep(Arrival& arrival, const Contribution& contribution);

  // kNoContribution.
  protocol::Result<Contribution> find(const ContributionId& id) const;
  // Those that wait, or all, up to `max`.
  ContributionList list(bool answered_too, std::size_t max = kInboxListedMax) const;
  // The open ones that are wanted, the oldest first. `wanted` is called under the lock.
  std::vector<Contribution> waiting(const std::function<bool(const Contribution&)>& wanted) const;
  // The open one of the same commit for the same place.
  std::optional<Contribution> same_as(const Contribution& contribution) const;
  // The newest open one, received after it, by the same key, or by the same name and e-mail where one has no key, that changes
  // one of its files: a correction, as far as one can tell without a person.
  std::optional<ContributionId> newer_than(const Contribution& contribution) const;
  // Those whose number begins with these hexadecimal digits, two at most.
  std::vector<ContributionId> starting_with(std::string_view digits) const;
  std::size_t open_count() const;
  std::uint64_t bytes_on_disk() const;
  // kNoContribution; kAnswered when it is no longer open.
  protocol::Result<MappedFile> pack(const ContributionId& id) const;

  // Writes the answer; its content goes with any but a question. kNoContribution, kAnswered.
  protocol::Result<void> answer(const ContributionId& id, ContributionState state, const std::string& text, protocol::UnixTime now);
  // What is published is approved, before that is written and even when it cannot be: whoever asks is told so, and
  // `settle` writes it. Does nothing to one that is unknown or answered.
  void approved(const ContributionId& id, protocol::UnixTime now);
  // Writes what could not be written yet, removes what could not be removed. kDiskFull, kIo: later, then.
  protocol::Result<void> settle();
  // All that is known of it goes. Fine when there is nothing.
  protocol::Result<void> erase(const ContributionId& id);
  // What waited too long is answered so, and old answers go; one that cannot be keeps no other. The first error.
  protocol::Result<void> expire(protocol::UnixTime now);

 private:
  explicit Inbox(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path path_of(const ContributionId& id) const { return folder_ / id.hex(); }
  protocol::Result<void> load();
  protocol::Result<void> load_one(const std::filesystem::path& folder);
  void remember(const Contribution& contribution, std::uint64_t disk_bytes, bool settled);
  protocol::Result<void> write_answer(const Contribution& answered);

  struct Kept {
    Contribution contribution;
    std::uint64_t disk_bytes = 0;
    bool settled = true;  // false: answered, and the disk does not say so yet, or has its pack still
  };

  std::filesystem::path folder_;
  mutable std::mutex mutex_;  // guards all_
  std::map<ContributionId, Kept> all_;
};

}  // namespace maillage::registry
