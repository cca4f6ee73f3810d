// Pkt-lines: the reader ends on any bytes, never looks past them, and stays at its first error.
#include "registry/git/pkt_line.h"

using namespace maillage;
using registry::PktReader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  PktReader reader({input, size});
  std::size_t lines = 0;
  for (auto pkt = reader.next(); pkt.is_line() || pkt.kind == PktReader::Kind::kFlush; pkt = reader.next()) {
    protocol::check(++lines <= size / 4, "every line costs four bytes");
    protocol::check(reader.taken() <= size, "nothing is read past the end");
  }
  auto stopped = reader.next().kind;
  protocol::check(reader.next().kind == stopped, "an end is an end");
  return 0;
}
