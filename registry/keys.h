// The keys of a daemon on disk, and the recovery sheet that its root keys come from.
//
//   DIR/keys/daemon.key      64 hex: the seed of the daemon key, mode 0600
//   DIR/keys/root.pub        64 hex: the public root key, from the sheet's subkey 0
//   DIR/keys/sheet.confirmed present once somebody proved that they have the sheet
//   DIR/keys/renewal        other keys and the charters that name them, until every place has its own (renewal.h)
//   DIR/keys/unfinished      while a place is being made: nobody opens it, so nothing was announced with these keys and
//                            its sheet may never have been shown: `init` starts anew
//
// Invariant: no secret of a root is ever written: the sheet is shown once. Any thread.
#pragma once

#include <filesystem>

#include "protocol/crypto.h"

namespace maillage::registry {

// 32 random bytes, shown as "MAILLAGE" and 11 groups of five Crockford base-32 characters: 256 bits, then a checksum of
// the first 19 bits of their SHA-256, so that a slip of the pen is noticed.
class RecoverySheet {
 public:
  static RecoverySheet make(protocol::Random& random);

  // Case, spaces and hyphens do not matter; o is 0, i and l are 1. kBadSheet.
  static protocol::Result<RecoverySheet> parse(std::string_view text);

  std::string text() const;

  // Root key number `index` of the daemon whose sheet this is.
  protocol::KeyPair root(std::uint64_t index) const;

 private:
  explicit RecoverySheet(const protocol::Seed& master) : master_(master) {}
  protocol::Seed master_;
};

struct DaemonKeys {
  protocol::Seed daemon_seed;
  protocol::PublicKey root;
  bool sheet_confirmed = false;
};

// Replaces what is there, marked unfinished; durable on return.
protocol::Result<void> write_keys(const std::filesystem::path& directory, const DaemonKeys& keys);
protocol::Result<void> mark_finished(const std::filesystem::path& directory);

// kDenied when the directory is somebody else's.
enum class KeyState { kNone, kUnfinished, kFinished };
protocol::Result<KeyState> key_state(const std::filesystem::path& directory);

// kNoPlace when there are none, kInitCut while they are unfinished, kCorrupt, kIo.
protocol::Result<DaemonKeys> read_keys(const std::filesystem::path& directory);

// Other keys in a folder that has some; durable on return. A file keys/renewal says what was meant, should it be cut short.
protocol::Result<void> replace_keys(const std::filesystem::path& directory, const protocol::Seed& daemon_seed, const protocol::PublicKey& root);

protocol::Result<void> mark_sheet_confirmed(const std::filesystem::path& directory);

}  // namespace maillage::registry
