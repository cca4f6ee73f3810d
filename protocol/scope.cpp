#include "protocol/scope.h"

#include <algorithm>
#include <array>

namespace maillage::protocol {
namespace {

constexpr std::string_view kRegionPrefix = "region:";
constexpr std::size_t kCommuneCharacters = 5, kEpciDigits = 9;

// Countries whose communes INSEE numbers; a head that names none may be of a daemon that asks for none.
constexpr std::string_view kInseeCountries = "FR GP MQ GF RE YT PM BL MF WF PF NC TF";

bool digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// 29, 2A, 974; 29039, 2A004: Corsica has the only letters.
bool is_insee(std::string_view code) {
  bool corsica = code.starts_with("2A") || code.starts_with("2B");
  return !code.empty() && digits(corsica ? code.substr(2) : code);
}
bool is_department(std::string_view code) { return (code.size() == 2 || (code.size() == 3 && code.starts_with("9"))) && is_insee(code); }
bool is_commune(std::string_view code) { return code.size() == kCommuneCharacters && is_insee(code); }
bool is_epci(std::string_view code) { return code.size() == kEpciDigits && digits(code); }
// 53, 987: the lands overseas that are no department are regions of three digits.
bool is_region(std::string_view text) {
  if (!text.starts_with(kRegionPrefix)) return false;
  std::string_view code = text.substr(kRegionPrefix.size());
  return digits(code) && (code.size() == 2 || (code.size() == 3 && code.starts_with("9")));
}

bool is_french(std::string_view country) {
  std::size_t at = country.size() == 2 ? kInseeCountries.find(country) : kInseeCountries.npos;
  return country.empty() || (at != kInseeCountries.npos && at % 3 == 0);
}

std::string_view department_of(std::string_view commune) { return commune.substr(0, commune >= "97" ? 3 : 2); }

Areas areas(std::string_view code, AreasOf areas_of) {
  Areas found = areas_of != nullptr ? areas_of(code) : Areas{};
  if (found.department.empty()) found.department = is_commune(code) ? department_of(code) : code;
  return found;
}

}  // namespace

bool Scope::add(std::string text) {
  if (text.size() > kScopeTextBytesMax) return false;
  if (is_region(text)) {
    regions_.insert(text.substr(kRegionPrefix.size()));
  } else if (is_department(text) || is_commune(text) || is_epci(text)) {
    codes_.insert(text);
  } else {
    auto place = PlaceId::parse(text);
    if (!place) return false;
    if (std::ranges::find(places_, *place) == places_.end()) places_.push_back(*place);
  }
  auto at = std::ranges::lower_bound(texts_, text);
  if (at == texts_.end() || *at != text) texts_.insert(at, std::move(text));
  return true;
}

Result<Scope> Scope::of(const std::vector<std::string>& texts) {
  if (texts.size() > kScopeTextsMax) return fail(ErrorCode::kTooMany, "scopes");
  Scope scope;
  for (const std::string& text : texts)
    if (!scope.add(text)) return fail(ErrorCode::kMalformed, text.substr(0, kScopeTextBytesMax));
  return scope;
}

Scope Scope::heard(const std::vector<std::string>& texts) {
  Scope scope;
  for (const std::string& text : texts)
    if (!scope.add(text)) scope.texts_.push_back(text);  // not everything, whatever it is
  return scope;
}

bool Scope::covers_code(std::string_view code, AreasOf areas_of) const {
  if (codes_.contains(code)) return true;
  Areas around = areas(code, areas_of);
  if (!around.commune.empty() && codes_.contains(around.commune)) return true;
  return codes_.contains(around.department) || (!around.epci.empty() && codes_.contains(around.epci)) || regions_.contains(around.region);
}

bool Scope::covers(const Head& head, AreasOf areas_of) const {
  if (everything()) return true;
  for (const PlaceId& place : places_)
    if (place == head.place || head.addressed.may_contain(place)) return true;
  std::string commune = head.cell.commune();
  return is_commune(commune) && is_french(head.cell.country()) && covers_code(commune, areas_of);
}

bool Scope::covers(const Scope& other, AreasOf areas_of) const {
  if (everything()) return true;
  if (other.everything()) return false;
  return std::ranges::all_of(other.texts_, [&](const std::string& text) {
    if (std::ranges::find(texts_, text) != texts_.end()) return true;
    return (is_department(text) || is_commune(text)) && covers_code(text, areas_of);
  });
}

}  // namespace maillage::protocol
