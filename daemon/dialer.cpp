#include "daemon/dialer.h"

#include <algorithm>

namespace maillage::daemon {
namespace {

// A session that lived this long was worth something: the next wait is short again.
constexpr std::chrono::seconds kWorthwhile{60};

}  // namespace

std::vector<protocol::SessionId> Dialer::set_urls(const std::vector<std::string>& urls, protocol::Instant now) {
  std::vector<protocol::SessionId> unwanted;
  std::erase_if(entries_, [&](const Entry& entry) {
    bool gone = std::find(urls.begin(), urls.end(), entry.url) == urls.end();
    if (gone && entry.session != 0) unwanted.push_back(entry.session);
    return gone;
  });
  for (const std::string& url : urls) {
    auto parts = parse_peer_url(url);
    if (!parts || find(url) != nullptr) continue;
    Entry entry;
    entry.url = url;
    entry.parts = *parts;
    entry.due = now;
    entries_.push_back(std::move(entry));
  }
  return unwanted;
}

std::vector<std::pair<std::string, PeerUrl>> Dialer::due(protocol::Instant now) {
  std::vector<std::pair<std::string, PeerUrl>> ready;
  for (Entry& entry : entries_) {
    if (entry.under_way || entry.due > now) continue;
    entry.under_way = true;
    ready.emplace_back(entry.url, entry.parts);
  }
  return ready;
}

std::optional<protocol::Instant> Dialer::next_due() const {
  std::optional<protocol::Instant> next;
  for (const Entry& entry : entries_)
    if (!entry.under_way && (!next || entry.due < *next)) next = entry.due;
  return next;
}

void Dialer::failed(const std::string& url, protocol::Instant now) {
  Entry* entry = find(url);
  if (entry == nullptr) return;
  ++entry->failures;
  wait(*entry, now);
}

void Dialer::opened(const std::string& url, protocol::SessionId session) {
  if (Entry* entry = find(url)) entry->session = session;
}

void Dialer::authenticated(protocol::SessionId session, const protocol::PlaceId& place, protocol::Instant now) {
  Entry* entry = find(session);
  if (entry == nullptr) return;
  entry->place = place;
  entry->authenticated = now;
  entry->failures = 0;
}

void Dialer::met(protocol::SessionId session, const protocol::PlaceId& place) {
  if (Entry* entry = find(session)) entry->place = place;
}

void Dialer::superfluous(protocol::SessionId session) {
  if (Entry* entry = find(session)) entry->backoff.rest();
}

void Dialer::closed(protocol::SessionId session, protocol::Instant now) {
  Entry* entry = find(session);
  if (entry == nullptr) return;
  if (entry->authenticated && now - *entry->authenticated >= kWorthwhile) entry->backoff.succeeded();
  entry->authenticated.reset();
  entry->session = 0;
  wait(*entry, now);
}

void Dialer::place_gone(const protocol::PlaceId& place, protocol::Instant now) {
  for (Entry& entry : entries_) {
    if (entry.under_way || entry.place != place) continue;
    entry.backoff.succeeded();
    wait(entry, now);
  }
}

std::string Dialer::url_of(protocol::SessionId session) const {
  auto found = std::ranges::find(entries_, session, &Entry::session);
  return session == 0 || found == entries_.end() ? "" : found->url;
}

std::vector<Dialer::View> Dialer::view() const {
  std::vector<View> views;
  for (const Entry& entry : entries_)
    views.push_back({entry.url, entry.authenticated.has_value(), entry.failures, entry.place,
                     entry.under_way ? std::nullopt : std::optional(entry.due)});
  return views;
}

Dialer::Entry* Dialer::find(protocol::SessionId session) {
  for (Entry& entry : entries_)
    if (session != 0 && entry.session == session) return &entry;
  return nullptr;
}

Dialer::Entry* Dialer::find(const std::string& url) {
  for (Entry& entry : entries_)
    if (entry.url == url) return &entry;
  return nullptr;
}

void Dialer::wait(Entry& entry, protocol::Instant now) {
  entry.under_way = false;
  entry.due = now + entry.backoff.next(random_);
}

}  // namespace maillage::daemon
