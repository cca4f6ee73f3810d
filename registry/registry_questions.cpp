// What the registry answers, and how it checks and rebuilds itself.
#include <algorithm>
#include <map>

#include "protocol/record.h"
#include "protocol/session.h"
#include "registry/commit.h"
#include "registry/history.h"
#include "registry/mistake.h"
#include "registry/refs.h"
#include "registry/registry_parts.h"
#include "registry/slug.h"
#include "registry/time_zone.h"
#include "registry/verify_objects.h"

namespace maillage::registry {
namespace {

using namespace protocol;

// `status` tells this many places in full, the daemon's own first, and counts the rest: it is asked often, and by anybody.
constexpr std::size_t kStatusPlacesMax = 20;
// How many publications back the last profile of a place that withdrew it is looked for.
constexpr std::size_t kNameCommitsMax = 1'000;

// A merged pack stays one that a repack can rewrite in seconds.
constexpr std::uint64_t kPackFileBytesMax = 256 * kMiB;

boost::json::object head_json(const Head& head) {
  return {{"charter", head.charter}, {"epoch", head.epoch}, {"sequence", head.sequence},
          {"hash", hash_of(head).hex()}, {"commit", head.commit.hex()}, {"state", head.state.hex()},
          {"time", format_utc(head.time)}};
}

}  // namespace

Result<Page> Registry::query(const Query& query) const {
  parts_->need_signers();
  auto page = parts_->index->query(query);
  if (page) parts_->tell_forks(page->items), page->beyond = parts_->known.beyond(query);
  return page;
}

Result<std::vector<PlaceId>> Registry::places_called(std::string_view word) const {
  std::vector<PlaceId> called = parts_->index->places_with_slug(word);
  if (called.size() > kCalledMax) called.resize(kCalledMax);
  auto start = word.size() < kPlaceDigitsMin ? fail(ErrorCode::kMalformed, "") : from_hex(word.substr(0, word.size() / 2 * 2));
  if (!start) return called;
  auto scanned = parts_->state->scan(Column::kHeads, as_text(*start), [&](std::string_view key, std::string_view) {
    PlaceId place = Reader(as_bytes(key)).fixed<PlaceId>();
    bool is_new = std::ranges::find(called, place) == called.end();
    if (is_new && place.hex().starts_with(word)) called.push_back(place);
    return called.size() < kCalledMax;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return called;
}

TerritoryCell Registry::cell_of(const PlaceId& place) const { return parts_->known.cell_of(place); }

Index::PlaceName Registry::name_of(const PlaceId& place) const { return parts_->index->name_of(place); }
Index::PlaceName Registry::known_name(const PlaceId& place) const { return parts_->known_name(place); }

Index::PlaceName Registry::Parts::known_name(const PlaceId& place) const {
  auto called = index->name_of(place);
  if (!called.name.empty() || !own.contains(place)) return called;
  auto head = held(place);
  ObjectId next = head ? head->head.commit : ObjectId{};
  for (std::size_t i = 0; head && i < kNameCommitsMax; ++i) {
    auto bytes = objects->read_as(ObjectKind::kCommit, next);
    auto commit = bytes ? read_commit(*bytes) : tl::unexpected(bytes.error());
    if (!commit) return called;
    auto blob = find_path(*objects, commit->tree, "profile.json");
    auto profile = blob && *blob ? objects->read_as(ObjectKind::kBlob, **blob) : fail(ErrorCode::kNotFound, "");
    auto record = profile ? parse_record(*profile) : tl::unexpected(profile.error());
    if (auto name = record ? text_field(*record, "name") : std::nullopt; name) return {std::string(*name), slug_of(*name)};
    if (commit->parents.empty()) return called;
    next = commit->parents.front();
  }
  return called;
}

Result<boost::json::object> Registry::place(std::string_view id_or_slug) const {
  parts_->need_signers();
  auto item = parts_->index->place(id_or_slug);
  if (!item) return item;
  auto id = parts_->index->find_place(id_or_slug);
  if (!id) return tl::unexpected(id.error());
  auto held = parts_->served(*id);
  if (!held) return tl::unexpected(held.error());
  (*item)["head"] = head_json(held->head);
  if (parts_->forked.contains(*id)) (*item)["forked"] = true;
  if (parts_->two_charters.contains(*id)) (*item)["twoCharters"] = true;
  return item;
}

Result<PlaceId> Registry::own_place(std::string_view id_or_slug) const {
  if (id_or_slug.empty()) return parts_->identity.place;
  auto id = PlaceId::parse(id_or_slug);
  // Another daemon's place of that name, as the copy of another hub, stands in nobody's way here.
  std::vector<PlaceId> ours;
  if (!id) ours = parts_->index->places_with_slug(id_or_slug);
  bool known = !ours.empty();
  std::erase_if(ours, [&](const PlaceId& place) { return !parts_->own.contains(place); });
  if (!id && ours.empty()) {
    std::string slug = slug_of(id_or_slug);
    for (const PlaceId& place : parts_->own.all())
      if (parts_->index->name_of(place).name.empty() && parts_->known_name(place).slug == slug) ours.push_back(place);
  }
  if (ours.size() == 1) return ours.front();
  if (ours.size() > 1) return tl::unexpected(ambiguous_name(id_or_slug, ours));
  if (known) return fail(ErrorCode::kNotOurs, std::string(id_or_slug));
  if (!id) id = parts_->index->find_place(id_or_slug);
  if (!id) return id;
  if (!parts_->own.contains(*id)) return fail(ErrorCode::kNotOurs, std::string(id_or_slug));
  return id;
}

Result<Bytes> Registry::file(const PlaceId& place, std::string_view path) const {
  auto held = parts_->served(place);
  if (!held) return tl::unexpected(held.error());
  auto tree = parts_->tree_of(held->head.commit);
  if (!tree) return tl::unexpected(tree.error());
  auto blob = find_path(*parts_->objects, *tree, path);
  if (!blob) return tl::unexpected(blob.error());
  if (!*blob) return fail(ErrorCode::kNotFound, std::string(path));
  return parts_->objects->read_as(ObjectKind::kBlob, **blob);
}

boost::json::object Registry::Parts::own_status(const PlaceId& place) const {
  auto called = known_name(place);
  boost::json::object entry{{"id", place.hex()}, {"slug", called.slug}, {"name", called.name}};
  if (auto head = held(place); head) entry["head"] = head_json(head->head);
  if (own.moved(place)) entry["movedAway"] = true;
  if (forked.contains(place)) entry["forked"] = true;
  if (two_charters.contains(place)) entry["twoCharters"] = true;
  if (auto ledger = own_heads->ledger(place); ledger && ledger->told) entry["keptBack"] = true;
  if (auto question = own_heads->question(place))
    entry["question"] = {{"code", registry::name_of(question->doubt)}, {"theirs", head_json(question->theirs.head)}};
  boost::json::array problems, receipts;
  if (auto found = index->problems(place); found)
    for (const auto& [path, error] : *found)
      problems.push_back({{"path", path}, {"code", slug(error.code)}, {"context", error.context},
                          {"detail", sentence(error, Language::kFrench)}});
  if (auto found = get_receipts(*state, place); found)
    for (const Replica& replica : *found)
      if (!replica.head.is_zero())  // it let go of what it had: neither behind nor up to date
        receipts.push_back({{"replica", replica.replica.hex()}, {"name", index->name_of(replica.replica).name},
                          {"head", replica.head.hex()}, {"time", format_utc(replica.time)}});
  if (auto found = get_whereabouts(*state, place); found)
    entry["endpoints"] = boost::json::array(found->endpoints.begin(), found->endpoints.end());
  entry["problems"] = std::move(problems);
  entry["receipts"] = std::move(receipts);
  return entry;
}

std::size_t Registry::count(What what) const { return parts_->index->count(what); }
std::size_t Registry::count_lately(What what) const { return parts_->index->count_lately(what); }

boost::json::object Registry::status() const {
  boost::json::object counts;
  for (std::size_t i = 0; i < kWhats; ++i) counts[name(static_cast<What>(i))] = count(static_cast<What>(i));
  boost::json::array own{parts_->own_status(parts_->identity.place)};
  auto all = parts_->own.all();
  std::size_t moved = parts_->own.moved_count() - (parts_->own.moved(parts_->identity.place) ? 1 : 0);
  for (const PlaceId& place : all)
    if (place != parts_->identity.place && !parts_->own.moved(place) && (own.size() < kStatusPlacesMax || parts_->own_heads->question(place)))
      own.push_back(parts_->own_status(place));
  KnownPlaces::Counts all_known = known_places();
  boost::json::object shown{{"revision", revision()}, {"known", all_known.known}, {"held", all_known.held},
                            {"counts", std::move(counts)}, {"sheetConfirmed", sheet_confirmed()},
                            {"packs", parts_->objects->packs().size()}, {"hosted", all.size() - 1 - moved}, {"movedAway", moved},
                            {"contributions", parts_->inbox->open_count()}, {"own", std::move(own)}};
  auto list = [&](std::string_view key, const ForkedPlaces& places) {
    boost::json::array named;
    for (const PlaceId& place : places.some(kStatusPlacesMax)) named.push_back({{"id", place.hex()}, {"name", parts_->known_name(place).name}});
    if (!named.empty()) shown[key] = std::move(named);
  };
  list("forked", parts_->forked);
  list("twoCharters", parts_->two_charters);
  if (auto tip = parts_->whole_chain->tip()) shown["commons"] = {{"commit", tip->commit.hex()}, {"tree", tip->tree.hex()}};
  return shown;
}

// What the index says of a place beside what its history says; nothing of one that is out of service.
Result<void> Registry::Parts::verify_index(const PlaceId& place, const std::optional<ObjectId>& commit) const {
  Result<PlaceChanges> changes = PlaceChanges{place, true, {}};
  if (commit) changes = changes_between(*objects, place, std::nullopt, *commit);
  if (!changes) return tl::unexpected(changes.error());
  WriteBatch expected;
  if (auto staged = index->stage(expected, *changes); !staged) return staged;
  std::map<std::string, std::string> rows;
  for (const WriteBatch::Change& change : expected.changes())
    if (change.value) rows[change.key] = *change.value;
  bool same = true;
  auto scanned = state->scan(Column::kRecords, as_text(place.bytes), [&](std::string_view key, std::string_view value) {
    auto row = rows.extract(std::string(key));
    same = same && !row.empty() && row.mapped() == value;
    return same;
  });
  if (!scanned) return scanned;
  if (!same || !rows.empty()) return fail(ErrorCode::kCorrupt, "index");
  return {};
}

Result<std::vector<Finding>> Registry::verify() const {
  std::vector<Finding> findings;
  auto note = [&](const std::string& where, const Result<void>& outcome) {
    if (!outcome) findings.push_back({where, outcome.error()});
  };
  note("state", parts_->state->verify_checksums());
  std::vector<Error> damaged;
  auto places = load_places(*parts_->state, damaged);
  if (!places) return tl::unexpected(places.error());
  for (const Error& error : damaged) findings.push_back({"state", error});

  std::vector<SignedHead> held;
  for (const PlaceState& place : *places) {
    std::string where = "place " + place.chain.place().hex();
    note(where, verify_under(place.seen, place.chain));
    const SignedHead* head = place.held_head();
    if (head == nullptr) continue;
    held.push_back(*head);
    if (!place.holds_seen) note(where, verify_under(*head, place.chain));
    bool served = parts_->serves(head->head, place.seen.head);
    note(where, parts_->verify_index(place.chain.place(), served ? std::optional(head->head.commit) : std::nullopt));
  }
  for (const PlaceId& own : parts_->own.all())
    if (auto head = parts_->held(own); !head) findings.push_back({"place " + own.hex(), head.error()});
  for (const Error& error : verify_objects(*parts_->objects, held)) findings.push_back({"store.git", error});
  return findings;
}

Result<std::uint64_t> Registry::reindex() {
  if (auto room = parts_->need_room(kReserveBytes); !room) return tl::unexpected(room.error());
  std::optional<Error> unreadable;
  auto records = parts_->rebuild_index(unreadable);
  if (records && unreadable) return tl::unexpected(*unreadable);
  return records;
}

Result<std::uint64_t> Registry::Parts::rebuild_index(std::optional<Error>& unreadable) {
  WriteBatch wipe;
  auto scanned = state->scan(Column::kRecords, "", [&](std::string_view key, std::string_view) {
    wipe.erase(Column::kRecords, std::string(key));
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  wipe.put(Column::kMeta, std::string(kRebuildingKey), "");
  if (auto wiped = commit(wipe); !wiped) return tl::unexpected(wiped.error());
  std::vector<Error> damaged;
  auto places = load_places(*state, damaged);
  if (!places) return tl::unexpected(places.error());
  if (!damaged.empty()) unreadable = damaged.front();
  std::uint64_t records = 0;
  for (const PlaceState& place : *places) {
    const SignedHead* held = place.held_head();
    if (held == nullptr || !serves(held->head, place.seen.head)) continue;
    auto changes = changes_between(*objects, held->head.place, std::nullopt, held->head.commit);
    if (!changes && !unreadable) unreadable = changes.error();
    if (!changes) continue;
    changes->replaces_all = true;
    records += changes->records.size();
    WriteBatch batch;
    IndexChange change{std::move(*changes), {}};
    if (auto staged = stage_index(batch, change); !staged) return tl::unexpected(staged.error());
    if (auto committed = commit(batch); !committed) return tl::unexpected(committed.error());
  }
  WriteBatch whole;
  whole.erase(Column::kMeta, std::string(kRebuildingKey));
  if (auto committed = commit(whole); !committed) return tl::unexpected(committed.error());
  indexing->finish();
  if (auto loaded = index->load(); !loaded) return tl::unexpected(loaded.error());
  return records;
}

Result<std::uint64_t> Registry::Parts::write_refs() const {
  auto heads = all_served();
  if (!heads) return tl::unexpected(heads.error());
  std::vector<NamedCommit> refs;
  for (const SignedHead& head : *heads) refs.push_back({"refs/places/" + head.head.place.hex(), head.head.commit});
  // HEAD names this one: `git clone` of the store then gives the daemon's own place.
  if (auto first = held(identity.place); first) refs.push_back({"refs/heads/main", first->head.commit});
  if (auto written = registry::write_refs(objects->git_directory().string(), refs); !written) return tl::unexpected(written.error());
  return heads->size();
}

Result<std::uint64_t> Registry::write_refs() const { return parts_->write_refs(); }

Result<void> Registry::tend() {
  if (auto settled = parts_->settle_approvals(); !settled) return settled;
  if (auto room = parts_->need_room(kReserveBytes); !room) return room;
  auto merged = parts_->objects->consolidate(kPackFileBytesMax);
  if (!merged) return tl::unexpected(merged.error());
  return parts_->purge_commons();
}

}  // namespace maillage::registry
