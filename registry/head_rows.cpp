#include "registry/head_rows.h"

#include <map>

namespace maillage::registry {
namespace {

using namespace protocol;

std::string text_of(ByteView bytes) { return std::string(as_text(bytes)); }

std::string key(const PlaceId& place, const Writer& tail) { return text_of(place.bytes) + text_of(tail.bytes()); }

std::string head_key(Mark mark, const PlaceId& place) {
  return text_of(place.bytes) + static_cast<char>(mark);
}

std::string head_value(const SignedHead& head) {
  Writer out;
  write(out, head);
  return text_of(out.bytes());
}

Result<SignedHead> head_of_value(std::string_view value, const PlaceId& place) {
  Reader in(as_bytes(value));
  auto head = read_signed_head(in);
  if (!head || !in.finish("head") || head->head.place != place) return fail(ErrorCode::kCorrupt, "head of " + place.hex());
  return head;
}

std::optional<Replica> receipt_of_value(const PlaceId& replica, std::string_view value) {
  Reader in(as_bytes(value));
  Replica receipt{replica, in.fixed<Hash>(), {}};
  receipt.time.ms = in.i64();
  return in.failed() ? std::nullopt : std::optional(receipt);
}

std::string receipt_prefix(const PlaceId& place) { return "r" + text_of(place.bytes); }

// What the rows of one place say, before it is put together.
struct Rows {
  std::optional<SignedHead> seen, held;
  std::vector<SignedCharter> charters;
  std::optional<Fork> fork;
  PlaceId introducer;
};

Result<PlaceState> assemble(const PlaceId& place, Rows& rows) {
  if (rows.charters.empty() || !rows.seen) return fail(ErrorCode::kCorrupt, "place " + place.hex());
  auto chain = CharterChain::start(rows.charters.front());
  for (std::size_t i = 1; chain && i < rows.charters.size(); ++i)
    if (!chain->extend(rows.charters[i])) chain = fail(ErrorCode::kCorrupt, "charter");
  if (!chain || chain->place() != place || rows.seen->head.charter >= chain->size())
    return fail(ErrorCode::kCorrupt, "charters of " + place.hex());
  PlaceState state{std::move(*chain), *rows.seen, nullptr, false, false, nullptr};
  state.holds_seen = rows.held && rows.held->head == rows.seen->head;
  if (rows.held && !state.holds_seen) state.held = std::make_unique<SignedHead>(*rows.held);
  bool current = rows.fork && rows.fork->first.head.charter == rows.seen->head.charter &&
                 rows.fork->first.head.epoch == rows.seen->head.epoch;
  // Of another chain than the one that won meanwhile: whoever heard it as evidence would end the session.
  if (current && proves(*rows.fork, state.chain)) state.fork = std::make_unique<Fork>(*rows.fork);
  state.introducer = rows.introducer;
  return state;
}

using AllRows = std::map<PlaceId, Rows>;

std::optional<PlaceId> place_of_key(std::string_view key) {
  Reader in(as_bytes(key));
  auto place = in.fixed<PlaceId>();
  return in.failed() ? std::nullopt : std::optional(place);
}

Result<void> read_heads(const StateStore& store, AllRows& rows, std::vector<Error>& damaged) {
  return store.scan(Column::kHeads, "", [&](std::string_view key, std::string_view value) {
    auto place = place_of_key(key);
    auto head = place ? head_of_value(value, *place) : fail(ErrorCode::kCorrupt, "key of a head");
    if (!head)
      damaged.push_back(head.error());
    else
      (key.back() == static_cast<char>(Mark::kSeen) ? rows[*place].seen : rows[*place].held) = *head;
    return true;
  });
}

Result<void> read_charters(const StateStore& store, AllRows& rows, std::vector<Error>& damaged) {
  return store.scan(Column::kCharters, "", [&](std::string_view key, std::string_view value) {
    auto place = place_of_key(key);
    Reader in(as_bytes(value));
    auto charter = read_signed_charter(in);
    if (!place || !charter || !in.finish("charter"))
      damaged.push_back({ErrorCode::kCorrupt, "charter of " + (place ? place->hex() : "?")});
    else
      rows[*place].charters.push_back(std::move(*charter));
    return true;
  });
}

Result<void> read_evidence(const StateStore& store, AllRows& rows, std::vector<Error>& damaged) {
  return store.scan(Column::kEvidence, "", [&](std::string_view key, std::string_view value) {
    auto place = place_of_key(key);
    Reader in(as_bytes(value));
    auto first = read_signed_head(in);
    auto second = read_signed_head(in);
    if (!place || !first || !second || !in.finish("evidence"))
      damaged.push_back({ErrorCode::kCorrupt, "evidence of " + (place ? place->hex() : "?")});
    else
      rows[*place].fork = Fork{*first, *second};  // ascending: the last is of the highest charter and epoch
    return true;
  });
}

// Of places that are known by other rows.
Result<void> read_introducers(const StateStore& store, AllRows& rows, std::vector<Error>&) {
  return store.scan(Column::kPeers, "f", [&](std::string_view key, std::string_view value) {
    auto place = place_of_key(key.substr(1)), introducer = place_of_key(value);
    auto found = place && introducer ? rows.find(*place) : rows.end();
    if (found != rows.end()) found->second.introducer = *introducer;
    return true;
  });
}

}  // namespace

void put_head(WriteBatch& batch, Mark mark, const SignedHead& head) {
  batch.put(Column::kHeads, head_key(mark, head.head.place), head_value(head));
}

void erase_held(WriteBatch& batch, const PlaceId& place) { batch.erase(Column::kHeads, head_key(Mark::kHeld, place)); }

void put_charters(WriteBatch& batch, const CharterChain& chain, std::size_t from) {
  for (std::size_t number = from; number < chain.size(); ++number) {
    Writer tail, value;
    tail.u16(static_cast<std::uint16_t>(number));
    write(value, chain.at(static_cast<std::uint16_t>(number)));
    batch.put(Column::kCharters, key(chain.place(), tail), text_of(value.bytes()));
  }
}

void put_fork(WriteBatch& batch, const Fork& fork) {
  Writer tail;
  tail.u16(fork.first.head.charter).u64(fork.first.head.epoch);
  batch.put(Column::kEvidence, key(fork.first.head.place, tail), head_value(fork.first) + head_value(fork.second));
}

Result<bool> has_fork(const StateStore& store, const Head& head) {
  Writer tail;
  tail.u16(head.charter).u64(head.epoch);
  auto row = store.get(Column::kEvidence, key(head.place, tail));
  if (!row) return tl::unexpected(row.error());
  return row->has_value();
}

Result<std::optional<SignedHead>> get_head(const StateStore& store, Mark mark, const PlaceId& place) {
  auto value = store.get(Column::kHeads, head_key(mark, place));
  if (!value) return tl::unexpected(value.error());
  if (!*value) return std::optional<SignedHead>();
  auto head = head_of_value(**value, place);
  if (!head) return tl::unexpected(head.error());
  return std::optional(*head);
}

std::string introducer_key(const PlaceId& place) { return "f" + text_of(place.bytes); }

void put_introducer(WriteBatch& batch, const PlaceId& place, const PlaceId& introducer) {
  batch.put(Column::kPeers, introducer_key(place), text_of(introducer.bytes));
}

void put_receipt(WriteBatch& batch, const PlaceId& place, const Replica& replica) {
  Writer value;
  value.fixed(replica.head).i64(replica.time.ms);
  batch.put(Column::kPeers, receipt_prefix(place) + text_of(replica.replica.bytes), text_of(value.bytes()));
}

Result<std::optional<Replica>> get_receipt(const StateStore& store, const PlaceId& place, const PlaceId& replica) {
  auto value = store.get(Column::kPeers, receipt_prefix(place) + text_of(replica.bytes));
  if (!value) return tl::unexpected(value.error());
  return *value ? receipt_of_value(replica, **value) : std::nullopt;
}

Result<std::vector<Replica>> get_receipts(const StateStore& store, const PlaceId& place) {
  std::vector<Replica> receipts;
  std::string prefix = receipt_prefix(place);
  auto scanned = store.scan(Column::kPeers, prefix, [&](std::string_view key, std::string_view value) {
    Reader name(as_bytes(key.substr(prefix.size())));
    auto replica = name.fixed<PlaceId>();
    auto receipt = name.failed() ? std::nullopt : receipt_of_value(replica, value);
    if (receipt) receipts.push_back(*receipt);
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return receipts;
}

Result<std::vector<PlaceState>> load_places(const StateStore& store, std::vector<Error>& damaged) {
  AllRows rows;
  for (auto read : {read_heads, read_charters, read_evidence, read_introducers})
    if (auto done = read(store, rows, damaged); !done) return tl::unexpected(done.error());
  std::vector<PlaceState> places;
  places.reserve(rows.size());
  for (auto& [place, kept] : rows) {
    auto state = assemble(place, kept);
    if (state)
      places.push_back(std::move(*state));
    else
      damaged.push_back(state.error());
  }
  return places;
}

}  // namespace maillage::registry
