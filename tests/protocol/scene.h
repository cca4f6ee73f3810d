// A node on a stage: its actions are carried out by a prompter that does as told, and what it sends is kept.
#pragma once

#include "protocol/node.h"
#include "tests/protocol/author.h"

namespace maillage::tests {

class Scene {
 public:
  struct Admission {
    bool open = true;
    std::uint64_t a_peer = 10'000, all_open = 100'000;
    std::size_t sessions_max = kSessionsMax;
  };
  explicit Scene(const Author& own) : Scene(own, Admission{}) {}
  Scene(const Author& own, Admission admission, Follow follow = {}, AreasOf areas_of = nullptr)
      : random_(own.place().bytes[0]),
        node({own.identity(), "maillage", admission.open, admission.a_peer, 1'000'000, admission.all_open, admission.sessions_max, std::move(follow),
              areas_of},
             random_) {
    node.restore({own.chain(), own.head(1), nullptr, true, true, nullptr});
  }

 private:
  SeededRandom random_;

 public:
  Node node;
  Now now{Instant{} + std::chrono::hours(1), UnixTime{1'800'000'000'000}};
  // What the prompter does by itself.
  bool persists = true, reads = true, appends = true, ingests = true, opens = true, releases = true;
  std::optional<Error> ingest_error;
  std::optional<bool> accepts = true;  // whether the write of an acceptance succeeds; nothing: it goes on

  std::map<SessionId, std::vector<Bytes>> sent;
  std::set<SessionId> closed;
  std::vector<Persist> persist_asked;
  std::vector<IngestPack> ingest_asked;
  std::vector<OpenPack> pack_opened;
  std::vector<KeepReceipt> receipts;
  std::vector<AcceptPlace> taken_in;
  std::vector<Release> let_go;
  std::vector<PlaceId> forgotten;
  std::vector<std::pair<PlaceId, PlaceId>> vouched;
  std::vector<Report> reports;
  std::size_t appended_bytes = 0;
  std::uint8_t peers_can = 0;  // what the HELLOs of `meet` say
  Estimate peers_have;
  std::size_t pack_bytes = 0;  // still to come of the pack that is read; 0: it is as small as can be

  void on(const Input& input) {
    for (Action& action : node.on(input, now)) std::visit([this](auto& what) { carry_out(what); }, action);
    node.sanity_check();
    settle();
  }
  template <class Frame>
  void receive(SessionId session, const Frame& frame) {
    Bytes bytes = encode(frame);
    on(FrameReceived{session, bytes});
  }
  void pass(Duration time) {
    now.instant += time;
    now.wall.ms += std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    on(Tick{});
  }

  // The frames of one kind that went to a session.
  template <class Kind>
  std::vector<Kind> all(SessionId session) {
    std::vector<Kind> found;
    for (const Bytes& bytes : sent[session])
      if (auto frame = decode_frame(bytes); frame && std::holds_alternative<Kind>(*frame)) found.push_back(std::get<Kind>(*frame));
    return found;
  }
  std::size_t events(Event event) const {
    return static_cast<std::size_t>(std::ranges::count(reports, event, &Report::event));
  }
  std::string bye(SessionId session) {
    auto byes = all<Bye>(session);
    return byes.size() == 1 && closed.contains(session) ? byes.front().code : std::to_string(byes.size()) + " BYEs";
  }
  const SignedHead* seen(const Author& author) const {
    const PlaceState* state = node.places().find(author.place());
    return state == nullptr ? nullptr : &state->seen;
  }
  bool holds(const Author& author) const {
    const PlaceState* state = node.places().find(author.place());
    return state != nullptr && state->holds_seen;
  }

  // An authenticated session with `peer`; `role` is the node's own.
  // `invited`: the secret that the peer shows it has. `scope`: what it keeps.
  void meet(SessionId session, const Author& peer, Role role = Role::kDialled, bool accepted = true,
            const std::optional<InvitationSecret>& invited = {}, std::vector<std::string> scope = {}) {
    on(SessionOpened{session, role, accepted});
    Hello hello;
    hello.nonce = random_.fixed<Nonce>();
    hello.place = peer.place();
    hello.scope = std::move(scope);
    hello.abilities = peers_can;
    hello.estimate = peers_have;
    Handshake theirs(role == Role::kDialled ? Role::kDialling : Role::kDialled, hello);
    Bytes ours = sent[session].at(0);
    Bytes auth = *theirs.on_hello(std::get<Hello>(*decode_frame(ours)), ours, peer.identity(), peer.bundle(peer.head(1)));
    on(FrameReceived{session, *theirs.hello()});
    if (invited) receive(session, Invited{id_of(*invited), invitation_proof(*invited, theirs.hellos().first, theirs.hellos().second)});
    on(FrameReceived{session, auth});
  }
  // The peer of a dialled node says that nothing differs.
  void agree(SessionId session) {
    receive(session, Sketch(SketchAsk{node.places().size()}));
    auto cells = std::get<SketchCells>(all<Sketch>(session).back());
    receive(session, Sketch(SketchDone{cells.key, {}, true}));
  }
  // A whole answer to the last WANT of a session: all that it asks, or nothing of it.
  void answer_want(SessionId session, std::span<const SignedHead> heads) {
    Want want = all<Want>(session).back();
    Bytes bytes{'P', 'A', 'C', 'K'};
    Pack pack{want.request, Pack::kFirst | Pack::kLast, {}, {}};
    for (const WantedPlace& wanted : want.places) {
      auto head = std::ranges::find(heads, wanted.place, [](const SignedHead& one) { return one.head.place; });
      if (head == heads.end()) pack.places.push_back({wanted.place, {}, {}});
      else pack.places.push_back({wanted.place, *head, {}}), pack.bytes = bytes;
    }
    receive(session, pack);
  }

 private:
  void carry_out(const Send& send) {
    sent[send.session].push_back(*send.frame);
    if (reads) later_.push_back(FrameSent{send.session, send.frame->size()});
  }
  void carry_out(const Close& close) { closed.insert(close.session); }
  void carry_out(const Persist& persist) {
    persist_asked.push_back(persist);
    if (persists) later_.push_back(Persisted{persist.job, true});
  }
  void carry_out(const AppendPack& append) {
    appended_bytes += append.bytes.size();
    if (appends) later_.push_back(PackAppended{append.job, append.bytes.size()});
  }
  void carry_out(const IngestPack& ingest) {
    ingest_asked.push_back(ingest);
    if (ingests) later_.push_back(outcome(ingest, ingest_error));
  }
  void carry_out(const DropPack&) {}
  void carry_out(const OpenPack& open) {
    pack_opened.push_back(open);
    if (opens) later_.push_back(PackOpened{open.job, open.places});
  }
  void carry_out(const ReadPack& read) {
    Bytes bytes = pack_bytes == 0 ? Bytes{'P', 'A', 'C', 'K'} : Bytes(std::min(read.bytes_max, pack_bytes));
    pack_bytes -= std::min(pack_bytes, bytes.size());
    later_.push_back(PackChunk{read.job, bytes, pack_bytes == 0, false});
  }
  void carry_out(const ClosePack&) {}
  void carry_out(const Release& release) {
    let_go.push_back(release);
    if (releases) later_.push_back(Released{release.job, true, release.places});
  }
  void carry_out(const AcceptPlace& accept) {
    taken_in.push_back(accept);
    if (accepts) later_.push_back(Persisted{accept.job, *accepts});
  }
  void carry_out(const KeepReceipt& keep) { receipts.push_back(keep); }
  void carry_out(const Forget& forget) {
    forgotten.insert(forgotten.end(), forget.places.begin(), forget.places.end());
    vouched.insert(vouched.end(), forget.vouched.begin(), forget.vouched.end());
  }
  void carry_out(const Report& report) { reports.push_back(report); }

  // Answers come one after another, never inside the input that asked.
  void settle() {
    if (std::exchange(settling_, true)) return;
    while (!later_.empty()) {
      Input next = std::move(later_.front());
      later_.pop_front();
      on(next);
    }
    settling_ = false;
  }

  std::deque<Input> later_;
  bool settling_ = false;

 public:
  static Ingested outcome(const IngestPack& ingest, const std::optional<Error>& error) {
    Ingested result{ingest.job, {}};
    for (const IngestPack::Place& place : ingest.places) result.places.push_back({place.head.head.head.place, error});
    return result;
  }
};

}  // namespace maillage::tests
