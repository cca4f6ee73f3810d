// Renewal: the next charters of a daemon's places, and the keys that they name, on their way from the roots to the partners.
// STORAGE.md "Keys".
//
//   DIR/keys/renewal  "maillage-renewal-1\n" ‖ daemon seed (32) ‖ root (32) ‖ u32 count ‖ signed charters
//
// Invariant: no charter leaves before the key that it names is on the disk. The file is written whole before anything else
// changes: from then on the renewal happens, however often the machine stops in it, and nobody types a sheet again. It goes
// once every place has its charter and a first head under it. Any thread; the files, one.
#pragma once

#include <filesystem>
#include <optional>

#include "protocol/charter.h"
#include "protocol/head.h"
#include "registry/keys.h"

namespace maillage::registry {

struct Renewal {
  protocol::Seed daemon_seed;
  protocol::PublicKey root;  // the daemon's own, from the sheet's subkey 0
  std::vector<protocol::SignedCharter> charters;
  bool operator==(const Renewal&) const = default;
};

protocol::Bytes encode(const Renewal& renewal);
// kCorrupt, or what is wrong with a charter.
protocol::Result<Renewal> decode_renewal(protocol::ByteView bytes);

// Durable on return.
protocol::Result<void> write_renewal(const std::filesystem::path& directory, const Renewal& renewal);
// Nothing when there is none.
protocol::Result<std::optional<Renewal>> read_renewal(const std::filesystem::path& directory);
protocol::Result<void> remove_renewal(const std::filesystem::path& directory);

// ---- drafting

// The keys of `sheet` that are roots of this charter: a sheet holds as many roots as the threshold wants, by its subkeys 0, 1 ….
std::vector<protocol::KeyPair> roots_held(const RecoverySheet& sheet, const protocol::Charter& charter);

struct CharterChange {
  protocol::PublicKey daemon_key;
  std::uint64_t minimum_epoch = 0;               // raises it; never lowers
  std::optional<RecoverySheet> from, to;         // the roots of one sheet become those of another
  protocol::UnixTime time;
  std::vector<protocol::PublicKey> roots = {};   // these instead of those of before, ascending; none: they stay
  std::uint8_t threshold = 0;                    // with `roots`
};

// The charter after `chain`'s last, without a signature. kTooMany at the end of the chain.
protocol::Result<protocol::Charter> next_charter(const protocol::CharterChain& chain, const CharterChange& change);

// The counters of the first head under a chain's latest charter, where `before` is held: the charter outranks whatever was signed,
// so that a counter that a thief drove to its end begins again.
struct FirstCounters {
  std::uint64_t epoch = 0, sequence = 0;
};
FirstCounters first_counters(const protocol::Charter& charter, const protocol::Head& before);

}  // namespace maillage::registry
