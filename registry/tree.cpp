#include "registry/tree.h"

#include <algorithm>
#include <utility>

#include "protocol/limits.h"
#include "protocol/path.h"
#include "protocol/state.h"

namespace maillage::registry {
namespace {

using protocol::as_text;
using protocol::before_in_tree;
using protocol::fail;

constexpr std::string_view kFileMode = "100644 ", kFolderMode = "40000 ";

tl::unexpected<Error> refused(std::string_view name, std::string_view why) {
  return fail(ErrorCode::kBadObject, "tree entry " + std::string(name) + ": " + std::string(why));
}

bool in_order(const TreeEntry& a, const TreeEntry& b) { return before_in_tree(a.name, a.is_folder, b.name, b.is_folder); }

Result<TreeEntry> read_entry(protocol::Reader& in) {
  ByteView all = protocol::Reader(in).rest();
  std::string_view text = as_text(all);
  TreeEntry entry{{}, text.starts_with(kFolderMode), {}};
  std::string_view mode = entry.is_folder ? kFolderMode : kFileMode;
  std::size_t end = text.substr(0, 256).find('\0');
  if (end == text.npos) return refused("", "no name");
  if (!text.starts_with(mode)) return refused(text.substr(0, end), "neither a regular file nor a folder");
  entry.name = text.substr(mode.size(), end - mode.size());
  if (entry.name.find('/') != entry.name.npos) return refused(entry.name, "slash");
  if (auto sound = protocol::check_path(entry.name); !sound) return refused(entry.name, protocol::slug(sound.error().code));
  in.take(end + 1);
  entry.id = in.fixed<ObjectId>();
  if (in.failed() || entry.id.is_zero()) return refused(entry.name, "no object");
  return entry;
}

// A file and a folder of one name may be apart in git's order.
bool is_twin(const std::vector<TreeEntry>& before, const TreeEntry& folder) {
  TreeEntry file{folder.name, false, {}};
  auto found = std::ranges::lower_bound(before, file, in_order);
  return found != before.end() && found->name == folder.name;
}

// A tree whose names are its own.
struct OwnedTree {
  Bytes bytes;
  std::vector<TreeEntry> entries;
};

Result<OwnedTree> load(const ObjectSource& source, const std::optional<ObjectId>& id) {
  OwnedTree tree;
  if (!id) return tree;
  auto bytes = source.read_as(ObjectKind::kTree, *id);
  if (!bytes) return tl::unexpected(bytes.error());
  tree.bytes = std::move(*bytes);
  auto entries = read_tree(tree.bytes);
  if (!entries) return tl::unexpected(entries.error());
  tree.entries = std::move(*entries);
  return tree;
}

Result<TreeSummary> summarise_at(const ObjectSource& source, const ObjectId& id, TreeCache& cache, std::size_t depth);

// Adds one entry to its folder's summary and state lines.
Result<void> add_entry(const ObjectSource& source, const TreeEntry& entry, TreeCache& cache, std::size_t depth,
                       TreeSummary& sum, std::vector<protocol::StateEntry>& lines) {
  TreeSummary child;
  if (entry.is_folder) {
    auto folder = summarise_at(source, entry.id, cache, depth + 1);
    if (!folder) return tl::unexpected(folder.error());
    if (folder->files == 0) return refused(entry.name, "empty folder");
    child = *folder;
  } else {
    auto blob = source.summarise_blob(entry.id);
    if (!blob) return tl::unexpected(blob.error());
    child = {blob->sha256, blob->bytes, 1, 0};
  }
  sum.bytes += child.bytes;
  sum.files += child.files;
  sum.height = std::max<std::uint8_t>(sum.height, child.height + 1);
  if (sum.files > protocol::kPlaceFilesMax) return fail(ErrorCode::kTooMany, "files in a place");
  if (sum.bytes > protocol::kPlaceBytesMax) return fail(ErrorCode::kTooLarge, "place");
  lines.push_back({std::string(entry.name), entry.is_folder, child.state});
  return {};
}

Result<TreeSummary> summarise_at(const ObjectSource& source, const ObjectId& id, TreeCache& cache, std::size_t depth) {
  auto known = cache.find(id);
  if (!known) {
    if (depth >= protocol::kPathDepthMax) return fail(ErrorCode::kBadObject, "tree " + id.hex() + ": too deep");
    auto tree = load(source, id);
    if (!tree) return tl::unexpected(tree.error());
    TreeSummary sum;
    std::vector<protocol::StateEntry> lines;
    for (const TreeEntry& entry : tree->entries)
      if (auto done = add_entry(source, entry, cache, depth, sum, lines); !done) return tl::unexpected(done.error());
    sum.state = protocol::folder_hash(lines);
    cache.put(id, sum);
    known = sum;
  }
  if (depth + known->height > protocol::kPathDepthMax) return fail(ErrorCode::kBadObject, "tree " + id.hex() + ": too deep");
  return *known;
}

using FileEdits = std::map<std::string, std::optional<ObjectId>>;
using EditRange = std::pair<FileEdits::const_iterator, FileEdits::const_iterator>;

class TreeEditor {
 public:
  explicit TreeEditor(const ObjectSource& source) : source_(source) {}

  // Edits one folder: `edits` all lie in it, `prefix` is the length of its path with the slash. Nothing: it is empty now.
  Result<std::optional<ObjectId>> edit(const std::optional<ObjectId>& folder, EditRange edits, std::size_t prefix) {
    auto tree = load(source_, folder);
    if (!tree) return tl::unexpected(tree.error());
    std::map<std::string, TreeEntry> entries;
    for (const TreeEntry& entry : tree->entries) entries.emplace(entry.name, entry);
    for (auto at = edits.first; at != edits.second;) {
      std::string name = at->first.substr(prefix, at->first.find('/', prefix) - prefix);
      bool is_folder = at->first.size() > prefix + name.size();
      auto done = is_folder ? edit_folder(entries, name, at, edits.second, prefix) : edit_file(entries, name, at);
      if (!done) return tl::unexpected(done.error());
    }
    if (entries.empty() && prefix > 0) return std::nullopt;
    return keep(entries);
  }

  std::vector<std::pair<ObjectId, Bytes>> take_trees() { return std::move(trees_); }

 private:
  using Entries = std::map<std::string, TreeEntry>;

  Result<void> edit_file(Entries& entries, const std::string& name, FileEdits::const_iterator& at) {
    const auto& [path, blob] = *at++;
    auto found = entries.find(name);
    if (found != entries.end() && found->second.is_folder) return refused(path, "is a folder");
    if (!blob && found == entries.end()) return fail(ErrorCode::kNotFound, path);
    if (blob) entries[name] = {{}, false, *blob};
    else entries.erase(found);
    return {};
  }

  Result<void> edit_folder(Entries& entries, const std::string& name, FileEdits::const_iterator& at,
                           FileEdits::const_iterator end, std::size_t prefix) {
    std::string start = at->first.substr(0, prefix + name.size() + 1);
    auto next = std::find_if(at, end, [&](const auto& edit) { return !edit.first.starts_with(start); });
    auto found = entries.find(name);
    if (found != entries.end() && !found->second.is_folder) return refused(start, "is a file");
    auto before = found == entries.end() ? std::nullopt : std::optional(found->second.id);
    auto after = edit(before, {at, next}, start.size());
    if (!after) return tl::unexpected(after.error());
    if (*after) entries[name] = {{}, true, **after};
    else entries.erase(name);
    at = next;
    return {};
  }

  ObjectId keep(const Entries& entries) {
    std::vector<TreeEntry> list;
    for (const auto& [name, entry] : entries) list.push_back({name, entry.is_folder, entry.id});
    Bytes bytes = write_tree(std::move(list));
    ObjectId id = object_id(ObjectKind::kTree, bytes);
    if (!source_.contains(id)) trees_.emplace_back(id, std::move(bytes));
    return id;
  }

  const ObjectSource& source_;
  std::vector<std::pair<ObjectId, Bytes>> trees_;
};

using VisitFile = std::function<bool(const std::string&, const ObjectId&)>;

Result<bool> visit_files(const ObjectSource& source, const ObjectId& id, const std::string& prefix, const VisitFile& visit) {
  auto tree = load(source, id);
  if (!tree) return tl::unexpected(tree.error());
  for (const TreeEntry& entry : tree->entries) {
    std::string path = prefix + std::string(entry.name);
    Result<bool> on = entry.is_folder ? visit_files(source, entry.id, path + "/", visit) : Result<bool>(visit(path, entry.id));
    if (!on || !*on) return on;
  }
  return true;
}

class TreeDiff {
 public:
  explicit TreeDiff(const ObjectSource& source) : source_(source) {}

  Result<void> folders(const std::optional<ObjectId>& before, const std::optional<ObjectId>& after, const std::string& prefix) {
    if (before == after) return {};
    auto old_tree = load(source_, before);
    if (!old_tree) return tl::unexpected(old_tree.error());
    auto new_tree = load(source_, after);
    if (!new_tree) return tl::unexpected(new_tree.error());
    std::map<std::string_view, std::pair<const TreeEntry*, const TreeEntry*>> names;
    for (const TreeEntry& entry : old_tree->entries) names[entry.name].first = &entry;
    for (const TreeEntry& entry : new_tree->entries) names[entry.name].second = &entry;
    for (const auto& [name, sides] : names)
      if (auto done = entry(sides.first, sides.second, prefix + std::string(name)); !done) return done;
    return {};
  }

  std::vector<FileChange> changes;

 private:
  static std::optional<ObjectId> id_when(const TreeEntry* entry, bool is_folder) {
    return entry != nullptr && entry->is_folder == is_folder ? std::optional(entry->id) : std::nullopt;
  }

  Result<void> entry(const TreeEntry* before, const TreeEntry* after, const std::string& path) {
    auto old_blob = id_when(before, false), new_blob = id_when(after, false);
    if (old_blob != new_blob) changes.push_back({path, old_blob, new_blob});
    return folders(id_when(before, true), id_when(after, true), path + "/");
  }

  const ObjectSource& source_;
};

}  // namespace

Result<std::vector<TreeEntry>> read_tree(ByteView bytes) {
  if (bytes.size() > protocol::kTreeBytesMax) return fail(ErrorCode::kTooLarge, "tree");
  std::vector<TreeEntry> entries;
  protocol::Reader in(bytes);
  while (in.left() > 0) {
    auto entry = read_entry(in);
    if (!entry) return tl::unexpected(entry.error());
    if (!entries.empty() && !in_order(entries.back(), *entry)) return refused(entry->name, "twice or out of order");
    if (entry->is_folder && is_twin(entries, *entry)) return refused(entry->name, "both file and folder");
    if (entries.size() == protocol::kTreeEntriesMax) return fail(ErrorCode::kTooMany, "entries in a folder");
    entries.push_back(*entry);
  }
  return entries;
}

Bytes write_tree(std::vector<TreeEntry> entries) {
  std::ranges::sort(entries, in_order);
  protocol::Writer out(entries.size() * 48);
  for (const TreeEntry& entry : entries) out.text(entry.is_folder ? kFolderMode : kFileMode).text(entry.name).u8(0).fixed(entry.id);
  return std::move(out).take();
}

std::optional<TreeSummary> TreeCache::find(const ObjectId& id) const {
  std::lock_guard lock(mutex_);
  if (auto found = recent_.find(id); found != recent_.end()) return found->second;
  auto found = older_.find(id);
  if (found == older_.end()) return std::nullopt;
  TreeSummary summary = found->second;
  recent_.emplace(id, summary);
  return summary;
}

void TreeCache::put(const ObjectId& id, const TreeSummary& summary) {
  std::lock_guard lock(mutex_);
  if (recent_.size() >= entries_max_ / 2) older_ = std::exchange(recent_, {});
  recent_.insert_or_assign(id, summary);
}

Result<TreeSummary> summarise(const ObjectSource& source, const ObjectId& tree, TreeCache& cache) {
  return summarise_at(source, tree, cache, 0);
}

Result<EditedTree> edit_tree(const ObjectSource& source, std::optional<ObjectId> root, const FileEdits& files) {
  TreeEditor editor(source);
  auto edited = editor.edit(root, {files.begin(), files.end()}, 0);
  if (!edited) return tl::unexpected(edited.error());
  return EditedTree{**edited, editor.take_trees()};
}

Result<std::optional<ObjectId>> find_path(const ObjectSource& source, const ObjectId& tree, std::string_view path) {
  ObjectId folder = tree;
  while (true) {
    auto loaded = load(source, folder);
    if (!loaded) return tl::unexpected(loaded.error());
    std::size_t slash = path.find('/');
    bool last = slash == path.npos;
    auto found = std::ranges::find_if(loaded->entries, [&](const TreeEntry& entry) { return entry.name == path.substr(0, slash) && entry.is_folder != last; });
    if (found == loaded->entries.end()) return std::nullopt;
    if (last) return found->id;
    folder = found->id;
    path.remove_prefix(slash + 1);
  }
}

Result<void> for_each_file(const ObjectSource& source, const ObjectId& tree, const VisitFile& visit) {
  auto visited = visit_files(source, tree, "", visit);
  return visited ? Result<void>{} : tl::unexpected(visited.error());
}

Result<std::vector<FileChange>> diff_trees(const ObjectSource& source, std::optional<ObjectId> before, const ObjectId& after) {
  TreeDiff diff(source);
  if (auto done = diff.folders(before, after, ""); !done) return tl::unexpected(done.error());
  return std::move(diff.changes);
}

}  // namespace maillage::registry
