#include "registry/git/push_nonce.h"

#include <charconv>

namespace maillage::registry {

using protocol::fail;

std::string PushNonces::text_of(const protocol::PlaceId& place, std::int64_t seconds) const {
  protocol::Writer message;
  message.fixed(place).i64(seconds);
  // HMAC's shape, with one key: an inner hash that nobody sees, so that nothing can be added to it.
  protocol::Hash inner = protocol::sha256({key_.bytes, protocol::as_bytes("push nonce"), message.bytes()});
  return std::to_string(seconds) + "-" + protocol::sha256({key_.bytes, inner.bytes}).hex().substr(0, 40);
}

std::string PushNonces::make(const protocol::PlaceId& place, protocol::UnixTime now) const { return text_of(place, now.ms / 1000); }

protocol::Result<void> PushNonces::check(std::string_view nonce, const protocol::PlaceId& place, protocol::UnixTime now) const {
  std::int64_t seconds = 0, today = now.ms / 1000;
  auto [end, error] = std::from_chars(nonce.data(), nonce.data() + nonce.size(), seconds);
  bool fresh = error == std::errc() && seconds >= 0 && seconds <= today && today - seconds <= kSecondsValid;
  (void)end;
  if (!fresh || nonce != text_of(place, seconds)) return fail(protocol::ErrorCode::kPushNonce, "");
  return {};
}

protocol::Result<void> PushNonces::use(std::string_view nonce, const protocol::PlaceId& place, const protocol::Hash& certificate,
                                       protocol::UnixTime now) {
  if (auto good = check(nonce, place, now); !good) return good;
  std::int64_t today = now.ms / 1000;
  std::lock_guard lock(mutex_);
  std::erase_if(used_, [&](const auto& each) { return today - each.second > kSecondsValid; });
  if (used_.size() >= kUsedMax || !used_.emplace(certificate, today).second) return fail(protocol::ErrorCode::kPushNonce, "");
  return {};
}

}  // namespace maillage::registry
