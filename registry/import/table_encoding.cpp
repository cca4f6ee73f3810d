#include "registry/import/table_encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "protocol/utf8.h"

namespace maillage::registry {
namespace {

// What 0x80 to 0x9f are in Windows-1252 (all other bytes are their own code point); 0 where it has no letter.
constexpr std::array<char16_t, 32> kHigh = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
                                            0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
                                            0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

bool in_windows_1252(unsigned char byte) { return byte < 0x80 || byte > 0x9f || kHigh[byte - 0x80] != 0; }

// All of them are below U+FFFF.
void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xc0 | (c >> 6)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xe0 | (c >> 12)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  }
}

// The byte that stands for `c` in Windows-1252. The five that stand for nothing come back too: those who encode twice
// keep them as control characters.
int byte_of(char32_t c) {
  if (c < 0x100) return static_cast<int>(c);
  for (std::size_t i = 0; i < kHigh.size(); ++i)
    if (kHigh[i] == c) return static_cast<int>(0x80 + i);
  return -1;
}

// What French lists have beside ASCII: accented letters, typographic dashes, quotes and points, € and ™. Rationale: a capital
// before a no-break space or a curly quote (CITÉ :, MARCHÉ…) is two such bytes too, and gives a letter that no list has (ɠ, Ʌ).
bool is_likely(char32_t c) {
  return c < 0x80 || (c >= 0xa0 && c <= 0x17f) || (c >= 0x2010 && c <= 0x203a) || c == 0x20ac || c == 0x2122;
}

bool is_likely_utf8(std::string_view text) {
  while (!text.empty()) {
    protocol::CodePoint point = protocol::first_code_point(text);
    if (!point.valid || !is_likely(point.value)) return false;
    text.remove_prefix(point.bytes);
  }
  return true;
}

}  // namespace

std::string_view name_of(TableEncoding encoding) {
  return encoding == TableEncoding::kUtf8 ? "utf-8" : "windows-1252";
}

// Returns how many bytes were looked at: all, or all but a code point that may go on in the next piece.
std::size_t EncodingScan::scan(std::string_view bytes, bool last) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    auto byte = static_cast<unsigned char>(bytes[at]);
    std::size_t length = 1;
    if (byte >= 0x80) {
      if (!last && bytes.size() - at < 4) return at;
      protocol::CodePoint point = protocol::first_code_point(bytes.substr(at));
      ascii_ = false;
      length = point.bytes;
      if (!point.valid && bad_utf8_line_ == 0) bad_utf8_line_ = line_;
      for (std::size_t i = 0; i < length; ++i)
        if (bad_windows_line_ == 0 && !in_windows_1252(static_cast<unsigned char>(bytes[at + i]))) bad_windows_line_ = line_;
    }
    if (byte == '\r' || (byte == '\n' && !after_cr_)) ++line_;
    after_cr_ = byte == '\r';
    at += length;
  }
  return at;
}

void EncodingScan::add(std::string_view bytes) {
  if (!carried_.empty()) {
    // Up to 3 bytes were carried: 4 more complete any code point.
    std::string joined = std::move(carried_);
    std::size_t old = joined.size(), taken = std::min<std::size_t>(bytes.size(), 4);
    joined.append(bytes.substr(0, taken));
    std::size_t done = scan(joined, false);
    carried_.clear();
    if (done < old || taken == bytes.size()) {
      carried_ = joined.substr(done);
      bytes.remove_prefix(taken);
      return;
    }
    bytes.remove_prefix(done - old);
  }
  carried_ = bytes.substr(scan(bytes, false));
}

void EncodingScan::finish() {
  scan(carried_, true);
  carried_.clear();
}

std::string windows_1252_to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    append_utf8(out, byte < 0x80 || byte > 0x9f ? byte : kHigh[byte - 0x80] ? kHigh[byte - 0x80] : 0xfffd);
  }
  return out;
}

std::string undo_double_encoding(std::string_view utf8) {
  std::string bytes;
  bool ascii = true;
  while (!utf8.empty()) {
    protocol::CodePoint point = protocol::first_code_point(utf8);
    int byte = point.valid ? byte_of(point.value) : -1;
    if (byte < 0) return {};
    ascii = ascii && byte < 0x80;
    bytes.push_back(static_cast<char>(byte));
    utf8.remove_prefix(point.bytes);
  }
  return ascii || !is_likely_utf8(bytes) ? std::string() : bytes;
}

}  // namespace maillage::registry
