#include "registry/repetition.h"

#include <algorithm>

namespace maillage::registry {
namespace {

using protocol::DayRule;
using protocol::DayWalk;
using protocol::floor_div;

// No clock is further from UTC.
constexpr std::int64_t kOffsetMsMax = 18 * 3'600'000;

std::int64_t clock_of(const DayRule& rule, std::int64_t clock_ms, bool date_only) {
  if (date_only) return 0;
  std::int64_t seconds = clock_ms / 1000;
  std::int64_t hour = rule.hour.value_or(static_cast<int>(seconds / 3600));
  std::int64_t minute = rule.minute.value_or(static_cast<int>(seconds / 60 % 60));
  return ((hour * 60 + minute) * 60 + rule.second.value_or(static_cast<int>(seconds % 60))) * 1000;
}

}  // namespace

bool overlaps(const Occurrence& occurrence, std::optional<UnixTime> from, std::optional<UnixTime> to) {
  bool moment = occurrence.start == occurrence.end;
  if (to && occurrence.start >= *to) return false;
  if (!from) return true;
  return moment ? occurrence.start >= *from : occurrence.end > *from;
}

std::shared_ptr<const Repetition> Repetition::make(std::string_view text, const Times& times) {
  auto rule = DayRule::parse(text);
  if (!rule) return nullptr;
  auto repetition = std::shared_ptr<Repetition>(new Repetition(std::move(*rule)));
  repetition->zone_ = times.zone;
  repetition->first_ = floor_div(times.local_start, kDayMs);
  repetition->clock_ms_ = clock_of(repetition->rule_, times.local_start - repetition->first_ * kDayMs, times.date_only);
  repetition->length_ms_ = std::max<std::int64_t>(0, times.local_end - times.local_start);
  repetition->read_except(times.except);
  repetition->find_last();
  return repetition;
}

// As days, so that a question need not convert them. Summer time may have moved a start by an hour, over midnight too.
void Repetition::read_except(const std::vector<UnixTime>& except) {
  for (UnixTime moment : except) {
    Day near = floor_div(zone_.to_local(moment), kDayMs);
    for (Day day = near - 1; day <= near + 1; ++day) {
      if (start_on(day) == moment) except_.push_back(day);
    }
  }
  std::sort(except_.begin(), except_.end());
}

void Repetition::find_last() {
  DayWalk walk(rule_, first_, first_);
  if (rule_.count) {
    // One walk, once: at most a hundred years of days.
    last_ = first_ - 1;
    for (int i = 0; i < *rule_.count; ++i) {
      auto day = walk.next();
      if (!day) break;
      last_ = *day;
    }
    return;
  }
  if (rule_.until) {
    const auto& until = *rule_.until;
    last_ = until.day;
    // The same clock that is compared tells on which side of UNTIL the occurrence of that day is.
    bool whole_day = !until.second;
    std::int64_t end_ms = until.day * kDayMs + until.second.value_or(0) * std::int64_t{1000};
    auto after = [&](Day day) { return (until.utc ? start_on(day).ms : day * kDayMs + clock_ms_) > end_ms; };
    if (until.utc) ++*last_;
    while (!whole_day && after(*last_)) --*last_;
  }
  bool never = !walk.next();
  if (never) last_ = first_ - 1;
}

std::optional<Occurrence> Repetition::first_overlap(std::optional<UnixTime> from, std::optional<UnixTime> to) const {
  Day begin = first_, end = last_.value_or(std::numeric_limits<Day>::max());
  if (from) begin = std::max(begin, floor_div(from->ms - length_ms_ - kOffsetMsMax, kDayMs));
  if (to) end = std::min(end, floor_div(to->ms + kOffsetMsMax, kDayMs));
  if (begin > end) return std::nullopt;
  DayWalk walk(rule_, first_, begin, end);
  auto except = std::lower_bound(except_.begin(), except_.end(), begin);
  while (auto day = walk.next()) {
    while (except != except_.end() && *except < *day) ++except;
    bool excepted = except != except_.end() && *except == *day;
    if (excepted) continue;
    std::int64_t local = *day * kDayMs + clock_ms_;
    Occurrence occurrence{zone_.to_utc(local), zone_.to_utc(local + length_ms_)};
    if (overlaps(occurrence, from, to)) return occurrence;
  }
  return std::nullopt;
}

}  // namespace maillage::registry
