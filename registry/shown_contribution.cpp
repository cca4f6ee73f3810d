#include "registry/shown_contribution.h"

#include <algorithm>

#include "protocol/record.h"
#include "protocol/utf8.h"
#include "registry/record_difference.h"
#include "registry/time_zone.h"

namespace maillage::registry {
namespace {

namespace json = boost::json;
using namespace protocol;

// At most so many bytes, cut where a character begins. (Where bytes are none, anywhere.)
std::string_view whole_characters(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && bytes_max - end < 3 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

bool is_text(std::string_view text) {
  text = whole_characters(text, kShownTextBytesMax);
  if (text.find('\0') != text.npos) return false;
  while (!text.empty()) {
    CodePoint next = first_code_point(text);
    if (!next.valid) return false;
    text.remove_prefix(next.bytes);
  }
  return true;
}

}  // namespace

std::string ShownContribution::begin_of(std::string_view text) {
  std::string_view begin = whole_characters(text, std::min(left_, kShownTextBytesMax));
  cut_ = cut_ || begin.size() < text.size();
  left_ -= begin.size();
  return std::string(begin);
}

void ShownContribution::finish(json::object& object) {
  if (cut_) object["cut"] = true;
  cut_count_ += cut_ ? 1 : 0;
  cut_ = false;
}

void ShownContribution::fields_of(const std::string& path, const json::object& before, const json::object& after, json::object& file) {
  json::array fields;
  for (const FieldDifference& each : record_differences(kind_of_path(path), before, after, language_)) {
    if (left_ == 0) {
      cut_ = true;
      break;
    }
    json::object field{{"pointer", begin_of(each.pointer)}, {"label", begin_of(each.label)}};
    field["before"] = begin_of(each.before);
    field["after"] = begin_of(each.after);
    if (each.unknown) field["unknown"] = true;
    fields.push_back(std::move(field));
  }
  file["fields"] = std::move(fields);
}

void ShownContribution::add_file(const std::string& path, const std::optional<Bytes>& before, const std::optional<Bytes>& after, bool conflict) {
  json::object file{{"path", path}, {"change", !before ? "added" : after ? "changed" : "withdrawn"}};
  if (conflict) file["conflict"] = true;
  auto was = before ? parse_record(*before) : fail(ErrorCode::kNotFound, ""), is = after ? parse_record(*after) : fail(ErrorCode::kNotFound, "");
  bool record = is_record_path(path) && (was || is) && (was || !before) && (is || !after);
  bool texts = !record && (!before || is_text(as_text(*before))) && (!after || is_text(as_text(*after)));
  if (record) {
    json::object none;
    fields_of(path, was ? *was : none, is ? *is : none, file);
  }
  if (texts && before) file["before"] = begin_of(as_text(*before));
  if (texts && after) file["after"] = begin_of(as_text(*after));
  if (!record && (!texts || cut_)) file["bytes"] = after ? after->size() : 0;
  finish(file);
  files_.push_back(std::move(file));
}

void ShownContribution::add_commit(const ObjectId& id, const Commit& commit) {
  auto person = [&](const CommitPerson& one) { return json::object{{"name", begin_of(one.name)}, {"email", begin_of(one.email)}}; };
  json::object shown{{"id", id.hex()}, {"author", person(commit.author)}};
  bool same = commit.author.name == commit.committer.name && commit.author.email == commit.committer.email;
  if (!same) shown["committer"] = person(commit.committer);
  shown["date"] = format_utc({commit.committer.seconds * 1000});
  shown["message"] = begin_of(commit.message);
  finish(shown);
  commits_.push_back(std::move(shown));
}

json::object ShownContribution::take() && {
  json::object shown{{"files", std::move(files_)}};
  if (!commits_.empty()) shown["commits"] = std::move(commits_);
  if (cut_count_ > 0) shown["cut"] = cut_count_;
  return shown;
}

}  // namespace maillage::registry
