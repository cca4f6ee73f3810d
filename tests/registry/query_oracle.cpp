#include "tests/registry/query_oracle.h"

#include <algorithm>
#include <cmath>

#include "protocol/vocabulary.h"
#include "registry/list_copy.h"
#include "registry/repetition.h"
#include "registry/slug.h"
#include "registry/territory.h"
#include "registry/lexicon.h"
#include "registry/text.h"

namespace maillage::tests {
namespace {

using namespace registry;
using boost::json::object;
using Texts = std::vector<std::string>;

std::string text(const object& json, const char* key) {
  const auto* value = json.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

Texts list(const object& json, const char* key) {
  Texts texts;
  const auto* value = json.if_contains(key);
  if (value && value->is_string()) texts.emplace_back(value->as_string());
  if (value && value->is_array()) {
    for (const auto& entry : value->as_array()) texts.emplace_back(entry.as_string());
  }
  return texts;
}

object child(const object& json, const char* key) {
  const auto* value = json.if_contains(key);
  return value ? value->as_object() : object();
}

What what_of(const object& json) {
  std::string kind = text(json, "kind");
  if (kind == "profile") return text(json, "type") == "network" ? What::kNetworks : What::kPlaces;
  if (kind == "event") return What::kEvents;
  if (kind == "resource") return What::kResources;
  return kind == "need" ? What::kNeeds : What::kOffers;
}

struct WeighedWord {
  Word word;
  std::uint32_t weight;
  bool whole_only;  // neighbours in a name, joined: not stemmed
};

void add_words(std::vector<WeighedWord>& words, const std::string& of, std::uint32_t weight) {
  Lexicon lexicon;
  for (MetWord met : words_of_record(lexicon, of)) {
    const Word& word = lexicon.at(met);
    if (weight > 1 || !is_stop_word(word.folded)) words.push_back({word, weight, false});
  }
}

void add_labelled(std::vector<WeighedWord>& words, const char* vocabulary, const Texts& slugs) {
  for (const auto& slug : slugs) {
    add_words(words, slug, 2);
    add_words(words, std::string(protocol::label(vocabulary, slug, protocol::Language::kFrench)), 2);
    add_words(words, std::string(protocol::label(vocabulary, slug, protocol::Language::kEnglish)), 2);
  }
}

std::vector<WeighedWord> words_in(const object& json) {
  std::vector<WeighedWord> words;
  std::string name = text(json, "name");
  add_words(words, name, 4);
  Lexicon lexicon;
  auto parts = words_of_record(lexicon, name);
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    Word joined;
    joined.folded = lexicon.at(parts[i]).folded + lexicon.at(parts[i + 1]).folded;
    words.push_back({std::move(joined), 4, true});
  }
  add_labelled(words, "activities", list(json, "activities"));
  add_labelled(words, "services", list(json, "services"));
  add_labelled(words, "stages", list(json, "stage"));
  add_labelled(words, "governance-models", list(child(json, "governance"), "model"));
  What what = what_of(json);
  if (what == What::kNeeds || what == What::kOffers) add_labelled(words, "topics", list(json, "topics"));
  else add_labelled(words, what == What::kEvents ? "event-types" : what == What::kResources ? "resource-types" : "profile-types", list(json, "type"));
  for (const char* key : {"description", "location", "host"}) add_words(words, text(json, key), 1);
  object address = child(json, "address");
  add_words(words, text(address, "street"), 1);
  add_words(words, text(address, "postcode"), 1);
  add_words(words, text(address, "commune"), 2);
  auto commune = find_commune(text(address, "insee"));
  if (!commune) return words;
  add_words(words, std::string(commune->commune.name), 2);
  for (auto area : {commune->department, commune->region, commune->epci}) add_words(words, std::string(area.name), 1);
  return words;
}

std::uint32_t quality(const Word& asked, const WeighedWord& there, bool last, bool typos) {
  if (asked.folded == there.word.folded) return 4;
  for (const auto& stem : asked.stems) {
    if (std::find(there.word.stems.begin(), there.word.stems.end(), stem) != there.word.stems.end()) return 3;
  }
  if (last && asked.folded.size() >= 2 && there.word.folded.starts_with(asked.folded)) return 2;
  return typos && within_one_typo(asked.folded, there.word.folded) ? 1 : 0;
}

class Oracle {
 public:
  Oracle(const std::vector<OracleRecord>& records, const Query& query) : records_(records), query_(query) {
    for (const auto& record : records_) faces_.push_back(find_face(record));
  }

  OracleAnswer answer() {
    std::vector<Match> matches;
    OracleAnswer answered;
    for (const auto& asked : query_.place) answered.ambiguous = answered.ambiguous || named(asked).size() > 1;
    for (const auto& record : records_) {
      if (!is_face(record)) continue;
      Match match{&record, 0, 0, 0, name_key(text(record.json, "name"))};
      if (what_of(record.json) != query_.what || !matches_all(record, match)) continue;
      if (in_space(record, match.distance)) matches.push_back(match);
      else if (point_of(record).empty()) ++answered.without_position;
    }
    std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
      if (a.score != b.score) return a.score > b.score;
      auto rest = [](const Match& m) { return std::tuple(m.distance, m.start, m.name, m.record->place, path_key(m.record->path)); };
      return rest(a) < rest(b);
    });
    for (const auto& match : matches) answered.addresses.emplace_back(match.record->place, match.record->path);
    return answered;
  }

 private:
  struct Match {
    const OracleRecord* record;
    std::uint32_t score;
    double distance;
    std::int64_t start;
    std::string name;
  };

  static bool one_card(const OracleRecord& a, const OracleRecord& b) {
    if (a.place == b.place && a.path == b.path) return true;
    object left = child(a.json, "source"), right = child(b.json, "source");
    bool sourced = left.contains("name") && left.contains("id");
    return sourced && what_of(a.json) == what_of(b.json) && text(left, "name") == text(right, "name") && text(left, "id") == text(right, "id");
  }

  // A profile's own word before copies, late copies before early ones, corrected before never corrected, the last changed, then
  // the smallest address.
  static auto worth(const OracleRecord& record) {
    object source = child(record.json, "source");
    auto what = what_of(record.json);
    bool copied = source.contains("retrieved"), own_word = !copied && (what == What::kPlaces || what == What::kNetworks);
    auto moment = parse_moment(text(source, "retrieved"), TimeZone(""));
    std::int64_t as_of = copied ? moment->at.ms : record.updated_ms;
    if (own_word) return std::tuple(false, std::int64_t{0}, false, std::int64_t{0}, record.place, path_key(record.path));
    bool untouched = source.contains("sha256") ? text(source, "sha256") == copy_digest(record.json) : record.updated_ms == record.created_ms;
    return std::tuple(true, -as_of, untouched, -record.updated_ms, record.place, path_key(record.path));
  }

  bool is_face(const OracleRecord& record) const { return faces_[static_cast<std::size_t>(&record - records_.data())] == &record; }

  const OracleRecord* find_face(const OracleRecord& record) const {
    const OracleRecord* face = &record;
    for (const auto& other : records_) {
      if (one_card(record, other) && worth(other) < worth(*face)) face = &other;
    }
    return face;
  }

  const object* profile_of(const OracleRecord& record) const {
    for (const auto& other : records_) {
      if (other.place == record.place && other.path == "profile.json") return &other.json;
    }
    return nullptr;
  }

  std::uint32_t best(const object& json, const Word& asked, bool last, bool typos) const {
    std::uint32_t score = 0;
    for (const auto& there : words_in(json)) score = std::max(score, quality(asked, there, last, typos) * there.weight);
    return score;
  }

  bool in_words(const object& json, const std::string& q, std::uint32_t& score) const {
    auto asked = words_of_question(q);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      bool last = i + 1 == asked.size();
      bool as_typed = std::any_of(records_.begin(), records_.end(),
                                  [&](const OracleRecord& other) { return is_face(other) && best(other.json, asked[i], last, false) > 0; });
      std::uint32_t one = best(json, asked[i], last, !as_typed && asked[i].folded.size() >= 5);
      if (one == 0) return false;
      sum += one;
    }
    score = std::max(score, sum);
    return true;
  }

  static bool any(const Texts& wanted, const Texts& there) {
    return wanted.empty() || std::find_first_of(wanted.begin(), wanted.end(), there.begin(), there.end()) != wanted.end();
  }

  // What the record says, else what its place says.
  Texts said(const OracleRecord& record, const std::function<Texts(const object&)>& read) const {
    Texts own = read(record.json);
    const object* profile = own.empty() ? profile_of(record) : nullptr;
    return profile ? read(*profile) : own;
  }

  bool in_facets(const OracleRecord& record) const {
    auto field = [](const char* key) { return [key](const object& json) { return list(json, key); }; };
    auto governance = [](const object& json) { return list(child(json, "governance"), "model"); };
    const char* type = query_.what == What::kNeeds || query_.what == What::kOffers ? "topics" : "type";
    return any(query_.activity, said(record, field("activities"))) && any(query_.service, said(record, field("services"))) &&
           any(query_.stage, said(record, field("stage"))) && any(query_.governance, said(record, governance)) &&
           any(query_.type, list(record.json, type));
  }

  bool in_territory(const OracleRecord& record) const {
    auto codes = said(record, [](const object& json) { return list(child(json, "address"), "insee"); });
    auto commune = codes.empty() ? std::nullopt : find_commune(codes.front());
    auto code = [](const Area& area) { return area.code.empty() ? Texts() : Texts{std::string(area.code)}; };
    Texts communes = codes;
    if (commune) communes.emplace_back(commune->commune.code);
    Commune none;
    const Commune& found = commune ? *commune : none;
    return any(query_.commune, communes) && any(query_.department, code(found.department)) &&
           any(query_.region, code(found.region)) && any(query_.epci, code(found.epci));
  }

  object point_of(const OracleRecord& record) const {
    object geo = child(record.json, "geo");
    return geo.empty() && profile_of(record) ? child(*profile_of(record), "geo") : geo;
  }

  bool in_space(const OracleRecord& record, double& distance) const {
    if (!query_.near && query_.bbox.empty()) return true;
    object geo = point_of(record);
    if (geo.empty()) return false;
    GeoPoint point{geo.at("lat").to_number<double>(), geo.at("lon").to_number<double>()};
    bool boxed = query_.bbox.empty();
    for (const auto& box : query_.bbox) boxed = boxed || box.contains(point);
    if (query_.near) distance = distance_km(*query_.near, point);
    return boxed && (!query_.radius_km || distance <= *query_.radius_km);
  }

  // Every occurrence, one after another; tests repeat by whole weeks only.
  bool in_time(const OracleRecord& record, std::int64_t& start) const {
    bool asked = query_.from || query_.to;
    TimeZone paris("");
    if (query_.what == What::kNeeds || query_.what == What::kOffers) {
      auto until = parse_moment(text(record.json, "until"), paris);
      UnixTime end{until ? until->at.ms + (until->date_only ? kDayMs : 0) : INT64_MAX};
      return !asked || overlaps({{record.created_ms}, end}, query_.from, query_.to);
    }
    if (query_.what != What::kEvents) return true;
    auto first = parse_moment(text(record.json, "start"), paris), last = parse_moment(text(record.json, "end"), paris);
    start = first ? first->at.ms : INT64_MAX;
    if (!asked || !first) return !asked;
    std::int64_t length = last ? last->local_ms - first->local_ms : 0;
    int weeks = text(record.json, "rrule").empty() ? 1 : 400;
    for (int week = 0; week < weeks; ++week) {
      std::int64_t local = first->local_ms + week * 7 * kDayMs;
      Occurrence occurrence{paris.to_utc(local), paris.to_utc(local + length)};
      if (!overlaps(occurrence, query_.from, query_.to)) continue;
      start = occurrence.start.ms;
      return true;
    }
    return false;
  }

  // The places that a text names: by its id; by a slug those that are shown, else all that have it.
  std::vector<protocol::PlaceId> named(const std::string& asked) const {
    if (auto id = protocol::PlaceId::parse(asked)) return {*id};
    std::vector<protocol::PlaceId> same, shown;
    for (const auto& record : records_) {
      if (record.path != "profile.json" || slug_of(text(record.json, "name")) != asked) continue;
      same.push_back(record.place);
      if (is_face(record)) shown.push_back(record.place);
    }
    return shown.empty() ? same : shown;
  }

  bool in_place(const OracleRecord& record) const {
    return query_.place.empty() || std::any_of(query_.place.begin(), query_.place.end(), [&](const std::string& asked) {
      auto places = named(asked);
      return std::any_of(records_.begin(), records_.end(), [&](const OracleRecord& other) {
        return places.size() == 1 && other.place == places.front() && one_card(record, other);
      });
    });
  }

  bool matches_all(const OracleRecord& record, Match& match) const {
    bool worded = query_.q.empty();
    for (const auto& q : query_.q) worded = in_words(record.json, q, match.score) || worded;
    return worded && in_place(record) && in_facets(record) && in_territory(record) && in_time(record, match.start);
  }

  const std::vector<OracleRecord>& records_;
  const Query& query_;
  std::vector<const OracleRecord*> faces_;  // of each record's card
};

}  // namespace

OracleAnswer answer(const std::vector<OracleRecord>& records, const Query& query) { return Oracle(records, query).answer(); }

}  // namespace maillage::tests
