#include "registry/page.h"

namespace maillage::registry {

Result<void> read_items(const StateStore& store, const Query& query, const std::vector<Listed>& listed, bool more, Page& page) {
  std::size_t bytes = 0;
  const Position* last = nullptr;
  for (const auto& [source, position] : listed) {
    auto value = store.get(Column::kRecords, record_key(source.place, source.path));
    if (!value) return tl::unexpected(value.error());
    bool fits = page.items.empty() || !*value || bytes + (*value)->size() <= kPageBytesMax;
    if (!fits) {
      more = true;
      break;
    }
    last = &position;
    if (!*value) continue;  // withdrawn this very moment
    auto stored = decode_stored_record(**value);
    if (!stored) return protocol::fail(ErrorCode::kCorrupt, "stored record");
    bytes += (*value)->size();
    if (auto item = make_item(source, *stored)) page.items.push_back(std::move(*item));
  }
  if (more && last) page.next = encode_cursor(query, *last);
  return {};
}

}  // namespace maillage::registry
