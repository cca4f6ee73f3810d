#include "registry/mistake.h"

#include "protocol/vocabulary.h"
#include "registry/territory.h"

namespace maillage::registry {
namespace {

Result<void> check_words(const Columns& columns, std::string_view name, Facet facet, std::string_view vocabulary, const std::vector<std::string>& values) {
  for (const auto& value : values) {
    if (columns.facet({facet, value}) || protocol::known(vocabulary, value)) continue;
    auto meant = protocol::nearest_slug(vocabulary, value);
    if (!meant) continue;
    std::string context(name);
    context.append("=").append(value).append(" → ").append(name).append("=").append(*meant);
    return protocol::fail(ErrorCode::kBadParameter, std::move(context));
  }
  return {};
}

}  // namespace

Result<void> check_mistakes(const Columns& columns, const Query& query) {
  struct Words {
    std::string_view name;
    Facet facet;
    std::string_view vocabulary;
    const std::vector<std::string>& values;
  };
  for (const auto& [name, facet, vocabulary, values] :
       {Words{"activity", Facet::kActivity, "activities", query.activity}, Words{"type", Facet::kType, type_vocabulary(query.what), query.type},
        Words{"service", Facet::kService, "services", query.service}, Words{"stage", Facet::kStage, "stages", query.stage},
        Words{"governance", Facet::kGovernance, "governance-models", query.governance}}) {
    if (auto right = check_words(columns, name, facet, vocabulary, values); !right) return right;
  }
  for (const auto& code : query.commune) {
    bool exists = has_area(Level::kCommune, code) || columns.facet({Facet::kTerritory, "c" + code});
    if (!exists) return protocol::fail(ErrorCode::kBadParameter, "commune=" + code);
  }
  return {};
}

}  // namespace maillage::registry
