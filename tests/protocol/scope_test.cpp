#include "protocol/scope.h"

#include <catch2/catch.hpp>

#include "tests/protocol/author.h"
#include "tests/protocol/damage.h"

using namespace maillage::tests;

namespace {

const Author kPlace(1), kNetwork(2), kOther(3);

// Brittany's Finistère and Ille-et-Vilaine, and Rhône; Concarneau's EPCI.
Areas areas_of(std::string_view code) {
  if (code == "29039" || code == "29") return {"29", "53", code.size() == 5 ? "242900769" : ""};
  if (code == "35238" || code == "35") return {"35", "53", code.size() == 5 ? "243500139" : ""};
  if (code == "69123" || code == "69") return {"69", "84", code.size() == 5 ? "200046977" : ""};
  return {};
}

Head head_in(std::string_view commune, std::string_view country = "FR", const Addressed& addressed = {}) {
  Head head = kPlace.head(1).head;
  head.cell = TerritoryCell::of(country, commune);
  head.addressed = addressed;
  return head;
}

Scope scope_of(const std::vector<std::string>& texts) { return Scope::of(texts).value(); }
bool covers(const std::vector<std::string>& texts, const Head& head, AreasOf table = areas_of) { return scope_of(texts).covers(head, table); }
bool has_all_of(const std::vector<std::string>& ours, const std::vector<std::string>& theirs) {
  return scope_of(ours).covers(scope_of(theirs), areas_of);
}

}  // namespace

TEST_CASE("an empty scope is everything, known or not") {
  CHECK(Scope().everything());
  CHECK(Scope().covers(head_in("29039"), nullptr));
  CHECK(Scope().covers(head_in("", ""), nullptr));
  CHECK(Scope::of({}).value() == Scope());
}

TEST_CASE("a scope covers a head by its commune, department, region or EPCI") {
  CHECK(covers({"29039"}, head_in("29039")));
  CHECK_FALSE(covers({"29039"}, head_in("29232")));
  CHECK(covers({"29"}, head_in("29039")));
  CHECK(covers({"29"}, head_in("29999"), nullptr));
  CHECK_FALSE(covers({"29"}, head_in("35238")));
  CHECK(covers({"region:53"}, head_in("35238")));
  CHECK_FALSE(covers({"region:53"}, head_in("69123")));
  CHECK(covers({"242900769"}, head_in("29039")));
  CHECK_FALSE(covers({"242900769"}, head_in("35238")));
  CHECK(covers({"35", "29"}, head_in("29039")));
}

TEST_CASE("a region and a department of the same number are told apart") {
  CHECK_FALSE(covers({"53"}, head_in("29039")));
  CHECK(covers({"53"}, head_in("53130")));
  CHECK_FALSE(covers({"region:53"}, head_in("53130"), [](std::string_view) { return Areas{"53", "52", ""}; }));
}

TEST_CASE("departments overseas have three digits, and Corsica has letters") {
  CHECK(covers({"974"}, head_in("97411", "RE"), nullptr));
  CHECK_FALSE(covers({"97"}, head_in("97411"), nullptr));
  CHECK(covers({"2A"}, head_in("2A004"), nullptr));
  CHECK_FALSE(covers({"2B"}, head_in("2A004"), nullptr));
}

TEST_CASE("what is abroad or nowhere is in no territory") {
  CHECK_FALSE(covers({"29"}, head_in("29039", "BE")));
  CHECK_FALSE(covers({"29"}, head_in("29039", "R ")));
  CHECK_FALSE(covers({"29"}, head_in("", "FR")));
  CHECK(covers({"29"}, head_in("29039", "")));
}

TEST_CASE("a place is covered by its id, and by a network that its records may speak to") {
  Addressed speaks;
  speaks.add(kNetwork.place());
  CHECK(covers({kPlace.place().hex()}, head_in("")));
  CHECK_FALSE(covers({kOther.place().hex()}, head_in("")));
  CHECK(covers({kNetwork.place().hex()}, head_in("", "", speaks)));
  CHECK_FALSE(covers({kOther.place().hex()}, head_in("", "", speaks)));
}

TEST_CASE("a scope covers another one where every text of that lies in it") {
  CHECK(has_all_of({}, {}));
  CHECK(has_all_of({}, {"29"}));
  CHECK_FALSE(has_all_of({"29"}, {}));
  CHECK(has_all_of({"29", "35"}, {"29"}));
  CHECK_FALSE(has_all_of({"29"}, {"29", "35"}));
  CHECK(has_all_of({"region:53"}, {"29", "35238"}));
  CHECK_FALSE(has_all_of({"29", "35"}, {"region:53"}));
  CHECK(has_all_of({"29"}, {"29039"}));
  CHECK(has_all_of({"242900769"}, {"29039"}));
  CHECK_FALSE(has_all_of({"29"}, {"242900769"}));
  CHECK_FALSE(has_all_of({"29"}, {kPlace.place().hex()}));
  CHECK(has_all_of({kPlace.place().hex()}, {kPlace.place().hex()}));
}

TEST_CASE("texts of a scope are in one of five forms, and 64 at most") {
  for (const char* text : {"29", "2A", "974", "29039", "2A004", "200093201", "region:53", "region:987"}) CHECK(Scope::of({text}));
  for (const char* text : {"", "9", "294", "2C", "2a", "29 39", "region:", "region:5", "region:533", "region:2A", "Bretagne", "20009320", "2000932011"}) {
    INFO(text);
    auto refused = Scope::of({text});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kMalformed);
    CHECK(refused.error().context == text);
  }
  std::string id = kPlace.place().hex();
  CHECK(Scope::of({id}));
  id[0] = 'A';
  CHECK_FALSE(Scope::of({id}));
  CHECK(Scope::of(std::vector<std::string>(kScopeTextsMax, "29")).value().texts() == std::vector<std::string>{"29"});
  auto many = Scope::of(std::vector<std::string>(kScopeTextsMax + 1, "29"));
  REQUIRE_FALSE(many);
  CHECK(many.error().code == ErrorCode::kTooMany);
  CHECK(scope_of({"35", "29", "35"}).texts() == std::vector<std::string>{"29", "35"});
}

TEST_CASE("what a peer says in a form that is unknown here covers nothing, and is not everything") {
  Scope later = Scope::heard({"canton:2904"});
  CHECK_FALSE(later.everything());
  CHECK_FALSE(later.covers(head_in("29039"), areas_of));
  Scope mixed = Scope::heard({"canton:2904", "29", ""});
  CHECK(mixed.covers(head_in("29039"), areas_of));
  CHECK_FALSE(mixed.covers(head_in("35238"), areas_of));
}

TEST_CASE("a text of a scope that is cut or changed anywhere never widens it to everything") {
  for (const std::string& text : {std::string("region:53"), std::string("29039"), kPlace.place().hex()}) {
    Bytes valid(text.begin(), text.end());
    auto heard = [](ByteView bytes) {
      std::string changed(as_text(bytes));
      Scope scope = Scope::heard({changed});
      CHECK_FALSE(scope.everything());
      if (auto ours = Scope::of({changed})) CHECK(*ours == scope);
      else CHECK_FALSE(scope.covers(head_in("29039"), areas_of));
    };
    for_each_truncation(valid, heard);
    for_each_flip(valid, heard);
  }
}
