#include "registry/repetition.h"

#include <algorithm>

#include <libical/ical.h>

namespace maillage::registry {
namespace {

icaltimetype ical_time(std::int64_t local_ms, bool date_only) {
  icaltimetype time = icaltime_from_timet_with_zone(static_cast<time_t>(local_ms / 1000), 0, nullptr);
  time.is_date = date_only;
  if (date_only) time.hour = time.minute = time.second = 0;
  return time;
}

std::int64_t local_ms(const icaltimetype& time) {
  icaltimetype whole = time;
  whole.is_date = 0;
  whole.zone = nullptr;
  return static_cast<std::int64_t>(icaltime_as_timet(whole)) * 1000;
}

struct Close {
  void operator()(icalrecur_iterator* iterator) const { icalrecur_iterator_free(iterator); }
};
using Iterator = std::unique_ptr<icalrecur_iterator, Close>;

struct Rule {
  explicit Rule(const std::string& text) : type(icalrecurrencetype_from_string(text.c_str())) {}
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;
  ~Rule() { free(type.rscale); }
  icalrecurrencetype type;
};

}  // namespace

bool overlaps(const Occurrence& occurrence, std::optional<UnixTime> from, std::optional<UnixTime> to) {
  bool moment = occurrence.start == occurrence.end;
  if (to && occurrence.start >= *to) return false;
  if (!from) return true;
  return moment ? occurrence.start >= *from : occurrence.end > *from;
}

std::shared_ptr<const Repetition> Repetition::make(std::string_view rule, Times times) {
  // A process-wide switch: a rule that libical does not like must be an error value, never an abort.
  static const bool quiet = (icalerror_set_errors_are_fatal(0), true);
  if (!quiet || rule.empty() || rule.size() > kRuleBytesMax) return nullptr;
  std::string text(rule);
  Rule parsed(text);
  bool readable = parsed.type.freq >= ICAL_DAILY_RECURRENCE && parsed.type.freq <= ICAL_YEARLY_RECURRENCE;
  if (!readable) return nullptr;
  auto repetition = std::shared_ptr<Repetition>(new Repetition());
  repetition->rule_ = std::move(text);
  repetition->counted_ = parsed.type.count > 0;
  repetition->times_ = std::move(times);
  std::sort(repetition->times_.except.begin(), repetition->times_.except.end());
  return repetition;
}

std::optional<Occurrence> Repetition::first_overlap(std::optional<UnixTime> from, std::optional<UnixTime> to) const {
  Rule rule(rule_);
  Iterator iterator(icalrecur_iterator_new(rule.type, ical_time(times_.local_start, times_.date_only)));
  if (!iterator) return std::nullopt;
  std::int64_t length = std::max<std::int64_t>(0, times_.local_end - times_.local_start);
  if (from && !counted_) {
    // Two days of slack: the zone's offset, and an occurrence that began before and is not over.
    std::int64_t near = times_.zone.to_local(*from) - length - 2 * kDayMs;
    if (near > times_.local_start) icalrecur_iterator_set_start(iterator.get(), ical_time(near, times_.date_only));
  }
  for (int i = 0; i < kOccurrencesMax; ++i) {
    icaltimetype next = icalrecur_iterator_next(iterator.get());
    if (icaltime_is_null_time(next)) break;
    std::int64_t start = local_ms(next);
    Occurrence occurrence{times_.zone.to_utc(start), times_.zone.to_utc(start + length)};
    if (to && occurrence.start >= *to) break;
    bool excepted = std::binary_search(times_.except.begin(), times_.except.end(), occurrence.start);
    if (!excepted && overlaps(occurrence, from, to)) return occurrence;
  }
  return std::nullopt;
}

}  // namespace maillage::registry
