#include "registry/page.h"

#include <boost/json/array.hpp>

namespace maillage::registry {
namespace {

using Stored = std::optional<StoredRecord>;

// Nothing when it was withdrawn this very moment. `bytes` grows by what was read.
Result<Stored> read_stored(const StateStore& store, const PlaceId& place, const PathKey& path, std::size_t& bytes) {
  auto value = store.get(Column::kRecords, record_key(place, path));
  if (!value) return tl::unexpected(value.error());
  if (!*value) return Stored();
  bytes += (*value)->size();
  auto stored = decode_stored_record(**value);
  if (!stored) return protocol::fail(ErrorCode::kCorrupt, "stored record");
  return Stored(std::move(*stored));
}

Result<void> add_publishers(const StateStore& store, const ItemSource& source, boost::json::object& item, std::size_t& bytes) {
  if (source.publishers.empty()) return {};
  boost::json::array publishers;
  for (const auto& publisher : source.publishers) {
    auto stored = read_stored(store, publisher.place.id, publisher.path, bytes);
    if (!stored) return tl::unexpected(stored.error());
    auto shown = *stored ? make_publisher(publisher, **stored) : std::nullopt;
    if (shown) publishers.push_back(std::move(*shown));
  }
  item["publishers"] = std::move(publishers);
  if (source.publishers_left_off > 0) item["publishersLeftOff"] = source.publishers_left_off;
  return {};
}

}  // namespace

Result<std::optional<boost::json::object>> read_item(const StateStore& store, const ItemSource& source) {
  std::size_t bytes = 0;
  auto stored = read_stored(store, source.place.id, source.path, bytes);
  if (!stored) return tl::unexpected(stored.error());
  auto item = *stored ? make_item(source, **stored) : std::nullopt;
  if (!item) return std::optional<boost::json::object>();
  if (auto added = add_publishers(store, source, *item, bytes); !added) return tl::unexpected(added.error());
  return item;
}

Result<void> read_items(const StateStore& store, const Query& query, const std::vector<Listed>& listed, bool more, Page& page) {
  std::size_t bytes = 0;
  const Position* last = nullptr;
  for (const auto& [source, position] : listed) {
    std::size_t before = bytes;
    auto stored = read_stored(store, source.place.id, source.path, bytes);
    if (!stored) return tl::unexpected(stored.error());
    bool fits = page.items.empty() || bytes == before || bytes <= kPageBytesMax;
    if (!fits) {
      more = true;
      break;
    }
    last = &position;
    auto item = *stored ? make_item(source, **stored) : std::nullopt;
    if (!item) continue;
    if (auto added = add_publishers(store, source, *item, bytes); !added) return added;
    page.items.push_back(std::move(*item));
  }
  if (more && last) page.next = encode_cursor(query, *last);
  return {};
}

}  // namespace maillage::registry
