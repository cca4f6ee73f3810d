#include "registry/hosts.h"

namespace maillage::registry {

std::optional<Signer> signer_of(const protocol::CharterChain& chain, const protocol::Head& held) {
  if (held.charter >= chain.size()) return std::nullopt;
  const protocol::Charter& genesis = chain.at(0).charter;
  const protocol::PublicKey& key = chain.at(held.charter).charter.daemon_key;
  return Signer{key, genesis.daemon_key == key, genesis.time};
}

Hosts::Entry& Hosts::entry(std::uint32_t place) {
  if (place >= entries_.size()) entries_.resize(place + 1);
  return entries_[place];
}

void Hosts::change(Daemons::value_type* daemon) {
  if (!std::exchange(daemon->second.changed, true)) changed_.push_back(daemon);
}

void Hosts::leave(std::uint32_t place) {
  Entry& leaving = entries_[place];
  (leaving.previous == kNoPlace ? leaving.daemon->second.first : entries_[leaving.previous].next) = leaving.next;
  if (leaving.next != kNoPlace) entries_[leaving.next].previous = leaving.previous;
  leaving.previous = kNoPlace;
  change(leaving.daemon);
}

bool Hosts::set_signer(std::uint32_t place, const Signer& signer) {
  Entry& of_place = entry(place);
  if (of_place.daemon && of_place.daemon->first == signer.daemon_key) return false;
  if (of_place.daemon) leave(place);
  auto& daemon = *daemons_.try_emplace(signer.daemon_key).first;
  of_place.daemon = &daemon;
  of_place.genesis = signer.genesis;
  of_place.native = signer.native;
  of_place.next = std::exchange(daemon.second.first, place);
  if (of_place.next != kNoPlace) entries_[of_place.next].previous = place;
  change(&daemon);
  return true;
}

std::optional<Signer> Hosts::signer(std::uint32_t place) const {
  if (place >= entries_.size() || !entries_[place].daemon) return std::nullopt;
  const Entry& of_place = entries_[place];
  return Signer{of_place.daemon->first, of_place.native, of_place.genesis};
}

bool Hosts::set_network(std::uint32_t place, bool network) {
  Entry& of_place = entry(place);
  if (std::exchange(of_place.network, network) == network) return false;
  if (of_place.daemon) change(of_place.daemon);
  return true;
}

bool Hosts::goes_before(std::uint32_t a, std::uint32_t b, const std::vector<IndexedPlace>& places) const {
  const Entry &left = entries_[a], &right = entries_[b];
  if (left.network != right.network) return left.network;
  if (left.native != right.native) return left.native;
  if (left.genesis != right.genesis) return left.genesis < right.genesis;
  return places[a].id < places[b].id;
}

void Hosts::settle(const std::vector<IndexedPlace>& places) {
  for (auto* daemon : changed_) {
    Daemon& state = daemon->second;
    state.changed = false;
    state.host = state.first;
    for (std::uint32_t place = state.first; place != kNoPlace; place = entries_[place].next)
      if (goes_before(place, state.host, places)) state.host = place;
    if (state.first == kNoPlace) daemons_.erase(protocol::PublicKey(daemon->first));
  }
  changed_.clear();
}

std::uint32_t Hosts::host_of(std::uint32_t place) const {
  if (place >= entries_.size() || !entries_[place].daemon) return kNoPlace;
  std::uint32_t host = entries_[place].daemon->second.host;
  return host == place ? kNoPlace : host;
}

}  // namespace maillage::registry
