// Any text as a mapping, over a small table: refused with a sentence, or every row ends as a valid profile or a refusal.
#include <cstdlib>

#include "protocol/validate.h"
#include "registry/import/table_reader.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  auto mapping = parse_mapping({reinterpret_cast<const char*>(bytes), size}, "fuzz.toml");
  if (!mapping) return mapping.error().context.empty() ? (std::abort(), 0) : 0;
  static const std::string table = "id;nom;a;b;lundi\n1;Labo;47,8;-3,9;9h-12h\n2;www.lab.example;x, y;coworking;fermé\n;;;;\n";
  mapping->format = {};
  auto reader = TableReader::over(CsvReader::read(table).value(), *mapping);
  if (!reader) return 0;
  for (auto next = reader->next(); next && *next; next = reader->next()) {
    const RowRecord& record = **next;
    if (record.refused() && record.notes.empty()) std::abort();
    if (record.refused()) continue;
    if (!maillage::protocol::validate("profile.json", maillage::protocol::as_bytes(record.profile)).empty()) std::abort();
  }
  return 0;
}
