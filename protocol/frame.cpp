#include "protocol/frame.h"

namespace maillage::protocol {
namespace {

constexpr std::size_t kShortTextMax = 255;
constexpr std::size_t kHelloTextMax = 64;
static_assert(kHelloTextMax == kScopeTextBytesMax);

Writer start(FrameType type, std::size_t expected_bytes = 64) {
  Writer out(expected_bytes + 1);
  out.u8(static_cast<std::uint8_t>(type));
  return out;
}

void write_short(Writer& out, std::string_view text, std::size_t max = kShortTextMax) {
  text = text.substr(0, max);
  out.u8(static_cast<std::uint8_t>(text.size())).text(text);
}
std::string read_short(Reader& in, std::size_t max = kShortTextMax) {
  std::size_t size = in.u8();
  if (size > max) in.refuse();
  return std::string(as_text(in.take(size)));
}

void write_charters(Writer& out, const std::vector<SignedCharter>& charters) {
  out.u16(static_cast<std::uint16_t>(charters.size()));
  for (const SignedCharter& charter : charters) write(out, charter);
}
Result<std::vector<SignedCharter>> read_charters(Reader& in) {
  std::size_t count = in.u16();
  std::vector<SignedCharter> charters;
  for (std::size_t i = 0; i < count; ++i) {
    auto charter = read_signed_charter(in);
    if (!charter) return tl::unexpected(charter.error());
    charters.push_back(std::move(*charter));
  }
  return charters;
}

void write_bundle(Writer& out, const HeadBundle& bundle) {
  write_charters(out, bundle.charters);
  out.u16(static_cast<std::uint16_t>(bundle.heads.size()));
  for (const SignedHead& head : bundle.heads) write(out, head);
}
Result<HeadBundle> read_bundle(Reader& in) {
  auto charters = read_charters(in);
  if (!charters) return tl::unexpected(charters.error());
  HeadBundle bundle{std::move(*charters), {}};
  std::size_t count = in.u16();
  if (count > kHeadsPerFrameMax) return fail(ErrorCode::kTooMany, "heads in one frame");
  for (std::size_t i = 0; i < count; ++i) {
    auto head = read_signed_head(in);
    if (!head) return tl::unexpected(head.error());
    bundle.heads.push_back(*head);
  }
  return bundle;
}

void write_scope(Writer& out, const std::vector<std::string>& scope) {
  out.u8(static_cast<std::uint8_t>(scope.size()));
  for (const std::string& text : scope) write_short(out, text, kScopeTextBytesMax);
}
Result<std::vector<std::string>> read_scope(Reader& in) {
  std::vector<std::string> scope;
  std::size_t count = in.u8();
  if (count > kScopeTextsMax) return fail(ErrorCode::kTooMany, "scopes");
  for (std::size_t i = 0; i < count; ++i) scope.push_back(read_short(in, kScopeTextBytesMax));
  return scope;
}

void write_estimate(Writer& out, const Estimate& estimate) {
  out.u8(static_cast<std::uint8_t>(estimate.levels().size()));
  for (std::uint64_t level : estimate.levels()) out.u64(level);
}
Result<Estimate> read_estimate(Reader& in) {
  std::size_t count = in.u8();
  if (count > Estimate::kLevelsMax) return fail(ErrorCode::kTooMany, "levels of an estimate");
  std::array<std::uint64_t, Estimate::kLevelsMax> levels{};
  for (std::size_t i = 0; i < count; ++i) levels[i] = in.u64();
  return Estimate(levels);
}

Result<Frame> read_hello(Reader& in) {
  Hello hello;
  hello.version = in.u16();
  hello.nonce = in.fixed<Nonce>();
  hello.place = in.fixed<PlaceId>();
  hello.time.ms = in.i64();
  hello.agent = read_short(in, kHelloTextMax);
  auto scope = read_scope(in);
  if (!scope) return tl::unexpected(scope.error());
  hello.scope = std::move(*scope);
  if (in.failed() || in.left() == 0) return hello;
  hello.abilities = in.u8();
  auto estimate = read_estimate(in);
  if (!estimate) return tl::unexpected(estimate.error());
  hello.estimate = *estimate;
  if (!in.failed()) in.rest();  // a later version may say more
  return hello;
}

Result<Frame> read_auth(Reader& in) {
  Auth auth;
  auth.signature = in.fixed<Signature>();
  auto own = read_bundle(in);
  if (!own) return tl::unexpected(own.error());
  if (own->heads.size() != 1) return fail(ErrorCode::kMalformed, "AUTH carries one head");
  auth.own = std::move(*own);
  return auth;
}

enum class SketchPart : std::uint8_t { kAsk, kCells, kMore, kDone, kAll, kEnd, kDue };

Result<Frame> read_sketch_done(Reader& in) {
  SketchDone done;
  done.key = in.fixed<SketchKey>();
  done.last = in.u8() != 0;
  std::size_t count = in.u16();
  if (count > kSketchSymbolsMax) return fail(ErrorCode::kTooMany, "symbols in one frame");
  for (std::size_t i = 0; i < count && !in.failed(); ++i) done.symbols.push_back(in.u64());
  return Sketch(std::move(done));
}

Result<Frame> read_sketch(Reader& in) {
  switch (static_cast<SketchPart>(in.u8())) {
    case SketchPart::kAsk:
      return Sketch(SketchAsk{in.u64()});
    case SketchPart::kCells: {
      auto key = in.fixed<SketchKey>();
      std::uint64_t count = in.u64();
      std::uint32_t first = in.u32();
      auto run = read_cells(in, count, first);
      if (!run) return tl::unexpected(run.error());
      return Sketch(SketchCells{key, std::move(*run)});
    }
    case SketchPart::kMore:
      return Sketch(SketchMore{in.u32()});
    case SketchPart::kDone:
      return read_sketch_done(in);
    case SketchPart::kAll:
      return Sketch(SketchAll{});
    case SketchPart::kEnd:
      return Sketch(SketchEnd{});
    case SketchPart::kDue:
      return Sketch(SketchDue{});
  }
  return fail(ErrorCode::kMalformed, "SKETCH part");
}

Result<Frame> read_want(Reader& in) {
  Want want;
  want.request = in.u32();
  std::size_t count = in.u16();
  if (!in.failed() && want.request == 0) return fail(ErrorCode::kMalformed, "WANT 0");
  if (count > kWantPlacesMax) return fail(ErrorCode::kTooMany, "places in one WANT");
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    auto place = in.fixed<PlaceId>();
    if (!want.places.empty() && place <= want.places.back().place)
      return fail(ErrorCode::kMalformed, "places of a WANT not ascending");
    want.places.push_back({place, in.fixed<ObjectId>()});
  }
  if (!in.failed() && want.places.empty()) return fail(ErrorCode::kMalformed, "WANT of nothing");
  return want;
}

Result<void> read_packed_places(Reader& in, Pack& pack) {
  std::size_t count = in.u16();
  if (count > kWantPlacesMax) return fail(ErrorCode::kTooMany, "places in one PACK");
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    PackedPlace entry;
    if (in.u8() == 0) {
      entry.place = in.fixed<PlaceId>();
    } else {
      auto head = read_signed_head(in);
      if (!head) return tl::unexpected(head.error());
      entry.place = head->head.place;
      entry.head = *head;
      entry.base = in.fixed<ObjectId>();
    }
    pack.places.push_back(std::move(entry));
  }
  return {};
}

Result<Frame> read_pack(Reader& in) {
  Pack pack;
  pack.request = in.u32();
  pack.flags = in.u8();
  if ((pack.flags & Pack::kFirst) != 0)
    if (auto read = read_packed_places(in, pack); !read) return tl::unexpected(read.error());
  pack.bytes = in.rest();
  if (pack.bytes.size() > kPackChunkBytes) return fail(ErrorCode::kTooLarge, "part of a pack");
  return pack;
}

Result<Frame> read_evidence(Reader& in) {
  auto charters = read_charters(in);
  if (!charters) return tl::unexpected(charters.error());
  auto first = read_signed_head(in);
  if (!first) return tl::unexpected(first.error());
  auto second = read_signed_head(in);
  if (!second) return tl::unexpected(second.error());
  if (!conflicts(first->head, second->head)) return fail(ErrorCode::kMalformed, "EVIDENCE of no conflict");
  return Evidence{std::move(*charters), *first, *second};
}

Result<Frame> read_two_charters(Reader& in) {
  auto first = read_signed_charter(in);
  if (!first) return tl::unexpected(first.error());
  auto second = read_signed_charter(in);
  if (!second) return tl::unexpected(second.error());
  const Charter &a = first->charter, &b = second->charter;
  bool siblings = a.number > 0 && a.place == b.place && a.number == b.number && a.previous == b.previous && !(a == b);
  if (!siblings) return fail(ErrorCode::kMalformed, "TWO_CHARTERS that are not of one parent");
  return TwoCharters{std::move(*first), std::move(*second)};
}

Result<Frame> read_receipt(Reader& in) {
  Receipt receipt;
  receipt.replica = in.fixed<PlaceId>();
  receipt.time.ms = in.i64();
  std::size_t count = in.u16();
  if (count > kReceiptItemsMax) return fail(ErrorCode::kTooMany, "items in one RECEIPT");
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    auto place = in.fixed<PlaceId>();
    receipt.items.push_back({place, in.fixed<Hash>()});
  }
  receipt.signature = in.fixed<Signature>();
  if (!in.failed() && receipt.items.empty()) return fail(ErrorCode::kMalformed, "RECEIPT of nothing");
  return receipt;
}

Result<Frame> read_bye(Reader& in) {
  std::string code = read_short(in);
  return Bye{std::move(code), read_short(in)};
}

void write_places(Writer& out, const std::vector<PlaceId>& places) {
  out.u16(static_cast<std::uint16_t>(places.size()));
  for (const PlaceId& place : places) out.fixed(place);
}
// All of a WHERE or a CHARTERS.
template <class Question>
Result<Frame> read_places(Reader& in, const char* name) {
  Question question;
  std::size_t count = in.u16();
  if (count > kWantPlacesMax) return fail(ErrorCode::kTooMany, std::string("places in one ") + name);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    auto place = in.fixed<PlaceId>();
    if (!question.places.empty() && place <= question.places.back())
      return fail(ErrorCode::kMalformed, std::string("places not ascending in ") + name);
    question.places.push_back(place);
  }
  if (!in.failed() && question.places.empty()) return fail(ErrorCode::kMalformed, std::string(name) + " of nothing");
  return question;
}

Result<Holders::Held> read_held(Reader& in, std::size_t daemons) {
  Holders::Held held{in.fixed<PlaceId>(), {}};
  std::size_t count = in.u8();
  if (count > kHoldersMax) return fail(ErrorCode::kTooMany, "holders of one place");
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    held.by.push_back(in.u8());
    if (held.by.back() >= daemons) in.refuse();
  }
  if (held.by.empty()) in.refuse();
  return held;
}

Result<Frame> read_holders(Reader& in) {
  Holders holders;
  std::size_t daemons = in.u8();
  if (daemons > kHolderDaemonsMax) return fail(ErrorCode::kTooMany, "holders in one frame");
  for (std::size_t i = 0; i < daemons && !in.failed(); ++i) {
    auto place = in.fixed<PlaceId>();
    holders.daemons.push_back({place, read_short(in)});
  }
  std::size_t count = in.u16();
  if (count > kWantPlacesMax) return fail(ErrorCode::kTooMany, "places in one HOLDERS");
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    auto held = read_held(in, daemons);
    if (!held) return tl::unexpected(held.error());
    holders.places.push_back(std::move(*held));
  }
  return holders;
}

Result<Frame> read_frame(std::uint8_t type, Reader& in) {
  switch (static_cast<FrameType>(type)) {
    case FrameType::kHello: return read_hello(in);
    case FrameType::kAuth: return read_auth(in);
    case FrameType::kSketch: return read_sketch(in);
    case FrameType::kHeads: {
      auto bundle = read_bundle(in);
      if (!bundle) return tl::unexpected(bundle.error());
      return Heads{std::move(*bundle)};
    }
    case FrameType::kWant: return read_want(in);
    case FrameType::kPack: return read_pack(in);
    case FrameType::kCredit: return Credit{in.u32()};
    case FrameType::kEvidence: return read_evidence(in);
    case FrameType::kReceipt: return read_receipt(in);
    case FrameType::kBye: return read_bye(in);
    case FrameType::kInvited: {
      auto invitation = in.fixed<InvitationId>();
      return Invited{invitation, in.fixed<Hash>()};
    }
    case FrameType::kWelcome: return Welcome{read_short(in)};
    case FrameType::kTwoCharters: return read_two_charters(in);
    case FrameType::kScope: {
      auto scope = read_scope(in);
      if (!scope) return tl::unexpected(scope.error());
      return ScopeNow{std::move(*scope)};
    }
    case FrameType::kWhere: return read_places<Where>(in, "WHERE");
    case FrameType::kHolders: return read_holders(in);
    case FrameType::kCharters: return read_places<Charters>(in, "CHARTERS");
  }
  if (type < 0x80) return fail(ErrorCode::kMalformed, "frame type " + std::to_string(type));
  in.rest();
  return Unknown{type};
}

struct SketchWriter {
  Writer& out;
  void part(SketchPart part) { out.u8(static_cast<std::uint8_t>(part)); }
  void operator()(const SketchAsk& ask) { part(SketchPart::kAsk), out.u64(ask.count); }
  void operator()(const SketchCells& cells) {
    part(SketchPart::kCells);
    out.fixed(cells.key).u64(cells.run.set_size).u32(cells.run.from);
    write_cells(out, cells.run);
  }
  void operator()(const SketchMore& more) { part(SketchPart::kMore), out.u32(more.limit); }
  void operator()(const SketchDone& done) {
    part(SketchPart::kDone);
    out.fixed(done.key).u8(done.last ? 1 : 0).u16(static_cast<std::uint16_t>(done.symbols.size()));
    for (std::uint64_t symbol : done.symbols) out.u64(symbol);
  }
  void operator()(const SketchAll&) { part(SketchPart::kAll); }
  void operator()(const SketchEnd&) { part(SketchPart::kEnd); }
  void operator()(const SketchDue&) { part(SketchPart::kDue); }
};

void write_receipt_body(Writer& out, const Receipt& receipt) {
  out.fixed(receipt.replica).i64(receipt.time.ms).u16(static_cast<std::uint16_t>(receipt.items.size()));
  for (const Receipt::Item& item : receipt.items) out.fixed(item.place).fixed(item.head);
}

}  // namespace

Bytes encode(const Hello& frame) {
  Writer out = start(FrameType::kHello);
  out.u16(frame.version).fixed(frame.nonce).fixed(frame.place).i64(frame.time.ms);
  write_short(out, frame.agent, kHelloTextMax);
  write_scope(out, frame.scope);
  if (frame.abilities == 0 && frame.estimate.levels().empty()) return std::move(out).take();
  out.u8(frame.abilities);
  write_estimate(out, frame.estimate);
  return std::move(out).take();
}

Bytes encode(const Auth& frame) {
  Writer out = start(FrameType::kAuth, 512);
  out.fixed(frame.signature);
  write_bundle(out, frame.own);
  return std::move(out).take();
}

Bytes encode(const Sketch& frame) {
  Writer out = start(FrameType::kSketch);
  std::visit(SketchWriter{out}, frame);
  return std::move(out).take();
}

Bytes encode(const Heads& frame) {
  Writer out = start(FrameType::kHeads, frame.bundle.heads.size() * SignedHead::kBytes + 256);
  write_bundle(out, frame.bundle);
  return std::move(out).take();
}

Bytes encode(const Want& frame) {
  Writer out = start(FrameType::kWant, 8 + frame.places.size() * 52);
  out.u32(frame.request).u16(static_cast<std::uint16_t>(frame.places.size()));
  for (const WantedPlace& wanted : frame.places) out.fixed(wanted.place).fixed(wanted.have);
  return std::move(out).take();
}

Bytes encode(const Pack& frame) {
  Writer out = start(FrameType::kPack, 8 + frame.places.size() * 280 + frame.bytes.size());
  out.u32(frame.request).u8(frame.flags);
  if ((frame.flags & Pack::kFirst) != 0) {
    out.u16(static_cast<std::uint16_t>(frame.places.size()));
    for (const PackedPlace& entry : frame.places) {
      out.u8(entry.head ? 1 : 0);
      if (!entry.head) out.fixed(entry.place);
      if (entry.head) write(out, *entry.head), out.fixed(entry.base);
    }
  }
  out.raw(frame.bytes);
  return std::move(out).take();
}

Bytes encode(const Credit& frame) {
  Writer out = start(FrameType::kCredit);
  out.u32(frame.bytes);
  return std::move(out).take();
}

Bytes encode(const Evidence& frame) {
  Writer out = start(FrameType::kEvidence, 1024);
  write_charters(out, frame.charters);
  write(out, frame.first);
  write(out, frame.second);
  return std::move(out).take();
}

Bytes encode(const Receipt& frame) {
  Writer out = start(FrameType::kReceipt, 128 + frame.items.size() * 64);
  write_receipt_body(out, frame);
  out.fixed(frame.signature);
  return std::move(out).take();
}

Bytes encode(const Bye& frame) {
  Writer out = start(FrameType::kBye);
  write_short(out, frame.code);
  write_short(out, frame.text);
  return std::move(out).take();
}

Bytes encode(const Invited& frame) {
  Writer out = start(FrameType::kInvited);
  out.fixed(frame.invitation).fixed(frame.proof);
  return std::move(out).take();
}

Bytes encode(const Welcome& frame) {
  Writer out = start(FrameType::kWelcome);
  write_short(out, frame.code);
  return std::move(out).take();
}

Bytes encode(const TwoCharters& frame) {
  Writer out = start(FrameType::kTwoCharters);
  write(out, frame.first);
  write(out, frame.second);
  return std::move(out).take();
}

Bytes encode(const ScopeNow& frame) {
  Writer out = start(FrameType::kScope);
  write_scope(out, frame.scope);
  return std::move(out).take();
}

Bytes encode(const Where& frame) {
  Writer out = start(FrameType::kWhere, 8 + frame.places.size() * PlaceId::kSize);
  write_places(out, frame.places);
  return std::move(out).take();
}

Bytes encode(const Charters& frame) {
  Writer out = start(FrameType::kCharters, 8 + frame.places.size() * PlaceId::kSize);
  write_places(out, frame.places);
  return std::move(out).take();
}

Bytes encode(const Holders& frame) {
  Writer out = start(FrameType::kHolders, 8 + frame.daemons.size() * 64 + frame.places.size() * 37);
  out.u8(static_cast<std::uint8_t>(frame.daemons.size()));
  for (const Holders::Daemon& daemon : frame.daemons) {
    out.fixed(daemon.place);
    write_short(out, daemon.address);
  }
  out.u16(static_cast<std::uint16_t>(frame.places.size()));
  for (const Holders::Held& held : frame.places) {
    out.fixed(held.place).u8(static_cast<std::uint8_t>(held.by.size()));
    for (std::uint8_t at : held.by) out.u8(at);
  }
  return std::move(out).take();
}

Result<Frame> decode_frame(ByteView bytes) {
  if (bytes.size() > kFrameBytesMax) return fail(ErrorCode::kTooLarge, "frame");
  Reader in(bytes);
  std::uint8_t type = in.u8();
  if (in.failed()) return fail(ErrorCode::kTruncated, "empty frame");
  auto frame = read_frame(type, in);
  if (!frame) return frame;
  if (auto finished = in.finish("frame type " + std::to_string(type)); !finished)
    return tl::unexpected(finished.error());
  return frame;
}

Bytes signed_message(const Receipt& receipt) {
  Writer out;
  out.text("place-receipt-1\n");
  write_receipt_body(out, receipt);
  return std::move(out).take();
}

}  // namespace maillage::protocol
