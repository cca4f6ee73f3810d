#include "registry/import/report.h"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>

#include "protocol/utf8.h"

namespace maillage::registry {
namespace {

namespace json = boost::json;
using protocol::Language;

// In the table, of what vanished, is new and changed: a screen of each.
constexpr std::size_t kPlacesShown = 20;

std::string_view say(Language language, std::string_view french, std::string_view english) {
  return language == Language::kFrench ? french : english;
}

// 12 345 as the language writes it; in French with a narrow no-break space.
std::string number(std::size_t value, Language language) {
  std::string digits = std::to_string(value), grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped += say(language, "\u202f", ",");
    grouped.push_back(digits[i]);
  }
  return grouped;
}

// Counts end in one column whatever the digits.
std::string in_column(std::string_view text, std::size_t width) {
  std::size_t used = protocol::count_code_points(text);
  return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

std::string_view heading(NoteEffect effect, Language language) {
  switch (effect) {
    case NoteEffect::kRefused: return say(language, "Lignes refusées", "Rows refused");
    case NoteEffect::kRepaired: return say(language, "Réparé", "Repaired");
    case NoteEffect::kLeftOut: return say(language, "Laissé de côté", "Left out");
    case NoteEffect::kKept: return say(language, "Gardé, à regarder", "Kept, to be looked at");
  }
  return {};
}

// What a commune was found by, as `registry/territory_repair.h` says it.
struct Witness {
  std::string_view slug, french, english;
};
constexpr auto kWitnesses = std::to_array<Witness>({
    {"name", "le nom", "the name"},
    {"near-name", "un nom proche", "a name close to it"},
    {"former-name", "un ancien nom", "a former name"},
    {"postcode", "le code postal", "the postcode"},
    {"department", "le département", "the department"},
    {"region", "la région", "the region"},
    {"coordinates", "les coordonnées", "the coordinates"},
    {"code", "le code", "the code"},
    {"successor", "la commune d'aujourd'hui", "the commune of today"},
    {"leading-zero", "le zéro de tête perdu", "the leading zero that was lost"},
});

// "name+postcode" → "le nom et le code postal"; nothing when it is something else.
std::string witnesses(std::string_view slugs, Language language) {
  std::vector<std::string_view> said;
  while (!slugs.empty()) {
    std::string_view one = slugs.substr(0, slugs.find('+'));
    slugs.remove_prefix(std::min(one.size() + 1, slugs.size()));
    auto known = std::find_if(kWitnesses.begin(), kWitnesses.end(), [&](const Witness& each) { return each.slug == one; });
    if (known == kWitnesses.end()) return {};
    said.push_back(say(language, known->french, known->english));
  }
  std::string list;
  for (std::size_t i = 0; i < said.size(); ++i) list += std::string(i == 0 ? "" : i + 1 < said.size() ? ", " : say(language, " et ", " and ")).append(said[i]);
  return list;
}

// "01053 (leading-zero)" and "39198 (Ville: name+postcode ≠ code)", for people.
std::string found_by(const std::string& result, Language language) {
  auto open = result.rfind('(');
  if (open == std::string::npos || !result.ends_with(')')) return result;
  std::string_view inside = std::string_view(result).substr(open + 1, result.size() - open - 2);
  auto from = inside.rfind(": ");
  std::string column = from == std::string_view::npos ? "" : " [" + std::string(inside.substr(0, from)) + "]";
  if (from != std::string_view::npos) inside.remove_prefix(from + 2);
  constexpr std::string_view kAgainst = " ≠ ";
  auto middle = inside.find(kAgainst);
  std::string by = witnesses(inside.substr(0, middle), language);
  std::string against = middle == std::string_view::npos ? "" : witnesses(inside.substr(middle + kAgainst.size()), language);
  if (by.empty() || (middle != std::string_view::npos && against.empty())) return result;
  std::string said = result.substr(0, open == 0 ? 0 : open - 1);
  said.append(said.empty() ? "" : ", ").append(say(language, "d'après ", "by ")).append(by).append(column);
  if (!against.empty()) said.append(say(language, ", contre ", ", against ")).append(against);
  return said;
}

// "text-too-long /name", for people.
std::string not_valid(const std::string& result, Language language) {
  std::string code = result.substr(0, result.find(' '));
  protocol::ErrorCode known = protocol::code_of_slug(code);
  if (protocol::slug(known) != code) return result;
  return protocol::sentence({known, result.substr(std::min(code.size() + 1, result.size()))}, language);
}

// A command that is cut is no use: the longest path, and a place's id.
constexpr std::size_t kCommandShown = 4'300;

std::string result_of(const RowNote& note, Language language) {
  if (note.code == NoteCode::kNotValid) return not_valid(note.result, language);
  if (note.code == NoteCode::kHandedOver) return protocol::shown(note.result, kCommandShown);
  return protocol::shown(found_by(note.result, language), 100);
}

void append_rows(std::string& table, const ImportReport& report, NoteCode code, const std::string& column, std::size_t most, Language language) {
  std::size_t shown = 0;
  for (const RowNote& note : report.notes) {
    if (note.code != code || note.column != column) continue;
    if (shown++ == most) break;
    table += std::string(11, ' ') + std::string(say(language, "ligne ", "line ")) + std::to_string(note.line);
    if (!note.value.empty()) table += std::string(say(language, " : ", ": ")) + protocol::shown(note.value, 48);
    // What stands is not repeated: "78686, by the code", and no arrow from a value to itself.
    std::string result = note.result.empty() ? "" : result_of(note, language);
    bool stands = !note.value.empty() && (result + ",").starts_with(note.value + ",");
    if (stands) table += result.substr(note.value.size());
    else if (!result.empty()) table += " → " + result;
    table += "\n";
  }
}

void append_rest(std::string& table, std::size_t count, std::size_t most, Language language) {
  if (count <= most) return;
  table += std::string(11, ' ') + "… " + std::string(say(language, "et ", "and ")) + number(count - most, language);
  table += std::string(say(language, " de plus : --json les donne tous", " more: --json gives them all")) + "\n";
}

// What became, or would become, of which place.
void append_places(std::string& table, const ImportReport& report, std::string_view outcome, std::string_view heading, std::size_t most, Language language) {
  std::size_t count = 0;
  for (const PlaceOutcome& place : report.places) {
    if (place.outcome != outcome) continue;
    if (count == 0) table += "\n" + std::string(heading) + "\n";
    if (++count > most) continue;
    table += std::string(11, ' ') + std::string(say(language, "ligne ", "line ")) + std::to_string(place.line);
    table += std::string(say(language, " : ", ": ")) + protocol::shown(place.name, 60);
    std::string fields;
    for (const std::string& field : place.fields) fields += (fields.empty() ? " (" : ", ") + field;
    table += protocol::shown(fields.empty() ? "" : fields + ")", 100) + "\n";
  }
  append_rest(table, count, most, language);
}

// The names, as nobody knows places by their ids.
void append_vanished(std::string& table, const ImportReport& report, std::size_t most, Language language) {
  if (report.vanished.empty()) return;
  table += "\n" + std::string(say(language, "Lieux qui ne sont plus dans le fichier", "Places that are no longer in the file")) + "\n";
  for (std::size_t i = 0; i < std::min(most, report.vanished.size()); ++i) {
    const VanishedPlace& place = report.vanished[i];
    table += std::string(11, ' ') + protocol::shown(place.name, 60);
    table += (place.id.empty() ? "" : " (" + protocol::shown(place.id, 40) + ")") + "\n";
  }
  append_rest(table, report.vanished.size(), most, language);
}

// Before anything else: the same places a second time are hard to take back.
void append_known_as(std::string& table, const ImportReport& report, Language language) {
  if (report.known_as.empty()) return;
  std::string here = protocol::shown(report.source), there = protocol::shown(report.known_as);
  if (language == Language::kFrench)
    table += "Attention : rien n'est connu ici sous le nom « " + here + " », mais des lieux de la même liste le sont sous « " + there +
             " ».\nSi c'est la même, rendez-lui ce nom ([source] name) : sous un autre, chaque lieu existe deux fois.\n\n";
  else
    table += "Beware: nothing is known here by the name “" + here + "”, but places of the same list are by “" + there +
             "”.\nIf it is the same, give it that name back ([source] name): by another, every place is there twice.\n\n";
}

void append_effect(std::string& table, const ImportReport& report, NoteEffect effect, std::size_t rows_shown, Language language) {
  bool first = true;
  for (const auto& [key, count] : report.counts) {
    const auto& [code, column] = key;
    if (effect_of(code) != effect) continue;
    if (first) table += "\n" + std::string(heading(effect, language)) + "\n";
    first = false;
    table += in_column(number(count, language), 9) + "  " + std::string(sentence(code, language));
    table += (column.empty() ? "" : " [" + protocol::shown(column, 40) + "]") + "\n";
    append_rows(table, report, code, column, rows_shown, language);
  }
}

// What is counted, in French then English, one then more; French says none as it says one.
struct Counted {
  std::string_view french_one, french_more, english_one, english_more;
};

void append_outcome(std::string& table, std::size_t count, const Counted& words, Language language) {
  bool french = language == Language::kFrench, one = french ? count < 2 : count == 1;
  std::string_view label = french ? (one ? words.french_one : words.french_more) : (one ? words.english_one : words.english_more);
  table += in_column(number(count, language), 9) + "  " + std::string(label) + "\n";
}

json::array texts(const std::vector<std::string>& from) {
  json::array list;
  for (const std::string& text : from) list.emplace_back(text);
  return list;
}

json::object note_json(const RowNote& note) {
  json::object one{{"line", note.line}, {"column", note.column}, {"code", slug(note.code)}};
  one["value"] = note.value;
  one["result"] = note.result;
  return one;
}

}  // namespace

void ImportReport::add(const RowRecord& record) {
  ++rows;
  ++(record.refused() ? refused : records);
  for (const RowNote& note : record.notes) add(note);
}

void ImportReport::add(const RowNote& note) {
  ++counts[{note.code, note.column}];
  if (notes.size() < kReportNotesMax) notes.push_back(note);
  else ++notes_left_off;
}

void ImportReport::add(PlaceOutcome place) {
  if (places.size() < kReportNotesMax) places.push_back(std::move(place));
  else ++places_left_off;
}

void ImportReport::refuse(const RowNote& note) {
  --records;
  ++refused;
  add(note);
}

std::size_t ImportReport::count_of(NoteCode code) const {
  std::size_t sum = 0;
  for (const auto& [key, count] : counts) sum += key.first == code ? count : 0;
  return sum;
}

json::object to_json(const ImportReport& report, Language language) {
  json::object root{{"source", report.source}, {"retrieved", report.retrieved}, {"file", report.file}};
  root["encoding"] = report.encoding;
  root["separator"] = report.separator;
  root["rows"] = report.rows;
  root["records"] = report.records;
  const ImportOutcomes& outcomes = report.outcomes;
  root["outcomes"] = json::object{{"created", outcomes.created},     {"changed", outcomes.changed},   {"unchanged", outcomes.unchanged},
                                  {"elsewhere", outcomes.elsewhere}, {"kept", outcomes.kept},         {"withdrawn", outcomes.withdrawn},
                                  {"handedOver", outcomes.handed_over}, {"vanished", outcomes.vanished},   {"refused", report.refused}};
  root["dryRun"] = report.dry_run;
  json::array places;
  for (const PlaceOutcome& place : report.places)
    places.push_back(json::object{{"line", place.line}, {"id", place.id}, {"name", place.name}, {"outcome", place.outcome}, {"fields", texts(place.fields)}});
  root["places"] = std::move(places);
  root["placesLeftOff"] = report.places_left_off;
  json::array ids, vanished;
  for (const VanishedPlace& place : report.vanished) {
    if (!place.id.empty()) ids.emplace_back(place.id);
    vanished.push_back(json::object{{"id", place.id}, {"name", place.name}});
  }
  root["vanishedIds"] = std::move(ids);
  root["vanishedPlaces"] = std::move(vanished);
  if (!report.known_as.empty()) root["knownAs"] = report.known_as;
  root["unusedColumns"] = texts(report.unused_columns);
  json::array summary, notes;
  for (const auto& [key, count] : report.counts)
    summary.push_back(json::object{{"code", slug(key.first)},
                                   {"effect", slug(effect_of(key.first))},
                                   {"column", key.second},
                                   {"count", count},
                                   {"detail", sentence(key.first, language)}});
  for (const RowNote& note : report.notes) notes.push_back(note_json(note));
  root["summary"] = std::move(summary);
  root["notes"] = std::move(notes);
  root["notesLeftOff"] = report.notes_left_off;
  return root;
}

std::string to_table(const ImportReport& report, Language language, std::size_t rows_shown) {
  std::string table = protocol::shown(report.source) + " — " + protocol::shown(report.file);
  if (!report.retrieved.empty()) table += std::string(say(language, ", copie du ", ", copy of ")) + protocol::shown(report.retrieved);
  table += " (" + report.encoding + ", " + std::string(say(language, "« ", "“")) + report.separator + std::string(say(language, " »", "”")) + ")\n\n";
  append_known_as(table, report, language);
  append_outcome(table, report.rows, {"ligne", "lignes", "row", "rows"}, language);
  const ImportOutcomes& outcomes = report.outcomes;
  append_outcome(table, outcomes.created, {"lieu nouveau", "lieux nouveaux", "new place", "new places"}, language);
  append_outcome(table, outcomes.changed, {"lieu changé", "lieux changés", "place changed", "places changed"}, language);
  append_outcome(table, outcomes.unchanged, {"lieu inchangé", "lieux inchangés", "place unchanged", "places unchanged"}, language);
  append_outcome(table, outcomes.vanished, {"lieu qui n'est plus dans le fichier (gardé)", "lieux qui ne sont plus dans le fichier (gardés)",
                                            "place no longer in the file (kept)", "places no longer in the file (kept)"}, language);
  if (outcomes.kept > 0)
    append_outcome(table, outcomes.kept, {"lieu corrigé ici (laissé)", "lieux corrigés ici (laissés)", "place corrected here (left alone)",
                                          "places corrected here (left alone)"}, language);
  if (outcomes.withdrawn > 0)
    append_outcome(table, outcomes.withdrawn, {"lieu retiré ici (laissé)", "lieux retirés ici (laissés)", "place withdrawn here (left alone)",
                                               "places withdrawn here (left alone)"}, language);
  if (outcomes.elsewhere > 0)
    append_outcome(table, outcomes.elsewhere, {"lieu tenu ailleurs depuis (laissé)", "lieux tenus ailleurs depuis (laissés)",
                                               "place kept elsewhere since (left alone)", "places kept elsewhere since (left alone)"}, language);
  if (outcomes.handed_over > 0)
    append_outcome(table, outcomes.handed_over, {"lieu confié à un autre serveur (laissé)", "lieux confiés à un autre serveur (laissés)",
                                                 "place handed to another daemon (left alone)", "places handed to another daemon (left alone)"}, language);
  append_outcome(table, report.refused, {"ligne refusée", "lignes refusées", "row refused", "rows refused"}, language);
  bool tried = report.dry_run;
  std::string_view created = say(language, tried ? "Lieux qui seraient créés" : "Lieux nouveaux", tried ? "Places that would be made" : "New places");
  std::string_view changed = say(language, tried ? "Lieux qui seraient changés" : "Lieux changés", tried ? "Places that would be changed" : "Places changed");
  append_places(table, report, "created", created, kPlacesShown, language);
  append_places(table, report, "changed", changed, kPlacesShown, language);
  append_vanished(table, report, kPlacesShown, language);
  for (NoteEffect effect : {NoteEffect::kRefused, NoteEffect::kKept, NoteEffect::kLeftOut, NoteEffect::kRepaired})
    append_effect(table, report, effect, rows_shown, language);
  if (!report.unused_columns.empty()) {
    table += "\n" + std::string(say(language, "Colonnes que la correspondance n'utilise pas", "Columns that the mapping does not use")) + "\n  ";
    for (std::size_t i = 0; i < report.unused_columns.size(); ++i) table += (i ? ", " : "") + protocol::shown(report.unused_columns[i], 60);
    table += "\n";
  }
  if (report.notes_left_off > 0) {
    table += "\n" + number(report.notes_left_off, language) + " ";
    bool one = report.notes_left_off == 1;
    table += one ? say(language, "remarque de plus, comptée mais pas détaillée\n", "more note, counted but not detailed\n")
                 : say(language, "remarques de plus, comptées mais pas détaillées\n", "more notes, counted but not detailed\n");
  }
  return table;
}

}  // namespace maillage::registry
