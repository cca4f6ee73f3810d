// Figures of several runs, and how they are shown: medians, as a table for people and as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace maillage::bench {

// 0 for none.
double median(std::vector<double> figures);
// The smallest figure that `part` (0.99) of them do not exceed.
double percentile(std::vector<double> figures, double part);

// Three significant digits.
double rounded(double figure);

// {"cores", "load": the load average of the last minute}
boost::json::object machine();
std::string shown_machine();

class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string decimals(double figure, int places);
std::string megabytes(std::uint64_t bytes);

}  // namespace maillage::bench
