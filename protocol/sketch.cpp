#include "protocol/sketch.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include "protocol/crypto.h"

namespace maillage::protocol {
namespace {

constexpr std::size_t kCellBytesMin = 8 + 4 + 1;

// How many of `set_size` symbols are expected at `index`: the writer's and the reader's common guess.
std::int64_t expected_count(std::uint64_t set_size, std::uint32_t index) {
  return static_cast<std::int64_t>(2 * set_size / (std::uint64_t{index} + 2));
}

std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

void toggle(SketchCell& cell, SketchSymbol symbol, std::uint32_t check, std::int32_t sign) {
  cell.sum ^= symbol;
  cell.check ^= check;
  cell.count += sign;
}

// Maps the entry to the cells before `end` that it has not been mapped to yet.
void map_until(SketchEntry& entry, std::vector<SketchCell>& cells, std::uint32_t end, std::int32_t sign) {
  for (; entry.indices.index() < end; entry.indices.advance())
    toggle(cells[entry.indices.index()], entry.symbol, entry.check, sign);
}

std::uint32_t size_of(const std::vector<SketchCell>& cells) { return static_cast<std::uint32_t>(cells.size()); }

}  // namespace

SketchSymbol sketch_symbol(const SketchKey& key, const Hash& element) { return siphash(key, element.bytes); }

std::uint32_t sketch_check(const SketchKey& key, SketchSymbol symbol) {
  std::array<std::uint8_t, 8> bytes;
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(symbol >> (56 - 8 * i));
  return static_cast<std::uint32_t>(siphash(key, bytes));
}

void SketchIndices::advance() {
  // SplitMix64; the larger of two uniform halves is distributed as the square root of one: no square root needed.
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  z ^= z >> 31;
  std::uint64_t root = std::max(z >> 32, z & 0xffffffff) + 1;
  std::uint64_t width = 2 * std::uint64_t{index_} + 3;
  std::uint64_t distance = ((width << 32) + root - 1) / root - width;
  std::uint64_t next = index_ + std::max<std::uint64_t>(1, (distance + 1) / 2);
  index_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(next, kSketchCellsMax));
}

void write_cells(Writer& out, const SketchRun& run) {
  std::uint32_t index = run.from;
  for (const SketchCell& cell : run.cells)
    out.u64(cell.sum).u32(cell.check).varint(zigzag(cell.count - expected_count(run.set_size, index++)));
}

Result<SketchRun> read_cells(Reader& in, std::uint64_t set_size, std::uint32_t from) {
  if (set_size > kSketchSetMax) return fail(ErrorCode::kTooMany, "symbols of a sketch");
  SketchRun run{set_size, from, {}};
  run.cells.reserve(std::min<std::size_t>(in.left() / kCellBytesMin, kSketchCellsPerRunMax));
  while (in.left() > 0) {
    std::uint64_t index = std::uint64_t{from} + run.cells.size();
    if (run.cells.size() == kSketchCellsPerRunMax || index >= kSketchCellsMax)
      return fail(ErrorCode::kTooMany, "cells of a sketch");
    SketchCell cell{in.u64(), in.u32(), 0};
    std::int64_t distance = unzigzag(in.varint());
    if (in.failed()) return fail(ErrorCode::kTruncated, "sketch");
    std::int64_t expected = expected_count(set_size, static_cast<std::uint32_t>(index));
    // Compared before adding: a hostile distance must not overflow.
    if (distance < -expected || distance > static_cast<std::int64_t>(set_size) - expected)
      return fail(ErrorCode::kMalformed, "count of a sketch cell");
    cell.count = static_cast<std::int32_t>(expected + distance);
    run.cells.push_back(cell);
  }
  return run;
}

void SketchSource::add(SketchSymbol symbol) { change(symbol, 1); }
void SketchSource::remove(SketchSymbol symbol) { change(symbol, -1); }

void SketchSource::change(SketchSymbol symbol, std::int32_t sign) {
  check(sign > 0 ? size_ < kSketchSetMax : size_ > 0, "a sketch holds between 0 and kSketchSetMax symbols");
  SketchEntry entry{symbol, sketch_check(key_, symbol), SketchIndices(symbol)};
  map_until(entry, cells_, size_of(cells_), sign);
  (sign > 0 ? added_ : removed_).push_back(entry);
  size_ += static_cast<std::uint64_t>(std::int64_t{sign});
  ++revision_;
  recent_.push_back({symbol, entry.check, sign});
  if (recent_.size() > kSketchChangesKept) recent_.pop_front();
  if (removed_.size() > added_.size() / 2 + 64) cancel_removed();
}

void SketchSource::extend(std::uint32_t wanted) {
  if (wanted <= cells_.size()) return;
  std::uint32_t end = std::min<std::uint32_t>(std::max({wanted, 2 * size_of(cells_), 64u}), kSketchCellsMax);
  cells_.resize(end);
  for (SketchEntry& entry : added_) map_until(entry, cells_, end, 1);
  for (SketchEntry& entry : removed_) map_until(entry, cells_, end, -1);
}

void SketchSource::cancel_removed() {
  // Equal symbols are mapped equally far in both lists, so cancelling them changes no cell to come.
  std::ranges::sort(added_, {}, &SketchEntry::symbol);
  std::ranges::sort(removed_, {}, &SketchEntry::symbol);
  std::vector<SketchEntry> kept;
  kept.reserve(size_);
  std::ranges::set_difference(added_, removed_, std::back_inserter(kept), {}, &SketchEntry::symbol,
                              &SketchEntry::symbol);
  added_ = std::move(kept);
  removed_.clear();
}

Result<SketchRun> SketchSource::cells(std::uint64_t revision, std::uint32_t from, std::uint32_t count) {
  check(revision <= revision_, "a sketch of the future");
  std::uint64_t since = revision_ - revision;
  if (since > recent_.size()) return fail(ErrorCode::kNotFound, "the sketch of revision " + std::to_string(revision));
  from = std::min<std::uint32_t>(from, kSketchCellsMax);
  std::uint32_t end = from + std::min<std::uint32_t>(count, kSketchCellsMax - from);
  extend(end);
  SketchRun run{size_, from, {cells_.begin() + from, cells_.begin() + end}};
  for (auto undone = recent_.end() - static_cast<std::ptrdiff_t>(since); undone != recent_.end(); ++undone) {
    run.set_size -= static_cast<std::uint64_t>(std::int64_t{undone->sign});
    for (SketchIndices indices(undone->symbol); indices.index() < end; indices.advance())
      if (indices.index() >= from) toggle(run.cells[indices.index() - from], undone->symbol, undone->check, -undone->sign);
  }
  return run;
}

SketchDecoder::SketchDecoder(const SketchKey& key, std::span<const SketchSymbol> own_symbols)
    : key_(key) {
  check(own_symbols.size() <= kSketchSetMax, "a sketch holds between 0 and kSketchSetMax symbols");
  own_.reserve(own_symbols.size());
  for (SketchSymbol symbol : own_symbols) own_.push_back({symbol, sketch_check(key, symbol), SketchIndices(symbol)});
}

bool SketchDecoder::pure(const SketchCell& cell) const {
  return (cell.count == 1 || cell.count == -1) && sketch_check(key_, cell.sum) == cell.check;
}

// Each of d differences is in cell i with probability p = 2 / (i + 2): the count has mean p × surplus and variance
// d p (1 − p), so its square distance from the mean, divided by p (1 − p), is an unbiased estimate of d.
void SketchDecoder::measure(std::uint32_t index, std::int64_t surplus) {
  if (index == 0) {
    surplus_ = surplus;
    return;
  }
  double off_mean = static_cast<double>(surplus) * (index + 2.0) - 2.0 * static_cast<double>(surplus_);
  spread_ += off_mean * off_mean / (2.0 * index);
}

std::uint32_t SketchDecoder::cells_wanted() const {
  double received = std::max<std::uint32_t>(cells(), 2);
  // The mean of n such estimates is off by √(2/n) of itself; aiming a little low costs a short question more, aiming
  // high costs cells. Measured: 1.45, 1/4, 6 and 1/5 are near the best of both.
  double estimate = spread_ / (received - 1);
  estimate = std::max({estimate, static_cast<double>(std::abs(surplus_)), static_cast<double>(found_.size() + 1)});
  double wanted = 1.45 * estimate * (1 - 0.25 * std::sqrt(2 / (received - 1))) + 6;
  double least = received + std::max(6.0, received / 5);
  double most = std::min(16 * received, received + kSketchCellsPerAskMax);
  return static_cast<std::uint32_t>(std::min<double>(std::clamp(wanted, least, std::max(least, most)), kSketchCellsMax));
}

// Maps a found symbol to every cell received that it has not been mapped to yet.
void SketchDecoder::apply(SketchEntry& entry, std::int32_t sign) {
  for (; entry.indices.index() < cells_.size(); entry.indices.advance()) {
    SketchCell& cell = cells_[entry.indices.index()];
    bool was_empty = cell.empty();
    toggle(cell, entry.symbol, entry.check, sign);
    if (was_empty != cell.empty()) was_empty ? ++unsolved_ : --unsolved_;
    if (cell.count == 1 || cell.count == -1) candidates_.push_back(entry.indices.index());
  }
}

Result<void> SketchDecoder::add_cells(const SketchRun& run) {
  if (run.cells.empty() || run.from != cells_.size() || (run.from != 0 && run.set_size != remote_size_))
    return fail(ErrorCode::kMalformed, "a sketch that does not continue");
  if (run.cells.size() > kSketchCellsMax - run.from) return fail(ErrorCode::kTooMany, "cells of a sketch");
  remote_size_ = run.set_size;
  cells_.insert(cells_.end(), run.cells.begin(), run.cells.end());
  for (SketchEntry& entry : own_) map_until(entry, cells_, size_of(cells_), -1);
  for (std::uint32_t i = run.from; i < size_of(cells_); ++i) {
    measure(i, cells_[i].count);
    if (!cells_[i].empty()) ++unsolved_;
    candidates_.push_back(i);
  }
  for (SketchEntry& entry : found_remote_) apply(entry, -1);
  for (SketchEntry& entry : found_local_) apply(entry, 1);
  return peel();
}

Result<void> SketchDecoder::peel() {
  while (!candidates_.empty()) {
    SketchCell cell = cells_[candidates_.back()];
    candidates_.pop_back();
    if (!pure(cell)) continue;
    // Every symbol found empties a cell for good, in honest cells: so it is found once, and there are no more of them
    // than cells. Garbage would otherwise peel for ever.
    if (found_.size() == cells_.size() || !found_.insert(cell.sum).second)
      return fail(ErrorCode::kMalformed, "the cells of a sketch contradict each other");
    bool remote = cell.count > 0;
    (remote ? only_remote_ : only_local_).push_back(cell.sum);
    auto& found = remote ? found_remote_ : found_local_;
    found.push_back({cell.sum, cell.check, SketchIndices(cell.sum)});
    apply(found.back(), -cell.count);
  }
  return {};
}

}  // namespace maillage::protocol
