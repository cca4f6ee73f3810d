// Trees: raw git trees read and written, edited by path, and summed up into the state that a head signs.
//
// Only regular files (100644) and folders (40000) with names of the path grammar, in git's order, no name twice, at
// most kPathDepthMax deep: everything else cannot be represented. Any thread; a TreeCache locks itself.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/object.h"

namespace maillage::registry {

struct TreeEntry {
  std::string_view name;
  bool is_folder;
  ObjectId id;
};

// The entries, whose names point into `bytes`. kBadObject with the entry and the reason.
Result<std::vector<TreeEntry>> read_tree(ByteView bytes);

// Sorts, then writes.
Bytes write_tree(std::vector<TreeEntry> entries);

// What a folder holds, all its folders included.
struct TreeSummary {
  Hash state;              // protocol/state.h
  std::uint64_t bytes = 0;
  std::uint32_t files = 0;
  std::uint8_t height = 0;  // 1: files only
};

// Summaries by git id, so that an edit costs its path. Bounded: the less recently used half goes when it is full.
class TreeCache {
 public:
  // Rationale: about 110 B an entry; a region of 2,000 places with 40 records each fits.
  explicit TreeCache(std::size_t entries_max = 100'000) : entries_max_(entries_max) {}

  std::optional<TreeSummary> find(const ObjectId& id) const;
  void put(const ObjectId& id, const TreeSummary& summary);

 private:
  std::size_t entries_max_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<ObjectId, TreeSummary> recent_, older_;
};

// Reads what the cache does not know: every folder and file below. kNotFound (an object is missing), kBadObject,
// kTooLarge or kTooMany (a place's caps).
Result<TreeSummary> summarise(const ObjectSource& source, const ObjectId& tree, TreeCache& cache);

// Objects that an edit made, and the root.
struct EditedTree {
  ObjectId root;
  std::vector<std::pair<ObjectId, Bytes>> trees;  // new ones only
};

// Replaces or adds (a blob id) and withdraws (nothing) files by path; folders appear and vanish as needed.
// kNotFound when a path to withdraw is not there, kBadObject when a file would also be a folder.
Result<EditedTree> edit_tree(const ObjectSource& source, std::optional<ObjectId> root,
                             const std::map<std::string, std::optional<ObjectId>>& files);

// The blob at a path; nothing when there is none.
Result<std::optional<ObjectId>> find_path(const ObjectSource& source, const ObjectId& tree, std::string_view path);

// Every file below, in git's order; stops early when `visit` returns false.
Result<void> for_each_file(const ObjectSource& source, const ObjectId& tree,
                           const std::function<bool(const std::string& path, const ObjectId& blob)>& visit);

// One file that differs between two trees; nothing: absent on that side.
struct FileChange {
  std::string path;
  std::optional<ObjectId> before, after;
};

// Cost: the folders that differ. `before` absent: everything is new.
Result<std::vector<FileChange>> diff_trees(const ObjectSource& source, std::optional<ObjectId> before,
                                           const ObjectId& after);

}  // namespace maillage::registry
