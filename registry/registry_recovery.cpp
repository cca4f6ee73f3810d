// A daemon's places come back from a recovery sheet alone, and what this daemon gives to those who bring theirs back.
#include <algorithm>

#include "registry/file.h"
#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;

// The charters of every place, by place, genesis first, as they are on disk.
using Chains = std::map<PlaceId, std::vector<SignedCharter>>;

Result<Chains> all_chains(const StateStore& state) {
  Chains chains;
  auto scanned = state.scan(Column::kCharters, "", [&](std::string_view key, std::string_view value) {
    Reader name(as_bytes(key)), in(as_bytes(value));
    auto place = name.fixed<PlaceId>();
    if (auto charter = read_signed_charter(in); charter && !name.failed()) chains[place].push_back(std::move(*charter));
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return chains;
}

bool has_root(const std::vector<SignedCharter>& charters, const PublicKey& root) {
  return std::ranges::count(charters.back().charter.roots, root) > 0;
}

}  // namespace

Result<std::vector<Handover>> Registry::recoverable(const PublicKey& root) const {
  auto chains = all_chains(*parts_->state);
  if (!chains) return tl::unexpected(chains.error());
  std::vector<Handover> places;
  for (auto& [place, charters] : *chains) {
    if (!has_root(charters, root)) continue;
    if (auto head = parts_->served(place)) places.push_back({std::move(charters), *head, std::nullopt, {}});
  }
  return places;
}

Result<Bytes> Registry::recoverable_place(const PublicKey& root, const PlaceId& place) const {
  auto chain = parts_->chain_of(place);
  if (!chain || !has_root(chain->charters(), root)) return fail(ErrorCode::kUnknownPlace, place.hex());
  auto head = parts_->served(place);
  if (!head) return tl::unexpected(head.error());
  auto pack = whole_pack(*parts_->objects, head->head.commit, kRecoveredBytesMax);
  if (!pack) return pack;
  return encode(Handover{chain->charters(), *head, std::nullopt, std::move(*pack)});
}

Result<PlaceId> Registry::Parts::recover_place(ByteView file, const SignedHead& agreed, const RecoverySheet& sheet, UnixTime now) {
  auto handover = decode_handover(file);
  if (!handover) return tl::unexpected(handover.error());
  auto chain = chain_in(*handover);
  if (!chain) return tl::unexpected(chain.error());
  if (!(handover->head.head == agreed.head)) return fail(ErrorCode::kIdentityElsewhere, chain->place().hex());
  if (auto room = need_room(kReserveBytes + 2 * file.size()); !room) return tl::unexpected(room.error());
  if (auto taken = take_in(*handover, *chain); !taken) return tl::unexpected(taken.error());
  // Every root that was one stays: a sheet that its people have of their own goes on being theirs.
  auto next = charter_for({identity.key.public_key(), keys.root}, *chain, {sheet}, {}, now);
  if (!next) return tl::unexpected(next.error());
  if (auto extended = chain->extend(*next); !extended) return tl::unexpected(extended.error());
  std::string signers = identity_allowed_signers(*chain), name = index->name_of(chain->place()).name;
  FileChanges files{{"identity/charters", identity_charters(*chain)}, {"identity/allowed_signers", Bytes(signers.begin(), signers.end())}};
  PlaceId place = chain->place();
  auto published = publish({{std::move(*chain), handover->head, std::move(files), 1, name, "recover " + name}}, now);
  if (!published.front()) return tl::unexpected(published.front().error());
  return place;
}

Result<std::vector<PlaceId>> Registry::recover(const std::filesystem::path& dir, std::string_view text, const std::vector<RecoveredPlace>& places,
                                               UnixTime now, const FetchPlace& fetch) {
  auto sheet = RecoverySheet::parse(text);
  if (!sheet) return tl::unexpected(sheet.error());
  SystemRandom random;
  DaemonKeys keys{random.fixed<Seed>(), sheet->root(0).public_key(), true};
  auto parts = Parts::begin(dir, keys);
  if (!parts) return tl::unexpected(parts.error());
  WriteBatch format;
  put_format(format);
  if (auto committed = (*parts)->commit(format); !committed) return tl::unexpected(committed.error());
  std::vector<PlaceId> recovered;
  for (const RecoveredPlace& place : places) {
    auto file = fetch(place.head);
    if (!file) return tl::unexpected(file.error());
    auto back = (*parts)->recover_place(*file, place.head, *sheet, now);
    if (!back) return tl::unexpected(back.error());
    recovered.push_back(*back);
  }
  WriteBatch identity;
  put_identity(identity, own_of(keys.root, places));
  if (auto committed = (*parts)->commit(identity); !committed) return tl::unexpected(committed.error());
  if (auto marked = mark_sheet_confirmed(dir); !marked) return tl::unexpected(marked.error());
  if (auto finished = mark_finished(dir); !finished) return tl::unexpected(finished.error());
  return recovered;
}

}  // namespace maillage::registry
