// Nonces of push certificates: `<seconds>-<hex>`, a keyed hash of the place and the time. Nothing is kept of those that are given
// out; of certificates that were used, their hash, for as long as their nonce is good, so that each is good once.
//
// The key is of this run of the daemon: a restart makes every nonce stale, and the same command is run again. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "protocol/crypto.h"
#include "protocol/time.h"

namespace maillage::registry {

class PushNonces {
 public:
  // From `git push` to the end of the upload, a passphrase typed in between.
  static constexpr std::int64_t kSecondsValid = 600;
  // Certificates remembered; above it every other waits until some are forgotten: a maintainer pushes a few times a minute.
  static constexpr std::size_t kUsedMax = 10'000;

  explicit PushNonces(protocol::Random& random) : key_(random.fixed<protocol::Seed>()) {}

  std::string make(const protocol::PlaceId& place, protocol::UnixTime now) const;

  // kPushNonce: not ours, of another place, or too old. Remembers nothing.
  protocol::Result<void> check(std::string_view nonce, const protocol::PlaceId& place, protocol::UnixTime now) const;

  // The same, or its certificate was used already. Only for keys whose word counts: what strangers sign must not fill what is remembered.
  protocol::Result<void> use(std::string_view nonce, const protocol::PlaceId& place, const protocol::Hash& certificate, protocol::UnixTime now);

 private:
  std::string text_of(const protocol::PlaceId& place, std::int64_t seconds) const;

  protocol::Seed key_;
  std::mutex mutex_;
  std::map<protocol::Hash, std::int64_t> used_;  // and when
};

}  // namespace maillage::registry
