// SyncShell: carries out what the node decides. It turns frames, timers and finished work into the node's inputs, and
// its actions into frames, dials, timers and work.
//
// Decides nothing but when to dial (dialer.h). Work that blocks goes to one writer, in order (what is persisted,
// ingested, published), to one receiver (packs that arrive, until they are ingested), or to one reader (packs that are
// built for peers); results come back as inputs.
// Invariant: the node sees one input at a time. Node thread, apart from the jobs. Stop the workers before destroying it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>

#include "daemon/config.h"
#include "daemon/dialer.h"
#include "daemon/endpoint_choice.h"
#include "daemon/lan_announcement.h"
#include "daemon/metrics.h"
#include "daemon/named_holders.h"
#include "daemon/operations.h"
#include "daemon/pack_intake.h"
#include "daemon/peer_transport.h"
#include "daemon/waiting_receipts.h"
#include "daemon/worker_pool.h"
#include "protocol/node.h"
#include "registry/registry.h"

namespace maillage::daemon {

// Immutable once it is published.
struct Following {
  struct Keeper {
    protocol::PlaceId place;
    std::string name;
    protocol::Scope scope;
    bool operator==(const Keeper&) const = default;
  };
  std::uint64_t version = 0;     // of our scope and the keepers: of what answers are made that lack something
  protocol::Scope scope;         // ours
  std::vector<Keeper> keepers;   // peers of open sessions, kKeepersMax at most
  struct Hearer {
    protocol::PlaceId place;
    protocol::UnixTime since;
  };
  std::vector<Hearer> hearers;   // those of them whose word on what they hold is heard, and that keep our own place if they let it in
  std::vector<std::pair<protocol::PlaceId, std::string>> named;  // daemons that hold what we lack, say peers, and their addresses
  std::size_t outbound = 0;      // sessions that we dialled,
  std::size_t covering = 0;      // and those of them whose peer keeps all that we follow
};
inline constexpr std::size_t kKeepersMax = 64;

class LanDiscovery;

class SyncShell {
 public:
  // `places` is what the registry holds, its own place among them.
  SyncShell(asio::io_context& node, registry::Registry& registry, std::vector<protocol::PlaceState> places, const PeerConfig& config,
            protocol::Random& random, Metrics& metrics);
  ~SyncShell();

  // `own`: what is said on the local network, if that is asked for; port 0: nothing, as nobody there could reach us.
  void start(const LanAnnouncement& own);
  // Admission and addresses; sessions to addresses that are gone end. Whoever refused this place is asked again.
  void reload(const PeerConfig& config);
  void accept(ByteStream stream, const HttpRequest& request) { transport_.accept(std::move(stream), request); }

  // Runs `job` on the writer, after what was given before; false when too much waits. It counts as under way.
  bool write(std::function<void()> job);

  // The daemon key from now on; what is announced after that is signed with it. Any thread.
  void rekey(const protocol::KeyPair& key);
  // Own heads that are durable now; those that are kept back wait until we have caught up. Any thread.
  void announce(protocol::Published published);
  // What is to be done about heads of our own places that were signed elsewhere is done, on the writer. Node thread.
  void settle_own();

  // A purge was tried; these places are purged. What still waits is tried again. Any thread.
  void purged(std::vector<protocol::PlaceId> places);
  // Whom people accept, invited or joined: read again, after what the writer has to do. Any thread.
  void partners_changed();

  // What is followed here, and what those follow that we talk to: replaced whole when it changes. Any thread.
  std::shared_ptr<const Following> following() const { return following_.load(); }
  // Places that nobody here let in. Any thread.
  std::vector<WaitingPlace> waiting() const { return *waiting_.load(); }

  // {"place", "name", "agent", "role", "reconciled", "since", "clock_offset_ms"; of one that waits to be let in "waiting", "commune"} a
  // session, and the addresses we dial.
  boost::json::array sessions() const;
  boost::json::array addresses() const;
  // {"place", "name", "since", "code", "nextAttempt": when we call next} each: daemons that take nothing of this place, as their people
  // blocked it, know it under other keys (`other-chain`), or talk to another machine that has its keys (`duplicate-session`).
  boost::json::array refusals() const;
  std::size_t open_sessions() const { return open_sessions_; }  // any thread

  // Says goodbye to everybody and dials no more; `idle` once nothing is under way.
  void stop();
  bool idle() const { return transport_.sessions() == 0 && jobs_ == 0; }
  // Ends everything now and joins the workers.
  void abort();

 private:
  void feed(const protocol::Input& input);
  std::function<void(protocol::Input)> answer();
  void work(WorkerPool& pool, std::function<protocol::Input()> job, protocol::Input refused);
  void arm();
  protocol::Instant deadline() const;
  void dial();
  void dialled(const std::string& url, protocol::Result<SessionId> outcome);
  void tend();
  void purge_soon();
  void purge_later();
  void purge();
  void note(const protocol::Report& report);
  void note_own(const protocol::Report& report);
  void look_whether_caught_up();
  void settled(const registry::OwnMoves& moves);
  // Partners (sync_partners.cpp)
  void take_partners(const protocol::Result<registry::Contacts>& contacts);
  void keep_urls();
  void note_partner(const protocol::Report& report);
  void note_named(const protocol::Report& report);
  bool is_named(const std::string& url) const;
  void keep_named();
  // Scope (sync_scope.cpp)
  void follow();
  void note_scope(const protocol::Report& report);
  void look_who_follows_soon();
  void look_who_follows();
  void show_waiting();
  // Those whom nobody here named (sync_discovery.cpp)
  void look_around();
  void hear_of(const std::vector<registry::Whereabouts>& told);
  bool is_ours(const protocol::PlaceId& place) const;
  void tend_choice();
  std::optional<protocol::PlaceId> found_at(const std::string& url) const;
  bool must_be_public(const std::string& url) const;
  void note_found(const protocol::Report& report);
  void tend_lan();
  void note_trouble(const std::string& url, const protocol::Error& error);
  void note_refusal(const protocol::Report& report);
  void try_again(const protocol::PlaceId& place);
  void arm_own();
  PeerTransport::Events events();

  void carry_out(protocol::Send&& action);
  void carry_out(protocol::Close&& action);
  void carry_out(protocol::Persist&& action);
  void carry_out(protocol::AppendPack&& action);
  void carry_out(protocol::IngestPack&& action);
  protocol::Ingested ingest(const protocol::IngestPack& asked);
  void carry_out(protocol::DropPack&& action);
  void carry_out(protocol::OpenPack&& action);
  void carry_out(protocol::ReadPack&& action);
  void carry_out(protocol::ClosePack&& action);
  void carry_out(protocol::AcceptPlace&& action);
  void carry_out(protocol::Release&& action);
  void carry_out(protocol::KeepReceipt&& action);
  void carry_out(protocol::Forget&& action);
  void carry_out(protocol::Report&& action);

  asio::io_context& context_;
  registry::Registry& registry_;
  Metrics& metrics_;
  PeerConfig config_;
  struct Joined {
    protocol::PlaceId place;
    bool waiting;  // for its answer
  };
  std::map<std::string, Joined> joined_;  // by address
  std::map<std::string, protocol::PlaceId> named_;  // who answered last, by address of the configuration; also before the last start
  bool named_read_ = false;
  bool named_unkept_ = false;  // the disk refused it: tried again with the next tending
  std::set<protocol::PlaceId> blocked_;
  struct Refusal {
    protocol::UnixTime since;
    protocol::ErrorCode code;
  };
  std::map<protocol::PlaceId, Refusal> refusing_;  // who takes nothing of us, since when and why
  std::set<SessionId> authenticated_;  // sessions whose peer is known to be who it says
  const std::vector<protocol::PlaceId> own_;
  protocol::Node node_;
  protocol::Random& random_;
  Dialer dialer_;
  EndpointChoice choice_;
  std::map<std::string, protocol::PlaceId> lan_;  // heard on the local network, by address
  std::map<std::string, protocol::PlaceId> found_;  // drawn from profiles, by address, as the dialer has them
  std::unique_ptr<LanDiscovery> lan_discovery_;
  LanAnnouncement own_announcement_;
  PeerTransport transport_;
  asio::steady_timer tick_;
  asio::steady_timer redial_;
  asio::steady_timer choice_tick_;
  asio::steady_timer purge_;
  bool purge_due_ = false;
  std::chrono::steady_clock::time_point purge_after_{};
  asio::steady_timer own_tick_;
  asio::steady_timer following_tick_;
  bool following_due_ = false;
  NamedHolders named_holders_;
  std::optional<protocol::Instant> first_peer_;  // when the first session since the start was authenticated
  bool caught_up_;
  bool settling_ = false, settle_again_ = false;
  std::uint64_t jobs_ = 0;
  std::uint64_t since_tend_ = 0;
  std::atomic<std::size_t> open_sessions_ = 0;
  std::atomic<std::shared_ptr<const std::vector<WaitingPlace>>> waiting_{std::make_shared<const std::vector<WaitingPlace>>()};
  std::uint64_t waiting_shown_ = 0;
  bool feeding_ = false;
  bool stopping_ = false;
  std::atomic<std::shared_ptr<const Following>> following_{std::make_shared<const Following>()};
  WaitingReceipts receipts_;
  PackIntake intake_;  // before the pools, whose jobs use it
  WorkerPool writer_;
  WorkerPool receiver_;  // appends packs to their quarantine while the writer takes others in
  WorkerPool reader_;
};

}  // namespace maillage::daemon
