// Frames: what two daemons say to each other, one a WebSocket message. PROTOCOL.md §6.
//
// A frame is one type byte and its fields. Decoding never allocates more than the frame's own size, checks every
// count against its limit before reading, and refuses trailing bytes (HELLO excepted, which may grow). Pure.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "protocol/charter.h"
#include "protocol/estimate.h"
#include "protocol/head.h"
#include "protocol/invitation.h"
#include "protocol/limits.h"
#include "protocol/outbox.h"
#include "protocol/scope.h"
#include "protocol/sketch.h"

namespace maillage::protocol {

inline constexpr std::uint16_t kProtocolVersion = 1;

enum class FrameType : std::uint8_t {
  kHello = 0x01,
  kAuth = 0x02,
  kSketch = 0x03,
  kHeads = 0x04,
  kWant = 0x05,
  kPack = 0x06,
  kCredit = 0x07,
  kEvidence = 0x08,
  kReceipt = 0x09,
  kBye = 0x0a,
  kInvited = 0x81,
  kWelcome = 0x82,
  kTwoCharters = 0x83,
  kScope = 0x84,
  kWhere = 0x85,
  kHolders = 0x86,
  kCharters = 0x87,
};

// What a HELLO says of its sender, one bit each.
inline constexpr std::uint8_t kAsksForCharters = 1;  // it asks for the charters that it lacks, and answers who asks

// Each side's first frame. `scope`: whose content the sender keeps, in the texts of scope.h; empty: all.
struct Hello {
  std::uint16_t version = kProtocolVersion;
  Nonce nonce;
  PlaceId place;
  UnixTime time;
  std::string agent;               // ≤ 64 bytes, for people
  std::vector<std::string> scope;  // ≤ 64 of ≤ 64 bytes
  std::uint8_t abilities = 0;      // earlier daemons say neither this nor what follows
  Estimate estimate = {};          // of the sender's set; empty: it tells none
  bool operator==(const Hello&) const = default;
};

// Heads with the charters that they need. Those of one place stand in ascending order.
struct HeadBundle {
  std::vector<SignedCharter> charters;
  std::vector<SignedHead> heads;  // ≤ kHeadsPerFrameMax
  bool operator==(const HeadBundle&) const = default;
};

// Each side's second frame: its own chain and head, and the daemon key's signature over both HELLOs (session.h).
struct Auth {
  Signature signature;
  HeadBundle own;  // exactly one head
  bool operator==(const Auth&) const = default;
};

// Reconciliation, asked by the dialling side (§8).
struct SketchAsk {             // begin: "I hold `count` heads"
  std::uint64_t count = 0;
  bool operator==(const SketchAsk&) const = default;
};
struct SketchCells {           // dialled → dialling: the next cells of its set under this key
  SketchKey key;
  SketchRun run;
  bool operator==(const SketchCells&) const = default;
};
struct SketchMore {            // go on: up to cell `limit`, exclusive
  std::uint32_t limit = 0;
  bool operator==(const SketchMore&) const = default;
};
struct SketchDone {            // decoded: send the heads of these symbols; nothing more to stream
  SketchKey key;
  std::vector<std::uint64_t> symbols;  // ≤ kSketchSymbolsMax; the rest follow in further frames
  bool last = true;
  bool operator==(const SketchDone&) const = default;
};
struct SketchAll {             // decoding gave up, or nothing is held: send every head
  bool operator==(const SketchAll&) const = default;
};
struct SketchEnd {             // dialled → dialling: every head asked for has been sent before this frame
  bool operator==(const SketchEnd&) const = default;
};
struct SketchDue {             // dialled → dialling: heads that you lack were dropped here, reconcile
  bool operator==(const SketchDue&) const = default;
};
using Sketch = std::variant<SketchAsk, SketchCells, SketchMore, SketchDone, SketchAll, SketchEnd, SketchDue>;
inline constexpr std::size_t kSketchSymbolsMax = 16'384;

struct Heads {
  HeadBundle bundle;
  bool operator==(const Heads&) const = default;
};

// "Send me the content of these places; I hold this commit of each (zero: none)."
struct WantedPlace {
  PlaceId place;
  ObjectId have;
  bool operator==(const WantedPlace&) const = default;
};
struct Want {
  std::uint32_t request = 0;  // chosen by the asker, not 0
  std::vector<WantedPlace> places;  // 1 … kWantPlacesMax, strictly ascending by place
  bool operator==(const Want&) const = default;
};

// One part of a pack. The first part lists what the pack holds; a place the sender does not hold has no head.
struct PackedPlace {
  PlaceId place;
  std::optional<SignedHead> head;
  ObjectId base;  // the commit the pack builds on: everything it reaches is left out; zero: nothing is left out
  bool operator==(const PackedPlace&) const = default;
};
struct Pack {
  static constexpr std::uint8_t kFirst = 1;
  static constexpr std::uint8_t kLast = 2;
  static constexpr std::uint8_t kFailed = 4;  // the sender could not go on: drop what came

  std::uint32_t request = 0;  // of the WANT; 0: pushed with a live head, first and last part in one
  std::uint8_t flags = 0;
  std::vector<PackedPlace> places;  // in the first part only
  ByteView bytes;                   // points into the frame it was decoded from
};

// "I have taken this many bytes of your packs; send as many more."
struct Credit {
  std::uint32_t bytes = 0;
  bool operator==(const Credit&) const = default;
};

// Two conflicting heads of one place: self-proving.
struct Evidence {
  std::vector<SignedCharter> charters;
  SignedHead first, second;
  bool operator==(const Evidence&) const = default;
};

// "This replica holds the content of these heads, durably": signed by the replica's daemon key.
struct Receipt {
  struct Item {
    PlaceId place;
    Hash head;
    bool operator==(const Item&) const = default;
  };
  PlaceId replica;
  UnixTime time;
  std::vector<Item> items;  // 1 … kReceiptItemsMax
  Signature signature;
  bool operator==(const Receipt&) const = default;
};
inline constexpr std::size_t kReceiptItemsMax = 512;

// The addressed refusal: why the session ends. `code` is an ErrorCode's slug.
struct Bye {
  std::string code;
  std::string text;  // ≤ 255 bytes
  bool operator==(const Bye&) const = default;
};

// Between HELLO and AUTH: "somebody of yours invited us" (invitation.h).
struct Invited {
  InvitationId invitation;
  Hash proof;
  bool operator==(const Invited&) const = default;
};

// The answer to it, after AUTH: the slug of the ErrorCode that refuses, or empty: partners from now on.
struct Welcome {
  std::string code;
  bool operator==(const Welcome&) const = default;
};

// Two charters of one place with one parent (chain_rule.h): each is checked beside the chain that the receiver has.
struct TwoCharters {
  SignedCharter first, second;
  bool operator==(const TwoCharters&) const = default;
};

// What the sender keeps from now on, in the place of what its HELLO said.
struct ScopeNow {
  std::vector<std::string> scope;  // as in Hello
  bool operator==(const ScopeNow&) const = default;
};

// "Who holds the content of these places?" Of nobody that the sender talks to, by what they said of their scope.
struct Where {
  std::vector<PlaceId> places;  // 1 … kWantPlacesMax, strictly ascending
  bool operator==(const Where&) const = default;
};

// Daemons that hold places, as far as the sender knows: the answer to WHERE, and beside one to WANT, for what is not held.
struct Holders {
  struct Daemon {
    PlaceId place;        // its own
    std::string address;  // from its signed profile, ≤ 255 bytes; empty: not known
    bool operator==(const Daemon&) const = default;
  };
  struct Held {
    PlaceId place;
    std::vector<std::uint8_t> by;  // positions in `daemons`, 1 … kHoldersMax
    bool operator==(const Held&) const = default;
  };
  std::vector<Daemon> daemons;  // ≤ kHolderDaemonsMax
  std::vector<Held> places;     // ≤ kWantPlacesMax
  bool operator==(const Holders&) const = default;
};
// Enough to find one that is there; a list of all would be as long as the network.
inline constexpr std::size_t kHoldersMax = 4;
// In one frame: with their addresses 18 KB.
inline constexpr std::size_t kHolderDaemonsMax = 64;

// "Tell me the heads of these places with their charters, which I lack."
struct Charters {
  std::vector<PlaceId> places;  // 1 … kWantPlacesMax, strictly ascending
  bool operator==(const Charters&) const = default;
};

// A type with the high bit set that we do not know: to be ignored.
struct Unknown {
  std::uint8_t type = 0;
};

using Frame = std::variant<Hello, Auth, Sketch, Heads, Want, Pack, Credit, Evidence, Receipt, Bye, Invited, Welcome, TwoCharters, ScopeNow,
                           Where, Holders, Charters, Unknown>;

Bytes encode(const Hello& frame);
Bytes encode(const Auth& frame);
Bytes encode(const Sketch& frame);
Bytes encode(const Heads& frame);
Bytes encode(const Want& frame);
Bytes encode(const Pack& frame);
Bytes encode(const Credit& frame);
Bytes encode(const Evidence& frame);
Bytes encode(const Receipt& frame);
Bytes encode(const Bye& frame);
Bytes encode(const Invited& frame);
Bytes encode(const Welcome& frame);
Bytes encode(const TwoCharters& frame);
Bytes encode(const ScopeNow& frame);
Bytes encode(const Where& frame);
Bytes encode(const Holders& frame);
Bytes encode(const Charters& frame);

// kTruncated, kTrailingBytes, kTooMany, kTooLarge, kMalformed (unknown type below 0x80) or what a part refuses.
Result<Frame> decode_frame(ByteView bytes);

// What a receipt's signature is over: "place-receipt-1\n" ‖ replica ‖ time ‖ items.
Bytes signed_message(const Receipt& receipt);

}  // namespace maillage::protocol
