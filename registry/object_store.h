// ObjectStore: the ContentStore on disk, `DIR/store.git`: a bare git repository of packs only, no loose object, no
// ref, no alternate; `git fsck --full` finds nothing wrong in it. STORAGE.md "The object store".
//
// Packs and indexes are mapped and never change; the list of them is swapped whole under a lock, so readers never wait
// for a disk and a reader that started before a discard ends on the old list. Reading: any thread; changing: one.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <span>

#include "registry/content_store.h"
#include "registry/pack_file.h"

namespace maillage::registry {

class ObjectStore final : public ContentStore {
 public:
  // Opens or makes `directory`/store.git and `directory`/quarantine. What a crash left is removed: quarantined packs,
  // temporary files, packs without index. kIo, kCorrupt (an index that does not match its pack).
  static Result<std::unique_ptr<ObjectStore>> open(const std::filesystem::path& directory);

  bool contains(const ObjectId& id) const override;
  Result<Object> read(const ObjectId& id) const override;
  Result<DeflatedObject> read_deflated(const ObjectId& id) const override;

  Result<std::unique_ptr<StagedPack>> stage(std::uint64_t bytes_max) override;
  Result<PackName> adopt(StagedPack& staged, const PackTable& table) override;
  Result<void> release(const PackName& name) override;
  Result<void> discard(const PackName& name) override;
  Result<std::vector<PackName>> kept() const override;
  bool holds(const PackName& name, const ObjectId& id) const override;

  // The batch that needs this marked pack failed, and may be in RocksDB's log all the same: nobody reads the pack, and its
  // files stay until the next start knows. Does nothing to a pack without a mark: it was adopted and released before.
  void withhold(const PackName& name);

  std::filesystem::path git_directory() const { return directory_ / "store.git"; }
  std::vector<PackName> packs() const;

  // Recomputes the checksum of every pack and index, and the name of every object: a flipped byte anywhere is found.
  // One error a damaged file. Cost: about 20 ms a MB.
  std::vector<Error> verify() const;

  // Merges the smallest packs into one when that makes sizes grow geometrically (each at least twice all smaller ones
  // together), at most `pack_bytes_max` in all; marked packs stay out. Old packs go only when the new one is durable.
  // Returns how many went. kCorrupt when one of them is damaged: nothing is merged then. Changes, like adopt.
  Result<std::size_t> consolidate(std::uint64_t pack_bytes_max);

  // What a purge did. `objects` went, with all that only they were in.
  struct Purge {
    std::size_t packs = 0;  // rewritten or removed
    std::size_t objects = 0;
    std::uint64_t bytes = 0;  // written
  };
  // Takes every object that none of `commits` reaches off the disk: rewrites the packs that hold such an object, one by one,
  // and no other; the old pack goes when the new one is durable. Packs must have no mark (or belong to a committed batch).
  // `need_room` is asked before each. `half_done` is true while an object is gone and one that names it may be there: nothing
  // may be taken in until a purge ends well. kMissingObject, kCorrupt: a commit's history is not whole, nothing was
  // removed; kDiskFull, kIo. Changes, like adopt. Cost: every folder and commit is read once, and each pack that is rewritten.
  Result<Purge> purge(std::span<const ObjectId> commits, const std::function<Result<void>(std::uint64_t bytes)>& need_room,
                      std::atomic<bool>& half_done);

 private:
  using PackList = std::vector<std::shared_ptr<const PackFile>>;

  explicit ObjectStore(std::filesystem::path directory);
  std::filesystem::path path_of(const PackName& name, std::string_view extension) const;
  std::shared_ptr<const PackList> list() const;
  void swap_in(PackList packs);
  Result<void> show(const PackName& name);
  std::shared_ptr<const PackFile> find_pack(const PackName& name) const;
  Result<void> recover();
  Result<std::shared_ptr<const PackFile>> recover_pack(const PackName& name);
  Result<void> rebuild_index(const PackName& name);
  Result<void> install(const std::filesystem::path& pack, ByteView index, const PackName& name, bool marked);
  void hide(const PackName& name);  // from new readers
  Result<void> remove_pack(const PackName& name);
  Result<void> write_merged(const std::vector<ObjectId>& ids);
  Result<std::uint64_t> rewrite(const PackFile& pack, const std::vector<std::uint32_t>& rows);

  std::filesystem::path directory_;
  std::filesystem::path pack_directory_;
  std::atomic<std::uint64_t> next_stage_ = 0;
  mutable std::mutex mutex_;  // guards packs_ only
  std::shared_ptr<const PackList> packs_;
};

}  // namespace maillage::registry
