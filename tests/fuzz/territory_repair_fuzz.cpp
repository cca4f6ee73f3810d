// A row of a stranger's list: five texts, one a line, then coordinates. Whatever it says, the answer is sound.
#include <cstring>

#include "protocol/error.h"
#include "registry/territory.h"
#include "registry/territory_repair.h"

using namespace maillage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  registry::DeclaredTerritory declared;
  for (auto* field : {&declared.insee, &declared.commune, &declared.postcode, &declared.department, &declared.region}) {
    std::size_t end = text.find('\n');
    *field = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
  }
  registry::GeoPoint point;
  if (text.size() >= sizeof point) {
    std::memcpy(&point.lat, text.data(), sizeof point.lat);
    std::memcpy(&point.lon, text.data() + sizeof point.lat, sizeof point.lon);
    declared.geo = point;
  }
  registry::TerritoryRepair repair = registry::repair_territory(declared);
  protocol::check(repair.insee.empty() || registry::find_commune(repair.insee), "a commune of the table");
  protocol::check(repair.candidates.size() <= registry::kTerritoryCandidatesMax, "candidates that fit a line");
  protocol::check(repair.insee.empty() || repair.candidates.empty(), "one commune or several, not both");
  return 0;
}
