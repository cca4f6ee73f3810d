// SSHSIG: OpenSSH's signature format, as `ssh-keygen -Y` and `git commit -S` use it; Ed25519 and namespace `git` only.
// (openssh PROTOCOL.sshsig.)
//
// Invariant: an armour that `read_armour` accepts is byte for byte what `armour` writes for it, so that a signature
// has exactly one spelling and a commit cannot change its name by re-wrapping it. Any thread.
#pragma once

#include "protocol/crypto.h"

namespace maillage::registry {

enum class SshHash { kSha256, kSha512 };  // what ssh-keygen offers; ours is SHA-512

struct SshSignature {
  protocol::PublicKey key;
  SshHash hash = SshHash::kSha512;
  protocol::Signature signature;
  bool operator==(const SshSignature&) const = default;
};

SshSignature ssh_sign(const protocol::KeyPair& key, protocol::ByteView message);

// kBadSignature unless `signature.key` signed exactly this message.
protocol::Result<void> ssh_verify(const SshSignature& signature, protocol::ByteView message);

// "-----BEGIN SSH SIGNATURE-----" … "-----END SSH SIGNATURE-----", lines of 70, no newline at the end.
std::string armour(const SshSignature& signature);
protocol::Result<SshSignature> read_armour(std::string_view text);

// `ssh-ed25519 AAAA…`: the key as OpenSSH writes it.
std::string ssh_public_key(const protocol::PublicKey& key);

}  // namespace maillage::registry
