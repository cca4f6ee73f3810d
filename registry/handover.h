// Handover: a place on its way to another daemon, as one file. Nothing in it is secret but that it is on its way.
//
//   "maillage-place-1\n" ‖ u16 count ‖ charters, genesis first ‖ held head (224) ‖ u8 1 ‖ next charter, or u8 0 ‖ git pack
//
// The next charter, when there is one, names the successor's keys and is signed by the roots of now; the successor's own
// root signs it too when the place is adopted (the rule of charter.h). The pack is the whole history of the head's commit.
// Comes from anybody: the decoder is bounded and believes nothing. Any thread.
#pragma once

#include <optional>

#include "protocol/charter.h"
#include "protocol/head.h"
#include "registry/keys.h"

namespace maillage::registry {

// The public keys that a daemon gives to whoever will hand it a place, in one line to copy: "MAILLAGE-SUCCESSOR-", 128 hex
// digits, and 8 that check them: the beginning of the SHA-256 of all before. Codes of before the check have 128.
struct Successor {
  protocol::PublicKey daemon_key, root;
  bool operator==(const Successor&) const = default;

  std::string text() const;
  // Upper case, blanks and line ends are read. kBadSuccessor; kSuccessorCut when it begins as one: cut or mistyped.
  static protocol::Result<Successor> parse(std::string_view text);
};

struct Handover {
  std::vector<protocol::SignedCharter> charters;
  protocol::SignedHead head;
  std::optional<protocol::SignedCharter> next;
  protocol::Bytes pack;

  bool operator==(const Handover&) const = default;
};

protocol::Bytes encode(const Handover& handover);

// kBadHandover when it is something else, and what the parts' decoders give. Only the form is checked.
protocol::Result<Handover> decode_handover(protocol::ByteView bytes);

// The charter after `chain`'s last, which gives the place to `successor`, signed by those of `sheets` that hold a root of
// it now. Its roots: the successor's, and those of now that are not `leaving`, so that a place with a sheet of its own
// keeps it; where two signatures or more were needed, the successor's alone. As they were, when the successor's is one of them.
// kWrongSheet when too few sheets hold a root.
protocol::Result<protocol::SignedCharter> charter_for(const Successor& successor, const protocol::CharterChain& chain,
                                                      const std::vector<RecoverySheet>& sheets,
                                                      const std::vector<protocol::PublicKey>& leaving, protocol::UnixTime now);

// The same charter with `root`'s signature added.
protocol::SignedCharter also_signed(const protocol::SignedCharter& charter, const protocol::KeyPair& root);

}  // namespace maillage::registry
