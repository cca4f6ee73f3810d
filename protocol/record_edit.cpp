#include "protocol/record_edit.h"

#include <optional>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "protocol/record.h"

namespace maillage::protocol {
namespace {

namespace json = boost::json;

struct Span {
  std::size_t start = 0, end = 0;
};

// Where things are in the text of a JSON object. The text has been parsed: this only counts quotes and brackets.
class ObjectText {
 public:
  explicit ObjectText(std::string_view text) : text_(text) {
    at_ = text_.find('{') + 1;
    skip_blanks();
    first_key_ = at_;
    while (text_[at_] != '}') read_member();
  }

  std::size_t after_brace() const { return text_.find('{') + 1; }
  std::size_t first_key() const { return first_key_; }
  std::size_t last_end() const { return last_end_; }  // of the last member; 0 for an empty object
  std::string_view after_colon() const { return after_colon_; }

  std::optional<Span> value_of(std::string_view key) const {
    for (const auto& [name, span] : members_)
      if (name == key) return span;
    return std::nullopt;
  }

 private:
  void read_member() {
    Span key = read_value();
    at_ = text_.find(':', at_) + 1;
    std::size_t colon_end = at_;
    skip_blanks();
    if (members_.empty()) after_colon_ = text_.substr(colon_end, at_ - colon_end);
    Span value = read_value();
    members_.emplace_back(json::parse(text_.substr(key.start, key.end - key.start)).as_string(), value);
    last_end_ = value.end;
    skip_blanks();
    if (text_[at_] == ',') ++at_;
    skip_blanks();
  }

  // One value of any kind, from its first character.
  Span read_value() {
    Span span{at_, at_};
    int depth = 0;
    do {
      char c = text_[at_];
      if (c == '"')
        skip_text();
      else if (c == '{' || c == '[')
        ++depth, ++at_;
      else if (c == '}' || c == ']')
        --depth, ++at_;
      else
        ++at_;
    } while (depth > 0 || !ends_value());
    span.end = at_;
    return span;
  }

  bool ends_value() const { return at_ >= text_.size() || text_.find_first_of(",:}] \t\r\n", at_) == at_; }

  void skip_text() {
    for (++at_; text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
  }

  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  std::string_view text_, after_colon_;
  std::size_t at_ = 0, first_key_ = 0, last_end_ = 0;
  std::vector<std::pair<std::string, Span>> members_;
};

}  // namespace

Result<std::string> with_text_field(ByteView record, std::string_view key, std::string_view value) {
  if (auto parsed = parse_record(record); !parsed) return tl::unexpected(parsed.error());
  std::string text(as_text(record));
  ObjectText object(text);
  std::string written = json::serialize(json::string(value));
  if (auto span = object.value_of(key)) {
    text.replace(span->start, span->end - span->start, written);
  } else {
    std::string field = json::serialize(json::string(key)) + ":";
    bool empty = object.last_end() == 0;
    field += empty ? " " : object.after_colon();
    std::size_t brace = object.after_brace();
    std::string layout = text.substr(brace, object.first_key() - brace);
    text.insert(empty ? brace : object.last_end(), (empty ? "" : "," + layout) + field + written);
  }
  if (auto parsed = parse_record(as_bytes(text)); !parsed) return tl::unexpected(parsed.error());
  return text;
}

}  // namespace maillage::protocol
