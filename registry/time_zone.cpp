#include "registry/time_zone.h"

#include <array>
#include <chrono>
#include <cstdio>

#include <unicode/timezone.h>
#include <unicode/unistr.h>

namespace maillage::registry {
namespace {

// No zone's name is longer; longer texts are not worth a look.
constexpr std::size_t kZoneNameBytesMax = 64;

class Digits {
 public:
  explicit Digits(std::string_view text) : rest_(text) {}

  // Exactly `count` decimal digits.
  int number(std::size_t count) {
    int value = 0;
    if (rest_.size() < count) failed_ = true;
    for (std::size_t i = 0; i < count && !failed_; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') failed_ = true;
      value = value * 10 + (rest_[i] - '0');
    }
    if (!failed_) rest_.remove_prefix(count);
    return failed_ ? 0 : value;
  }
  bool skip(char c) {
    bool there = !failed_ && !rest_.empty() && rest_.front() == c;
    if (there) rest_.remove_prefix(1);
    return there;
  }
  void expect(char c) {
    if (!skip(c)) failed_ = true;
  }
  void skip_fraction() {
    if (!skip('.')) return;
    number(1);
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') rest_.remove_prefix(1);
  }
  bool at_end() const { return rest_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::optional<std::int64_t> day_ms(int year, int month, int day) {
  std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * kDayMs;
}

}  // namespace

struct TimeZone::Zone {
  std::unique_ptr<icu::TimeZone> zone;
};

TimeZone::TimeZone(std::string_view name) {
  static const auto paris = std::make_shared<const Zone>(Zone{std::unique_ptr<icu::TimeZone>(
      icu::TimeZone::createTimeZone(icu::UnicodeString("Europe/Paris", -1, US_INV)))});
  zone_ = paris;
  if (name.empty() || name == "Europe/Paris" || name.size() > kZoneNameBytesMax) return;
  auto id = icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), static_cast<std::int32_t>(name.size())));
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(id));
  if (zone && *zone != icu::TimeZone::getUnknown()) zone_ = std::make_shared<const Zone>(Zone{std::move(zone)});
}

UnixTime TimeZone::to_utc(std::int64_t local_ms) const {
  std::int32_t raw = 0, summer = 0;
  UErrorCode status = U_ZERO_ERROR;
  zone_->zone->getOffset(static_cast<double>(local_ms), true, raw, summer, status);
  return {local_ms - raw - summer};
}

std::int64_t TimeZone::to_local(UnixTime time) const {
  std::int32_t raw = 0, summer = 0;
  UErrorCode status = U_ZERO_ERROR;
  zone_->zone->getOffset(static_cast<double>(time.ms), false, raw, summer, status);
  return time.ms + raw + summer;
}

std::optional<Moment> parse_moment(std::string_view text, const TimeZone& zone) {
  Digits in(text);
  int year = in.number(4);
  in.expect('-');
  int month = in.number(2);
  in.expect('-');
  int day = in.number(2);
  auto midnight = in.failed() ? std::nullopt : day_ms(year, month, day);
  if (!midnight) return std::nullopt;
  if (in.at_end()) return Moment{*midnight, zone.to_utc(*midnight), true};

  in.expect('T');
  int hour = in.number(2);
  in.expect(':');
  int minute = in.number(2);
  int second = in.skip(':') ? in.number(2) : 0;
  in.skip_fraction();
  if (in.failed() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  std::int64_t clock = *midnight + ((hour * 60LL + minute) * 60 + second) * 1000;
  if (in.at_end()) return Moment{clock, zone.to_utc(clock), false};

  std::int64_t offset_minutes = 0;
  if (!in.skip('Z')) {
    bool west = in.skip('-');
    if (!west) in.expect('+');
    int hours = in.number(2);
    in.expect(':');
    offset_minutes = (hours * 60 + in.number(2)) * (west ? -1 : 1);
  }
  if (in.failed() || !in.at_end()) return std::nullopt;
  UnixTime at{clock - offset_minutes * 60'000};
  return Moment{zone.to_local(at), at, false};
}

std::string format_utc(UnixTime time) {
  std::chrono::sys_time<std::chrono::milliseconds> point{std::chrono::milliseconds(time.ms)};
  auto day = std::chrono::floor<std::chrono::days>(point);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(point - day));
  std::array<char, 64> text;
  int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                           static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                           static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                           static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace maillage::registry
