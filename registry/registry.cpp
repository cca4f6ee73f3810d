#include "registry/registry.h"

#include <algorithm>

#include "protocol/embedded_files.h"
#include "protocol/record.h"
#include "protocol/validate.h"
#include "registry/file.h"
#include "registry/registry_parts.h"
#include "registry/slug.h"

namespace maillage::registry {
namespace {

using namespace protocol;

constexpr std::string_view kFormat = "1";
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kIdentityKey = "identity";
constexpr std::string_view kRevisionKey = "revision";
constexpr std::string_view kOwnPrefix = "own ";
constexpr std::string_view kPackPrefix = "pack ";
// By which rules the records in the index were judged.
constexpr std::string_view kRulesKey = "rules";
// Part of what names the rules; one more when code that judges a record changes, and not only a schema or vocabulary.
constexpr std::string_view kRulesInCode = "1";

std::string rules_of_this_program() {
  std::string rules(kRulesInCode);
  for (const EmbeddedFile& file : embedded_files()) rules.append("\n").append(file.path).append("\n").append(file.text);
  return sha256(as_bytes(rules)).hex();
}

std::string id_text(const PlaceId& place) { return std::string(as_text(place.bytes)); }

// DIR and what is above it, each durable in the folder that holds it.
Result<void> make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::path whole = std::filesystem::absolute(directory, error), parent = whole.parent_path();
  if (error) return tl::unexpected(system_error(error, directory.string()));
  if (std::filesystem::exists(whole, error) || parent == whole) return {};
  if (auto made = make_directory(parent); !made) return made;
  bool made = std::filesystem::create_directory(whole, error);
  if (made && !error) std::filesystem::permissions(whole, std::filesystem::perms::owner_all, error);
  if (error) return tl::unexpected(system_error(error, directory.string()));
  return sync_directory(parent);
}

Charter genesis_of(const PublicKey& root, const PublicKey& daemon_key, UnixTime now) {
  Charter genesis;
  genesis.roots = {root};
  genesis.daemon_key = daemon_key;
  genesis.time = now;
  return genesis;
}

// A key that is here is somebody's place, even when all else is lost: it is never replaced, and neither is a store whose
// keys are lost. Only what an `init` that was cut short left goes: nobody has ever opened it.
Result<void> clear_unfinished(const std::filesystem::path& dir) {
  auto keys = key_state(dir);
  if (!keys) return tl::unexpected(keys.error());
  if (*keys == KeyState::kFinished) return fail(ErrorCode::kExists, dir.string());
  std::error_code error;
  if (*keys == KeyState::kNone && std::filesystem::exists(dir / "state", error)) {
    auto store = RocksStore::open(dir / "state");
    if (!store) return tl::unexpected(store.error());
    auto identity = (*store)->get(Column::kMeta, kIdentityKey);
    if (!identity) return tl::unexpected(identity.error());
    if (*identity) return fail(ErrorCode::kExists, dir.string());
  }
  for (const char* folder : {"state", "store.git", "quarantine"}) {
    std::filesystem::remove_all(dir / folder, error);
    if (error) return tl::unexpected(system_error(error, (dir / folder).string()));
  }
  return {};
}

}  // namespace

void put_format(WriteBatch& batch) {
  batch.put(Column::kMeta, std::string(kFormatKey), std::string(kFormat));
  batch.put(Column::kMeta, std::string(kWhereaboutsKey), "");
}
void put_identity(WriteBatch& batch, const PlaceId& place) { batch.put(Column::kMeta, std::string(kIdentityKey), id_text(place)); }

Result<std::unique_ptr<Registry::Parts>> Registry::Parts::begin(const std::filesystem::path& dir, const DaemonKeys& keys) {
  if (auto made = make_directory(dir); !made) return tl::unexpected(made.error());
  auto lock = DirectoryLock::take(dir);
  if (!lock) return tl::unexpected(lock.error());
  if (auto cleared = clear_unfinished(dir); !cleared) return tl::unexpected(cleared.error());
  auto parts = std::make_unique<Parts>(dir, std::move(*lock), keys);
  if (auto opened = parts->open_stores(); !opened) return tl::unexpected(opened.error());
  // Keys come first: nothing is ever signed by a key that is not on disk.
  if (auto written = write_keys(dir, keys); !written) return tl::unexpected(written.error());
  return parts;
}

Registry::Registry(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Registry::~Registry() = default;

Result<CreatedPlace> Registry::create(const std::filesystem::path& dir, const NewPlace& place, UnixTime now, const Show& show) {
  Bytes profile = Parts::first_profile(place);
  if (auto problems = validate("profile.json", profile); !problems.empty())
    return fail(problems.front().code, problems.front().context);
  SystemRandom random;
  RecoverySheet sheet = RecoverySheet::make(random);
  DaemonKeys keys{random.fixed<Seed>(), sheet.root(0).public_key(), false};
  auto begun = Parts::begin(dir, keys);
  if (!begun) return tl::unexpected(begun.error());
  auto parts = std::move(*begun);

  auto chain = CharterChain::start({genesis_of(keys.root, parts->identity.key.public_key(), now), {}});
  check(chain.has_value(), "our own genesis is valid");
  WriteBatch batch;
  put_format(batch);
  batch.put(Column::kMeta, Parts::own_key(chain->place()), "");
  if (auto committed = parts->commit(batch); !committed) return tl::unexpected(committed.error());
  FileChanges files{{"profile.json", profile},
                    {"identity/charters", identity_charters(*chain)}};
  std::string signers = identity_allowed_signers(*chain);
  files["identity/allowed_signers"] = Bytes(signers.begin(), signers.end());
  auto published = parts->publish({{*chain, std::nullopt, files, 1, place.name, place.name}}, now);
  if (!published.front()) return tl::unexpected(published.front().error());
  WriteBatch identity;
  put_identity(identity, chain->place());
  if (auto committed = parts->commit(identity); !committed) return tl::unexpected(committed.error());
  CreatedPlace created{chain->place(), parts->index->name_of(chain->place()).slug, sheet.text()};
  if (show)
    if (auto shown = show(created); !shown) return tl::unexpected(shown.error());
  if (auto finished = mark_finished(dir); !finished) return tl::unexpected(finished.error());
  return created;
}

Result<std::unique_ptr<Registry>> Registry::open(const std::filesystem::path& dir) {
  auto keys = read_keys(dir);
  if (!keys) return tl::unexpected(keys.error());
  auto lock = DirectoryLock::take(dir);
  if (!lock) return tl::unexpected(lock.error());
  if (auto cleared = clear_replacements(dir / "keys"); !cleared) return tl::unexpected(cleared.error());
  auto parts = std::make_unique<Parts>(dir, std::move(*lock), *keys);
  if (auto opened = parts->open_stores(); !opened) return tl::unexpected(opened.error());
  auto inbox = Inbox::open(dir);
  if (!inbox) return tl::unexpected(inbox.error());
  parts->inbox = std::move(*inbox);
  if (auto read = parts->read_approvals(); !read) return tl::unexpected(read.error());
  auto identity = parts->state->get(Column::kMeta, kIdentityKey);
  if (!identity) return tl::unexpected(identity.error());
  if (!*identity || (*identity)->size() != PlaceId::kSize) return fail(ErrorCode::kNotFound, dir.string());
  std::memcpy(parts->identity.place.bytes.data(), (*identity)->data(), PlaceId::kSize);
  parts->clear_sealed_parts();
  auto erased = parts->purge_rows();
  if (!erased) return tl::unexpected(erased.error());
  if (!erased->empty()) {
    parts->half_purged = true;  // perhaps: nothing is taken in before it is known
    if (parts->seal_replaced()) (void)parts->purge_objects();  // what fails is done by `purge`
  }
  if (auto finished = parts->finish_renewal(); !finished) return tl::unexpected(finished.error());
  return std::unique_ptr<Registry>(new Registry(std::move(parts)));
}

Result<void> Registry::Parts::need_room(std::uint64_t bytes) const {
  if (half_purged) return fail(ErrorCode::kBusy, "purge");
  return has_room(bytes);
}

Result<void> Registry::Parts::has_room(std::uint64_t bytes) const {
  std::error_code error;
  auto space = std::filesystem::space(directory, error);
  if (!error && space.available < bytes) return fail(ErrorCode::kDiskFull, directory.string());
  return {};
}

Result<void> Registry::Parts::open_stores() {
  if (auto room = has_room(kOpenBytes); !room) return room;
  auto opened_state = RocksStore::open(directory / "state");
  if (!opened_state) return tl::unexpected(opened_state.error());
  state = std::move(*opened_state);
  auto format = state->get(Column::kMeta, kFormatKey);
  if (!format) return tl::unexpected(format.error());
  if (*format && **format != kFormat) return fail(ErrorCode::kUnsupportedVersion, "format " + **format);

  auto opened_objects = ObjectStore::open(directory);
  if (!opened_objects) return tl::unexpected(opened_objects.error());
  objects = std::move(*opened_objects);
  index = std::make_unique<Index>(*state);
  own_heads = std::make_unique<OwnHeads>(*state);
  if (auto loaded = own_heads->load(); !loaded) return loaded;
  whole_chain = std::make_unique<WholeChain>(*state, *objects);
  if (auto loaded = whole_chain->load(); !loaded) return loaded;
  auto kept_revision = state->get(Column::kMeta, kRevisionKey);
  if (!kept_revision) return tl::unexpected(kept_revision.error());
  if (*kept_revision) revision = Reader(as_bytes(**kept_revision)).u64();
  indexing = std::make_unique<Indexing>(*index, revision);
  auto scanned = state->scan(Column::kMeta, kOwnPrefix, [&](std::string_view key, std::string_view) {
    Reader in(as_bytes(key.substr(kOwnPrefix.size())));
    own.add(in.fixed<PlaceId>());
    return true;
  });
  if (!scanned) return scanned;
  for (const PlaceId& place : own.all()) look_who_signs(place);
  if (auto read = read_handed(); !read) return read;
  if (auto read = load_two_charters(); !read) return read;
  if (*format)
    if (auto read = load_whereabouts(); !read) return read;
  if (auto recovered = recover_packs(); !recovered) return recovered;
  auto usable = judge_by_our_rules();
  // Without room for the judgement the old one shows, until a start that has it.
  if (!usable && usable.error().code == ErrorCode::kDiskFull) usable = {};
  auto cut = state->get(Column::kMeta, kRebuildingKey);
  if (!cut) return tl::unexpected(cut.error());
  if (*cut) usable = fail(ErrorCode::kCorrupt, "index");
  if (usable) usable = index->load();
  if (usable || usable.error().code != ErrorCode::kCorrupt) return usable;
  // The index is only derived: git says what belongs in it. What git cannot say any more, `verify` names.
  std::optional<Error> unreadable;
  if (auto rebuilt = rebuild_index(unreadable); !rebuilt) return tl::unexpected(rebuilt.error());
  return {};
}

// After another version of this program: with other schemas and vocabularies other records can be shown.
Result<void> Registry::Parts::judge_by_our_rules() {
  std::string rules = rules_of_this_program();
  auto judged_by = state->get(Column::kMeta, kRulesKey);
  if (!judged_by) return tl::unexpected(judged_by.error());
  if (*judged_by == rules) return {};
  if (auto judged = index->judge_again(); !judged) return judged;
  WriteBatch batch;
  batch.put(Column::kMeta, std::string(kRulesKey), rules);
  return commit(batch);
}

std::string Registry::Parts::pack_key(const PackName& pack) { return std::string(kPackPrefix) + pack.checksum.hex(); }

std::string Registry::Parts::own_key(const PlaceId& place) { return std::string(kOwnPrefix) + id_text(place); }

// A marked pack was adopted, and the process ended before it was released. The batch that needs it, if it was
// committed, names it.
Result<void> Registry::Parts::recover_packs() {
  auto marked = objects->kept();
  if (!marked) return tl::unexpected(marked.error());
  if (marked->empty()) return {};
  for (const PackName& pack : *marked) {
    auto named = state->get(Column::kMeta, pack_key(pack));
    if (!named) return tl::unexpected(named.error());
    auto settled = *named ? objects->release(pack) : objects->discard(pack);
    if (!settled) return settled;
    if (*named) released.push_back(pack_key(pack));
  }
  return {};
}

Result<void> Registry::Parts::commit(WriteBatch& batch, std::vector<IndexChange> changes) {
  Writer number;
  number.u64(revision + 1);
  batch.put(Column::kMeta, std::string(kRevisionKey), std::string(as_text(number.bytes())));
  for (const std::string& key : released) batch.erase(Column::kMeta, key);
  for (const ContributionId& id : answered) batch.erase(Column::kInbox, approval_key(id));
  if (auto written = state->write(batch); !written) return written;
  released.clear();
  answered.clear();
  indexing->follow(++revision, std::move(changes));
  return {};
}

Result<CharterChain> Registry::Parts::chain_of(const PlaceId& place) const {
  std::optional<CharterChain> chain;
  std::optional<Error> error;
  auto scanned = state->scan(Column::kCharters, as_text(place.bytes), [&](std::string_view, std::string_view value) {
    Reader in(as_bytes(value));
    auto charter = read_signed_charter(in);
    if (!charter) {
      error = charter.error();
    } else if (!chain) {
      if (auto started = CharterChain::start(*charter); started) chain = std::move(*started);
    } else if (auto extended = chain->extend(*charter); !extended) {
      error = extended.error();
    }
    return !error;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  if (error) return tl::unexpected(*error);
  if (!chain) return fail(ErrorCode::kUnknownPlace, place.hex());
  return std::move(*chain);
}

Result<SignedHead> Registry::Parts::held(const PlaceId& place) const {
  auto head = get_head(*state, Mark::kHeld, place);
  if (!head) return tl::unexpected(head.error());
  if (!*head) return fail(ErrorCode::kUnknownPlace, place.hex());
  return **head;
}

bool Registry::Parts::serves(const Head& held, const Head& seen) const {
  return held.epoch == seen.epoch || (own.contains(held.place) && !own.moved(held.place));
}

Result<SignedHead> Registry::Parts::served(const PlaceId& place) const {
  auto head = held(place);
  if (!head) return head;
  auto seen = get_head(*state, Mark::kSeen, place);
  if (!seen) return tl::unexpected(seen.error());
  if (*seen && !serves(head->head, (*seen)->head)) return fail(ErrorCode::kUnknownPlace, place.hex());
  return head;
}

Result<std::vector<SignedHead>> Registry::Parts::all_served() const {
  std::vector<SignedHead> heads;
  std::optional<Error> error;
  // Of each place what is held comes before what is seen.
  auto scanned = state->scan(Column::kHeads, "", [&](std::string_view key, std::string_view value) {
    Reader in(as_bytes(value));
    auto head = read_signed_head(in);
    if (!head) error = head.error();
    else if (key.back() == static_cast<char>(Mark::kHeld)) heads.push_back(*head);
    else if (!heads.empty() && heads.back().head.place == head->head.place && !serves(heads.back().head, head->head)) heads.pop_back();
    return !error;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  if (error) return fail(ErrorCode::kCorrupt, error->context);
  return heads;
}

Result<ObjectId> Registry::Parts::tree_of(const ObjectId& commit) const {
  auto bytes = objects->read_as(ObjectKind::kCommit, commit);
  if (!bytes) return tl::unexpected(bytes.error());
  auto parsed = read_commit(*bytes);
  if (!parsed) return tl::unexpected(parsed.error());
  return parsed->tree;
}

const Identity& Registry::identity() const { return parts_->identity; }
AddressBook Registry::address_book() const { return AddressBook(*parts_->state); }
std::vector<PlaceId> Registry::own_places() const { return parts_->own.all(); }
bool Registry::sheet_confirmed() const { return parts_->sheet_confirmed; }
std::uint64_t Registry::revision() const { return parts_->indexing->shown(); }

Result<bool> Registry::confirm_sheet(std::string_view text) {
  auto sheet = RecoverySheet::parse(text);
  if (!sheet) return tl::unexpected(sheet.error());
  if (sheet->root(0).public_key() != parts_->keys.root) return false;
  if (auto marked = mark_sheet_confirmed(parts_->directory); !marked) return tl::unexpected(marked.error());
  parts_->sheet_confirmed = true;
  return true;
}

}  // namespace maillage::registry
