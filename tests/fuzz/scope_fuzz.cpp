// Scopes: whatever an operator or a peer writes, nothing throws; what is read is in a form that reads back. A line is one text.
#include "registry/scope_text.h"
#include "registry/territory.h"

using namespace maillage;
using protocol::Scope;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(bytes), size);
  std::vector<std::string> lines;
  while (!input.empty() && lines.size() < protocol::kScopeTextsMax) {
    lines.emplace_back(input.substr(0, input.find('\n')));
    input.remove_prefix(std::min(input.size(), lines.back().size() + 1));
  }
  std::vector<std::string> texts;
  for (const std::string& line : lines) {
    auto text = registry::scope_text(line);
    if (!text) continue;
    protocol::check(registry::scope_text(*text) == *text, "a text reads back as itself");
    texts.push_back(*text);
  }
  auto ours = Scope::of(texts);
  protocol::check(ours && *ours == Scope::heard(ours->texts()), "ours is heard as it is");
  protocol::check(ours->covers(*ours, registry::areas_of), "a scope covers itself");
  Scope theirs = Scope::heard(lines);
  protocol::check(theirs.everything() == lines.empty(), "only no text at all is everything");
  protocol::Head head;
  head.cell = protocol::TerritoryCell::of("FR", lines.empty() ? "29039" : std::string_view(lines.front()).substr(0, 5));
  (void)theirs.covers(head, registry::areas_of);
  return 0;
}
