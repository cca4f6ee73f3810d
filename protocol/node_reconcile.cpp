// The node's part in reconciliation: when to begin, what the other side lacks, when it is over. See reconcile.h.
#include <algorithm>

#include "protocol/node.h"

namespace maillage::protocol {
namespace {

// Above this many symbols to ask for, all heads are the simpler answer.
constexpr std::size_t kAskedSymbolsMax = kSketchSymbolsMax;

}  // namespace

void Node::begin_reconcile(Session& session) {
  session.next_reconcile = Instant::max();
  session.reconcile_began = session.reconcile_progress = now_.instant;
  // Of the first moment of the session: later ones find the number out by asking.
  auto estimate = std::exchange(session.estimate, {});
  std::uint32_t ahead = estimate.levels().empty() ? 0 : cells_ahead(estimate.apart(sketch_.estimate()), table_.size());
  session.reconciliation.emplace(ahead);
  session.to_tell.clear();
  session.replay = {};  // what an earlier one left to send, this one finds again
  session.heard.reset();
  session.differences = 0;
  control(session, encode(Sketch(SketchAsk{own_count(session)})));
  if (ahead > 0) control(session, encode(Sketch(SketchMore{ahead})));
}

Result<void> Node::on_frame(Session& session, const Sketch& part, ByteView) {
  if (!session.open()) return fail(ErrorCode::kUnexpectedFrame, "SKETCH");
  if (session.role == Role::kDialled) return serve_sketch(session, part);
  session.reconcile_progress = now_.instant;
  if (auto* cells = std::get_if<SketchCells>(&part)) return advance_reconcile(session, *cells);
  if (std::holds_alternative<SketchEnd>(part)) {
    finish_reconcile(session);
    return {};
  }
  if (std::holds_alternative<SketchDue>(part)) {
    session.next_reconcile = std::min(session.next_reconcile, session.reconcile_began + kReconcileGapMin);
    session.told.clear();
    return useless(session, "SKETCH due");
  }
  return fail(ErrorCode::kUnexpectedFrame, "SKETCH part of the dialling side");
}

// A head that one of both sides refused counts as common: what we refused is added to our set, what they did is left out of it.
std::vector<SketchSymbol> Node::own_symbols(const Session& session, const SketchKey& key) const {
  std::vector<SketchSymbol> symbols;
  symbols.reserve(table_.size() + session.refused.size());
  for (const auto& [place, element] : sketch_.members())
    if (!told_in_vain(session, place, element)) symbols.push_back(sketch_symbol(key, element));
  for (const auto& [place, element] : session.refused)
    if (table_.find(place) == nullptr) symbols.push_back(sketch_symbol(key, element));
  return symbols;
}

// How many symbols these are, or a few less.
std::size_t Node::own_count(const Session& session) const {
  auto vain = std::ranges::count_if(session.told, [](const auto& entry) { return entry.second.times >= kToldInVain; });
  return table_.size() + session.refused.size() - std::min(table_.size(), static_cast<std::size_t>(vain));
}

bool Node::told_in_vain(const Session& session, const PlaceId& place, const Hash& element) const {
  if (session.told.empty()) return false;
  auto found = session.told.find(place);
  if (found == session.told.end() || found->second.times < kToldInVain) return false;
  return now_.instant - found->second.last < kToldAgain && found->second.element == element;
}

// Of what the last reconciliation told and this one found missing again; what was left out of this one stays as it was.
void Node::note_told(Session& session) {
  std::map<PlaceId, Session::Told> told;
  for (auto& [place, before] : session.told) {
    const PlaceState* state = table_.find(place);
    if (state != nullptr && told_in_vain(session, place, PlaceTable::element(*state))) told.emplace(place, before);
  }
  for (const PlaceId& place : session.replay.places) {
    const PlaceState* state = table_.find(place);
    if (state == nullptr || told.size() >= kRefusedKeptMax) continue;
    Hash element = PlaceTable::element(*state);
    auto before = session.told.find(place);
    unsigned times = before != session.told.end() && before->second.element == element ? before->second.times + 1 : 1;
    told.insert_or_assign(place, Session::Told{element, times, now_.instant});
  }
  session.told = std::move(told);
}

Result<void> Node::advance_reconcile(Session& session, const SketchCells& cells) {
  // Cells that were under way when we had enough.
  if (!session.reconciliation || !session.reconciliation->waiting_for_cells()) return {};
  Reconciliation& reconciliation = *session.reconciliation;
  if (reconciliation.begins(cells)) reconciliation.begin(cells.key, own_symbols(session, cells.key));
  auto step = reconciliation.add(cells);
  if (!step) return tl::unexpected(step.error());
  // Each run is a pass over our own set: who sends few cells at a time pays for it.
  if (std::holds_alternative<Reconciliation::Wait>(*step))
    return cells.run.cells.size() < kSketchCellsFirst ? useless(session, "SKETCH cells", kAskCost) : Result<void>();
  if (auto* more = std::get_if<Reconciliation::More>(&*step)) {
    control(session, encode(Sketch(SketchMore{more->limit})));
    return {};
  }
  auto* decoded = std::get_if<Reconciliation::Decoded>(&*step);
  if (decoded == nullptr || decoded->only_remote.size() > kAskedSymbolsMax) {
    session.heard.emplace();
    control(session, encode(Sketch(SketchAll{})));
    return {};
  }
  session.differences = std::max(decoded->only_remote.size(), decoded->only_local.size());
  session.heads_asked = decoded->only_remote.size();
  replay_symbols(session, decoded->key, decoded->only_local);
  control(session, encode(Sketch(SketchDone{decoded->key, decoded->only_remote, true})));
  return {};
}

// The heads whose symbols only we have go out after the peer's came: of a place that both know, the one with the older
// head learns the newer one, and that is all. One that changed since the sketch began is on its way live already.
void Node::replay_symbols(Session& session, const SketchKey& key, const std::vector<SketchSymbol>& symbols) {
  if (symbols.empty()) return;
  std::unordered_set<SketchSymbol> wanted(symbols.begin(), symbols.end());
  for (const auto& [place, element] : sketch_.members())
    if (wanted.contains(sketch_symbol(key, element))) session.to_tell.insert(place);
}

void Node::finish_reconcile(Session& session) {
  if (!session.reconciliation || session.reconciliation->waiting_for_cells()) return;
  if (session.heard) {
    session.replay = {};
    // Every head was sent to us: what was not among them, the peer lacks.
    session.differences = session.heard->size();
    for (const auto& [place, element] : sketch_.members())
      if (!session.heard->contains(place) && !told_in_vain(session, place, element)) session.replay.places.push_back(place);
  }
  session.replay.places.insert(session.replay.places.end(), session.to_tell.begin(), session.to_tell.end());
  note_told(session);
  session.to_tell.clear();
  session.heard.reset();
  session.reconciliation.reset();
  caught_up_ = true;
  settle_reconciled(session);
}

void Node::settle_reconciled(Session& session) {
  session.reconciled = true;
  session.reconciled_at = now_.instant;
  // ± 50 %, so that a hub's peers do not come all at once.
  auto interval = std::chrono::nanoseconds(kReconcileInterval).count();
  auto jittered = interval / 2 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(interval)));
  if (session.role == Role::kDialling) session.next_reconcile = std::min(session.next_reconcile, now_.instant + Duration(jittered));
  report({Event::kReconciled, session.id, session.handshake.peer(), session.differences, {}});
  offer_all(session);
  session.where_due = session.receipts_wait = true;
  for (const PlaceId& place : table_.with_two_charters())
    // Not while a head is being written whose charters may settle it.
    if (pending_chain(place) == nullptr) owe_two_charters(session, place);
  pump_wanted_ = true;
}

Result<void> Node::serve_sketch(Session& session, const Sketch& part) {
  if (auto* ask = std::get_if<SketchAsk>(&part)) {
    if (auto taken = useless(session, "SKETCH asks", kAskCost); !taken) return taken;
    session.sketch_stream.emplace(sketch_);
    session.asker_places = ask->count;
    session.replay = {};
    session.differences = 0;
    std::uint64_t own = table_.size();
    std::uint64_t apart = own > ask->count ? own - ask->count : ask->count - own;
    bool mostly_new = apart > own / 2;  // then the asker will want all heads, whatever the cells say
    session.sketch_stream->allow(kSketchCellsFirst + (mostly_new ? 0 : static_cast<std::uint32_t>(2 * apart)));
    return {};
  }
  // One answer a question: what follows costs a pass over all places.
  if (!session.sketch_stream) return useless(session, "SKETCH without ASK");
  if (auto* more = std::get_if<SketchMore>(&part)) {
    session.sketch_stream->allow(more->limit);
    return {};
  }
  if (auto* done = std::get_if<SketchDone>(&part)) return answer_symbols(session, *done);
  if (std::holds_alternative<SketchAll>(part)) {
    if (auto taken = useless(session, "SKETCH all", kAllHeadsCost); !taken) return taken;
    replay_all(session);
    return {};
  }
  return fail(ErrorCode::kUnexpectedFrame, "SKETCH part of the dialled side");
}

Result<void> Node::answer_symbols(Session& session, const SketchDone& done) {
  if (done.key != sketch_.key()) {  // renewed in between: the symbols say nothing any more
    replay_all(session);
    return {};
  }
  if (done.symbols.size() + session.replay.places.size() > table_.size())
    return fail(ErrorCode::kTooMany, "symbols of a sketch");
  for (SketchSymbol symbol : done.symbols)
    if (auto place = sketch_.place_of(symbol)) session.replay.places.push_back(*place);
  session.differences += done.symbols.size();
  // So many places at least the peer does not know. A place that it has to ask for costs 406 bytes more than its head alone, its charter
  // 150: when it is more than one in three of these, all bring theirs.
  std::uint64_t all = table_.size() + (table_.find(session.handshake.peer()) == nullptr ? 1 : 0);  // the asker's own comes, or waits
  std::uint64_t unknown = all - std::min(all, session.asker_places);
  session.replay.bare = 3 * unknown <= session.replay.places.size();
  session.replay.then_end = done.last;
  if (!done.last) return {};
  session.sketch_stream.reset();
  settle_reconciled(session);
  return {};
}

void Node::replay_all(Session& session) {
  session.sketch_stream.reset();
  session.replay = {};
  session.replay.places.reserve(table_.size());
  for (const auto& [place, element] : sketch_.members()) session.replay.places.push_back(place);
  session.replay.then_end = true;
  session.differences = table_.size();
  settle_reconciled(session);
}

}  // namespace maillage::protocol
