#include "protocol/reconcile.h"

#include <algorithm>

namespace maillage::protocol {
namespace {

// Above this many cells an honest difference is decoded already: twice the sets, at 1.4 cells a difference, and slack.
std::uint64_t cells_max(std::uint64_t own, std::uint64_t remote) { return 64 + 3 * (own + remote); }

constexpr unsigned kStartsMax = 8;

}  // namespace

void SketchHost::add(const PlaceId& place, const Hash& element) {
  SketchSymbol symbol = sketch_symbol(key(), element);
  if (!position_.emplace(symbol, static_cast<std::uint32_t>(members_.size())).second) return;
  members_.push_back({place, element});
  source_.add(symbol);
  estimate_.toggle(element);
}

void SketchHost::remove(const Hash& element) {
  SketchSymbol symbol = sketch_symbol(key(), element);
  auto found = position_.find(symbol);
  if (found == position_.end()) return;
  std::uint32_t gap = found->second;
  position_.erase(found);
  if (gap + 1 < members_.size()) {  // the last one fills it
    members_[gap] = members_.back();
    position_[sketch_symbol(key(), members_[gap].element)] = gap;
  }
  members_.pop_back();
  source_.remove(symbol);
  estimate_.toggle(element);
}

std::optional<PlaceId> SketchHost::place_of(SketchSymbol symbol) const {
  auto found = position_.find(symbol);
  return found == position_.end() ? std::nullopt : std::optional(members_[found->second].place);
}

void SketchHost::renew(const SketchKey& key) {
  source_ = SketchSource(key);
  estimate_ = {};
  position_.clear();
  position_.reserve(members_.size());
  auto members = std::exchange(members_, {});
  members_.reserve(members.size());
  for (const Member& member : members) add(member.place, member.element);
}

std::optional<SketchCells> SketchStream::next(SketchHost& host) {
  auto begin_anew = [&] { key_ = host.key(), revision_ = host.source().revision(), next_ = 0; };
  if (key_ != host.key()) begin_anew();
  if (next_ >= limit_) return std::nullopt;
  auto run = host.source().cells(revision_, next_, std::min(limit_ - next_, kSketchCellsPerRunMax));
  if (!run) {  // too much has changed since the stream began
    begin_anew();
    run = host.source().cells(revision_, 0, std::min(limit_, kSketchCellsPerRunMax));
  }
  if (!run || run->cells.empty()) return std::nullopt;
  next_ += static_cast<std::uint32_t>(run->cells.size());
  return SketchCells{key_, std::move(*run)};
}

// A sketch takes 1.37 cells a difference, of few up to 3. The rest is for an estimate that is too low: aiming higher costs cells each time,
// aiming lower a question now and then.
std::uint32_t cells_ahead(double apart, std::uint64_t own_count) {
  double wanted = 1.85 * apart + 5;
  bool worth_a_frame = wanted >= kSketchCellsFirst + 3;
  if (!worth_a_frame || apart > static_cast<double>(own_count)) return 0;
  return static_cast<std::uint32_t>(std::min<double>(wanted, kSketchCellsAheadMax));
}

void Reconciliation::begin(const SketchKey& key, std::span<const SketchSymbol> own) {
  key_ = key;
  own_count_ = own.size();
  decoder_.emplace(key, own);
  ++starts_;
}

Result<Reconciliation::Step> Reconciliation::add(const SketchCells& cells) {
  if (finished_ || !decoder_ || cells.key != key_) return fail(ErrorCode::kUnexpectedFrame, "SKETCH cells");
  if (starts_ > kStartsMax) return fail(ErrorCode::kTooMany, "restarts of a sketch");
  std::uint64_t remote = cells.run.set_size;
  // A difference of more than half the remote set costs more in cells and symbols than all heads do.
  bool mostly_new = remote > own_count_ && remote - own_count_ > remote / 2;
  if (auto added = decoder_->add_cells(cells.run); !added) return tl::unexpected(added.error());
  if (decoder_->done()) {
    finished_ = true;
    return Decoded{key_, decoder_->only_remote(), decoder_->only_local()};
  }
  if (mostly_new || decoder_->cells() >= std::min<std::uint64_t>(cells_max(own_count_, remote), kSketchCellsMax)) {
    finished_ = true;
    return GiveUp{};
  }
  if (decoder_->cells() < asked_) return Wait{};
  asked_ = decoder_->cells_wanted();
  return More{asked_};
}

}  // namespace maillage::protocol
