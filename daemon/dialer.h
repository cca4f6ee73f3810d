// Dialer: keeps a session to each configured peer, trying again with a growing, jittered wait.
//
// Decides when, never how: the runtime dials when asked and reports what became of it. Invariant: at most one attempt
// or session an address; a wait gets short again only after a session that we dialled authenticated and lived a
// minute. A peer that turns out to be connected already, or to be ourselves, is left alone until that session ends.
// Pure but for the randomness it is given; node thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/backoff.h"
#include "daemon/peer_url.h"
#include "protocol/node_session.h"

namespace maillage::daemon {

class Dialer {
 public:
  explicit Dialer(protocol::Random& random) : random_(random) {}

  // The addresses to keep sessions to; those that stay keep their state, those that go are forgotten.
  // Gives the sessions of those that go: nobody here wants them any more.
  std::vector<protocol::SessionId> set_urls(const std::vector<std::string>& urls, protocol::Instant now);

  // The addresses to dial now; each counts as under way until `failed` or `opened`.
  std::vector<std::pair<std::string, PeerUrl>> due(protocol::Instant now);
  // When `due` has something next; nothing while all are under way.
  std::optional<protocol::Instant> next_due() const;

  void failed(const std::string& url, protocol::Instant now);
  void opened(const std::string& url, protocol::SessionId session);
  void authenticated(protocol::SessionId session, const protocol::PlaceId& place, protocol::Instant now);
  // Who is there, although no session with it is wanted now.
  void met(protocol::SessionId session, const protocol::PlaceId& place);
  // The session was superfluous: this very place, or one that is connected another way.
  void superfluous(protocol::SessionId session);
  void closed(protocol::SessionId session, protocol::Instant now);
  // No session to that place is left: whoever rested because of one tries again soon.
  void place_gone(const protocol::PlaceId& place, protocol::Instant now);

  bool knows(protocol::SessionId session) const { return !url_of(session).empty(); }
  std::string url_of(protocol::SessionId session) const;  // empty: none of ours

  struct View {
    std::string url;
    bool connected;
    std::uint64_t failures;  // since the last success
    protocol::PlaceId place;  // who answered there last; zero: nobody yet
    std::optional<protocol::Instant> due;  // the next attempt; nothing while one is under way
  };
  std::vector<View> view() const;

 private:
  struct Entry {
    std::string url;
    PeerUrl parts;
    Backoff backoff;
    bool under_way = false;
    protocol::SessionId session = 0;
    protocol::PlaceId place;  // the last that authenticated there
    std::optional<protocol::Instant> authenticated;
    protocol::Instant due;
    std::uint64_t failures = 0;
  };
  Entry* find(protocol::SessionId session);
  Entry* find(const std::string& url);
  void wait(Entry& entry, protocol::Instant now);

  protocol::Random& random_;
  std::vector<Entry> entries_;
};

}  // namespace maillage::daemon
