#include "registry/columns.h"

#include <algorithm>
#include <future>
#include <numeric>
#include <tuple>

#include "protocol/error.h"
#include "registry/beside.h"
#include "registry/merge_in.h"
#include "registry/slug.h"
#include "registry/text.h"

namespace maillage::registry {
namespace {

// Below this many dead rows renumbering is not worth its pause.
constexpr std::size_t kDeadRowsMin = 4'096;
// Nor below this many words of dead rows. Rationale: one record can bring 10,000 words, the same again and again or ones
// that nobody else has, so that a place which republishes it would fill memory long before its dead rows count.
constexpr std::size_t kDeadWordsMin = 65'536;

// From so many new rows on, a second thread is worth its start.
constexpr std::size_t kSettledOnTwo = 10'000;

bool is_profile(What what) { return what == What::kPlaces || what == What::kNetworks; }

}  // namespace

std::uint32_t Columns::ordinal(const PlaceId& place) {
  auto [at, is_new] = ordinals_.emplace(place, static_cast<std::uint32_t>(places_.size()));
  if (is_new) places_.push_back({place, kNoRow, {}, {}, {}});
  return at->second;
}

void Columns::add(const PlaceId& place_id, const PathKey& path, const Gist& gist, const Lexicon& lexicon) {
  remove(place_id, path);
  auto number = static_cast<std::uint32_t>(rows_.size());
  protocol::check(number < WordList::kRowsMax, "more rows than an index can number");
  Row row;
  row.place = ordinal(place_id);
  row.path = path;
  row.what = gist.what;
  row.geo = gist.geo;
  row.start = gist.start;
  row.end = gist.end;
  row.repetition = gist.repetition;
  row.name_key = name_key(gist.name);
  row.name_start = first_bytes(row.name_key);
  for (const auto& value : gist.facets) {
    auto next = static_cast<FacetId>(facets_.size()) | static_cast<FacetId>(value.facet) << 28;
    row.facets.push_back(facets_.emplace(value, next).first->second);
  }
  std::sort(row.facets.begin(), row.facets.end());
  list_words(gist, number, lexicon);

  IndexedPlace& place = places_[row.place];
  place.rows.push_back(number);
  if (is_profile(gist.what)) {
    forget_profile(place);
    place.profile = number;
    place.name = gist.name;
    place.slug = slug_of(gist.name);
    slugs_[place.slug].push_back(row.place);
    hosts_.set_network(row.place, gist.what == What::kNetworks);
  }
  auto card = Cards::id_of(row);
  row.face = !card;  // of a card, settling decides
  row.words = static_cast<std::uint32_t>(gist.words.size());
  listed_words_ += row.words;
  rows_.push_back(std::move(row));
  if (card) cards_.add(*card, publisher_of(number, gist));
  else list(number);
  unsettled_ = true;
}

void Columns::list(std::uint32_t row) { added_[static_cast<std::size_t>(rows_[row].what)].push_back(row); }

// Lists lie far apart in memory: those of the words ahead are fetched meanwhile.
void Columns::list_words(const Gist& gist, std::uint32_t row, const Lexicon& lexicon) {
  constexpr std::size_t kHeads = 16, kTails = 8;
  const auto& words = gist.words;
  if (!words.empty() && words.back().number >= listings_.size()) listings_.resize(2 * (words.back().number + 1));  // ascending
  for (std::size_t i = 0; i < words.size() + kHeads; ++i) {
    if (i < words.size()) __builtin_prefetch(listings_[words[i].number]);
    if (i >= kTails && i - kTails < words.size())
      if (const auto* ahead = listings_[words[i - kTails].number]; ahead && !ahead->empty()) __builtin_prefetch(&ahead->back());
    if (i < kHeads) continue;
    const GistWord& met = words[i - kHeads];
    auto*& list = listings_[met.number];
    if (!list) list = &words_.new_list(lexicon.at(met.number));
    list->emplace_back(row, met.field);
  }
}

void Columns::forget_profile(IndexedPlace& place) {
  if (place.profile == kNoRow) return;
  auto found = slugs_.find(place.slug);
  std::erase(found->second, ordinals_.at(place.id));
  if (found->second.empty()) slugs_.erase(found);
  place.profile = kNoRow;
  place.name.clear();
  place.slug.clear();
  hosts_.set_network(ordinals_.at(place.id), false);
}

void Columns::kill(std::uint32_t number) {
  Row& row = rows_[number];
  row.alive = false;
  row.repetition.reset();
  ++dead_;
  dead_words_ += row.words;
  left_[static_cast<std::size_t>(row.what)] = true;
  if (auto card = Cards::id_of(row)) cards_.lose(*card);
  IndexedPlace& place = places_[row.place];
  if (place.profile == number) forget_profile(place);
  unsettled_ = true;
}

void Columns::remove(const PlaceId& place_id, const PathKey& path) {
  auto at = ordinals_.find(place_id);
  if (at == ordinals_.end()) return;
  auto& rows = places_[at->second].rows;
  auto found = std::find_if(rows.begin(), rows.end(), [&](std::uint32_t row) { return rows_[row].path == path; });
  if (found == rows.end()) return;
  kill(*found);
  rows.erase(found);
}

void Columns::remove_all(const PlaceId& place_id) {
  auto at = ordinals_.find(place_id);
  if (at == ordinals_.end()) return;
  for (std::uint32_t row : places_[at->second].rows) kill(row);
  places_[at->second].rows.clear();
}

bool Columns::name_before(std::uint32_t a, std::uint32_t b) const {
  const Row &left = rows_[a], &right = rows_[b];
  if (left.name_start != right.name_start) return left.name_start < right.name_start;
  if (int order = left.name_key.compare(right.name_key)) return order < 0;
  return std::tie(places_[left.place].id, left.path) < std::tie(places_[right.place].id, right.path);
}

void Columns::settle() {
  if (!unsettled_) return;
  if (is_crowded()) renumber();
  // Words and rows know nothing of one another: many new ones are sorted on two threads.
  std::future<void> words;
  if (added_rows() > kSettledOnTwo) words = beside([this] { words_.settle(); });
  settle_cards();
  hosts_.settle(places_);
  if (dead_ == 0) words_kept_ = words_.size(), facets_kept_ = facets_.size();
  auto before = [this](std::uint32_t a, std::uint32_t b) { return name_before(a, b); };
  auto hidden = [this](std::uint32_t row) { return !rows_[row].shown(); };
  for (std::size_t list = 0; list < kWhats; ++list) {
    if (left_[list]) std::erase_if(order_[list], hidden);
    if (left_[list]) std::erase_if(added_[list], hidden);
    merge_in(order_[list], added_[list], before);
    left_[list] = false;
  }
  if (words.valid()) words.get();
  else words_.settle();
  unsettled_ = false;
}

std::size_t Columns::added_rows() const {
  return std::accumulate(added_.begin(), added_.end(), std::size_t{0}, [](std::size_t sum, const auto& list) { return sum + list.size(); });
}

void Columns::settle_cards() {
  for (std::uint32_t row : cards_.settle(rows_, places_)) {
    if (rows_[row].face) list(row);
    else left_[static_cast<std::size_t>(rows_[row].what)] = true;
  }
}

bool Columns::is_crowded() const {
  bool by_rows = dead_ > kDeadRowsMin && dead_ > rows_.size() / 2;
  bool by_entries = dead_words_ > kDeadWordsMin && dead_words_ > listed_words_ / 2;
  bool by_words = dead_words_ > kDeadWordsMin && words_.size() > words_kept_ + words_kept_ / 2 + kDeadWordsMin;
  // Any value is a facet: a source renamed at every publication is one more that no word counts.
  bool by_facets = dead_ > 0 && facets_.size() > facets_kept_ + facets_kept_ / 2 + kDeadRowsMin;
  return by_rows || by_entries || by_words || by_facets;
}

// Those of living rows, numbered anew; gives the new id of each old number, kNoFacet: forgotten.
std::vector<FacetId> Columns::forget_facets() {
  std::vector<FacetId> moved(facets_.size(), kNoFacet);
  for (const Row& row : rows_)
    for (FacetId facet : row.facets) moved[facet & kFacetNumber] = facet;
  std::erase_if(facets_, [&](const auto& facet) { return moved[facet.second & kFacetNumber] == kNoFacet; });
  FacetId next = 0;
  for (auto& [value, id] : facets_) {
    FacetId& to = moved[id & kFacetNumber];
    id = to = next++ | static_cast<FacetId>(value.facet) << 28;
  }
  for (Row& row : rows_) {
    for (FacetId& facet : row.facets) facet = moved[facet & kFacetNumber];
    std::sort(row.facets.begin(), row.facets.end());
  }
  return moved;
}

void Columns::renumber() {
  std::vector<std::uint32_t> moved(rows_.size(), kNoRow);
  std::vector<Row> kept;
  kept.reserve(rows_.size() - dead_);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!rows_[i].alive) continue;
    moved[i] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(std::move(rows_[i]));
  }
  rows_ = std::move(kept);
  listed_words_ -= dead_words_;
  dead_ = dead_words_ = 0;
  listings_.clear();
  words_.renumber(moved);
  cards_.renumber(moved, forget_facets());
  for (auto& place : places_) {
    for (auto& row : place.rows) row = moved[row];
    if (place.profile != kNoRow) place.profile = moved[place.profile];
  }
  for (auto* lists : {&order_, &added_}) {
    for (auto& list : *lists) {
      for (auto& row : list) row = moved[row];
      std::erase(list, kNoRow);
    }
  }
}

std::unordered_map<FacetId, std::string> Columns::facets_from(Facet facet, const std::string& start) const {
  std::unordered_map<FacetId, std::string> found;
  for (auto at = facets_.lower_bound({facet, start}); at != facets_.end(); ++at) {
    if (at->first.facet != facet || !at->first.value.starts_with(start)) break;
    found.emplace(at->second, at->first.value);
  }
  return found;
}

std::optional<FacetId> Columns::facet(const FacetValue& value) const {
  auto found = facets_.find(value);
  if (found == facets_.end()) return std::nullopt;
  return found->second;
}

const IndexedPlace* Columns::place(const PlaceId& id) const {
  auto found = ordinals_.find(id);
  return found == ordinals_.end() ? nullptr : &places_[found->second];
}

std::vector<PlaceId> Columns::with_slug(const std::string& slug) const {
  std::vector<PlaceId> places;
  auto found = slugs_.find(slug);
  if (slug.empty() || found == slugs_.end()) return places;
  for (std::uint32_t place : found->second) places.push_back(places_[place].id);
  return places;
}

std::vector<PlaceId> Columns::named(const std::string& slug) const {
  auto all = with_slug(slug), shown = all;
  std::erase_if(shown, [this](const PlaceId& id) { return !rows_[place(id)->profile].shown(); });
  return shown.empty() ? all : shown;
}

std::span<const Publisher> Columns::publishers(const Row& row) const {
  auto card = Cards::id_of(row);
  return card ? cards_.publishers(*card) : std::span<const Publisher>();
}

void Columns::set_signer(const PlaceId& place, const Signer& signer) {
  if (hosts_.set_signer(ordinal(place), signer)) unsettled_ = true;
}

void Columns::know_signer(const PlaceId& place, const Signer& signer) {
  if (!hosts_.signer(ordinal(place))) set_signer(place, signer);
}

void Columns::know_signers_of(const Columns& others) {
  for (std::uint32_t i = 0; i < others.places_.size(); ++i) {
    if (auto signer = others.hosts_.signer(i)) know_signer(others.places_[i].id, *signer);
  }
}

const IndexedPlace* Columns::host_of(std::uint32_t place) const {
  std::uint32_t host = hosts_.host_of(place);
  return host == Hosts::kNoPlace ? nullptr : &places_[host];
}

}  // namespace maillage::registry
