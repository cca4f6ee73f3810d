// tests/transcripts: what daemons of earlier days said, and what was said to them. A frame that was understood stays so,
// byte for byte. Whole sessions are said again to a real daemon by tests/second (transcripts_test.py).
#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "protocol/frame.h"
#include "tests/locations.h"

using namespace maillage::protocol;
using maillage::tests::kSourceDir;
namespace json = boost::json;

namespace {

// Every frame of every transcript, both sides, as "file: direction".
std::vector<std::pair<std::string, Bytes>> frames() {
  std::vector<std::pair<std::string, Bytes>> all;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(kSourceDir) + "/tests/transcripts")) {
    if (entry.path().extension() != ".json") continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    json::value read = json::parse(text.str());
    for (const json::value& line : read.at("frames").as_array()) {
      std::string said(line.as_string());
      all.emplace_back(entry.path().filename().string() + " " + said.substr(0, 1), from_hex(said.substr(2)).value());
    }
  }
  return all;
}

Bytes again(const Frame& frame) {
  return std::visit(
      [](const auto& one) {
        if constexpr (requires { encode(one); }) return encode(one);
        return Bytes{};
      },
      frame);
}

}  // namespace

TEST_CASE("each frame of the golden transcripts is read and made again byte for byte") {
  CHECK(frames().size() > 80);
  for (const auto& [where, bytes] : frames()) {
    INFO(where << " " << to_hex(bytes).substr(0, 40));
    auto frame = decode_frame(bytes);
    REQUIRE(frame);
    CHECK(again(*frame) == bytes);
  }
}
