#include "registry/import/cell.h"

#include <catch2/catch.hpp>

#include "registry/import/table_encoding.h"
#include "registry/import/web_address.h"

using namespace maillage::registry;

namespace {

// The one address of a text, with why it is what it is.
std::pair<std::string, std::optional<NoteCode>> address(std::string_view text) {
  auto found = read_web_addresses(text);
  REQUIRE(found.size() == 1);
  return {found[0].url, found[0].note};
}

std::pair<std::string, std::optional<NoteCode>> account(std::string_view text, std::string_view prefix) {
  auto found = read_links(text, prefix);
  REQUIRE(found.size() == 1);
  return {found[0].url, found[0].note};
}

std::string mended(std::string_view text) {
  auto [url, note] = address(text);
  CHECK(note == NoteCode::kUrlMended);
  return url;
}

}  // namespace

TEST_CASE("layout is taken out of a cell without a word, invisible characters with one") {
  CHECK(clean_cell(" \u00a0Le  Labo\u202f\n du\tcoin ").text == "Le Labo du coin");
  CHECK_FALSE(clean_cell(" Le  Labo ").note);
  CHECK(clean_cell("une\n\nligne", true).text == "une\nligne");
  CHECK(clean_cell("La\u200bbo\x01").text == "Labo");
  CHECK(clean_cell("La\u200bbo").note == NoteCode::kControlCharacters);
  CHECK(clean_cell("abc\xff").text == "abc");
}

TEST_CASE("accents that were encoded twice are restored when all of the text goes back") {
  CHECK(clean_cell("Théâtre").text == "Théâtre");
  CHECK_FALSE(clean_cell("Théâtre").note);
  CHECK(clean_cell("ThÃ©Ã¢tre").text == "Théâtre");
  CHECK(clean_cell("ThÃ©Ã¢tre").note == NoteCode::kDoubleEncoded);
  CHECK(clean_cell("concept |Â\u00a0Coworking").text == "concept | Coworking");
  CHECK(clean_cell("Ã© et 日本").text == "Ã© et 日本");
  CHECK(clean_cell("lâ€™atelier â‚¬ Å“uvre â€¦").text == "l’atelier € œuvre …");
  CHECK(undo_double_encoding("Â").empty());
  CHECK(undo_double_encoding("ascii").empty());
}

TEST_CASE("a capital with an accent before a mark of punctuation is what it is") {
  for (std::string_view text : {"LA CITÉ\u00a0: LIEU", "LE MARCHÉ…", "LA CITÉ’", "LA CITÉ”", "LA CITÉ–", "LA CITÉ»", "LA CITÉ®", "N°É°", "É²", "À “L’ÉTÉ”"}) {
    INFO(text);
    CHECK(undo_double_encoding(text).empty());
    CHECK_FALSE(clean_cell(text).note);
  }
}

TEST_CASE("words that stand for nothing are known, and are no name") {
  for (std::string_view text : {"NULL", "n/a", "-", "En  cours", "Néant", "AUCUN", "#N/A", "?"}) CHECK(is_placeholder(text));
  for (std::string_view text : {"Le Labo", "0", "aucune idée", ""}) CHECK_FALSE(is_placeholder(text));
  for (std::string_view text : {"NULL", "-", "", "?!"}) CHECK(is_no_name(text));
  for (std::string_view text : {"Aucun", "Vide", "42", "日本", "NC"}) CHECK_FALSE(is_no_name(text));
}

TEST_CASE("numbers are read with a point or a comma, in groups of three, and nothing else") {
  CHECK(read_number("47.8753")->value == 47.8753);
  CHECK(read_number("-3,9189")->value == -3.9189);
  CHECK(read_number("-3,9189")->had_comma);
  CHECK(read_number("1 200")->value == 1200);
  CHECK(read_number("12 345 678,5")->value == 12345678.5);
  for (std::string_view text : {"", "abc", "1e5", "nan", "inf", "0x10", "1.2.3", "1,234.5", "12 34", "1 2345", "-", "47°52'", "1-2", " 200", "1 200 ", "--1"}) {
    INFO(text);
    CHECK_FALSE(read_number(text));
  }
}

TEST_CASE("coordinates are put right when they were swapped, and left out when they cannot be") {
  CHECK(read_point(47.87, -3.92, true).point == GeoPoint{47.87, -3.92});
  CHECK(read_point(-21.34, 55.47, true).point == GeoPoint{-21.34, 55.47});
  CHECK(read_point(-22.27, 166.44, true).point == GeoPoint{-22.27, 166.44});
  CHECK(read_point(-3.92, 47.87, true).point == GeoPoint{47.87, -3.92});
  CHECK(read_point(-3.92, 47.87, true).note == NoteCode::kSwapped);
  CHECK(read_point(166.44, -22.27, false).note == NoteCode::kSwapped);
  CHECK(read_point(0, 0, true).note == NoteCode::kZeroCoordinates);
  CHECK(read_point(478753, -39189, true).note == NoteCode::kOutOfRange);
  CHECK(read_point(40.7, -74.0, true).note == NoteCode::kOutsideFrance);
  CHECK(read_point(40.7, -74.0, false).point == GeoPoint{40.7, -74.0});
  CHECK_FALSE(read_point(0, 0, true).point);
}

TEST_CASE("a text too long is cut between code points") {
  CHECK(cut_to("été", 3) == "été");
  CHECK(cut_to("étés", 3) == "ét…");
}

TEST_CASE("a web address is taken as it is, or mended when that is certain") {
  CHECK(address("https://lab.example/a?b=c") == std::pair(std::string("https://lab.example/a?b=c"), std::optional<NoteCode>()));
  CHECK(address("www.ade-coworking.net").first == "http://www.ade-coworking.net");
  CHECK(address("www.ade-coworking.net").second == NoteCode::kSchemeAdded);
  CHECK(mended("HTTP://www.CoolAndWorkers.Com/Ici") == "http://www.coolandworkers.com/Ici");
  CHECK(mended("https://atelier.example.com|site web") == "https://atelier.example.com");
  CHECK(mended("http://lab.example.org|lab.example.org]]") == "http://lab.example.org");
  CHECK(mended("Notre studio http://lab.example.com/") == "http://lab.example.com/");
  CHECK(mended("http://http://lab.example.com") == "http://lab.example.com");
  CHECK(mended("http//lab.example.com") == "http://lab.example.com");
  CHECK(mended("htpp://lab.example.com.") == "http://lab.example.com");
  CHECK(address("http://www.chezmémé.fr").first == "http://www.chezmémé.fr");
}

TEST_CASE("what is no web address for sure is none") {
  for (std::string_view text : {"www.la-cordee.netla-cordee-opera", "en cours", "contact@lab.example", "Madame X", "lab", "http://localhost", "http://",
                                "a..fr",
                                "http://x.f", "http://user@evil.example/", "1.5", "javascript:alert(1)"}) {
    INFO(text);
    CHECK(address(text) == std::pair(std::string(), std::optional(NoteCode::kNotUrl)));
  }
  CHECK(address("https://agglo.example/fr/espace-coworking-le-302.…").second == NoteCode::kUrlCut);
  CHECK(address("http://lab.example/tres-long...").second == NoteCode::kUrlCut);
}

TEST_CASE("several addresses in a cell are all kept") {
  auto found = read_web_addresses("https://a.example/x http://b.example");
  REQUIRE(found.size() == 2);
  CHECK(found[0].url == "https://a.example/x");
  CHECK_FALSE(found[0].note);
  CHECK(found[1].url == "http://b.example");
}

TEST_CASE("the name of an account becomes its address, other addresses stay") {
  std::string twitter = "https://twitter.com/", facebook = "https://www.facebook.com/";
  CHECK(account("@konkarlab", twitter) == std::pair(std::string("https://twitter.com/konkarlab"), std::optional(NoteCode::kLinkCompleted)));
  CHECK(account("/groups/wigwam.lannion", facebook).first == "https://www.facebook.com/groups/wigwam.lannion");
  CHECK(account("association.lepland", facebook).first == "https://www.facebook.com/association.lepland");
  CHECK(account("www.facebook.com/lab", facebook).first == "http://www.facebook.com/lab");
  CHECK(account("facebook.com/lab", facebook).first == "http://facebook.com/lab");
  CHECK(account("https://social.example/@lab", twitter).first == "https://social.example/@lab");
  CHECK(account("Le Pommier - Cie", facebook).second == NoteCode::kNotUrl);
  CHECK(account("a<b", facebook).second == NoteCode::kNotUrl);
  CHECK(account("konkarlab", "").second == NoteCode::kNotUrl);
}

TEST_CASE("a day of three numbers is read day first after dots or when told, else only when one number says which is which") {
  auto iso = [](std::string_view text, bool day_first = false) {
    auto date = read_date(text, day_first);
    return !date ? std::string("no date") : date->ambiguous ? std::string("ambiguous") : date->iso;
  };
  CHECK(iso("31/12/2019") == "2019-12-31");
  CHECK(iso("31-12-2019") == "2019-12-31");
  CHECK(iso("12/31/2019") == "2019-12-31");
  CHECK(iso("12/31/2019", true) == "no date");
  CHECK(iso("5/6/2019") == "ambiguous");
  CHECK(iso("5/6/2019", true) == "2019-06-05");
  CHECK(iso("05.06.2019") == "2019-06-05");
  CHECK(iso("07/07/2019") == "2019-07-07");
  CHECK(iso("29/02/2020") == "2020-02-29");
  for (const char* none : {"", "/", "29/02/2019", "0/1/2019", "1/0/2019", "31/12/19", "31/12", "31/12/2019/1", "31/12-2019", "2019-12-31", "1/1/20199",
                           "31 12 2019", "00/00/2019", "99/99/2019", "//2019"})
    CHECK(iso(none) == "no date");
}
