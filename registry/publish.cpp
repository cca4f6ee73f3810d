#include "registry/publish.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <boost/json/serialize.hpp>

#include "protocol/byte_size.h"
#include "protocol/limits.h"
#include "protocol/path.h"
#include "protocol/record.h"
#include "protocol/record_edit.h"
#include "protocol/record_kind.h"
#include "protocol/utf8.h"
#include "protocol/validate.h"

namespace maillage::registry {
namespace {

using protocol::Problem;

// What a place holds: ids by path, and the bytes of all its files together.
struct PlaceFiles {
  std::map<std::string, ObjectId> ids;
  std::uint64_t bytes = 0;
};

Result<PlaceFiles> list_files(const ObjectSource& source, const std::optional<ObjectId>& tree, TreeCache& cache) {
  PlaceFiles files;
  if (!tree) return files;
  auto summary = summarise(source, *tree, cache);
  if (!summary) return tl::unexpected(summary.error());
  files.bytes = summary->bytes;
  auto listed = for_each_file(source, *tree, [&](const std::string& path, const ObjectId& blob) {
    files.ids.emplace(path, blob);
    return true;
  });
  if (!listed) return tl::unexpected(listed.error());
  return files;
}

std::string over(std::uint64_t amount, std::uint64_t limit) {
  return std::to_string(amount) + " > " + std::to_string(limit);
}

// The paths of `ids` below a folder.
std::vector<std::string> below(const std::map<std::string, ObjectId>& ids, const std::string& folder) {
  std::vector<std::string> paths;
  std::string prefix = folder + "/";
  for (auto at = ids.lower_bound(prefix); at != ids.end() && at->first.starts_with(prefix); ++at)
    paths.push_back(at->first);
  return paths;
}

// Where a record that stands elsewhere belongs; nothing for what is no record of a kind we know. A settings file of a machine
// is an attachment; what says a `kind` was meant to be seen, and would be listed by nobody.
std::optional<std::string> path_meant(const std::string& path, const Bytes& bytes) {
  if (protocol::is_record_path(path) || !path.ends_with(".json")) return std::nullopt;
  auto fields = protocol::parse_record(bytes);
  auto said = fields ? protocol::text_field(*fields, "kind") : std::nullopt;
  auto kind = said ? protocol::kind_of_slug(*said) : std::nullopt;
  if (!kind) return std::nullopt;
  if (*kind == protocol::RecordKind::kProfile) return "profile.json";
  auto last = path.rfind('/');
  std::string name = path.substr(last == std::string::npos ? 0 : last + 1);
  if (name == "record.json" && last != std::string::npos) {
    std::string folder = path.substr(0, last);
    name = folder.substr(folder.rfind('/') + 1) + (*kind == protocol::RecordKind::kResource ? "/record.json" : ".json");  // npos + 1 is 0
  }
  return std::string(protocol::folder_of(*kind)) + "/" + name;
}

class Preparation {
 public:
  Preparation(const ObjectSource& source, PlaceFiles files) : source_(source), before_(std::move(files)) {
    after_ = before_;
  }

  void apply(const FileEdit& edit) {
    auto checked = protocol::check_path(edit.path);
    if (!checked) return add_path_problem(edit.path, checked.error());
    if (protocol::is_identity_path(edit.path)) return add(edit.path, ErrorCode::kPathIdentity, edit.path);
    if (edit.bytes)
      put(edit.path, *edit.bytes);
    else
      withdraw(edit.path);
  }

  // What only the whole can show: run after the last edit.
  void finish() {
    for (const auto& [path, bytes] : changes_)
      if (bytes) check_place_in_tree(path);
    check_folders();
    if (after_.ids.size() > protocol::kPlaceFilesMax)
      add("", ErrorCode::kTooMany, over(after_.ids.size(), protocol::kPlaceFilesMax));
    if (after_.bytes > protocol::kPlaceBytesMax)
      add("", ErrorCode::kTooLarge, protocol::over_size(after_.bytes, protocol::kPlaceBytesMax));
  }

  std::vector<Problem> problems;
  FileChanges take_changes() { return std::move(changes_); }

 private:
  void put(const std::string& path, const Bytes& bytes) {
    if (auto twice = changes_.find(path); twice != changes_.end()) {
      if (twice->second != bytes) add(path, ErrorCode::kPathConflict, path);
      return;
    }
    if (bytes.size() > protocol::kFileBytesMax)
      return add(path, ErrorCode::kTooLarge, protocol::over_size(bytes.size(), protocol::kFileBytesMax));
    for (Problem& problem : protocol::validate(path, bytes)) add(std::move(problem));
    if (auto meant = path_meant(path, bytes))
      return add({path, "", ErrorCode::kStrayRecord, path + " → " + *meant, boost::json::serialize(boost::json::string(*meant))});
    ObjectId id = object_id(ObjectKind::kBlob, bytes);
    auto [at, added] = after_.ids.try_emplace(path, id);
    if (!added && at->second == id) return;  // already published
    if (!added && only_lacks_confirmation(path, bytes, at->second)) return;
    if (!added) forget_bytes(path, at->second);
    at->second = id;
    after_.bytes += bytes.size();
    changes_.emplace(path, bytes);
  }

  // The file on the author's disk, published again, does not know that the record was confirmed since: the
  // confirmation stays.
  bool only_lacks_confirmation(const std::string& path, const Bytes& bytes, const ObjectId& published) const {
    if (!protocol::is_record_path(path)) return false;
    auto fresh = protocol::parse_record(bytes);
    if (!fresh || fresh->contains("confirmed")) return false;
    auto held = source_.read_as(ObjectKind::kBlob, published);
    auto before = held ? protocol::parse_record(*held) : protocol::fail(ErrorCode::kNotFound, path);
    return before && before->erase("confirmed") == 1 && *before == *fresh;
  }

  void withdraw(const std::string& path) {
    std::vector<std::string> paths = below(before_.ids, path);
    if (before_.ids.contains(path)) paths = {path};
    if (paths.empty()) return add(path, ErrorCode::kNotFound, path);
    for (const std::string& each : paths) {
      auto [change, added] = changes_.try_emplace(each, std::nullopt);
      if (!added && change->second) add(each, ErrorCode::kPathConflict, each);
      auto at = after_.ids.find(each);
      if (!added || at == after_.ids.end()) continue;
      forget_bytes(each, at->second);
      after_.ids.erase(at);
    }
  }

  void forget_bytes(const std::string& path, const ObjectId& id) {
    auto blob = source_.summarise_blob(id);
    if (!blob) return add(path, blob.error().code, blob.error().context);
    after_.bytes -= std::min(after_.bytes, blob->bytes);
  }

  void check_place_in_tree(const std::string& path) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      if (std::string folder = path.substr(0, slash); after_.ids.contains(folder)) add_conflict(path, folder);
    if (auto inside = below(after_.ids, path); !inside.empty()) add_conflict(path, inside.front());
    auto address = protocol::address_of(protocol::PlaceId{}, path);
    if (!address) return;
    for (const std::string& form : protocol::paths_of(*address))
      if (form != path && after_.ids.contains(form) && protocol::address_of(protocol::PlaceId{}, form) == address)
        add_conflict(path, form);
  }

  // Entries of every folder, files and folders alike.
  void check_folders() {
    std::unordered_map<std::string, std::size_t> entries;
    std::unordered_set<std::string> seen;
    for (const auto& [path, id] : after_.ids)
      for (std::string child = path; seen.insert(child).second;) {
        std::size_t slash = child.rfind('/');
        child = slash == std::string::npos ? "" : child.substr(0, slash);
        if (++entries[child] == kTreeEntriesMax + 1) add(child, ErrorCode::kTooMany, over(kTreeEntriesMax + 1, kTreeEntriesMax));
        if (child.empty()) break;
      }
  }

  void add_path_problem(const std::string& path, const Error& error) {
    auto better = protocol::suggest_path(path);
    std::string example = better ? boost::json::serialize(boost::json::string(*better)) : "";
    add({protocol::shown(path), "", error.code, error.context, example});
  }

  void add_conflict(const std::string& path, const std::string& other) {
    add(path, ErrorCode::kPathConflict, path + " ↔ " + other);
  }

  void add(const std::string& path, ErrorCode code, std::string context) {
    add({path, "", code, std::move(context), ""});
  }

  void add(Problem problem) {
    protocol::append(problems, std::move(problem));
  }

  static constexpr std::size_t kTreeEntriesMax = protocol::kTreeEntriesMax;

  const ObjectSource& source_;
  PlaceFiles before_, after_;
  FileChanges changes_;
};

std::vector<Problem> one_problem(const std::string& path, const Error& error) {
  return {{path, "", error.code, error.context, ""}};
}

Result<FileEdit> confirmation_of(const ObjectSource& source, const std::optional<ObjectId>& tree,
                                 const std::string& path, std::string_view date) {
  Result<std::optional<ObjectId>> blob{std::optional<ObjectId>()};
  if (tree) blob = find_path(source, *tree, path);
  if (!blob) return tl::unexpected(blob.error());
  if (!*blob) return protocol::fail(ErrorCode::kNotFound, protocol::shown(path));
  if (!protocol::is_record_path(path)) return protocol::fail(ErrorCode::kNotARecord, protocol::shown(path));
  auto bytes = source.read_as(ObjectKind::kBlob, **blob);
  if (!bytes) return tl::unexpected(bytes.error());
  auto text = protocol::with_text_field(*bytes, "confirmed", date);
  if (!text) return tl::unexpected(text.error());
  auto confirmed = protocol::as_bytes(*text);
  return FileEdit{path, Bytes(confirmed.begin(), confirmed.end())};
}

}  // namespace

tl::expected<FileChanges, std::vector<Problem>> prepare_publication(const ObjectSource& source,
                                                                    const std::optional<ObjectId>& tree,
                                                                    TreeCache& cache,
                                                                    const std::vector<FileEdit>& edits) {
  auto files = list_files(source, tree, cache);
  if (!files) return tl::unexpected(one_problem("", files.error()));
  Preparation preparation(source, std::move(*files));
  for (const FileEdit& edit : edits) preparation.apply(edit);
  preparation.finish();
  if (!preparation.problems.empty()) return tl::unexpected(std::move(preparation.problems));
  return preparation.take_changes();
}

tl::expected<std::vector<FileEdit>, std::vector<Problem>> prepare_confirmation(const ObjectSource& source,
                                                                               const std::optional<ObjectId>& tree,
                                                                               const std::vector<std::string>& paths,
                                                                               std::string_view date) {
  std::vector<FileEdit> edits;
  std::vector<Problem> problems;
  for (const std::string& path : paths) {
    auto edit = confirmation_of(source, tree, path, date);
    if (edit)
      edits.push_back(std::move(*edit));
    else
      protocol::append(problems, {protocol::shown(path), "", edit.error().code, edit.error().context, ""});
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return edits;
}

}  // namespace maillage::registry
