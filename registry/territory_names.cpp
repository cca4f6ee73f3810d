#include "registry/territory_names.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "registry/letters.h"

namespace maillage::registry {
namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 20> kSmallWords{"le", "la", "les", "l",  "lez", "d", "de",  "du",   "des",   "et",
                                                       "en", "sur", "sous", "s", "ss", "a", "au", "aux", "pres", "region"};
constexpr std::array<std::string_view, 5> kDistrictWords{"arr", "arrt", "ardt", "arrdt", "arrondissement"};

bool is_small(const std::string& word) { return std::ranges::find(kSmallWords, word) != kSmallWords.end(); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

Words words_of(std::string_view text) {
  Words words;
  if (text.size() > kTerritoryNameBytesMax) return words;
  each_word(text, [&](const std::string& letters, bool) {
    std::string word = without_accents(letters);
    if (word == "st") word = "saint";
    if (word == "ste") word = "sainte";
    if (word == "sts") word = "saints";
    if (word == "stes") word = "saintes";
    words.push_back(std::move(word));
  });
  return words;
}

std::string glue(const Words& words) { return std::accumulate(words.begin(), words.end(), std::string()); }

// Without small words, unless nothing else is there (Us, Y, Les Aix).
std::string loose_key(const Words& words) {
  std::string key;
  for (const auto& word : words)
    if (!is_small(word)) key += word;
  return key.empty() ? glue(words) : key;
}

// "10", "10e", "10eme": 10; 0 when the word is no such number.
unsigned ordinal(const std::string& word) {
  unsigned number = 0;
  std::size_t digits = 0;
  for (; digits < word.size() && digits < 2 && is_digit(word[digits]); ++digits) number = number * 10 + static_cast<unsigned>(word[digits] - '0');
  std::string_view rest = std::string_view(word).substr(digits);
  bool ending = rest.empty() || rest == "e" || rest == "er" || rest == "eme" || rest == "ieme" || rest == "me";
  return digits && ending ? number : 0;
}

// What a post office adds: CEDEX and all behind it, numbers.
Words without_delivery(Words words) {
  auto cedex = std::ranges::find_if(words, [](const auto& word) { return word.starts_with("cedex"); });
  words.erase(cedex, words.end());
  std::erase_if(words, [](const auto& word) {
    return std::ranges::find(kDistrictWords, word) != kDistrictWords.end() || ordinal(word) || std::ranges::all_of(word, is_digit);
  });
  return words;
}

struct Name {
  std::string key;
  std::string_view written;
  const CommuneRow* row;
  bool former;
};

struct Names {
  std::vector<Name> all;              // communes by code, then former ones by code
  std::vector<std::uint32_t> by_key;  // into `all`
  std::vector<std::uint32_t> by_department;
};

Names read_names(const TerritoryRows& rows) {
  Names names;
  for (const auto& row : rows.communes)
    if (row.commune.empty()) names.all.push_back({loose_key(words_of(row.name)), row.name, &row, false});
  for (const auto& former : rows.formers) {
    const CommuneRow* now = rows.commune(former.now);
    if (now && !former.name.empty()) names.all.push_back({loose_key(words_of(former.name)), former.name, now, true});
  }
  names.by_key.resize(names.all.size());
  std::iota(names.by_key.begin(), names.by_key.end(), 0u);
  names.by_department = names.by_key;
  std::ranges::stable_sort(names.by_key, {}, [&](std::uint32_t at) -> const std::string& { return names.all[at].key; });
  std::ranges::stable_sort(names.by_department, {}, [&](std::uint32_t at) { return names.all[at].row->department(); });
  return names;
}

const Names& names() {
  static const Names read_once = read_names(territory_rows());
  return read_once;
}

void add(std::vector<NamedCommune>& found, NamedCommune more) {
  auto same = std::ranges::find(found, more.row, &NamedCommune::row);
  if (same == found.end()) return found.push_back(more);
  same->former = same->former && more.former;
  same->exact = same->exact || more.exact;
}

std::vector<NamedCommune> with_words(const Words& words) {
  std::vector<NamedCommune> found;
  std::string key = loose_key(words), whole = glue(words);
  if (key.empty()) return found;
  auto key_of = [](std::uint32_t at) -> const std::string& { return names().all[at].key; };
  for (std::uint32_t at : std::ranges::equal_range(names().by_key, key, {}, key_of)) {
    const Name& name = names().all[at];
    add(found, {name.row, name.former, glue(words_of(name.written)) == whole});
  }
  return found;
}

// The district that the words number, before the commune it is part of.
void add_district(std::vector<NamedCommune>& found, const Words& words) {
  if (found.size() != 1) return;
  std::string_view commune = found[0].row->code;
  std::string first = commune == "75056" ? "75100" : commune == "69123" ? "69380" : commune == "13055" ? "13200" : "";
  if (first.empty()) return;
  auto number = std::ranges::find_if(words, [](const auto& word) { return ordinal(word) != 0; });
  if (number == words.end()) return;
  const CommuneRow* district = territory_rows().commune(std::to_string(std::stoul(first) + ordinal(*number)));
  if (district) found.insert(found.begin(), {district, false, true});
}

bool one_edit(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  std::size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  std::string_view rest_a = a.substr(same), rest_b = b.substr(same);
  if (a.size() != b.size()) return rest_a == rest_b.substr(1);
  if (rest_a.empty()) return true;
  bool swapped = rest_a.size() > 1 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] && rest_a.substr(2) == rest_b.substr(2);
  return swapped || rest_a.substr(1) == rest_b.substr(1);
}

// Rationale: below five letters one edit makes another word; a cut name that keeps eight letters is still itself.
bool nearly(std::string_view key, std::string_view commune) {
  constexpr std::size_t kLettersForEdit = 5, kLettersForCut = 8;
  if (std::min(key.size(), commune.size()) < kLettersForEdit) return false;
  return one_edit(key, commune) || (key.size() >= kLettersForCut && commune.starts_with(key));
}

// `key` is some of the commune's first words.
bool begins(std::string_view key, const std::string& commune_key, std::string_view commune) {
  constexpr std::size_t kLettersMin = 4;
  if (key.size() < kLettersMin || !commune_key.starts_with(key)) return false;
  Words words = words_of(commune);
  for (std::string start; !words.empty() && start.size() < key.size(); words.erase(words.begin())) {
    if (!is_small(words.front())) start += words.front();
    if (start == key) return true;
  }
  return false;
}

bool is_nearly_with(std::string_view key, const std::string& commune_key, std::string_view commune) {
  return nearly(key, commune_key) || begins(key, commune_key, commune);
}

}  // namespace

std::vector<NamedCommune> communes_named(std::string_view name) {
  Words words = words_of(name);
  std::vector<NamedCommune> found = with_words(words);
  if (found.empty()) found = with_words(without_delivery(words));
  add_district(found, words);
  return found;
}

std::vector<NamedCommune> communes_beginning(std::string_view name) {
  constexpr std::size_t kWordsMax = 12, kLettersMin = 4;
  Words words = without_delivery(words_of(name));
  if (words.size() > kWordsMax) words.resize(kWordsMax);
  while (words.size() > 1) {
    words.pop_back();
    if (loose_key(words).size() < kLettersMin) return {};
    if (auto found = with_words(words); !found.empty()) return found;
  }
  return {};
}

std::string near_key(std::string_view name) { return loose_key(without_delivery(words_of(name))); }

bool is_nearly(std::string_view key, std::string_view commune) { return is_nearly_with(key, loose_key(words_of(commune)), commune); }

std::vector<NamedCommune> communes_nearly(std::string_view key, std::string_view department) {
  std::vector<NamedCommune> found;
  auto department_at = [](std::uint32_t at) { return names().all[at].row->department(); };
  for (std::uint32_t at : std::ranges::equal_range(names().by_department, department, {}, department_at)) {
    const Name& each = names().all[at];
    if (is_nearly_with(key, each.key, each.written)) add(found, {each.row, each.former, false});
  }
  return found;
}

// ---- departments and regions

namespace {

struct Alias {
  std::string_view written, code;
};

// Codes of before 2016, names of before 2016, abbreviations, ISO 3166-2.
constexpr std::array kRegionAliases{
    Alias{"42", "44"}, Alias{"41", "44"}, Alias{"21", "44"}, Alias{"alsace", "44"}, Alias{"lorraine", "44"}, Alias{"champagneardenne", "44"},
    Alias{"72", "75"}, Alias{"74", "75"}, Alias{"54", "75"}, Alias{"aquitaine", "75"}, Alias{"limousin", "75"}, Alias{"poitoucharentes", "75"},
    Alias{"82", "84"}, Alias{"83", "84"}, Alias{"auvergne", "84"}, Alias{"rhonealpes", "84"}, Alias{"aura", "84"}, Alias{"ara", "84"},
    Alias{"26", "27"}, Alias{"43", "27"}, Alias{"bourgogne", "27"}, Alias{"franchecomte", "27"}, Alias{"bfc", "27"},
    Alias{"73", "76"}, Alias{"91", "76"}, Alias{"languedocroussillon", "76"}, Alias{"midipyrenees", "76"}, Alias{"occ", "76"},
    Alias{"occitaniepyreneesmediterranee", "76"},
    Alias{"31", "32"}, Alias{"22", "32"}, Alias{"nordpascalais", "32"}, Alias{"picardie", "32"}, Alias{"hdf", "32"},
    Alias{"nordpascalaispicardie", "32"},
    Alias{"23", "28"}, Alias{"25", "28"}, Alias{"hautenormandie", "28"}, Alias{"bassenormandie", "28"}, Alias{"nor", "28"},
    Alias{"centre", "24"}, Alias{"cvl", "24"}, Alias{"idf", "11"}, Alias{"bre", "53"}, Alias{"pdl", "52"}, Alias{"ges", "44"},
    Alias{"naq", "75"}, Alias{"pac", "93"}, Alias{"paca", "93"}, Alias{"cor", "94"}, Alias{"20r", "94"}, Alias{"sud", "93"},
    Alias{"sudprovencealpescoteazur", "93"}};

constexpr std::array kDepartmentAliases{
    Alias{"69d", "69"}, Alias{"69m", "69"}, Alias{"metropolelyon", "69"}, Alias{"grandlyon", "69"}, Alias{"belfort", "90"},
    Alias{"cotesnord", "22"}, Alias{"bassesalpes", "04"}, Alias{"bassespyrenees", "64"}, Alias{"loireinferieure", "44"},
    Alias{"seineinferieure", "76"}, Alias{"charenteinferieure", "17"}, Alias{"polynesie", "987"}, Alias{"guyanefrancaise", "973"}};

std::string key_of(std::string_view text) {
  Words words = words_of(text);  // none when the text is too long to be a name
  if (words.size() > 1 && words[0] == "fr") words.erase(words.begin());
  return loose_key(words);
}

// "1" for "01": a spreadsheet took the zero.
std::string with_zero(std::string key) { return key.size() == 1 && is_digit(key[0]) ? "0" + key : key; }

using Codes = std::vector<std::pair<std::string, std::string_view>>;  // key, code; by key

template <class Rows, class Aliases>
Codes read_codes(const Rows& rows, const Aliases& aliases) {
  Codes codes;
  for (const auto& row : rows) {
    codes.emplace_back(fold(row.code), row.code);
    codes.emplace_back(key_of(row.name), row.code);
  }
  for (const Alias& alias : aliases) codes.emplace_back(alias.written, alias.code);
  std::ranges::sort(codes);
  return codes;
}

std::optional<std::string> code_in(const Codes& codes, std::string_view written) {
  std::string key = with_zero(key_of(written));
  auto found = std::ranges::lower_bound(codes, key, {}, &Codes::value_type::first);
  if (found == codes.end() || found->first != key) return std::nullopt;
  return std::string(found->second);
}

}  // namespace

std::optional<std::string> region_code(std::string_view code_or_name) {
  static const Codes codes = read_codes(territory_rows().regions, kRegionAliases);
  return code_in(codes, code_or_name);
}

std::optional<std::string> department_code(std::string_view code_or_name) {
  static const Codes codes = read_codes(territory_rows().departments, kDepartmentAliases);
  return code_in(codes, code_or_name);
}

}  // namespace maillage::registry
