#include "registry/pack_reader.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "protocol/crypto.h"
#include "registry/delta.h"
#include "registry/inflate.h"
#include "registry/pack_entry.h"
#include "registry/sha1.h"

namespace maillage::registry {
namespace {

using protocol::fail;

// The least an entry takes: one byte of header, eight of an empty zlib stream. Bounds the count before anything is
// allocated for it.
constexpr std::uint64_t kEntryBytesMin = 9;
// Bases kept inflated while deltas are resolved.
constexpr std::uint64_t kBaseCacheBytes = 16 * protocol::kMiB;

constexpr ObjectKind kUnresolved{};

std::string at(std::uint64_t offset) { return "at byte " + std::to_string(offset); }

}  // namespace

// Reads a pack into a table. Exists only while `PackTable::read` runs.
class PackScan {
 public:
  PackScan(ByteView pack, const ObjectSource& bases, const PackLimits& limits)
      : limits_(limits), budget_(limits.inflated_bytes_max) {
    table_.pack_ = pack;
    table_.bases_ = &bases;
  }

  Result<PackTable> run() {
    auto count = read_frame();
    if (!count) return tl::unexpected(count.error());
    if (auto done = read_entries(*count); !done) return tl::unexpected(done.error());
    if (auto done = resolve_deltas(); !done) return tl::unexpected(done.error());
    if (auto done = sort_names(); !done) return tl::unexpected(done.error());
    if (auto done = settle_bases(); !done) return tl::unexpected(done.error());
    find_borrowed();
    return std::move(table_);
  }

 private:
  struct Base {
    ObjectKind kind;
    std::uint8_t depth;
    std::uint32_t entry;  // as PackEntry::base
    std::shared_ptr<const Bytes> bytes;
  };

  // A delta on an object that was not known to be in the pack when it was resolved.
  struct Leaning {
    ObjectId base;
    std::uint32_t entry;
  };

  // Header and trailer; gives the number of entries.
  Result<std::uint32_t> read_frame() {
    ByteView pack = table_.pack_;
    if (pack.size() < kPackHeaderBytes + kPackTrailerBytes) return fail(ErrorCode::kTruncated, "pack");
    protocol::Reader in(pack);
    if (protocol::as_text(in.take(4)) != "PACK" || in.u32() != 2) return fail(ErrorCode::kBadPack, "not a pack of version 2");
    std::uint32_t count = in.u32();
    if (count > limits_.objects_max) return fail(ErrorCode::kTooMany, std::to_string(count) + " objects in a pack");
    if (count > (pack.size() - kPackHeaderBytes - kPackTrailerBytes) / kEntryBytesMin) return fail(ErrorCode::kTruncated, "pack");
    Sha1 sha1;
    sha1.update(pack.first(pack.size() - kPackTrailerBytes));
    table_.name_.checksum = sha1.finish();
    if (!std::ranges::equal(table_.name_.checksum.bytes, pack.last(kPackTrailerBytes))) return fail(ErrorCode::kBadPack, "checksum");
    return count;
  }

  Result<void> read_entries(std::uint32_t count) {
    table_.entries_.reserve(count);
    std::uint64_t offset = kPackHeaderBytes;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (auto done = read_entry(offset); !done) return done;
      offset = table_.entries_.back().end;
    }
    if (!pack_body(table_.pack_, offset).empty()) return fail(ErrorCode::kTrailingBytes, "pack");
    return {};
  }

  Result<void> read_entry(std::uint64_t offset) {
    auto raw = read_raw_entry(table_.pack_, offset);
    if (!raw) return tl::unexpected(raw.error());
    // A delta's program is never worth more than the object it makes.
    std::uint64_t allowed = raw->kind ? bytes_max(*raw->kind) : limits_.blob_bytes_max;
    if (raw->size > allowed) return fail(ErrorCode::kTooLarge, "object of " + std::to_string(raw->size) + " bytes " + at(offset));
    if (auto done = spend(raw->size); !done) return done;
    buffer_.resize(raw->size);
    auto taken = inflate_exactly(pack_body(table_.pack_, raw->body), buffer_);
    if (!taken) return fail(taken.error().code, taken.error().context + " " + at(offset));
    PackEntry entry{};
    entry.kind = raw->kind.value_or(kUnresolved);
    entry.offset = offset;
    entry.end = raw->body + *taken;
    entry.crc32 = crc_of(table_.pack_.subspan(offset, entry.end - offset));
    if (raw->kind) {
      if (auto done = name(entry, buffer_); !done) return done;
      table_.keep(entry, buffer_);
    } else {
      pending_.push_back(static_cast<std::uint32_t>(table_.entries_.size()));
    }
    table_.entries_.push_back(entry);
    return {};
  }

  std::uint64_t bytes_max(ObjectKind kind) const { return kind == ObjectKind::kBlob ? limits_.blob_bytes_max : object_bytes_max(kind); }

  // Sets what is computed from an object's bytes.
  Result<void> name(PackEntry& entry, ByteView bytes) {
    entry.size = static_cast<std::uint32_t>(bytes.size());
    entry.id = object_id(entry.kind, bytes);
    if (entry.id.is_zero()) return fail(ErrorCode::kBadPack, "a SHA-1 collision " + at(entry.offset));
    if (entry.kind == ObjectKind::kBlob) entry.sha256 = protocol::sha256(bytes);
    return {};
  }

  Result<void> spend(std::uint64_t bytes) {
    if (bytes > budget_) return fail(ErrorCode::kTooLarge, "pack inflates beyond " + std::to_string(limits_.inflated_bytes_max) + " bytes");
    budget_ -= bytes;
    return {};
  }

  // Pass after pass over the deltas whose base is known by now. A chain is at most kDeltaDepthMax long, so are the passes.
  Result<void> resolve_deltas() {
    while (!pending_.empty()) {
      index_resolved();
      std::vector<std::uint32_t> left;
      for (std::uint32_t index : pending_) {
        auto resolved = resolve(index);
        if (!resolved) return tl::unexpected(resolved.error());
        if (!*resolved) left.push_back(index);
      }
      if (left.size() == pending_.size()) return fail(ErrorCode::kMissingObject, "base of a delta " + at(table_.entries_[left[0]].offset));
      pending_ = std::move(left);
    }
    return {};
  }

  void index_resolved() {
    resolved_.clear();
    for (std::uint32_t i = 0; i < table_.entries_.size(); ++i)
      if (table_.entries_[i].kind != kUnresolved) resolved_.emplace(table_.entries_[i].id, i);
  }

  // False: its base is not known yet.
  Result<bool> resolve(std::uint32_t index) {
    PackEntry& entry = table_.entries_[index];
    auto raw = read_raw_entry(table_.pack_, entry.offset);
    if (!raw) return tl::unexpected(raw.error());
    auto base = base_of(*raw);
    if (!base) return tl::unexpected(base.error());
    if (!*base) return false;
    const Base& found = **base;
    if (found.depth >= protocol::kDeltaDepthMax) return fail(ErrorCode::kBadPack, "delta chain too deep " + at(entry.offset));
    auto bytes = apply(*raw, found);
    if (!bytes) return fail(bytes.error().code, bytes.error().context + " " + at(entry.offset));
    entry.kind = found.kind;
    entry.delta_depth = static_cast<std::uint8_t>(found.depth + 1);
    entry.base = found.entry;
    if (found.entry == 0) leaning_.push_back({raw->base_id, index});
    if (auto done = name(entry, *bytes); !done) return tl::unexpected(done.error());
    remember(entry.offset, std::make_shared<const Bytes>(std::move(*bytes)));
    return true;
  }

  Result<Bytes> apply(const RawEntry& raw, const Base& base) {
    if (auto done = spend(raw.size); !done) return tl::unexpected(done.error());
    buffer_.resize(raw.size);
    if (auto taken = inflate_exactly(pack_body(table_.pack_, raw.body), buffer_); !taken) return tl::unexpected(taken.error());
    auto sizes = delta_sizes(buffer_);
    if (!sizes) return tl::unexpected(sizes.error());
    if (sizes->result > bytes_max(base.kind)) return fail(ErrorCode::kTooLarge, "delta makes " + std::to_string(sizes->result) + " bytes");
    if (auto done = spend(sizes->result); !done) return tl::unexpected(done.error());
    return apply_delta(*base.bytes, buffer_);
  }

  Result<std::optional<Base>> base_of(const RawEntry& raw) {
    const PackEntry* found = nullptr;
    if (raw.base_offset) {
      found = table_.entry_at(*raw.base_offset);
      if (found == nullptr) return fail(ErrorCode::kBadPack, "delta base " + at(*raw.base_offset));
      if (found->kind == kUnresolved) return std::nullopt;
    } else if (auto in_pack = resolved_.find(raw.base_id); in_pack != resolved_.end()) {
      found = &table_.entries_[in_pack->second];
    }
    if (found == nullptr) return outside_base(raw.base_id);
    auto bytes = whole(*found);
    if (!bytes) return tl::unexpected(bytes.error());
    return Base{found->kind, found->delta_depth, static_cast<std::uint32_t>(found - table_.entries_.data()) + 1, *bytes};
  }

  Result<std::optional<Base>> outside_base(const ObjectId& id) {
    if (!table_.bases_->contains(id)) return std::nullopt;
    auto object = table_.bases_->read(id);
    if (!object) return tl::unexpected(object.error());
    if (auto done = spend(object->bytes.size()); !done) return tl::unexpected(done.error());
    return Base{object->kind, 0, 0, std::make_shared<const Bytes>(std::move(object->bytes))};
  }

  // Inflates along the chain at most down to the nearest object in the cache; every step is paid for.
  Result<std::shared_ptr<const Bytes>> whole(const PackEntry& entry) {
    if (auto cached = cache_.find(entry.offset); cached != cache_.end()) return cached->second;
    if (auto done = spend(std::uint64_t{entry.size} * (entry.delta_depth + 1)); !done) return tl::unexpected(done.error());
    auto bytes = table_.inflate(entry);
    if (!bytes) return tl::unexpected(bytes.error());
    auto shared = std::make_shared<const Bytes>(std::move(*bytes));
    remember(entry.offset, shared);
    return shared;
  }

  void remember(std::uint64_t offset, std::shared_ptr<const Bytes> bytes) {
    if (cached_bytes_ + bytes->size() > kBaseCacheBytes) {
      cache_.clear();
      cached_bytes_ = 0;
    }
    cached_bytes_ += bytes->size();
    cache_.emplace(offset, std::move(bytes));
  }

  Result<void> sort_names() {
    const auto& entries = table_.entries_;
    auto& order = table_.by_id_;
    order.resize(entries.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, {}, [&](std::uint32_t i) -> const auto& { return entries[i].id.bytes; });
    auto twin = std::ranges::adjacent_find(order, {}, [&](std::uint32_t i) -> const auto& { return entries[i].id.bytes; });
    if (twin != order.end()) return fail(ErrorCode::kBadPack, "an object twice: " + entries[*twin].id.hex());
    table_.fan_.assign(PackTable::kFans + 1, 0);
    for (const PackEntry& entry : entries) ++table_.fan_[PackTable::fan_of(entry.id) + 1];
    std::partial_sum(table_.fan_.begin(), table_.fan_.end(), table_.fan_.begin());
    return {};
  }

  // What was leant on outside may be in the pack too, and there it will be found once the pack is stored (PackFile, git): so it
  // is from here on. Then, and only then, deltas can lean on one another in a ring: A on X outside, B on A, and B is X.
  Result<void> settle_bases() {
    bool moved = false;
    for (const Leaning& each : leaning_) {
      auto inside = table_.find(each.base);
      if (!inside) continue;
      table_.entries_[each.entry].base = *inside + 1;
      moved = true;
    }
    return moved ? measure_chains() : Result<void>{};
  }

  Result<void> measure_chains() {
    auto& entries = table_.entries_;
    for (PackEntry& entry : entries) {
      std::size_t depth = 0;
      const PackEntry* end = &entry;
      for (; end->base != 0 && depth <= protocol::kDeltaDepthMax; end = &entries[end->base - 1]) ++depth;
      if (end->delta_depth > 0) ++depth;  // the last one leans outside
      if (depth > protocol::kDeltaDepthMax) return fail(ErrorCode::kBadPack, "deltas that lean on one another " + at(entry.offset));
      entry.delta_depth = static_cast<std::uint8_t>(depth);
    }
    return {};
  }

  void find_borrowed() {
    std::ranges::sort(leaning_, {}, &Leaning::base);
    for (const Leaning& each : leaning_)
      if (!table_.find(each.base) && (table_.borrowed_.empty() || table_.borrowed_.back() != each.base)) table_.borrowed_.push_back(each.base);
  }

  PackTable table_;
  PackLimits limits_;
  std::uint64_t budget_;
  Bytes buffer_;
  std::vector<std::uint32_t> pending_;
  std::unordered_map<ObjectId, std::uint32_t> resolved_;
  std::vector<Leaning> leaning_;
  std::unordered_map<std::uint64_t, std::shared_ptr<const Bytes>> cache_;
  std::uint64_t cached_bytes_ = 0;
};

Result<PackTable> PackTable::read(ByteView pack, const ObjectSource& bases, const PackLimits& limits) {
  return PackScan(pack, bases, limits).run();
}

void PackTable::keep(PackEntry& entry, ByteView bytes) {
  if (entry.kind == ObjectKind::kCommit || bytes.size() > kKeptObjectBytesMax) return;
  if (kept_.empty() || kept_.back().size() + bytes.size() > kKeptBlockBytes) {
    if (kept_.size() == kKeptBlocksMax) return;
    kept_.emplace_back().reserve(kKeptBlockBytes);
  }
  Bytes& block = kept_.back();
  entry.kept_at = static_cast<std::uint32_t>((kept_.size() - 1) * kKeptBlockBytes + block.size()) + 1;
  block.insert(block.end(), bytes.begin(), bytes.end());
}

std::optional<std::uint32_t> PackTable::find(const ObjectId& id) const {
  auto name = [&](std::uint32_t i) -> const ObjectId& { return entries_[i].id; };
  if (fan_.empty()) return std::nullopt;
  auto begin = by_id_.begin() + fan_[fan_of(id)], end = by_id_.begin() + fan_[fan_of(id) + 1];
  auto found = std::lower_bound(begin, end, id, [&](std::uint32_t i, const ObjectId& sought) { return name(i) < sought; });
  if (found == end || name(*found) != id) return std::nullopt;
  return *found;
}

const PackEntry* PackTable::entry_at(std::uint64_t offset) const {
  auto found = std::ranges::lower_bound(entries_, offset, {}, &PackEntry::offset);
  return found != entries_.end() && found->offset == offset ? &*found : nullptr;
}

Result<Bytes> PackTable::inflate(const PackEntry& entry) const {
  if (entry.kept_at > 0) {
    const Bytes& block = kept_[(entry.kept_at - 1) / kKeptBlockBytes];
    auto start = block.begin() + (entry.kept_at - 1) % kKeptBlockBytes;
    return Bytes(start, start + entry.size);
  }
  auto raw = read_raw_entry(pack_, entry.offset);
  if (!raw) return tl::unexpected(raw.error());
  Bytes bytes(raw->size);
  if (auto taken = inflate_exactly(pack_body(pack_, raw->body), bytes); !taken) return tl::unexpected(taken.error());
  if (raw->kind) return bytes;
  Result<Bytes> base = Bytes{};
  if (entry.base > 0) {
    base = inflate(entries_[entry.base - 1]);
  } else {
    auto object = bases_->read(raw->base_id);
    if (!object) return tl::unexpected(object.error());
    base = std::move(object->bytes);
  }
  if (!base) return base;
  return apply_delta(*base, bytes);
}

}  // namespace maillage::registry
