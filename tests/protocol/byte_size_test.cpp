#include "protocol/byte_size.h"

#include <catch2/catch.hpp>

#include "protocol/limits.h"

using namespace maillage::protocol;

TEST_CASE("a size is said in the unit that a person counts in, and never rounded down to its limit") {
  CHECK(byte_size(0) == "0 B");
  CHECK(byte_size(1'023) == "1023 B");
  CHECK(byte_size(kRecordBytesMax) == "64 KiB");
  CHECK(byte_size(kPushBytesMax) == "32 MiB");
  CHECK(byte_size(2'048ULL * kMiB) == "2 GiB");
  CHECK(byte_size(5'000'000ULL * kMiB) == "4882.9 GiB");
  CHECK(over_size(4'500'000, kFileBytesMax) == "4.3 MiB > 4 MiB");
  CHECK(over_size(kFileBytesMax + 1, kFileBytesMax) == "4.1 MiB > 4 MiB");
  CHECK(byte_size(5 * kMiB - 1) == "5 MiB");
}
