#include "registry/import/row_record.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "protocol/field_format.h"
#include "protocol/record.h"
#include "protocol/utf8.h"
#include "protocol/validate.h"
#include "protocol/vocabulary.h"
#include "registry/import/cell.h"
#include "registry/import/web_address.h"
#include "registry/import/weekday_hours.h"
#include "registry/territory.h"
#include "registry/territory_names.h"
#include "registry/territory_repair.h"

namespace maillage::registry {
namespace {

namespace json = boost::json;

// The schema's bound on source.id.
constexpr std::size_t kIdMax = 200;
// Values or addresses of one cell that are read, and notes of one row that are kept: what a person can have meant. Each is
// compared with those before it.
constexpr std::size_t kPartsMax = 200;
constexpr std::size_t kNotesMax = 1'000;
// Between hours and a comment on when else it is open.
constexpr std::string_view kFallback = " || ";

struct Cell {
  std::string column, text;
};

// France and those around it, as lists name them; others by their two letters.
constexpr auto kCountries = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"france", "FR"}, {"belgique", "BE"}, {"belgium", "BE"}, {"belgie", "BE"}, {"luxembourg", "LU"}, {"allemagne", "DE"}, {"germany", "DE"},
    {"suisse", "CH"}, {"switzerland", "CH"}, {"italie", "IT"}, {"italy", "IT"}, {"monaco", "MC"}, {"espagne", "ES"}, {"spain", "ES"},
    {"andorre", "AD"}, {"andorra", "AD"},
    {"guadeloupe", "GP"}, {"martinique", "MQ"}, {"guyane", "GF"}, {"guyane francaise", "GF"}, {"la reunion", "RE"}, {"reunion", "RE"},
    {"mayotte", "YT"}, {"saint-pierre-et-miquelon", "PM"}, {"saint-barthelemy", "BL"}, {"saint-martin", "MF"}, {"wallis-et-futuna", "WF"},
    {"polynesie francaise", "PF"}, {"nouvelle-caledonie", "NC"}});
// ISO 3166 gives the parts of France overseas letters of their own; their communes and postcodes are of France all the same.
constexpr auto kOverseas = std::to_array<std::string_view>({"GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC"});

// "a+b" and "b+c": "a+b+c".
std::string joined_slugs(std::string slugs, std::string_view more) {
  while (!more.empty()) {
    std::string_view one = more.substr(0, more.find('+'));
    more.remove_prefix(std::min(one.size() + 1, more.size()));
    bool there = ("+" + slugs + "+").find("+" + std::string(one) + "+") != std::string::npos;
    if (!there) slugs.append(slugs.empty() ? "" : "+").append(one);
  }
  return slugs;
}

bool says_nothing(std::string_view code) { return code.find_first_not_of("0 ") == std::string_view::npos; }

// Writes one profile, field after field in the order of profile_fields().
class ProfileWriting {
 public:
  ProfileWriting(const ImportMapping& mapping, const TableColumns& columns, const CsvRow& row)
      : mapping_(mapping), columns_(columns), row_(row) {
    out_.line = row.line;
  }

  RowRecord write() {
    if (row_.cells.size() != columns_.count() && !only_blank_cells_more()) {
      for (const std::string& cell : row_.cells) out_.perhaps_ids.push_back(clean_cell(cell).text);
      return refuse("", NoteCode::kCellCount, cell_count());
    }
    out_.id = cell_text(mapping_.source.id);
    if (out_.id.empty()) return refuse(mapping_.source.id, NoteCode::kIdMissing);
    if (protocol::count_code_points(out_.id) > kIdMax) return refuse(mapping_.source.id, NoteCode::kIdTooLong);
    out_.name = name();
    if (out_.name.empty()) return refuse(mapping_.columns.at("name").front(), NoteCode::kNameMissing);
    profile_["kind"] = "profile";
    find_country();
    find_point();
    for (const ProfileField& field : profile_fields()) write_field(field);
    return finish();
  }

 private:
  // ---- the row

  // Spreadsheets end some rows early or late; a row that lost or gained a cell elsewhere says nothing reliable.
  bool only_blank_cells_more() const {
    return row_.cells.size() > columns_.count() &&
           std::all_of(row_.cells.begin() + static_cast<std::ptrdiff_t>(columns_.count()), row_.cells.end(),
                       [](const std::string& cell) { return clean_cell(cell).text.empty(); });
  }

  std::string cell_count() const { return std::to_string(row_.cells.size()) + " ≠ " + std::to_string(columns_.count()); }

  void note(std::string_view column, NoteCode code, std::string_view value, std::string_view result = {}) {
    RowNote made{row_.line, std::string(column), code, protocol::shown(value, kNoteValueMax), protocol::shown(result, kNoteValueMax)};
    // A column may feed several fields: said once.
    if (out_.notes.size() >= kNotesMax) return;
    if (std::find(out_.notes.begin(), out_.notes.end(), made) == out_.notes.end()) out_.notes.push_back(std::move(made));
  }

  RowRecord refuse(std::string_view column, NoteCode code, std::string_view result = {}) {
    std::string value(column.empty() ? std::string_view() : columns_.cell(row_, column));
    note(column, code, value, result);
    out_.profile.clear();
    return std::move(out_);
  }

  std::string cell_text(std::string_view column, bool keeps_lines = false) {
    std::string_view raw = columns_.cell(row_, column);
    CellText clean = clean_cell(raw, keeps_lines);
    if (clean.note) note(column, *clean.note, raw, clean.text);
    return clean.text;
  }

  // The cells of a field that say something.
  std::vector<Cell> cells_of(std::string_view key, bool keeps_lines = false) {
    std::vector<Cell> cells;
    auto found = mapping_.columns.find(key);
    if (found == mapping_.columns.end()) return cells;
    for (const std::string& column : found->second) {
      std::string text = cell_text(column, keeps_lines);
      if (text.empty()) continue;
      bool nothing = key == "commune" ? is_no_name(text) : is_placeholder(text) && !is_explained(column, text);
      if (nothing) note(column, NoteCode::kPlaceholder, text);
      else cells.push_back({column, std::move(text)});
    }
    return cells;
  }

  // The mapping says what the text means.
  bool is_explained(const std::string& column, std::string_view text) const {
    auto values = mapping_.values.find(column);
    return values != mapping_.values.end() && values->second.contains(folded_value(text));
  }

  Cell first_cell(std::string_view key) {
    std::vector<Cell> cells = cells_of(key);
    return cells.empty() ? Cell{first_column(key), {}} : std::move(cells.front());
  }

  std::string first_column(std::string_view key) const {
    auto found = mapping_.columns.find(key);
    return found == mapping_.columns.end() ? std::string() : found->second.front();
  }

  const std::string* constant(std::string_view key) const {
    auto found = mapping_.always.find(key);
    return found == mapping_.always.end() ? nullptr : &found->second.front();
  }

  std::string name() {
    for (const std::string& column : mapping_.columns.at("name"))
      if (std::string text = cell_text(column); !is_no_name(text)) return shortened({column, text}, find_profile_field("name")->most);
    return {};
  }

  // ---- the record

  // Creates the objects on the way.
  void set(std::string_view pointer, json::value value) {
    json::object* object = &profile_;
    pointer.remove_prefix(1);
    for (std::size_t slash; (slash = pointer.find('/')) != std::string_view::npos; pointer.remove_prefix(slash + 1)) {
      json::value& inside = (*object)[pointer.substr(0, slash)];
      if (!inside.is_object()) inside.emplace_object();
      object = &inside.as_object();
    }
    (*object)[pointer] = std::move(value);
  }

  std::string shortened(const Cell& cell, std::size_t most) {
    std::string cut = cut_to(cell.text, most);
    if (cut != cell.text) note(cell.column, NoteCode::kShortened, cell.text, std::to_string(most));
    return cut;
  }

  void write_field(const ProfileField& field) {
    switch (field.shape) {
      case FieldShape::kLine:
      case FieldShape::kText: return field.key == "opening_hours" ? write_hours(field) : write_text(field);
      case FieldShape::kSlug:
      case FieldShape::kSlugs: return write_slugs(field);
      case FieldShape::kFormat: return write_format(field);
      case FieldShape::kNumber:
      case FieldShape::kInteger: return write_number(field);
      case FieldShape::kPlace: return field.key == "postcode" ? write_place() : void();
      case FieldShape::kCountry: return country_.empty() ? void() : set(field.pointer, json::string(country_));
      case FieldShape::kPoint: return field.key == "lat" ? write_point() : void();
      case FieldShape::kWebsite: return write_website(field);
      case FieldShape::kLinks: return write_links(field);
    }
  }

  void write_text(const ProfileField& field) {
    if (field.key == "name") return set(field.pointer, json::string(out_.name));
    Cell whole;
    for (Cell& cell : cells_of(field.key, field.shape == FieldShape::kText)) {
      if (whole.text.empty()) whole = std::move(cell);
      else if (!field.joint.empty()) whole.text.append(field.joint).append(cell.text);
    }
    if (whole.text.empty() && constant(field.key)) whole.text = *constant(field.key);
    if (!whole.text.empty()) set(field.pointer, json::string(shortened(whole, field.most)));
  }

  void write_format(const ProfileField& field) {
    bool legal_id = field.pointer == "/governance/legalId";
    std::string text;
    for (Cell& cell : cells_of(field.key))
      if (text.empty()) text = well_written(field, cell);
    if (text.empty() && constant(field.key)) text = *constant(field.key);
    if (text.empty() && field.key == "licence") text = mapping_.source.licence;
    if (!text.empty() && legal_id) set(field.pointer, json::object{{"scheme", field.rule}, {"value", text}});
    if (!text.empty() && !legal_id) set(field.pointer, json::string(text));
    if (field.key == "licence") write_source();
  }

  // The text in the form of its field, or nothing.
  std::string well_written(const ProfileField& field, Cell& cell) {
    bool legal_id = field.pointer == "/governance/legalId";
    if (field.rule == "moment" || field.rule == "partial-date") read_day(cell);
    if (cell.text.empty()) return {};
    if (legal_id) std::erase(cell.text, ' ');
    bool bad = legal_id ? !protocol::is_legal_id(field.rule, cell.text) : protocol::check_format(field.rule, cell.text).has_value();
    if (bad) note(cell.column, NoteCode::kBadValue, cell.text, field.rule);
    return bad ? std::string() : cell.text;
  }

  // A day as spreadsheets show it becomes one as records have it; one that could be two days is left out.
  void read_day(Cell& cell) {
    auto date = read_date(cell.text, mapping_.day_first);
    if (!date) return;
    if (date->ambiguous) note(cell.column, NoteCode::kDateAmbiguous, cell.text);
    else note(cell.column, NoteCode::kDateRead, cell.text, date->iso);
    cell.text = date->iso;
  }

  void write_source() {
    const ImportMapping::Source& source = mapping_.source;
    set("/source/name", json::string(source.name));
    set("/source/id", json::string(out_.id));
    if (!source.url.empty()) set("/source/url", json::string(source.url));
    if (!source.licence.empty()) set("/source/licence", json::string(source.licence));
    if (!source.retrieved.empty()) set("/source/retrieved", json::string(source.retrieved));
  }

  std::optional<CellNumber> number_of_cell(const ProfileField& field) {
    Cell cell = first_cell(field.key);
    if (cell.text.empty()) return std::nullopt;
    auto number = read_number(cell.text);
    bool whole = number && number->value == std::floor(number->value);
    if (!number || (field.shape == FieldShape::kInteger && !whole)) return note(cell.column, NoteCode::kNotNumber, cell.text), std::nullopt;
    if (number->value < 0 || number->value > field.most) return note(cell.column, NoteCode::kOutOfRange, cell.text), std::nullopt;
    if (number->had_comma && !mapping_.decimal_comma) note(cell.column, NoteCode::kDecimalComma, cell.text);
    return number;
  }

  void write_number(const ProfileField& field) {
    auto number = number_of_cell(field);
    if (!number && constant(field.key)) number = read_number(*constant(field.key));
    if (!number) return;
    if (number->value == std::floor(number->value)) set(field.pointer, static_cast<std::int64_t>(number->value));
    else set(field.pointer, number->value);
  }

  // ---- vocabularies

  // The slugs that a text stands for; nothing when nobody said.
  std::optional<ImportMapping::Slugs> slugs_of(const ProfileField& field, const Cell& cell, std::string_view text) const {
    std::string folded = folded_value(text);
    if (auto column = mapping_.values.find(cell.column); column != mapping_.values.end())
      if (auto found = column->second.find(folded); found != column->second.end()) return found->second;
    for (const protocol::VocabularyEntry& entry : protocol::find_vocabulary(field.rule)->entries)
      if (folded == entry.slug || folded == folded_value(entry.french) || folded == folded_value(entry.english)) return ImportMapping::Slugs{entry.slug};
    return std::nullopt;
  }

  // The whole cell first: a label may hold the separator.
  void add_slugs(const ProfileField& field, const Cell& cell, ImportMapping::Slugs& into) {
    auto add = [&](const ImportMapping::Slugs& slugs) {
      for (const std::string& slug : slugs)
        if (std::find(into.begin(), into.end(), slug) == into.end()) into.push_back(slug);
    };
    if (auto whole = slugs_of(field, cell, cell.text)) return add(*whole);
    std::string_view rest = cell.text;
    for (std::size_t parts = 0; !rest.empty() && parts < kPartsMax; ++parts) {
      std::size_t end = holds_list(field) ? rest.find(mapping_.list_separator) : std::string_view::npos;
      std::string_view part = rest.substr(0, end);
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + mapping_.list_separator.size());
      if (folded_value(part).empty()) continue;
      if (auto slugs = slugs_of(field, cell, part)) add(*slugs);
      else note(cell.column, NoteCode::kUnknownValue, part, suggestion(field, part));
    }
    if (!rest.empty()) note(cell.column, NoteCode::kUnknownValue, rest);
  }

  static std::string suggestion(const ProfileField& field, std::string_view text) {
    auto nearest = protocol::nearest_slug(field.rule, text);
    return nearest ? std::string(*nearest) + " ?" : std::string();
  }

  void write_slugs(const ProfileField& field) {
    ImportMapping::Slugs slugs;
    for (const Cell& cell : cells_of(field.key)) {
      add_slugs(field, cell, slugs);
      if (!slugs.empty() && !holds_list(field)) break;
    }
    auto always = mapping_.always.find(field.key);
    if (always != mapping_.always.end() && (slugs.empty() || holds_list(field)))
      for (const std::string& slug : always->second)
        if (std::find(slugs.begin(), slugs.end(), slug) == slugs.end()) slugs.push_back(slug);
    if (slugs.empty()) return;
    if (!holds_list(field)) return set(field.pointer, json::string(slugs.front()));
    if (slugs.size() > field.most) note(first_column(field.key), NoteCode::kTooManyValues, slugs[field.most]);
    json::array list;
    for (std::size_t i = 0; i < std::min<std::size_t>(slugs.size(), field.most); ++i) list.emplace_back(slugs[i]);
    set(field.pointer, std::move(list));
  }

  // ---- where it is

  void find_country() {
    Cell cell = first_cell("country");
    std::string code = cell.text;
    std::transform(code.begin(), code.end(), code.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    std::string folded = folded_value(cell.text);
    if (folded == "f" || folded.starts_with("france ")) code = "FR";  // France métropolitaine
    for (const auto& [name, known] : kCountries)
      if (folded == name) code = known;
    if (!code.empty() && protocol::check_format("country", code)) {
      note(cell.column, NoteCode::kBadValue, cell.text);
      code.clear();
      abroad_ = true;  // wherever it is
    }
    if (cell.text.empty() && constant("country")) code = *constant("country");
    country_ = code;
  }

  bool in_france() const {
    bool overseas = std::find(kOverseas.begin(), kOverseas.end(), country_) != kOverseas.end();
    return !abroad_ && (country_.empty() || country_ == "FR" || overseas);
  }

  void find_point() {
    Cell lat = first_cell("lat"), lon = first_cell("lon");
    if (lat.text.empty() && lon.text.empty()) return;
    if (lat.text.empty() || lon.text.empty()) return note(lat.column, NoteCode::kOneCoordinate, lat.text + ", " + lon.text);
    auto north = read_number(lat.text), east = read_number(lon.text);
    if (!north) return note(lat.column, NoteCode::kNotNumber, lat.text);
    if (!east) return note(lon.column, NoteCode::kNotNumber, lon.text);
    if (north->had_comma && !mapping_.decimal_comma) note(lat.column, NoteCode::kDecimalComma, lat.text);
    if (east->had_comma && !mapping_.decimal_comma) note(lon.column, NoteCode::kDecimalComma, lon.text);
    CellPoint read = read_point(north->value, east->value, in_france());
    if (read.note) note(lat.column, *read.note, lat.text + ", " + lon.text, read.point ? lon.text + ", " + lat.text : "");
    point_ = read.point;
  }

  void write_point() {
    if (!point_) return;
    set("/geo/lat", point_->lat);
    set("/geo/lon", point_->lon);
  }

  // What several columns say of one place, most trusted first: the first code and name, then the other codes, then the other
  // names. The first that gives a commune ends it.
  struct Commune {
    TerritoryRepair repair;
    std::string column;  // whose code or name did it, when it is not the first
  };
  Commune find_commune_of_row(const Cell& postcode, const std::vector<Cell>& communes, const std::vector<Cell>& codes) {
    DeclaredTerritory declared{codes[0].text, communes[0].text, postcode.text, first_cell("department").text, first_cell("region").text, point_};
    Commune found{repair_territory(declared), {}};
    auto again = [&](const Cell& cell) {
      TerritoryRepair repair = repair_territory(declared);
      if (repair.insee.empty()) return;
      // What undid the first code stays part of the reason.
      if (found.repair.outcome == CodeOutcome::kContradicted) repair.why = joined_slugs(found.repair.why, repair.why);
      found = {std::move(repair), cell.column};
    };
    for (std::size_t i = 1; i < codes.size() && found.repair.insee.empty(); ++i) {
      declared.insee = codes[i].text;
      if (!says_nothing(codes[i].text)) again(codes[i]);
    }
    declared.insee.clear();
    for (std::size_t i = 1; i < communes.size() && found.repair.insee.empty(); ++i) {
      declared.commune = communes[i].text;
      again(communes[i]);
    }
    return found;
  }

  // At least one, if only with the name of its column.
  std::vector<Cell> some_cells_of(std::string_view key) {
    std::vector<Cell> cells = cells_of(key);
    if (cells.empty()) cells.push_back({first_column(key), {}});
    return cells;
  }

  void write_place() {
    Cell postcode = first_cell("postcode");
    std::vector<Cell> communes = some_cells_of("commune"), codes = some_cells_of("insee");
    bool named = !codes[0].column.empty() || !communes[0].column.empty() || !postcode.column.empty();
    if (!named) return;
    Cell commune = communes[0];
    commune.text = shortened(commune, find_profile_field("commune")->most);
    if (!in_france()) return write_place_abroad(postcode, commune, codes[0]);
    Commune found = find_commune_of_row(postcode, communes, codes);
    write_postcode(postcode, zero_is_certain(postcode.text, found.repair, commune.text) ? found.repair.postcode : "");
    std::string official;
    if (auto known = find_commune(found.repair.insee)) official = known->commune.name;
    if (commune.text.empty() && !official.empty()) {
      note(commune.column, NoteCode::kCommuneAdded, columns_.cell(row_, commune.column), official);
      commune.text = official;
    }
    if (!commune.text.empty()) set("/address/commune", json::string(commune.text));
    if (!found.repair.insee.empty()) set("/address/insee", json::string(found.repair.insee));
    note_code(codes[0], found);
  }

  void write_place_abroad(const Cell& postcode, const Cell& commune, const Cell& insee) {
    if (protocol::is_postcode(postcode.text, country_) && !postcode.text.empty()) set("/address/postcode", json::string(postcode.text));
    else if (!postcode.text.empty()) note(postcode.column, NoteCode::kBadPostcode, postcode.text);
    if (!commune.text.empty()) set("/address/commune", json::string(commune.text));
    if (!says_nothing(insee.text)) note(insee.column, NoteCode::kBadValue, insee.text, country_);
  }

  // 1000 is the postcode of Bruxelles as it is written, and that of Bourg-en-Bresse without its zero: a zero is put before one
  // only where the row is found to be in France, or names no commune.
  bool zero_is_certain(std::string_view declared, const TerritoryRepair& repair, std::string_view commune) {
    if (repair.postcode != "0" + std::string(declared) || commune.empty() || !repair.insee.empty()) return true;
    bool told = point_ || department_code(first_cell("department").text) || region_code(first_cell("region").text);
    return told && !repair.department.empty();
  }

  void write_postcode(const Cell& declared, const std::string& repaired) {
    bool good = protocol::is_postcode(repaired, "FR");
    if (good) set("/address/postcode", json::string(repaired));
    if (good && repaired != declared.text) {
      bool zero = repaired == "0" + declared.text;
      note(declared.column, zero ? NoteCode::kLeadingZero : NoteCode::kPostcodeRepaired, declared.text, repaired);
    }
    if (!good && !declared.text.empty()) note(declared.column, NoteCode::kBadPostcode, declared.text);
  }

  void note_code(const Cell& declared, const Commune& found) {
    const TerritoryRepair& repair = found.repair;
    std::string result = repair.insee;
    for (const std::string& candidate : repair.candidates) result += (result.empty() ? "" : " | ") + candidate;
    std::string because = (found.column.empty() ? "" : found.column + ": ") + repair.why + (repair.against.empty() ? "" : " ≠ " + repair.against);
    if (!because.empty()) result += (result.empty() ? "(" : " (") + because + ")";
    if (repair.insee.empty()) {
      note(declared.column, repair.candidates.empty() ? NoteCode::kInseeImpossible : NoteCode::kInseeAmbiguous, declared.text, result);
      std::string area = repair.department.empty() ? repair.region : repair.department;
      std::string column = first_column(first_column("region").empty() ? "department" : "region");
      if (!area.empty() && !column.empty()) note(column, NoteCode::kAreaAlone, area);  // of the postcode alone, nobody declared it
      return;
    }
    bool had_code = !says_nothing(declared.text);
    if (!found.column.empty()) return note(declared.column, had_code ? NoteCode::kInseeContradicted : NoteCode::kInseeAdded, declared.text, result);
    switch (repair.outcome) {
      case CodeOutcome::kSuccessor: return note(declared.column, NoteCode::kInseeSuccessor, declared.text, result);
      case CodeOutcome::kContradicted: return note(declared.column, NoteCode::kInseeContradicted, declared.text, result);
      case CodeOutcome::kRight:
        if (!repair.against.empty()) note(declared.column, NoteCode::kInseeDoubtful, declared.text, result);
        return;
      default: return note(declared.column, had_code ? NoteCode::kInseeRepaired : NoteCode::kInseeAdded, declared.text, result);
    }
  }

  // ---- when it is open, and where on the web

  void write_hours(const ProfileField& field) {
    std::array<std::string, 7> cells;
    std::array<std::string_view, 7> texts;
    for (std::size_t day = 0; day < 7; ++day) {
      if (!mapping_.hours[day].empty()) cells[day] = cell_text(mapping_.hours[day]);
      texts[day] = is_placeholder(cells[day]) ? std::string_view() : std::string_view(cells[day]);
      if (!cells[day].empty() && texts[day].empty()) note(mapping_.hours[day], NoteCode::kPlaceholder, cells[day]);
    }
    WeekHours week = week_hours(texts);
    for (const WeekHours::Note& one : week.notes) note(mapping_.hours[one.day], one.code, cells[one.day], one.result);
    if (week.osm.empty()) return write_text(field);
    // A text beside the days ("sur rendez-vous") says when else it is open: OSM's fallback rule.
    for (const Cell& cell : cells_of(field.key)) {
      std::string comment = hours_comment(cell.text);
      bool fits = protocol::count_code_points(week.osm + comment) + kFallback.size() <= field.most;
      note(cell.column, NoteCode::kHoursUnread, cell.text, fits ? comment : "");
      if (fits) week.osm.append(kFallback).append(comment);
    }
    set(field.pointer, json::string(week.osm));
  }

  // The first address is the website, more of them are links.
  void write_website(const ProfileField& field) {
    for (const Cell& cell : cells_of(field.key))
      for (WebAddress& address : read_web_addresses(cell.text)) add_link(cell, std::move(address));
    if (links_.empty() && constant(field.key)) links_.push_back(*constant(field.key));
    if (links_.empty()) return;
    set(field.pointer, json::string(links_.front()));
    has_website_ = true;
  }

  void add_link(const Cell& cell, WebAddress address) {
    if (address.note) note(cell.column, *address.note, cell.text, address.url);
    if (links_.size() >= kPartsMax) return note(cell.column, NoteCode::kNotUrl, address.url);
    bool again = std::find(links_.begin(), links_.end(), address.url) != links_.end();
    if (!address.url.empty() && !again) links_.push_back(std::move(address.url));
  }

  void write_links(const ProfileField& field) {
    for (const Cell& cell : cells_of(field.key))
      for (WebAddress& address : read_web_addresses(cell.text)) add_link(cell, std::move(address));
    for (const auto& [column, prefix] : mapping_.links) {
      Cell cell{column, cell_text(column)};
      if (cell.text.empty()) continue;
      if (is_placeholder(cell.text)) note(column, NoteCode::kPlaceholder, cell.text);
      else
        for (WebAddress& address : read_links(cell.text, prefix)) add_link(cell, std::move(address));
    }
    if (auto every = mapping_.always.find(field.key); every != mapping_.always.end())
      for (const std::string& url : every->second)
        if (std::find(links_.begin(), links_.end(), url) == links_.end()) links_.push_back(url);
    json::array list;
    for (std::size_t i = has_website_ ? 1 : 0; i < links_.size(); ++i) {
      if (list.size() < field.most) list.emplace_back(links_[i]);
      else note("", NoteCode::kTooManyValues, links_[i]);
    }
    if (!list.empty()) set(field.pointer, std::move(list));
  }

  // The schema has the last word: what it refuses is a mistake of ours or of the mapping, and is said rather than published.
  RowRecord finish() {
    out_.profile = protocol::to_pretty_json(profile_);
    auto problems = protocol::validate("profile.json", protocol::as_bytes(out_.profile));
    if (!problems.empty()) return refuse("", NoteCode::kNotValid, std::string(protocol::slug(problems.front().code)) + " " + problems.front().context);
    return std::move(out_);
  }

  const ImportMapping& mapping_;
  const TableColumns& columns_;
  const CsvRow& row_;
  RowRecord out_;
  json::object profile_;
  std::string country_;
  std::optional<GeoPoint> point_;
  std::vector<std::string> links_;  // the website first, if there is one
  bool has_website_ = false;
  bool abroad_ = false;  // in a country that nobody knows
};

}  // namespace

RowRecord make_row_record(const ImportMapping& mapping, const TableColumns& columns, const CsvRow& row) {
  return ProfileWriting(mapping, columns, row).write();
}

}  // namespace maillage::registry
