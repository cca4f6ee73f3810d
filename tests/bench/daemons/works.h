// What is measured: each prints its table, or one JSON object. Throws when something does not work at all.
#pragma once

#include <string>
#include <utility>

#include "tests/bench/daemons/options.h"

namespace maillage::bench {

void measure_sync(const Options& options);
void measure_publish(const Options& options);
void measure_live(const Options& options);
void measure_import(const Options& options);
void measure_idle(const Options& options);
void measure_erase(const Options& options);
void measure_changed(const Options& options);

// Path and JSON, to the daemon that runs in `directory`; durable on return. Throws when it is refused.
void publish_record(const std::filesystem::path& directory, const std::pair<std::string, std::string>& record);

}  // namespace maillage::bench
