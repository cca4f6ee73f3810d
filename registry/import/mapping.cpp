#include "registry/import/mapping.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "protocol/field_format.h"
#include "protocol/record.h"
#include "protocol/suggestion.h"
#include "protocol/utf8.h"
#include "protocol/vocabulary.h"
#include "registry/import/builtin_mappings.h"
#include "registry/import/cell.h"
#include "registry/toml.h"

namespace maillage::registry {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

// Reads one mapping; the first thing that is wrong ends it.
class MappingReader {
 public:
  explicit MappingReader(std::string_view file) : file_(file) {}

  Result<ImportMapping> read(std::string_view toml) {
    auto parsed = parse_toml(toml);
    if (auto* mistake = std::get_if<TomlMistake>(&parsed)) return wrong(mistake->line, mistake->expected + " ?");
    const TomlTable& root = std::get<TomlTable>(parsed);
    constexpr std::array<std::string_view, 7> kSections = {"source", "file", "profile", "always", "links", "hours", "values"};
    for (const auto& [key, node] : root) {
      if (std::find(kSections.begin(), kSections.end(), key) == kSections.end()) return unknown(key, node, kSections);
      const TomlTable* section = node.as<TomlTable>();
      if (!section) return wrong(node.line, "[" + key + "]");
      if (auto read = read_section(key, *section); !read) return tl::unexpected(read.error());
    }
    if (auto checked = check_whole(root); !checked) return tl::unexpected(checked.error());
    return std::move(mapping_);
  }

 private:
  using Done = Result<void>;

  tl::unexpected<Error> wrong(std::size_t line, std::string_view what) const {
    return protocol::fail(ErrorCode::kBadMapping, file_ + ":" + std::to_string(line) + ": " + std::string(what));
  }

  tl::unexpected<Error> unknown(std::string_view key, const TomlValue& node, std::span<const std::string_view> known) const {
    std::string_view nearest = protocol::nearest(key, known);
    return wrong(node.line, protocol::shown(key, 60) + (nearest.empty() ? " ?" : " → " + std::string(nearest) + " ?"));
  }

  Done read_section(std::string_view name, const TomlTable& section) {
    if (name == "source") return read_source(section);
    if (name == "file") return read_file(section);
    if (name == "profile") return read_fields(section, mapping_.columns);
    if (name == "always") return read_fields(section, mapping_.always);
    if (name == "links") return read_links(section);
    if (name == "hours") return read_hours(section);
    return read_values(section);
  }

  Done text(const TomlValue& node, std::string& into) const {
    const std::string* value = node.as<std::string>();
    if (!value || protocol::count_code_points(*value) > 1'000) return wrong(node.line, "\"…\"");
    into = *value;
    return {};
  }

  // "…" or ["…", "…"].
  Done texts(const TomlValue& node, std::vector<std::string>& into) const {
    const TomlArray* list = node.as<TomlArray>();
    if (!list) return text(node, into.emplace_back());
    if (list->size() > 50) return wrong(node.line, "[50]");
    for (const TomlValue& entry : *list)
      if (auto read = text(entry, into.emplace_back()); !read) return read;
    return {};
  }

  // Refused as in a record, by the sentence that says what is expected.
  Done format(const TomlValue& node, std::string_view name, const std::string& value) const {
    auto bad = protocol::check_format(name, value);
    if (bad) return protocol::fail(*bad, file_ + ":" + std::to_string(node.line) + ": " + protocol::shown(value, 60));
    return {};
  }

  Done read_source(const TomlTable& section) {
    constexpr std::array<std::string_view, 5> kKeys = {"name", "url", "licence", "retrieved", "id"};
    constexpr std::array<std::string_view, 5> kFormats = {"", "url", "spdx", "moment", ""};
    ImportMapping::Source& source = mapping_.source;
    std::array<std::string*, 5> into = {&source.name, &source.url, &source.licence, &source.retrieved, &source.id};
    for (const auto& [key, node] : section) {
      auto at = static_cast<std::size_t>(std::find(kKeys.begin(), kKeys.end(), key) - kKeys.begin());
      if (at == kKeys.size()) return unknown(key, node, kKeys);
      if (auto read = text(node, *into[at]); !read) return read;
      if (auto good = format(node, kFormats[at], *into[at]); !kFormats[at].empty() && !good) return good;
      if (at == 0 && protocol::count_code_points(source.name) > 200) return wrong(node.line, "name (200)");
    }
    return {};
  }

  Done read_file(const TomlTable& section) {
    constexpr std::array<std::string_view, 5> kKeys = {"separator", "encoding", "decimal_comma", "day_first", "list_separator"};
    for (const auto& [key, node] : section) {
      std::string value;
      if (key == "decimal_comma" || key == "day_first") {
        const bool* flag = node.as<bool>();
        if (!flag) return wrong(node.line, key + ": true | false");
        (key == "day_first" ? mapping_.day_first : mapping_.decimal_comma) = *flag;
        continue;
      }
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) return unknown(key, node, kKeys);
      if (auto read = text(node, value); !read) return read;
      if (auto set = set_file(key, value, node); !set) return set;
    }
    return {};
  }

  Done set_file(std::string_view key, const std::string& value, const TomlValue& node) {
    if (key == "list_separator") {
      if (value.empty() || value.size() > 4) return wrong(node.line, "list_separator: \",\" | \";\" | \"|\"");
      mapping_.list_separator = value;
    } else if (key == "separator") {
      bool one = value.size() == 1 && value[0] > ' ' && value[0] < 0x7f && value[0] != '"';
      if (value != "tab" && value != "\t" && !one) return wrong(node.line, "separator: \",\" | \";\" | \"tab\"");
      mapping_.format.separator = value == "tab" ? '\t' : value[0];
    } else {
      bool utf8 = value == name_of(TableEncoding::kUtf8);
      if (!utf8 && value != name_of(TableEncoding::kWindows1252)) return wrong(node.line, "encoding: \"utf-8\" | \"windows-1252\"");
      mapping_.format.encoding = utf8 ? TableEncoding::kUtf8 : TableEncoding::kWindows1252;
    }
    return {};
  }

  Done read_fields(const TomlTable& section, std::map<std::string, std::vector<std::string>, std::less<>>& into) {
    bool constant = &into == &mapping_.always;
    for (const auto& [key, node] : section) {
      const ProfileField* field = find_profile_field(key);
      if (!field) return unknown_field(key, node);
      std::vector<std::string> values;
      if (auto read = constant && is_number(*field) ? number(*field, node, values) : texts(node, values); !read) return read;
      bool blank = values.empty() || std::any_of(values.begin(), values.end(), [](const auto& value) { return value.empty(); });
      if (blank) return wrong(node.line, key + ": \"\"");
      if (constant && values.size() > 1 && !holds_list(*field)) return wrong(node.line, key + ": \"…\"");
      for (const std::string& value : values)
        if (auto good = constant ? check_value(*field, value, node) : Done(); !good) return good;
      into[key] = std::move(values);
    }
    return {};
  }

  static bool is_number(const ProfileField& field) { return field.shape == FieldShape::kNumber || field.shape == FieldShape::kInteger; }

  // 120 or "120": what a cell may say.
  Done number(const ProfileField& field, const TomlValue& node, std::vector<std::string>& into) const {
    std::string& value = into.emplace_back();
    if (const auto* whole = node.as<std::int64_t>()) value = std::to_string(*whole);
    else if (const double* real = node.as<double>()) value = protocol::to_json_text(*real);
    else if (auto read = text(node, value); !read) return read;
    auto read = read_number(value);
    bool good = read && read->value >= 0 && read->value <= field.most && (field.shape == FieldShape::kNumber || read->value == std::floor(read->value));
    if (!good) return wrong(node.line, std::string(field.key) + ": 0 … " + std::to_string(field.most));
    return {};
  }

  tl::unexpected<Error> unknown_field(std::string_view key, const TomlValue& node) const {
    std::vector<std::string_view> names;
    for (const ProfileField& field : profile_fields()) names.push_back(field.key);
    return unknown(key, node, names);
  }

  // A value that the mapping itself says must be good: there is no row to report it on.
  Done check_value(const ProfileField& field, const std::string& value, const TomlValue& node) const {
    if (field.shape == FieldShape::kSlug || field.shape == FieldShape::kSlugs) {
      if (protocol::known(field.rule, value)) return {};
      auto nearest = protocol::nearest_slug(field.rule, value);
      std::string shown = std::string(field.key) + ": " + protocol::shown(value, 60);
      return wrong(node.line, shown + (nearest ? " → " + std::string(*nearest) + " ?" : " ?"));
    }
    bool takes_constant = field.shape != FieldShape::kPoint && field.shape != FieldShape::kPlace && field.key != "name";
    if (!takes_constant) return wrong(node.line, "[always] " + std::string(field.key) + " ?");
    if (protocol::is_known_format(field.rule)) return format(node, field.rule, value);
    return {};
  }

  Done read_links(const TomlTable& section) {
    for (const auto& [key, node] : section) {
      std::string prefix;
      if (auto read = text(node, prefix); !read) return read;
      if (auto good = prefix.empty() ? Done() : format(node, "url", prefix); !good) return good;
      mapping_.links.emplace_back(key, prefix);
    }
    return {};
  }

  Done read_hours(const TomlTable& section) {
    for (const auto& [key, node] : section) {
      auto day = static_cast<std::size_t>(std::find(kDays.begin(), kDays.end(), key) - kDays.begin());
      if (day == kDays.size()) return unknown(key, node, kDays);
      if (auto read = text(node, mapping_.hours[day]); !read) return read;
    }
    return {};
  }

  Done read_values(const TomlTable& section) {
    for (const auto& [column, node] : section) {
      const TomlTable* texts_of_column = node.as<TomlTable>();
      if (!texts_of_column) return wrong(node.line, "[values.\"" + protocol::shown(column, 60) + "\"]");
      auto& into = mapping_.values[column];
      for (const auto& [key, value] : *texts_of_column) {
        ImportMapping::Slugs slugs;
        if (auto read = texts(value, slugs); !read) return read;
        std::erase(slugs, "");
        into[folded_value(key)] = std::move(slugs);
      }
    }
    return {};
  }

  // What no section shows alone.
  Done check_whole(const TomlTable& root) const {
    if (mapping_.source.name.empty()) return wrong(1, "[source] name = \"…\"");
    if (mapping_.source.id.empty()) return wrong(1, "[source] id = \"…\"");
    if (!mapping_.columns.contains("name")) return wrong(1, "[profile] name = \"…\"");
    if (mapping_.columns.contains("lat") != mapping_.columns.contains("lon")) return wrong(1, "[profile] lat + lon");
    for (const auto& [column, by_text] : mapping_.values) {
      const TomlValue& node = root.find("values")->second.as<TomlTable>()->find(column)->second;
      if (auto good = check_values(column, by_text, node); !good) return good;
    }
    return {};
  }

  // Every slug of [values.COLUMN] is one of the vocabulary of each field that reads the column.
  Done check_values(const std::string& column, const std::map<std::string, ImportMapping::Slugs>& by_text, const TomlValue& node) const {
    bool used = false;
    for (const auto& [key, columns] : mapping_.columns) {
      const ProfileField& field = *find_profile_field(key);
      if (std::find(columns.begin(), columns.end(), column) == columns.end()) continue;
      if (field.shape != FieldShape::kSlug && field.shape != FieldShape::kSlugs) continue;
      used = true;
      for (const auto& [text, slugs] : by_text)
        for (const std::string& slug : slugs)
          if (auto good = check_value(field, slug, node); !good) return good;
    }
    if (!used) return wrong(node.line, "[values.\"" + protocol::shown(column, 60) + "\"] ?");
    return {};
  }

  std::string file_;
  ImportMapping mapping_;
};

}  // namespace

Result<void> ImportMapping::set_day(const std::string& day) {
  if (auto bad = protocol::check_format("moment", day)) return protocol::fail(*bad, protocol::shown(day, 60));
  auto confirmed = always.find("confirmed");
  if (confirmed != always.end() && confirmed->second.front() == source.retrieved) confirmed->second = {day};
  source.retrieved = day;
  return {};
}

Result<ImportMapping> parse_mapping(std::string_view toml, std::string_view file) {
  std::string name = protocol::shown(file, 200);
  if (toml.size() > kMappingBytesMax) return protocol::fail(ErrorCode::kTooLarge, name);
  return MappingReader(name).read(toml);
}

std::vector<std::string_view> builtin_mappings() {
  std::vector<std::string_view> names;
  for (const BuiltinMapping& mapping : builtin_mapping_texts()) names.push_back(mapping.name);
  return names;
}

Result<ImportMapping> load_mapping(const std::string& name_or_path) {
  for (const BuiltinMapping& mapping : builtin_mapping_texts())
    if (mapping.name == name_or_path) return parse_mapping(mapping.toml, std::string(mapping.name) + ".toml");
  std::error_code error;
  auto size = std::filesystem::file_size(name_or_path, error);
  if (error) {
    std::vector<std::string_view> names = builtin_mappings();
    std::string_view nearest = protocol::nearest(name_or_path, names);
    bool is_path = name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".toml");
    if (is_path) return tl::unexpected(protocol::system_error(error, name_or_path));
    return protocol::fail(ErrorCode::kUnknownMapping, name_or_path + (nearest.empty() ? "" : " → " + std::string(nearest) + " ?"));
  }
  if (size > kMappingBytesMax) return protocol::fail(ErrorCode::kTooLarge, name_or_path);
  std::ifstream file(name_or_path, std::ios::binary);
  std::ostringstream bytes;
  if (size > 0) bytes << file.rdbuf();
  if (!file) return protocol::fail(ErrorCode::kIo, name_or_path);
  return parse_mapping(bytes.str(), std::filesystem::path(name_or_path).filename().string());
}

}  // namespace maillage::registry
