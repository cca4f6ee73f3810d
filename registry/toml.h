// TOML: the files that people write by hand, config.toml and the mappings of an import, as values that know their lines.
//
// TOML 1.0 but for two things that neither file has a use for: arrays of tables (`[[x]]`) are refused, and dates and times
// are kept as the words they are, so that whoever wanted a text can ask for its quotes. Numbers that fit no 64 bits too.
// Rationale for a reader of our own: toml++ 3.3 takes as given what it never checked (that a key follows `[`, that no é
// stands between two words): such a file ended the program in Debug, and did anything at all in Release. toml11 3.7 reads
// past its buffer within a hundred files that a fuzzer changed.
// Bounded: every level nests at most kTomlDepthMax deep; cost is linear in the text. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace maillage::registry {

// Arrays in arrays, tables in tables: no file of ours needs more than three; the reader recurses.
inline constexpr std::size_t kTomlDepthMax = 32;

struct TomlValue;
using TomlArray = std::vector<TomlValue>;
using TomlTable = std::map<std::string, TomlValue, std::less<>>;  // sorted by key, not as the file has them

// A word that is no value of ours: a date, a time, a number that is too large, inf.
struct TomlWord {
  std::string text;
};

struct TomlValue {
  std::size_t line = 0;  // where its key is, or it begins
  std::variant<bool, std::int64_t, double, std::string, TomlWord, TomlArray, TomlTable> is;

  template <class Kind>
  const Kind* as() const {
    return std::get_if<Kind>(&is);
  }
};

// What is wrong and where: the line from 1, and what was expected there, as TOML writes it (in no language).
struct TomlMistake {
  std::size_t line = 0;
  std::string expected;
};

std::variant<TomlTable, TomlMistake> parse_toml(std::string_view text);

}  // namespace maillage::registry
