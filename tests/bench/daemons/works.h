// What is measured: each prints its table, or one JSON object. Throws when something does not work at all.
#pragma once

#include "tests/bench/daemons/options.h"

namespace maillage::bench {

void measure_sync(const Options& options);

}  // namespace maillage::bench
