// A rule of anybody's record: read, walked from two sides, which must agree.
#include <cstdint>

#include "protocol/day_rule.h"
#include "protocol/error.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  Day first = day_of(2000 + bytes[0] % 40, 1 + bytes[1] % 12, 1 + bytes[1] / 12);
  auto rule = DayRule::parse({reinterpret_cast<const char*>(bytes + 2), size - 2});
  if (!rule) return 0;
  DayWalk walk(*rule, first, first);
  Day before = first - 1;
  for (int i = 0; i < 50; ++i) {
    auto day = walk.next();
    if (!day) break;
    check(*day > before, "days ascend");
    check(DayWalk(*rule, first, before + 1).next() == day, "a walk may begin anywhere");
    before = *day;
  }
  return 0;
}
