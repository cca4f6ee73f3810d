// Contributions: a push judged, kept until somebody here answers, and published as one more state of the place.
#include <algorithm>

#include <boost/json/array.hpp>

#include "protocol/record.h"
#include "protocol/utf8.h"
#include "registry/git/head_commit.h"
#include "registry/registry_parts.h"
#include "registry/shown_contribution.h"
#include "registry/time_zone.h"

namespace maillage::registry {
namespace {

using namespace protocol;

// An answer is read in a terminal, by one person.
constexpr std::size_t kAnswerCharactersMax = 2'000;

Problems one_problem(const Error& error) { return {Problem{"", "", error.code, error.context, ""}}; }

Contribution contribution_of(const ContributionId& id, const Push& push, const CheckedPush& checked, std::uint64_t bytes, UnixTime now) {
  Contribution made;
  made.id = id;
  made.place = push.place;
  made.received = now;
  made.base = checked.base;
  made.tip = push.tip;
  made.name = checked.name;
  made.email = checked.email;
  made.key = push.certified ? push.certified : push.signer ? push.signer : checked.key;
  made.sender = push.sender;
  made.keep = push.keep;
  made.language = push.language;
  made.file_count = checked.files.size();
  for (const auto& [path, file] : checked.files)
    if (made.files.size() < kNamedFilesMax) made.files.push_back(path);
  for (const auto& [path, file] : checked.files)
    if (!file && made.withdrawn.size() < kNamedFilesMax) made.withdrawn.push_back(path);
  made.reserved = checked.reserved;
  made.bytes = bytes;
  return made;
}

std::vector<std::string> withdrawn_of(const FileChanges& files) {
  std::vector<std::string> paths;
  for (const auto& [path, file] : files)
    if (!file) paths.push_back(path);
  return paths;
}

Push push_of(const Contribution& contribution) {
  return {contribution.place, contribution.tip, contribution.keep, contribution.language, contribution.sender, std::nullopt};
}

std::string message_of(const Contribution& contribution, const FileChanges& files) {
  std::string message = contribution.name + ": " + (files.begin()->second ? "" : "unpublish ") + files.begin()->first;
  if (files.size() > 1) message += " and " + std::to_string(files.size() - 1) + " more";
  return message + "\n\nContribution: " + contribution.id.hex();
}

// Whether `commit` leads to `ancestor` by first parents alone. Rationale: readers follow those; a merge that put the place's own
// commits second would hide them.
bool leads_to(const ObjectSource& objects, ObjectId commit, const ObjectId& ancestor, const PlaceHistory& history) {
  while (commit != ancestor) {
    if (history.distance(commit)) return false;
    auto bytes = objects.read_as(ObjectKind::kCommit, commit);
    auto read = bytes ? read_commit(*bytes) : tl::unexpected(bytes.error());
    if (!read || read->parents.empty()) return false;
    commit = read->parents.front();
  }
  return true;
}

}  // namespace

Result<SignedHead> Registry::Parts::head_for_push(const PlaceId& place) const {
  if (!own.contains(place)) return fail(ErrorCode::kNotOurs, place.hex());
  auto chain = chain_of(place);
  if (!chain) return tl::unexpected(chain.error());
  if (!signs_for(*chain)) return fail(ErrorCode::kMovedAway, place.hex());
  return held(place);
}

bool Registry::Parts::is_maintainer(const PlaceId& place, const PublicKey& key) const {
  auto head = held(place);
  auto tree = head ? tree_of(head->head.commit) : tl::unexpected(head.error());
  auto blob = tree ? find_path(*objects, *tree, "profile.json") : tl::unexpected(tree.error());
  if (!blob || !*blob) return false;
  auto bytes = objects->read_as(ObjectKind::kBlob, **blob);
  auto profile = bytes ? parse_record(*bytes) : tl::unexpected(bytes.error());
  if (!profile) return false;
  const boost::json::value* listed = profile->if_contains("maintainers");
  if (listed == nullptr || !listed->is_array()) return false;
  std::string wanted = ssh_public_key(key);
  return std::ranges::any_of(listed->get_array(), [&](const boost::json::value& each) {
    return each.is_object() && text_field(each.get_object(), "key") == wanted;
  });
}

// ---- receiving

Result<std::unique_ptr<Inbox::Arrival>> Registry::begin_push() {
  if (auto room = parts_->need_room(kReserveBytes + kPushBytesMax); !room) return tl::unexpected(room.error());
  return parts_->inbox->begin([this](std::uint64_t bytes) { return parts_->need_room(kReserveBytes + bytes); });
}

tl::expected<JudgedPush, Problems> Registry::judge_push(Inbox::Arrival& arrival, const Push& push, UnixTime now) const {
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  auto head = parts_->head_for_push(push.place);
  if (!head) return refused(head.error());
  auto bytes = arrival.bytes();
  if (!bytes) return refused(bytes.error());
  auto opened = OpenedPush::open(*parts_->objects, head->head.commit, *bytes, std::chrono::steady_clock::now() + kJudgeTimeMax);
  if (!opened) return refused(opened.error());
  auto checked = check_push(**opened, push, parts_->trees, now);
  if (!checked) return tl::unexpected(checked.error());
  return JudgedPush{std::move(*opened), std::move(*checked), bytes->size()};
}

tl::expected<PushOutcome, Problems> Registry::take_push(Inbox::Arrival& arrival, const Push& push, const JudgedPush& judged, UnixTime now) {
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  const CheckedPush& checked = judged.checked;
  Contribution fresh = contribution_of(arrival.id(), push, checked, judged.bytes, now);
  if (push.certified && checked.reserved.empty() && parts_->is_maintainer(push.place, *push.certified)) {
    auto landed = parts_->land(fresh, *judged.opened, checked, now);
    if (!landed) return tl::unexpected(landed.error());
    fresh.state = ContributionState::kApproved;
    landed->superseded = parts_->close_published(fresh, checked.files, fresh.tip.hex(), now);
    auto withdrawn = landed->withdrawn;
    return PushOutcome{std::move(fresh), std::move(*landed), std::move(withdrawn), checked.remarks};
  }
  // The place may have erased its history since the push was judged: what starts from there must not wait here.
  auto head = parts_->held(push.place);
  if (!head) return refused(head.error());
  if (!parts_->continues(checked.base, head->head.commit)) return refused({ErrorCode::kPushOtherRoot, ""});
  auto chain = parts_->chain_of(push.place);
  if (!chain) return refused(chain.error());
  PushOutcome waits{fresh, std::nullopt, withdrawn_of(checked.files), checked.remarks, !parts_->check_not_handed(*chain)};
  if (auto same = parts_->inbox->same_as(fresh)) return waits.contribution = std::move(*same), waits;
  (void)parts_->inbox->expire(now);  // what cannot be expired keeps nobody from contributing
  if (auto room = parts_->inbox->room_for(fresh); !room) return refused(room.error());
  if (auto kept = parts_->inbox->keep(arrival, fresh); !kept) return refused(kept.error());
  return waits;
}

// ---- publishing

namespace {

// Rationale for asking for all its files, and for its key: a name and an e-mail are easily borrowed, and what is closed is gone.
bool is_earlier_version(const Contribution& older, const Contribution& published, const FileChanges& files) {
  bool covered = older.files.size() == older.file_count && std::ranges::all_of(older.files, [&](const std::string& path) { return files.contains(path); });
  return covered && older.received < published.received && same_author(older, published) && (!older.key || older.key == published.key);
}

}  // namespace

std::vector<ContributionId> Registry::Parts::close_published(const Contribution& published, const FileChanges& files, const std::string& by, UnixTime now) {
  std::vector<ContributionId> superseded;
  auto waiting = inbox->waiting([&](const Contribution& each) { return each.place == published.place && each.id != published.id; });
  for (const Contribution& each : waiting) {
    if (each.tip == published.tip) {
      (void)inbox->answer(each.id, ContributionState::kApproved, "", now);
    } else if (is_earlier_version(each, published, files)) {
      std::string said = sentence(Error{ErrorCode::kPushSuperseded, by}, each.language);
      if (inbox->answer(each.id, ContributionState::kSuperseded, said, now)) superseded.push_back(each.id);
    }
  }
  return superseded;
}

Result<StagedCommits> Registry::Parts::stage_kept(const ObjectId& tip, const OpenedPush& opened, const CheckedPush& checked,
                                                  const Revision& next, UnixTime now) {
  const ObjectId& held_commit = next.before->head.commit;
  LooseObjects fresh;
  StagedCommits staged;
  StagedCommit made{tip, checked.tip_tree, {}};
  auto tree = tree_of(held_commit);
  if (!tree) return tl::unexpected(tree.error());
  std::map<std::string, std::optional<ObjectId>> names;
  for (const auto& [path, file] : next.files) names.emplace(path, file ? std::optional(object_id(ObjectKind::kBlob, *file)) : std::nullopt);
  auto edited = edit_tree(opened.objects(), *tree, names);
  if (!edited) return tl::unexpected(edited.error());
  // Only what was judged and shown becomes the state: the tip may have more (a confirmation that it drops).
  bool forward = checked.base == held_commit && checked.tip_tree == edited->root && leads_to(opened.objects(), tip, held_commit, opened.history());
  if (!forward) {
    for (auto& [id, bytes] : edited->trees) fresh.emplace(id, Object{ObjectKind::kTree, std::move(bytes)});
    CommitPerson place{person_name(next.author), place_email(next.chain.place()), std::max<std::int64_t>(0, now.ms / 1000), 0};
    Bytes commit = write_commit(sign(Commit{edited->root, {held_commit, tip}, place, place, {}, next.message + "\n"}, identity.key));
    made = {object_id(ObjectKind::kCommit, commit), edited->root, {}};
    fresh.emplace(made.commit, Object{ObjectKind::kCommit, std::move(commit)});
  }
  AboveStore source(opened.objects(), std::move(fresh));
  TreeCache of_pack(4096);  // what it says is true only once the pack is adopted
  auto summary = summarise(source, made.tree, of_pack);
  if (!summary) return tl::unexpected(summary.error());
  made.state = summary->state;
  PackWish wish{made.commit, held_commit};
  auto pack = OutgoingPack::open(source, std::span(&wish, 1));
  if (!pack) return tl::unexpected(pack.error());
  auto quarantine = objects->stage(kPackBytesMax);
  if (!quarantine) return tl::unexpected(quarantine.error());
  while (!pack->done()) {
    auto chunk = pack->read(kMiB);
    if (!chunk) return tl::unexpected(chunk.error());
    if (auto appended = (*quarantine)->append(*chunk); !appended) return tl::unexpected(appended.error());
  }
  staged.commits.push_back(made);
  staged.pack = std::move(*quarantine);
  return staged;
}

tl::expected<Announcement, Problems> Registry::Parts::land(const Contribution& contribution, const OpenedPush& opened, const CheckedPush& checked,
                                                           UnixTime now, std::optional<ContributionId> approves) {
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  auto head = held(contribution.place);
  if (!head) return refused(head.error());
  auto base_tree = tree_of(checked.base), held_tree = tree_of(head->head.commit);
  if (!base_tree) return refused(base_tree.error());
  if (!held_tree) return refused(held_tree.error());
  std::vector<FileEdit> edits;
  Problems changed_since;
  for (const auto& [path, file] : checked.files) {
    auto current = find_path(*objects, *held_tree, path);
    auto conflict = current ? conflicts(*base_tree, *held_tree, path, file) : tl::unexpected(current.error());
    if (!conflict) return refused(conflict.error());
    if (*current == (file ? std::optional(object_id(ObjectKind::kBlob, *file)) : std::nullopt)) continue;
    if (*conflict) append(changed_since, {path, "", ErrorCode::kContributionConflict, path, ""});
    edits.push_back({path, file});
  }
  if (!changed_since.empty()) return tl::unexpected(std::move(changed_since));
  if (edits.empty()) return Announcement{};
  std::ranges::stable_partition(edits, [](const FileEdit& edit) { return !edit.bytes; });
  auto next = prepare({contribution.place, edits, std::nullopt}, now);
  if (!next) return tl::unexpected(next.error());
  if (!*next) return Announcement{};
  if (auto room = need_room(kReserveBytes + 4 * contribution.bytes); !room) return refused(room.error());
  (*next)->contributor = contribution.name;
  (*next)->message = message_of(contribution, (*next)->files);
  (*next)->approves = approves;
  Announcement announcement;
  for (const auto& [path, file] : (*next)->files) announcement.changed.push_back(path);
  announcement.withdrawn = withdrawn_of((*next)->files);
  auto publish_kept = [&]() -> Result<Published::Place> {
    auto staged = stage_kept(contribution.tip, opened, checked, **next, now);
    return staged ? publish_staged({**next}, *staged, now).front() : tl::unexpected(staged.error());
  };
  auto published = contribution.keep ? publish_kept() : publish({**next}, now).front();
  if (!published) return refused(published.error());
  announcement.place = std::move(*published);
  return announcement;
}

tl::expected<Announcement, Problems> Registry::approve(const ContributionId& id, UnixTime now) {
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  auto contribution = parts_->inbox->find(id);
  if (!contribution) return refused(contribution.error());
  auto pack = parts_->inbox->pack(id);
  if (!pack) return refused(pack.error());
  auto head = parts_->head_for_push(contribution->place);
  if (!head) return refused(head.error());
  auto opened = OpenedPush::open(*parts_->objects, head->head.commit, pack->bytes());
  if (!opened) return refused(opened.error());
  // Judged again: by the rules of today, before the history of today.
  auto checked = check_push(**opened, push_of(*contribution), parts_->trees, now);
  // Its own commits are published already: an approval that was cut short after that.
  bool published = !checked && checked.error().front().code == ErrorCode::kPushUnchanged;
  if (!checked && !published) return tl::unexpected(checked.error());
  auto landed = published ? Announcement{} : parts_->land(*contribution, **opened, *checked, now, id);
  if (!landed) return landed;
  landed->superseded = parts_->close_published(*contribution, published ? FileChanges{} : checked->files, id.hex(), now);
  if (!landed->place) {
    if (auto answered = parts_->inbox->answer(id, ContributionState::kApproved, "", now); !answered) return refused(answered.error());
    return landed;
  }
  // Published, durably: the partners are told, whatever becomes of the answer.
  parts_->inbox->approved(id, now);
  if (auto settled = parts_->settle_approvals(); !settled) landed->unanswered = settled.error();
  return landed;
}

// What a crash or a full disk kept from being answered.
Result<void> Registry::Parts::read_approvals() {
  auto scanned = state->scan(Column::kInbox, "", [&](std::string_view key, std::string_view value) {
    ContributionId id;
    Reader in_key(as_bytes(key)), in(as_bytes(value));
    id = in_key.fixed<ContributionId>();
    UnixTime when{in.i64()};
    if (!in_key.finish("approval") || !in.finish("approval")) return true;
    inbox->approved(id, when);
    unanswered.insert(id);
    return true;
  });
  if (!scanned) return scanned;
  (void)settle_approvals();  // on a full disk: later
  return {};
}

Result<void> Registry::Parts::settle_approvals() {
  if (auto done = inbox->settle(); !done) return done;
  answered.merge(unanswered);
  unanswered.clear();
  return {};
}

Result<void> Registry::answer(const ContributionId& id, ContributionState state, const std::string& text, UnixTime now) {
  bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank || count_code_points(text) > kAnswerCharactersMax) return fail(ErrorCode::kEmptyAnswer, "");
  return parts_->inbox->answer(id, state, text, now);
}

Result<void> Registry::expire_contributions(UnixTime now) {
  (void)parts_->settle_approvals();  // on a full disk: later
  auto moved = answer_for_moved(now);
  auto expired = parts_->inbox->expire(now);
  return expired ? moved : expired;
}

// ---- showing

ContributionList Registry::contributions(bool answered_too) const { return parts_->inbox->list(answered_too); }
std::vector<ContributionId> Registry::contributions_starting_with(std::string_view digits) const { return parts_->inbox->starting_with(digits); }
Result<Contribution> Registry::contribution(const ContributionId& id) const { return parts_->inbox->find(id); }

boost::json::object Registry::summary(const Contribution& it) const {
  auto called = parts_->known_name(it.place);
  boost::json::object json{{"id", it.id.hex()}, {"place", it.place.hex()}, {"slug", called.slug}, {"placeName", called.name},
                           {"name", it.name}, {"received", format_utc(it.received)}, {"state", std::string(registry::name_of(it.state))}};
  json["files"] = boost::json::array(it.files.begin(), it.files.end());
  json["fileCount"] = it.file_count;
  if (!it.withdrawn.empty()) json["withdrawn"] = boost::json::array(it.withdrawn.begin(), it.withdrawn.end());
  if (it.keep) json["keep"] = true;
  if (!it.email.empty()) json["email"] = it.email;
  if (it.key) json["key"] = ssh_public_key(*it.key);
  if (!it.reserved.empty()) json["reserved"] = boost::json::array(it.reserved.begin(), it.reserved.end());
  if (auto newer = is_open(it.state) ? parts_->inbox->newer_than(it) : std::nullopt) json["newer"] = newer->hex();
  if (it.answered.ms != 0) json["answered"] = format_utc(it.answered);
  if (!it.answer.empty()) json["answer"] = it.answer;
  return json;
}

namespace {

// Commits of a push that would stay, the oldest first. They are few (`check_push`) and canonical.
Result<void> show_commits(const OpenedPush& opened, const ObjectId& tip, ShownContribution& shown) {
  std::vector<std::pair<ObjectId, Commit>> commits;
  std::vector<ObjectId> waiting{tip};
  for (std::size_t next = 0; next < waiting.size(); ++next) {
    ObjectId id = waiting[next];
    if (opened.history().distance(id)) continue;
    auto bytes = opened.objects().read_as(ObjectKind::kCommit, id);
    auto commit = bytes ? read_commit(*bytes) : tl::unexpected(bytes.error());
    if (!commit) return tl::unexpected(commit.error());
    for (const ObjectId& parent : commit->parents)
      if (std::ranges::find(waiting, parent) == waiting.end()) waiting.push_back(parent);
    commits.emplace_back(id, std::move(*commit));
  }
  std::ranges::reverse(commits);
  for (const auto& [id, commit] : commits) shown.add_commit(id, commit);
  return {};
}

}  // namespace

Result<bool> Registry::Parts::conflicts(const ObjectId& base_tree, const ObjectId& held_tree, const std::string& path,
                                        const std::optional<Bytes>& wanted) const {
  auto before = find_path(*objects, base_tree, path), current = find_path(*objects, held_tree, path);
  if (!before) return tl::unexpected(before.error());
  if (!current) return tl::unexpected(current.error());
  return *current != *before && *current != (wanted ? std::optional(object_id(ObjectKind::kBlob, *wanted)) : std::nullopt);
}

tl::expected<Registry::Parts::OpenedContribution, Problems> Registry::Parts::open_contribution(const ContributionId& id) {
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  auto contribution = inbox->find(id);
  if (!contribution) return refused(contribution.error());
  auto pack = inbox->pack(id);
  if (!pack) return refused(pack.error());
  auto head = held(contribution->place);
  auto tree = head ? tree_of(head->head.commit) : tl::unexpected(head.error());
  if (!tree) return refused(tree.error());
  OpenedContribution it{std::move(*contribution), std::move(*pack), *tree, nullptr, {}};
  auto opened = OpenedPush::open(*objects, head->head.commit, it.pack.bytes(), std::chrono::steady_clock::now() + kJudgeTimeMax);
  if (!opened) return refused(opened.error());
  it.opened = std::move(*opened);
  auto checked = check_push(*it.opened, push_of(it.contribution), trees, it.contribution.received);
  if (!checked) return tl::unexpected(checked.error());
  it.checked = std::move(*checked);
  return it;
}

tl::expected<FileChanges, Problems> Registry::contribution_files(const ContributionId& id) const {
  auto it = parts_->open_contribution(id);
  if (!it) return tl::unexpected(it.error());
  return std::move(it->checked.files);
}

tl::expected<boost::json::object, Problems> Registry::show_contribution(const ContributionId& id, Language language) const {
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  auto contribution = parts_->inbox->find(id);
  if (!contribution) return refused(contribution.error());
  boost::json::object answer{{"contribution", summary(*contribution)}};
  if (!is_open(contribution->state)) return answer;
  auto it = parts_->open_contribution(id);
  if (!it) return tl::unexpected(it.error());
  auto base_tree = parts_->tree_of(it->checked.base);
  if (!base_tree) return refused(base_tree.error());
  ShownContribution shown(language);
  for (const auto& [path, after] : it->checked.files) {
    auto now_there = file(contribution->place, path);
    auto before = now_there ? std::optional(std::move(*now_there)) : std::nullopt;
    auto conflict = parts_->conflicts(*base_tree, it->held_tree, path, after);
    if (!conflict) return refused(conflict.error());
    if (before != after) shown.add_file(path, before, after, *conflict);
  }
  if (contribution->keep)
    if (auto commits = show_commits(*it->opened, contribution->tip, shown); !commits) return refused(commits.error());
  boost::json::object body = std::move(shown).take();
  for (auto& member : body) answer[member.key()] = std::move(member.value());
  return answer;
}

}  // namespace maillage::registry
