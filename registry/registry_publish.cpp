// The registry's own writing: a change to a place of ours becomes a commit, a head and a batch.
#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "protocol/record.h"
#include "protocol/session.h"
#include "registry/commit.h"
#include "registry/registry_parts.h"
#include "registry/time_zone.h"
#include "registry/stored_record.h"

namespace maillage::registry {
namespace {

using namespace protocol;

constexpr std::size_t kAddressBytes = 64;
constexpr std::string_view kAddressScheme = "maillage:";

// Every place that a record's text names by its address; of a membership its network, of an admission its member (RECORDS.md).
void add_addressed(Addressed& addressed, std::string_view path, std::string_view json) {
  if (path.starts_with("memberships/") || path.starts_with("admissions/"))
    if (auto record = parse_record(as_bytes(json)))
      for (const char* field : {"network", "member"})
        if (auto place = PlaceId::parse(text_field(*record, field).value_or(""))) addressed.add(*place);
  for (std::size_t at = json.find(kAddressScheme); at != std::string_view::npos; at = json.find(kAddressScheme, at + 1)) {
    auto place = PlaceId::parse(json.substr(at + kAddressScheme.size(), kAddressBytes));
    if (place) addressed.add(*place);
  }
}

TerritoryCell cell_of_profile(ByteView json) {
  auto profile = parse_record(json);
  if (!profile) return {};
  const boost::json::value* address = profile->if_contains("address");
  if (address == nullptr || !address->is_object()) return {};
  auto country = text_field(address->get_object(), "country").value_or("FR");
  return TerritoryCell::of(country, text_field(address->get_object(), "insee").value_or(""));
}

Problems one_problem(const Error& error) { return {Problem{"", "", error.code, error.context, ""}}; }

const OwnCounters* counters_of(const OwnStep& step) {
  if (auto* reapply = std::get_if<OwnReapply>(&step)) return &reapply->counters;
  if (auto* raise = std::get_if<OwnRaise>(&step)) return &raise->counters;
  return nullptr;
}

std::string message_of(const FileChanges& files) {
  auto [path, bytes] = *files.begin();
  std::string message = (bytes ? "publish " : "unpublish ") + path;
  if (files.size() > 1) message += " and " + std::to_string(files.size() - 1) + " more";
  return message;
}

}  // namespace

Head Registry::Parts::next_head(const Revision& next) const {
  const CharterChain& chain = next.chain;
  const std::optional<SignedHead>& before = next.before;
  Head head;
  head.charter = static_cast<std::uint16_t>(chain.size() - 1);
  head.place = chain.place();
  head.flags = next.closes ? Head::kClosed : 0;
  if (!before) return head;
  head.epoch = before->head.epoch + (next.breaks ? 1 : 0);
  head.sequence = next.breaks ? 0 : before->head.sequence + 1;
  if (head.charter != before->head.charter) {
    auto [epoch, sequence] = first_counters(chain.latest(), before->head);
    head.epoch = epoch, head.sequence = sequence;
  }
  head.previous = hash_of(before->head);
  head.cell = before->head.cell;
  head.addressed = before->head.addressed;
  const OwnCounters* counters = next.step ? counters_of(*next.step) : nullptr;
  if (counters != nullptr) head.charter = counters->charter, head.epoch = counters->epoch, head.sequence = counters->sequence;
  return head;
}

// The fields of a head that are read off the records: where the place is, and whom its records speak to.
void Registry::Parts::describe(Head& head, const FileChanges& files) const {
  if (auto profile = files.find("profile.json"); profile != files.end() && profile->second)
    head.cell = cell_of_profile(*profile->second);
  head.addressed = {};
  for (const auto& [path, bytes] : files)
    if (bytes) add_addressed(head.addressed, path, as_text(*bytes));
  // A damaged row costs at most a filter bit here; `verify` reports it.
  auto scanned = state->scan(Column::kRecords, record_prefix(head.place), [&](std::string_view, std::string_view value) {
    if (auto record = decode_stored_record(value); record && !files.contains(record->path))
      add_addressed(head.addressed, record->path, as_text(record->json));
    return true;
  });
  if (!scanned) head.addressed = Addressed(~std::uint64_t{0});
}

namespace {

constexpr const char* kContributorEmail = "contributor@maillage.invalid";

// The name in the profile among these files, or nothing.
std::string name_in(const FileChanges& files) {
  auto profile = files.find("profile.json");
  if (profile == files.end() || !profile->second) return "";
  auto record = parse_record(*profile->second);
  return record ? std::string(text_field(*record, "name").value_or("")) : "";
}

Draft draft_of(const Revision& revision, UnixTime now) {
  Draft draft;
  draft.files = revision.files;
  draft.author = {person_name(revision.author), place_email(revision.chain.place()), std::max<std::int64_t>(0, now.ms / 1000), 0};
  draft.committer = draft.author;
  // Named, never addressed: what is in a commit is public for ever.
  if (!revision.contributor.empty()) draft.author.name = person_name(revision.contributor), draft.author.email = kContributorEmail;
  draft.message = revision.message + "\n";
  if (revision.before && !revision.breaks) draft.parent = revision.before->head.commit;
  return draft;
}

std::size_t bytes_of(const Revision& revision) {
  std::size_t bytes = 0;
  for (const auto& [path, file] : revision.files) bytes += path.size() + (file ? file->size() : 0);
  return bytes;
}

}  // namespace

tl::expected<std::optional<Revision>, Problems> Registry::Parts::prepare(const Publication& publication, UnixTime now) {
  using Prepared = std::optional<Revision>;
  auto refused = [](const Error& error) { return tl::unexpected(one_problem(error)); };
  if (!publication.place) {
    auto files = prepare_publication(*objects, std::nullopt, trees, publication.edits);
    if (!files) return tl::unexpected(files.error());
    if (!files->contains("profile.json")) return refused({ErrorCode::kNotFound, "profile.json"});
    auto chain = new_chain(now, publication.own_root);
    if (!chain) return refused(chain.error());
    (*files)["identity/charters"] = identity_charters(*chain);
    std::string signers = identity_allowed_signers(*chain);
    (*files)["identity/allowed_signers"] = Bytes(signers.begin(), signers.end());
    std::string name = name_in(*files);
    return Prepared(Revision{std::move(*chain), std::nullopt, std::move(*files), 1, name, name, publication.imported});
  }
  const PlaceId& place = *publication.place;
  if (!own.contains(place)) return refused({ErrorCode::kNotOurs, place.hex()});
  auto before = held(place);
  if (!before) return refused(before.error());
  auto chain = chain_of(place);
  if (!chain) return refused(chain.error());
  if (!signs_for(*chain)) return refused({ErrorCode::kMovedAway, place.hex()});
  if (auto may = own_heads->may_sign(place); !may) return refused(may.error());
  // A head of ours that this disk did not sign: a restored copy, a second one, or a thief. Signing over it would lose
  // what it says or fork the place.
  auto seen = get_head(*state, Mark::kSeen, place);
  if (seen && *seen && order(before->head, (*seen)->head) < 0) return refused({ErrorCode::kIdentityElsewhere, place.hex()});
  auto tree = tree_of(before->head.commit);
  if (!tree) return refused(tree.error());
  auto files = prepare_publication(*objects, *tree, trees, publication.edits);
  if (!files) return tl::unexpected(files.error());
  if (files->empty()) return Prepared();
  if (auto stays = check_not_handed(*chain); !stays) return refused(stays.error());
  std::string message = message_of(*files);
  return Prepared(Revision{std::move(*chain), *before, std::move(*files), 0, known_name(place).name, message, publication.imported});
}

std::vector<Result<Published::Place>> Registry::Parts::publish(const std::vector<Revision>& revisions, UnixTime now) {
  auto all_refused = [&](const Error& error) {
    return std::vector<Result<Published::Place>>(revisions.size(), tl::unexpected(error));
  };
  std::vector<Draft> drafts;
  for (const Revision& each : revisions) {
    Draft& draft = drafts.emplace_back(draft_of(each, now));
    if (!each.before) continue;
    auto tree = tree_of(each.before->head.commit);
    if (!tree) return all_refused(tree.error());
    draft.tree = *tree;
  }
  auto staged = stage_commits(*objects, drafts, identity.key, trees);
  if (!staged) return all_refused(staged.error());
  return publish_staged(revisions, *staged, now);
}

std::vector<Result<Published::Place>> Registry::Parts::publish_staged(const std::vector<Revision>& revisions, StagedCommits& staged, UnixTime now) {
  auto all_refused = [&](const Error& error) {
    return std::vector<Result<Published::Place>>(revisions.size(), tl::unexpected(error));
  };
  std::vector<IngestPack::Place> places;
  std::vector<ExpectedPlace> expected;
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    const Revision& each = revisions[i];
    Head head = next_head(each);
    head.commit = staged.commits[i].commit;
    head.state = staged.commits[i].state;
    head.time = now;
    Addressed before = head.addressed;
    describe(head, each.files);
    // What the index holds are our records, and theirs are in it too.
    if (each.step) head.addressed = Addressed(head.addressed.bits() | before.bits());
    Candidate signed_head{sign(head, identity.key), each.chain, each.new_charters};
    // What partners would refuse is not signed over what they have.
    if (auto valid = verify_under(signed_head.head, each.chain); !valid) return all_refused(valid.error());
    ObjectId base = each.before ? each.before->head.commit : ObjectId{};
    places.push_back({std::move(signed_head), base});
    // Not on what is held: all of its records are read again.
    bool reapplied = each.step && std::holds_alternative<OwnReapply>(*each.step);
    expected.push_back({places.back().head.head, reapplied ? ObjectId{} : base});
  }
  auto checked = check_pack(*objects, *staged.pack, expected, trees);
  if (!checked) return all_refused(checked.error());
  for (const auto& place : checked->places)
    if (!place) return all_refused(place.error());
  auto bytes = staged.pack->bytes();
  if (!bytes) return all_refused(bytes.error());
  SharedBytes pushed;
  // Staged is what this store lacks. Of what was signed here and told to nobody it has what nobody else has: told heads that
  // stand on something else have to be asked for, by each with its own base.
  bool common = std::ranges::none_of(revisions, [](const Revision& each) { return each.step.has_value(); });
  if (common && revisions.size() == 1 && bytes->size() <= kPushedPackOriginBytesMax) pushed = std::make_shared<const Bytes>(bytes->begin(), bytes->end());
  imports.clear();
  for (const Revision& each : revisions)
    if (each.imported) imports.emplace(each.chain.place(), *each.imported);
  approvals.clear();
  for (const Revision& each : revisions)
    if (each.approves) approvals.emplace(each.chain.place(), std::pair(*each.approves, now));
  for (std::size_t i = 0; i < places.size(); ++i) {
    const SignedHead& made = places[i].head.head;
    ledgers[made.head.place] = revisions[i].step ? own_heads->after(*revisions[i].step, made.head.place, made, now) : own_heads->after_publication(made);
  }
  auto adopted = adopt(*staged.pack, *checked, places, Origin::kOurs);
  imports.clear();
  approvals.clear();
  auto signed_now = std::exchange(ledgers, {});
  indexing->finish();  // whoever publishes finds it at once
  std::vector<Result<Published::Place>> published;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const IngestPack::Place& place = places[i];
    // When a later batch failed, the places of those before it are published all the same.
    auto now_held = held(place.head.chain.place());
    bool done = now_held && *now_held == place.head.head;
    if (done) own.add(place.head.chain.place());
    if (done && revisions[i].approves) unanswered.insert(*revisions[i].approves);
    if (done) own_heads->commit(place.head.chain.place(), std::move(signed_now.at(place.head.chain.place())));
    if (done) published.emplace_back(Published::Place{place.head, place.base, pushed});
    else published.emplace_back(tl::unexpected(adopted ? Error{ErrorCode::kIdentityElsewhere, place.head.chain.place().hex()} : adopted.error()));
  }
  return published;
}

// One place that cannot be staged or checked refuses its pack; the others go again alone.
std::vector<Result<Published::Place>> Registry::Parts::publish_each(const std::vector<Revision>& revisions, UnixTime now) {
  auto published = publish(revisions, now);
  bool none = std::ranges::none_of(published, [](const auto& place) { return place.has_value(); });
  bool full = none && published.front().error().code == ErrorCode::kDiskFull;
  if (!none || full || revisions.size() == 1) return published;
  for (std::size_t i = 0; i < revisions.size(); ++i) published[i] = publish({revisions[i]}, now).front();
  return published;
}

namespace {

using Outcomes = std::vector<tl::expected<Announcement, Problems>>;

// Revisions of distinct places on their way to one pack, each with its publications by their numbers in the list.
struct Group {
  struct Run {
    std::size_t first, count;  // publications of one place, one after the other
  };
  std::vector<Revision> revisions;
  std::vector<Run> runs;
  std::set<PlaceId> places;
  std::size_t bytes = 0;

  bool full() const { return revisions.size() == kGroupPlacesMax || bytes >= kGroupBytesMax; }
  void add(Revision revision, const Run& run) {
    bytes += bytes_of(revision);
    places.insert(revision.chain.place());
    runs.push_back(run);
    revisions.push_back(std::move(revision));
  }
};

std::size_t bytes_of(const Publication& publication) {
  std::size_t bytes = 0;
  for (const FileEdit& edit : publication.edits) bytes += edit.path.size() + (edit.bytes ? edit.bytes->size() : 0);
  return bytes;
}

// How many publications from this one on may be one revision: of one place, and from no list, whose rows are marked one by one.
std::size_t run_from(const std::vector<Publication>& publications, std::size_t first) {
  auto joins = [&](const Publication& each) { return each.place && each.place == publications[first].place && !each.imported; };
  std::size_t count = 0, bytes = 0;
  for (; first + count < publications.size() && joins(publications[first + count]) && bytes < kGroupBytesMax; ++count)
    bytes += bytes_of(publications[first + count]);
  return std::max<std::size_t>(1, count);
}

// What of a revision one of its publications asked for.
Announcement announcement_of(const Revision& revision, const Publication& publication) {
  Announcement announcement;
  for (const auto& [path, file] : revision.files) {
    auto asked = [&](const FileEdit& edit) { return edit.path == path || (!edit.bytes && path.starts_with(edit.path + "/")); };
    if (publication.place && std::ranges::none_of(publication.edits, asked)) continue;
    announcement.changed.push_back(path);
    if (!file) announcement.withdrawn.push_back(path);
  }
  return announcement;
}

// Publishes a list, group by group.
class Publishing {
 public:
  using Prepare = std::function<tl::expected<std::optional<Revision>, Problems>(const Publication&)>;
  using Commit = std::function<std::vector<Result<Published::Place>>(const Group&)>;

  Publishing(const std::vector<Publication>& publications, Prepare prepare, Commit commit)
      : publications_(publications), prepare_(std::move(prepare)), commit_(std::move(commit)), outcomes_(publications.size()) {}

  Outcomes run() {
    for (std::size_t at = 0; at < publications_.size();) {
      std::size_t count = run_from(publications_, at);
      if (count == 1 || !add_together({at, count}))
        for (std::size_t i = at; i < at + count; ++i) add({i, 1}, publications_[i]);
      at += count;
    }
    commit_group();
    return std::move(outcomes_);
  }

 private:
  // Rationale: a place that publishes a thousand times in a second makes as many heads as its disk can sync, not a thousand.
  // What contradicts itself, or is refused, goes one by one, so that each is answered for itself.
  bool add_together(const Group::Run& run) {
    Publication all{publications_[run.first].place, {}};
    for (std::size_t i = run.first; i < run.first + run.count; ++i)
      all.edits.insert(all.edits.end(), publications_[i].edits.begin(), publications_[i].edits.end());
    return add(run, all);
  }

  // False: several that cannot be one.
  bool add(const Group::Run& run, const Publication& publication) {
    if (publication.place && group_.places.contains(*publication.place)) commit_group();
    auto revision = prepare_(publication);
    if (!revision && run.count > 1) return false;
    if (!revision) outcomes_[run.first] = tl::unexpected(revision.error());
    if (!revision || !*revision) return true;
    for (std::size_t i = run.first; i < run.first + run.count; ++i) outcomes_[i] = announcement_of(**revision, publications_[i]);
    group_.add(std::move(**revision), run);
    if (group_.full()) commit_group();
    return true;
  }

  void commit_group() {
    Group group = std::exchange(group_, {});
    if (group.revisions.empty()) return;
    auto published = commit_(group);
    for (std::size_t i = 0; i < group.runs.size(); ++i) settle(group.runs[i], published[i]);
  }

  void settle(const Group::Run& run, Result<Published::Place>& published) {
    if (published) {
      outcomes_[run.first]->place = std::move(*published);  // told once
      return;
    }
    bool full = published.error().code == ErrorCode::kDiskFull;
    for (std::size_t i = run.first; i < run.first + run.count; ++i) {
      if (run.count == 1 || full) outcomes_[i] = tl::unexpected(one_problem(published.error()));
      else add({i, 1}, publications_[i]), commit_group();
    }
  }

  const std::vector<Publication>& publications_;
  Prepare prepare_;
  Commit commit_;
  Outcomes outcomes_;
  Group group_;
};

}  // namespace

Outcomes Registry::publish_all(const std::vector<Publication>& publications, UnixTime now) {
  auto commit = [&](const Group& group) {
    auto room = parts_->need_room(kReserveBytes + 2 * group.bytes);
    if (!room) return std::vector<Result<Published::Place>>(group.revisions.size(), tl::unexpected(room.error()));
    return parts_->publish_each(group.revisions, now);
  };
  return Publishing(publications, [&](const Publication& one) { return parts_->prepare(one, now); }, commit).run();
}

tl::expected<Announcement, Problems> Registry::publish(const PlaceId& place, const std::vector<FileEdit>& edits, UnixTime now) {
  return publish_all({{place, edits, std::nullopt}}, now).front();
}

tl::expected<Announcement, Problems> Registry::confirm(const PlaceId& place, const std::vector<std::string>& paths, UnixTime now) {
  auto before = parts_->held(place);
  if (!before) return tl::unexpected(one_problem({ErrorCode::kNotOurs, place.hex()}));
  auto tree = parts_->tree_of(before->head.commit);
  if (!tree) return tl::unexpected(one_problem(tree.error()));
  auto edits = prepare_confirmation(*parts_->objects, *tree, paths, std::string_view(format_utc(now)).substr(0, 10));
  if (!edits) return tl::unexpected(edits.error());
  return publish(place, *edits, now);
}

}  // namespace maillage::registry
