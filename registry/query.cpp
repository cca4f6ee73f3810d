#include "registry/query.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/json/array.hpp>

#include "protocol/suggestion.h"
#include "protocol/utf8.h"
#include "registry/territory.h"
#include "registry/text.h"
#include "registry/time_zone.h"

namespace maillage::registry {
namespace {

using protocol::ErrorCode;
using protocol::fail;
using protocol::Result;
using protocol::UnixTime;

constexpr std::array<std::string_view, kWhats> kWhatNames = {"places", "networks", "events", "resources", "needs", "offers"};

// Half the Earth's circumference: no two points are further apart.
constexpr double kRadiusKmMax = 20'038;
// What is shown of a wrong value.
constexpr std::size_t kShownBytesMax = 64;

// Exactly `count` finite numbers between commas.
std::optional<std::vector<double>> numbers(std::string_view text, std::size_t count) {
  std::vector<double> parsed;
  while (parsed.size() < count) {
    std::size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    double number = 0;
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number, std::chars_format::fixed);
    if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
    parsed.push_back(number);
    bool last = comma == std::string_view::npos;
    if (last) return parsed.size() == count ? std::optional(parsed) : std::nullopt;
    text.remove_prefix(comma + 1);
  }
  return std::nullopt;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

// 59350, 2A004
bool is_commune_code(std::string_view text) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  bool corsica = text.size() == 5 && text[0] == '2' && (text[1] == 'A' || text[1] == 'B');
  return text.size() == 5 && (corsica || digit(text[1])) && digit(text[0]) && std::all_of(text.begin() + 2, text.end(), digit);
}

// Setters: true when the value is right. `value` is never empty.
bool add_slug(std::vector<std::string>& values, std::string_view value) {
  values.push_back(fold(value));
  return true;
}

// Regions, departments and EPCI are those of the table, for records too. A commune may be newer than the table.
bool add_code(std::vector<std::string>& values, std::string_view value, Level level) {
  values.push_back(upper(value));
  return level == Level::kCommune ? is_commune_code(values.back()) : has_area(level, values.back());
}

bool set_q(Query& query, std::string_view value) {
  query.q.emplace_back(value);
  return query.q.size() <= kQueryTextsMax && words_of_question(value).size() <= kQueryWordsMax;
}

bool set_near(Query& query, std::string_view value) {
  auto pair = numbers(value, 2);
  if (!pair) return false;
  query.near = make_point((*pair)[0], (*pair)[1]);
  return query.near.has_value();
}

bool set_radius(Query& query, std::string_view value) {
  auto km = numbers(value, 1);
  bool right = km && km->front() > 0 && km->front() <= kRadiusKmMax;
  if (right) query.radius_km = km->front();
  return right;
}

bool set_bbox(Query& query, std::string_view value) {
  auto sides = numbers(value, 4);
  if (!sides) return false;
  BoundingBox box{(*sides)[0], (*sides)[1], (*sides)[2], (*sides)[3]};
  query.bbox.push_back(box);
  return make_point(box.south, box.west) && make_point(box.north, box.east) && box.south <= box.north;
}

// A date alone is its whole day: `from` is its beginning and `to` its end.
bool set_time(std::optional<UnixTime>& bound, std::string_view value, bool is_end) {
  TimeZone paris("");
  auto moment = parse_moment(value, paris);
  if (!moment) return false;
  bool whole_day = is_end && moment->date_only;
  bound = whole_day ? paris.to_utc(moment->local_ms + kDayMs) : moment->at;
  return true;
}

bool set_limit(Query& query, std::string_view value) {
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), query.limit);
  return error == std::errc() && end == value.data() + value.size() && query.limit <= kQueryLimitMax;
}

// What was probably meant, for people who type; empty when there is no telling.

std::string number_text(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

std::string suggest_limit(std::string_view value) {
  if (value.starts_with('-')) return "limit=0";
  bool digits = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? "limit=" + std::to_string(kQueryLimitMax) : "";
}

// 3km, 3,5
std::string suggest_radius(std::string_view value) {
  std::string text(value);
  std::replace(text.begin(), text.end(), ',', '.');
  double number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !(number > 0)) return "";
  return "radius=" + number_text(std::min(number, kRadiusKmMax));
}

// 50.63;3.06, or longitude first where that is certain.
std::string suggest_near(std::string_view value) {
  std::string text(value);
  std::replace(text.begin(), text.end(), ';', ',');
  std::replace(text.begin(), text.end(), ' ', ',');
  if (auto comma = text.find(",,"); comma != std::string::npos) text.erase(comma, 1);
  auto pair = numbers(text, 2);
  if (!pair) return "";
  double lat = (*pair)[0], lon = (*pair)[1];
  if (!make_point(lat, lon)) std::swap(lat, lon);
  return make_point(lat, lon) ? "near=" + number_text(lat) + "," + number_text(lon) : "";
}

std::string suggest_bbox(std::string_view value) {
  auto sides = numbers(value, 4);
  if (!sides) return "";
  if ((*sides)[1] > (*sides)[3]) std::swap((*sides)[1], (*sides)[3]);
  if (!make_point((*sides)[1], (*sides)[0]) || !make_point((*sides)[3], (*sides)[2])) return "";
  std::string text = "bbox=";
  for (double side : *sides) text.append(text.ends_with('=') ? "" : ",").append(number_text(side));
  return text;
}

// 31/12/2026
std::string suggest_date(std::string_view value, std::string_view name) {
  bool french = value.size() == 10 && value[2] == '/' && value[5] == '/';
  if (!french) return "";
  std::string date = std::string(value.substr(6)).append("-").append(value.substr(3, 2)).append("-").append(value.substr(0, 2));
  return parse_moment(date, TimeZone("")) ? std::string(name).append("=").append(date) : "";
}

constexpr std::array<std::string_view, 4> kLevelNames = {"region", "department", "epci", "commune"};
// A name that more areas have is better asked with `q`.
constexpr std::size_t kAreasShownMax = 3;

std::string areas_text(Level level, const std::vector<Area>& areas) {
  std::string text;
  for (const Area& area : areas) {
    text.append(text.empty() ? "" : ", ").append(kLevelNames[static_cast<std::size_t>(level)]).append("=");
    text.append(area.code).append(" (").append(areas.size() > 1 ? name_among_namesakes(level, area) : std::string(area.name)).append(")");
  }
  return text;
}

// Its name instead of its code; a code without its zero; what is the code, or the name, of another kind of area.
std::string suggest_area(std::string_view value, Level asked) {
  std::string code = upper(value);
  std::string_view name = kLevelNames[static_cast<std::size_t>(asked)];
  if (auto areas = areas_named(asked, value, kAreasShownMax); !areas.empty()) return areas_text(asked, areas);
  if (has_area(asked, "0" + code)) return std::string(name).append("=0").append(code);
  for (Level level : {Level::kCommune, Level::kDepartment, Level::kRegion, Level::kEpci}) {
    if (level != asked && has_area(level, code)) return std::string(kLevelNames[static_cast<std::size_t>(level)]).append("=").append(code);
  }
  for (Level level : {Level::kDepartment, Level::kRegion, Level::kCommune, Level::kEpci}) {
    if (auto areas = areas_named(level, value, kAreasShownMax); level != asked && !areas.empty()) return areas_text(level, areas);
  }
  return "";
}

struct Parameter {
  std::string_view name, example;
  bool (*set)(Query&, std::string_view);
  std::string (*suggest)(std::string_view) = nullptr;
  bool once = false;
};

constexpr std::array<Parameter, 18> kParameters = {{
    {"q", "fablab", set_q},
    {"activity", "coworking", [](Query& query, std::string_view v) { return add_slug(query.activity, v); }},
    {"type", "workshop", [](Query& query, std::string_view v) { return add_slug(query.type, v); }},
    {"service", "kitchen", [](Query& query, std::string_view v) { return add_slug(query.service, v); }},
    {"stage", "open", [](Query& query, std::string_view v) { return add_slug(query.stage, v); }},
    {"governance", "association", [](Query& query, std::string_view v) { return add_slug(query.governance, v); }},
    {"near", "50.63,3.06", set_near, suggest_near, true},
    {"radius", "30", set_radius, suggest_radius, true},
    {"bbox", "2.9,50.5,3.2,50.8", set_bbox, suggest_bbox},
    {"region", "53", [](Query& query, std::string_view v) { return add_code(query.region, v, Level::kRegion); },
     [](std::string_view v) { return suggest_area(v, Level::kRegion); }},
    {"department", "29", [](Query& query, std::string_view v) { return add_code(query.department, v, Level::kDepartment); },
     [](std::string_view v) { return suggest_area(v, Level::kDepartment); }},
    {"epci", "200093201", [](Query& query, std::string_view v) { return add_code(query.epci, v, Level::kEpci); },
     [](std::string_view v) { return suggest_area(v, Level::kEpci); }},
    {"commune", "29039", [](Query& query, std::string_view v) { return add_code(query.commune, v, Level::kCommune); },
     [](std::string_view v) { return suggest_area(v, Level::kCommune); }},
    {"from", "2026-12-01", [](Query& query, std::string_view v) { return set_time(query.from, v, false); },
     [](std::string_view v) { return suggest_date(v, "from"); }, true},
    {"to", "2026-12-31T18:00", [](Query& query, std::string_view v) { return set_time(query.to, v, true); },
     [](std::string_view v) { return suggest_date(v, "to"); }, true},
    {"place", "konk-ar-lab", [](Query& query, std::string_view v) { return add_slug(query.place, v); }},
    {"limit", "50", set_limit, suggest_limit, true},
    {"after", "", [](Query& query, std::string_view v) { return query.after = v, true; }, nullptr, true},
}};

std::string_view nearest_parameter(std::string_view name) {
  auto nearest = std::min_element(kParameters.begin(), kParameters.end(), [&](const Parameter& a, const Parameter& b) {
    return protocol::edit_distance(name, a.name) < protocol::edit_distance(name, b.name);
  });
  return nearest->name;
}

tl::unexpected<protocol::Error> wrong(const Parameter& parameter, std::string_view value) {
  std::string context(parameter.name), meant;
  if (parameter.suggest && value.size() <= kQueryValueBytesMax) meant = parameter.suggest(value);
  context.append("=").append(protocol::shown(value, kShownBytesMax));
  // What was meant, or how it is written: "ex." is read in both languages.
  if (meant.empty()) context.append(" (ex. ").append(parameter.name).append("=").append(parameter.example).append(")");
  else context.append(" → ").append(meant);
  return fail(ErrorCode::kBadParameter, std::move(context));
}

// `seen`: one bit a parameter.
Result<void> set_parameter(Query& query, std::string_view name, std::string_view value, std::uint32_t& seen) {
  auto known = std::find_if(kParameters.begin(), kParameters.end(), [&](const Parameter& p) { return p.name == name; });
  if (known == kParameters.end()) {
    std::string context = protocol::shown(name, kShownBytesMax);
    return fail(ErrorCode::kUnknownParameter, context.append(" → ").append(nearest_parameter(name.substr(0, kShownBytesMax))));
  }
  bool empty_question = value.empty() && (name == "q" || name == "after");
  if (empty_question) return {};
  auto bit = std::uint32_t{1} << (known - kParameters.begin());
  if (known->once && (seen & bit) != 0) return fail(ErrorCode::kRepeatedParameter, std::string(name));
  seen |= bit;
  bool right = !value.empty() && value.size() <= kQueryValueBytesMax && known->set(query, value);
  if (!right) return wrong(*known, value);
  return {};
}

// What no single parameter can tell.
Result<void> check_together(const Query& query) {
  if (query.radius_km && !query.near) return fail(ErrorCode::kBadParameter, "radius → near=50.63,3.06&radius=30");
  if (query.from && query.to && *query.from >= *query.to) return fail(ErrorCode::kBadParameter, "from < to");
  bool timed = query.what == What::kEvents || query.what == What::kNeeds || query.what == What::kOffers;
  if ((query.from || query.to) && !timed) return fail(ErrorCode::kBadParameter, "from, to → events, needs, offers");
  return {};
}

}  // namespace

std::string_view name(What what) { return kWhatNames[static_cast<std::size_t>(what)]; }

std::optional<What> what_of_name(std::string_view name) {
  auto found = std::find(kWhatNames.begin(), kWhatNames.end(), name);
  if (found == kWhatNames.end()) return std::nullopt;
  return static_cast<What>(found - kWhatNames.begin());
}

Result<Query> parse_query(What what, const Parameters& parameters) {
  Query query;
  query.what = what;
  if (parameters.size() > kQueryParametersMax) return fail(ErrorCode::kTooMany, "parameters > 256");
  std::uint32_t seen = 0;
  for (const auto& [name, value] : parameters) {
    if (auto set = set_parameter(query, name, value, seen); !set) return tl::unexpected(set.error());
  }
  if (auto together = check_together(query); !together) return tl::unexpected(together.error());
  return query;
}

boost::json::object to_json(const Page& page) {
  boost::json::array items;
  for (const auto& item : page.items) items.emplace_back(item);
  boost::json::object json;
  json["numberMatched"] = page.number_matched;
  if (page.without_position) json["withoutPosition"] = *page.without_position;
  json["numberReturned"] = page.items.size();
  json["items"] = std::move(items);
  json["next"] = page.next.empty() ? boost::json::value(nullptr) : boost::json::value(page.next);
  if (page.beyond) {
    boost::json::array kept_by;
    for (const Beyond::Keeper& keeper : page.beyond->kept_by) kept_by.push_back({{"id", keeper.place.hex()}, {"name", keeper.name}});
    json["beyond"] = {{"places", page.beyond->places}, {"keptBy", std::move(kept_by)}};
  }
  return json;
}

}  // namespace maillage::registry
