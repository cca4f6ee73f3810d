#include "protocol/field_format.h"

#include <algorithm>
#include <array>

#include "protocol/day_rule.h"
#include "protocol/ids.h"
#include "protocol/moment.h"
#include "protocol/path.h"
#include "protocol/record_kind.h"

namespace maillage::protocol {
namespace {

using Text = std::string_view;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_lower(c) || is_upper(c); }
bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }

template <class Is>
bool all(Text text, Is is) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is);
}

// The part of `rest` before `separator`; `rest` becomes what follows it, or empty.
Text cut(Text& rest, char separator) {
  std::size_t at = rest.find(separator);
  Text part = rest.substr(0, at);
  rest = at == Text::npos ? Text() : rest.substr(at + 1);
  return part;
}

bool is_moment(Text text) { return parse_moment(text).has_value(); }

bool is_language(Text text) {
  if (text.ends_with('-')) return false;
  Text primary = cut(text, '-');
  if (primary.size() < 2 || primary.size() > 3 || !all(primary, is_lower)) return false;
  while (!text.empty())
    if (Text subtag = cut(text, '-'); subtag.size() > 8 || !all(subtag, is_alphanumeric)) return false;
  return true;
}

bool is_time_zone(Text text) {
  if (text == "UTC") return true;
  if (text.size() > 64 || text.find('/') == Text::npos || text.back() == '/') return false;
  while (!text.empty()) {
    Text part = cut(text, '/');
    if (part.empty() || !is_upper(part.front())) return false;
    if (!all(part, [](char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '+'; })) return false;
  }
  return true;
}

// SPDX licences whose name has no digit. Rationale: nearly every other one has a version, and the commonest mistake,
// "CC-BY-SA", is exactly a licence without one.
constexpr std::array kSpdxWithoutDigit = {Text("MIT"),       Text("ISC"),      Text("Unlicense"), Text("WTFPL"),
                                          Text("Zlib"),      Text("curl"),     Text("NCSA"),      Text("Beerware"),
                                          Text("PostgreSQL"), Text("OpenSSL"), Text("Vim"),       Text("Ruby"),
                                          Text("FTL"),       Text("Libpng"),   Text("NTP"),       Text("HPND")};

bool is_spdx_id(Text text) {
  if (text.ends_with('+')) text.remove_suffix(1);
  if (text.size() > 100 || !all(text, [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; })) return false;
  if (text.starts_with("LicenseRef-") && text.size() > 11) return true;
  if (!is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::find(kSpdxWithoutDigit.begin(), kSpdxWithoutDigit.end(), text) != kSpdxWithoutDigit.end() ||
         std::any_of(text.begin(), text.end(), is_digit);
}

// An id, or ids joined by AND, OR, WITH: parentheses are not used by anybody who writes a record by hand.
bool is_spdx(Text text) {
  if (text.ends_with(' ')) return false;
  for (bool id = true;; id = !id) {
    Text word = cut(text, ' ');
    bool good = id ? is_spdx_id(word) || word == "Classpath-exception-2.0" : word == "AND" || word == "OR" || word == "WITH";
    if (!good) return false;
    if (text.empty()) return id;
  }
}

bool is_country(Text text) { return text.size() == 2 && all(text, is_upper); }
bool is_currency(Text text) { return text.size() == 3 && all(text, is_upper); }

bool is_insee(Text text) {
  if (text.size() != 5 || text.starts_with("00")) return false;
  bool corsica = text.starts_with("2A") || text.starts_with("2B");
  return all(text.substr(corsica ? 2 : 0), is_digit);
}

bool is_host(Text host) {
  if (host.starts_with('[')) return host.find(']') != Text::npos;
  Text name = host.substr(0, host.find(':'));
  Text port = host.size() > name.size() ? host.substr(name.size() + 1) : Text("1");
  return all(name, [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || (c & 0x80); }) &&
         name.front() != '.' && port.size() <= 5 && all(port, is_digit);
}

bool has_scheme(Text text, std::initializer_list<Text> schemes) {
  for (Text scheme : schemes)
    if (text.starts_with(scheme)) {
      text.remove_prefix(scheme.size());
      Text authority = text.substr(0, text.find_first_of("/?#"));
      // User names in an address are how look-alike links are made.
      return authority.find('@') == Text::npos && is_host(authority);
    }
  return false;
}

bool has_no_blank(Text text) {
  return all(text, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '<' && c != '>' && c != '"'; });
}

bool is_url(Text text) { return text.size() <= 2'000 && has_no_blank(text) && has_scheme(text, {"https://", "http://"}); }
bool is_endpoint(Text text) { return text.size() <= 300 && has_no_blank(text) && has_scheme(text, {"wss://", "ws://"}); }

bool is_email(Text text) {
  std::size_t at = text.find('@');
  if (text.size() > 254 || at == 0 || at == Text::npos || !has_no_blank(text)) return false;
  Text domain = text.substr(at + 1);
  return domain.find('@') == Text::npos && domain.find('.') != Text::npos && domain.front() != '.' &&
         domain.back() != '.' && domain.find(',') == Text::npos;
}

bool is_phone(Text text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  auto digits = std::count_if(text.begin(), text.end(), is_digit);
  return digits >= 2 && digits <= 15 && text.size() <= 30 &&
         all(text, [](char c) { return is_digit(c) || c == ' ' || c == '.' || c == '-' || c == '(' || c == ')'; });
}

bool is_place_id(Text text) { return PlaceId::parse(text).has_value(); }
bool is_sha256(Text text) { return Hash::parse(text).has_value(); }
bool is_address(Text text) { return parse_address(text).has_value(); }
// In the place itself: a path without `.json`, or a record anywhere.
bool is_reference(Text text) { return is_address(text) || check_path(text).has_value(); }
bool is_reference_or_url(Text text) { return is_url(text) || is_reference(text); }

// "ssh-ed25519" and 51 bytes in base64: 4 + 11 of the name, 4 + 32 of the key. A comment would be a person's name.
bool is_ssh_key(Text text) {
  constexpr Text kPrefix = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI";
  return text.size() == 80 && text.starts_with(kPrefix) &&
         all(text.substr(kPrefix.size()), [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; });
}

bool is_rrule(Text text) { return DayRule::parse(text).has_value(); }

struct Format {
  Text name;
  bool (*accepts)(Text);
  ErrorCode code;
};

constexpr std::array kFormats = {
    Format{"moment", is_moment, ErrorCode::kBadDate},
    Format{"partial-date", is_partial_date, ErrorCode::kBadDate},
    Format{"time-zone", is_time_zone, ErrorCode::kBadTimeZone},
    Format{"rrule", is_rrule, ErrorCode::kBadRecurrence},
    Format{"language", is_language, ErrorCode::kBadLanguage},
    Format{"spdx", is_spdx, ErrorCode::kBadLicence},
    Format{"country", is_country, ErrorCode::kBadCountry},
    Format{"currency", is_currency, ErrorCode::kBadCurrency},
    Format{"insee", is_insee, ErrorCode::kBadInsee},
    Format{"url", is_url, ErrorCode::kBadUrl},
    Format{"endpoint", is_endpoint, ErrorCode::kBadUrl},
    Format{"email", is_email, ErrorCode::kBadEmail},
    Format{"phone", is_phone, ErrorCode::kBadPhone},
    Format{"place-id", is_place_id, ErrorCode::kBadPlaceId},
    Format{"sha256", is_sha256, ErrorCode::kBadHash},
    Format{"address", is_address, ErrorCode::kBadAddress},
    Format{"reference", is_reference, ErrorCode::kBadAddress},
    Format{"reference-or-url", is_reference_or_url, ErrorCode::kBadAddress},
    Format{"ssh-key", is_ssh_key, ErrorCode::kBadKey},
};

// Luhn's control digit, which SIREN and SIRET end with.
bool is_luhn(Text digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int value = (digits[digits.size() - 1 - i] - '0') * (i % 2 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

// The establishments of La Poste ran out of numbers that Luhn allows: theirs have a sum of digits divisible by 5.
bool is_siret(Text text) {
  if (text.size() != 14 || !all(text, is_digit)) return false;
  if (is_luhn(text)) return true;
  int sum = 0;
  for (char c : text) sum += c - '0';
  return text.starts_with("356000000") && sum % 5 == 0;
}

}  // namespace

bool is_known_format(Text name) {
  return std::any_of(kFormats.begin(), kFormats.end(), [&](const Format& format) { return format.name == name; });
}

std::optional<ErrorCode> check_format(Text name, Text text) {
  for (const Format& format : kFormats)
    if (format.name == name && !format.accepts(text)) return format.code;
  return std::nullopt;
}

bool is_postcode(Text text, Text country) {
  if (country.empty() || country == "FR") return text.size() == 5 && all(text, is_digit);
  return text.size() <= 12 && all(text, [](char c) { return is_alphanumeric(c) || c == ' ' || c == '-'; });
}

bool is_legal_id(Text scheme, Text text) {
  if (scheme == "siret") return is_siret(text);
  if (scheme == "siren") return text.size() == 9 && all(text, is_digit) && is_luhn(text);
  if (scheme == "rna")
    return text.size() == 10 && text[0] == 'W' && all(text, [](char c) { return is_digit(c) || is_upper(c); });
  return true;
}

}  // namespace maillage::protocol
