// AddressBook: whom people here know: the places they accept as partners, the invitations they gave, and the partners
// they joined. STORAGE.md "Columns".
//
//   kPeers   'i' ‖ invitation id (16)   → secret (16) ‖ expires i64 ‖ uses left u16 ‖ made i64 ‖ note
//            'a' ‖ place id             → accepted since i64 ‖ invitation id (16)
//            'j' ‖ place id             → secret (16) ‖ joined i64 ‖ state u8 ‖ trouble: length u8, slug ‖ URL
//            'b' ‖ place id             → blocked since i64 ‖ reason
//            'l' ‖ place id             → let in since i64
//            'n' ‖ SHA-256(URL)         → place id ‖ URL
//
// Every change is one synced write. Reading: any thread; changing: the writer.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "protocol/invitation.h"
#include "registry/state_store.h"

namespace maillage::registry {

using protocol::InvitationId;
using protocol::InvitationSecret;
using protocol::PlaceId;
using protocol::Result;
using protocol::UnixTime;

// Whoever makes more has a program that makes them.
inline constexpr std::size_t kInvitationsMax = 1'000;
// Each is dialled for ever.
inline constexpr std::size_t kJoinedMax = 64;
inline constexpr std::size_t kInvitationNoteMax = 200;  // bytes
// Each is looked at when a session begins; whoever blocks more wants `admission = "invited"`.
inline constexpr std::size_t kBlockedMax = 10'000;
inline constexpr std::size_t kLetInMax = 10'000;
inline constexpr std::size_t kBlockReasonMax = 500;  // bytes

struct GivenInvitation {
  protocol::Invitation invitation;
  UnixTime made;
  std::string note;  // for whom it is, in the words of whoever gave it
};

struct AcceptedPlace {
  PlaceId place;
  UnixTime since;
  InvitationId invitation;
};

struct JoinedPlace {
  PlaceId place;
  InvitationSecret secret;
  UnixTime since;
  std::string url;  // ws(s)://…
  enum class State : std::uint8_t { kWaiting, kAccepted, kRefused } state = State::kWaiting;
  std::string trouble = {};  // the slug of what the last attempt met, or of their refusal; empty: none
};

// Nothing of it is taken in, told or served. No name: that went with its content.
struct BlockedPlace {
  PlaceId place;
  UnixTime since;
  std::string reason;  // in the operator's words; shown here only
};

// Admitted by an operator, whoever brings it.
struct LetInPlace {
  PlaceId place;
  UnixTime since;
};

// Who answered last at an address of the configuration: it stays a peer that a person named while it is down.
struct NamedPeer {
  std::string url;
  PlaceId place;
};

struct Contacts {
  std::vector<GivenInvitation> invitations;  // those that expired too
  std::vector<AcceptedPlace> accepted;
  std::vector<JoinedPlace> joined;
  std::vector<BlockedPlace> blocked;
  std::vector<LetInPlace> let_in;
  std::vector<NamedPeer> named;
};

class AddressBook {
 public:
  explicit AddressBook(StateStore& store) : store_(&store) {}

  // Rows that cannot be read are passed over.
  Result<Contacts> read() const;

  // kTooMany when kInvitationsMax wait; those that expired or were used up make room.
  Result<void> invite(const GivenInvitation& given, UnixTime now);
  // kUnknownInvitation.
  Result<void> revoke(const InvitationId& invitation);
  // A place came by it: one use less, and the place is accepted; nothing when it is already. kUnknownInvitation,
  // kUsedInvitation.
  Result<void> accept(const PlaceId& place, const InvitationId& invitation, UnixTime now);
  // kTooMany. Joining again replaces what was known, of that place and of that address: one place answers there. Whoever accepted us
  // once still does.
  Result<void> join(const JoinedPlace& joined);
  // What the one we joined answered: a slug that refuses, or empty. Whoever accepted us once is never kRefused after: it may
  // have come back from its recovery sheet, which knows no invitation. Nothing when it is joined no more.
  Result<void> note_answer(const PlaceId& place, std::string_view refusal);
  // What an attempt met that led to no answer: a slug. Nothing unless it is kWaiting.
  Result<void> note_trouble(const PlaceId& place, std::string_view trouble);
  // No partner any more, accepted or joined. kUnknownPlace when it was none.
  Result<void> part_from(const PlaceId& place);

  // A partner, or a place that was let in, stays written as one, and is none while it is blocked. kTooMany.
  Result<void> block(const BlockedPlace& blocked);
  // kNotBlocked.
  Result<void> unblock(const PlaceId& place);
  // kBlocked, kTooMany.
  Result<void> let_in(const LetInPlace& let_in);

  // All of them: those that are not among `named` go. Nothing is written when they are kept already.
  Result<void> keep_named(std::span<const NamedPeer> named);

 private:
  Result<void> change_joined(const PlaceId& place, const std::function<void(JoinedPlace&)>& change);

  StateStore* store_;
};

}  // namespace maillage::registry
