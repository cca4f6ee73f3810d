// The words that an operator reads in French: the field's, never the machine's (PRODUCT.md, "Words on screen").
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Said {
  std::string_view name, french;
};

constexpr auto kSaid = std::to_array<Said>({
#define MAILLAGE_MESSAGE(name, french, english) {#name, french},
#include "daemon/message_list.h"
#undef MAILLAGE_MESSAGE
#define MAILLAGE_ERROR(name, slug, french, english) {#name, french},
#include "protocol/error_list.h"
#undef MAILLAGE_ERROR
#define MAILLAGE_NOTE(name, slug, effect, french, english) {#name, french},
#include "registry/import/note_list.h"
#undef MAILLAGE_NOTE
});

constexpr std::array<std::string_view, 14> kForbidden{"peer", "peers", "commit", "commits", "push", "sync", "node", "nodes",
                                                      "daemon", "daemons", "hub", "hubs", "merge", "blob"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80; }
// Part of an address, an option or a command that is typed as it stands.
bool is_code(char c) { return c == '/' || c == '-' || c == '_' || c == '.' || c == '='; }

// Words of a sentence that are not part of something to type: git's commands are named by those who use git.
std::vector<std::string> words_of(std::string_view sentence) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < sentence.size();) {
    std::size_t begin = at;
    while (at < sentence.size() && is_letter(sentence[at])) ++at;
    bool typed = (begin > 0 && is_code(sentence[begin - 1])) || (at + 1 < sentence.size() && is_code(sentence[at]) && is_letter(sentence[at + 1]));
    if (at > begin && !typed) words.emplace_back(sentence.substr(begin, at - begin));
    at = at == begin ? at + 1 : at;
  }
  return words;
}

// Read in the terminal of whoever uses git: "remote: …".
bool is_for_contributors(std::string_view name) {
  return name.starts_with("kPush") || name.starts_with("kGit") || name.starts_with("kKeep") || name == "kContributionConflict";
}

}  // namespace

TEST_CASE("no French sentence for an operator says peer, commit, push, sync, node or daemon") {
  for (const Said& said : kSaid) {
    if (is_for_contributors(said.name)) continue;
    for (const std::string& word : words_of(said.french)) {
      INFO(said.name << ": " << said.french);
      CHECK(std::find(kForbidden.begin(), kForbidden.end(), word) == kForbidden.end());
    }
  }
}

TEST_CASE("what is typed as it stands is no word of a sentence") {
  CHECK(words_of("le push de /peer, --node et sync.") == std::vector<std::string>{"le", "push", "de", "et", "sync"});
}
