// Any bytes as a table: read to the end or refused, with no more cells than bytes, each of valid UTF-8 when the file is.
#include <cstdlib>

#include "registry/import/csv.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto reader = CsvReader::read(std::string(reinterpret_cast<const char*>(bytes), size));
  if (!reader) return 0;
  CsvRow row;
  std::size_t cells = reader->columns().size(), line = 0;
  while (true) {
    auto more = reader->next(row);
    if (!more) std::abort();  // open() checked all
    if (!*more) return 0;
    if (row.line <= line || row.cells.empty()) std::abort();
    line = row.line;
    cells += row.cells.size();
    if (cells > size + 2) std::abort();
  }
}
