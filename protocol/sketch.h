// Sketch: rateless set reconciliation (Yang, Gilad, Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024)
// over 64-bit symbols. The dialled side streams cells; the dialling side subtracts its own and peels, and knows the
// whole difference after about 1.4 cells (18 bytes) a difference, whatever the size of the sets. PROTOCOL.md §5.
//
// A symbol is a 32-byte element (head.h) shortened by SipHash-2-4 under a key of the dialled side. Rationale: unkeyed
// short ids can be made to collide by whoever publishes heads; a key known to one session's two ends for ten minutes
// can at worst spoil that session, which then gets a fresh one.
// Everything is integer arithmetic, so that two implementations agree to the bit. Node thread.
#pragma once

#include <deque>
#include <unordered_set>
#include <vector>

#include "protocol/ids.h"
#include "protocol/limits.h"

namespace maillage::protocol {

using SketchSymbol = std::uint64_t;

SketchSymbol sketch_symbol(const SketchKey& key, const Hash& element);

// The low 32 bits of SipHash-2-4 of the symbol's 8 bytes (big-endian): tells a cell of one symbol from a mixture.
std::uint32_t sketch_check(const SketchKey& key, SketchSymbol symbol);

// The ascending cell indices of one symbol: 0 first, then index i with probability about 1 / (1 + i/2).
class SketchIndices {
 public:
  explicit SketchIndices(SketchSymbol symbol) : state_(symbol) {}

  // kSketchCellsMax when there is none left.
  std::uint32_t index() const { return index_; }
  void advance();

 private:
  std::uint64_t state_;
  std::uint32_t index_ = 0;
};

// The symbols mapped to one index: their exclusive or, that of their checks, and how many they are (in a difference:
// how many more the remote side has).
struct SketchCell {
  std::uint64_t sum = 0;
  std::uint32_t check = 0;
  std::int32_t count = 0;

  bool empty() const { return sum == 0 && check == 0 && count == 0; }
  bool operator==(const SketchCell&) const = default;
};

// Consecutive cells of one set, and what a receiver needs to know to read them.
struct SketchRun {
  std::uint64_t set_size = 0;
  std::uint32_t from = 0;  // index of the first cell
  std::vector<SketchCell> cells;

  bool operator==(const SketchRun&) const = default;
};

// The cells alone, about 13 bytes each: a count is written as its distance from the one expected at its index.
void write_cells(Writer& out, const SketchRun& run);

// All that is left in `in`: cells `from`, `from` + 1, … of a set of `set_size`. kMalformed for a count that no such
// set has, kTooMany beyond kSketchCellsPerRunMax, kSketchCellsMax or kSketchSetMax.
Result<SketchRun> read_cells(Reader& in, std::uint64_t set_size, std::uint32_t from);

// One symbol and how far it has been mapped.
struct SketchEntry {
  SketchSymbol symbol;
  std::uint32_t check;
  SketchIndices indices;
};

// The dialled side: the cells of a changing set, kept up to date, the same for every session.
class SketchSource {
 public:
  explicit SketchSource(const SketchKey& key) : key_(key) {}

  const SketchKey& key() const { return key_; }
  std::uint64_t size() const { return size_; }

  // Changes the set: O(log cells). Precondition: `add` of a symbol that is absent, `remove` of one that is present.
  void add(SketchSymbol symbol);
  void remove(SketchSymbol symbol);

  // How many changes there have been. A session remembers it when its stream begins: a stream must describe one set,
  // so it goes on showing the set of that moment while the set changes.
  std::uint64_t revision() const { return revision_; }

  // `count` cells from index `from` of the set as it was at `revision`; fewer at kSketchCellsMax. Produced on demand:
  // each doubling of what exists passes once over the set. kNotFound when more than kSketchChangesKept changes have
  // happened since: start a new stream.
  Result<SketchRun> cells(std::uint64_t revision, std::uint32_t from, std::uint32_t count);

 private:
  struct Change {
    SketchSymbol symbol;
    std::uint32_t check;
    std::int32_t sign;
  };

  void change(SketchSymbol symbol, std::int32_t sign);
  void extend(std::uint32_t wanted);
  void cancel_removed();

  SketchKey key_;
  std::uint64_t size_ = 0;
  std::uint64_t revision_ = 0;
  std::vector<SketchCell> cells_;
  std::vector<SketchEntry> added_, removed_;  // removed_ cancels added_ until it is half as long
  std::deque<Change> recent_;
};

// The dialling side: subtracts its own set from the cells that arrive and peels out the differences.
// Hostile cells end in an error or in `done() == false`, after work bounded by the number of cells.
class SketchDecoder {
 public:
  SketchDecoder(const SketchKey& key, std::span<const SketchSymbol> own_symbols);

  // The next cells of one stream. kMalformed when they do not continue it or describe no set; the decoder is spent
  // then. Cost of all together: own set × log(cells), plus differences × log(cells); of each call one pass over the own set.
  Result<void> add_cells(const SketchRun& run);

  // Every difference is known. False before the first cell.
  bool done() const { return !cells_.empty() && unsolved_ == 0; }
  std::uint32_t cells() const { return static_cast<std::uint32_t>(cells_.size()); }

  // Up to which cell to ask for now, when not done: the difference is estimated from how far the counts received are
  // spread. Asking so takes 3 to 4 questions and wastes a tenth of the cells (a quarter below 40 differences), where
  // doubling takes log2 and wastes up to half.
  std::uint32_t cells_wanted() const;

  // What is known so far; complete once `done()`. With probability ~2^-32 a cell, or from a liar, a symbol may be in
  // no set: callers ignore an `only_local` symbol they never put in.
  const std::vector<SketchSymbol>& only_remote() const { return only_remote_; }
  const std::vector<SketchSymbol>& only_local() const { return only_local_; }

 private:
  bool pure(const SketchCell& cell) const;
  void measure(std::uint32_t index, std::int64_t surplus);
  void apply(SketchEntry& entry, std::int32_t sign);
  Result<void> peel();

  SketchKey key_;
  std::vector<SketchEntry> own_;  // mapped to the cells received
  std::vector<SketchCell> cells_;
  std::size_t unsolved_ = 0;  // cells that are not empty
  std::uint64_t remote_size_ = 0;
  std::int64_t surplus_ = 0;  // how many more the remote side has: the difference of the first counts
  double spread_ = 0;         // sum of the estimates of the number of differences that each further cell gives
  std::vector<std::uint32_t> candidates_;
  std::vector<SketchEntry> found_remote_, found_local_;
  std::unordered_set<SketchSymbol> found_;
  std::vector<SketchSymbol> only_remote_, only_local_;
};

}  // namespace maillage::protocol
