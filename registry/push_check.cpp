#include "registry/push_check.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "protocol/record.h"
#include "protocol/utf8.h"
#include "registry/kept_commits.h"
#include "registry/push_remarks.h"
#include "registry/pushed_tree.h"

namespace maillage::registry {
namespace {

using protocol::fail;
using protocol::Problem;
using Problems = std::vector<Problem>;

// A name that people have; longer is a text.
constexpr std::size_t kNameBytesMax = 100;
constexpr const char* kWhatIsLate = "git push";
constexpr std::array<std::string_view, 3> kReservedFields{"maintainers", "endpoints", "neighbours"};

PackLimits limits_of_push() {
  PackLimits limits;
  limits.objects_max = protocol::kPushObjectsMax;
  limits.inflated_bytes_max = protocol::kPushInflatedBytesMax;
  limits.blob_bytes_max = protocol::kPushBytesMax;
  return limits;
}

Problem problem_of(const Error& error) { return {"", "", error.code, error.context, ""}; }

// The commits that are pushed, and where they leave for the place's history.
struct Walk {
  PushedCommits commits;
  std::vector<ObjectId> bases;
};

Result<Walk> walk_commits(const OpenedPush& opened, const ObjectId& tip) {
  Walk pushed;
  std::unordered_set<ObjectId> seen{tip};
  std::vector<ObjectId> waiting{tip};
  for (std::size_t next = 0; next < waiting.size(); ++next) {
    ObjectId id = waiting[next];
    if (opened.history().distance(id)) {
      pushed.bases.push_back(id);
      continue;
    }
    if (!opened.table().find(id)) return fail(ErrorCode::kMissingObject, id.hex());
    auto bytes = opened.objects().read_as(ObjectKind::kCommit, id);
    if (!bytes) return fail(ErrorCode::kBadObject, id.hex());
    auto commit = read_pushed_commit(*bytes);
    if (!commit) return tl::unexpected(commit.error());
    if (commit->parents.empty()) return fail(ErrorCode::kPushOtherRoot, "");
    for (const ObjectId& parent : commit->parents)
      if (seen.insert(parent).second) waiting.push_back(parent);
    pushed.commits.emplace_back(id, std::move(*commit));
  }
  return pushed;
}

Result<ObjectId> tree_at(const ObjectSource& objects, const ObjectId& commit) {
  auto bytes = objects.read_as(ObjectKind::kCommit, commit);
  auto read = bytes ? read_commit(*bytes) : tl::unexpected(bytes.error());
  if (!read) return tl::unexpected(read.error());
  return read->tree;
}

std::optional<Bytes> bytes_at(const ObjectSource& objects, const ObjectId& tree, std::string_view path) {
  auto blob = find_path(objects, tree, path);
  if (!blob || !*blob) return std::nullopt;
  auto bytes = objects.read_as(ObjectKind::kBlob, **blob);
  return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
}

void check_name(CheckedPush& checked, const PushedCommit& tip, Problems& problems) {
  checked.name = person_name(tip.name);
  checked.email = protocol::shown(tip.email);
  checked.key = tip.signer;
  bool usable = checked.name != "?" && checked.name.size() <= kNameBytesMax && checked.name.find('@') == std::string::npos &&
                checked.name == protocol::shown(checked.name, kNameBytesMax);
  if (!usable) protocol::append(problems, {"", "", ErrorCode::kPushName, checked.name == "?" ? "" : " (" + protocol::shown(checked.name) + ")", ""});
}

// Everything that the folders say against publication.
Result<void> check_files(const OpenedPush& opened, CheckedPush& checked, TreeCache& cache, Problems& problems) {
  auto before = tree_at(opened.objects(), checked.base);
  if (!before) return tl::unexpected(before.error());
  auto changes = changes_of_push(opened.objects(), *before, checked.tip_tree);
  if (!changes) return tl::unexpected(changes.error());
  for (Problem& problem : changes->problems) protocol::append(problems, std::move(problem));
  if (changes->edits.size() > kContributionFilesMax) return fail(ErrorCode::kContributionFiles, std::to_string(changes->edits.size()));
  auto files = prepare_publication(opened.objects(), *before, cache, changes->edits);
  if (!files) {
    for (Problem& problem : files.error()) protocol::append(problems, std::move(problem));
    return {};
  }
  checked.files = std::move(*files);
  if (checked.files.empty() && problems.empty()) return fail(ErrorCode::kPushUnchanged, "");
  if (problems.empty()) checked.remarks = remarks_on(opened.objects(), *before, checked.tip_tree, checked.files);
  if (auto profile = checked.files.find("profile.json"); profile != checked.files.end())
    checked.reserved = reserved_fields(bytes_at(opened.objects(), *before, "profile.json"), profile->second);
  return {};
}

}  // namespace

Result<Object> TimedSource::read(const ObjectId& id) const {
  if (is_late()) return fail(ErrorCode::kTimeout, kWhatIsLate);
  return source_.read(id);
}

Result<BlobSummary> TimedSource::summarise_blob(const ObjectId& id) const {
  if (is_late()) return fail(ErrorCode::kTimeout, kWhatIsLate);
  return source_.summarise_blob(id);
}

Result<std::unique_ptr<OpenedPush>> OpenedPush::open(const ObjectSource& store, const ObjectId& head, ByteView pack, TimedSource::Moment until) {
  auto opened = std::unique_ptr<OpenedPush>(new OpenedPush(store, head, until));
  auto table = PackTable::read(pack, opened->history_, limits_of_push());
  if (opened->is_late()) return fail(ErrorCode::kTimeout, kWhatIsLate);
  if (!table) return tl::unexpected(table.error());
  opened->table_ = std::move(*table);
  return opened;
}

std::vector<std::string> reserved_fields(const std::optional<Bytes>& before, const std::optional<Bytes>& after) {
  auto read = [](const std::optional<Bytes>& bytes) {
    auto record = bytes ? protocol::parse_record(*bytes) : fail(ErrorCode::kNotFound, "");
    return record ? std::move(*record) : boost::json::object();
  };
  boost::json::object was = read(before), is = read(after);
  std::vector<std::string> fields;
  for (std::string_view key : kReservedFields) {
    const boost::json::value *old_value = was.if_contains(key), *new_value = is.if_contains(key);
    bool same = old_value == nullptr || new_value == nullptr ? old_value == new_value : *old_value == *new_value;
    if (!same) fields.emplace_back(key);
  }
  return fields;
}

namespace {

tl::expected<CheckedPush, Problems> judge(const OpenedPush& opened, const Push& push, TreeCache& cache, protocol::UnixTime now) {
  auto refused = [](const Error& error) { return tl::unexpected(Problems{problem_of(error)}); };
  if (opened.history().distance(push.tip)) return refused({ErrorCode::kPushUnchanged, ""});
  auto pushed = walk_commits(opened, push.tip);
  if (!pushed) return refused(pushed.error());
  if (pushed->bases.empty()) return refused({ErrorCode::kPushOtherRoot, ""});
  CheckedPush checked;
  checked.base = *std::ranges::min_element(pushed->bases, {}, [&](const ObjectId& id) { return *opened.history().distance(id); });
  const PushedCommit& tip = pushed->commits.front().second;
  checked.tip_tree = tip.tree;
  Problems problems;
  check_name(checked, tip, problems);
  if (auto done = check_files(opened, checked, cache, problems); !done) return refused(done.error());
  if (push.keep && problems.empty()) check_kept_commits(opened, pushed->commits, checked, now, problems);
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return checked;
}

}  // namespace

tl::expected<CheckedPush, Problems> check_push(OpenedPush& opened, const Push& push, TreeCache& cache, protocol::UnixTime now) {
  auto verdict = judge(opened, push, cache, now);
  // Whatever was found to be missing then, may be there.
  if (opened.is_late()) return tl::unexpected(Problems{problem_of({ErrorCode::kTimeout, kWhatIsLate})});
  if (verdict) opened.lift_deadline();
  return verdict;
}

}  // namespace maillage::registry
