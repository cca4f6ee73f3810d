// Metrics: what the daemon counts, as Prometheus text (exposition format 0.0.4).
//
// Labels are bounded: route templates, known methods, status codes; never a place, a peer or a text that somebody else
// chose. Any thread; one short lock.
#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

namespace maillage::daemon {

class Metrics {
 public:
  // One answered request; `route` is a template of the route table or "".
  void http_answered(std::string_view route, std::string_view method, int status, double seconds);

  // Adds to a counter; `labels` is ready text such as `result="done"` or empty.
  void count(std::string_view name, std::string_view labels, std::uint64_t by = 1);

  // A value asked for at each scrape.
  void gauge(std::string name, std::string labels, std::function<double()> read);

  // Everything, process_* and maillage_build_info included.
  std::string text() const;

 private:
  static constexpr double kBuckets[] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5};
  struct Durations {
    std::uint64_t within[std::size(kBuckets)] = {};
    std::uint64_t count = 0;
    double sum = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, int>, std::uint64_t> requests_;
  std::map<std::string, Durations> durations_;
  std::map<std::string, std::map<std::string, std::uint64_t>> counters_;
  std::map<std::string, std::map<std::string, std::function<double()>>> gauges_;
};

}  // namespace maillage::daemon
