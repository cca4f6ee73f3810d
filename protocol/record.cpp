#include "protocol/record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <unordered_set>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>

#include "protocol/byte_size.h"
#include "protocol/limits.h"
#include "protocol/utf8.h"

namespace maillage::protocol {
namespace {

namespace json = boost::json;
using json::error_code;

// A field's name longer than this is no name.
constexpr std::size_t kKeyBytesMax = 256;

// Builds the value while refusing what boost::json lets through: a text that holds NUL would end early in every C string
// after us, and of two equal keys it keeps the last in silence. Keys are only counted at first: remembering them all
// to name the one that comes twice costs three times the rest, and honest records have none.
class StrictEvents {
 public:
  static constexpr std::size_t max_object_size = kRecordBytesMax;
  static constexpr std::size_t max_array_size = kRecordBytesMax;
  static constexpr std::size_t max_key_size = kKeyBytesMax;
  static constexpr std::size_t max_string_size = kRecordStringBytesMax;

  StrictEvents(bool names_duplicates, json::storage_ptr room) : names_duplicates_(names_duplicates), stack_({}, room_.data(), room_.size()) {
    stack_.reset(std::move(room));
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    if (names_duplicates_) keys_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t count, error_code&) {
    if (names_duplicates_) keys_.pop_back();
    members_ += count;
    stack_.push_object(count);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t count, error_code&) {
    stack_.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, error_code& error) {
    if (has_nul(part)) return refuse(ErrorCode::kHasNul, shown(part, 40), error);
    if (names_duplicates_) key_.append(part.data(), part.size());
    stack_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code& error) {
    if (has_nul(part)) return refuse(ErrorCode::kHasNul, shown(part, 40), error);
    stack_.push_key(part);
    if (!names_duplicates_) return true;
    key_.append(part.data(), part.size());
    auto [at, added] = keys_.back().insert(std::exchange(key_, {}));
    return added || refuse(ErrorCode::kDuplicateKey, shown(*at), error);
  }
  bool on_string_part(json::string_view part, std::size_t, error_code& error) {
    if (has_nul(part)) return refuse(ErrorCode::kHasNul, shown(part, 40), error);
    stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, error_code& error) {
    if (has_nul(part)) return refuse(ErrorCode::kHasNul, shown(part, 40), error);
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, error_code&) {
    stack_.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, error_code&) {
    stack_.push_uint64(value);
    return true;
  }
  bool on_double(double value, json::string_view text, error_code& error) {
    if (!std::isfinite(value)) return refuse(ErrorCode::kOutOfRange, shown(text, 40), error);
    stack_.push_double(value);
    return true;
  }
  bool on_bool(bool value, error_code&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

  // Members of all objects as the text has them, equal keys included.
  std::size_t members() const { return members_; }
  json::value release() { return stack_.release(); }
  const std::optional<Error>& refusal() const { return refusal_; }

 private:
  static bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

  bool refuse(ErrorCode code, std::string context, error_code& error) {
    refusal_ = Error{code, std::move(context)};
    error = json::error::incomplete;  // any error: it only stops the parser
    return false;
  }

  bool names_duplicates_;
  std::size_t members_ = 0;
  std::array<unsigned char, 4096> room_;  // enough for most records, so that the stack does not grow on the heap
  json::value_stack stack_;
  std::vector<std::unordered_set<std::string>> keys_;
  std::string key_;
  std::optional<Error> refusal_;
};

// Line and column, from 1, as editors count them: columns in characters.
std::string position(std::string_view text, std::size_t at) {
  std::string_view before = text.substr(0, std::min(at, text.size()));
  auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  auto starts_character = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  auto column = std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_start), before.end(), starts_character) + 1;
  return std::to_string(std::count(before.begin(), before.end(), '\n') + 1) + ":" + std::to_string(column);
}

std::size_t first_not_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    CodePoint next = first_code_point(text.substr(at));
    if (!next.valid) break;
    at += next.bytes;
  }
  return at;
}

Error error_of(const error_code& error, std::string_view text, std::size_t at) {
  std::string where = position(text, at);
  if (text.starts_with("\xef\xbb\xbf") || text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return {ErrorCode::kHasBom, ""};
  if (error == json::error::too_deep) return {ErrorCode::kTooDeep, where};
  if (error == json::error::string_too_large || error == json::error::key_too_large)
    return {ErrorCode::kTextTooLong, where};
  if (auto wrong = first_not_utf8(text); wrong < text.size()) return {ErrorCode::kNotUtf8, position(text, wrong)};
  return {ErrorCode::kNotJson, where};
}

std::size_t count_members(const json::value& value) {
  std::size_t count = 0;
  if (const json::object* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += count_members(member.value());
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) count += count_members(item);
  }
  return count;
}

Result<json::value> parse(ByteView bytes, const json::storage_ptr& room, bool names_duplicates) {
  json::parse_options options;
  options.max_depth = kRecordDepthMax;
  json::basic_parser<StrictEvents> parser(options, names_duplicates, room);
  error_code error;
  std::size_t read = parser.write_some(false, reinterpret_cast<const char*>(bytes.data()), bytes.size(), error);
  if (parser.handler().refusal()) return tl::unexpected(*parser.handler().refusal());
  if (error) return tl::unexpected(error_of(error, as_text(bytes), read));
  if (read < bytes.size()) return tl::unexpected(error_of(json::error::extra_data, as_text(bytes), read));
  json::value value = parser.handler().release();
  if (count_members(value) == parser.handler().members()) return value;
  if (names_duplicates) return fail(ErrorCode::kDuplicateKey, "?");
  return parse(bytes, room, true);
}

// The fence of STYLE "catch at library borders": nothing throws here but for want of memory.
Result<json::value> parse(ByteView bytes, const json::storage_ptr& room) try {
  return parse(bytes, room, false);
} catch (const std::exception& exception) {
  return fail(ErrorCode::kNotJson, exception.what());
}

bool is_flat(const json::value& value) {
  if (value.is_object()) return false;
  if (!value.is_array()) return true;
  for (const json::value& item : value.get_array())
    if (item.is_structured()) return false;
  return true;
}

// Rationale: boost::json writes 50.6365 as 5.06365E1, which no person would type. These are the shortest digits that read
// back as the same number, with an exponent only where nobody counts the zeros (as ECMAScript does), and `.0` so that a
// fraction stays one.
void write_double(double value, std::string& out) {
  std::array<char, 64> text;
  double size = std::abs(value);
  bool plain = size == 0 || (size >= 1e-7 && size < 1e21);
  auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, plain ? std::chars_format::fixed : std::chars_format::scientific);
  if (error != std::errc() || !std::isfinite(value)) {
    out += "null";
    return;
  }
  std::string_view written(text.data(), static_cast<std::size_t>(end - text.data()));
  out += written;
  if (written.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void write_plain(const json::value& value, std::string& out) {
  if (value.is_double())
    write_double(value.get_double(), out);
  else
    out += json::serialize(value);
}

void write_compact(const json::value& value, std::string& out) {
  if (const json::object* object = value.if_object()) {
    char before = '{';
    for (const auto& member : *object) {
      out += before;
      out += json::serialize(member.key()) + ":";
      write_compact(member.value(), out);
      before = ',';
    }
    out += object->empty() ? "{}" : "}";
  } else if (const json::array* array = value.if_array()) {
    char before = '[';
    for (const json::value& item : *array) {
      out += before;
      write_compact(item, out);
      before = ',';
    }
    out += array->empty() ? "[]" : "]";
  } else {
    write_plain(value, out);
  }
}

void write_pretty(const json::value& value, std::size_t indent, std::string& out);

template <class Items, class WriteItem>
void write_items(const Items& items, char open, char close, std::size_t indent, std::string& out, WriteItem write_item) {
  out += open;
  bool first = true;
  for (const auto& item : items) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(indent + 2, ' ');
    write_item(item);
  }
  if (!first) out.append("\n").append(indent, ' ');
  out += close;
}

void write_pretty(const json::value& value, std::size_t indent, std::string& out) {
  if (value.is_object())
    return write_items(value.get_object(), '{', '}', indent, out, [&](const json::key_value_pair& item) {
      out += json::serialize(item.key()) + ": ";
      write_pretty(item.value(), indent + 2, out);
    });
  if (!is_flat(value))
    return write_items(value.get_array(), '[', ']', indent, out,
                       [&](const json::value& item) { write_pretty(item, indent + 2, out); });
  if (!value.is_array()) return write_plain(value, out);
  out += '[';
  for (std::size_t i = 0; i < value.get_array().size(); ++i) {
    if (i > 0) out += ", ";
    write_plain(value.get_array()[i], out);
  }
  out += ']';
}

}  // namespace

Result<json::object> parse_record(ByteView bytes, json::storage_ptr room) {
  if (bytes.size() > kRecordBytesMax)
    return fail(ErrorCode::kTooLarge, over_size(bytes.size(), kRecordBytesMax));
  auto value = parse(bytes, room);
  if (!value) return tl::unexpected(value.error());
  if (!value->is_object()) return fail(ErrorCode::kNotObject, "{…}");
  return std::move(value->get_object());
}

std::optional<std::string_view> text_field(const json::object& record, std::string_view key) {
  const json::value* value = record.if_contains(key);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string());
}

std::string to_pretty_json(const json::value& value) {
  std::string out;
  write_pretty(value, 0, out);
  return out + "\n";
}

std::string to_json_text(const json::value& value) {
  std::string out;
  write_compact(value, out);
  return out;
}

}  // namespace maillage::protocol
