// EndpointChoice: which addresses of signed profiles are dialled, beside those that people named. DESIGN "Discovery".
//
// Decides whom, never when: the dialer (dialer.h) keeps a session to each address that is chosen. So many are chosen as people left
// of kOutboundMax, drawn at random among the places that say where they are. One that does not answer kAttemptsMax times gives way to
// another, when there is one, and rests, as does one where somebody else answers; one is drawn anew every hour or so, that nobody may
// gather round a daemon for ever.
// A profile may be anybody's, and must not make us knock at doors for its author: only ws(s)://HOST[:80|443|1024…]/…/peer, public
// addresses unless the operator says otherwise (names are judged once more when they are resolved), one address of a host at a time; a
// host that does not answer rests for all places that name it, and after the first few one is drawn in ten seconds.
// Invariant: of one place at most one address is chosen. Pure but for the randomness it is given; node thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/peer_url.h"
#include "protocol/ids.h"
#include "protocol/random.h"
#include "protocol/rate_limit.h"
#include "protocol/time.h"

namespace maillage::daemon {

// Outbound sessions, those that people named among them: a few make a network that one loss does not part.
inline constexpr std::size_t kOutboundMax = 8;
// Places whose endpoints are kept in memory, some 5 MB; of more, a sample.
inline constexpr std::size_t kEndpointPlacesMax = 16'384;
// Attempts at an address before another is drawn, and how long it then rests.
inline constexpr unsigned kAttemptsMax = 3;
inline constexpr std::chrono::minutes kUnreachableRest{60};
inline constexpr std::chrono::hours kWrongPlaceRest{12};
inline constexpr std::chrono::minutes kChosenFor{60};  // ± 50 %, then one is drawn anew
// Addresses drawn: as many as there is room for, then one in ten seconds.
inline constexpr std::uint64_t kDrawCost = 10;
inline constexpr std::uint64_t kDrawTokens = kOutboundMax * kDrawCost, kDrawTokensPerSecond = 1;
inline constexpr std::size_t kRestingMax = 16'384;  // of each kind; when there are more, those that end first are forgotten

class EndpointChoice {
 public:
  explicit EndpointChoice(protocol::Random& random) : random_(random) {}

  // Whether profiles count at all, and whether addresses of private networks do.
  void allow(bool profiles, bool private_too);

  // What the profile of a place says now. Only what may be dialled is kept.
  void tell(const protocol::PlaceId& place, const std::vector<std::string>& endpoints);

  struct Chosen {
    std::string url;
    protocol::PlaceId place;
    std::string host;
    unsigned attempts = 0;
  };
  // Lets go and draws. `named`: addresses that people named; `met`: places that are ours or connected already, and need no call.
  // Gives whether `chosen` changed.
  using Met = std::function<bool(const protocol::PlaceId&)>;
  bool tend(const std::vector<std::string>& named, const Met& met, protocol::Instant now);

  const std::vector<Chosen>& chosen() const { return chosen_; }
  // Who must answer there; null: not chosen.
  const protocol::PlaceId* place_at(const std::string& url) const;

  // What became of an attempt, or of a session: nobody answered there, somebody else did or wanted no session, or it was the one.
  void unreachable(const std::string& url);
  void unwanted(const std::string& url, protocol::Instant now);
  void answered(const std::string& url);

  // People's word: the place rests no more. And until when it does, when it does.
  void forgive(const protocol::PlaceId& place);
  std::optional<protocol::Instant> rests_until(const protocol::PlaceId& place) const;

  std::size_t known() const { return endpoints_.size(); }

 private:
  struct Endpoint {
    std::string url, host;
  };
  template <class Key>
  using Rests = std::map<Key, protocol::Instant>;  // until when

  bool may_dial(const Endpoint& endpoint, const std::vector<std::string>& named) const;
  void replace_silent(const std::vector<std::string>& named, const Met& met, protocol::Instant now, bool& changed);
  std::optional<Chosen> draw(const std::vector<std::string>& named, const Met& met, protocol::Instant now);
  template <class Key>
  static void rest(Rests<Key>& rests, const Key& key, protocol::Instant until);
  template <class Key>
  static bool rests_now(const Rests<Key>& rests, const Key& key, protocol::Instant now);

  protocol::Random& random_;
  bool profiles_ = true, private_too_ = false;
  std::map<protocol::PlaceId, std::vector<Endpoint>> endpoints_;
  std::uint64_t told_ = 0;  // places that were new here, so that a sample is one of all
  std::vector<Chosen> chosen_;
  Rests<protocol::PlaceId> resting_places_;
  Rests<std::string> resting_hosts_;
  std::optional<protocol::Instant> redraw_;
  protocol::TokenBucket draws_{kDrawTokens, kDrawTokensPerSecond};
};

// The address, when a profile may make us dial it. kEndpointForm, kEndpointPort, kEndpointPath, kEndpointPrivate.
protocol::Result<PeerUrl> dialable_endpoint(std::string_view url, bool private_too);

// Why daemons that are set up as most are will not call this address of a profile.
std::optional<protocol::Error> endpoint_remark(std::string_view url);

}  // namespace maillage::daemon
