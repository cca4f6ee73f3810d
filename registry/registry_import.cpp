// The records of a list that is kept elsewhere become places of ours, or change those that came from it before.
#include <map>
#include <set>

#include "protocol/record.h"
#include "registry/registry_parts.h"
#include "registry/stored_record.h"
#include "registry/time_zone.h"

namespace maillage::registry {
namespace {

using namespace protocol;
using Outcome = Imported::Outcome;

struct Source {
  std::string name, id;
};

Result<Source> source_of(ByteView profile) {
  auto record = parse_record(profile);
  if (!record) return tl::unexpected(record.error());
  const boost::json::value* source = record->if_contains("source");
  if (source == nullptr || !source->is_object()) return fail(ErrorCode::kMalformed, "source");
  auto name = text_field(source->get_object(), "name"), id = text_field(source->get_object(), "id");
  if (!name || !id || name->empty() || id->empty()) return fail(ErrorCode::kMalformed, "source");
  return Source{std::string(*name), std::string(*id)};
}

std::optional<StoredRecord> stored_profile(const StateStore& store, const PlaceId& place) {
  auto row = store.get(Column::kRecords, record_key(place, path_key("profile.json")));
  auto stored = row && *row ? decode_stored_record(**row) : fail(ErrorCode::kNotFound, "profile.json");
  return stored ? std::optional(std::move(*stored)) : std::nullopt;
}

boost::json::object& source_in(boost::json::object& profile) { return profile.at("source").get_object(); }

Imported refusal(const Error& error) { return {Outcome::kRefused, std::nullopt, {{"profile.json", "/source", error.code, error.context, ""}}}; }

// A disk that is full or fails stops the import; anything else is that place's own.
Imported failure(const Problems& problems) {
  bool of_record = problems.front().code != ErrorCode::kDiskFull && problems.front().code != ErrorCode::kIo;
  return {of_record ? Outcome::kRefused : Outcome::kFailed, std::nullopt, problems};
}

}  // namespace

// Of two places of ours with one id, as after taking one over, we publish to the one that we sign for.
std::map<std::string, HostedPlace> Registry::Parts::hosted_from(std::string_view source, const std::set<std::string>* ids) const {
  std::map<std::string, HostedPlace> hosted;
  for (const SourcedPlace& found : index->places_from(source)) {
    if ((ids != nullptr && !ids->contains(found.id)) || !own.contains(found.place)) continue;
    auto chain = chain_of(found.place);
    bool moved = chain && !signs_for(*chain);
    auto [at, fresh] = hosted.emplace(found.id, HostedPlace{found.place, moved});
    bool better = at->second.moved_away != moved ? !moved : found.place < at->second.place;
    if (!fresh && better) at->second = {found.place, moved};
  }
  return hosted;
}

Bytes Registry::Parts::dated(const Bytes& profile, const std::optional<PlaceId>& place, UnixTime now) const {
  auto record = parse_record(profile);
  if (!record || source_in(*record).contains("retrieved")) return profile;
  auto stored = place ? stored_profile(*state, *place) : std::nullopt;
  auto published = stored ? parse_record(stored->json) : fail(ErrorCode::kNotFound, "profile.json");
  const auto* source = published ? published->if_contains("source") : nullptr;
  auto day = source && source->is_object() ? text_field(source->get_object(), "retrieved") : std::nullopt;
  if (day) source_in(*record)["retrieved"] = *day;
  if (day && *record == *published) return stored->json;
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

std::vector<Imported> Registry::import_profiles(const std::vector<Bytes>& profiles, bool dry_run, UnixTime now) {
  std::vector<Imported> outcomes(profiles.size());
  std::vector<std::optional<Source>> sources(profiles.size());
  std::map<std::string, std::set<std::string>> wanted;  // ids by source
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    auto source = source_of(profiles[i]);
    bool once = source && wanted[source->name].insert(source->id).second;
    if (once) sources[i] = *source;
    else outcomes[i] = refusal(source ? Error{ErrorCode::kExists, source->id} : source.error());
  }
  std::map<std::string, std::map<std::string, HostedPlace>> known;
  for (const auto& [name, ids] : wanted) known.emplace(name, parts_->hosted_from(name, &ids));
  std::vector<Publication> publications;
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if (!sources[i]) continue;
    const auto& hosted = known.at(sources[i]->name);
    auto before = hosted.find(sources[i]->id);
    bool exists = before != hosted.end();
    outcomes[i].outcome = exists ? Outcome::kChanged : Outcome::kCreated;
    if (exists && before->second.moved_away) outcomes[i].outcome = Outcome::kElsewhere;
    if (outcomes[i].outcome == Outcome::kElsewhere) continue;
    auto place = exists ? std::optional(before->second.place) : std::nullopt;
    publications.push_back({place, {{"profile.json", parts_->dated(profiles[i], place, now)}}});
    numbers.push_back(i);
  }
  if (dry_run) {
    for (std::size_t i = 0; i < publications.size(); ++i) {
      auto revision = parts_->prepare(publications[i], now);
      if (!revision) outcomes[numbers[i]] = failure(revision.error());
      else if (!*revision) outcomes[numbers[i]].outcome = Outcome::kUnchanged;
    }
    return outcomes;
  }
  auto published = publish_all(publications, now);
  for (std::size_t i = 0; i < published.size(); ++i) {
    Imported& outcome = outcomes[numbers[i]];
    if (!published[i]) outcome = failure(published[i].error());
    else if (!published[i]->place) outcome.outcome = Outcome::kUnchanged;
    else outcome.place = std::move(published[i]->place);
  }
  return outcomes;
}

}  // namespace maillage::registry
