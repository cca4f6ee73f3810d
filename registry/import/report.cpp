#include "registry/import/report.h"

#include <boost/json/array.hpp>

#include "protocol/utf8.h"

namespace maillage::registry {
namespace {

namespace json = boost::json;
using protocol::Language;

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

void append_rows(std::string& table, const ImportReport& report, NoteCode code, const std::string& column, std::size_t most, Language language) {
  std::size_t shown = 0;
  for (const RowNote& note : report.notes) {
    if (note.code != code || note.column != column) continue;
    if (shown++ == most) break;
    table += std::string(11, ' ') + std::string(say(language, "ligne ", "line ")) + std::to_string(note.line);
    if (!note.value.empty()) table += std::string(say(language, " : ", ": ")) + protocol::shown(note.value, 48);
    if (!note.result.empty()) table += " → " + protocol::shown(note.result, 48);
    table += "\n";
  }
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

void append_outcome(std::string& table, std::size_t count, std::string_view label, Language language) {
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
  json::object root{{"source", report.source}, {"file", report.file}, {"encoding", report.encoding}, {"separator", report.separator}};
  root["rows"] = report.rows;
  root["records"] = report.records;
  const ImportOutcomes& outcomes = report.outcomes;
  root["outcomes"] = json::object{{"created", outcomes.created},     {"changed", outcomes.changed},   {"unchanged", outcomes.unchanged},
                                  {"elsewhere", outcomes.elsewhere}, {"vanished", outcomes.vanished}, {"refused", report.refused}};
  root["vanished_ids"] = texts(report.vanished_ids);
  root["unused_columns"] = texts(report.unused_columns);
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
  root["notes_left_off"] = report.notes_left_off;
  return root;
}

std::string to_table(const ImportReport& report, Language language, std::size_t rows_shown) {
  std::string table = protocol::shown(report.source) + " — " + protocol::shown(report.file);
  table += " (" + report.encoding + ", “" + report.separator + "”)\n\n";
  append_outcome(table, report.rows, say(language, "lignes", "rows"), language);
  append_outcome(table, report.outcomes.created, say(language, "lieux nouveaux", "new places"), language);
  append_outcome(table, report.outcomes.changed, say(language, "lieux changés", "places changed"), language);
  append_outcome(table, report.outcomes.unchanged, say(language, "lieux inchangés", "places unchanged"), language);
  std::string_view vanished = say(language, "lieux qui ne sont plus dans le fichier (gardés)", "places no longer in the file (kept)");
  append_outcome(table, report.outcomes.vanished, vanished, language);
  std::string_view elsewhere = say(language, "lieux tenus ailleurs depuis (laissés)", "places kept elsewhere since (left alone)");
  if (report.outcomes.elsewhere > 0) append_outcome(table, report.outcomes.elsewhere, elsewhere, language);
  append_outcome(table, report.refused, say(language, "lignes refusées", "rows refused"), language);
  for (NoteEffect effect : {NoteEffect::kRefused, NoteEffect::kKept, NoteEffect::kLeftOut, NoteEffect::kRepaired})
    append_effect(table, report, effect, rows_shown, language);
  if (!report.unused_columns.empty()) {
    table += "\n" + std::string(say(language, "Colonnes que la correspondance n'utilise pas", "Columns that the mapping does not use")) + "\n  ";
    for (std::size_t i = 0; i < report.unused_columns.size(); ++i) table += (i ? ", " : "") + protocol::shown(report.unused_columns[i], 60);
    table += "\n";
  }
  if (report.notes_left_off > 0) {
    table += "\n" + number(report.notes_left_off, language) + " ";
    table += say(language, "remarques de plus, comptées mais pas détaillées\n", "more notes, counted but not detailed\n");
  }
  return table;
}

}  // namespace maillage::registry
