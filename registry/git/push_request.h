// PushRequest: what a git client tells `git-receive-pack` before its pack, in protocol version 0 over HTTP.
//
//   request = *shallow ( 1*command / push-cert ) flush [ *push-option flush ] pack
//   command = PKT( old SP new SP ref [ NUL capabilities ] )
//
// Invariant: a request that was read has one list of commands, from the certificate when there is one, and bounded texts.
// gitprotocol-pack(5); GIT.md "A push". Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/object.h"

namespace maillage::registry {

// Everything before the pack: a few commands and a certificate of 2 KB.
inline constexpr std::size_t kPushRequestBytesMax = 64 * 1024;
inline constexpr std::size_t kPushCommandsMax = 64;
inline constexpr std::size_t kPushOptionsMax = 16;

struct PushCommand {
  ObjectId before, after;  // zero: the ref is made, or removed
  std::string ref;
  bool operator==(const PushCommand&) const = default;
};

// A push certificate: gitprotocol-pack(5) "Push Certificate".
struct PushCertificate {
  std::string text;       // what is signed
  std::string signature;  // the armour
  std::string nonce;
  std::vector<std::string> options;
};

struct PushRequest {
  std::vector<PushCommand> commands;  // none: the client only knocked
  std::vector<std::string> options;
  std::optional<PushCertificate> certificate;
  bool report_status = false;
  bool side_band = false;  // side-band-64k
};

// Finds the end of what comes before the pack, as bytes arrive.
struct PushOpening {
  PushRequest request;
  std::size_t bytes = 0;  // that it takes; the pack follows
};

// Nothing: more bytes are needed. kMalformed, kTooMany, kTooLarge.
Result<std::optional<PushOpening>> read_push_opening(ByteView bytes, bool whole);

// Whether the signature is of the one kind that we read, SSH with an Ed25519 key; it may be anything else that git signs with.
bool is_ours_to_read(const PushCertificate& certificate);

// The key that signed the certificate, when its signature holds over its text.
std::optional<protocol::PublicKey> signer_of(const PushCertificate& certificate);

}  // namespace maillage::registry
