// What people see of the sync shell: who is connected, which addresses are called, and who refuses us.
#include <algorithm>

#include "daemon/clock.h"
#include "daemon/named_place.h"
#include "daemon/sync_shell.h"
#include "registry/time_zone.h"

namespace maillage::daemon {
namespace {

// A connection that broke here is missed over there by then.
constexpr std::chrono::milliseconds kTwiceTold = std::chrono::minutes(2);

}  // namespace

namespace json = boost::json;

// An instant to come, as people read it.
static std::string told_time(protocol::Instant due) {
  auto read = now();
  auto ahead = std::max(due - read.instant, protocol::Instant::duration::zero());
  return registry::format_utc({read.wall.ms + std::chrono::duration_cast<std::chrono::milliseconds>(ahead).count()});
}

json::array SyncShell::sessions() const {
  json::array listed;
  for (const protocol::Node::PeerView& peer : node_.peers()) {
    json::object shown{{"place", peer.place.hex()},
                       {"name", registry_.name_of(peer.place).name},
                       {"agent", peer.agent},
                       {"role", peer.role == protocol::Role::kDialling ? "dialling" : "dialled"},
                       {"reconciled", peer.reconciled},
                       {"scope", json::array(peer.scope.texts().begin(), peer.scope.texts().end())},
                       {"since_ms", peer.since.ms},
                       {"clock_offset_ms", peer.clock_offset_ms}};
    if (const auto* guest = node_.waiting().find(peer.place)) {
      shown["waiting"] = true;
      shown["commune"] = commune_told(guest->head.head.cell);
    }
    listed.push_back(std::move(shown));
  }
  return listed;
}

json::array SyncShell::addresses() const {
  json::array listed;
  for (const Dialer::View& address : dialer_.view()) {
    json::object shown{{"url", address.url}, {"connected", address.connected}, {"failures", address.failures}};
    if (address.due) shown["nextAttempt"] = told_time(*address.due);
    if (auto refusal = refusing_.find(address.place); refusal != refusing_.end() && refusal->second.code == ErrorCode::kBlocked)
      shown["refuses"] = true, shown["name"] = registry_.name_of(address.place).name;
    listed.push_back(std::move(shown));
  }
  return listed;
}

json::array SyncShell::refusals() const {
  json::array listed;
  auto addresses = dialer_.view();
  std::set<protocol::PlaceId> connected;
  for (const auto& peer : node_.peers()) connected.insert(peer.place);
  for (const auto& [place, refusal] : refusing_) {
    // Of two that dial each other one session ends so; and one that broke is missed by the other side after a while.
    bool twice = refusal.code == ErrorCode::kDuplicateSession;
    if (twice && (connected.contains(place) || now().wall.ms - refusal.since.ms < kTwiceTold.count())) continue;
    json::object shown{{"place", place.hex()}, {"name", registry_.name_of(place).name}, {"since", registry::format_utc(refusal.since)},
                       {"code", std::string(slug(refusal.code))}};
    auto due = choice_.rests_until(place);
    for (const Dialer::View& address : addresses)
      if (address.place == place && address.due) due = due ? std::min(*due, *address.due) : *address.due;
    if (due) shown["nextAttempt"] = told_time(*due);
    listed.push_back(std::move(shown));
  }
  return listed;
}

}  // namespace maillage::daemon
