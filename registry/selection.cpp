#include "registry/selection.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "registry/slug.h"
#include "registry/text.h"

namespace maillage::registry {
namespace {

// A degree of latitude is never shorter than this: a quick no before the exact distance.
constexpr double kKmPerDegree = 110.5;

// The score of every row for one q. A text without a word in it filters nothing.
class Relevance {
 public:
  Relevance(const Columns& columns, std::string_view q) : columns_(columns) {
    auto words = words_of_question(q);
    filters_ = !words.empty();
    if (!filters_) return;
    total_.assign(columns.rows().size(), 0);
    best_.assign(columns.rows().size(), 0);
    for (std::size_t i = 0; i < words.size(); ++i) {
      meet(words[i], i + 1 == words.size());
      for (std::uint32_t row : touched_) {
        if (total_[row] >> kWordShift == i) total_[row] += (1u << kWordShift) + best_[row];
        best_[row] = 0;
      }
      touched_.clear();
    }
    words_ = static_cast<std::uint32_t>(words.size());
  }

  bool filters() const { return filters_; }
  bool matches(std::uint32_t row) const { return total_[row] >> kWordShift == words_; }
  std::uint32_t score(std::uint32_t row) const { return total_[row] & ((1u << kWordShift) - 1); }

 private:
  // The count of words met so far sits above the sum of their scores (12 words of at most 16).
  static constexpr int kWordShift = 16;

  void meet(const Word& word, bool last) {
    auto with = [this](std::uint32_t quality) {
      return [this, quality](const std::vector<WordList::Entry>& entries) { add(entries, quality); };
    };
    columns_.words().exact(word.folded, with(kExactQuality));
    for (const auto& stem : word.stems) columns_.words().stemmed(stem, with(kStemQuality));
    bool prefix = last && word.folded.size() >= kPrefixLettersMin;
    if (prefix) columns_.words().prefixed(word.folded, with(kPrefixQuality));
    bool typo = touched_.empty() && word.folded.size() >= kTypoLettersMin;
    if (typo) columns_.words().one_typo_away(word.folded, with(kTypoQuality));
  }

  void add(const std::vector<WordList::Entry>& entries, std::uint32_t quality) {
    for (WordList::Entry entry : entries) {
      std::uint32_t row = entry.row();
      if (!columns_.rows()[row].shown()) continue;
      auto score = static_cast<std::uint16_t>(quality * static_cast<std::uint32_t>(kFieldWeights[static_cast<int>(entry.field())]));
      if (best_[row] == 0) touched_.push_back(row);
      best_[row] = std::max(best_[row], score);
    }
  }

  const Columns& columns_;
  bool filters_ = false;
  std::uint32_t words_ = 0;
  std::vector<std::uint32_t> total_, touched_;
  std::vector<std::uint16_t> best_;
};

struct FacetFilter {
  Facet facet;
  std::vector<FacetId> any;  // none: no record has what is asked
};

class Selector {
 public:
  Selector(const Columns& columns, const Query& query) : columns_(columns), query_(query) {
    for (const auto& text : query.q) relevances_.emplace_back(columns, text);
    add_filter(Facet::kActivity, query.activity, "");
    add_filter(Facet::kType, query.type, "");
    add_filter(Facet::kService, query.service, "");
    add_filter(Facet::kStage, query.stage, "");
    add_filter(Facet::kGovernance, query.governance, "");
    add_filter(Facet::kTerritory, query.region, "r");
    add_filter(Facet::kTerritory, query.department, "d");
    add_filter(Facet::kTerritory, query.epci, "e");
    add_filter(Facet::kTerritory, query.commune, "c");
    for (const auto& text : query.place) add_place(text);
  }

  Selection select() const {
    Selection selection;
    for (std::uint32_t number : columns_.in_order(query_.what)) {
      Hit hit{number, 0, 0, 0, 0};
      const Row& row = columns_.rows()[number];
      if (!matches(row, hit)) continue;
      Where where = where_is(row, hit);
      if (where == Where::kOutside || !in_time(row, hit)) continue;
      if (where == Where::kNowhere) selection.without_position += 1;
      else selection.hits.push_back(hit);
    }
    return selection;
  }

 private:
  void add_filter(Facet facet, const std::vector<std::string>& values, std::string_view level) {
    if (values.empty()) return;
    FacetFilter filter{facet, {}};
    for (const auto& value : values) {
      if (auto id = columns_.facet({facet, std::string(level) + value})) filter.any.push_back(*id);
    }
    filters_.push_back(std::move(filter));
  }

  void add_place(std::string_view text) {
    auto id = PlaceId::parse(text);
    auto named = id ? std::vector<PlaceId>{*id} : columns_.named(slug_of(text));
    const IndexedPlace* place = named.size() == 1 ? columns_.place(named.front()) : nullptr;
    if (!place) return;
    places_.push_back(static_cast<std::uint32_t>(place - columns_.places().data()));
    for (std::uint32_t number : place->rows) {
      const Row& row = columns_.rows()[number];
      if (!row.face && row.what == query_.what) faces_.insert(columns_.publishers(row).front().row);
    }
  }

  // One of the places asked for, or the face of a card that one of them publishes.
  bool in_places(const Row& row, std::uint32_t number) const {
    return query_.place.empty() || std::find(places_.begin(), places_.end(), row.place) != places_.end() || faces_.contains(number);
  }

  const Row* profile_of(const Row& row) const {
    std::uint32_t profile = columns_.places()[row.place].profile;
    return profile == kNoRow ? nullptr : &columns_.rows()[profile];
  }

  // All but space and time.
  bool matches(const Row& row, Hit& hit) const {
    return in_words(hit) && in_places(row, hit.row) && in_facets(row);
  }

  // Any of the texts, the best of them for the order.
  bool in_words(Hit& hit) const {
    bool met = relevances_.empty();
    for (const auto& relevance : relevances_) {
      if (relevance.filters() && !relevance.matches(hit.row)) continue;
      met = true;
      if (relevance.filters()) hit.score = std::max(hit.score, relevance.score(hit.row));
    }
    return met;
  }

  static bool has_facet(const Row& row, Facet facet) {
    auto first = static_cast<FacetId>(facet) << 28;
    auto at = std::lower_bound(row.facets.begin(), row.facets.end(), first);
    return at != row.facets.end() && *at >> 28 == static_cast<FacetId>(facet);
  }

  // The row that speaks for a facet: the record, or its place's profile when the record is silent.
  const Row& speaker(const Row& row, Facet facet) const {
    if (facet == Facet::kType || has_facet(row, facet)) return row;
    const Row* profile = profile_of(row);
    return profile ? *profile : row;
  }

  bool in_facets(const Row& row) const {
    return std::all_of(filters_.begin(), filters_.end(), [&](const FacetFilter& filter) {
      const auto& facets = speaker(row, filter.facet).facets;
      return std::any_of(filter.any.begin(), filter.any.end(),
                         [&](FacetId id) { return std::binary_search(facets.begin(), facets.end(), id); });
    });
  }

  enum class Where { kInside, kOutside, kNowhere };

  Where where_is(const Row& row, Hit& hit) const {
    if (!query_.near && query_.bbox.empty()) return Where::kInside;
    const Row* profile = row.geo ? nullptr : profile_of(row);
    auto geo = profile ? profile->geo : row.geo;
    if (!geo) return Where::kNowhere;
    return in_space(*geo, hit) ? Where::kInside : Where::kOutside;
  }

  bool in_space(const GeoPoint& point, Hit& hit) const {
    bool in_box = query_.bbox.empty() || std::any_of(query_.bbox.begin(), query_.bbox.end(),
                                                     [&](const BoundingBox& box) { return box.contains(point); });
    if (!in_box || !query_.near) return in_box;
    if (query_.radius_km && std::abs(point.lat - query_.near->lat) * kKmPerDegree > *query_.radius_km) return false;
    hit.distance = distance_km(*query_.near, point);
    return !query_.radius_km || hit.distance <= *query_.radius_km;
  }

  bool in_time(const Row& row, Hit& hit) const {
    bool asked = query_.from || query_.to;
    bool event = query_.what == What::kEvents;
    if (event) hit.start = row.start == kNoTime ? kForever : row.start;
    if (!asked) return true;
    if (row.start == kNoTime) return false;
    Occurrence occurrence{{row.start}, {row.end}};
    if (row.repetition) {
      auto found = row.repetition->first_overlap(query_.from, query_.to);
      if (!found) return false;
      occurrence = *found;
    } else if (!overlaps(occurrence, query_.from, query_.to)) {
      return false;
    }
    if (event) hit.start = occurrence.start.ms;
    hit.occurrence_end = occurrence.end.ms;
    return true;
  }

  const Columns& columns_;
  const Query& query_;
  std::vector<Relevance> relevances_;
  std::vector<FacetFilter> filters_;
  std::vector<std::uint32_t> places_;
  std::unordered_set<std::uint32_t> faces_;  // of other places, of cards that those asked for publish too
};

}  // namespace

Selection select(const Columns& columns, const Query& query) { return Selector(columns, query).select(); }

}  // namespace maillage::registry
