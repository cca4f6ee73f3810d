#include "registry/pushed_tree.h"

#include <algorithm>
#include <set>

#include "protocol/byte_size.h"
#include "protocol/limits.h"
#include "protocol/path.h"
#include "protocol/utf8.h"

namespace maillage::registry {
namespace {

using protocol::fail;
using protocol::Problem;

// Twice what a place may hold: all of it renamed.
constexpr std::size_t kEntriesMax = 2 * protocol::kPlaceFilesMax;
// Of folders looked into: past the grammar's four, so that a file is named as it is, and no further.
constexpr std::size_t kDepthMax = 16;

enum class Mode { kFile, kFolder, kExecutable, kSymlink, kSubmodule, kOther };

struct Entry {
  Mode mode = Mode::kOther;
  ObjectId id;
  bool operator==(const Entry&) const = default;
};
using Entries = std::map<std::string, Entry>;

Mode mode_of(std::string_view digits) {
  if (digits == "100644") return Mode::kFile;
  if (digits == "40000") return Mode::kFolder;
  if (digits == "100755") return Mode::kExecutable;
  if (digits == "120000") return Mode::kSymlink;
  if (digits == "160000") return Mode::kSubmodule;
  return Mode::kOther;
}

// Names may be anything here but empty, or with a slash.
Result<Entries> read_entries(ByteView bytes) {
  Entries entries;
  protocol::Reader in(bytes);
  while (in.left() > 0) {
    std::string_view text = protocol::as_text(protocol::Reader(in).rest());
    auto space = text.substr(0, 8).find(' ');
    auto end = text.find('\0');
    if (space == text.npos || end == text.npos || end <= space + 1) return fail(ErrorCode::kBadObject, "tree");
    Entry entry{mode_of(text.substr(0, space)), {}};
    std::string name(text.substr(space + 1, end - space - 1));
    in.take(end + 1);
    entry.id = in.fixed<ObjectId>();
    if (in.failed() || name.find('/') != name.npos) return fail(ErrorCode::kBadObject, "tree");
    if (!entries.emplace(std::move(name), entry).second) return fail(ErrorCode::kBadObject, "tree: a name twice");
  }
  return entries;
}

class PushedTree {
 public:
  explicit PushedTree(const ObjectSource& objects) : objects_(objects) {}

  Result<void> folders(const std::optional<ObjectId>& before, const std::optional<ObjectId>& after, const std::string& prefix, std::size_t depth) {
    if (before == after) return {};
    if (depth > kDepthMax) return note({protocol::shown(prefix), "", ErrorCode::kPathTooDeep, protocol::shown(prefix), ""});
    auto old_entries = load(before), new_entries = load(after);
    if (!old_entries) return tl::unexpected(old_entries.error());
    if (!new_entries) return tl::unexpected(new_entries.error());
    for (const auto& [name, entry] : *old_entries)
      if (auto done = old_entry(prefix + name, entry, *new_entries, name); !done) return done;
    for (const auto& [name, entry] : *new_entries) {
      auto was = old_entries->find(name);
      if (was != old_entries->end() && was->second == entry) continue;
      auto folder_before = was != old_entries->end() && was->second.mode == Mode::kFolder ? std::optional(was->second.id) : std::nullopt;
      if (auto done = new_entry(prefix + name, entry, folder_before, depth); !done) return done;
    }
    return {};
  }

  PushedFiles take() { return std::move(changes_); }

 private:
  Result<Entries> load(const std::optional<ObjectId>& id) {
    if (!id) return Entries();
    auto bytes = objects_.read_as(ObjectKind::kTree, *id);
    if (!bytes) return fail(ErrorCode::kMissingObject, id->hex());
    auto entries = read_entries(*bytes);
    if (entries) entries_ += entries->size();
    if (entries_ > kEntriesMax) return fail(ErrorCode::kTooMany, "> " + std::to_string(kEntriesMax));
    return entries;
  }

  Result<void> note(Problem problem) {
    protocol::append(changes_.problems, std::move(problem));
    return {};
  }

  // What is no longer there, or no longer of the same sort.
  Result<void> old_entry(const std::string& path, const Entry& entry, const Entries& now, const std::string& name) {
    auto still = now.find(name);
    bool folder = entry.mode == Mode::kFolder;
    if (still != now.end() && (folder ? still->second.mode == Mode::kFolder : still->second.mode != Mode::kFolder)) return {};
    changes_.files.push_back({path, std::nullopt});
    return {};
  }

  Result<void> new_entry(const std::string& path, const Entry& entry, const std::optional<ObjectId>& folder_before, std::size_t depth) {
    std::string shown = protocol::shown(path);
    switch (entry.mode) {
      case Mode::kFolder: return folders(folder_before, entry.id, path + "/", depth + 1);
      case Mode::kExecutable:  // what it holds is judged all the same: everything wrong is said at once
        (void)note({shown, "", ErrorCode::kPushExecutable, shown, ""});
        break;
      case Mode::kSymlink: return note({shown, "", ErrorCode::kPushSymlink, shown, ""});
      case Mode::kSubmodule: return note({shown, "", ErrorCode::kPushSubmodule, shown, ""});
      case Mode::kOther: return note({shown, "", ErrorCode::kPushMode, shown, ""});
      case Mode::kFile: break;
    }
    changes_.files.push_back({path, entry.id});
    return {};
  }

  const ObjectSource& objects_;
  PushedFiles changes_;
  std::size_t entries_ = 0;
};

}  // namespace

Result<PushedFiles> files_of_push(const ObjectSource& objects, const ObjectId& before, const ObjectId& after) {
  PushedTree tree(objects);
  if (auto done = tree.folders(before, after, "", 1); !done) return tl::unexpected(done.error());
  return tree.take();
}

Result<PushedChanges> changes_of_push(const ObjectSource& objects, const ObjectId& before, const ObjectId& after) {
  auto found = files_of_push(objects, before, after);
  if (!found) return tl::unexpected(found.error());
  PushedChanges changes;
  changes.problems = std::move(found->problems);
  std::uint64_t total = 0;
  for (PushedFile& file : found->files) {
    FileEdit edit{std::move(file.path), std::nullopt};
    if (file.blob) {
      auto bytes = objects.read_as(ObjectKind::kBlob, *file.blob);
      if (!bytes) return fail(ErrorCode::kMissingObject, protocol::shown(edit.path));
      total += bytes->size();
      if (total > protocol::kPushInflatedBytesMax) return fail(ErrorCode::kTooLarge, "> " + protocol::byte_size(protocol::kPushInflatedBytesMax));
      edit.bytes = std::move(*bytes);
    }
    changes.edits.push_back(std::move(edit));
  }
  // Rationale: a folder that became a file, or the other way round, is withdrawn before it is written.
  std::ranges::stable_partition(changes.edits, [](const FileEdit& edit) { return !edit.bytes; });
  return changes;
}

}  // namespace maillage::registry
