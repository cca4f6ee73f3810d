#include "daemon/endpoint_choice.h"

#include <algorithm>
#include <charconv>

#include "daemon/address_range.h"
#include "protocol/utf8.h"

namespace maillage::daemon {
namespace {

using protocol::Duration;
using protocol::ErrorCode;
using protocol::Instant;
using protocol::PlaceId;

// A request to an address that a stranger chose says no more than this.
constexpr std::size_t kTargetBytesMax = 100;
constexpr unsigned kFirstFreePort = 1'024;

bool is_allowed_port(const std::string& port) {
  unsigned number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  return number == 80 || number == 443 || number >= kFirstFreePort;
}

}  // namespace

protocol::Result<PeerUrl> dialable_endpoint(std::string_view text, bool private_too) {
  auto refuse = [&](ErrorCode code) { return protocol::fail(code, protocol::shown(text, kTargetBytesMax)); };
  auto url = parse_peer_url(text);
  if (!url) return refuse(ErrorCode::kEndpointForm);
  if (!is_allowed_port(url->port)) return refuse(ErrorCode::kEndpointPort);
  if (!url->target.ends_with("/peer") || url->target.size() > kTargetBytesMax) return refuse(ErrorCode::kEndpointPath);
  if (!private_too && is_private_literal(url->host)) return refuse(ErrorCode::kEndpointPrivate);
  return *url;
}

std::optional<protocol::Error> endpoint_remark(std::string_view text) {
  auto url = dialable_endpoint(text, false);
  if (!url) return url.error();
  // A name is judged when it is resolved; of these it is known what they lead to.
  bool near = url->host.find_first_of(".:") == std::string::npos || url->host.ends_with(".localhost") || url->host.ends_with(".local");
  return near ? std::optional(protocol::Error{ErrorCode::kEndpointPrivate, std::string(text)}) : std::nullopt;
}

void EndpointChoice::allow(bool profiles, bool private_too) {
  profiles_ = profiles;
  private_too_ = private_too;
}

// Rationale for a sample of all that were told: the last ones of a flood must not be the only ones.
void EndpointChoice::tell(const PlaceId& place, const std::vector<std::string>& texts) {
  std::vector<Endpoint> kept;
  for (const std::string& text : texts)
    if (auto url = dialable_endpoint(text, true)) kept.push_back({text, url->host});
  if (kept.empty()) {
    endpoints_.erase(place);
    return;
  }
  bool known = endpoints_.contains(place);
  if (!known && ++told_ > kEndpointPlacesMax && endpoints_.size() >= kEndpointPlacesMax) {
    if (random_.below(told_) >= kEndpointPlacesMax) return;
    endpoints_.erase(std::next(endpoints_.begin(), static_cast<std::ptrdiff_t>(random_.below(endpoints_.size()))));
  }
  endpoints_.insert_or_assign(place, std::move(kept));
}

bool EndpointChoice::tend(const std::vector<std::string>& named, const Met& met, Instant now) {
  std::size_t room = !profiles_ || named.size() >= kOutboundMax ? 0 : kOutboundMax - named.size();
  auto gone = [&](const Chosen& one) {
    auto found = endpoints_.find(one.place);
    bool told = found != endpoints_.end() && std::ranges::find(found->second, one.url, &Endpoint::url) != found->second.end();
    return !told || std::ranges::find(named, one.url) != named.end() || (!private_too_ && is_private_literal(one.host));
  };
  bool changed = std::erase_if(chosen_, gone) > 0;
  if (chosen_.size() > room) chosen_.resize(room), changed = true;
  if (!redraw_) redraw_ = now + kChosenFor;
  if (now >= *redraw_) {
    auto base = Duration(kChosenFor);
    redraw_ = now + base / 2 + Duration(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(base.count()))));
    if (!chosen_.empty() && endpoints_.size() > chosen_.size()) {
      chosen_.erase(chosen_.begin() + static_cast<std::ptrdiff_t>(random_.below(chosen_.size())));
      changed = true;
    }
  }
  replace_silent(named, met, now, changed);
  while (chosen_.size() < room && draws_.wait(kDrawCost, now) == Duration::zero()) {
    auto next = draw(named, met, now);
    if (!next) break;
    draws_.take(kDrawCost, now);
    chosen_.push_back(std::move(*next));
    changed = true;
  }
  return changed;
}

bool EndpointChoice::may_dial(const Endpoint& endpoint, const std::vector<std::string>& named) const {
  if (!private_too_ && is_private_literal(endpoint.host)) return false;
  if (std::ranges::find(named, endpoint.url) != named.end()) return false;
  // On one machine of a test, or behind one name, several daemons differ by their port.
  return private_too_ ? std::ranges::find(chosen_, endpoint.url, &Chosen::url) == chosen_.end()
                      : std::ranges::find(chosen_, endpoint.host, &Chosen::host) == chosen_.end();
}

std::optional<EndpointChoice::Chosen> EndpointChoice::draw(const std::vector<std::string>& named, const Met& met, Instant now) {
  std::vector<std::pair<const PlaceId*, std::vector<const Endpoint*>>> candidates;
  for (const auto& [place, endpoints] : endpoints_) {
    if (rests_now(resting_places_, place, now) || std::ranges::find(chosen_, place, &Chosen::place) != chosen_.end() || met(place)) continue;
    std::vector<const Endpoint*> usable;
    for (const Endpoint& endpoint : endpoints)
      if (may_dial(endpoint, named) && !rests_now(resting_hosts_, endpoint.host, now)) usable.push_back(&endpoint);
    if (!usable.empty()) candidates.emplace_back(&place, std::move(usable));
  }
  if (candidates.empty()) return std::nullopt;
  const auto& [place, usable] = candidates[random_.below(candidates.size())];
  const Endpoint& endpoint = *usable[random_.below(usable.size())];
  return Chosen{endpoint.url, *place, endpoint.host};
}

const PlaceId* EndpointChoice::place_at(const std::string& url) const {
  auto found = std::ranges::find(chosen_, url, &Chosen::url);
  return found == chosen_.end() ? nullptr : &found->place;
}

void EndpointChoice::unreachable(const std::string& url) {
  auto found = std::ranges::find(chosen_, url, &Chosen::url);
  if (found != chosen_.end()) ++found->attempts;
}

// Rationale for keeping one that has no successor: in a small network whoever restarts is all there is.
void EndpointChoice::replace_silent(const std::vector<std::string>& named, const Met& met, Instant now, bool& changed) {
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    if (chosen_[i].attempts < kAttemptsMax || draws_.wait(kDrawCost, now) != Duration::zero()) continue;
    auto next = draw(named, met, now);
    if (!next) return;
    draws_.take(kDrawCost, now);
    rest(resting_places_, chosen_[i].place, now + kUnreachableRest);
    if (!private_too_) rest(resting_hosts_, chosen_[i].host, now + kUnreachableRest);
    chosen_[i] = std::move(*next);
    changed = true;
  }
}

// Rationale for the place alone: whoever writes somebody else's address into a profile must not keep us from that one.
void EndpointChoice::unwanted(const std::string& url, Instant now) {
  auto found = std::ranges::find(chosen_, url, &Chosen::url);
  if (found == chosen_.end()) return;
  rest(resting_places_, found->place, now + kWrongPlaceRest);
  chosen_.erase(found);
}

void EndpointChoice::forgive(const PlaceId& place) { resting_places_.erase(place); }

std::optional<Instant> EndpointChoice::rests_until(const PlaceId& place) const {
  auto found = resting_places_.find(place);
  return found == resting_places_.end() ? std::nullopt : std::optional(found->second);
}

void EndpointChoice::answered(const std::string& url) {
  auto found = std::ranges::find(chosen_, url, &Chosen::url);
  if (found != chosen_.end()) found->attempts = 0;
}

template <class Key>
void EndpointChoice::rest(Rests<Key>& rests, const Key& key, Instant until) {
  if (rests.size() >= kRestingMax) rests.erase(std::ranges::min_element(rests, {}, [](const auto& entry) { return entry.second; }));
  rests.insert_or_assign(key, until);
}

template <class Key>
bool EndpointChoice::rests_now(const Rests<Key>& rests, const Key& key, Instant now) {
  auto found = rests.find(key);
  return found != rests.end() && now < found->second;
}

}  // namespace maillage::daemon
