// The sync shell and whom nobody here named: what signed profiles say of where their places are, and who is heard on the local network.
#include <algorithm>

#include <boost/asio/post.hpp>

#include "daemon/clock.h"
#include "daemon/lan_discovery.h"
#include "daemon/log.h"
#include "daemon/sync_shell.h"

namespace maillage::daemon {
namespace {

using protocol::ErrorCode;
using protocol::PlaceId;

// Addresses heard on the local network that are dialled: the rest of kOutboundMax is for the world outside.
constexpr std::size_t kLanDialledMax = 4;
// Between two looks at which addresses are dialled.
constexpr std::chrono::seconds kChoiceLook{10};

}  // namespace

// After a job of the writer: what profiles that came in say to daemons.
void SyncShell::look_around() {
  auto told = std::make_shared<const std::vector<registry::Whereabouts>>(registry_.take_whereabouts());
  if (told->empty()) return;
  asio::post(context_, [this, told] {
    hear_of(*told);
    // An address that is named no more goes with the next look: a place that was just blocked hears why first.
    if (std::ranges::any_of(*told, [](const registry::Whereabouts& each) { return !each.endpoints.empty(); })) keep_urls();
  });
}

void SyncShell::hear_of(const std::vector<registry::Whereabouts>& told) {
  protocol::Neighbours neighbours;
  for (const registry::Whereabouts& each : told) {
    neighbours.profiles.push_back({each.place, each.neighbours});
    choice_.tell(each.place, is_ours(each.place) ? std::vector<std::string>() : each.endpoints);
  }
  feed(neighbours);
}

bool SyncShell::is_ours(const PlaceId& place) const { return std::ranges::find(own_, place) != own_.end(); }

// The addresses that people named, those heard on the local network, then those of profiles.
void SyncShell::keep_urls() {
  if (stopping_) return;
  std::vector<std::string> urls = config_.urls;
  for (const auto& [url, joined] : joined_) urls.push_back(url);
  std::set<PlaceId> met(own_.begin(), own_.end());
  for (const auto& [url, joined] : joined_) met.insert(joined.place);
  for (const auto& view : node_.peers()) met.insert(view.place);
  lan_.clear();
  for (const LanTable::Heard& heard : lan_discovery_ ? lan_discovery_->heard() : std::vector<LanTable::Heard>()) {
    bool named = std::ranges::find(urls, heard.url) != urls.end();
    if (named || is_ours(heard.place) || lan_.size() >= kLanDialledMax) continue;
    met.insert(heard.place);
    lan_.emplace(heard.url, heard.place);
    urls.push_back(heard.url);
  }
  choice_.allow(config_.discovery.profiles, config_.discovery.private_addresses);
  (void)choice_.tend(urls, [&](const PlaceId& place) { return met.contains(place); }, now().instant);
  // Kept until the dialer is given others: what a peer says may end a choice before.
  found_.clear();
  for (const EndpointChoice::Chosen& one : choice_.chosen()) {
    found_.emplace(one.url, one.place);
    urls.push_back(one.url);
  }
  for (SessionId unwanted : dialer_.set_urls(urls, now().instant)) transport_.close(unwanted);
  dial();
}

void SyncShell::tend_choice() {
  if (stopping_) return;
  choice_tick_.expires_after(kChoiceLook);
  choice_tick_.async_wait([this](boost::system::error_code error) {
    if (error || stopping_) return;
    keep_urls();
    tend_choice();
  });
}

// Whom an address that nobody here named must lead to.
std::optional<PlaceId> SyncShell::found_at(const std::string& url) const {
  if (auto heard = lan_.find(url); heard != lan_.end()) return heard->second;
  auto found = found_.find(url);
  return found != found_.end() ? std::optional(found->second) : std::nullopt;
}

bool SyncShell::must_be_public(const std::string& url) const { return found_.contains(url) && !config_.discovery.private_addresses; }

void SyncShell::note_found(const protocol::Report& report) {
  std::string url = dialer_.url_of(report.session);
  if (url.empty()) return;
  if (report.event == protocol::Event::kPeerOpen) choice_.answered(url);
  bool ended = report.event == protocol::Event::kRefused || report.event == protocol::Event::kByeReceived;
  if (!ended || !report.error) return;
  ErrorCode code = report.error->code;
  if (code == ErrorCode::kWrongPlace || code == ErrorCode::kBlocked || code == ErrorCode::kSamePlace) choice_.unwanted(url, now().instant);
}

void SyncShell::tend_lan() {
  bool wanted = config_.discovery.lan && own_announcement_.port != 0 && !stopping_;
  if (wanted == (lan_discovery_ != nullptr)) return;
  if (!wanted) {
    lan_discovery_.reset();
    return keep_urls();
  }
  lan_discovery_ = std::make_unique<LanDiscovery>(context_, own_announcement_, random_, [this] { keep_urls(); });
  if (auto started = lan_discovery_->start(); !started) {
    log(LogLevel::kWarning, "lan.not_started", {{"code", std::string(slug(started.error().code))}, {"reason", started.error().context}});
    lan_discovery_.reset();
  }
}

}  // namespace maillage::daemon
