#include "registry/inbox.h"

#include <algorithm>

#include "protocol/byte_size.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "protocol/record.h"

namespace maillage::registry {
namespace {

namespace fs = std::filesystem;
using namespace protocol;

constexpr const char* kPack = "pack";
constexpr const char* kDescription = "contribution.json";
constexpr std::string_view kPart = ".part";
// Ten paths, a name, an address take some ten kilobytes; what is not read back at a start would be lost.
constexpr std::uint64_t kDescriptionBytesMax = 256 * kKiB;
// The longest answer, as JSON writes its worst characters: it comes to the description later.
constexpr std::uint64_t kAnswerBytesMax = 16 * kKiB;
// What a file or a folder takes at least, and what it is rounded up to.
constexpr std::uint64_t kDiskBlockBytes = 4 * kKiB;

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::create_directory(folder, error) && !error) return {};
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return tl::unexpected(system_error(error, folder.string()));
  return {};
}

Result<void> remove_folder(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) return tl::unexpected(system_error(error, folder.string()));
  return {};
}

Bytes description_of(const Contribution& contribution) {
  std::string text = to_pretty_json(to_json(contribution));
  return Bytes(text.begin(), text.end());
}

std::uint64_t on_disk(std::uint64_t bytes) { return (bytes + kDiskBlockBytes - 1) / kDiskBlockBytes * kDiskBlockBytes; }

// A folder with a description, and a pack while it is open.
std::uint64_t disk_bytes(const Contribution& contribution, std::uint64_t description_bytes) {
  return kDiskBlockBytes + on_disk(description_bytes) + (is_open(contribution.state) ? on_disk(contribution.bytes) : 0);
}

// What some quota counts.
struct Tally {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  void add(std::uint64_t more) { ++count, bytes += more; }
};

// The quota that one more, of `fresh` bytes, would exceed.
std::optional<std::string> exceeded(const Tally& tally, std::size_t count_max, std::uint64_t bytes_max, std::uint64_t fresh) {
  if (tally.count >= count_max) return std::to_string(count_max) + " contributions";
  if (tally.bytes + fresh > bytes_max) return std::to_string(bytes_max / kMiB) + " MiB";
  return std::nullopt;
}

std::int64_t milliseconds(std::chrono::days days) { return std::chrono::milliseconds(days).count(); }

}  // namespace

bool same_author(const Contribution& a, const Contribution& b) {
  return a.key && b.key ? a.key == b.key : !a.name.empty() && a.name == b.name && a.email == b.email;
}

// ---- arriving

Inbox::Arrival::~Arrival() {
  std::error_code ignored;  // what stays behind is removed at the next start
  if (!kept_) fs::remove_all(folder_, ignored);
}

Result<void> Inbox::Arrival::append(ByteView bytes) {
  if (bytes.size() > kPushBytesMax - std::min<std::uint64_t>(kPushBytesMax, file_.size()))
    return fail(ErrorCode::kTooLarge, "push > " + protocol::byte_size(kPushBytesMax));
  std::uint64_t looked = file_.size() / kRoomLookBytes;
  if (room_ && (file_.size() + bytes.size()) / kRoomLookBytes != looked)
    if (auto room = room_(std::max<std::uint64_t>(bytes.size(), kRoomLookBytes)); !room) return room;
  mapped_ = {};
  return file_.append(bytes);
}

Result<ByteView> Inbox::Arrival::bytes() {
  if (mapped_.bytes().size() != file_.size()) {
    auto mapped = MappedFile::open(folder_ / kPack);
    if (!mapped) return tl::unexpected(mapped.error());
    mapped_ = std::move(*mapped);
  }
  return mapped_.bytes();
}

Result<std::unique_ptr<Inbox::Arrival>> Inbox::begin(RoomCheck room) {
  if (std::error_code error; !fs::exists(folder_, error)) {
    if (auto made = make_folder(folder_); !made) return tl::unexpected(made.error());
    if (auto synced = sync_directory(folder_.parent_path()); !synced) return tl::unexpected(synced.error());
  }
  SystemRandom random;
  auto id = random.fixed<ContributionId>();
  fs::path folder = folder_ / (id.hex() + std::string(kPart));
  if (auto made = make_folder(folder); !made) return tl::unexpected(made.error());
  auto file = OutputFile::create(folder / kPack);
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<Arrival>(new Arrival(id, std::move(folder), std::move(*file), std::move(room)));
}

Result<void> Inbox::keep(Arrival& arrival, const Contribution& contribution) {
  check(contribution.id == arrival.id(), "a contribution is kept under the number it arrived with");
  Bytes description = description_of(contribution);
  if (description.size() + kAnswerBytesMax > kDescriptionBytesMax) return fail(ErrorCode::kTooLarge, kDescription);
  if (auto synced = arrival.file_.sync(); !synced) return synced;
  if (auto written = write_file(arrival.folder_ / kDescription, description); !written) return written;
  if (auto synced = sync_directory(arrival.folder_); !synced) return synced;
  if (auto renamed = rename_file(arrival.folder_, path_of(contribution.id)); !renamed) return renamed;
  arrival.folder_ = path_of(contribution.id);
  if (auto synced = sync_directory(folder_); !synced) return synced;  // and it goes: nobody was told of it
  arrival.kept_ = true;
  remember(contribution, disk_bytes(contribution, description.size()), true);
  return {};
}

Result<void> Inbox::room_for(const Contribution& fresh) const {
  Tally waiting, of_place, of_key, of_sender;
  std::uint64_t bytes = disk_bytes(fresh, kDiskBlockBytes);
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, kept] : all_) {
      const Contribution& each = kept.contribution;
      waiting.bytes += kept.disk_bytes;  // answers too
      if (!is_open(each.state)) continue;
      ++waiting.count;
      if (each.place == fresh.place) of_place.add(kept.disk_bytes);
      if (fresh.key && each.key == fresh.key) of_key.add(kept.disk_bytes);
      if (!fresh.sender.empty() && each.sender == fresh.sender) of_sender.add(kept.disk_bytes);
    }
  }
  if (auto over = exceeded(of_key, kInboxKeyMax, kInboxSenderBytesMax, bytes)) return fail(ErrorCode::kInboxSenderFull, *over);
  if (auto over = exceeded(of_sender, kInboxSenderMax, kInboxSenderBytesMax, bytes)) return fail(ErrorCode::kInboxSenderFull, *over);
  if (auto over = exceeded(of_place, kInboxPlaceMax, kInboxPlaceBytesMax, bytes)) return fail(ErrorCode::kInboxPlaceFull, *over);
  if (auto over = exceeded(waiting, kInboxMax, kInboxBytesMax, bytes)) return fail(ErrorCode::kInboxFull, *over);
  return {};
}

// ---- at rest

Result<std::unique_ptr<Inbox>> Inbox::open(const fs::path& directory) {
  auto inbox = std::unique_ptr<Inbox>(new Inbox(directory / "inbox"));
  if (auto loaded = inbox->load(); !loaded) return tl::unexpected(loaded.error());
  return inbox;
}

Result<void> Inbox::load() {
  std::error_code error;
  if (!fs::exists(folder_, error)) return {};
  std::vector<fs::path> found;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) found.push_back(at->path());
  if (error) return tl::unexpected(system_error(error, folder_.string()));
  for (const fs::path& folder : found)
    if (auto loaded = load_one(folder); !loaded) return loaded;
  return {};
}

// A folder that is not whole came from no `keep` that returned, or its disk is damaged.
Result<void> Inbox::load_one(const fs::path& folder) {
  auto id = ContributionId::parse(folder.filename().string());
  if (!id) return remove_folder(folder);
  if (auto cleared = clear_replacements(folder); !cleared) return cleared;
  auto bytes = read_file(folder / kDescription, kDescriptionBytesMax);
  auto contribution = bytes ? read_contribution(*bytes) : tl::unexpected(bytes.error());
  if (!contribution || contribution->id != *id) return remove_folder(folder);
  if (!is_open(contribution->state))
    if (auto removed = remove_file(folder / kPack); !removed) return removed;
  remember(*contribution, disk_bytes(*contribution, bytes->size()), true);
  return {};
}

void Inbox::remember(const Contribution& contribution, std::uint64_t disk_bytes, bool settled) {
  std::lock_guard lock(mutex_);
  all_.insert_or_assign(contribution.id, Kept{contribution, disk_bytes, settled});
}

Result<Contribution> Inbox::find(const ContributionId& id) const {
  std::lock_guard lock(mutex_);
  auto found = all_.find(id);
  if (found == all_.end()) return fail(ErrorCode::kNoContribution, id.hex());
  return found->second.contribution;
}

ContributionList Inbox::list(bool answered_too, std::size_t max) const {
  std::lock_guard lock(mutex_);
  std::vector<const Contribution*> found;
  for (const auto& [id, kept] : all_)
    if (answered_too || is_open(kept.contribution.state)) found.push_back(&kept.contribution);
  std::ranges::stable_sort(found, {}, [](const Contribution* each) {
    bool open = is_open(each->state);
    return std::pair(!open, open ? each->received.ms : -each->answered.ms);
  });
  ContributionList listed;
  listed.left_off = found.size() - std::min(found.size(), max);
  found.resize(found.size() - listed.left_off);
  for (const Contribution* each : found) listed.items.push_back(*each);
  return listed;
}

std::vector<Contribution> Inbox::waiting(const std::function<bool(const Contribution&)>& wanted) const {
  std::vector<Contribution> found;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, kept] : all_)
      if (is_open(kept.contribution.state) && wanted(kept.contribution)) found.push_back(kept.contribution);
  }
  std::ranges::stable_sort(found, {}, &Contribution::received);
  return found;
}

std::optional<Contribution> Inbox::same_as(const Contribution& wanted) const {
  std::lock_guard lock(mutex_);
  for (const auto& [id, kept] : all_) {
    const Contribution& each = kept.contribution;
    if (is_open(each.state) && each.place == wanted.place && each.tip == wanted.tip && each.keep == wanted.keep) return each;
  }
  return std::nullopt;
}

std::optional<ContributionId> Inbox::newer_than(const Contribution& older) const {
  std::lock_guard lock(mutex_);
  const Contribution* newest = nullptr;
  for (const auto& [id, kept] : all_) {
    const Contribution& each = kept.contribution;
    if (!is_open(each.state) || each.place != older.place || id == older.id || each.received <= older.received) continue;
    if (!same_author(older, each) || (newest != nullptr && each.received <= newest->received)) continue;
    bool shares = std::ranges::any_of(each.files, [&](const std::string& path) { return std::ranges::find(older.files, path) != older.files.end(); });
    if (shares) newest = &each;
  }
  return newest == nullptr ? std::nullopt : std::optional(newest->id);
}

std::vector<ContributionId> Inbox::starting_with(std::string_view digits) const {
  std::lock_guard lock(mutex_);
  std::vector<ContributionId> found;
  for (const auto& [id, kept] : all_)
    if (found.size() < 2 && id.hex().starts_with(digits)) found.push_back(id);
  return found;
}

std::size_t Inbox::open_count() const {
  std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(all_, [](const auto& each) { return is_open(each.second.contribution.state); }));
}

std::uint64_t Inbox::bytes_on_disk() const {
  std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [id, kept] : all_) bytes += kept.disk_bytes;
  return bytes;
}

Result<MappedFile> Inbox::pack(const ContributionId& id) const {
  auto found = find(id);
  if (!found) return tl::unexpected(found.error());
  if (!is_open(found->state)) return fail(ErrorCode::kAnswered, std::string(name_of(found->state)));
  return MappedFile::open(path_of(id) / kPack);
}

Result<void> Inbox::answer(const ContributionId& id, ContributionState state, const std::string& text, UnixTime now) {
  auto found = find(id);
  if (!found) return tl::unexpected(found.error());
  if (!is_open(found->state)) return fail(ErrorCode::kAnswered, std::string(name_of(found->state)));
  Contribution answered = *found;
  answered.state = state;
  answered.answer = text;
  answered.answered = now;
  return write_answer(is_open(state) ? answered : without_content(answered));
}

Result<void> Inbox::write_answer(const Contribution& answered) {
  fs::path folder = path_of(answered.id);
  Bytes description = description_of(answered);
  if (auto written = replace_file(folder / kDescription, description); !written) return written;
  if (auto synced = sync_directory(folder); !synced) return synced;
  remember(answered, disk_bytes(answered, description.size()), is_open(answered.state));
  if (is_open(answered.state)) return {};
  // Only now: an open contribution always has its pack.
  if (auto removed = remove_file(folder / kPack); !removed) return removed;
  if (auto synced = sync_directory(folder); !synced) return synced;
  remember(answered, disk_bytes(answered, description.size()), true);
  return {};
}

void Inbox::approved(const ContributionId& id, UnixTime now) {
  std::lock_guard lock(mutex_);
  auto found = all_.find(id);
  if (found == all_.end() || !is_open(found->second.contribution.state)) return;
  Contribution& contribution = found->second.contribution;
  contribution.state = ContributionState::kApproved;
  contribution.answer.clear();
  contribution.answered = now;
  contribution = without_content(contribution);
  found->second.settled = false;
}

Result<void> Inbox::settle() {
  std::vector<Contribution> unsettled;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, kept] : all_)
      if (!kept.settled) unsettled.push_back(kept.contribution);
  }
  for (const Contribution& each : unsettled)
    if (auto written = write_answer(each); !written) return written;
  return {};
}

// Named as what arrives before it is removed: a crash in between leaves nothing that would be read again.
Result<void> Inbox::erase(const ContributionId& id) {
  if (!find(id)) return {};
  fs::path folder = path_of(id), gone = folder;
  gone += kPart;
  if (auto renamed = rename_file(folder, gone); !renamed) return renamed;
  if (auto synced = sync_directory(folder_); !synced) return synced;
  {
    std::lock_guard lock(mutex_);
    all_.erase(id);
  }
  return remove_folder(gone);
}

Result<void> Inbox::expire(UnixTime now) {
  struct Age {
    UnixTime received;
    ContributionId id;
    bool open;
    std::int64_t ms;
  };
  std::vector<Age> ages;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, kept] : all_) {
      const Contribution& each = kept.contribution;
      if (kept.settled) ages.push_back({each.received, id, is_open(each.state), now.ms - (is_open(each.state) ? each.received : each.answered).ms});
    }
  }
  std::ranges::sort(ages, std::ranges::greater(), &Age::received);  // the newest answers stay
  std::size_t answers = 0;
  Result<void> first;
  for (const Age& each : ages) {
    Result<void> done;
    if (each.open && each.ms > milliseconds(kInboxOpenFor)) done = answer(each.id, ContributionState::kExpired, "", now);
    if (!each.open && (each.ms > milliseconds(kAnswerKeptFor) || ++answers > kAnswersMax)) done = erase(each.id);
    if (!done && first) first = std::move(done);
  }
  return first;
}

}  // namespace maillage::registry
