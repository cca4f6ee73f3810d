// Places that come to this daemon and leave it: made here, handed over, adopted.
#include "registry/registry_parts.h"

#include <algorithm>

#include "protocol/byte_size.h"
#include "protocol/record.h"
#include "protocol/session.h"

namespace maillage::registry {
namespace {

using namespace protocol;

// A pack of a whole history, all of it in memory: a place is at most kPlaceBytesMax.
Result<Bytes> whole_pack(const ObjectSource& source, const ObjectId& commit) {
  PackWish wish{commit, {}};
  auto pack = OutgoingPack::open(source, std::span(&wish, 1));
  if (!pack) return tl::unexpected(pack.error());
  Bytes bytes;
  while (!pack->done()) {
    auto chunk = pack->read(kMiB);
    if (!chunk) return chunk;
    bytes.insert(bytes.end(), chunk->begin(), chunk->end());
    if (bytes.size() > kPlaceBytesMax) return fail(ErrorCode::kTooLarge, "history: " + over_size(bytes.size(), kPlaceBytesMax));
  }
  return bytes;
}

Result<std::vector<RecoverySheet>> read_sheets(const std::vector<std::string>& texts) {
  std::vector<RecoverySheet> sheets;
  for (const std::string& text : texts) {
    auto sheet = RecoverySheet::parse(text);
    if (!sheet) return tl::unexpected(sheet.error());
    sheets.push_back(std::move(*sheet));
  }
  return sheets;
}

}  // namespace

Bytes Registry::Parts::first_profile(const NewPlace& place) {
  boost::json::object profile{{"kind", "profile"}, {"name", place.name}};
  if (place.network) profile["type"] = "network";
  if (!place.commune.empty()) profile["address"] = boost::json::object{{"insee", place.commune}, {"country", "FR"}};
  if (place.lat && place.lon) profile["geo"] = boost::json::object{{"lat", *place.lat}, {"lon", *place.lon}};
  std::string text = to_pretty_json(profile);
  return Bytes(text.begin(), text.end());
}

tl::expected<AddedPlace, Problems> Registry::add_place(const NewPlace& place, const std::optional<PublicKey>& own_root, UnixTime now) {
  auto made = publish_all({{std::nullopt, {{"profile.json", Parts::first_profile(place)}}, own_root}}, now);
  if (!made.front()) return tl::unexpected(made.front().error());
  PlaceId id = made.front()->place->head.chain.place();
  return AddedPlace{id, std::move(*made.front())};
}

Result<std::vector<PublicKey>> Registry::other_roots(const PlaceId& place) const {
  auto chain = parts_->chain_of(place);
  if (!chain) return tl::unexpected(chain.error());
  std::vector<PublicKey> roots = chain->latest().roots;
  if (chain->latest().threshold > 1) return std::vector<PublicKey>();  // of trustees, none of whom can do anything alone
  std::erase(roots, parts_->root_now());
  return roots;
}

Result<void> Registry::check_own_sheet(const PlaceId& place, std::string_view text) const {
  auto sheet = RecoverySheet::parse(text);
  if (!sheet) return tl::unexpected(sheet.error());
  auto roots = other_roots(place);
  if (!roots) return tl::unexpected(roots.error());
  if (roots->empty()) return fail(ErrorCode::kNoOwnSheet, "");
  PublicKey root = sheet->root(0).public_key();
  if (root == parts_->root_now()) return fail(ErrorCode::kHostSheet, "");
  return std::ranges::count(*roots, root) > 0 ? Result<void>() : fail(ErrorCode::kWrongSheet, "");
}

// What cannot be read is `verify`'s to tell.
void Registry::Parts::look_who_signs(const PlaceId& place) {
  if (!own.contains(place)) return;
  auto chain = chain_of(place);
  if (!chain) return;
  bool moved = !signs_for(*chain);
  own.set_moved(place, moved);
  if (moved) own_heads->drop(place);
}

Result<CharterChain> Registry::Parts::new_chain(UnixTime now, const std::optional<PublicKey>& own_root) {
  last_genesis = {std::max(now.ms, last_genesis.ms + 1)};
  for (;; ++last_genesis.ms) {
    Charter genesis;
    genesis.roots = {keys.root};
    if (own_root) genesis.roots.push_back(*own_root);
    std::ranges::sort(genesis.roots);
    genesis.daemon_key = identity.key.public_key();
    genesis.time = last_genesis;
    auto taken = state->get(Column::kMeta, own_key(place_of_genesis(genesis)));
    if (!taken) return tl::unexpected(taken.error());
    if (!*taken) return CharterChain::start({genesis, {}});
  }
}

bool Registry::Parts::signs_for(const CharterChain& chain) const {
  return own.contains(chain.place()) && chain.latest().daemon_key == identity_now().key.public_key();
}

Successor Registry::successor() const { return {parts_->identity_now().key.public_key(), parts_->root_now()}; }

Result<Bytes> Registry::export_place(const PlaceId& place, const std::optional<Successor>& to,
                                     const std::vector<std::string>& sheet_texts, UnixTime now) {
  auto chain = parts_->chain_of(place);
  if (!chain) return tl::unexpected(chain.error());
  auto held = parts_->served(place);
  if (!held) return tl::unexpected(held.error());
  Handover handover{chain->charters(), *held, std::nullopt, {}};
  if (to) {
    // Partners know this daemon by its own place: given away, no session of ours would open any more.
    if (place == parts_->identity.place) return fail(ErrorCode::kNotHandedOver, place.hex());
    if (*to == successor() && parts_->signs_for(*chain)) return fail(ErrorCode::kExists, place.hex());
    auto sheets = read_sheets(sheet_texts);
    if (!sheets) return tl::unexpected(sheets.error());
    auto next = charter_for(*to, *chain, *sheets, {parts_->root_now()}, now);
    if (!next) return tl::unexpected(next.error());
    handover.next = std::move(*next);
  }
  auto pack = whole_pack(*parts_->objects, held->head.commit);
  if (!pack) return pack;
  handover.pack = std::move(*pack);
  if (to && parts_->signs_for(*chain))
    if (auto written = parts_->write_handed(place, chain->size()); !written) return tl::unexpected(written.error());
  return encode(handover);
}

namespace {

// Who holds no sheet here has no say in who is next: only the people who move the place keep their root. A single root
// is its host's.
std::vector<PublicKey> leaving_roots(const CharterChain& chain, const std::vector<RecoverySheet>& sheets) {
  std::vector<PublicKey> leaving = chain.latest().roots;
  if (leaving.size() == 1) return leaving;
  for (const RecoverySheet& sheet : sheets) std::erase(leaving, sheet.root(0).public_key());
  return leaving;
}

// A charter that somebody else wrote is signed with our root only when it gives us the place whole: our key, our root, no
// root that was not one before, no second signature needed, and no epoch that would void what we hold.
bool gives_us(const Charter& next, const CharterChain& chain, const SignedHead& held, const Successor& self) {
  const auto& before = chain.latest().roots;
  bool roots = std::ranges::all_of(next.roots, [&](const PublicKey& root) { return root == self.root || std::ranges::count(before, root) == 1; });
  return roots && std::ranges::count(next.roots, self.root) == 1 && next.daemon_key == self.daemon_key && next.threshold == 1 &&
         next.minimum_epoch <= held.head.epoch;
}

}  // namespace

// What this disk knows of the place must be the beginning of what the file says: an old file, or another chain, takes
// nothing over.
Result<void> Registry::Parts::check_known(const Handover& handover, const CharterChain& chain) const {
  auto ours = chain_of(chain.place());
  if (!ours) return ours.error().code == ErrorCode::kUnknownPlace ? Result<void>() : tl::unexpected(ours.error());
  bool begins = ours->size() <= chain.size() && std::equal(ours->charters().begin(), ours->charters().end(), chain.charters().begin());
  if (ours->size() >= chain.size() && signs_for(*ours)) return fail(ErrorCode::kExists, chain.place().hex());
  if (!begins) return fail(ErrorCode::kMovedAway, chain.place().hex());
  auto seen = get_head(*state, Mark::kSeen, chain.place());
  if (!seen) return tl::unexpected(seen.error());
  // Published by its old host since the file was made: a fresh file has it.
  if (*seen && order(handover.head.head, (*seen)->head) < 0) return fail(ErrorCode::kHandoverStale, chain.place().hex());
  return {};
}

// Takes in what the file brings, as from a peer: what we hold already, or more than it, stays.
Result<void> Registry::Parts::take_in(const Handover& handover, const CharterChain& chain) {
  auto now_held = get_head(*state, Mark::kHeld, chain.place());
  if (!now_held) return tl::unexpected(now_held.error());
  if (*now_held && order((*now_held)->head, handover.head.head) >= 0) return {};
  auto staged = objects->stage(kPackBytesMax);
  if (!staged) return tl::unexpected(staged.error());
  if (auto appended = (*staged)->append(handover.pack); !appended) return appended;
  ExpectedPlace expected{handover.head, {}};
  auto checked = check_pack(*objects, **staged, std::span(&expected, 1), trees, limits_of_pack(handover.pack.size()));
  if (!checked) return tl::unexpected(checked.error());
  if (!checked->accepted()) return tl::unexpected(checked->places.front().error());
  auto adopted = adopt(**staged, *checked, {{{handover.head, chain, chain.size()}, {}}}, Origin::kPeer);
  indexing->finish();
  return adopted;
}

tl::expected<Announcement, Problems> Registry::adopt_place(ByteView file, const std::vector<std::string>& sheet_texts, UnixTime now) {
  auto refused = [](const Error& error) { return tl::unexpected(Problems{{"", "", error.code, error.context, ""}}); };
  auto handover = decode_handover(file);
  if (!handover) return refused(handover.error());
  auto chain = chain_in(*handover);
  if (!chain) return refused(chain.error());
  auto sheets = read_sheets(sheet_texts);
  if (!sheets) return refused(sheets.error());
  auto ours = std::ranges::find_if(*sheets, [&](const auto& sheet) { return sheet.root(0).public_key() == parts_->keys.root; });
  if (ours == sheets->end()) return refused({ErrorCode::kHostSheetMissing, ""});
  Successor self = successor();
  auto next = handover->next ? Result<SignedCharter>(*handover->next) : charter_for(self, *chain, *sheets, leaving_roots(*chain, *sheets), now);
  if (!next) return refused(next.error());
  if (auto known = parts_->check_known(*handover, *chain); !known) return refused(known.error());
  if (!gives_us(next->charter, *chain, handover->head, self)) return refused({ErrorCode::kNotSuccessor, chain->place().hex()});
  CharterChain longer = *chain;
  if (auto extended = longer.extend(also_signed(*next, ours->root(0))); !extended) return refused(extended.error());
  if (auto room = parts_->need_room(kReserveBytes + 2 * file.size()); !room) return refused(room.error());
  if (auto taken = parts_->take_in(*handover, *chain); !taken) return refused(taken.error());
  auto before = parts_->held(chain->place());
  if (!before) return refused(before.error());
  std::string signers = identity_allowed_signers(longer), name = parts_->index->name_of(chain->place()).name;
  FileChanges files{{"identity/charters", identity_charters(longer)}, {"identity/allowed_signers", Bytes(signers.begin(), signers.end())}};
  auto published = parts_->publish({{longer, *before, std::move(files), 1, name, "adopt " + name}}, now);
  if (!published.front()) return refused(published.front().error());
  return Announcement{std::move(*published.front()), {"identity/allowed_signers", "identity/charters"}};
}

}  // namespace maillage::registry
