#include "registry/import/weekday_hours.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <tuple>

#include "protocol/utf8.h"
#include "registry/letters.h"

namespace maillage::registry {
namespace {

constexpr int kDayMinutes = 24 * 60;
constexpr int kNoon = 12 * 60;
// A range that ends before it starts goes past midnight only if it starts after noon and ends by six: the hours of a bar.
// Anything else is a slip of the keyboard.
constexpr int kNightEnd = 6 * 60;
// No real text is longer; comments are not hours.
constexpr std::size_t kHoursBytesMax = 200;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c & 0x80); }

// Lower case, no accents, one kind of dash and of apostrophe.
std::string plain(std::string_view text) {
  std::string folded = fold(text);
  auto replace_all = [&](std::string_view from, std::string_view to) {
    for (std::size_t at = folded.find(from); at != std::string::npos; at = folded.find(from, at + to.size())) folded.replace(at, from.size(), to);
  };
  for (std::string_view dash : {"\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\u2192", "->", "=>"}) replace_all(dash, "-");
  replace_all("\u2019", "'");
  return folded;
}

struct Time {
  int minutes = 0;
  bool has_unit = false;  // 9h, 9:00, midi; not a bare 9
};

// Takes one day's text apart from left to right.
class HoursText {
 public:
  explicit HoursText(std::string_view text) : text_(text) {}

  // False when a part is not understood.
  bool read(std::vector<DayHours::Range>& ranges) {
    for (skip_layout(); !text_.empty(); skip_layout()) {
      auto start = time();
      if (!start || !dash()) return false;
      auto end = time();
      if (!end || !(start->has_unit || end->has_unit)) return false;
      auto range = make_range(start->minutes, end->minutes);
      if (!range) return false;
      ranges.push_back(*range);
    }
    return true;
  }

 private:
  void blanks() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t' || text_.front() == '\n' || text_.front() == '\r'))
      text_.remove_prefix(1);
  }

  // Takes the word if it stands there whole.
  bool word(std::string_view wanted) {
    if (!text_.starts_with(wanted)) return false;
    bool inside = text_.size() > wanted.size() && is_letter(text_[wanted.size()]);
    if (inside && is_letter(wanted.back())) return false;
    text_.remove_prefix(wanted.size());
    return true;
  }

  // What stands around ranges and changes none of them.
  void skip_layout() {
    constexpr std::string_view kWords[] = {"apres-midi", "apres midi", "matinee", "matin", "soir", "ouvert", "horaires", "puis", "et",
                                           "de", "du", "le", "l'", "la", "/", ",", ";", "&", "+", "|", ":", "."};
    bool found = true;
    while (found) {
      blanks();
      found = std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view one) { return word(one); });
    }
  }

  bool dash() {
    blanks();
    bool found = word("-") || word("jusqu'a") || word("a");
    blanks();
    return found;
  }

  // One or two digits; nothing when a third follows.
  std::optional<int> number() {
    std::size_t size = 0;
    int value = 0;
    while (size < text_.size() && is_digit(text_[size])) {
      if (size == 2) return std::nullopt;
      value = value * 10 + (text_[size++] - '0');
    }
    if (size == 0) return std::nullopt;
    text_.remove_prefix(size);
    return value;
  }

  bool unit() {
    std::string_view before = text_;
    blanks();
    if (word("heures") || word("heure") || word("hrs") || word("hr") || word("h")) return true;
    text_ = before;
    return word(":") || (text_.size() > 1 && is_digit(text_[1]) && word("."));
  }

  // "30" in 9h30; 0 when there are none.
  std::optional<int> minutes() {
    std::string_view before = text_;
    blanks();
    bool spaced = text_.size() < before.size();
    if (text_.empty() || !is_digit(text_.front())) {
      text_ = before;
      return 0;
    }
    auto value = number();
    bool is_hour = spaced && unit();  // 9h 14h: the second is another time
    if (is_hour) {
      text_ = before;
      return 0;
    }
    return value;
  }

  std::optional<Time> time() {
    blanks();
    if (word("midi")) return Time{kNoon, true};
    if (word("minuit")) return Time{0, true};
    auto hour = number();
    if (!hour || *hour > 24) return std::nullopt;
    if (!unit()) return Time{*hour * 60, false};
    auto minute = minutes();
    if (!minute || *minute > 59) return std::nullopt;
    int total = *hour * 60 + *minute;
    return total > kDayMinutes ? std::nullopt : std::optional(Time{total, true});
  }

  static std::optional<DayHours::Range> make_range(int start, int end) {
    if (start == kDayMinutes) return std::nullopt;
    if (end == 0 && start > 0) end = kDayMinutes;
    if (start == end) return DayHours::Range{start, end};
    bool night = end < start;
    if (night && (start < kNoon || end > kNightEnd)) return std::nullopt;
    return DayHours::Range{start, end};
  }

  std::string_view text_;
};

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n.";
  std::size_t first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Ascending; ranges that touch or overlap are one. A range past midnight stays apart, at the end.
void join_ranges(DayHours& day) {
  auto& ranges = day.ranges;
  auto past_midnight = [](const DayHours::Range& range) { return range.end <= range.start; };
  std::sort(ranges.begin(), ranges.end(), [&](const auto& a, const auto& b) {
    return std::tuple(past_midnight(a), a.start, a.end) < std::tuple(past_midnight(b), b.start, b.end);
  });
  std::vector<DayHours::Range> joined;
  for (const DayHours::Range& range : ranges) {
    bool touches = !joined.empty() && !past_midnight(joined.back()) && range.start <= joined.back().end;
    if (!touches || past_midnight(range)) {
      bool again = !joined.empty() && joined.back() == range;
      day.joined = day.joined || again || touches;
      if (!again) joined.push_back(range);
      continue;
    }
    day.joined = day.joined || range.start < joined.back().end;
    joined.back().end = std::max(joined.back().end, range.end);
  }
  ranges = std::move(joined);
}

std::string clock_time(int minutes) {
  char text[8];
  std::snprintf(text, sizeof text, "%02d:%02d", minutes / 60 % 100, minutes % 60);
  return text;
}

std::string osm_of(const DayHours& day, std::string_view text) {
  if (day.kind == DayHours::Kind::kSilent) return {};
  if (day.kind == DayHours::Kind::kClosed) return "off";
  if (day.kind == DayHours::Kind::kUnread) return hours_comment(text);
  std::string osm;
  for (const DayHours::Range& range : day.ranges) osm += (osm.empty() ? "" : ",") + clock_time(range.start) + "-" + clock_time(range.end);
  return osm;
}

}  // namespace

std::string hours_comment(std::string_view text) {
  std::string line(text);
  std::replace_if(line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  std::string comment = protocol::shown(line, kHoursCommentMax);
  std::replace(comment.begin(), comment.end(), '"', '\'');
  return '"' + comment + '"';
}

DayHours read_day_hours(std::string_view text) {
  DayHours day;
  std::string whole = text.size() <= kHoursBytesMax ? plain(text) : std::string();
  std::string_view words = trimmed(whole);
  day.kind = DayHours::Kind::kUnread;
  if (trimmed(text).empty()) {
    day.kind = DayHours::Kind::kSilent;
  } else if (is_one_of(words, {"ferme", "fermee", "fermeture", "ferme toute la journee", "closed", "off"})) {
    day.kind = DayHours::Kind::kClosed;
  } else if (is_one_of(words, {"24h/24", "24/24", "24h", "24h sur 24", "24 h/24", "24h/24h"})) {
    day.kind = DayHours::Kind::kOpen;
    day.ranges = {{0, kDayMinutes}};
  } else if (std::vector<DayHours::Range> ranges; HoursText(words).read(ranges) && !ranges.empty()) {
    std::size_t all = ranges.size();
    std::erase_if(ranges, [](const DayHours::Range& range) { return range.start == range.end; });
    if (ranges.empty()) return day;  // closed, all day, or forgotten: nobody can tell
    day.kind = DayHours::Kind::kOpen;
    day.had_empty_slot = ranges.size() < all;
    day.ranges = std::move(ranges);
    join_ranges(day);
  }
  return day;
}

WeekHours week_hours(const std::array<std::string_view, 7>& texts) {
  constexpr std::array<std::string_view, 7> kDays = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};
  WeekHours week;
  std::array<std::string, 7> osm;
  for (std::size_t i = 0; i < 7; ++i) {
    DayHours day = read_day_hours(texts[i]);
    osm[i] = osm_of(day, texts[i]);
    if (day.kind == DayHours::Kind::kUnread) week.notes.push_back({i, NoteCode::kHoursUnread, osm[i]});
    if (day.had_empty_slot) week.notes.push_back({i, NoteCode::kHoursEmptySlot, osm[i]});
    if (day.joined) week.notes.push_back({i, NoteCode::kHoursOverlap, osm[i]});
  }
  bool always = std::all_of(osm.begin(), osm.end(), [](const std::string& day) { return day == "00:00-24:00"; });
  if (always) week.osm = "24/7";
  for (std::size_t first = 0, next = 0; first < 7 && !always; first = next) {
    for (next = first + 1; next < 7 && osm[next] == osm[first];) ++next;
    if (osm[first].empty()) continue;
    week.osm.append(week.osm.empty() ? "" : "; ").append(kDays[first]);
    if (next - first > 1) week.osm.append(next - first == 2 ? "," : "-").append(kDays[next - 1]);
    week.osm.append(" ").append(osm[first]);
  }
  return week;
}

}  // namespace maillage::registry
