// The records of a list that is kept elsewhere become places of ours, or change those that came from it before.
#include <map>
#include <set>

#include "protocol/record.h"
#include "registry/import_row.h"
#include "registry/registry_parts.h"
#include "registry/stored_record.h"
#include "registry/time_zone.h"

namespace maillage::registry {
namespace {

using namespace protocol;
using Outcome = Imported::Outcome;

// A profile of the list, read.
struct Wanted {
  boost::json::object profile;
  std::string source, id;
};

Result<Wanted> read_wanted(ByteView profile) {
  auto record = parse_record(profile);
  if (!record) return tl::unexpected(record.error());
  const boost::json::value* source = record->if_contains("source");
  if (source == nullptr || !source->is_object()) return fail(ErrorCode::kMalformed, "source");
  auto name = text_field(source->get_object(), "name"), id = text_field(source->get_object(), "id");
  if (!name || !id || name->empty() || id->empty()) return fail(ErrorCode::kMalformed, "source");
  std::string name_text(*name), id_text(*id);
  return Wanted{std::move(*record), std::move(name_text), std::move(id_text)};
}

boost::json::object& source_in(boost::json::object& profile) { return profile.at("source").get_object(); }

Imported refusal(const Error& error) { return {Outcome::kRefused, std::nullopt, {{"profile.json", "/source", error.code, error.context, ""}}, {}}; }

// A disk that is full or fails stops the import; anything else is that place's own.
Imported failure(const Problems& problems) {
  bool of_record = problems.front().code != ErrorCode::kDiskFull && problems.front().code != ErrorCode::kIo;
  return {of_record ? Outcome::kRefused : Outcome::kFailed, std::nullopt, problems, {}};
}

}  // namespace

// Of two places of ours with one id, as after taking one over, we publish to the one that we sign for.
std::map<std::string, HostedPlace> Registry::Parts::hosted_from(std::string_view source, const std::set<std::string>* ids) const {
  std::map<std::string, HostedPlace> hosted;
  for (const SourcedPlace& found : index->places_from(source)) {
    if ((ids != nullptr && !ids->contains(found.id)) || !own.contains(found.place)) continue;
    bool moved = own.moved(found.place);
    auto [at, fresh] = hosted.emplace(found.id, HostedPlace{found.place, moved});
    bool better = at->second.moved_away != moved ? !moved : found.place < at->second.place;
    if (!fresh && better) at->second = {found.place, moved};
  }
  return hosted;
}

Result<std::optional<StoredRecord>> Registry::Parts::stored_profile(const PlaceId& place) const {
  auto value = state->get(Column::kRecords, record_key(place, path_key("profile.json")));
  if (!value) return tl::unexpected(value.error());
  if (!*value) return std::nullopt;
  auto stored = decode_stored_record(**value);
  if (!stored) return tl::unexpected(stored.error());
  return std::optional(std::move(*stored));
}

Bytes Registry::Parts::dated(const Bytes& profile, const std::optional<PlaceId>& place, UnixTime now) const {
  auto record = parse_record(profile);
  if (!record || source_in(*record).contains("retrieved")) return profile;
  auto stored = place ? stored_profile(*place) : fail(ErrorCode::kNotFound, "profile.json");
  auto published = stored && *stored ? parse_record((*stored)->json) : fail(ErrorCode::kNotFound, "profile.json");
  const auto* source = published ? published->if_contains("source") : nullptr;
  auto day = source && source->is_object() ? text_field(source->get_object(), "retrieved") : std::nullopt;
  if (day) source_in(*record)["retrieved"] = *day;
  // To confirm a profile is not to change it.
  if (published && !record->contains("confirmed")) published->erase("confirmed");
  if (day && *record == *published) return (*stored)->json;
  source_in(*record)["retrieved"] = std::string_view(format_utc(now)).substr(0, 10);
  std::string text = to_pretty_json(*record);
  return Bytes(text.begin(), text.end());
}

std::vector<std::string> Registry::imported_ids(std::string_view source) const {
  std::vector<std::string> ids;
  for (const auto& [id, hosted] : parts_->hosted_from(source, nullptr))
    if (!hosted.moved_away) ids.push_back(id);
  return ids;
}

Result<std::optional<ImportRow>> Registry::Parts::import_row(const std::string& key) const {
  auto value = state->get(Column::kMeta, key);
  if (!value) return tl::unexpected(value.error());
  auto row = *value ? decode_import_row(**value) : std::nullopt;
  return row && own.contains(row->place) ? row : std::nullopt;
}

Result<std::optional<boost::json::object>> Registry::Parts::profile_of(const PlaceId& place) const {
  auto stored = stored_profile(place);
  if (!stored) return tl::unexpected(stored.error());
  if (!*stored) return std::nullopt;
  auto profile = parse_record((*stored)->json);
  if (!profile) return tl::unexpected(profile.error());
  return std::optional(std::move(*profile));
}

namespace {

// One import, a chunk of it: first what each profile is to become, then all of them at once.
class Importing {
 public:
  Importing(Registry& registry, Registry::Parts& parts, const ImportRule& rule, UnixTime now) : registry_(registry), parts_(parts), rule_(rule), now_(now) {}

  std::vector<Imported> perform(const std::vector<Bytes>& profiles) {
    outcomes_.resize(profiles.size());
    read(profiles);
    for (std::size_t i = 0; i < profiles.size(); ++i)
      if (wanted_[i])
        if (auto decided = decide(i, profiles[i]); !decided) outcomes_[i] = failure({{"profile.json", "", decided.error().code, decided.error().context, ""}});
    if (rule_.dry_run) try_all();
    else publish_all();
    return std::move(outcomes_);
  }

 private:
  void read(const std::vector<Bytes>& profiles) {
    std::map<std::string, std::set<std::string>> ids;  // by source
    for (std::size_t i = 0; i < profiles.size(); ++i) {
      auto read = read_wanted(profiles[i]);
      bool once = read && ids[read->source].insert(read->id).second;
      if (!once) outcomes_[i] = refusal(read ? Error{ErrorCode::kExists, read->id} : read.error());
      wanted_.push_back(once ? std::optional(std::move(*read)) : std::nullopt);
    }
    for (const auto& [source, of_source] : ids) known_.emplace(source, parts_.hosted_from(source, &of_source));
  }

  // The place that the row is published to: the one it was before, unless that moved away and another is ours; then the
  // one whose profile names the row.
  std::optional<HostedPlace> place_of(const Wanted& wanted, const std::optional<ImportRow>& row) const {
    std::optional<HostedPlace> before;
    if (row) before = HostedPlace{row->place, parts_.own.moved(row->place)};
    const auto& by_source = known_.at(wanted.source);
    auto found = by_source.find(wanted.id);
    if (found != by_source.end() && (!before || (before->moved_away && !found->second.moved_away))) before = found->second;
    return before;
  }

  Result<void> decide(std::size_t number, const Bytes& bytes) {
    const Wanted& wanted = *wanted_[number];
    Imported& outcome = outcomes_[number];
    std::string key = import_row_key(wanted.source, wanted.id);
    auto row = parts_.import_row(key);
    if (!row) return tl::unexpected(row.error());
    auto before = place_of(wanted, *row);
    outcome.outcome = !before ? Outcome::kCreated : before->moved_away ? Outcome::kElsewhere : Outcome::kChanged;
    if (outcome.outcome == Outcome::kElsewhere) return {};
    Bytes dated = parts_.dated(bytes, before ? std::optional(before->place) : std::nullopt, now_);
    auto record = parse_record(dated);
    if (!record) return tl::unexpected(record.error());
    Hash written = fingerprint_of_profile(*record);
    if (before) {
      auto profile = parts_.profile_of(before->place);
      if (!profile) return tl::unexpected(profile.error());
      bool from_row = *row && (*row)->place == before->place;
      if (from_row && !*profile) outcome.outcome = Outcome::kWithdrawn;
      if (*profile) outcome.fields = differing_fields(**profile, wanted.profile);
      bool corrected = from_row && *profile && fingerprint_of_profile(**profile) != (*row)->written;
      // The list says now what was corrected: it stays its place's own word, and follows the list from here on.
      if (corrected && outcome.fields.empty()) return settle(number, key, {before->place, fingerprint_of_profile(**profile)});
      if (corrected && !rule_.overwrite) outcome.outcome = Outcome::kKept;
      if (outcome.outcome != Outcome::kChanged) return {};
      if (!from_row || (*row)->written != written) unwritten_.emplace(number, std::pair(key, ImportRow{before->place, written}));
    }
    publications_.push_back({before ? std::optional(before->place) : std::nullopt, {{"profile.json", std::move(dated)}}, std::nullopt,
                             ImportMark{key, written}});
    numbers_.push_back(number);
    return {};
  }

  Result<void> settle(std::size_t number, const std::string& key, const ImportRow& row) {
    unchanged(number);
    found_.put(Column::kMeta, key, encode(row));
    return {};
  }

  void unchanged(std::size_t number) {
    outcomes_[number].outcome = Outcome::kUnchanged;
    outcomes_[number].fields.clear();
  }

  void try_all() {
    for (std::size_t i = 0; i < publications_.size(); ++i) {
      auto revision = parts_.prepare(publications_[i], now_);
      if (!revision) outcomes_[numbers_[i]] = failure(revision.error());
      else if (!*revision) unchanged(numbers_[i]);
    }
  }

  void publish_all() {
    auto published = registry_.publish_all(publications_, now_);
    for (std::size_t i = 0; i < published.size(); ++i) {
      std::size_t number = numbers_[i];
      if (!published[i]) {
        outcomes_[number] = failure(published[i].error());
      } else if (published[i]->place) {
        outcomes_[number].place = std::move(published[i]->place);
      } else {
        unchanged(number);
        if (auto row = unwritten_.find(number); row != unwritten_.end()) found_.put(Column::kMeta, row->second.first, encode(row->second.second));
      }
    }
    // What fails here is written by the next import.
    if (!found_.empty()) (void)parts_.commit(found_);
  }

  Registry& registry_;
  Registry::Parts& parts_;
  ImportRule rule_;
  UnixTime now_;
  std::vector<Imported> outcomes_;
  std::vector<std::optional<Wanted>> wanted_;
  std::map<std::string, std::map<std::string, HostedPlace>> known_;  // by source, then id
  std::map<std::size_t, std::pair<std::string, ImportRow>> unwritten_;
  WriteBatch found_;  // rows of places that say already what the list says
  std::vector<Publication> publications_;
  std::vector<std::size_t> numbers_;  // of the profile that each publication is of
};

}  // namespace

std::vector<Imported> Registry::import_profiles(const std::vector<Bytes>& profiles, const ImportRule& rule, UnixTime now) {
  return Importing(*this, *parts_, rule, now).perform(profiles);
}

}  // namespace maillage::registry
