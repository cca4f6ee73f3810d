// Cards: rows of one list whose records carry the same `source` (name, id) are one card, however many publish it. One
// row, its face, is searched, counted and shown; the others are named beside it, its publishers.
//
// The face is a pure function of the records held and their histories, the same on every daemon:
//   1. a profile without `source.retrieved`: its place's own word, and not a copy;
//   2. the latest copy, by `retrieved`; any other record without it is as of its last change;
//   3. of equal ones, one that was corrected by hand (list_copy.h): somebody looked at it, a list did not;
//   4. the last changed; 5. the smallest (place id, path key).
// Rationale for profiles alone in 1: whoever claims a card says so with the one profile of a place, by its name; no place
// can claim a hundred. Row::face is right once settled. Guarded as Columns, which owns it. protocol/RECORDS.md.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "registry/row.h"

namespace maillage::registry {

struct Publisher {
  std::uint32_t row = 0;
  bool own_word = false;
  bool corrected = false;        // by hand
  std::int64_t as_of = kNoTime;  // of the copy
  std::int64_t updated = kNoTime;
};
// Of a record as it was read.
Publisher publisher_of(std::uint32_t row, const Gist& gist);

class Cards {
 public:
  // Which card a row is of; nothing when its record says no source.
  using Id = std::uint64_t;
  static std::optional<Id> id_of(const Row& row);

  void add(Id card, const Publisher& publisher);
  // A row of the card died.
  void lose(Id card) { changed_.push_back(card); }

  // Decides the faces of cards that changed, and gives the living rows whose `face` is another now.
  // Cost: what changed, and n log n of the publishers of its cards.
  std::vector<std::uint32_t> settle(std::vector<Row>& rows, const std::vector<IndexedPlace>& places);

  // Those of a card, once settled: the face, then by (place id, path key).
  std::span<const Publisher> publishers(Id card) const;

  // Row numbers become `moved[number]`, facets `facets[number]`; kNoRow, kNoFacet: gone.
  void renumber(const std::vector<std::uint32_t>& moved, const std::vector<FacetId>& facets);

 private:
  std::unordered_map<Id, std::vector<Publisher>> cards_;
  std::vector<Id> changed_;  // since the last settle; an id may be there twice
};

}  // namespace maillage::registry
