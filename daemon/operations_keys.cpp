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

ControlMessage renew(const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  registry::RenewalWish wish;
  wish.sheet = text(request.body, "sheet");
  wish.new_sheet = text(request.body, "newSheet");
  wish.supersede = is_true(request.body, "supersede");
  boost::system::error_code inexact;
  if (const json::value* epoch = request.body.if_contains("minimumEpoch")) wish.minimum_epoch = epoch->to_number<std::uint64_t>(inexact);
  if (inexact) return refuse(request, Error{ErrorCode::kUsage, "--minimum-epoch"});
  auto renewed = operations.registry.renew(wish, now);
  if (!renewed) return refuse(request, renewed.error());
  announce(operations, *renewed);
  return answer({{"places", renewed->places.size()},
                 {"daemonKey", renewed->identity.key.public_key().hex()},
                 {"root", operations.registry.successor().root.hex()},
                 {"running", operations.announce != nullptr}});
}

}  // namespace

ControlMessage perform_keys(std::string_view verb, const Operations& operations, const ControlMessage& request, protocol::UnixTime now) {
  if (verb == "key-renew") return renew(operations, request, now);
  return refuse(request, Error{ErrorCode::kUsage, std::string(verb.substr(0, 100))});
}

}  // namespace maillage::daemon
