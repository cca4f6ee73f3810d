#include "registry/mistake.h"

#include <algorithm>

#include "protocol/utf8.h"
#include "protocol/vocabulary.h"
#include "registry/slug.h"
#include "registry/territory.h"

namespace maillage::registry {
namespace {

// What is shown of a wrong value.
constexpr std::size_t kShownBytesMax = 64;
// Places named of those that have one slug: anybody may take a name.
constexpr std::size_t kNamesakesShownMax = 5;

}  // namespace

std::vector<Doubt> find_doubts(const Columns& columns, const Query& query) {
  struct Words {
    std::string_view parameter;
    Facet facet;
    std::string_view vocabulary;
    const std::vector<std::string>& values;
  };
  std::vector<Doubt> doubts;
  for (const auto& [parameter, facet, vocabulary, values] :
       {Words{"activity", Facet::kActivity, "activities", query.activity}, Words{"type", Facet::kType, type_vocabulary(query.what), query.type},
        Words{"service", Facet::kService, "services", query.service}, Words{"stage", Facet::kStage, "stages", query.stage},
        Words{"governance", Facet::kGovernance, "governance-models", query.governance}}) {
    for (const auto& value : values) {
      if (!columns.facet({facet, value})) doubts.push_back({parameter, vocabulary, value, query.what});
    }
  }
  for (const auto& code : query.commune) {
    if (!columns.facet({Facet::kTerritory, "c" + code})) doubts.push_back({"commune", "", code, query.what});
  }
  return doubts;
}

namespace {

// Of a commune that is no more, what it became part of: all its records say that one too.
std::string meant_by_commune(const Doubt& doubt) {
  auto now = successor_of(doubt.value);
  return now ? std::string(doubt.parameter).append("=").append(now->code).append(" (").append(now->name).append(")") : std::string();
}

std::string meant_by(const Doubt& doubt) {
  using Asked = std::pair<std::string_view, std::string_view>;
  auto text = [](std::string_view parameter, std::string_view value) { return std::string(parameter).append("=").append(value); };
  if (auto near = protocol::nearest_slug(doubt.vocabulary, doubt.value)) return text(doubt.parameter, *near);
  for (const auto& [parameter, vocabulary] : {Asked{"activity", "activities"}, Asked{"type", type_vocabulary(doubt.what)}, Asked{"service", "services"},
                                              Asked{"stage", "stages"}, Asked{"governance", "governance-models"}})
    if (protocol::known(vocabulary, doubt.value)) return text(parameter, doubt.value);
  const auto* vocabulary = protocol::find_vocabulary(doubt.vocabulary);
  std::string words;
  for (std::size_t i = 0; vocabulary && i < vocabulary->entries.size(); ++i) {
    if (i == kExampleWordsMax) return text(doubt.parameter, words + ", …");
    words.append(words.empty() ? "" : ", ").append(vocabulary->entries[i].slug);
  }
  return text(doubt.parameter, words);
}

}  // namespace

Result<void> check_mistakes(const std::vector<Doubt>& doubts) {
  for (const Doubt& doubt : doubts) {
    std::string context = std::string(doubt.parameter).append("=").append(protocol::shown(doubt.value, kShownBytesMax));
    bool commune = doubt.vocabulary.empty();
    std::string meant = commune ? meant_by_commune(doubt) : std::string();
    if (commune ? meant.empty() && has_area(Level::kCommune, doubt.value) : protocol::known(doubt.vocabulary, doubt.value)) continue;
    if (!commune) meant = meant_by(doubt);
    if (!meant.empty()) context.append(" → ").append(meant);
    return protocol::fail(ErrorCode::kBadParameter, std::move(context));
  }
  return {};
}

Result<void> check_names(const Columns& columns, const Query& query) {
  for (const auto& text : query.place) {
    auto named = PlaceId::parse(text) ? std::vector<PlaceId>() : columns.named(slug_of(text));
    if (named.size() > 1) return tl::unexpected(ambiguous_name(text, named));
  }
  return {};
}

protocol::Error ambiguous_name(std::string_view asked, const std::vector<PlaceId>& places) {
  std::string context = protocol::shown(asked, kShownBytesMax);
  context.append(" → ");
  for (std::size_t i = 0; i < std::min(places.size(), kNamesakesShownMax); ++i) context.append(i == 0 ? "" : ", ").append(places[i].hex());
  return {ErrorCode::kAmbiguousName, places.size() > kNamesakesShownMax ? context.append(", …") : context};
}

}  // namespace maillage::registry
