#include "tests/bench/daemons/figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace maillage::bench {

double median(std::vector<double> figures) { return percentile(std::move(figures), 0.5); }

double percentile(std::vector<double> figures, double part) {
  if (figures.empty()) return 0;
  std::ranges::sort(figures);
  auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(figures.size())));
  return figures[std::clamp<std::size_t>(rank, 1, figures.size()) - 1];
}

double rounded(double figure) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", figure);
  return std::strtod(text, nullptr);
}

namespace {

double load() {
  double average = 0;
  return ::getloadavg(&average, 1) == 1 ? average : -1;
}

}  // namespace

boost::json::object machine() { return {{"cores", std::thread::hardware_concurrency()}, {"load", rounded(load())}}; }

std::string shown_machine() {
  return std::to_string(std::thread::hardware_concurrency()) + " cores, load average " + decimals(load(), 1);
}

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string space(widths[i] - row[i].size(), ' ');
      text += i == 0 ? row[i] + space : "  " + space + row[i];
    }
    text += '\n';
  }
  return text;
}

std::string decimals(double figure, int places) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", places, figure);
  return text;
}

std::string megabytes(std::uint64_t bytes) { return decimals(static_cast<double>(bytes) / 1e6, bytes < 10'000'000 ? 2 : 1); }

}  // namespace maillage::bench
