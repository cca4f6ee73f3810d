#include "registry/toml.h"

#include <algorithm>
#include <charconv>

#include "protocol/utf8.h"

namespace maillage::registry {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kDigits = "0123456789";

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

void append_utf8(std::string& text, std::uint32_t c) {
  auto put = [&](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

// One file from its beginning to its end, or to the first mistake: every step says false once there is one.
class TomlReader {
 public:
  explicit TomlReader(std::string_view text) : text_(text) {}

  std::variant<TomlTable, TomlMistake> read() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    TomlTable* table = &root_;
    while (check_text() && pass_lines() && at_ < text_.size())
      if (peek() == '[' ? !read_header(table) : !read_pair(*table) || !end_line()) break;
    if (mistake_) return *mistake_;
    return std::move(root_);
  }

 private:
  using Path = std::vector<std::string>;

  // ---- the text

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool comes(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  void pass(std::string_view set) { at_ = std::min(text_.find_first_not_of(set, at_), text_.size()); }

  bool wrong(std::string_view expected) { return wrong(expected, line_); }
  bool wrong(std::string_view expected, std::size_t line) {
    if (!mistake_) mistake_ = TomlMistake{line, std::string(expected)};
    return false;
  }

  bool take(char c) {
    if (peek() != c || at_ == text_.size()) return wrong(std::string_view(&c, 1));
    ++at_;
    return true;
  }

  // UTF-8 without control characters but tabs and line ends, all of it before anything is read.
  bool check_text() {
    for (; checked_ < text_.size(); checked_ += protocol::first_code_point(text_.substr(checked_)).bytes) {
      auto c = protocol::first_code_point(text_.substr(checked_));
      bool line_end = c.value == '\n' || (c.value == '\r' && text_.substr(checked_ + 1).starts_with('\n'));
      bool control = (c.value < 0x20 && c.value != '\t' && !line_end) || c.value == 0x7f;
      if (!c.valid || control) return wrong("UTF-8", 1 + line_ends_before(checked_));
    }
    return true;
  }

  std::size_t line_ends_before(std::size_t at) const {
    std::string_view before = text_.substr(0, at);
    return static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  }

  void pass_comment() {
    pass(kBlanks);
    if (peek() == '#') at_ = std::min(text_.find('\n', at_), text_.size());
    if (peek() == '\r') ++at_;
  }

  // Blanks, comments and line ends.
  bool pass_lines() {
    for (pass_comment(); peek() == '\n' && at_ < text_.size(); pass_comment()) ++at_, ++line_;
    return true;
  }

  bool end_line() {
    pass_comment();
    return at_ == text_.size() || peek() == '\n' || wrong("key = value");
  }

  // ---- keys and tables

  bool read_key(std::string& key) {
    pass(kBlanks);
    if (peek() == '"' || peek() == '\'') return comes("\"\"\"") || comes("'''") ? wrong("key = value") : read_string(key);
    std::size_t start = at_;
    while (is_bare(peek())) ++at_;
    key = text_.substr(start, at_ - start);
    return !key.empty() || wrong("key = value");
  }

  bool read_path(Path& path) {
    do {
      if (path.size() == kTomlDepthMax) return wrong("a.b.c");
      if (!read_key(path.emplace_back())) return false;
      pass(kBlanks);
    } while (peek() == '.' && ++at_);
    return true;
  }

  enum class Made : std::uint8_t { kImplied, kHeader, kDotted, kInline };

  // The table that the first `count` steps of `path` lead to from `table`; null when one is no table, or is complete
  // already: an inline one, and for dotted keys one that has a header of its own.
  TomlTable* descend(TomlTable& table, const Path& path, std::size_t count, bool dotted) {
    TomlTable* at = &table;
    for (std::size_t i = 0; i < count; ++i) {
      TomlValue& next = at->try_emplace(path[i], TomlValue{line_, TomlTable()}).first->second;
      at = std::get_if<TomlTable>(&next.is);
      if (at == nullptr) return nullptr;
      Made& made = made_[at];
      if (made == Made::kInline || (dotted && made == Made::kHeader)) return nullptr;
      if (dotted) made = Made::kDotted;
    }
    return at;
  }

  bool read_header(TomlTable*& table) {
    Path path;
    if (!take('[') || peek() == '[') return wrong("[table]");
    if (!read_path(path) || !take(']') || !end_line()) return false;
    table = descend(root_, path, path.size(), false);
    if (table == nullptr || made_[table] != Made::kImplied) return wrong("[table]");
    made_[table] = Made::kHeader;
    return true;
  }

  bool read_pair(TomlTable& table) {
    Path path;
    std::size_t line = line_;
    if (!read_path(path) || !take('=')) return wrong("key = value");
    TomlTable* into = descend(table, path, path.size() - 1, true);
    if (into == nullptr || into->contains(path.back())) return wrong(protocol::shown(path.back(), 60) + " = …", line);
    TomlValue value;
    if (!read_value(value)) return false;
    value.line = line;
    TomlValue& placed = (*into)[path.back()] = std::move(value);
    if (const TomlTable* inside = placed.as<TomlTable>()) made_[inside] = Made::kInline;
    return true;
  }

  // ---- values

  bool read_value(TomlValue& value) {
    pass(kBlanks);
    value.line = line_;
    char c = peek();
    if (c == '"' || c == '\'') return read_string(value.is.emplace<std::string>());
    if (c == '[' || c == '{') {
      if (depth_ == kTomlDepthMax) return wrong("[…]");
      ++depth_;
      bool read = c == '[' ? read_array(value.is.emplace<TomlArray>()) : read_inline(value.is.emplace<TomlTable>());
      --depth_;
      return read;
    }
    return read_word(value);
  }

  bool read_array(TomlArray& array) {
    if (!take('[')) return false;
    for (pass_lines(); peek() != ']'; pass_lines()) {
      if (at_ == text_.size() || !read_value(array.emplace_back())) return wrong("[…, …]");
      pass_lines();
      if (peek() == ',') ++at_;
      else if (peek() != ']') return wrong("[…, …]");
    }
    return take(']');
  }

  bool read_inline(TomlTable& table) {
    if (!take('{')) return false;
    pass(kBlanks);
    if (peek() == '}') return take('}');
    for (;;) {
      if (!read_pair(table)) return false;
      pass(kBlanks);
      if (peek() != ',') return take('}');
      ++at_;
    }
  }

  // true, false, numbers; anything else is a word, and none of our files has one.
  bool read_word(TomlValue& value) {
    std::size_t start = at_;
    while (is_bare(peek()) || peek() == '+' || peek() == '.' || peek() == ':') ++at_;
    std::string word(text_.substr(start, at_ - start));
    if (word.empty()) return wrong("\"…\"");
    if (word == "true" || word == "false") return value.is = word == "true", true;
    bool number = read_number(word, value);
    if (!number) value.is = TomlWord{word};
    return true;
  }

  // Decimal ones; 0x, 0o and 0b stay words.
  static bool read_number(std::string word, TomlValue& value) {
    bool digits = std::string_view(kDigits).find(word.back()) != std::string_view::npos;
    std::size_t sign = word.front() == '+' || word.front() == '-' ? 1 : 0;
    bool begins = word.size() > sign && word[sign] >= '0' && word[sign] <= '9';
    bool zero_before = word.size() > sign + 1 && word[sign] == '0' && word[sign + 1] >= '0' && word[sign + 1] <= '9';
    if (!digits || !begins || zero_before || word.find("__") != std::string::npos) return false;
    std::erase(word, '_');
    if (word.front() == '+') word.erase(0, 1);
    const char* end = word.data() + word.size();
    std::int64_t whole = 0;
    if (auto [stop, error] = std::from_chars(word.data(), end, whole); stop == end && error == std::errc{}) return value.is = whole, true;
    if (word.find_first_of(".eE") == std::string::npos) return false;
    double real = 0;
    auto [stop, error] = std::from_chars(word.data(), end, real);
    if (stop != end || error != std::errc{}) return false;
    return value.is = real, true;
  }

  // ---- strings

  bool read_string(std::string& text) {
    char quote = peek();
    const char fence[] = {quote, quote, quote};
    bool many = comes({fence, 3});
    std::size_t line = line_;
    at_ += many ? 3 : 1;
    if (many && comes("\r\n")) ++at_;
    if (many && peek() == '\n' && at_ < text_.size()) ++at_, ++line_;
    while (at_ < text_.size()) {
      if (many ? comes({fence, 3}) : peek() == quote) return end_string(text, quote, many);
      if (peek() == '\n') {
        if (!many) break;
        ++line_;
      }
      if (quote == '"' && peek() == '\\') {
        if (!read_escape(text, many)) return false;
      } else {
        text.push_back(text_[at_++]);
      }
    }
    return wrong(many ? std::string_view(fence, 3) : std::string_view(fence, 1), line);
  }

  // One or two more quotes before the fence are the last characters of the text.
  bool end_string(std::string& text, char quote, bool many) {
    at_ += many ? 3 : 1;
    for (int more = 0; many && more < 2 && peek() == quote; ++more, ++at_) text.push_back(quote);
    return true;
  }

  bool read_escape(std::string& text, bool many) {
    ++at_;
    constexpr std::string_view kLetters = "btnfr\"\\", kMeant = "\b\t\n\f\r\"\\";
    char c = peek();
    if (auto known = kLetters.find(c); known != std::string_view::npos) {
      ++at_;
      text.push_back(kMeant[known]);
      return true;
    }
    if (c == 'u' || c == 'U') return read_code_point(text, c == 'u' ? 4 : 8);
    std::size_t end = text_.find_first_not_of(kBlanks, at_);
    bool ends_line = many && end != std::string_view::npos && (text_[end] == '\n' || text_[end] == '\r');
    if (!ends_line) return wrong("\\\\ \\\" \\n \\t \\u00e9");
    for (; at_ < text_.size() && std::string_view(" \t\r\n").find(peek()) != std::string_view::npos; ++at_) line_ += peek() == '\n' ? 1 : 0;
    return true;
  }

  bool read_code_point(std::string& text, std::size_t digits) {
    std::string_view hex = text_.substr(++at_, digits);
    std::uint32_t c = 0;
    auto [stop, error] = std::from_chars(hex.data(), hex.data() + hex.size(), c, 16);
    bool whole = hex.size() == digits && stop == hex.data() + digits && error == std::errc{};
    if (!whole || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return wrong("\\u00e9");
    at_ += digits;
    append_utf8(text, c);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0, line_ = 1, checked_ = 0, depth_ = 0;
  TomlTable root_;
  std::map<const TomlTable*, Made> made_;  // nodes of a map stay where they are
  std::optional<TomlMistake> mistake_;
};

}  // namespace

std::variant<TomlTable, TomlMistake> parse_toml(std::string_view text) { return TomlReader(text).read(); }

}  // namespace maillage::registry
