// What 10,000 events that repeat cost, honest ones and the most expensive that a stranger can publish: taking one in, in
// processor time, and one question about all of them.
//   cmake --preset bench && cmake --build --preset bench --target repetition_bench && build/bench/tests/repetition_bench
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "protocol/calendar_day.h"
#include "protocol/crypto.h"
#include "registry/index.h"
#include "tests/twins/memory_state_store.h"

using namespace maillage::registry;

namespace {

constexpr int kEvents = 10'000;

double processor_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

std::string event(int number, const std::string& rule, int exceptions) {
  std::string json = R"({"kind": "event", "name": "E)" + std::to_string(number) + R"(", "start": "2020-01-01T10:00:00", "end": "2020-01-01T12:00:00")";
  json += R"(, "rrule": ")" + rule + "\"";
  for (int i = 0; i < exceptions; ++i) {
    maillage::protocol::CalendarDate date = maillage::protocol::date_of(maillage::protocol::day_of(2026, 12, 1) + i);
    char text[48];
    std::snprintf(text, sizeof text, "%s\"%04d-%02u-%02uT10:00:00\"", i == 0 ? ", \"exdate\": [" : ",", static_cast<int>(date.year), date.month, date.day);
    json += text;
  }
  return json + (exceptions > 0 ? "]}" : "}");
}

void ask(const Index& index, const char* title, const Parameters& parameters) {
  auto query = parse_query(What::kEvents, parameters).value();
  std::vector<double> times;
  std::size_t matched = 0;
  for (int i = 0; i < 9; ++i) {
    double start = processor_ms();
    matched = index.query(query)->number_matched;
    times.push_back(processor_ms() - start);
  }
  std::sort(times.begin(), times.end());
  std::printf("    %-28s %6zu matched  median %8.2f ms  worst %8.2f ms\n", title, matched, times[4], times[8]);
}

void measure(const std::string& rule, int exceptions = 0) {
  maillage::tests::MemoryStateStore store;
  Index index(store);
  PlaceChanges changes;
  for (int i = 0; i < kEvents; ++i) {
    std::string json = event(i, rule, exceptions);
    maillage::protocol::Bytes bytes(json.begin(), json.end());
    changes.records.push_back({"events/e" + std::to_string(i) + ".json", bytes, maillage::protocol::sha256(bytes), {0}, {0}});
  }
  WriteBatch batch;
  maillage::protocol::check(index.stage(batch, changes).has_value() && store.write(batch).has_value(), "stage");
  double start = processor_ms();
  index.apply(changes);
  std::printf("%s%s\n    taken in: %.3f ms each\n", rule.c_str(), exceptions > 0 ? " and 400 exceptions" : "", (processor_ms() - start) / kEvents);
  ask(index, "one day, limit=0", {{"from", "2026-12-05"}, {"to", "2026-12-05"}, {"limit", "0"}});
  ask(index, "one year, limit=0", {{"from", "2026-12-05"}, {"to", "2027-12-05"}, {"limit", "0"}});
  ask(index, "from today on, limit=0", {{"from", "2026-12-05"}, {"limit", "0"}});
  ask(index, "from 2119 on, limit=0", {{"from", "2119-12-05"}, {"limit", "0"}});
}

}  // namespace

int main() {
  measure("FREQ=WEEKLY");
  measure("FREQ=MONTHLY;BYDAY=1SA");
  measure("FREQ=DAILY;COUNT=10000");
  measure("FREQ=DAILY", 400);
  measure("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30");
  measure("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU");
  measure("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU");
  measure("FREQ=MONTHLY;BYMONTHDAY=29;BYMONTH=2;BYDAY=SU");
  measure("FREQ=DAILY;INTERVAL=89;BYMONTHDAY=31;BYDAY=MO");
  measure("FREQ=YEARLY;BYYEARDAY=366,-366;BYMONTHDAY=31;BYDAY=SU;BYSETPOS=-1");
  measure("FREQ=YEARLY;BYDAY=53MO,MO,TU;BYSETPOS=106,-106");
  measure("FREQ=YEARLY;BYDAY=1MO,MO,TU;BYSETPOS=106");
  measure("FREQ=YEARLY;BYDAY=SA,SU;BYSETPOS=106");
  measure("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=1;COUNT=10000");
  measure("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1;COUNT=10000");
}
