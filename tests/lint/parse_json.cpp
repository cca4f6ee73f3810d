// Parses each file named on the command line, strictly, and prints FILE:LINE of what is not JSON.
#include <algorithm>
#include <boost/json/src.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

namespace {

bool parses(const char* name) {
  std::ifstream in(name);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  boost::json::stream_parser parser;
  boost::system::error_code error;
  const auto read = parser.write_some(text, error);
  if (!error && parser.done() && read == text.size()) return true;
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(read), '\n');
  std::cout << name << ':' << line << ": not JSON: " << (error ? error.message() : "incomplete, or more than one value") << '\n';
  return false;
}

}  // namespace

int main(int count, char** names) {
  bool good = true;
  for (int i = 1; i < count; ++i) good = parses(names[i]) && good;
  return good ? 0 : 1;
}
