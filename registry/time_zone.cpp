#include "registry/time_zone.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

#include <unicode/strenum.h>
#include <unicode/timezone.h>
#include <unicode/unistr.h>

#include "protocol/moment.h"
#include "protocol/suggestion.h"

namespace maillage::registry {
namespace {

// No zone's name is longer; longer texts are not worth a look.
constexpr std::size_t kZoneNameBytesMax = 64;

}  // namespace

struct TimeZone::Zone {
  std::unique_ptr<icu::TimeZone> zone;
};

bool is_time_zone(std::string_view name) {
  if (name.empty() || name.size() > kZoneNameBytesMax) return false;
  auto id = icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), static_cast<std::int32_t>(name.size())));
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(id));
  return zone && *zone != icu::TimeZone::getUnknown();
}

std::string nearest_time_zone(std::string_view name) {
  if (name.size() > kZoneNameBytesMax) return "";
  UErrorCode error = U_ZERO_ERROR;
  std::unique_ptr<icu::StringEnumeration> zones(icu::TimeZone::createTimeZoneIDEnumeration(UCAL_ZONE_TYPE_CANONICAL, nullptr, nullptr, error));
  std::vector<std::string> names;
  std::int32_t length = 0;
  while (zones && U_SUCCESS(error))
    if (const char* next = zones->next(&length, error)) names.emplace_back(next, static_cast<std::size_t>(length));
    else break;
  std::vector<std::string_view> candidates(names.begin(), names.end());
  return std::string(protocol::nearest(name, candidates));
}

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

std::optional<ZonedMoment> parse_moment(std::string_view text, const TimeZone& zone) {
  auto moment = protocol::parse_moment(text);
  if (!moment) return std::nullopt;
  std::int64_t clock = moment->day * kDayMs + moment->second.value_or(0) * std::int64_t{1000};
  bool date_only = !moment->second.has_value();
  if (!moment->offset) return ZonedMoment{clock, zone.to_utc(clock), date_only};
  UnixTime at{clock - *moment->offset * std::int64_t{60'000}};
  return ZonedMoment{zone.to_local(at), at, false};
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
