// Columns: every indexed record as a row of plain values, the word lists over them, and the places they belong to.
//
// Invariant: once settled, `in_order(what)` has the shown rows of that list by (name key, place, path). Rows are
// appended; a changed record is a new row and its old one dies; when the dead outnumber the living, or their words and
// facets fill memory, all is renumbered and what only they had is forgotten.
// Guarded by the index's shared mutex: changes and `settle` alone, everything else any number of readers.
#pragma once

#include <array>
#include <map>
#include <span>
#include <unordered_map>

#include "registry/cards.h"
#include "registry/hosts.h"
#include "registry/lexicon.h"

namespace maillage::registry {

class Columns {
 public:
  // Replaces what the place had at that path.
  void add(const PlaceId& place, const PathKey& path, const Gist& gist, const Lexicon& lexicon);
  void remove(const PlaceId& place, const PathKey& path);
  void remove_all(const PlaceId& place);

  void set_signer(const PlaceId& place, const Signer& signer);
  // The same, of a place whose signer is not known yet.
  void know_signer(const PlaceId& place, const Signer& signer);
  void know_signers_of(const Columns& others);

  // The lexicon of the gists was cleared: numbers of words mean other words from here on.
  void forget_word_numbers() { listings_.clear(); }

  // Sorts what was added since; needed before `in_order`.
  void settle();
  bool settled() const { return !unsettled_; }

  const std::vector<Row>& rows() const { return rows_; }
  const std::vector<IndexedPlace>& places() const { return places_; }
  const WordList& words() const { return words_; }
  const std::vector<std::uint32_t>& in_order(What what) const { return order_[static_cast<std::size_t>(what)]; }

  // All rows of the card of this one, its face first, once settled; nothing when its record says no source.
  std::span<const Publisher> publishers(const Row& row) const;
  // Who publishes a place, once settled; null: its own daemon, or it is not known.
  const IndexedPlace* host_of(std::uint32_t place) const;

  // Nothing when no record ever had the value.
  std::optional<FacetId> facet(const FacetValue& value) const;
  // Every value of a facet that begins so.
  std::unordered_map<FacetId, std::string> facets_from(Facet facet, const std::string& start) const;
  std::size_t facet_count() const { return facets_.size(); }
  const IndexedPlace* place(const PlaceId& id) const;
  // The places that a slug names: those with it that are shown, else all with it. So of two hubs' copies, the face.
  std::vector<PlaceId> named(const std::string& slug) const;
  std::vector<PlaceId> with_slug(const std::string& slug) const;

  // Order of rows where nothing else decides.
  bool name_before(std::uint32_t a, std::uint32_t b) const;

 private:
  std::uint32_t ordinal(const PlaceId& place);
  void kill(std::uint32_t row);
  void list(std::uint32_t row);
  void settle_cards();
  std::size_t added_rows() const;
  void forget_profile(IndexedPlace& place);
  bool is_crowded() const;
  void renumber();
  void list_words(const Gist& gist, std::uint32_t row, const Lexicon& lexicon);
  std::vector<FacetId> forget_facets();

  std::vector<Row> rows_;
  std::size_t dead_ = 0, dead_words_ = 0;
  std::size_t listed_words_ = 0;  // of all rows
  std::size_t words_kept_ = 0;    // distinct ones, when last no row was dead
  std::size_t facets_kept_ = 0;   // the same of facets
  std::vector<IndexedPlace> places_;
  std::unordered_map<PlaceId, std::uint32_t> ordinals_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> slugs_;
  std::map<FacetValue, FacetId> facets_;
  WordList words_;
  std::vector<WordList::Entries*> listings_;  // by the word's number; null: it has no list yet
  Cards cards_;
  Hosts hosts_;
  std::array<std::vector<std::uint32_t>, kWhats> order_, added_;
  std::array<bool, kWhats> left_{};  // a row of the list died or is no face any more, since the last settle
  bool unsettled_ = false;
};

}  // namespace maillage::registry
