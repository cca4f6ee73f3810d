// Any bytes as a record of each kind: judged, with sentences, whatever they are.
#include <cstdlib>

#include "protocol/validate.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  for (RecordKind kind : record_kinds()) {
    std::string path = kind == RecordKind::kProfile ? "profile.json" : std::string(folder_of(kind)) + "/x.json";
    Assessment assessment = assess(path, {bytes, size});
    if (assessment.problems.size() > kProblemsMax) std::abort();
    for (const Problem& problem : assessment.problems)
      if (problem.path != path || sentence(problem, Language::kFrench).empty()) std::abort();
  }
  return 0;
}
