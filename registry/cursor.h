// Cursor: a position in the order of an answer, as opaque text that a client hands back. It names what orders the last
// item rather than a count, so records that come or go meanwhile make no other record be skipped or shown twice.
//
// base64url of: version u8 = 1 ‖ question u32 ‖ score u32 ‖ distance u64 (IEEE 754) ‖ start i64 ‖ place (32) ‖ path (16)
// ‖ name key (rest). `question` is a hash of what makes the order; a cursor of another question is refused. Any thread.
#pragma once

#include "registry/selection.h"

namespace maillage::registry {

struct Position {
  std::uint32_t score = 0;  // descending
  double distance = 0;      // ascending, as all that follow
  std::int64_t start = 0;
  std::string name_key;
  PlaceId place;
  PathKey path;

  // True when this comes before `other` in an answer.
  bool before(const Position& other) const;
  bool operator==(const Position&) const = default;
};

Position position_of(const Columns& columns, const Hit& hit);

std::string encode_cursor(const Query& query, const Position& position);

// kBadParameter.
Result<Position> decode_cursor(const Query& query, std::string_view text);

}  // namespace maillage::registry
