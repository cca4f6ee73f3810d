#include "registry/address_book.h"

#include <algorithm>
#include <map>

#include "protocol/crypto.h"

namespace maillage::registry {
namespace {

using protocol::as_bytes;
using protocol::as_text;
using protocol::ErrorCode;
using protocol::fail;
using protocol::Reader;
using protocol::Writer;

template <class Id>
std::string key(char kind, const Id& id) {
  return kind + std::string(as_text(id.bytes));
}

std::string value_of(const GivenInvitation& given) {
  Writer out;
  out.fixed(given.invitation.secret).i64(given.invitation.expires.ms).u16(given.invitation.uses).i64(given.made.ms).text(given.note);
  return std::string(as_text(out.bytes()));
}

std::string value_of(const JoinedPlace& joined) {
  Writer out;
  out.fixed(joined.secret).i64(joined.since.ms).u8(static_cast<std::uint8_t>(joined.state));
  out.u8(static_cast<std::uint8_t>(joined.trouble.size())).text(joined.trouble).text(joined.url);
  return std::string(as_text(out.bytes()));
}

std::optional<GivenInvitation> invitation_of(std::string_view value) {
  Reader in(as_bytes(value));
  GivenInvitation given;
  given.invitation.secret = in.fixed<InvitationSecret>();
  given.invitation.expires.ms = in.i64();
  given.invitation.uses = in.u16();
  given.made.ms = in.i64();
  given.note = std::string(as_text(in.rest()));
  return in.failed() ? std::nullopt : std::optional(std::move(given));
}

std::optional<JoinedPlace> joined_of(const PlaceId& place, std::string_view value) {
  Reader in(as_bytes(value));
  JoinedPlace joined;
  joined.place = place;
  joined.secret = in.fixed<InvitationSecret>();
  joined.since.ms = in.i64();
  std::uint8_t state = in.u8();
  joined.state = static_cast<JoinedPlace::State>(state);
  std::size_t size = in.u8();
  joined.trouble = std::string(as_text(in.take(size)));
  joined.url = std::string(as_text(in.rest()));
  bool whole = !in.failed() && state <= static_cast<std::uint8_t>(JoinedPlace::State::kRefused);
  return whole ? std::optional(std::move(joined)) : std::nullopt;
}

template <class Id>
std::optional<Id> id_in(std::string_view key) {
  Reader in(as_bytes(key.substr(1)));
  Id id = in.fixed<Id>();
  return in.failed() || in.left() != 0 ? std::nullopt : std::optional(id);
}

bool is_over(const GivenInvitation& given, UnixTime now) { return given.invitation.uses == 0 || given.invitation.expires <= now; }

}  // namespace

Result<Contacts> AddressBook::read() const {
  Contacts all;
  auto invitations = store_->scan(Column::kPeers, "i", [&](std::string_view, std::string_view value) {
    if (auto given = invitation_of(value)) all.invitations.push_back(std::move(*given));
    return true;
  });
  if (!invitations) return tl::unexpected(invitations.error());
  auto accepted = store_->scan(Column::kPeers, "a", [&](std::string_view row, std::string_view value) {
    Reader in(as_bytes(value));
    AcceptedPlace known{id_in<PlaceId>(row).value_or(PlaceId{}), {in.i64()}, {}};
    known.invitation = in.fixed<InvitationId>();
    if (!in.failed() && !known.place.is_zero()) all.accepted.push_back(known);
    return true;
  });
  if (!accepted) return tl::unexpected(accepted.error());
  auto joined = store_->scan(Column::kPeers, "j", [&](std::string_view row, std::string_view value) {
    auto place = id_in<PlaceId>(row);
    if (auto known = place ? joined_of(*place, value) : std::nullopt) all.joined.push_back(std::move(*known));
    return true;
  });
  if (!joined) return tl::unexpected(joined.error());
  auto blocked = store_->scan(Column::kPeers, "b", [&](std::string_view row, std::string_view value) {
    Reader in(as_bytes(value));
    BlockedPlace known{id_in<PlaceId>(row).value_or(PlaceId{}), {in.i64()}, {}};
    known.reason = std::string(as_text(in.rest()));
    if (!in.failed() && !known.place.is_zero()) all.blocked.push_back(std::move(known));
    return true;
  });
  if (!blocked) return tl::unexpected(blocked.error());
  auto let_in = store_->scan(Column::kPeers, "l", [&](std::string_view row, std::string_view value) {
    Reader in(as_bytes(value));
    LetInPlace known{id_in<PlaceId>(row).value_or(PlaceId{}), {in.i64()}};
    if (!in.failed() && !known.place.is_zero()) all.let_in.push_back(known);
    return true;
  });
  if (!let_in) return tl::unexpected(let_in.error());
  auto named = store_->scan(Column::kPeers, "n", [&](std::string_view, std::string_view value) {
    Reader in(as_bytes(value));
    NamedPeer known{"", in.fixed<PlaceId>()};
    known.url = std::string(as_text(in.rest()));
    if (!in.failed()) all.named.push_back(std::move(known));
    return true;
  });
  if (!named) return tl::unexpected(named.error());
  return all;
}

Result<void> AddressBook::invite(const GivenInvitation& given, UnixTime now) {
  auto all = read();
  if (!all) return tl::unexpected(all.error());
  WriteBatch batch;
  std::size_t waiting = 0;
  for (const GivenInvitation& other : all->invitations) {
    if (is_over(other, now)) batch.erase(Column::kPeers, key('i', id_of(other.invitation.secret)));
    else ++waiting;
  }
  if (waiting >= kInvitationsMax) return fail(ErrorCode::kTooMany, "invitations");
  batch.put(Column::kPeers, key('i', id_of(given.invitation.secret)), value_of(given));
  return store_->write(batch);
}

Result<void> AddressBook::revoke(const InvitationId& invitation) {
  auto row = store_->get(Column::kPeers, key('i', invitation));
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail(ErrorCode::kUnknownInvitation, invitation.hex());
  WriteBatch batch;
  batch.erase(Column::kPeers, key('i', invitation));
  return store_->write(batch);
}

Result<void> AddressBook::accept(const PlaceId& place, const InvitationId& invitation, UnixTime now) {
  auto known = store_->get(Column::kPeers, key('a', place));
  if (!known || *known) return known ? Result<void>{} : tl::unexpected(known.error());
  auto row = store_->get(Column::kPeers, key('i', invitation));
  if (!row) return tl::unexpected(row.error());
  auto given = *row ? invitation_of(**row) : std::nullopt;
  if (!given) return fail(ErrorCode::kUnknownInvitation, invitation.hex());
  if (given->invitation.uses == 0) return fail(ErrorCode::kUsedInvitation, invitation.hex());
  --given->invitation.uses;
  WriteBatch batch;
  batch.put(Column::kPeers, key('i', invitation), value_of(*given));
  batch.put(Column::kPeers, key('a', place), std::string(as_text(Writer().i64(now.ms).fixed(invitation).bytes())));
  return store_->write(batch);
}

Result<void> AddressBook::join(const JoinedPlace& joined) {
  auto all = read();
  if (!all) return tl::unexpected(all.error());
  WriteBatch batch;
  JoinedPlace now = joined;
  std::size_t kept = 0;
  for (const JoinedPlace& other : all->joined) {
    if (other.place == joined.place && other.state == JoinedPlace::State::kAccepted) now.state = other.state;
    if (other.place == joined.place || other.url == joined.url) batch.erase(Column::kPeers, key('j', other.place));
    else ++kept;
  }
  if (kept >= kJoinedMax) return fail(ErrorCode::kTooMany, "partners");
  batch.put(Column::kPeers, key('j', joined.place), value_of(now));
  return store_->write(batch);
}

Result<void> AddressBook::note_answer(const PlaceId& place, std::string_view refusal) {
  using State = JoinedPlace::State;
  return change_joined(place, [&](JoinedPlace& joined) {
    joined.state = refusal.empty() || joined.state == State::kAccepted ? State::kAccepted : State::kRefused;
    joined.trouble = refusal;
  });
}

Result<void> AddressBook::note_trouble(const PlaceId& place, std::string_view trouble) {
  return change_joined(place, [&](JoinedPlace& joined) {
    if (joined.state == JoinedPlace::State::kWaiting) joined.trouble = trouble;
  });
}

Result<void> AddressBook::change_joined(const PlaceId& place, const std::function<void(JoinedPlace&)>& change) {
  auto row = store_->get(Column::kPeers, key('j', place));
  if (!row) return tl::unexpected(row.error());
  auto joined = *row ? joined_of(place, **row) : std::nullopt;
  if (!joined) return {};
  change(*joined);
  joined->trouble.resize(std::min<std::size_t>(joined->trouble.size(), 64));
  std::string value = value_of(*joined);
  if (value == **row) return {};
  WriteBatch batch;
  batch.put(Column::kPeers, key('j', place), std::move(value));
  return store_->write(batch);
}

Result<void> AddressBook::block(const BlockedPlace& blocked) {
  auto all = read();
  if (!all) return tl::unexpected(all.error());
  if (all->blocked.size() >= kBlockedMax) return fail(ErrorCode::kTooMany, "blocked places");
  WriteBatch batch;
  batch.put(Column::kPeers, key('b', blocked.place), std::string(as_text(Writer().i64(blocked.since.ms).text(blocked.reason).bytes())));
  return store_->write(batch);
}

Result<void> AddressBook::unblock(const PlaceId& place) {
  auto row = store_->get(Column::kPeers, key('b', place));
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail(ErrorCode::kNotBlocked, place.hex());
  WriteBatch batch;
  batch.erase(Column::kPeers, key('b', place));
  return store_->write(batch);
}

Result<void> AddressBook::let_in(const LetInPlace& let_in) {
  auto all = read();
  if (!all) return tl::unexpected(all.error());
  if (std::ranges::find(all->blocked, let_in.place, &BlockedPlace::place) != all->blocked.end()) return fail(ErrorCode::kBlocked, let_in.place.hex());
  if (all->let_in.size() >= kLetInMax) return fail(ErrorCode::kTooMany, "places let in");
  WriteBatch batch;
  batch.put(Column::kPeers, key('l', let_in.place), std::string(as_text(Writer().i64(let_in.since.ms).bytes())));
  return store_->write(batch);
}

Result<void> AddressBook::keep_named(std::span<const NamedPeer> named) {
  std::map<std::string, std::string> rows;
  for (const NamedPeer& peer : named)
    rows.insert_or_assign(key('n', protocol::sha256(as_bytes(peer.url))), std::string(as_text(Writer().fixed(peer.place).text(peer.url).bytes())));
  WriteBatch batch;
  auto scanned = store_->scan(Column::kPeers, "n", [&](std::string_view row, std::string_view value) {
    auto kept = rows.find(std::string(row));
    if (kept == rows.end()) batch.erase(Column::kPeers, std::string(row));
    else if (kept->second == value) rows.erase(kept);
    return true;
  });
  if (!scanned) return scanned;
  for (auto& [row, value] : rows) batch.put(Column::kPeers, row, std::move(value));
  return batch.empty() ? Result<void>() : store_->write(batch);
}

Result<void> AddressBook::part_from(const PlaceId& place) {
  WriteBatch batch;
  for (char kind : {'a', 'j'}) {
    auto row = store_->get(Column::kPeers, key(kind, place));
    if (!row) return tl::unexpected(row.error());
    if (*row) batch.erase(Column::kPeers, key(kind, place));
  }
  if (batch.empty()) return fail(ErrorCode::kUnknownPlace, place.hex());
  return store_->write(batch);
}

}  // namespace maillage::registry
