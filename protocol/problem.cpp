#include "protocol/problem.h"

namespace maillage::protocol {
namespace {

// "resources/Saw.json → resources/saw.json": the sentence has both already, and says each once.
bool names_both(const Problem& problem) { return !problem.path.empty() && problem.context.starts_with(problem.path + " → "); }

// The sentence without the path.
std::string detail(const Problem& problem, Language language) {
  std::string text = sentence(Error{problem.code, problem.context}, language);
  if (problem.example.empty() || names_both(problem)) return text;
  return text + (language == Language::kFrench ? " — par exemple " : " — for example ") + problem.example;
}

}  // namespace

bool append(std::vector<Problem>& problems, Problem problem) {
  if (problems.size() < kProblemsMax) {
    problems.push_back(std::move(problem));
    return true;
  }
  problems.back() = {{}, "", ErrorCode::kTooMany, "> " + std::to_string(kProblemsMax - 1), ""};
  return false;
}

std::string sentence(const Problem& problem, Language language) {
  if (problem.path.empty() || names_both(problem)) return detail(problem, language);
  return problem.path + (language == Language::kFrench ? " : " : ": ") + detail(problem, language);
}

boost::json::object to_json(const Problem& problem, Language language) {
  boost::json::object json{{"path", problem.path},
                           {"pointer", problem.pointer},
                           {"code", slug(problem.code)},
                           {"detail", detail(problem, language)}};
  if (!problem.example.empty()) json["example"] = problem.example;
  return json;
}

}  // namespace maillage::protocol
