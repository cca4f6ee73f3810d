// ObjectStore::purge: what nobody's history reaches any more leaves the disk.
#include <algorithm>

#include "registry/commit.h"
#include "registry/object_store.h"
#include "registry/tree.h"

namespace maillage::registry {
namespace {

using protocol::fail;
using Packs = std::vector<std::shared_ptr<const PackFile>>;

// Marks what commits reach, a bit for each row of each pack. An object that several packs have is marked in all of them.
class Reach {
 public:
  explicit Reach(const Packs& packs) : packs_(packs) {
    for (const auto& pack : packs) reached_.emplace_back(pack->objects(), false);
  }

  Result<void> add(const ObjectId& tip) {
    std::vector<ObjectId> waiting{tip};
    while (!waiting.empty()) {
      ObjectId id = waiting.back();
      waiting.pop_back();
      auto found = mark(id);
      if (!found) return tl::unexpected(found.error());
      if (!found->first_time) continue;
      auto object = read(*found, ObjectKind::kCommit, id);
      auto commit = object ? read_commit(*object) : tl::unexpected(object.error());
      if (!commit) return tl::unexpected(commit.error());
      if (auto done = add_tree(commit->tree); !done) return done;
      waiting.insert(waiting.end(), commit->parents.begin(), commit->parents.end());
    }
    return {};
  }

  std::vector<std::uint32_t> rows(std::size_t pack) const {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < packs_[pack]->objects(); ++row)
      if (reached_[pack][row]) rows.push_back(row);
    return rows;
  }

 private:
  struct Found {
    std::size_t pack;
    std::uint32_t row;
    bool first_time;
  };

  Result<Found> mark(const ObjectId& id) {
    std::optional<Found> found;
    for (std::size_t i = 0; i < packs_.size(); ++i) {
      auto row = packs_[i]->row_of(id);
      if (!row) continue;
      if (!found) found = {i, *row, !reached_[i][*row]};
      if (!found->first_time) return *found;
      reached_[i][*row] = true;
    }
    if (!found) return fail(ErrorCode::kMissingObject, id.hex());
    return *found;
  }

  Result<Bytes> read(const Found& at, ObjectKind kind, const ObjectId& id) const {
    auto object = packs_[at.pack]->read(packs_[at.pack]->offset_at(at.row));
    if (!object || object->kind != kind) return fail(ErrorCode::kCorrupt, id.hex());
    return std::move(object->bytes);
  }

  // At most kPathDepthMax deep: deeper ones were never taken in.
  Result<void> add_tree(const ObjectId& id) {
    auto found = mark(id);
    if (!found) return tl::unexpected(found.error());
    if (!found->first_time) return {};
    auto bytes = read(*found, ObjectKind::kTree, id);
    auto entries = bytes ? read_tree(*bytes) : tl::unexpected(bytes.error());
    if (!entries) return tl::unexpected(entries.error());
    for (const TreeEntry& entry : *entries) {
      auto file = entry.is_folder ? Result<Found>(Found{}) : mark(entry.id);
      if (!file) return tl::unexpected(file.error());
      if (!entry.is_folder) continue;
      if (auto done = add_tree(entry.id); !done) return done;
    }
    return {};
  }

  const Packs& packs_;
  std::vector<std::vector<bool>> reached_;
};

}  // namespace

Result<ObjectStore::Purge> ObjectStore::purge(std::span<const ObjectId> commits,
                                              const std::function<Result<void>(std::uint64_t bytes)>& need_room,
                                              std::atomic<bool>& half_done) {
  // The batch of a pack whose mark could not be taken off is durable: what is not, is withheld and not in the list.
  auto marked = kept();
  if (!marked) return tl::unexpected(marked.error());
  for (const PackName& name : *marked)
    if (auto done = release(name); !done) return tl::unexpected(done.error());
  auto packs = list();
  Reach reach(*packs);
  for (const ObjectId& commit : commits)
    if (auto done = reach.add(commit); !done) return tl::unexpected(done.error());
  Purge purged;
  for (std::size_t i = 0; i < packs->size(); ++i) {
    const PackFile& pack = *(*packs)[i];
    std::vector<std::uint32_t> rows = reach.rows(i);
    if (rows.size() == pack.objects()) continue;
    if (!rows.empty()) {
      if (auto room = need_room(pack.bytes()); !room) return tl::unexpected(room.error());
      auto written = rewrite(pack, rows);
      if (!written) return tl::unexpected(written.error());
      purged.bytes += *written;
    }
    half_done = true;
    if (auto done = remove_pack(pack.name()); !done) return tl::unexpected(done.error());
    ++purged.packs;
    purged.objects += pack.objects() - rows.size();
  }
  if (purged.packs > 0)
    if (auto done = sync_directory(pack_directory_); !done) return tl::unexpected(done.error());
  half_done = false;
  return purged;
}

// Raw entries are copied, in the order of the old pack; a delta is made whole, for its base may be among what goes.
Result<std::uint64_t> ObjectStore::rewrite(const PackFile& pack, const std::vector<std::uint32_t>& rows) {
  std::vector<std::pair<std::uint64_t, ObjectId>> ordered;
  for (std::uint32_t row : rows) ordered.emplace_back(pack.offset_at(row), pack.id_at(row));
  std::ranges::sort(ordered);
  std::filesystem::path path = directory_ / "quarantine" / "purged";
  for (const char* left : {"", ".idx"})  // by a purge that found the disk full
    if (auto done = remove_file(path.string() + left); !done) return tl::unexpected(done.error());
  auto file = OutputFile::create(path);
  if (!file) return tl::unexpected(file.error());
  PackWriter writer(static_cast<std::uint32_t>(rows.size()), [&](ByteView bytes) { return file->append(bytes); });
  for (const auto& [offset, id] : ordered) {
    // Rationale: the new pack gets a right checksum, which must not cover rot with health. What goes may be damaged.
    auto object = pack.read(offset);
    if (!object || object_id(object->kind, object->bytes) != id) return fail(ErrorCode::kCorrupt, "pack-" + pack.name().checksum.hex() + ".pack: " + id.hex());
    auto raw = pack.read_deflated(offset);
    if (!raw) return tl::unexpected(raw.error());
    auto done = *raw ? writer.add(id, **raw) : writer.add(id, object->kind, object->bytes);
    if (!done) return tl::unexpected(done.error());
  }
  auto name = writer.finish();
  if (!name) return tl::unexpected(name.error());
  if (auto done = file->sync(); !done) return tl::unexpected(done.error());
  // Another pack may hold exactly what is left of this one.
  if (find_pack(*name)) {
    auto removed = remove_file(path);
    return removed ? Result<std::uint64_t>(0) : tl::unexpected(removed.error());
  }
  if (auto done = install(path, encode_pack_index(writer.entries(), *name), *name, false); !done) return tl::unexpected(done.error());
  return file->size();
}

}  // namespace maillage::registry
