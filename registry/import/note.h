// RowNote: one thing that an import did to one cell of a table, or could not do. Nothing in a table is repaired, left
// out or refused without one. Plain values; any thread. registry/import/README.md, "What happens to a row".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/error.h"

namespace maillage::registry {

enum class NoteCode : std::uint8_t {
#define MAILLAGE_NOTE(code, slug, effect, french, english) code,
#include "registry/import/note_list.h"
#undef MAILLAGE_NOTE
};

// What became of the value: mended, not in the record, in the record as it stood, or the end of its whole row.
enum class NoteEffect : std::uint8_t { kRefused, kRepaired, kLeftOut, kKept };

struct RowNote {
  std::size_t line = 0;  // of the file, where the row begins; the header is line 1
  std::string column;    // as the header spells it; empty when it is the whole row
  NoteCode code = NoteCode::kNotValid;
  std::string value;     // what stood there, shortened (protocol::shown)
  std::string result;    // what the record says instead, or why not; may be empty

  bool operator==(const RowNote&) const = default;
};

// The stable name of a code in JSON.
std::string_view slug(NoteCode code);
// "refused", "repaired", "left-out", "kept".
std::string_view slug(NoteEffect effect);
NoteEffect effect_of(NoteCode code);
std::string_view sentence(NoteCode code, protocol::Language language);

}  // namespace maillage::registry
