#include "registry/query.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/json/array.hpp>

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

bool is_code(std::string_view text, std::size_t shortest, std::size_t longest) {
  bool length = text.size() >= shortest && text.size() <= longest;
  return length && std::all_of(text.begin(), text.end(),
                               [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

// Setters: true when the value is right. `value` is never empty.
bool add_slug(std::vector<std::string>& values, std::string_view value) {
  values.push_back(fold(value));
  return true;
}

bool add_code(std::vector<std::string>& values, std::string_view value, std::size_t shortest, std::size_t longest) {
  values.push_back(upper(value));
  return is_code(values.back(), shortest, longest);
}

bool set_q(Query& query, std::string_view value) {
  query.q.emplace_back(value);
  return query.q.size() <= kQueryTextsMax && words_of_question(value).size() <= kQueryWordsMax;
}

bool set_near(Query& query, std::string_view value) {
  auto pair = numbers(value, 2);
  if (!pair || query.near) return false;
  query.near = make_point((*pair)[0], (*pair)[1]);
  return query.near.has_value();
}

bool set_radius(Query& query, std::string_view value) {
  auto km = numbers(value, 1);
  bool right = km && !query.radius_km && km->front() > 0 && km->front() <= kRadiusKmMax;
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
  if (!moment || bound) return false;
  bool whole_day = is_end && moment->date_only;
  bound = whole_day ? paris.to_utc(moment->local_ms + kDayMs) : moment->at;
  return true;
}

bool set_limit(Query& query, std::string_view value) {
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), query.limit);
  return error == std::errc() && end == value.data() + value.size() && query.limit <= kQueryLimitMax;
}

struct Parameter {
  std::string_view name, example;
  bool (*set)(Query&, std::string_view);
};

constexpr std::array<Parameter, 18> kParameters = {{
    {"q", "fablab", set_q},
    {"activity", "coworking", [](Query& query, std::string_view v) { return add_slug(query.activity, v); }},
    {"type", "workshop", [](Query& query, std::string_view v) { return add_slug(query.type, v); }},
    {"service", "kitchen", [](Query& query, std::string_view v) { return add_slug(query.service, v); }},
    {"stage", "open", [](Query& query, std::string_view v) { return add_slug(query.stage, v); }},
    {"governance", "association", [](Query& query, std::string_view v) { return add_slug(query.governance, v); }},
    {"near", "50.63,3.06", set_near},
    {"radius", "30", set_radius},
    {"bbox", "2.9,50.5,3.2,50.8", set_bbox},
    {"region", "53", [](Query& query, std::string_view v) { return add_code(query.region, v, 2, 3); }},
    {"department", "29", [](Query& query, std::string_view v) { return add_code(query.department, v, 2, 3); }},
    {"epci", "200093201", [](Query& query, std::string_view v) { return add_code(query.epci, v, 9, 9); }},
    {"commune", "29039", [](Query& query, std::string_view v) { return add_code(query.commune, v, 5, 5); }},
    {"from", "2026-12-01", [](Query& query, std::string_view v) { return set_time(query.from, v, false); }},
    {"to", "2026-12-31T18:00", [](Query& query, std::string_view v) { return set_time(query.to, v, true); }},
    {"place", "konk-ar-lab", [](Query& query, std::string_view v) { return add_slug(query.place, v); }},
    {"limit", "50", set_limit},
    {"after", "", [](Query& query, std::string_view v) { return query.after.empty() && (query.after = v, true); }},
}};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string_view nearest_parameter(std::string_view name) {
  auto nearest = std::min_element(kParameters.begin(), kParameters.end(), [&](const Parameter& a, const Parameter& b) {
    return edit_distance(name, a.name) < edit_distance(name, b.name);
  });
  return nearest->name;
}

tl::unexpected<protocol::Error> wrong(std::string_view name, std::string_view value, std::string_view example) {
  std::string context(name);
  context.append("=").append(value.substr(0, kShownBytesMax)).append(" → ").append(name).append("=").append(example);
  return fail(ErrorCode::kBadParameter, std::move(context));
}

Result<void> set_parameter(Query& query, std::string_view name, std::string_view value) {
  auto known = std::find_if(kParameters.begin(), kParameters.end(), [&](const Parameter& p) { return p.name == name; });
  if (known == kParameters.end()) {
    std::string context(name.substr(0, kShownBytesMax));
    return fail(ErrorCode::kUnknownParameter, context.append(" → ").append(nearest_parameter(name.substr(0, kShownBytesMax))));
  }
  bool empty_question = value.empty() && (name == "q" || name == "after");
  if (empty_question) return {};
  bool right = !value.empty() && value.size() <= kQueryValueBytesMax && known->set(query, value);
  if (!right) return wrong(name, value, known->example);
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
  for (const auto& [name, value] : parameters) {
    if (auto set = set_parameter(query, name, value); !set) return tl::unexpected(set.error());
  }
  if (auto together = check_together(query); !together) return tl::unexpected(together.error());
  return query;
}

boost::json::object to_json(const Page& page) {
  boost::json::array items;
  for (const auto& item : page.items) items.emplace_back(item);
  boost::json::object json;
  json["numberMatched"] = page.number_matched;
  json["numberReturned"] = page.items.size();
  json["items"] = std::move(items);
  json["next"] = page.next.empty() ? boost::json::value(nullptr) : boost::json::value(page.next);
  return json;
}

}  // namespace maillage::registry
