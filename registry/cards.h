// Cards: rows of one list whose records carry the same `source` (name, id) are one card, however many publish it. One
// row, its face, is searched, counted and shown; the others are named beside it, its publishers.
//
// The face is a pure function of the records held, the same on every daemon: a record without `source.retrieved` first,
// its place's own word and not a copy; then the latest `retrieved`; then the smallest (place id, path key).
// Row::face is right once settled. Guarded as Columns, which owns it. STORAGE.md, "Query".
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "registry/row.h"

namespace maillage::registry {

struct Publisher {
  std::uint32_t row = 0;
  std::int64_t retrieved = kNoTime;  // the moment of the copy; kNoTime: its place's own word
};

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

  // Row numbers become `moved[number]`; kNoRow: gone.
  void renumber(const std::vector<std::uint32_t>& moved);

 private:
  std::unordered_map<Id, std::vector<Publisher>> cards_;
  std::vector<Id> changed_;  // since the last settle; an id may be there twice
};

}  // namespace maillage::registry
