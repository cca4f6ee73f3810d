// The node's scope: whose content it keeps and lets go, and who else holds what. PROTOCOL.md §8 "Scope".
#include <algorithm>

#include "protocol/node.h"

namespace maillage::protocol {

void Node::know_own(const PlaceId& place) {
  Addressed mask;
  mask.add(place);
  if (own_masks_.insert(mask.bits()).second) lacking_stale_ = true;
}

void Node::look_whether_lacking(const PlaceId& place) {
  const PlaceState* state = table_.find(place);
  if (state != nullptr && wants_content(*state)) lacking_.insert(place);
  else lacking_.erase(place);
}

// Places whose content is wanted: mostly few of many, so that a reconciliation does not look at all for them.
const std::unordered_set<PlaceId>& Node::lacking() {
  if (!std::exchange(lacking_stale_, false)) return lacking_;
  lacking_.clear();
  for (const auto& [place, state] : table_.all())
    if (wants_content(state)) lacking_.insert(place);
  return lacking_;
}

// Decided on what is seen: a place that moves is followed, or let go, before its content is here.
bool Node::follows(const PlaceState& state) const {
  const Head& head = state.seen.head;
  const PlaceId& place = head.place;
  if (settings_.follow.scope.everything() || state.own || place == settings_.identity.place) return true;
  if (settings_.follow.always.contains(place) || partners_.named.contains(place)) return true;
  if (partners_.accepted.contains(place) || partners_.invited_by.contains(place)) return true;
  if (settings_.follow.scope.covers(head, settings_.areas_of)) return true;
  std::uint64_t bits = head.addressed.bits();
  return bits != 0 && std::ranges::any_of(own_masks_, [bits](std::uint64_t mask) { return (bits & mask) == mask; });
}

// As far as it told. A peer has its own places in any case, and those that speak to it.
bool Node::may_hold(const Session& session, const PlaceState& state) const {
  if (session.scope.everything()) return true;
  const Head& head = state.seen.head;
  const PlaceId& peer = session.handshake.peer();
  if (head.place == peer || head.addressed.may_contain(peer) || session.claimed.contains(head.place)) return true;
  if (session.scope.covers(head, settings_.areas_of)) return true;
  const PlaceState* theirs = table_.find(peer);
  return theirs != nullptr && theirs->chain.latest().daemon_key == state.chain.latest().daemon_key;
}

// ---- following more, and less

void Node::handle(const Follow& input) {
  settings_.follow = input;
  for (const PlaceId& place : input.always) know_own(place);
  for (const auto& [id, session] : sessions_)
    if (session->open()) tell_scope(*session);
  releases_ = true;
  next_release_ = now_.instant;
  follow_again();
}

// When it is not what the session was told last. Before AUTH nothing may be said: then when it opens.
void Node::tell_scope(Session& session) {
  if (session.scope_told == settings_.follow.scope) return;
  session.scope_told = settings_.follow.scope;
  control(session, encode(ScopeNow{session.scope_told.texts()}));
}

void Node::handle(const Reached& input) {
  if (Session* session = find(input.session)) session->address = input.address;
}

void Node::follow_again() {
  for (const auto& [place, state] : table_.all())
    if (state.held_head() != nullptr && !follows(state)) fallen_.insert(place);
  lacking_stale_ = true;
  for (const auto& [id, session] : sessions_) {
    if (!session->reconciled) continue;
    offer_all(*session);
    session->where_due = true;
  }
  pump_wanted_ = true;
}

// What is wanted and the peer may hold. As `offer`, but one question for all.
void Node::offer_all(Session& session) {
  for (const PlaceId& place : lacking()) {
    const PlaceState& state = *table_.find(place);
    if (!state.own && !may_hold(session, state)) continue;
    auto refused = session.refused_content.find(place);
    if (refused != session.refused_content.end() && refused->second == hash_of(state.seen.head)) continue;
    if (session.offered.insert(place).second) session.offers.push_back(place);
  }
  request_content(session);
}

void Node::look_whether_followed(const PlaceId& place) {
  const PlaceState* state = table_.find(place);
  if (state != nullptr && state->held_head() != nullptr && !follows(*state)) fallen_.insert(place);
}

void Node::release_fallen() {
  if (!releases_ || releasing_ || fallen_.empty() || now_.instant < next_release_) return;
  Release release{next_job_, {}};
  while (!fallen_.empty() && release.places.size() < kReleasePlacesMax) {
    PlaceId place = *fallen_.begin();
    fallen_.erase(fallen_.begin());
    const PlaceState* state = table_.find(place);
    if (state != nullptr && state->held_head() != nullptr && !follows(*state)) release.places.push_back(place);
  }
  if (release.places.empty()) return;
  ++next_job_;
  releasing_ = release;
  if (fallen_.empty()) next_release_ = now_.instant + kReleaseGap;
  actions_.push_back(std::move(release));
}

// What was taken in since the action was asked is answered after this.
void Node::handle(const Released& input) {
  if (!releasing_ || releasing_->job != input.job) return;
  std::vector<PlaceId> asked = std::exchange(releasing_, std::nullopt)->places;
  if (!input.done || input.places.size() < asked.size()) next_release_ = now_.instant + kReleaseGap;
  for (const PlaceId& place : input.places) {
    table_.release(place);
    look_whether_lacking(place);
    source_.erase(place);
    owed_.erase(place);  // until it is purged: nothing that is said of it now would be true
    for (const auto& [id, session] : sessions_)
      if (session->open()) offer(*session, place);  // followed again meanwhile
  }
  for (const PlaceId& place : asked) look_whether_followed(place);  // what is left of them is for the next time
  if (!input.places.empty()) report({Event::kReleased, 0, {}, input.places.size(), {}});
}

Result<void> Node::on_frame(Session& session, const ScopeNow& told, ByteView) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "SCOPE");
  if (auto taken = useless(session, "SCOPEs", kScopeCost); !taken) return taken;
  session.scope = Scope::heard(told.scope);
  report({Event::kScopeTold, session.id, session.handshake.peer(), 0, {}});
  if (session.reconciled) offer_all(session);
  return {};
}

// ---- who else holds it

// A few, the latest first: what a peer asks must not cost a look at all sessions for each place.
std::vector<const Node::Session*> Node::holder_sessions() const {
  std::vector<const Session*> some;
  for (auto session = sessions_.rbegin(); session != sessions_.rend() && some.size() < kHolderSessionsMax; ++session)
    if (session->second->open() && session->second->reconciled) some.push_back(session->second.get());
  return some;
}

// Some time after a reconciliation, when its heads are here: of what is wanted and nobody here keeps, by their own words.
void Node::ask_where(Session& session) {
  if (session.scope.everything()) return;
  auto others = holder_sessions();
  auto has_all = [](const Session* other) { return other->scope.everything(); };
  if (std::ranges::any_of(others, has_all)) return;
  Where where;
  for (const PlaceId& place : lacking()) {
    const PlaceState& state = *table_.find(place);
    bool lacks = !state.own && !may_hold(session, state);
    if (!lacks || std::ranges::any_of(others, [&](const Session* other) { return may_hold(*other, state); })) continue;
    where.places.push_back(place);
    if (where.places.size() == kWantPlacesMax) break;
  }
  if (where.places.empty()) return;
  std::ranges::sort(where.places);
  control(session, encode(where));
  pump_wanted_ = true;
}

Result<void> Node::on_frame(Session& session, const Where& where, ByteView) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "WHERE");
  if (auto taken = useless(session, "WHEREs", kWhereCost); !taken) return taken;
  tell_holders(session, where.places, true);
  return {};
}

// At most four of each place, who signs it first: nothing when none is known.
void Node::tell_holders(Session& session, std::span<const PlaceId> places, bool ourselves) {
  if (places.empty()) return;
  auto others = holder_sessions();
  std::erase(others, &session);
  Holders holders;
  auto position = [&holders](const PlaceId& daemon, const std::string& address) {
    auto known = std::ranges::find(holders.daemons, daemon, &Holders::Daemon::place);
    if (known == holders.daemons.end() && holders.daemons.size() == kHolderDaemonsMax) return kHolderDaemonsMax;
    if (known == holders.daemons.end()) known = holders.daemons.insert(known, Holders::Daemon{daemon, address});
    return static_cast<std::size_t>(known - holders.daemons.begin());
  };
  for (const PlaceId& place : places) {
    const PlaceState* state = table_.find(place);
    if (state == nullptr) continue;
    Holders::Held held{place, {}};
    auto name = [&](const PlaceId& daemon, const std::string& address) {
      std::size_t at = held.by.size() < kHoldersMax ? position(daemon, address) : kHolderDaemonsMax;
      auto number = static_cast<std::uint8_t>(at);
      if (at < kHolderDaemonsMax && std::ranges::find(held.by, number) == held.by.end()) held.by.push_back(number);
    };
    for (const Session* other : others)
      if (other->handshake.peer() == place) name(place, other->address);
    if (ourselves && state->served_head() != nullptr) name(settings_.identity.place, "");
    for (const Session* other : others)
      if (may_hold(*other, *state)) name(other->handshake.peer(), other->address);
    if (!held.by.empty()) holders.places.push_back(std::move(held));
  }
  if (!holders.places.empty()) control(session, encode(holders));
}

Result<void> Node::on_frame(Session& session, const Holders& holders, ByteView) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "HOLDERS");
  if (auto taken = useless(session, "HOLDERSs", kWhereCost); !taken) return taken;
  std::map<PlaceId, Session*> here;
  for (const auto& [id, other] : sessions_)
    if (other->open()) here.emplace(other->handshake.peer(), other.get());
  for (const Holders::Held& held : holders.places) {
    const PlaceState* state = table_.find(held.place);
    if (state == nullptr || !wants_content(*state)) continue;
    for (std::uint8_t at : held.by) {
      const Holders::Daemon& daemon = holders.daemons.at(at);
      if (daemon.place == settings_.identity.place) continue;
      if (auto other = here.find(daemon.place); other != here.end()) {
        // Once: of what nobody holds, each would name the others again and again. Who has it later says so itself.
        bool room = other->second->claimed.size() < kClaimedMax;
        if (room && other->second->claimed.insert(held.place).second) offer(*other->second, held.place);
      } else if (session.named.size() < kNamedMax && session.named.insert(daemon.place).second) {
        report({Event::kHolderNamed, session.id, daemon.place, 0, Error{ErrorCode::kNotFound, daemon.address}});
      }
    }
  }
  pump_wanted_ = true;
  return {};
}

}  // namespace maillage::protocol
