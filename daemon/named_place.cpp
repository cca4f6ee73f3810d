#include "daemon/named_place.h"

#include <algorithm>

#include "protocol/utf8.h"
#include "registry/slug.h"
#include "registry/territory.h"

namespace maillage::daemon {
namespace {

using protocol::ErrorCode;
using protocol::fail;
using protocol::PlaceId;
using protocol::Result;

// Told of each of several that may be meant: more than `peers` shows, so that nobody makes two alike.
constexpr std::size_t kToldDigits = 16;
constexpr std::size_t kToldPlacesMax = 4;
constexpr std::size_t kToldNameMax = 60;

bool is_digits(std::string_view word) {
  return std::ranges::all_of(word, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string lower(std::string_view word) {
  std::string text(word);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return text;
}

// "0123456789abcdef (Le Moulin, Concarneau (29))"
std::string told(const registry::Registry& registry, const PlaceId& place) {
  std::string name = protocol::shown(registry.known_name(place).name, kToldNameMax), commune = commune_told(registry.cell_of(place));
  std::string beside = name + (name.empty() || commune.empty() ? "" : ", ") + commune;
  return place.hex().substr(0, kToldDigits) + (beside.empty() ? "" : " (" + beside + ")");
}

tl::unexpected<protocol::Error> ambiguous(const registry::Registry& registry, std::span<const PlaceId> meant) {
  std::string context;
  for (const PlaceId& place : meant.first(std::min(meant.size(), kToldPlacesMax))) context += (context.empty() ? "" : ", ") + told(registry, place);
  return fail(ErrorCode::kAmbiguousName, meant.size() > kToldPlacesMax ? context + ", …" : context);
}

}  // namespace

Result<PlaceId> place_meant(const registry::Registry& registry, std::string_view word, std::span<const PlaceId> candidates, ErrorCode unknown) {
  std::string wanted = lower(word), slug = registry::slug_of(word), shown = protocol::shown(word, 64);
  if (auto id = PlaceId::parse(wanted)) return id->is_zero() ? fail(ErrorCode::kZeroPlace, shown) : Result<PlaceId>(*id);
  bool digits = is_digits(wanted), enough = digits && wanted.size() >= registry::kPlaceDigitsMin;
  std::vector<PlaceId> meant;
  for (const PlaceId& place : candidates) {
    bool fits = (enough && place.hex().starts_with(wanted)) || (!slug.empty() && registry.known_name(place).slug == slug);
    if (fits && std::ranges::find(meant, place) == meant.end()) meant.push_back(place);
  }
  if (meant.size() == 1) return meant.front();
  if (meant.size() > 1) return ambiguous(registry, meant);
  return fail(digits && !enough ? ErrorCode::kFewDigits : unknown, shown);
}

Result<PlaceId> known_place_meant(const registry::Registry& registry, std::string_view word, std::vector<PlaceId> others, ErrorCode unknown) {
  auto called = registry.places_called(lower(word));
  if (!called) return tl::unexpected(called.error());
  others.insert(others.end(), called->begin(), called->end());
  return place_meant(registry, word, others, unknown);
}

boost::json::object named(const registry::Registry& registry, const PlaceId& place) {
  auto called = registry.known_name(place);
  return {{"place", place.hex()}, {"slug", called.slug}, {"name", called.name}};
}

std::string commune_told(const protocol::TerritoryCell& cell) {
  auto found = registry::find_commune(cell.commune());
  if (found) return std::string(found->commune.name) + " (" + std::string(found->department.code) + ")";
  std::string country = cell.country();
  return cell.commune().empty() && country != "FR" ? country : "";
}

}  // namespace maillage::daemon
