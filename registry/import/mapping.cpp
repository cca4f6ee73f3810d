#include "registry/import/mapping.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "protocol/field_format.h"
#include "protocol/suggestion.h"
#include "protocol/utf8.h"
#include "protocol/vocabulary.h"
#include "registry/import/builtin_mappings.h"
#include "registry/import/cell.h"

namespace maillage::registry {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

// Reads one mapping; the first thing that is wrong ends it.
class MappingReader {
 public:
  explicit MappingReader(std::string_view file) : file_(file) {}

  Result<ImportMapping> read(std::string_view toml) {
    if (auto checked = check_headers(toml); !checked) return tl::unexpected(checked.error());
    toml::parse_result parsed = toml::parse(toml);
    if (!parsed) return wrong(parsed.error().source(), parsed.error().description());
    constexpr std::array<std::string_view, 7> kSections = {"source", "file", "profile", "always", "links", "hours", "values"};
    for (auto&& [key, node] : parsed.table()) {
      if (std::find(kSections.begin(), kSections.end(), key.str()) == kSections.end()) return unknown(key, kSections);
      const toml::table* section = node.as_table();
      if (!section) return wrong(node.source(), "[" + std::string(key.str()) + "]");
      if (auto read = read_section(key.str(), *section); !read) return tl::unexpected(read.error());
    }
    if (auto checked = check_whole(parsed.table()); !checked) return tl::unexpected(checked.error());
    return std::move(mapping_);
  }

 private:
  using Done = Result<void>;
  using Region = toml::source_region;

  // Rationale: toml++ 3.3 takes it as given that a key follows `[`: an assertion, and anything at all in Release.
  Done check_headers(std::string_view toml) const {
    for (std::size_t line = 1; !toml.empty(); ++line) {
      std::string_view rest = toml.substr(0, toml.find('\n'));
      toml.remove_prefix(std::min(rest.size() + 1, toml.size()));
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r"), rest.size()));
      if (!rest.starts_with('[')) continue;
      rest.remove_prefix(std::min(rest.find_first_not_of("[ \t"), rest.size()));
      bool is_key = !rest.empty() && (std::isalnum(static_cast<unsigned char>(rest[0])) || std::string_view("_-\"'").find(rest[0]) != std::string_view::npos);
      if (!is_key) return protocol::fail(ErrorCode::kBadMapping, file_ + ":" + std::to_string(line) + ": [ ?");
    }
    return {};
  }

  tl::unexpected<Error> wrong(const Region& where, std::string_view what) const {
    return protocol::fail(ErrorCode::kBadMapping, file_ + ":" + std::to_string(where.begin.line) + ": " + std::string(what));
  }

  tl::unexpected<Error> unknown(const toml::key& key, std::span<const std::string_view> known) const {
    std::string_view nearest = protocol::nearest(key.str(), known);
    return wrong(key.source(), protocol::shown(key.str(), 60) + (nearest.empty() ? " ?" : " → " + std::string(nearest) + " ?"));
  }

  Done read_section(std::string_view name, const toml::table& section) {
    if (name == "source") return read_source(section);
    if (name == "file") return read_file(section);
    if (name == "profile") return read_fields(section, mapping_.columns);
    if (name == "always") return read_fields(section, mapping_.always);
    if (name == "links") return read_links(section);
    if (name == "hours") return read_hours(section);
    return read_values(section);
  }

  Done text(const toml::node& node, std::string& into) const {
    auto value = node.value_exact<std::string>();
    if (!value || protocol::count_code_points(*value) > 1'000) return wrong(node.source(), "\"…\"");
    into = *value;
    return {};
  }

  // "…" or ["…", "…"].
  Done texts(const toml::node& node, std::vector<std::string>& into) const {
    const toml::array* list = node.as_array();
    if (!list) return text(node, into.emplace_back());
    if (list->size() > 50) return wrong(node.source(), "[50]");
    for (const toml::node& entry : *list)
      if (auto read = text(entry, into.emplace_back()); !read) return read;
    return {};
  }

  Done format(const toml::node& node, std::string_view name, const std::string& value) const {
    auto bad = protocol::check_format(name, value);
    if (bad) return wrong(node.source(), protocol::sentence({*bad, protocol::shown(value, 60)}, protocol::Language::kEnglish));
    return {};
  }

  Done read_source(const toml::table& section) {
    constexpr std::array<std::string_view, 5> kKeys = {"name", "url", "licence", "retrieved", "id"};
    constexpr std::array<std::string_view, 5> kFormats = {"", "url", "spdx", "moment", ""};
    ImportMapping::Source& source = mapping_.source;
    std::array<std::string*, 5> into = {&source.name, &source.url, &source.licence, &source.retrieved, &source.id};
    for (auto&& [key, node] : section) {
      auto at = static_cast<std::size_t>(std::find(kKeys.begin(), kKeys.end(), key.str()) - kKeys.begin());
      if (at == kKeys.size()) return unknown(key, kKeys);
      if (auto read = text(node, *into[at]); !read) return read;
      if (auto good = format(node, kFormats[at], *into[at]); !kFormats[at].empty() && !good) return good;
      if (at == 0 && protocol::count_code_points(source.name) > 200) return wrong(node.source(), "name (200)");
    }
    return {};
  }

  Done read_file(const toml::table& section) {
    constexpr std::array<std::string_view, 4> kKeys = {"separator", "encoding", "decimal_comma", "list_separator"};
    for (auto&& [key, node] : section) {
      std::string value;
      if (key.str() == "decimal_comma") {
        auto flag = node.value_exact<bool>();
        if (!flag) return wrong(node.source(), "decimal_comma: true | false");
        mapping_.decimal_comma = *flag;
        continue;
      }
      if (std::find(kKeys.begin(), kKeys.end(), key.str()) == kKeys.end()) return unknown(key, kKeys);
      if (auto read = text(node, value); !read) return read;
      if (auto set = set_file(key.str(), value, node); !set) return set;
    }
    return {};
  }

  Done set_file(std::string_view key, const std::string& value, const toml::node& node) {
    if (key == "list_separator") {
      if (value.empty() || value.size() > 4) return wrong(node.source(), "list_separator: \",\" | \";\" | \"|\"");
      mapping_.list_separator = value;
    } else if (key == "separator") {
      bool one = value.size() == 1 && value[0] > ' ' && value[0] < 0x7f && value[0] != '"';
      if (value != "tab" && value != "\t" && !one) return wrong(node.source(), "separator: \",\" | \";\" | \"tab\"");
      mapping_.format.separator = value == "tab" ? '\t' : value[0];
    } else {
      bool utf8 = value == name_of(TableEncoding::kUtf8);
      if (!utf8 && value != name_of(TableEncoding::kWindows1252)) return wrong(node.source(), "encoding: \"utf-8\" | \"windows-1252\"");
      mapping_.format.encoding = utf8 ? TableEncoding::kUtf8 : TableEncoding::kWindows1252;
    }
    return {};
  }

  Done read_fields(const toml::table& section, std::map<std::string, std::vector<std::string>, std::less<>>& into) {
    bool constant = &into == &mapping_.always;
    for (auto&& [key, node] : section) {
      const ProfileField* field = find_profile_field(key.str());
      if (!field) return unknown_field(key);
      std::vector<std::string> values;
      if (auto read = texts(node, values); !read) return read;
      bool blank = values.empty() || std::any_of(values.begin(), values.end(), [](const auto& value) { return value.empty(); });
      if (blank) return wrong(node.source(), std::string(key.str()) + ": \"\"");
      if (constant && values.size() > 1 && !holds_list(*field)) return wrong(node.source(), std::string(key.str()) + ": \"…\"");
      for (const std::string& value : values)
        if (auto good = constant ? check_value(*field, value, node) : Done(); !good) return good;
      into[std::string(key.str())] = std::move(values);
    }
    return {};
  }

  tl::unexpected<Error> unknown_field(const toml::key& key) const {
    std::vector<std::string_view> names;
    for (const ProfileField& field : profile_fields()) names.push_back(field.key);
    return unknown(key, names);
  }

  // A value that the mapping itself says must be good: there is no row to report it on.
  Done check_value(const ProfileField& field, const std::string& value, const toml::node& node) const {
    if (field.shape == FieldShape::kSlug || field.shape == FieldShape::kSlugs) {
      if (protocol::known(field.rule, value)) return {};
      auto nearest = protocol::nearest_slug(field.rule, value);
      std::string shown = std::string(field.key) + ": " + protocol::shown(value, 60);
      return wrong(node.source(), shown + (nearest ? " → " + std::string(*nearest) + " ?" : " ?"));
    }
    bool takes_constant = field.shape != FieldShape::kPoint && field.shape != FieldShape::kPlace && field.key != "name";
    if (!takes_constant) return wrong(node.source(), "[always] " + std::string(field.key) + " ?");
    if (protocol::is_known_format(field.rule)) return format(node, field.rule, value);
    return {};
  }

  Done read_links(const toml::table& section) {
    for (auto&& [key, node] : section) {
      std::string prefix;
      if (auto read = text(node, prefix); !read) return read;
      if (auto good = prefix.empty() ? Done() : format(node, "url", prefix); !good) return good;
      mapping_.links.emplace_back(key.str(), prefix);
    }
    // toml++ gives keys in their own order, not the file's: said here so that it stays so.
    std::sort(mapping_.links.begin(), mapping_.links.end());
    return {};
  }

  Done read_hours(const toml::table& section) {
    for (auto&& [key, node] : section) {
      auto day = static_cast<std::size_t>(std::find(kDays.begin(), kDays.end(), key.str()) - kDays.begin());
      if (day == kDays.size()) return unknown(key, kDays);
      if (auto read = text(node, mapping_.hours[day]); !read) return read;
    }
    return {};
  }

  Done read_values(const toml::table& section) {
    for (auto&& [column, node] : section) {
      const toml::table* texts_of_column = node.as_table();
      if (!texts_of_column) return wrong(node.source(), "[values.\"" + protocol::shown(column.str(), 60) + "\"]");
      auto& into = mapping_.values[std::string(column.str())];
      for (auto&& [key, value] : *texts_of_column) {
        ImportMapping::Slugs slugs;
        if (auto read = texts(value, slugs); !read) return read;
        std::erase(slugs, "");
        into[folded_value(key.str())] = std::move(slugs);
      }
    }
    return {};
  }

  // What no section shows alone.
  Done check_whole(const toml::table& root) const {
    if (mapping_.source.name.empty()) return wrong(root.source(), "[source] name = \"…\"");
    if (mapping_.source.id.empty()) return wrong(root.source(), "[source] id = \"…\"");
    if (!mapping_.columns.contains("name")) return wrong(root.source(), "[profile] name = \"…\"");
    if (mapping_.columns.contains("lat") != mapping_.columns.contains("lon")) return wrong(root.source(), "[profile] lat + lon");
    for (const auto& [column, by_text] : mapping_.values) {
      const toml::node& node = *root.at_path("values").as_table()->get(column);
      if (auto good = check_values(column, by_text, node); !good) return good;
    }
    return {};
  }

  // Every slug of [values.COLUMN] is one of the vocabulary of each field that reads the column.
  Done check_values(const std::string& column, const std::map<std::string, ImportMapping::Slugs>& by_text, const toml::node& node) const {
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
    if (!used) return wrong(node.source(), "[values.\"" + protocol::shown(column, 60) + "\"] ?");
    return {};
  }

  std::string file_;
  ImportMapping mapping_;
};

}  // namespace

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
