// Scope: whose content a daemon keeps, in the texts that HELLO and SCOPE carry. PROTOCOL.md §8 "Scope".
//
// Heads are everybody's; a scope says of which of them the content is fetched. It is decided on the head's cell and on
// whom its records speak to, so that every daemon decides alike. No text at all: everything. Invariant: the texts are in
// one of the five forms, ascending, none twice (those that a peer says may be in others, which cover nothing). Pure; any thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "protocol/head.h"

namespace maillage::protocol {

// What a person follows fits in a list that fits on a screen; a place id is 64 digits.
inline constexpr std::size_t kScopeTextsMax = 64;
inline constexpr std::size_t kScopeTextBytesMax = 64;

// What an INSEE code lies in; what is not known is empty. `commune`: of today, for a code of former days or of a municipal district.
struct Areas {
  std::string_view department, region, epci, commune = {};
};
// Of a commune's code (5 characters, one of former days too) or a department's (2 or 3). Pure; views that live for ever. The
// registry has the table. Null: departments are read from communes' codes, and no region and no EPCI is known.
using AreasOf = Areas (*)(std::string_view code);

class Scope {
 public:
  Scope() = default;  // everything

  // Ours. kTooMany; kMalformed with the text that is in none of the forms.
  static Result<Scope> of(const std::vector<std::string>& texts);
  // A peer's: a form that a later version may have covers nothing that we know of.
  static Scope heard(const std::vector<std::string>& texts);

  bool everything() const { return texts_.empty(); }
  const std::vector<std::string>& texts() const { return texts_; }

  // Whether it asks for the content of this head's place.
  bool covers(const Head& head, AreasOf areas_of) const;
  // Whether whoever has this content has all of the other's, as far as codes tell: an EPCI is not known by its communes.
  bool covers(const Scope& other, AreasOf areas_of) const;

  bool operator==(const Scope& other) const { return texts_ == other.texts_; }

 private:
  bool add(std::string text);
  bool covers_code(std::string_view code, AreasOf areas_of) const;

  std::vector<std::string> texts_;
  std::set<std::string, std::less<>> codes_;  // departments, communes, EPCI
  std::set<std::string, std::less<>> regions_;
  std::vector<PlaceId> places_;
};

}  // namespace maillage::protocol
