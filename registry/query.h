// Query: one question on the records of all places, and the page that answers it; the same for the command line,
// HTTP and views. Parsing is strict: an unknown parameter or a wrong value is refused with an example.
// Plain values; any thread. STORAGE.md, "Query".
//
// A repeated key means "or", different keys mean "and":
//   q         every word, in French: accents, plurals, elisions, one typo from five letters, last word as a prefix
//   activity type service stage governance    slugs, refused when neither a vocabulary nor any record has them; `type` of a
//             need or an offer is one of its topics. What a record does not say itself (activity, service, stage,
//             governance) is taken from its place's profile.
//   near=lat,lon [radius=km]    bbox=minLon,minLat,maxLon,maxLat    the record's point, else its place's. What has none is
//             never near; the answer counts what matched all the rest (`withoutPosition`).
//   region department epci commune    INSEE codes (11, 2A, 974, 200093201, 59350) of its or its place's address.insee;
//             a municipal district (75111) or a merged commune also counts for the commune it belongs to. A region,
//             department or EPCI that the table has not is refused; a commune that is not, or no more, unless a record says it (mistake.h)
//   from to   half-open; a date alone is the whole day in Paris. Events that overlap, repetitions included; needs and
//             offers not over yet at `from` and made before `to`. Refused for the rest.
//   place     id or slug of any publisher        limit 0 … 1000 (0 = count only)        after = a page's `next`
// A page also ends at about 4 MiB (kPageBytesMax): fewer items than `limit` do not mean the end, `next` = null does.
//
// Order: with q best match first; then with near nearest first; then events by the start that matched; then by name
// (French collation); then by address. A cursor is a position in that order: it stays good while records change.
//
// Card: records of one list whose `source` has one (name, id), however many publish it. One of them, its face (cards.h: the
// place's own word, else the latest copy), is matched, counted and listed; `place` alone finds a card by any publisher.
//
// Item of places and networks: the record's own fields, and {"id", "slug", "kind", "record", "created", "updated"}; "host"
// {"id", "slug", "name"} when the daemon of another place publishes it (hosts.h).
// Item of the others: its fields, and {"record", "place": {"id", "slug", "name"}, "created", "updated"}; `geo` of the
// place when it has none. With near: "distance" in km. An event that repeats, asked with from or to: "occurrence"
// {"start", "end"}, the first that matched. `record` is the address maillage:<id>/<path>; times are RFC 3339, UTC.
// With several publishers: "publishers" [{"id", "slug", "name", "record", "retrieved"?, "host"?}], the face first, then by
// (place id, path); 20 at most, and "publishersLeftOff".
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "protocol/head.h"
#include "protocol/time.h"
#include "registry/geo.h"

namespace maillage::registry {

enum class What : std::uint8_t { kPlaces, kNetworks, kEvents, kResources, kNeeds, kOffers };
inline constexpr std::size_t kWhats = 6;

inline constexpr std::size_t kQueryLimitDefault = 50;
inline constexpr std::size_t kQueryLimitMax = 1000;
// Records read for one page, as stored; it ends before, except that one item always fits. A thousand records of an honest size
// are under 1 MiB; a thousand of the largest would be 64 MiB of text, and ten times that as values, for one request.
inline constexpr std::size_t kPageBytesMax = 4 * 1024 * 1024;
// A question is typed or ticked by a person: these bound what a stranger makes us compute.
inline constexpr std::size_t kQueryParametersMax = 256;
inline constexpr std::size_t kQueryValueBytesMax = 512;
inline constexpr std::size_t kQueryWordsMax = 12;
inline constexpr std::size_t kQueryTextsMax = 4;  // q repeated

struct Query {
  What what = What::kPlaces;
  std::vector<std::string> q, activity, type, service, stage, governance;
  std::optional<GeoPoint> near;
  std::optional<double> radius_km;
  std::vector<BoundingBox> bbox;
  std::vector<std::string> region, department, epci, commune;
  std::optional<protocol::UnixTime> from, to;
  std::vector<std::string> place;
  std::size_t limit = kQueryLimitDefault;
  std::string after;
};

// Known places that the question may be about, and whose content is not here: what the answer cannot tell. Of a question with
// region, department, epci or commune those whose head says that they are there, else all.
struct Beyond {
  std::size_t places = 0;
  std::vector<protocol::TerritoryCell> cells;  // where, most places first; kBeyondCellsMax at most
  struct Keeper {
    protocol::PlaceId place;
    std::string name;
  };
  std::vector<Keeper> kept_by;  // daemons that say they keep some of them; filled by whoever knows them
};
inline constexpr std::size_t kBeyondCellsMax = 256;

struct Page {
  std::size_t number_matched = 0;  // exact, whatever the limit
  std::optional<std::size_t> without_position;  // with near: what matched everything else, and has no position
  std::vector<boost::json::object> items;
  std::string next;  // empty on the last page
  std::optional<Beyond> beyond;  // when there is something
};

// "places" … "offers".
std::string_view name(What what);
std::optional<What> what_of_name(std::string_view name);

using Parameters = std::vector<std::pair<std::string, std::string>>;

// kUnknownParameter (with the nearest name), kRepeatedParameter or kBadParameter (with what was probably meant, else an
// example: `near=lille (ex. near=50.63,3.06)`).
protocol::Result<Query> parse_query(What what, const Parameters& parameters);

// {"numberMatched", "withoutPosition" (with near), "numberReturned", "items", "next", "beyond"}; `next` is null on the last page,
// "beyond" {"places", "keptBy": [{"id", "name"}]} is there when known places that the question may be about are not kept here.
boost::json::object to_json(const Page& page);

}  // namespace maillage::registry
