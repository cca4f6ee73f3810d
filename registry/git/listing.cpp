#include "registry/git/listing.h"

#include <deque>
#include <functional>

namespace maillage::registry {
namespace {

using protocol::fail;

constexpr std::size_t kIdHex = 2 * ObjectId::kSize;

Result<ObjectId> id_in(std::string_view line, std::size_t at) { return ObjectId::parse(line.substr(std::min(at, line.size()), kIdHex)); }

struct Child {
  std::string_view name;
  bool is_folder;
  ObjectId id;
};

// The entries of a tree that was judged when it came in, or that we wrote: of any size, so not read_tree, which has a
// place's caps.
Result<void> for_each_child(ByteView bytes, const std::function<Result<void>(const Child&)>& visit) {
  std::string_view rest = protocol::as_text(bytes);
  while (!rest.empty()) {
    auto space = rest.find(' ');
    auto nul = rest.find('\0');
    if (space == rest.npos || nul == rest.npos || nul < space || rest.size() < nul + 1 + ObjectId::kSize)
      return fail(ErrorCode::kMalformed, "git tree");
    Child child{rest.substr(space + 1, nul - space - 1), rest.starts_with("40000 "), {}};
    std::memcpy(child.id.bytes.data(), rest.data() + nul + 1, ObjectId::kSize);
    rest.remove_prefix(nul + 1 + ObjectId::kSize);
    if (auto done = visit(child); !done) return done;
  }
  return {};
}

using Links = std::unordered_map<ObjectId, CommitLinks>;

class Lister {
 public:
  Lister(const ObjectSource& source, const ClientCommits& commits, Compare compare)
      : source_(source), commits_(commits), compare_(compare) {}

  Result<std::vector<ObjectId>> list() {
    if (auto done = find_commits(); !done) return tl::unexpected(done.error());
    if (compare_ == Compare::kWhole)
      for (const ObjectId& edge : edges_)
        if (auto done = hold(edge); !done) return tl::unexpected(done.error());
    for (const ObjectId& id : order_) {
      if (auto done = list_commit(id); !done) return tl::unexpected(done.error());
    }
    return std::move(ids_);
  }

 private:
  // The parents that this client's history has.
  Result<CommitLinks> load(const ObjectId& id) const {
    auto links = read_links(source_, id);
    if (links && commits_.shallow.contains(id)) links->parents.clear();
    return links;
  }

  // The commits to send, newest first, and the edges: those that the client has where they meet its history.
  Result<void> find_commits() {
    ObjectSet had(commits_.haves.begin(), commits_.haves.end());
    bool went_around = false;
    std::vector<ObjectId> waiting = commits_.wants;
    for (std::size_t next = 0; next < waiting.size(); ++next) {
      ObjectId id = waiting[next];
      if (had.contains(id)) {
        edges_.insert(id);
        continue;
      }
      if (new_.contains(id)) continue;
      auto links = load(id);
      if (!links) return tl::unexpected(links.error());
      went_around = went_around || links->parents.empty();
      waiting.insert(waiting.end(), links->parents.begin(), links->parents.end());
      new_.emplace(id, std::move(*links));
      order_.push_back(id);
    }
    // A way around what the client has may lead to what that reaches itself: leave it out.
    return went_around && !had.empty() ? leave_out_reached() : Result<void>();
  }

  Result<void> leave_out_reached() {
    std::vector<ObjectId> waiting = commits_.haves;
    ObjectSet reached(waiting.begin(), waiting.end());
    for (std::size_t next = 0; next < waiting.size(); ++next) {
      auto links = load(waiting[next]);
      if (!links) return tl::unexpected(links.error());
      for (const ObjectId& parent : links->parents)
        if (reached.insert(parent).second) waiting.push_back(parent);
    }
    std::erase_if(order_, [&](const ObjectId& id) { return reached.contains(id); });
    for (const ObjectId& id : reached) new_.erase(id);
    for (const ObjectId& id : order_)
      for (const ObjectId& parent : new_.at(id).parents)
        if (reached.contains(parent)) edges_.insert(parent);
    for (const ObjectId& id : commits_.haves) edges_.insert(id);
    return {};
  }

  Result<void> hold(const ObjectId& commit) {
    auto links = read_links(source_, commit);
    if (!links) return tl::unexpected(links.error());
    return walk(links->tree, true, held_, false);
  }

  Result<void> list_commit(const ObjectId& id) {
    if (!listed_.insert(id).second) return {};
    ids_.push_back(id);
    const CommitLinks& links = new_.at(id);
    if (compare_ == Compare::kWhole || links.parents.empty()) return walk(links.tree, true, listed_, true);
    auto parent = read_links(source_, links.parents.front());
    if (!parent) return tl::unexpected(parent.error());
    return walk_change(parent->tree, links.tree);
  }

  // Everything at and below `id` that is in neither set goes to `reached`, and to the list too if it is for sending.
  Result<void> walk(const ObjectId& id, bool is_folder, ObjectSet& reached, bool send) {
    if ((send && held_.contains(id)) || !reached.insert(id).second) return {};
    if (send) ids_.push_back(id);
    if (ids_.size() > kListedObjectsMax || held_.size() > kListedObjectsMax) return fail(ErrorCode::kTooMany, "objects in a clone");
    if (!is_folder) return {};
    auto bytes = source_.read_as(ObjectKind::kTree, id);
    if (!bytes) return tl::unexpected(bytes.error());
    return for_each_child(*bytes, [&](const Child& child) { return walk(child.id, child.is_folder, reached, send); });
  }

  // What differs between two folders, unchanged ones unread.
  Result<void> walk_change(const ObjectId& before, const ObjectId& after) {
    if (before == after || !listed_.insert(after).second) return {};
    ids_.push_back(after);
    auto old_bytes = source_.read_as(ObjectKind::kTree, before);
    if (!old_bytes) return tl::unexpected(old_bytes.error());
    auto new_bytes = source_.read_as(ObjectKind::kTree, after);
    if (!new_bytes) return tl::unexpected(new_bytes.error());
    std::unordered_map<std::string_view, Child> old;
    auto noted = for_each_child(*old_bytes, [&](const Child& child) -> Result<void> {
      old.emplace(child.name, child);
      return {};
    });
    if (!noted) return noted;
    return for_each_child(*new_bytes, [&](const Child& child) {
      auto was = old.find(child.name);
      if (was == old.end() || was->second.is_folder != child.is_folder || !child.is_folder) {
        bool same = was != old.end() && was->second.id == child.id;
        return same ? Result<void>() : walk(child.id, child.is_folder, listed_, true);
      }
      return walk_change(was->second.id, child.id);
    });
  }

  const ObjectSource& source_;
  const ClientCommits& commits_;
  Compare compare_;
  Links new_;                     // commits to send
  std::vector<ObjectId> order_;   // the same, newest first
  ObjectSet edges_;
  ObjectSet held_;    // in the trees of the edges
  ObjectSet listed_;
  std::vector<ObjectId> ids_;
};

}  // namespace

Result<CommitLinks> read_links(const ObjectSource& source, const ObjectId& commit) {
  auto bytes = source.read_as(ObjectKind::kCommit, commit);
  if (!bytes) return tl::unexpected(bytes.error());
  std::string_view rest = protocol::as_text(*bytes);
  CommitLinks links;
  bool first = true;
  while (rest.starts_with(first ? "tree " : "parent ")) {
    auto id = id_in(rest, first ? 5 : 7);
    if (!id) return tl::unexpected(id.error());
    if (first) links.tree = *id;
    else links.parents.push_back(*id);
    first = false;
    auto end = rest.find('\n');
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  if (first) return fail(ErrorCode::kMalformed, "git commit");
  return links;
}

Result<std::vector<ObjectId>> list_objects(const ObjectSource& source, const ClientCommits& commits, Compare compare) {
  return Lister(source, commits, compare).list();
}

Result<Deepened> deepen(const ObjectSource& source, const std::vector<ObjectId>& from, std::uint32_t depth, const ObjectSet& client_shallow) {
  Deepened result;
  ObjectSet seen(from.begin(), from.end());
  std::vector<ObjectId> level(seen.begin(), seen.end());
  // Breadth first: a commit is met at its smallest distance.
  for (std::uint32_t distance = 1; !level.empty(); ++distance) {
    std::vector<ObjectId> next;
    for (const ObjectId& id : level) {
      auto links = read_links(source, id);
      if (!links) return tl::unexpected(links.error());
      bool boundary = distance >= depth && !links->parents.empty();
      if (boundary && !client_shallow.contains(id)) result.shallow.push_back(id);
      if (!boundary && client_shallow.contains(id)) result.unshallow.push_back(id);
      if (boundary) continue;
      for (const ObjectId& parent : links->parents)
        if (seen.insert(parent).second) next.push_back(parent);
    }
    level = std::move(next);
  }
  return result;
}

Result<ObjectSet> ancestors_among(const ObjectSource& source, const std::vector<ObjectId>& from, ObjectSet candidates) {
  ObjectSet found, seen(from.begin(), from.end());
  std::vector<ObjectId> waiting(seen.begin(), seen.end());
  for (std::size_t next = 0; next < waiting.size() && !candidates.empty(); ++next) {
    ObjectId id = waiting[next];
    if (candidates.erase(id) > 0) found.insert(id);
    if (candidates.empty()) break;
    auto links = read_links(source, id);
    if (!links) return tl::unexpected(links.error());
    for (const ObjectId& parent : links->parents)
      if (seen.insert(parent).second) waiting.push_back(parent);
  }
  return found;
}

}  // namespace maillage::registry
