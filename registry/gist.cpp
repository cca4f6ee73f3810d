#include "registry/gist.h"

#include <algorithm>

#include <boost/json.hpp>

#include "protocol/record.h"
#include "protocol/vocabulary.h"
#include "registry/lexicon.h"
#include "registry/list_copy.h"
#include "registry/territory.h"

namespace maillage::registry {
namespace {

using boost::json::object;
using protocol::text_field;

const object* object_field(const object& record, std::string_view key) {
  const auto* value = record.if_contains(key);
  return value ? value->if_object() : nullptr;
}

std::optional<double> number_field(const object& record, std::string_view key) {
  const auto* value = record.if_contains(key);
  if (!value || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

// The texts of a field that may be one text or a list of them.
std::vector<std::string_view> texts_field(const object& record, std::string_view key) {
  std::vector<std::string_view> texts;
  const auto* value = record.if_contains(key);
  if (!value) return texts;
  if (const auto* text = value->if_string()) texts.emplace_back(*text);
  if (const auto* list = value->if_array()) {
    for (const auto& entry : *list) {
      if (const auto* text = entry.if_string()) texts.emplace_back(*text);
    }
  }
  return texts;
}

class GistReader {
 public:
  GistReader(Lexicon& lexicon, Gist& gist, const object& record) : lexicon_(lexicon), gist_(gist), record_(record) {}

  void read(UnixTime created) {
    read_names();
    read_facets();
    read_source();
    read_address();
    read_geo();
    for (std::string_view key : {"description", "location", "host"}) {
      if (auto text = text_field(record_, key)) add_words(*text, Field::kText);
    }
    if (gist_.what == What::kEvents) read_event_times();
    if (gist_.what == What::kNeeds || gist_.what == What::kOffers) read_deadline(created);
    std::sort(gist_.facets.begin(), gist_.facets.end());
    gist_.facets.erase(std::unique(gist_.facets.begin(), gist_.facets.end()), gist_.facets.end());
    keep_best_of_words();
  }

 private:
  void add_words(std::string_view text, Field field) {
    add_words(words_of_record(lexicon_, text), field);
  }
  void add_words(const std::vector<MetWord>& words, Field field) {
    for (MetWord word : words) {
      if (field != Field::kText || !word.silent()) meet(word, field);
    }
  }

  // Word and field in one number, whose order is that of the words, the best field first.
  static constexpr std::uint32_t kBestField = static_cast<std::uint32_t>(Field::kName);
  static_assert(MetWord::kNumbersMax <= 1u << 30 && kBestField <= 3);
  void meet(MetWord word, Field field) { met_.push_back(word.number() << 2 | (kBestField - static_cast<std::uint32_t>(field))); }

  void keep_best_of_words() {
    std::sort(met_.begin(), met_.end());
    auto same = [](std::uint32_t a, std::uint32_t b) { return a >> 2 == b >> 2; };
    met_.erase(std::unique(met_.begin(), met_.end(), same), met_.end());
    gist_.words.reserve(met_.size());
    for (std::uint32_t met : met_) gist_.words.push_back({met >> 2, static_cast<Field>(kBestField - (met & 3))});
  }

  void add_name(std::string_view name) {
    auto words = words_of_record(lexicon_, name);
    std::vector<MetWord> joined;
    lexicon_.meet_joined(words, joined);
    for (MetWord word : joined) meet(word, Field::kName);
    add_words(words, Field::kName);
  }

  void read_names() {
    gist_.name = text_field(record_, "name").value_or("");
    add_name(gist_.name);
    const object* names = object_field(record_, "names");
    if (!names) return;
    for (const auto& [language, name] : *names) {
      if (const auto* text = name.if_string()) add_name(*text);
    }
  }

  // A value is searched by its slug and by its labels: "télétravail" finds what ticked telework.
  void add_facet(Facet facet, std::string_view vocabulary, std::string_view value) {
    if (value.empty() || value.size() > kQueryValueBytesMax) return;
    gist_.facets.push_back({facet, fold(value)});
    if (!protocol::known(vocabulary, value)) return add_words(value, Field::kKeyword);
    std::string key = std::string(vocabulary).append(1, '/').append(value);
    add_words(lexicon_.words_of_label(key, [&] { return words_of_value(vocabulary, value); }), Field::kKeyword);
  }

  std::vector<MetWord> words_of_value(std::string_view vocabulary, std::string_view value) {
    auto words = words_of_record(lexicon_, value);
    for (auto language : {protocol::Language::kFrench, protocol::Language::kEnglish}) {
      std::string_view label = protocol::label(vocabulary, value, language);
      if (label == value) continue;
      auto more = words_of_record(lexicon_, label);
      words.insert(words.end(), more.begin(), more.end());
    }
    return words;
  }

  void read_facets() {
    for (auto value : texts_field(record_, "activities")) add_facet(Facet::kActivity, "activities", value);
    for (auto value : texts_field(record_, "services")) add_facet(Facet::kService, "services", value);
    for (auto value : texts_field(record_, "stage")) add_facet(Facet::kStage, "stages", value);
    bool help = gist_.what == What::kNeeds || gist_.what == What::kOffers;
    for (auto value : texts_field(record_, help ? "topics" : "type")) add_facet(Facet::kType, type_vocabulary(gist_.what), value);
    if (const object* governance = object_field(record_, "governance")) {
      for (auto value : texts_field(*governance, "model")) add_facet(Facet::kGovernance, "governance-models", value);
    }
  }

  // Names and ids hold no NUL (kHasNul).
  void read_source() {
    const object* source = object_field(record_, "source");
    auto name = source ? text_field(*source, "name") : std::nullopt;
    auto id = source ? text_field(*source, "id") : std::nullopt;
    if (!name || !id) return;
    gist_.facets.push_back({Facet::kSource, std::string(*name).append(1, '\0').append(*id)});
    if (Touched touched = touched_since_copied(record_); touched != Touched::kUnknown) gist_.corrected = touched == Touched::kYes;
    if (!source->contains("retrieved")) return;
    auto moment = parse_moment(text_field(*source, "retrieved").value_or(""), TimeZone(""));
    gist_.retrieved = moment ? moment->at.ms : kNoTime + 1;
  }

  void add_area(char level, const Area& area, Field field) {
    if (area.code.empty()) return;
    gist_.facets.push_back({Facet::kTerritory, std::string(1, level).append(area.code)});
    add_words(area.name, field);
  }

  void read_address() {
    const object* address = object_field(record_, "address");
    if (!address) return;
    for (std::string_view key : {"street", "postcode"}) {
      if (auto text = text_field(*address, key)) add_words(*text, Field::kText);
    }
    if (auto text = text_field(*address, "commune")) add_words(*text, Field::kKeyword);
    auto insee = text_field(*address, "insee");
    if (!insee) return;
    std::string code(*insee);
    std::transform(code.begin(), code.end(), code.begin(), [](unsigned char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
    gist_.facets.push_back({Facet::kTerritory, "c" + code});
    auto commune = find_commune(code);
    if (!commune) return;
    add_area('c', commune->commune, Field::kKeyword);
    add_area('d', commune->department, Field::kText);
    add_area('r', commune->region, Field::kText);
    add_area('e', commune->epci, Field::kText);
  }

  void read_geo() {
    const object* geo = object_field(record_, "geo");
    auto lat = geo ? number_field(*geo, "lat") : std::nullopt;
    auto lon = geo ? number_field(*geo, "lon") : std::nullopt;
    if (lat && lon) gist_.geo = make_point(*lat, *lon);
  }

  void read_event_times() {
    TimeZone zone(text_field(record_, "timeZone").value_or(""));
    auto start = parse_moment(text_field(record_, "start").value_or(""), zone);
    if (!start) return;
    auto end = parse_moment(text_field(record_, "end").value_or(""), zone);
    Repetition::Times times{start->local_ms, start->local_ms, start->date_only, zone, {}};
    if (start->date_only) times.local_end += kDayMs;
    if (end && end->local_ms > start->local_ms) times.local_end = end->local_ms;
    gist_.start = start->at.ms;
    gist_.end = zone.to_utc(times.local_end).ms;
    if (end && end->at > start->at) gist_.end = end->at.ms;
    auto rule = text_field(record_, "rrule");
    if (!rule) return;
    for (auto text : texts_field(record_, "exdate")) {
      if (auto except = parse_moment(text, zone)) times.except.push_back(except->at);
    }
    gist_.repetition = Repetition::make(*rule, times);
  }

  // A date alone means until the end of that day.
  void read_deadline(UnixTime created) {
    TimeZone zone("");
    auto until = parse_moment(text_field(record_, "until").value_or(""), zone);
    gist_.start = created.ms;
    gist_.end = kForever;
    if (until) gist_.end = until->date_only ? zone.to_utc(until->local_ms + kDayMs).ms : until->at.ms;
  }

  Lexicon& lexicon_;
  Gist& gist_;
  const object& record_;
  std::vector<std::uint32_t>& met_ = cleared();

  static std::vector<std::uint32_t>& cleared() {
    thread_local std::vector<std::uint32_t> met;
    met.clear();
    return met;
  }
};

}  // namespace

std::string_view type_vocabulary(What what) {
  switch (what) {
    case What::kEvents: return "event-types";
    case What::kResources: return "resource-types";
    case What::kNeeds: case What::kOffers: return "topics";
    default: return "profile-types";
  }
}

Gist read_gist(Lexicon& lexicon, What what, const boost::json::object& record, UnixTime created, UnixTime updated) {
  Gist gist;
  gist.what = what;
  gist.updated = updated.ms;
  gist.corrected = updated > created;
  GistReader(lexicon, gist, record).read(created);
  return gist;
}

}  // namespace maillage::registry
