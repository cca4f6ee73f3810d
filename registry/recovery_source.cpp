#include "registry/recovery_source.h"

#include <algorithm>

namespace maillage::registry {

using namespace protocol;

Result<void> RootIndex::read(const StateStore& state, Instant now) {
  std::vector<std::pair<PublicKey, PlaceId>> places;
  std::optional<std::pair<PlaceId, std::vector<PublicKey>>> latest;  // rows come by place, then by number
  auto put = [&] {
    if (!latest) return;
    for (const PublicKey& root : latest->second) places.emplace_back(root, latest->first);
  };
  auto scanned = state.scan(Column::kCharters, "", [&](std::string_view key, std::string_view value) {
    Reader name(as_bytes(key)), in(as_bytes(value));
    auto place = name.fixed<PlaceId>();
    auto charter = read_signed_charter(in);
    if (!charter || name.failed()) return true;  // damaged: `verify` tells it
    if (latest && latest->first != place) put();
    latest.emplace(place, std::move(charter->charter.roots));
    return true;
  });
  if (!scanned) return scanned;
  put();
  std::ranges::sort(places);
  places_ = std::move(places);
  read_at_ = now;
  return {};
}

Result<std::vector<PlaceId>> RootIndex::places_of(const PublicKey& root, const StateStore& state, Instant now) {
  std::scoped_lock guard(mutex_);
  if (!read_at_ || now - *read_at_ >= kRootsKept)
    if (auto done = read(state, now); !done) return tl::unexpected(done.error());
  auto [first, last] = std::ranges::equal_range(places_, root, {}, [](const auto& entry) { return entry.first; });
  std::vector<PlaceId> places;
  for (auto at = first; at != last; ++at) places.push_back(at->second);
  if (!told_.take(1 + places.size(), now)) return fail(ErrorCode::kRateLimited, root.hex());
  return places;
}

Result<std::unique_ptr<PlaceFile>> PlaceFile::open(const ObjectSource& source, const Handover& start) {
  PackWish wish{start.head.head.commit, {}};
  auto pack = OutgoingPack::open(source, std::span(&wish, 1));
  if (!pack) return tl::unexpected(pack.error());
  return std::unique_ptr<PlaceFile>(new PlaceFile(encode(start), std::move(*pack)));
}

Result<Bytes> PlaceFile::read() {
  constexpr std::size_t kPieceBytes = 128 * kKiB;
  if (!start_.empty()) return std::exchange(start_, {});
  return pack_.read(kPieceBytes);
}

}  // namespace maillage::registry
