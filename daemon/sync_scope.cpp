// The shell's part in scope: what the node is told to follow, what goes from the disk, and what people see of who follows what.
#include "daemon/sync_shell.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "daemon/log.h"
#include "daemon/peer_url.h"
#include "daemon/refused_job.h"
#include "registry/territory.h"

namespace maillage::daemon {

// What people read a moment later.
static constexpr std::chrono::milliseconds kFollowingLook{100};

using protocol::Event;
using protocol::Input;

// Places of ours are followed also when another daemon signs for them since.
void SyncShell::follow() {
  if (stopping_) return;
  auto ours = registry_.own_places();
  feed(protocol::Follow{config_.scope, {ours.begin(), ours.end()}});
  look_who_follows();
}

void SyncShell::carry_out(protocol::Release&& action) {
  auto asked = std::make_shared<const protocol::Release>(std::move(action));
  work(writer_, [this, asked]() -> Input {
    auto released = registry_.release(asked->places);
    if (!released)
      log(LogLevel::kWarning, "registry.release_failed", {{"code", std::string(protocol::slug(released.error().code))}, {"reason", released.error().context}});
    else asio::post(context_, [this] { purge_soon(); });
    return protocol::Released{asked->job, released.has_value(), released.value_or(std::vector<protocol::PlaceId>())};
  }, refused_job(*asked));
}

void SyncShell::note_scope(const protocol::Report& report) {
  if (report.event == Event::kHolderNamed && report.error)
    named_holders_.name(report.session, report.place, parse_peer_url(report.error->context) ? report.error->context : "");
  if (report.event == Event::kOwnMoved) asio::post(context_, [this] { follow(); });
  bool session_changed = report.event == Event::kPeerOpen || report.event == Event::kPeerClosed || report.event == Event::kRefused ||
                         report.event == Event::kByeReceived || report.event == Event::kScopeTold || report.event == Event::kHolderNamed;
  if (session_changed) look_who_follows_soon();
  if (report.event != Event::kPeerOpen) return;
  // Where others may reach it, to be told to who asks: what its operator published, nothing that we found out.
  auto reached = [this, session = report.session, place = report.place]() -> Input {
    std::string address = registry_.endpoint_of(place);
    return protocol::Reached{session, parse_peer_url(address) ? address : ""};
  };
  work(reader_, reached, protocol::Reached{report.session, ""});
}

// A thousand that come back at once are looked at once.
void SyncShell::look_who_follows_soon() {
  if (std::exchange(following_due_, true) || stopping_) return;
  following_tick_.expires_after(kFollowingLook);
  following_tick_.async_wait([this](boost::system::error_code error) {
    following_due_ = false;
    if (!error && !stopping_) look_who_follows();
  });
}

void SyncShell::look_who_follows() {
  auto fresh = std::make_shared<Following>();
  auto before = following_.load();
  fresh->scope = node_.scope();
  const protocol::PlaceState* own = node_.places().find(registry_.identity().place);
  for (const protocol::Node::PeerView& peer : node_.peers()) {
    bool dialled = peer.role == protocol::Role::kDialling;
    if (dialled) ++fresh->outbound;
    if (dialled && peer.scope.covers(fresh->scope, registry::areas_of)) ++fresh->covering;
    if (fresh->keepers.size() == kKeepersMax) continue;
    fresh->keepers.push_back({peer.place, registry_.name_of(peer.place).name, peer.scope});
    bool keeps_us = own != nullptr && peer.scope.covers(own->seen.head, registry::areas_of);
    if (keeps_us && node_.places().find(peer.place) != nullptr) fresh->hearers.push_back({peer.place, peer.since});
  }
  for (const auto& [place, address] : named_holders_.all())
    if (std::ranges::find(fresh->keepers, place, &Following::Keeper::place) == fresh->keepers.end()) fresh->named.emplace_back(place, address);
  bool same = fresh->scope == before->scope && fresh->keepers == before->keepers;
  fresh->version = before->version + (same ? 0 : 1);
  following_ = std::move(fresh);
}

}  // namespace maillage::daemon
