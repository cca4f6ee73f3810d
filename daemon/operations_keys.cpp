#include "daemon/operations_keys.h"

#include "daemon/operation_reply.h"
#include "daemon/reply_fields.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::Error;
using protocol::ErrorCode;

// As the partners are told: the key first, then what it signed, not more at a time than one frame of heads is filled with.
void announce(const Operations& operations, const registry::Renewed& renewed) {
  if (!operations.announce) return;
  operations.rekey(renewed.identity.key);
  for (std::size_t at = 0; at < renewed.places.size(); at += protocol::kHeadsPerFrameMax) {
    protocol::Published published;
    auto first = renewed.places.begin() + static_cast<std::ptrdiff_t>(at);
    published.places.assign(first, first + static_cast<std::ptrdiff_t>(std::min(protocol::kHeadsPerFrameMax, renewed.places.size() - at)));
    operations.announce(std::move(published));
  }
}

ControlMessage carry_out(const Operations& operations, const ControlMessage& request, const registry::RenewalWish& wish, protocol::UnixTime now) {
  auto renewed = operations.registry.renew(wish, now);
  if (!renewed) return refuse(request, renewed.error());
  announce(operations, *renewed);
  return answer({{"places", renewed->places.size()},
                 {"daemonKey", renewed->identity.key.public_key().hex()},
                 {"root", operations.registry.successor().root.hex()},
                 {"running", operations.announce != nullptr}});
}

ControlMessage renew(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  registry::RenewalWish wish;
  wish.sheet = text(request.body, "sheet");
  wish.new_sheet = text(request.body, "newSheet");
  wish.supersede = is_true(request.body, "supersede");
  boost::system::error_code inexact;
  if (const json::value* epoch = request.body.if_contains("minimumEpoch")) wish.minimum_epoch = epoch->to_number<std::uint64_t>(inexact);
  if (inexact) return refuse(request, Error{ErrorCode::kUsage, "--minimum-epoch"});
  if (!request.blobs.empty()) wish.vouched = request.blobs.front();
  return carry_out(operations, request, wish, now);
}

// Others than before, or none any more.
ControlMessage name_trustees(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  registry::RenewalWish wish;
  wish.sheet = text(request.body, "sheet");
  wish.trust.emplace();
  std::int64_t needed = number_of(request.body, "needed");
  wish.trust->needed = needed < 0 || needed > 255 ? 0 : static_cast<std::uint8_t>(needed);
  for (const std::string& hex : texts(request.body, "trustees")) {
    auto key = protocol::PublicKey::parse(hex);
    if (!key) return refuse(request, key.error());
    wish.trust->keys.push_back(*key);
  }
  return carry_out(operations, request, wish, now);
}

ControlMessage vouch(const Operations& operations, const ControlMessage& request) {
  if (request.blobs.size() != 1) return refuse(request, Error{ErrorCode::kUsage, "FILE"});
  auto vouched = operations.registry.vouch(request.blobs.front(), text(request.body, "sheet"));
  if (!vouched) return refuse(request, vouched.error());
  json::array places;
  for (const registry::Vouched::Place& place : vouched->places)
    places.push_back({{"place", place.place.hex()}, {"name", place.name}, {"signatures", place.signatures}, {"needed", place.needed}});
  ControlMessage reply = answer({{"spoken", vouched->spoken}, {"places", std::move(places)}});
  reply.blobs.push_back(std::move(vouched->file));
  return reply;
}

}  // namespace

ControlMessage perform_keys(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (verb == "key-renew") return renew(operations, request, now);
  if (verb == "key-trustees") return name_trustees(operations, request, now);
  if (verb == "key-vouch") return vouch(operations, request);
  return refuse(request, Error{ErrorCode::kUsage, std::string(verb.substr(0, 100))});
}

}  // namespace maillage::daemon
