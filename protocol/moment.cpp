#include "protocol/moment.h"

#include <chrono>

namespace maillage::protocol {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kLargestOffsetSeconds = 14 * 3'600;

// Reads a text from left to right; once something does not fit, nothing fits any more.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    if (rest_.size() < count) return wrong();
    int value = 0;
    for (char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return wrong();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) wrong();
  }
  void fraction() {
    std::size_t count = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') ++count;
    if (count == 0 || count > 9) wrong();
    rest_.remove_prefix(count < rest_.size() ? count : rest_.size());
  }
  bool at_end() const { return rest_.empty(); }
  int wrong() {
    right_ = false;
    rest_ = {};
    return 0;
  }
  bool finished() const { return right_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool right_ = true;
};

std::int64_t read_day(Scanner& in) {
  int year = in.digits(4);
  in.expect('-');
  unsigned month = static_cast<unsigned>(in.digits(2));
  in.expect('-');
  unsigned day = static_cast<unsigned>(in.digits(2));
  std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (year == 0 || !date.ok()) return in.wrong();
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::int32_t read_second(Scanner& in) {
  int hour = in.digits(2);
  in.expect(':');
  int minute = in.digits(2);
  int second = in.take(':') ? in.digits(2) : 0;
  if (in.take('.')) in.fraction();
  if (hour > 23 || minute > 59 || second > 59) return in.wrong();
  return hour * 3'600 + minute * 60 + second;
}

std::optional<std::int32_t> read_offset(Scanner& in) {
  if (in.at_end()) return std::nullopt;
  if (in.take('Z')) return 0;
  bool west = in.take('-');
  if (!west) in.expect('+');
  int hours = in.digits(2);
  in.expect(':');
  int minutes = in.digits(2);
  if (hours > 14 || minutes > 59) in.wrong();
  return (west ? -1 : 1) * (hours * 60 + minutes);
}

std::int64_t seconds(const Moment& moment) {
  return moment.day * kDaySeconds + moment.second.value_or(0) - moment.offset.value_or(0) * 60;
}

}  // namespace

std::optional<Moment> parse_moment(std::string_view text) {
  Scanner in(text);
  Moment moment;
  moment.day = read_day(in);
  if (in.take('T')) {
    moment.second = read_second(in);
    moment.offset = read_offset(in);
  }
  if (!in.finished()) return std::nullopt;
  return moment;
}

bool is_partial_date(std::string_view text) {
  if (text.size() == 4) return parse_moment(std::string(text) + "-01-01").has_value();
  if (text.size() == 7) return parse_moment(std::string(text) + "-01").has_value();
  return text.size() == 10 && parse_moment(text).has_value();
}

bool surely_before(const Moment& a, const Moment& b) {
  if (!a.second || !b.second) return a.day < b.day;
  bool comparable = a.offset.has_value() == b.offset.has_value();
  return seconds(a) + (comparable ? 0 : kLargestOffsetSeconds) < seconds(b);
}

}  // namespace maillage::protocol
