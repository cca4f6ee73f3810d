#include "registry/kept_commits.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "protocol/utf8.h"
#include "registry/pushed_tree.h"

namespace maillage::registry {
namespace {

using protocol::Problem;
using Problems = std::vector<Problem>;

// Enough of a commit's id to find it, and of the commits to see which.
constexpr std::size_t kShortIdBytes = 12;
constexpr std::size_t kNamedCommitsMax = 8;

std::string short_id(const ObjectId& id) { return id.hex().substr(0, kShortIdBytes); }

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_of_mailbox(char c) { return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos; }
bool is_of_domain(char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; }

// In nobody's mailbox: `.invalid`, or an address that forges give out for commits.
bool is_public_address(std::string_view email) {
  if (email.empty() || email.ends_with(".invalid") || email.starts_with("noreply@") || email.starts_with("no-reply@")) return true;
  std::string domain = "." + std::string(email.substr(std::min(email.size(), email.rfind('@') + 1)));
  return email.find('@') != email.npos && domain.find(".noreply.") != domain.npos;
}

// What is around the `@` at `at`; nothing when that is no address.
std::string_view address_at(std::string_view text, std::size_t at) {
  std::size_t begin = at, end = at + 1;
  while (begin > 0 && is_of_mailbox(text[begin - 1])) --begin;
  while (end < text.size() && is_of_domain(text[end])) ++end;
  while (end > at + 1 && text[end - 1] == '.') --end;  // of the sentence
  std::string_view domain = text.substr(at + 1, end - at - 1);
  bool address = begin < at && domain.find('.') != domain.npos;
  return address ? text.substr(begin, end - begin) : std::string_view();
}

// One sentence for all commits that have the same fault.
class Faults {
 public:
  void note(ErrorCode code, const std::string& what, const ObjectId& commit) {
    auto same = std::ranges::find_if(faults_, [&](const Fault& fault) { return fault.code == code && fault.what == what; });
    if (same == faults_.end()) same = faults_.insert(faults_.end(), Fault{code, what, {}});
    if (std::ranges::find(same->commits, commit) == same->commits.end()) same->commits.push_back(commit);
  }
  void append_to(Problems& problems) const {
    for (const Fault& fault : faults_) protocol::append(problems, {"", "", fault.code, context_of(fault), ""});
  }

 private:
  struct Fault {
    ErrorCode code;
    std::string what;
    std::vector<ObjectId> commits;
  };
  static std::string context_of(const Fault& fault) {
    std::size_t named = std::min(fault.commits.size(), kNamedCommitsMax);
    std::string text = fault.what;
    for (std::size_t i = 0; i < named; ++i) (text += text.empty() ? "" : ", ") += short_id(fault.commits[i]);
    if (fault.commits.size() > named) text += ", … (+" + std::to_string(fault.commits.size() - named) + ")";
    return text;
  }
  std::vector<Fault> faults_;
};

class KeptCheck {
 public:
  KeptCheck(const OpenedPush& opened, const PushedCommits& pushed, const CheckedPush& checked, protocol::UnixTime now)
      : opened_(opened), checked_(checked), now_(now) {
    for (const auto& [id, commit] : pushed) pushed_.emplace(id, &commit);
  }

  Result<void> learn_what_is_shown() {
    auto base = read(checked_.base);
    auto changes = base ? files_of_push(opened_.objects(), base->tree, checked_.tip_tree) : tl::unexpected(base.error());
    if (!changes) return tl::unexpected(changes.error());
    base_tree_ = base->tree;
    for (PushedFile& file : changes->files) shown_.emplace(std::move(file.path), file.blob);
    return {};
  }

  void check(const ObjectId& id) {
    auto bytes = opened_.objects().read_as(ObjectKind::kCommit, id);
    auto commit = bytes ? read_commit(*bytes) : tl::unexpected(bytes.error());
    if (!commit) {
      bool other_signature = bytes && protocol::as_text(*bytes).find("\ngpgsig") != std::string_view::npos && commit.error().context == "commit: gpgsig";
      return other_signature ? faults_.note(ErrorCode::kKeepUnsigned, "", id) : note_form(id, commit.error().context);
    }
    if (!commit->signature) faults_.note(ErrorCode::kKeepUnsigned, "", id);
    else if (!verify_signature(*commit)) note_form(id, "bad signature");
    check_people(id, *commit);
    auto base = read(base_of(id));
    if (!base) return note_form(id, base.error().context);
    check_date(id, *commit, *base);
    check_files(id, commit->tree, base->tree);
  }

  void tell(Problems& problems) const {
    faults_.append_to(problems);
    for (const Problem& problem : forms_) protocol::append(problems, problem);
  }

 private:
  void note_form(const ObjectId& id, const std::string& why) { forms_.push_back({"", "", ErrorCode::kKeepForm, short_id(id) + ", " + why, ""}); }

  Result<Commit> read(const ObjectId& id) const {
    auto bytes = opened_.objects().read_as(ObjectKind::kCommit, id);
    return bytes ? read_commit(*bytes) : tl::unexpected(bytes.error());
  }

  // The newest commit of the place's history that this one leads to.
  ObjectId base_of(const ObjectId& id) const {
    std::vector<ObjectId> waiting{id};
    std::unordered_set<ObjectId> seen{id};
    std::optional<std::size_t> nearest;
    ObjectId base = checked_.base;
    for (std::size_t next = 0; next < waiting.size(); ++next) {
      ObjectId at = waiting[next];
      if (auto distance = opened_.history().distance(at)) {
        if (!nearest || *distance < *nearest) nearest = distance, base = at;
        continue;
      }
      auto commit = pushed_.find(at);
      if (commit == pushed_.end()) continue;
      for (const ObjectId& parent : commit->second->parents)
        if (seen.insert(parent).second) waiting.push_back(parent);
    }
    return base;
  }

  void check_people(const ObjectId& id, const Commit& commit) {
    for (const CommitPerson& person : {commit.author, commit.committer}) {
      if (!is_public_address(person.email) || !private_address_in(person.email).empty())
        faults_.note(ErrorCode::kKeepEmail, protocol::shown(person.email), id);
      if (std::string found = private_address_in(person.name); !found.empty()) faults_.note(ErrorCode::kKeepName, protocol::shown(found), id);
    }
    if (std::string found = private_address_in(commit.message); !found.empty()) faults_.note(ErrorCode::kKeepMessage, protocol::shown(found), id);
  }

  void check_date(const ObjectId& id, const Commit& commit, const Commit& base) {
    // Compared in seconds: a stranger's times a thousand would leave what fits.
    std::int64_t at = commit.committer.seconds, apart = kKeptClockMsMax / 1000;
    if (at > now_.ms / 1000 + apart || at < base.committer.seconds - apart) faults_.note(ErrorCode::kKeepDate, "", id);
  }

  // The operator is shown what changes from base to tip: what one commit brings and the next takes away, nobody would have seen.
  void check_files(const ObjectId& id, const ObjectId& tree, const ObjectId& base_tree) {
    if (auto summary = summarise(opened_.objects(), tree, of_pack_); !summary) return note_form(id, summary.error().context);
    auto changes = files_of_push(opened_.objects(), base_tree, tree);
    if (!changes) return note_form(id, changes.error().context);
    if (!changes->problems.empty()) return note_form(id, protocol::shown(changes->problems.front().path));
    for (const PushedFile& file : changes->files)
      if (file.blob && !is_seen(file.path, *file.blob)) return note_form(id, protocol::shown(file.path));
  }

  // Shown to the operator under that name, or public under it already.
  bool is_seen(const std::string& path, const ObjectId& blob) const {
    if (auto at_tip = shown_.find(path); at_tip != shown_.end() && at_tip->second == blob) return true;
    auto published = find_path(opened_.objects(), base_tree_, path);
    return published && *published == blob;
  }

  const OpenedPush& opened_;
  const CheckedPush& checked_;
  const protocol::UnixTime now_;
  std::unordered_map<ObjectId, const PushedCommit*> pushed_;
  ObjectId base_tree_;
  std::map<std::string, std::optional<ObjectId>> shown_;  // what changes from base to tip
  // Rationale for a cache of its own: what it says of these folders is true while the pack is there, and no longer.
  TreeCache of_pack_{4096};
  Faults faults_;
  Problems forms_;
};

}  // namespace

std::string private_address_in(std::string_view text) {
  for (std::size_t at = text.find('@'); at != text.npos; at = text.find('@', at + 1))
    if (std::string_view address = address_at(text, at); !address.empty() && !is_public_address(address)) return std::string(address);
  return "";
}

void check_kept_commits(const OpenedPush& opened, const PushedCommits& pushed, const CheckedPush& checked, protocol::UnixTime now, Problems& problems) {
  auto note = [&](const Error& error) { (void)protocol::append(problems, {"", "", error.code, error.context, ""}); };
  if (pushed.size() > kKeptCommitsMax) return note({ErrorCode::kKeepForm, std::to_string(pushed.size()) + " commits"});
  KeptCheck check(opened, pushed, checked, now);
  if (auto learnt = check.learn_what_is_shown(); !learnt) return note(learnt.error());
  for (const auto& [id, commit] : pushed) check.check(id);
  check.tell(problems);
}

}  // namespace maillage::registry
