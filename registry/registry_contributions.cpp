// Contributions: a push judged, kept until somebody here answers, and published as one more state of the place.
#include <algorithm>

#include <boost/json/array.hpp>

#include "protocol/record.h"
#include "protocol/utf8.h"
#include "registry/git/head_commit.h"
#include "registry/record_difference.h"
#include "registry/registry_parts.h"
#include "registry/time_zone.h"

namespace maillage::registry {
namespace {

using namespace protocol;

// An answer is read in a terminal, by one person.
constexpr std::size_t kAnswerCharactersMax = 2'000;
// Of a text that is shown; the rest is said to be there.
constexpr std::size_t kShownTextBytesMax = 64 * kKiB;

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
  made.key = push.certified ? push.certified : checked.key;
  made.sender = push.sender;
  made.keep = push.keep;
  made.language = push.language;
  for (const auto& [path, file] : checked.files) made.files.push_back(path);
  made.reserved = checked.reserved;
  made.bytes = bytes;
  return made;
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
  return parts_->inbox->begin();
}

tl::expected<JudgedPush, Problems> Registry::judge_push(Inbox::Arrival& arrival, const Push& push) const {
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  auto head = parts_->head_for_push(push.place);
  if (!head) return refused(head.error());
  auto bytes = arrival.bytes();
  if (!bytes) return refused(bytes.error());
  auto opened = OpenedPush::open(*parts_->objects, head->head.commit, *bytes);
  if (!opened) return refused(opened.error());
  auto checked = check_push(**opened, push, parts_->trees);
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
    return PushOutcome{std::move(fresh), std::move(*landed)};
  }
  for (const Contribution& each : parts_->inbox->list())
    if (is_open(each.state) && each.place == fresh.place && each.tip == fresh.tip && each.keep == fresh.keep) return PushOutcome{each, std::nullopt};
  if (auto expired = parts_->inbox->expire(now); !expired) return refused(expired.error());
  if (auto room = parts_->inbox->room_for(fresh); !room) return refused(room.error());
  if (auto kept = parts_->inbox->keep(arrival, fresh); !kept) return refused(kept.error());
  return PushOutcome{std::move(fresh), std::nullopt};
}

// ---- publishing

Result<StagedCommits> Registry::Parts::stage_kept(const ObjectId& tip, const OpenedPush& opened, const CheckedPush& checked,
                                                  const Revision& next, UnixTime now) {
  const ObjectId& held_commit = next.before->head.commit;
  LooseObjects fresh;
  StagedCommits staged;
  StagedCommit made{tip, checked.tip_tree, {}};
  if (checked.base != held_commit || !leads_to(opened.objects(), tip, held_commit, opened.history())) {
    auto tree = tree_of(held_commit);
    if (!tree) return tl::unexpected(tree.error());
    std::map<std::string, std::optional<ObjectId>> names;
    for (const auto& [path, file] : next.files) names.emplace(path, file ? std::optional(object_id(ObjectKind::kBlob, *file)) : std::nullopt);
    auto edited = edit_tree(opened.objects(), *tree, names);
    if (!edited) return tl::unexpected(edited.error());
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
                                                           UnixTime now) {
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  auto head = held(contribution.place);
  if (!head) return refused(head.error());
  auto base_tree = tree_of(checked.base), held_tree = tree_of(head->head.commit);
  if (!base_tree) return refused(base_tree.error());
  if (!held_tree) return refused(held_tree.error());
  std::vector<FileEdit> edits;
  Problems conflicts;
  for (const auto& [path, file] : checked.files) {
    auto before = find_path(*objects, *base_tree, path), current = find_path(*objects, *held_tree, path);
    if (!before) return refused(before.error());
    if (!current) return refused(current.error());
    auto wanted = file ? std::optional(object_id(ObjectKind::kBlob, *file)) : std::nullopt;
    if (*current == wanted) continue;
    if (*current != *before) append(conflicts, {path, "", ErrorCode::kContributionConflict, path, ""});
    edits.push_back({path, file});
  }
  if (!conflicts.empty()) return tl::unexpected(std::move(conflicts));
  if (edits.empty()) return Announcement{};
  std::ranges::stable_partition(edits, [](const FileEdit& edit) { return !edit.bytes; });
  auto next = prepare({contribution.place, edits, std::nullopt}, now);
  if (!next) return tl::unexpected(next.error());
  if (!*next) return Announcement{};
  if (auto room = need_room(kReserveBytes + 4 * contribution.bytes); !room) return refused(room.error());
  (*next)->contributor = contribution.name;
  (*next)->message = message_of(contribution, (*next)->files);
  Announcement announcement;
  for (const auto& [path, file] : (*next)->files) announcement.changed.push_back(path);
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
  auto checked = check_push(**opened, push_of(*contribution), parts_->trees);
  // Its own commits are published already: an approval that was cut short after that.
  bool published = !checked && checked.error().front().code == ErrorCode::kPushUnchanged;
  if (!checked && !published) return tl::unexpected(checked.error());
  auto landed = published ? Announcement{} : parts_->land(*contribution, **opened, *checked, now);
  if (!landed) return landed;
  if (auto answered = parts_->inbox->answer(id, ContributionState::kApproved, "", now); !answered) return refused(answered.error());
  return landed;
}

Result<void> Registry::answer(const ContributionId& id, ContributionState state, const std::string& text, UnixTime now) {
  bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank || count_code_points(text) > kAnswerCharactersMax) return fail(ErrorCode::kEmptyAnswer, "");
  return parts_->inbox->answer(id, state, text, now);
}

Result<void> Registry::expire_contributions(UnixTime now) { return parts_->inbox->expire(now); }

// ---- showing

std::vector<Contribution> Registry::contributions() const { return parts_->inbox->list(); }
Result<Contribution> Registry::contribution(const ContributionId& id) const { return parts_->inbox->find(id); }

boost::json::object Registry::summary(const Contribution& it) const {
  auto called = parts_->index->name_of(it.place);
  boost::json::object json{{"id", it.id.hex()}, {"place", it.place.hex()}, {"slug", called.slug}, {"placeName", called.name},
                           {"name", it.name}, {"received", format_utc(it.received)}, {"state", std::string(registry::name_of(it.state))}};
  json["files"] = boost::json::array(it.files.begin(), it.files.end());
  if (it.keep) json["keep"] = true;
  if (!it.email.empty()) json["email"] = it.email;
  if (it.key) json["key"] = ssh_public_key(*it.key);
  if (!it.reserved.empty()) json["reserved"] = boost::json::array(it.reserved.begin(), it.reserved.end());
  if (it.answered.ms != 0) json["answered"] = format_utc(it.answered);
  if (!it.answer.empty()) json["answer"] = it.answer;
  return json;
}

namespace {

bool is_text(ByteView bytes) {
  std::string_view text = as_text(bytes).substr(0, kShownTextBytesMax);
  return text.find('\0') == text.npos && (text.empty() || first_code_point(text).valid);
}

// A file beside what the place publishes under that name.
boost::json::object shown_file(const std::string& path, const std::optional<Bytes>& before, const std::optional<Bytes>& after, Language language) {
  boost::json::object file{{"path", path}, {"change", !before ? "added" : after ? "changed" : "withdrawn"}};
  auto was = before ? parse_record(*before) : fail(ErrorCode::kNotFound, ""), is = after ? parse_record(*after) : fail(ErrorCode::kNotFound, "");
  if (is_record_path(path) && (was || is) && (was || !before) && (is || !after)) {
    boost::json::array fields;
    boost::json::object none;
    for (const FieldDifference& each : record_differences(kind_of_path(path), was ? *was : none, is ? *is : none, language))
      fields.push_back({{"pointer", each.pointer}, {"label", each.label}, {"before", each.before}, {"after", each.after}});
    file["fields"] = std::move(fields);
    return file;
  }
  bool texts = (!before || is_text(*before)) && (!after || is_text(*after));
  if (texts && before) file["before"] = as_text(*before).substr(0, kShownTextBytesMax);
  if (texts && after) file["after"] = as_text(*after).substr(0, kShownTextBytesMax);
  if (!texts || (after && after->size() > kShownTextBytesMax)) file["bytes"] = after ? after->size() : 0;
  return file;
}

}  // namespace

tl::expected<boost::json::object, Problems> Registry::show_contribution(const ContributionId& id, Language language) const {
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  auto contribution = parts_->inbox->find(id);
  if (!contribution) return refused(contribution.error());
  boost::json::object shown{{"contribution", summary(*contribution)}};
  if (!is_open(contribution->state)) return shown;
  auto pack = parts_->inbox->pack(id);
  if (!pack) return refused(pack.error());
  auto head = parts_->held(contribution->place);
  auto tree = head ? parts_->tree_of(head->head.commit) : tl::unexpected(head.error());
  if (!tree) return refused(tree.error());
  auto opened = OpenedPush::open(*parts_->objects, head->head.commit, pack->bytes());
  if (!opened) return refused(opened.error());
  auto checked = check_push(**opened, push_of(*contribution), parts_->trees);
  if (!checked) return tl::unexpected(checked.error());
  boost::json::array files;
  for (const auto& [path, after] : checked->files) {
    auto now_there = file(contribution->place, path);
    auto before = now_there ? std::optional(std::move(*now_there)) : std::nullopt;
    if (before == after) continue;
    files.push_back(shown_file(path, before, after, language));
  }
  shown["files"] = std::move(files);
  return shown;
}

}  // namespace maillage::registry
