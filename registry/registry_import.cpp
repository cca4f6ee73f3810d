// The records of a list that is kept elsewhere become places of ours, or change those that came from it before.
#include <map>
#include <set>

#include "protocol/record.h"
#include "registry/import_row.h"
#include "registry/list_copy.h"
#include "registry/registry_parts.h"
#include "registry/stored_record.h"

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

Result<ImportedList> Registry::imported_list(std::string_view source) const {
  std::map<std::string, ListedPlace> by_row;
  auto add = [&](const std::string& key, const std::string& id, const PlaceId& place) {
    std::string row = to_hex(as_bytes(key));
    by_row.try_emplace(row, ListedPlace{row, id, parts_->index->name_of(place).name});
  };
  for (const auto& [id, hosted] : parts_->hosted_from(source, nullptr))
    if (!hosted.moved_away) add(import_row_key(source, id), id, hosted.place);
  Hash wanted = source_hash(source);
  auto scanned = parts_->state->scan(Column::kMeta, kImportRowPrefix, [&](std::string_view key, std::string_view value) {
    auto row = decode_import_row(value);
    bool ours = row && row->source == wanted && parts_->own.contains(row->place) && !parts_->own.moved(row->place);
    // One that was withdrawn has no name.
    if (ours && !parts_->index->name_of(row->place).name.empty()) add(std::string(key), "", row->place);
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  ImportedList list{std::string(source), "", {}};
  for (auto& [row, place] : by_row) list.places.push_back(std::move(place));
  return list;
}

Result<std::vector<ImportedList>> Registry::imported_lists() const {
  std::map<std::string, ImportedList> by_source;
  for (const PlaceId& place : parts_->own.all()) {
    if (parts_->own.moved(place)) continue;
    auto stored = parts_->stored_profile(place);
    if (!stored) return tl::unexpected(stored.error());
    auto wanted = *stored ? read_wanted((*stored)->json) : fail(ErrorCode::kNotFound, "profile.json");
    if (!wanted) continue;  // of no list
    ImportedList& list = by_source[wanted->source];
    const auto& source = wanted->profile.at("source").get_object();
    list.source = wanted->source;
    if (list.url.empty()) list.url = text_field(source, "url").value_or("");
    std::string row = to_hex(as_bytes(import_row_key(wanted->source, wanted->id)));
    list.places.push_back({row, wanted->id, std::string(text_field(wanted->profile, "name").value_or(""))});
  }
  std::vector<ImportedList> lists;
  for (auto& [source, list] : by_source) lists.push_back(std::move(list));
  return lists;
}

Result<std::optional<ImportRow>> Registry::Parts::import_row(const std::string& key) const {
  auto value = state->get(Column::kMeta, key);
  if (!value) return tl::unexpected(value.error());
  auto row = *value ? decode_import_row(**value) : std::nullopt;
  return row && own.contains(row->place) ? row : std::nullopt;
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
        if (auto decided = decide(i); !decided) outcomes_[i] = failure({{"profile.json", "", decided.error().code, decided.error().context, ""}});
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

  // What the place publishes now; empty for a new one, or when it was withdrawn.
  struct Before {
    std::optional<StoredRecord> stored;
    std::optional<boost::json::object> profile;
  };
  Result<Before> before_of(const std::optional<HostedPlace>& place) const {
    if (!place) return Before{};
    auto stored = parts_.stored_profile(place->place);
    if (!stored) return tl::unexpected(stored.error());
    if (!*stored) return Before{};
    auto profile = parse_record((*stored)->json);
    if (!profile) return tl::unexpected(profile.error());
    return Before{std::move(*stored), std::move(*profile)};
  }

  // Whether people changed the profile since the list wrote it: by our own row of it, else by what the record says of
  // itself; of a place that was taken over from another daemon without either, it has to be supposed.
  bool is_corrected(const boost::json::object& profile, const PlaceId& place, const ImportRow* row) const {
    if (row != nullptr) return fingerprint_of_profile(profile) != row->written;
    Touched touched = touched_since_copied(profile);
    if (touched != Touched::kUnknown) return touched == Touched::kYes;
    auto chain = parts_.chain_of(place);
    return chain && chain->size() > 1;
  }

  // A place's own word stays its own whatever the list says. Of a copy that was corrected, what the list says now too is
  // the list's again: published at once, as only dates differ, so that the next import finds what this one wrote.
  bool is_kept(const boost::json::object& profile, const PlaceId& place, const ImportRow* row, Imported& outcome) const {
    if (rule_.overwrite) return false;
    bool own_word = is_own_word(profile);
    if (own_word && outcome.fields.empty()) outcome.fields.emplace_back("/source/retrieved");
    return own_word || (!outcome.fields.empty() && is_corrected(profile, place, row));
  }

  Result<void> decide(std::size_t number) {
    const Wanted& wanted = *wanted_[number];
    Imported& outcome = outcomes_[number];
    std::string key = import_row_key(wanted.source, wanted.id);
    auto row = parts_.import_row(key);
    if (!row) return tl::unexpected(row.error());
    auto place = place_of(wanted, *row);
    outcome.outcome = !place ? Outcome::kCreated : place->moved_away ? Outcome::kElsewhere : Outcome::kChanged;
    if (outcome.outcome == Outcome::kElsewhere) return {};
    auto before = before_of(place);
    if (!before) return tl::unexpected(before.error());
    const boost::json::object* published = before->profile ? &*before->profile : nullptr;
    boost::json::object copy = copy_over(wanted.profile, published, now_);
    bool same = published != nullptr && copy == *published;
    ImportMark mark{key, fingerprint_of_profile(same ? *published : copy), source_hash(wanted.source)};
    if (place) {
      const ImportRow* of_place = *row && (*row)->place == place->place ? &**row : nullptr;
      if (of_place != nullptr && published == nullptr) outcome.outcome = Outcome::kWithdrawn;
      if (published != nullptr) outcome.fields = differing_fields(*published, wanted.profile);
      if (published != nullptr && is_kept(*published, place->place, of_place, outcome)) outcome.outcome = Outcome::kKept;
      if (outcome.outcome != Outcome::kChanged) return {};
      ImportRow fresh{place->place, mark.written, mark.source};
      if (of_place == nullptr || *of_place != fresh) unwritten_.emplace(number, std::pair(key, fresh));
    }
    std::string text = to_pretty_json(copy);
    // The order of its fields, and how its numbers are written, are not the list's to change.
    Bytes bytes = same ? before->stored->json : Bytes(text.begin(), text.end());
    publications_.push_back({place ? std::optional(place->place) : std::nullopt, {{"profile.json", std::move(bytes)}}, std::nullopt, std::move(mark)});
    numbers_.push_back(number);
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
