#include "registry/own_heads.h"

#include <algorithm>

#include "registry/head_rows.h"

namespace maillage::registry {

using namespace protocol;

namespace {

constexpr std::string_view kPrefix = "ledger ";
constexpr std::uint8_t kTold = 1, kHealed = 2, kQuestion = 4;

std::string key_of(const PlaceId& place) { return std::string(kPrefix) + std::string(as_text(place.bytes)); }

}  // namespace

bool is_remembered(const OwnLedger& ledger) { return ledger.told || ledger.healed || ledger.question; }

void put_ledger(WriteBatch& batch, const PlaceId& place, const OwnLedger& ledger) {
  if (!is_remembered(ledger)) return batch.erase(Column::kMeta, key_of(place));
  Writer out;
  out.u8(static_cast<std::uint8_t>((ledger.told ? kTold : 0) | (ledger.healed ? kHealed : 0) | (ledger.question ? kQuestion : 0)));
  if (ledger.told) write(out, *ledger.told);
  if (ledger.healed) out.i64(ledger.healed->ms);
  if (ledger.question) write(out.u8(static_cast<std::uint8_t>(ledger.question->doubt)), ledger.question->theirs);
  batch.put(Column::kMeta, key_of(place), std::string(as_text(out.bytes())));
}

Result<OwnLedger> read_ledger(ByteView row) {
  Reader in(row);
  OwnLedger ledger;
  auto corrupt = fail(ErrorCode::kCorrupt, "own ledger");
  std::uint8_t flags = in.u8();
  if ((flags & ~(kTold | kHealed | kQuestion)) != 0) return corrupt;
  auto take_head = [&](std::optional<SignedHead>& into) {
    auto head = read_signed_head(in);
    if (head) into = *head;
    return head.has_value();
  };
  if ((flags & kTold) != 0 && !take_head(ledger.told)) return corrupt;
  if ((flags & kHealed) != 0) ledger.healed = UnixTime{in.i64()};
  if ((flags & kQuestion) != 0) {
    std::uint8_t doubt = in.u8();
    std::optional<SignedHead> theirs;
    if (doubt > static_cast<std::uint8_t>(OwnDoubt::kExhausted) || !take_head(theirs)) return corrupt;
    ledger.question = OwnQuestion{static_cast<OwnDoubt>(doubt), *theirs};
  }
  if (!in.finish("own ledger")) return corrupt;
  return ledger;
}

std::string_view name_of(OwnDoubt doubt) {
  switch (doubt) {
    case OwnDoubt::kTwoDaemons: return "two-daemons";
    case OwnDoubt::kHistoryBroken: return "history-replaced";
    case OwnDoubt::kExhausted: return "counters-exhausted";
  }
  return "";
}

Result<void> OwnHeads::load() {
  std::scoped_lock guard(mutex_);
  std::optional<Error> wrong;
  std::vector<PlaceId> places;
  auto scanned = state_.scan(Column::kMeta, kPrefix, [&](std::string_view key, std::string_view value) {
    Reader in(as_bytes(key.substr(kPrefix.size())));
    places.push_back(in.fixed<PlaceId>());
    if (auto row = read_ledger(as_bytes(value)); !row) wrong = row.error();
    return !wrong;
  });
  if (!scanned) return scanned;
  if (wrong) return tl::unexpected(*wrong);
  for (const PlaceId& place : places) at(place);
  return {};
}

// A row or a mark that cannot be read was refused by the start (`load`, load_places): here it counts as none.
OwnHead& OwnHeads::at(const PlaceId& place) {
  if (auto found = heads_.find(place); found != heads_.end()) return found->second;
  OwnLedger ledger;
  if (auto row = state_.get(Column::kMeta, key_of(place)); row && *row)
    if (auto read = read_ledger(as_bytes(**row))) ledger = std::move(*read);
  if (auto held = get_head(state_, Mark::kHeld, place); held) ledger.mine = *held;
  OwnHead& head = heads_.emplace(place, OwnHead(std::move(ledger))).first->second;
  if (caught_up_) head.caught_up();
  return head;
}

void OwnHeads::forget_idle(const PlaceId& place) {
  auto found = heads_.find(place);
  if (found != heads_.end() && found->second.idle()) heads_.erase(found);
}

void OwnHeads::await_peers() {
  std::scoped_lock guard(mutex_);
  caught_up_ = false;
  auto places = std::exchange(heads_, {});
  for (const auto& [place, head] : places) at(place);
}

bool OwnHeads::awaits_peers() const {
  std::scoped_lock guard(mutex_);
  return !caught_up_;
}

void OwnHeads::caught_up() {
  std::scoped_lock guard(mutex_);
  caught_up_ = true;
  for (auto& [place, head] : heads_) head.caught_up();
}

void OwnHeads::heard(const SignedHead& head, const PlaceId& peer, Instant now) {
  std::scoped_lock guard(mutex_);
  at(head.head.place).heard(head, peer, now);
  forget_idle(head.head.place);
}

void OwnHeads::forked(const Fork& fork, Instant now) {
  std::scoped_lock guard(mutex_);
  at(fork.first.head.place).forked(fork, now);
}

void OwnHeads::compared(const SignedHead& theirs, Kinship kinship) {
  std::scoped_lock guard(mutex_);
  at(theirs.head.place).compared(theirs, kinship);
}

Result<void> OwnHeads::answered(const PlaceId& place, OwnHead::Answer answer) {
  std::scoped_lock guard(mutex_);
  OwnHead& head = at(place);
  if (!head.ledger().question) return fail(ErrorCode::kNotFound, place.hex());
  head.answered(answer);
  return {};
}

Result<void> OwnHeads::may_sign(const PlaceId& place) {
  std::scoped_lock guard(mutex_);
  OwnHead& head = at(place);
  Result<void> outcome;
  if (auto counters = head.may_sign(); !counters) outcome = tl::unexpected(counters.error());
  forget_idle(place);
  return outcome;
}

bool OwnHeads::may_tell(const PlaceId& place) {
  std::scoped_lock guard(mutex_);
  OwnHead& head = at(place);
  // Of a place that is new nobody can know more than we.
  bool may = head.may_tell() || !head.ledger().mine;
  forget_idle(place);
  return may;
}

OwnLedger OwnHeads::after_publication(const SignedHead& head) {
  std::scoped_lock guard(mutex_);
  return at(head.head.place).after_publication(head);
}

OwnLedger OwnHeads::after(const OwnStep& step, const PlaceId& place, const SignedHead& made, UnixTime now) {
  std::scoped_lock guard(mutex_);
  return at(place).after(step, made, now);
}

void OwnHeads::commit(const PlaceId& place, OwnLedger ledger) {
  std::scoped_lock guard(mutex_);
  // The batch moved the mark: what was not in memory is read as it was before.
  at(place).commit(std::move(ledger));
  forget_idle(place);
}

void OwnHeads::drop(const PlaceId& place) {
  std::scoped_lock guard(mutex_);
  heads_.erase(place);
}

std::vector<std::pair<PlaceId, OwnStep>> OwnHeads::due(Now now) {
  std::scoped_lock guard(mutex_);
  std::vector<std::pair<PlaceId, OwnStep>> steps;
  for (const auto& [place, head] : heads_)
    if (OwnStep step = head.next(now); !std::holds_alternative<OwnRest>(step)) steps.emplace_back(place, std::move(step));
  return steps;
}

Instant OwnHeads::deadline() const {
  std::scoped_lock guard(mutex_);
  Instant first = Instant::max();
  for (const auto& [place, head] : heads_) first = std::min(first, head.deadline());
  return first;
}

std::optional<OwnLedger> OwnHeads::ledger(const PlaceId& place) const {
  std::scoped_lock guard(mutex_);
  auto found = heads_.find(place);
  return found == heads_.end() ? std::nullopt : std::optional(found->second.ledger());
}

bool OwnHeads::remembered(const PlaceId& place) const {
  auto known = ledger(place);
  return known && is_remembered(*known);
}

std::optional<OwnQuestion> OwnHeads::question(const PlaceId& place) const {
  auto known = ledger(place);
  return known ? known->question : std::nullopt;
}

}  // namespace maillage::registry
