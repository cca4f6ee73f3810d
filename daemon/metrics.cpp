#include "daemon/metrics.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "daemon/version.h"

namespace maillage::daemon {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

void add_type(std::string& out, std::string_view name, std::string_view type) {
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void add_line(std::string& out, std::string_view name, std::string_view labels, double value) {
  out.append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(number(value)).append("\n");
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_files() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end; at.increment(error)) ++count;
  return count;
}

void add_process(std::string& out) {
  static const double started = static_cast<double>(std::time(nullptr));
  auto one = [&](std::string_view name, std::string_view type, double value) {
    add_type(out, name, type);
    add_line(out, name, "", value);
  };
  one("process_start_time_seconds", "gauge", started);
  one("process_cpu_seconds_total", "counter", static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
  one("process_resident_memory_bytes", "gauge", resident_bytes());
  one("process_open_fds", "gauge", open_files());
}

bool known_method(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

}  // namespace

void Metrics::http_answered(std::string_view route, std::string_view method, int status, double seconds) {
  std::lock_guard lock(mutex_);
  ++requests_[{std::string(route), known_method(method) ? std::string(method) : "other", status}];
  Durations& durations = durations_[std::string(route)];
  for (std::size_t i = 0; i < std::size(kBuckets); ++i) durations.within[i] += seconds <= kBuckets[i];
  ++durations.count;
  durations.sum += seconds;
}

void Metrics::count(std::string_view name, std::string_view labels, std::uint64_t by) {
  std::lock_guard lock(mutex_);
  counters_[std::string(name)][std::string(labels)] += by;
}

void Metrics::gauge(std::string name, std::string labels, std::function<double()> read) {
  std::lock_guard lock(mutex_);
  gauges_[std::move(name)][std::move(labels)] = std::move(read);
}

std::string Metrics::text() const {
  std::lock_guard lock(mutex_);
  std::string out;
  add_type(out, "maillage_build_info", "gauge");
  add_line(out, "maillage_build_info", "version=\"" + std::string(kVersion) + "\"", 1);
  add_type(out, "maillage_http_requests_total", "counter");
  for (const auto& [key, count] : requests_) {
    const auto& [route, method, status] = key;
    add_line(out, "maillage_http_requests_total",
             "route=\"" + route + "\",method=\"" + method + "\",code=\"" + std::to_string(status) + "\"", static_cast<double>(count));
  }
  constexpr std::string_view kDuration = "maillage_http_request_duration_seconds";
  add_type(out, kDuration, "histogram");
  for (const auto& [route, durations] : durations_) {
    std::string label = "route=\"" + route + "\"", bucket = std::string(kDuration) + "_bucket";
    for (std::size_t i = 0; i < std::size(kBuckets); ++i)
      add_line(out, bucket, label + ",le=\"" + number(kBuckets[i]) + "\"", static_cast<double>(durations.within[i]));
    add_line(out, bucket, label + ",le=\"+Inf\"", static_cast<double>(durations.count));
    add_line(out, std::string(kDuration) + "_sum", label, durations.sum);
    add_line(out, std::string(kDuration) + "_count", label, static_cast<double>(durations.count));
  }
  for (const auto& [name, series] : counters_) {
    add_type(out, name, "counter");
    for (const auto& [labels, value] : series) add_line(out, name, labels, static_cast<double>(value));
  }
  for (const auto& [name, series] : gauges_) {
    add_type(out, name, "gauge");
    for (const auto& [labels, read] : series) add_line(out, name, labels, read());
  }
  add_process(out);
  return out;
}

}  // namespace maillage::daemon
