#include "registry/push_check.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "protocol/record.h"
#include "protocol/utf8.h"
#include "registry/pushed_commit.h"
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

// The commits that are pushed, newest first, and where they leave for the place's history.
struct PushedCommits {
  std::vector<std::pair<ObjectId, PushedCommit>> commits;
  std::vector<ObjectId> bases;
};

Result<PushedCommits> walk_commits(const OpenedPush& opened, const ObjectId& tip) {
  PushedCommits pushed;
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

// In nobody's mailbox: `.invalid` (RFC 2606), or an address that forges give out for commits.
bool is_public_address(std::string_view email) {
  if (email.empty() || email.ends_with(".invalid") || email.starts_with("noreply@") || email.starts_with("no-reply@")) return true;
  std::string domain = "." + std::string(email.substr(std::min(email.size(), email.rfind('@') + 1)));
  return email.find('@') != email.npos && domain.find(".noreply.") != domain.npos;
}

// Each is judged by itself, against all that changes.
constexpr std::size_t kKeptCommitsMax = 50;

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

// What changes from base to tip, as the operator is shown it.
struct Shown {
  ObjectId base_tree;
  std::map<std::string, std::optional<ObjectId>> files;
};

Result<Shown> shown_of(const OpenedPush& opened, const CheckedPush& checked) {
  auto base = tree_at(opened.objects(), checked.base);
  auto changes = base ? files_of_push(opened.objects(), *base, checked.tip_tree) : tl::unexpected(base.error());
  if (!changes) return tl::unexpected(changes.error());
  Shown shown{*base, {}};
  for (PushedFile& file : changes->files) shown.files.emplace(std::move(file.path), file.blob);
  return shown;
}

// What `-o keep` asks of a commit that stays in the history for ever.
void check_kept(const OpenedPush& opened, const ObjectId& id, const Shown& shown, TreeCache& cache, Problems& problems) {
  auto note = [&](ErrorCode code, const std::string& context) {
    Problem problem{"", "", code, context, ""};
    if (std::ranges::find(problems, problem) == problems.end()) protocol::append(problems, std::move(problem));
  };
  std::string name = id.hex().substr(0, 12);
  auto bytes = opened.objects().read_as(ObjectKind::kCommit, id);
  auto commit = bytes ? read_commit(*bytes) : tl::unexpected(bytes.error());
  if (!commit) {
    bool other_signature = bytes && protocol::as_text(*bytes).find("\ngpgsig") != std::string_view::npos && commit.error().context == "commit: gpgsig";
    return other_signature ? note(ErrorCode::kKeepUnsigned, name) : note(ErrorCode::kKeepForm, name + ", " + commit.error().context);
  }
  if (!commit->signature) note(ErrorCode::kKeepUnsigned, name);
  else if (!verify_signature(*commit)) note(ErrorCode::kKeepForm, name + ", bad signature");
  for (const std::string& email : {commit->author.email, commit->committer.email})
    if (!is_public_address(email)) note(ErrorCode::kKeepEmail, protocol::shown(email));
  if (auto summary = summarise(opened.objects(), commit->tree, cache); !summary) return note(ErrorCode::kKeepForm, name + ", " + summary.error().context);
  // The operator is shown what changes from base to tip: what one commit brings and the next takes away, nobody would have seen.
  auto changes = files_of_push(opened.objects(), shown.base_tree, commit->tree);
  if (!changes) return note(ErrorCode::kKeepForm, name + ", " + changes.error().context);
  if (!changes->problems.empty()) return note(ErrorCode::kKeepForm, name + ", " + protocol::shown(changes->problems.front().path));
  for (const PushedFile& file : changes->files) {
    if (!file.blob) continue;
    auto at_tip = shown.files.find(file.path);
    if (at_tip == shown.files.end() || at_tip->second != file.blob) return note(ErrorCode::kKeepForm, name + ", " + protocol::shown(file.path));
  }
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

void check_all_kept(const OpenedPush& opened, const PushedCommits& pushed, const CheckedPush& checked, Problems& problems) {
  auto note = [&](const Error& error) { (void)protocol::append(problems, problem_of(error)); };
  if (pushed.commits.size() > kKeptCommitsMax) return note({ErrorCode::kKeepForm, std::to_string(pushed.commits.size()) + " commits"});
  auto shown = shown_of(opened, checked);
  if (!shown) return note(shown.error());
  // Rationale for a cache of its own: what it says of these folders is true while the pack is there, and no longer.
  TreeCache of_pack(4096);
  for (const auto& [id, commit] : pushed.commits) check_kept(opened, id, *shown, of_pack, problems);
}

tl::expected<CheckedPush, Problems> judge(const OpenedPush& opened, const Push& push, TreeCache& cache) {
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
  if (push.keep && problems.empty()) check_all_kept(opened, *pushed, checked, problems);
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return checked;
}

}  // namespace

tl::expected<CheckedPush, Problems> check_push(const OpenedPush& opened, const Push& push, TreeCache& cache) {
  auto verdict = judge(opened, push, cache);
  // Whatever was found to be missing then, may be there.
  if (opened.is_late()) return tl::unexpected(Problems{problem_of({ErrorCode::kTimeout, kWhatIsLate})});
  return verdict;
}

}  // namespace maillage::registry
