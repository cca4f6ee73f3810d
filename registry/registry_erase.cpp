// Erasing: a place begins its history anew, and what was before leaves the disk. STORAGE.md "Erasure".
#include <algorithm>
#include <filesystem>

#include "registry/history.h"
#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;

constexpr std::string_view kPurgePrefix = "purge ";
constexpr std::string_view kReplacedPrefix = "replaced ";
constexpr std::string_view kUnsealedPrefix = "unsealed ";
// Of a place of ours that was erased: when; then the hashes of what we signed for it since, which is what receipts name.
constexpr std::string_view kErasedPrefix = "erased ";
constexpr std::string_view kSignedPrefix = "signed ";

// DESIGN.md "Forks": long enough for an operator who was away over a weekend.
constexpr std::int64_t kReplacedKeptMs = 72LL * 3600 * 1000;

constexpr std::size_t kNobodyDigits = 16;  // of a place's id, as in the tree of everything

// So many places are purged from RocksDB one by one; more cost less as one rewrite of the column.
constexpr std::size_t kPurgedAloneMax = 16;

std::string id_text(const PlaceId& place) { return std::string(as_text(place.bytes)); }
std::string erased_key(const PlaceId& place) { return std::string(kErasedPrefix) + id_text(place); }
std::string signed_prefix(const PlaceId& place) { return std::string(kSignedPrefix) + id_text(place); }
std::string signed_key(const PlaceId& place, const Hash& head) { return signed_prefix(place) + std::string(as_text(head.bytes)); }

std::string time_value(UnixTime time) {
  Writer out;
  out.i64(time.ms);
  return std::string(as_text(out.bytes()));
}

UnixTime read_time(std::string_view value) { return {value.size() >= 8 ? Reader(as_bytes(value)).i64() : 0}; }

std::string signed_text(const SignedHead& head) {
  Writer out;
  write(out, head);
  return std::string(as_text(out.bytes()));
}

std::string replaced_value(UnixTime since, const SignedHead& head) { return time_value(since) + signed_text(head); }

std::optional<SignedHead> replaced_head(std::string_view value) {
  if (value.size() < 8) return std::nullopt;
  Reader in(as_bytes(value.substr(8)));
  auto head = read_signed_head(in);
  return head ? std::optional(*head) : std::nullopt;
}

// What begins anew twice within a second would begin with one commit, byte for byte. Not after a head of a clock that was far ahead.
UnixTime time_to_begin(const Head& before, UnixTime now) {
  constexpr std::int64_t kSecond = 1'000, kMinute = 60'000;
  bool soon = before.sequence == 0 && now.ms / kSecond <= before.time.ms / kSecond && before.time.ms - now.ms < kMinute;
  return soon ? UnixTime{(before.time.ms / kSecond + 1) * kSecond} : now;
}

Problems one_problem(const Error& error) { return {Problem{"", "", error.code, error.context, ""}}; }

Result<std::vector<std::string>> keys_with(const StateStore& state, std::string_view prefix) {
  std::vector<std::string> keys;
  auto scanned = state.scan(Column::kMeta, prefix, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  });
  return scanned ? Result<std::vector<std::string>>(std::move(keys)) : tl::unexpected(scanned.error());
}

}  // namespace

std::string Registry::Parts::purge_key(const PlaceId& place) { return std::string(kPurgePrefix) + id_text(place); }

std::string Registry::Parts::replaced_key(const PlaceId& place, const ObjectId& commit) {
  return std::string(kReplacedPrefix) + id_text(place) + std::string(as_text(commit.bytes));
}

// A history has one commit without parent, so any way down leads to it.
bool Registry::Parts::begins_as(const ObjectId& commit, const ObjectId& other) const {
  auto a = first_parents(*objects, commit), b = first_parents(*objects, other);
  return a && b && a->back().id == b->back().id;
}

void Registry::Parts::stage_break(WriteBatch& batch, const SignedHead& before, const Head& after) const {
  const PlaceId& place = after.place;
  // Rationale: a fork that was healed without what is held here takes nothing away from anybody; only its owner may want that back.
  if (reign(before.head) == reign(after) || begins_as(before.head.commit, after.commit)) {
    batch.put(Column::kMeta, replaced_key(place, before.head.commit), replaced_value({}, before));
    return;
  }
  batch.put(Column::kMeta, purge_key(place), "");
  batch.put(Column::kMeta, unsealed_key(before.head), signed_text(before));
  if (!own.contains(place)) return;
  batch.put(Column::kMeta, erased_key(place), time_value(after.time));
  if (auto old = keys_with(*state, signed_prefix(place)); old)
    for (std::string& key : *old) batch.erase(Column::kMeta, std::move(key));
}

void Registry::Parts::stage_signed(WriteBatch& batch, const Head& head) const {
  std::string key = erased_key(head.place);
  auto erased = state->get(Column::kMeta, key);
  bool in_batch = std::ranges::any_of(batch.changes(), [&](const WriteBatch::Change& change) { return change.key == key; });
  if (in_batch || (erased && *erased)) batch.put(Column::kMeta, signed_key(head.place, hash_of(head)), "");
}

// ---- publishing without a past

tl::expected<Revision, Problems> Registry::Parts::prepare_erasure(const PlaceId& place, const Erasure& erasure) {
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  if (!own.contains(place)) return refused({ErrorCode::kNotOurs, place.hex()});
  auto before = held(place);
  auto chain = before ? chain_of(place) : tl::unexpected(before.error());
  if (!chain) return refused(chain.error());
  if (!signs_for(*chain)) return refused({ErrorCode::kMovedAway, place.hex()});
  auto seen = get_head(*state, Mark::kSeen, place);
  bool elsewhere = seen && *seen && order(before->head, (*seen)->head) < 0;
  if (elsewhere || before->head.epoch == UINT64_MAX) return refused({ErrorCode::kIdentityElsewhere, place.hex()});
  auto tree = tree_of(before->head.commit);
  if (!tree) return refused(tree.error());
  Revision anew{std::move(*chain), *before, {}, 0, index->name_of(place).name, "begin anew"};
  anew.breaks = true;
  anew.closes = erasure.whole_place;
  // The new commit names nobody when the name is among what goes.
  std::string nobody = place.hex().substr(0, kNobodyDigits);
  if (erasure.whole_place) {
    anew.author = nobody;
    auto listed = for_each_file(*objects, *tree, [&](const std::string& path, const ObjectId&) {
      if (!path.starts_with("identity/")) anew.files.emplace(path, std::nullopt);
      return true;
    });
    return listed ? tl::expected<Revision, Problems>(std::move(anew)) : refused(listed.error());
  }
  if (erasure.paths.empty()) return anew;
  std::vector<FileEdit> edits;
  for (const std::string& path : erasure.paths) edits.push_back({path, std::nullopt});
  auto files = prepare_publication(*objects, *tree, trees, edits);
  if (!files) return tl::unexpected(files.error());
  anew.files = std::move(*files);
  if (anew.files.contains("profile.json")) anew.author = nobody;
  return anew;
}

tl::expected<Announcement, Problems> Registry::erase(const PlaceId& place, const Erasure& erasure, UnixTime now) {
  // While a purge is half done too: what we write refers to nothing that is not reached or in its own pack.
  if (auto room = parts_->has_room(kReserveBytes); !room) return tl::unexpected(one_problem(room.error()));
  auto revision = parts_->prepare_erasure(place, erasure);
  if (!revision) return tl::unexpected(revision.error());
  auto published = parts_->publish({*revision}, time_to_begin(revision->before->head, now)).front();
  if (!published) return tl::unexpected(one_problem(published.error()));
  Announcement announcement{std::move(*published), {}};
  for (const auto& [path, file] : revision->files) announcement.changed.push_back(path);
  return announcement;
}

// ---- taking it off the disk

Result<std::vector<PlaceId>> Registry::Parts::purge_rows() const {
  auto rows = keys_with(*state, kPurgePrefix);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<PlaceId> places;
  for (const std::string& key : *rows)  // `purge commons` is another row
    if (key.size() == kPurgePrefix.size() + PlaceId::kSize) places.push_back(Reader(as_bytes(key).subspan(kPurgePrefix.size())).fixed<PlaceId>());
  return places;
}

bool Registry::purge_waits() const {
  auto rows = parts_->purge_rows();
  return !rows || !rows->empty() || parts_->half_purged;
}

Result<std::vector<ObjectId>> Registry::Parts::kept_commits() const {
  std::vector<ObjectId> commits;
  bool damaged = false;
  auto scanned = state->scan(Column::kHeads, "", [&](std::string_view key, std::string_view value) {
    Reader in(as_bytes(value));
    auto head = read_signed_head(in);
    damaged = damaged || !head;
    bool held = key.back() == static_cast<char>(Mark::kHeld);
    // What is only seen may be here all the same: the content of another life of a place of ours, kept aside. Of others it is what
    // was let go.
    if (head && (held || (own.contains(head->head.place) && objects->contains(head->head.commit)))) commits.push_back(head->head.commit);
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  if (damaged) return fail(ErrorCode::kCorrupt, "heads");
  auto replaced = keys_with(*state, kReplacedPrefix);
  if (!replaced) return tl::unexpected(replaced.error());
  for (const std::string& key : *replaced) {
    if (key.size() != kReplacedPrefix.size() + PlaceId::kSize + ObjectId::kSize) continue;
    ObjectId commit = Reader(as_bytes(key).last(ObjectId::kSize)).fixed<ObjectId>();
    if (objects->contains(commit)) commits.push_back(commit);
  }
  return commits;
}

// True when some went: their objects are nobody's any more.
Result<bool> Registry::Parts::expire_replaced(UnixTime now) {
  WriteBatch batch;
  bool any = false;
  auto scanned = state->scan(Column::kMeta, kReplacedPrefix, [&](std::string_view key, std::string_view value) {
    UnixTime since = read_time(value);
    bool old = since.ms != 0 && now.ms - since.ms > kReplacedKeptMs;
    if (auto head = replaced_head(value); head && since.ms == 0) batch.put(Column::kMeta, std::string(key), replaced_value(now, *head));
    else if (old) batch.erase(Column::kMeta, std::string(key));
    any = any || old;
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  if (!batch.empty())
    if (auto written = state->write(batch); !written) return tl::unexpected(written.error());
  return any;
}

Result<void> Registry::Parts::purge_objects() {
  auto commits = kept_commits();
  if (!commits) return tl::unexpected(commits.error());
  // Refs for stock git, where somebody had them written, name what goes.
  std::filesystem::path named = std::filesystem::path(objects->git_directory().string()) / "packed-refs";
  std::error_code none;
  if (std::filesystem::exists(named, none) && !write_refs()) std::filesystem::remove(named, none);
  // The reserve that new work leaves untouched is there for this.
  auto room = [this](std::uint64_t bytes) { return has_room(kOpenBytes + bytes); };
  auto purged = objects->purge(*commits, room, half_purged);
  return purged ? Result<void>() : tl::unexpected(purged.error());
}

// Its author reads why: a contribution that starts from what was erased holds it.
Result<void> Registry::Parts::purge_contributions(const PlaceId& place, UnixTime now) {
  for (const Contribution& each : inbox->list(false, SIZE_MAX).items) {
    if (each.place != place) continue;
    Error why{ErrorCode::kPushOtherRoot, ""};
    if (auto told = inbox->answer(each.id, ContributionState::kRefused, sentence(why, each.language), now); !told) return told;
  }
  return inbox->settle();  // what an earlier answer could not remove
}

// What a purge is about to take away is in sealed files first; that of a fork too, or whoever has stolen a key would outrank a state in its
// own epoch and then erase.
Result<void> Registry::Parts::seal_before(const std::vector<PlaceId>& places, WriteBatch& batch) {
  if (auto sealed = seal_replaced(); !sealed) return sealed;
  for (const PlaceId& place : places) {
    auto replaced = keys_with(*state, std::string(kReplacedPrefix) + id_text(place));
    if (!replaced) return tl::unexpected(replaced.error());
    for (std::string& key : *replaced) {
      auto value = state->get(Column::kMeta, key);
      if (!value) return tl::unexpected(value.error());
      if (auto head = *value ? replaced_head(**value) : std::nullopt)
        if (auto sealed = seal(*head); !sealed) return sealed;
      batch.erase(Column::kMeta, std::move(key));
    }
  }
  auto unsealed = keys_with(*state, kUnsealedPrefix);
  if (!unsealed) return tl::unexpected(unsealed.error());
  for (std::string& key : *unsealed) batch.erase(Column::kMeta, std::move(key));
  return {};
}

Result<std::vector<PlaceId>> Registry::purge(UnixTime now) {
  auto expired = parts_->expire_replaced(now);
  if (!expired) return tl::unexpected(expired.error());
  if (auto done = parts_->expire_sealed(now); !done) return tl::unexpected(done.error());
  auto places = parts_->purge_rows();
  if (!places || (places->empty() && !*expired && !parts_->half_purged)) return places;
  WriteBatch first, last;
  if (auto sealed = parts_->seal_before(*places, first); !sealed) return tl::unexpected(sealed.error());
  for (const PlaceId& place : *places) {
    if (auto told = parts_->purge_contributions(place, now); !told) return tl::unexpected(told.error());
    last.erase(Column::kMeta, Parts::purge_key(place));
  }
  if (!first.empty())
    if (auto written = parts_->state->write(first); !written) return tl::unexpected(written.error());
  if (auto done = parts_->purge_objects(); !done) return tl::unexpected(done.error());
  bool alone = places->size() <= kPurgedAloneMax;
  for (std::size_t i = 0; i < (alone ? places->size() : 1); ++i) {
    std::string prefix(alone ? as_text((*places)[i].bytes) : "");
    if (auto done = parts_->state->purge(Column::kRecords, prefix); !done) return tl::unexpected(done.error());
    // What its profile said to daemons.
    if (auto done = parts_->state->purge(Column::kPeers, "w" + prefix); !done) return tl::unexpected(done.error());
  }
  if (auto done = parts_->purge_commons(); !done) return tl::unexpected(done.error());
  if (!last.empty())
    if (auto written = parts_->state->write(last); !written) return tl::unexpected(written.error());
  return places;
}

// ---- who has confirmed

Result<Coverage> Registry::coverage(const PlaceId& place) const {
  Coverage coverage;
  coverage.place = place;
  auto erased = parts_->state->get(Column::kMeta, erased_key(place));
  if (!erased) return tl::unexpected(erased.error());
  if (*erased) coverage.erased = read_time(**erased);
  auto waiting = parts_->purge_rows();
  if (!waiting) return tl::unexpected(waiting.error());
  coverage.purged_here = std::ranges::find(*waiting, place) == waiting->end();
  auto receipts = get_receipts(*parts_->state, place);
  if (!receipts) return tl::unexpected(receipts.error());
  for (const Replica& receipt : *receipts) {
    auto signed_since = parts_->state->get(Column::kMeta, signed_key(place, receipt.head));
    if (!signed_since) return tl::unexpected(signed_since.error());
    bool keeps_nothing = receipt.head.is_zero();
    coverage.replicas.push_back({receipt.replica, keeps_nothing || signed_since->has_value(), keeps_nothing, receipt.time});
  }
  return coverage;
}

}  // namespace maillage::registry
