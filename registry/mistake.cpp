#include "registry/mistake.h"

#include "protocol/vocabulary.h"
#include "registry/territory.h"

namespace maillage::registry {

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
      if (!columns.facet({facet, value})) doubts.push_back({parameter, vocabulary, value});
    }
  }
  for (const auto& code : query.commune) {
    if (!columns.facet({Facet::kTerritory, "c" + code})) doubts.push_back({"commune", "", code});
  }
  return doubts;
}

Result<void> check_mistakes(const std::vector<Doubt>& doubts) {
  int compared = 0;
  for (const auto& [parameter, vocabulary, value] : doubts) {
    std::string context(parameter);
    context.append("=").append(value);
    if (parameter == "commune") {
      if (has_area(Level::kCommune, value)) continue;
      return protocol::fail(ErrorCode::kBadParameter, std::move(context));
    }
    if (protocol::known(vocabulary, value) || ++compared > kComparedMax) continue;
    auto meant = protocol::nearest_slug(vocabulary, value);
    if (!meant) continue;
    context.append(" → ").append(parameter).append("=").append(*meant);
    return protocol::fail(ErrorCode::kBadParameter, std::move(context));
  }
  return {};
}

}  // namespace maillage::registry
