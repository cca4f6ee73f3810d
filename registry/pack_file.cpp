#include "registry/pack_file.h"

#include <algorithm>
#include <numeric>

#include "registry/delta.h"
#include "registry/inflate.h"
#include "registry/pack_entry.h"
#include "registry/pack_reader.h"

namespace maillage::registry {
namespace {

using protocol::check;
using protocol::fail;

constexpr std::size_t kFanoutBytes = 8 + 256 * 4;
constexpr std::size_t kIndexRowBytes = 28;  // name, CRC-32, offset

std::uint32_t u32_at(ByteView bytes, std::size_t at) {
  protocol::Reader in(bytes.subspan(at, 4));
  return in.u32();
}

}  // namespace

PackFile::PackFile(MappedFile pack, MappedFile index, const PackName& name)
    : pack_(std::move(pack)), index_(std::move(index)), name_(name) {}

Result<std::shared_ptr<const PackFile>> PackFile::open(const std::filesystem::path& stem, const PackName& name) {
  auto pack = MappedFile::open(stem.string() + ".pack");
  if (!pack) return tl::unexpected(pack.error());
  auto index = MappedFile::open(stem.string() + ".idx");
  if (!index) return tl::unexpected(index.error());
  auto file = std::shared_ptr<PackFile>(new PackFile(std::move(*pack), std::move(*index), name));
  if (auto sound = file->read_index(); !sound) return fail(sound.error().code, stem.string() + ".idx: " + sound.error().context);
  return file;
}

Result<void> PackFile::read_index() {
  ByteView index = index_.bytes(), pack = pack_.bytes();
  if (index.size() < kFanoutBytes + 40 || pack.size() < kPackHeaderBytes + kPackTrailerBytes) return fail(ErrorCode::kCorrupt, "cut short");
  if (u32_at(index, 0) != 0xff744f63 || u32_at(index, 4) != 2) return fail(ErrorCode::kCorrupt, "not an index of version 2");
  objects_ = u32_at(index, kFanoutBytes - 4);
  std::uint64_t rows = std::uint64_t{objects_} * kIndexRowBytes;
  if (index.size() < kFanoutBytes + rows + 40 || u32_at(pack, 8) != objects_) return fail(ErrorCode::kCorrupt, "another number of objects");
  std::uint32_t below = 0;
  for (std::size_t i = 0; i < 256; ++i) {
    std::uint32_t upto = u32_at(index, 8 + i * 4);
    if (upto < below || upto > objects_) return fail(ErrorCode::kCorrupt, "fan-out table");
    below = upto;
  }
  if (!std::ranges::equal(index.last(40).first(20), pack.last(kPackTrailerBytes))) return fail(ErrorCode::kCorrupt, "made for another pack");
  return {};
}

ObjectId PackFile::id_at(std::uint32_t row) const {
  protocol::Reader in(index_.bytes().subspan(kFanoutBytes + std::size_t{row} * 20, 20));
  return in.fixed<ObjectId>();
}

// Zero, where no entry is, when the index is damaged.
std::uint64_t PackFile::offset_at(std::uint32_t row) const {
  ByteView index = index_.bytes();
  std::size_t narrow = kFanoutBytes + std::size_t{objects_} * 24;
  std::uint64_t offset = u32_at(index, narrow + std::size_t{row} * 4);
  if (offset & 0x80000000) {
    std::size_t wide = narrow + std::size_t{objects_} * 4 + (offset & 0x7fffffff) * 8;
    if (wide + 8 > index.size() - 40) return 0;
    protocol::Reader in(index.subspan(wide, 8));
    offset = in.u64();
  }
  return offset < pack_.bytes().size() - kPackTrailerBytes ? offset : 0;
}

std::optional<std::uint64_t> PackFile::find(const ObjectId& id) const {
  auto row = row_of(id);
  return row ? std::optional(offset_at(*row)) : std::nullopt;
}

std::optional<std::uint32_t> PackFile::row_of(const ObjectId& id) const {
  ByteView index = index_.bytes();
  std::uint8_t first = id.bytes[0];
  std::uint32_t low = first == 0 ? 0 : u32_at(index, 8 + (first - 1u) * 4);
  std::uint32_t high = std::min(u32_at(index, 8 + first * 4u), objects_);  // the disk may rot after it was opened
  while (low < high) {
    std::uint32_t middle = low + (high - low) / 2;
    int order = std::memcmp(index.data() + kFanoutBytes + std::size_t{middle} * 20, id.bytes.data(), 20);
    if (order == 0) return middle;
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return std::nullopt;
}

Result<Object> PackFile::read(std::uint64_t offset, std::size_t depth) const {
  if (offset < kPackHeaderBytes || depth > protocol::kDeltaDepthMax) return fail(ErrorCode::kCorrupt, "pack entry");
  auto raw = read_raw_entry(pack_.bytes(), offset);
  if (!raw || raw->size > protocol::kFileBytesMax) return fail(ErrorCode::kCorrupt, "pack entry");
  Bytes bytes(raw->size);
  if (!inflate_exactly(pack_body(pack_.bytes(), raw->body), bytes)) return fail(ErrorCode::kCorrupt, "pack entry");
  if (raw->kind) return Object{*raw->kind, std::move(bytes)};
  auto base_offset = raw->base_offset ? raw->base_offset : find(raw->base_id);
  if (!base_offset) return fail(ErrorCode::kCorrupt, "a delta without its base");
  auto base = read(*base_offset, depth + 1);
  if (!base) return base;
  auto sizes = delta_sizes(bytes);
  if (!sizes || sizes->result > protocol::kFileBytesMax) return fail(ErrorCode::kCorrupt, "delta");
  auto result = apply_delta(base->bytes, bytes);
  if (!result) return fail(ErrorCode::kCorrupt, "delta");
  return Object{base->kind, std::move(*result)};
}

std::uint64_t PackFile::end_of(std::uint64_t offset) const {
  std::call_once(sorted_once_, [this] {
    sorted_offsets_.resize(objects_);
    for (std::uint32_t row = 0; row < objects_; ++row) sorted_offsets_[row] = offset_at(row);
    std::ranges::sort(sorted_offsets_);
  });
  auto next = std::ranges::upper_bound(sorted_offsets_, offset);
  return next == sorted_offsets_.end() ? pack_.bytes().size() - kPackTrailerBytes : *next;
}

Result<std::optional<DeflatedObject>> PackFile::read_deflated(std::uint64_t offset) const {
  if (offset < kPackHeaderBytes) return fail(ErrorCode::kCorrupt, "pack entry");
  auto raw = read_raw_entry(pack_.bytes(), offset);
  if (!raw) return fail(ErrorCode::kCorrupt, "pack entry");
  if (!raw->kind) return std::nullopt;
  std::uint64_t end = end_of(offset);
  if (end < raw->body) return fail(ErrorCode::kCorrupt, "pack entry");
  return DeflatedObject{*raw->kind, raw->size, pack_.bytes().subspan(raw->body, end - raw->body), shared_from_this(), true};
}

Result<void> PackFile::verify() const {
  struct Nothing final : ObjectSource {
    bool contains(const ObjectId&) const override { return false; }
    Result<Object> read(const ObjectId& id) const override { return fail(ErrorCode::kNotFound, id.hex()); }
  };
  // Rationale: the index is a pure function of its pack, so equality with a fresh one checks every byte of it.
  auto table = PackTable::read(pack_.bytes(), Nothing(), {.inflated_bytes_max = UINT64_MAX});
  std::string file = "pack-" + name_.checksum.hex();
  if (!table) return fail(ErrorCode::kCorrupt, file + ".pack: " + table.error().context);
  if (table->name() != name_) return fail(ErrorCode::kCorrupt, file + ".pack: another pack's content");
  if (!std::ranges::equal(encode_pack_index(index_entries(*table), name_), index_.bytes())) return fail(ErrorCode::kCorrupt, file + ".idx");
  return {};
}

std::vector<PackIndexEntry> index_entries(const PackTable& table) {
  std::vector<PackIndexEntry> entries;
  entries.reserve(table.entries().size());
  for (const PackEntry& entry : table.entries()) entries.push_back({entry.id, entry.crc32, entry.offset});
  return entries;
}

}  // namespace maillage::registry
