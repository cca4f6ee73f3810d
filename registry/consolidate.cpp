// ObjectStore::consolidate: one publication is one small pack, and every pack is one more place to look for an object.
#include <algorithm>
#include <unordered_set>

#include "registry/object_store.h"

namespace maillage::registry {
namespace {

using Packs = std::vector<std::shared_ptr<const PackFile>>;

// The smallest packs, as many as must become one so that each pack left is at least twice all smaller ones together.
// `packs` ascend by size.
Packs to_merge(Packs packs, std::uint64_t bytes_max) {
  std::uint64_t smaller = 0, total = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < packs.size(); ++i) {
    if (i > 0 && packs[i]->bytes() < 2 * smaller) count = i + 1;
    smaller += packs[i]->bytes();
  }
  packs.resize(count);
  auto fits = std::ranges::find_if(packs, [&](const auto& pack) { return (total += pack->bytes()) > bytes_max; });
  packs.erase(fits, packs.end());
  if (packs.size() < 2) packs.clear();
  return packs;
}

// Every object of these packs once; those of the largest first.
std::vector<ObjectId> objects_of(const Packs& packs) {
  std::vector<ObjectId> ids;
  std::unordered_set<ObjectId> seen;
  for (auto pack = packs.rbegin(); pack != packs.rend(); ++pack)
    for (std::uint32_t row = 0; row < (*pack)->objects(); ++row)
      if (ObjectId id = (*pack)->id_at(row); seen.insert(id).second) ids.push_back(id);
  return ids;
}

}  // namespace

Result<std::size_t> ObjectStore::consolidate(std::uint64_t pack_bytes_max) {
  auto marked = kept();
  if (!marked) return tl::unexpected(marked.error());
  Packs packs = *list();
  std::erase_if(packs, [&](const auto& pack) { return std::ranges::find(*marked, pack->name()) != marked->end(); });
  std::ranges::sort(packs, {}, [](const auto& pack) { return pack->bytes(); });
  Packs merged = to_merge(std::move(packs), pack_bytes_max);
  if (merged.empty()) return 0;
  // Rationale: raw entries are copied and the new pack gets a right checksum, which must not cover rot with health.
  for (const auto& pack : merged)
    if (auto sound = pack->verify(); !sound) return tl::unexpected(sound.error());
  if (auto done = write_merged(objects_of(merged)); !done) return tl::unexpected(done.error());
  for (const auto& pack : merged)
    if (auto done = remove_pack(pack->name()); !done) return tl::unexpected(done.error());
  if (auto done = sync_directory(pack_directory_); !done) return tl::unexpected(done.error());
  return merged.size();
}

Result<void> ObjectStore::write_merged(const std::vector<ObjectId>& ids) {
  std::filesystem::path path = directory_ / "quarantine" / "merged";
  if (auto done = remove_file(path); !done) return done;
  if (auto done = remove_file(path.string() + ".idx"); !done) return done;
  auto file = OutputFile::create(path);
  if (!file) return tl::unexpected(file.error());
  PackWriter writer(static_cast<std::uint32_t>(ids.size()), [&](ByteView bytes) { return file->append(bytes); });
  for (const ObjectId& id : ids) {
    auto object = read_deflated(id);
    if (!object) return tl::unexpected(object.error());
    if (auto done = writer.add(id, *object); !done) return done;
  }
  auto name = writer.finish();
  if (!name) return tl::unexpected(name.error());
  if (auto done = file->sync(); !done) return done;
  return install(path, encode_pack_index(writer.entries(), *name), *name, false);
}

}  // namespace maillage::registry
