// Reconciliation: how two nodes find what differs between their heads at a cost that follows the difference.
// PROTOCOL.md §8.
//
//   dialling                              dialled
//      ASK count                  ---->
//      MORE limit                 ---->   at once, by the estimate that the dialled side's HELLO brought
//      <----  CELLS key, cells 0 …        a few, then up to the limit of MORE: mostly all that it takes
//      MORE limit                 ---->   else, or without an estimate: as many as the decoder thinks (3 or 4 times)
//      DONE symbols               ---->   the heads of these, please; the dialling side's own HEADS follow at once
//      <----  HEADS …  END
//
// SketchHost is the dialled side's one set for all sessions, SketchStream what it keeps of one of them,
// Reconciliation what the dialling side keeps. Pure; node thread.
#pragma once

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "protocol/frame.h"
#include "protocol/sketch.h"

namespace maillage::protocol {

// Cells sent before the asker says more: 104 bytes, enough for 4 differences.
inline constexpr std::uint32_t kSketchCellsFirst = 8;
// Cells asked for by an estimate, at most: 860 KB, enough for 36,000 differences.
inline constexpr std::uint32_t kSketchCellsAheadMax = 65'536;
// A key is known to the peers that dialled within this time.
inline constexpr std::chrono::minutes kSketchKeyLife{10};

class SketchHost {
 public:
  struct Member {
    PlaceId place;
    Hash element;
  };

  explicit SketchHost(const SketchKey& key) : source_(key) {}

  const SketchKey& key() const { return source_.key(); }
  SketchSource& source() { return source_; }
  std::size_t size() const { return members_.size(); }
  // All of the set, side by side in memory: whoever reconciles with somebody else's key goes through it once.
  std::span<const Member> members() const { return members_; }
  const Estimate& estimate() const { return estimate_; }

  void add(const PlaceId& place, const Hash& element);
  void remove(const Hash& element);

  // The place whose element has this symbol, if it still has it.
  std::optional<PlaceId> place_of(SketchSymbol symbol) const;

  // A new key: every stream that runs starts anew. O(places).
  void renew(const SketchKey& key);

 private:
  SketchSource source_;
  Estimate estimate_;
  std::vector<Member> members_;
  std::unordered_map<SketchSymbol, std::uint32_t> position_;  // among them
};

// One answer under way on the dialled side.
class SketchStream {
 public:
  explicit SketchStream(SketchHost& host) : key_(host.key()), revision_(host.source().revision()) {}

  // The cells before `limit` may be sent; a limit below an earlier one changes nothing.
  void allow(std::uint32_t limit) { limit_ = std::max(limit_, limit); }

  // The next cells that may be sent, at most kSketchCellsPerRunMax; null when there are none. When the key was renewed
  // meanwhile, or too much has changed, the stream begins anew from cell 0 and the asker sees it by the index.
  // Rationale for one frame at a time: cells are made when the transport can take them, so whoever asks for a million
  // of them and does not read costs nothing.
  std::optional<SketchCells> next(SketchHost& host);

 private:
  SketchKey key_;
  std::uint64_t revision_;
  std::uint32_t next_ = 0, limit_ = 0;
};

// Up to which cell to ask for at once, when so many differences are estimated: in 19 of 20 reconciliations no second question follows.
// 0: what comes without asking does, or nearly nothing of our own `own_count` is common and all heads may be cheaper.
std::uint32_t cells_ahead(double apart, std::uint64_t own_count);

// The dialling side, from ASK to END.
class Reconciliation {
 public:
  // `ahead`: the cells before this one were asked for together with ASK.
  explicit Reconciliation(std::uint32_t ahead = 0) : asked_(ahead) {}

  // What to do after some cells.
  struct Wait {};  // more were asked for and are under way
  struct More { std::uint32_t limit; };
  struct Decoded {
    SketchKey key;
    std::vector<SketchSymbol> only_remote, only_local;
  };
  struct GiveUp {};  // all heads are cheaper
  using Step = std::variant<Wait, More, Decoded, GiveUp>;

  bool waiting_for_cells() const { return !finished_; }
  const SketchKey* key() const { return decoder_ ? &key_ : nullptr; }

  // Whether these cells begin a stream (again): then `begin` must be called with our own symbols under their key.
  bool begins(const SketchCells& cells) const { return !decoder_ || cells.run.from == 0; }
  void begin(const SketchKey& key, std::span<const SketchSymbol> own);

  // kMalformed when they do not continue the stream or never end; kTooMany when the stream restarts too often.
  Result<Step> add(const SketchCells& cells);

 private:
  SketchKey key_;
  std::optional<SketchDecoder> decoder_;
  std::uint64_t own_count_ = 0;
  std::uint32_t asked_;
  unsigned starts_ = 0;
  bool finished_ = false;
};

}  // namespace maillage::protocol
