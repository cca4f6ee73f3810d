#include "protocol/field_format.h"

#include <catch2/catch.hpp>

#include "protocol/moment.h"

using namespace maillage::protocol;

namespace {
void check_all(std::string_view format, std::initializer_list<std::string_view> good,
               std::initializer_list<std::string_view> bad) {
  REQUIRE(is_known_format(format));
  for (std::string_view text : good) {
    INFO(format << " should accept " << text);
    CHECK_FALSE(check_format(format, text));
  }
  for (std::string_view text : bad) {
    INFO(format << " should refuse " << text);
    CHECK(check_format(format, text));
  }
}
}  // namespace

TEST_CASE("each format accepts what people write rightly and refuses what they write wrongly") {
  check_all("moment", {"2026-12-05", "2026-12-05T14:00", "2026-12-05T14:00:59Z", "2024-02-29", "2026-12-05T14:00:00.5+01:00"},
            {"", "2026", "2026-2-5", "2026-02-29", "2026-12-05 14:00", "2026-12-05T24:00", "2026-12-05T14", "0000-01-01",
             "2026-12-05T14:00+0100", "2026-12-05T14:00Zx", "+026-12-05", "2026-12-05T14:00+15:00", "2026-12-05T14:00:00."});
  check_all("partial-date", {"2014", "2014-09", "2014-09-20"}, {"", "14", "2014-13", "2014-9", "2014-09-20T10:00", "abcd"});
  check_all("language", {"fr", "br", "fr-FR", "zh-Hant-TW", "gsw"}, {"", "f", "FR", "français", "fr_FR", "fr-", "fr--x"});
  check_all("spdx", {"CC-BY-SA-4.0", "CC0-1.0", "MIT", "GPL-3.0-or-later", "etalab-2.0", "MIT OR Apache-2.0", "GPL-2.0+",
                     "LicenseRef-maison", "GPL-2.0-only WITH Classpath-exception-2.0"},
            {"", "CC-BY-SA", "CC BY-SA 4.0", "free", "libre", "MIT OR", "OR MIT", "MIT ", "LicenseRef-", "-1", "MIT  OR ISC"});
  check_all("country", {"FR", "BE"}, {"", "fr", "FRA"});
  check_all("currency", {"EUR", "XPF"}, {"", "eur", "€"});
  check_all("insee", {"29039", "2A004", "2B033", "97411", "01001"}, {"", "2903", "290390", "2C001", "00123", "2a004"});
  check_all("time-zone", {"Europe/Paris", "Indian/Reunion", "America/Port-au-Prince", "UTC", "America/Argentina/Ushuaia"},
            {"", "Paris", "CET", "Europe/", "europe/paris", "Europe//Paris", "Europe/../etc"});
  check_all("rrule", {"FREQ=WEEKLY", "FREQ=MONTHLY;BYDAY=1SA;COUNT=10", "INTERVAL=2;FREQ=DAILY;UNTIL=20261231T235959Z"},
            {"", "RRULE:FREQ=WEEKLY", "FREQ=SECONDLY", "COUNT=3", "FREQ=WEEKLY;", "FREQ=WEEKLY;X=1", "FREQ=WEEKLY;BYDAY="});
  check_all("url", {"https://exemple.org", "http://127.0.0.1:8420/a?b#c", "https://[::1]/x", "https://café.fr/"},
            {"", "exemple.org", "ftp://x.org", "https://", "https://a b.org", "javascript:alert(1)", "https://a@b.org",
             "https://x.org/<script>", "https://x.org:port/"});
  check_all("endpoint", {"wss://lieu.example/peer", "ws://192.168.1.4:8420/peer"}, {"", "https://lieu.example", "wss://"});
  check_all("email", {"bonjour@lieu.example", "a+b@c.d"}, {"", "a", "@b.c", "a@b", "a@b@c.d", "a b@c.d", "a@.b"});
  check_all("phone", {"+33 2 98 00 00 00", "02 98 00 00 00", "112", "(02) 98.00.00.00"}, {"", "+", "call", "1", "0123456789012345"});
  std::string id(64, 'a');
  check_all("place-id", {id}, {"", "abc", std::string(64, 'A'), id + "a"});
  check_all("sha256", {id}, {"", "abc"});
  check_all("address", {"maillage:" + id + "/resources/saw"}, {"", "resources/saw", "maillage:" + id + "/readme"});
  check_all("reference", {"maillage:" + id + "/resources/saw", "resources/saw"}, {"", "../x", "A"});
  check_all("reference-or-url", {"https://x.org", "resources/saw"}, {"", "ftp://x"});
  check_all("ssh-key", {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBmVRMgwhN/yVHg1RuiFhYuZKXGnnTVTmyw2RfVtGNI7"},
            {"", "ssh-rsa AAAA", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBmVRMgwhN/yVHg1RuiFhYuZKXGnnTVTmyw2RfVtGNI7 jo@home"});
}

TEST_CASE("an unknown format accepts everything") {
  CHECK_FALSE(is_known_format("colour"));
  CHECK_FALSE(check_format("colour", "anything"));
}

TEST_CASE("French registers are checked by their control digits") {
  CHECK(is_legal_id("siret", "73282932000074"));
  CHECK_FALSE(is_legal_id("siret", "73282932000075"));
  CHECK_FALSE(is_legal_id("siret", "732 829 320 00074"));
  CHECK(is_legal_id("siret", "35600000049837"));
  CHECK(is_legal_id("siren", "732829320"));
  CHECK_FALSE(is_legal_id("siren", "732829321"));
  CHECK(is_legal_id("rna", "W294003217"));
  CHECK_FALSE(is_legal_id("rna", "294003217"));
  CHECK(is_legal_id("other", "whatever"));
}

TEST_CASE("postcodes follow their country") {
  CHECK(is_postcode("29900", ""));
  CHECK_FALSE(is_postcode("2990", "FR"));
  CHECK(is_postcode("SW1A 1AA", "GB"));
}

TEST_CASE("moments compare only when they can be compared") {
  auto moment = [](std::string_view text) { return *parse_moment(text); };
  CHECK(moment("1970-01-02").day == 1);
  CHECK(moment("1969-12-31T23:59:59Z").day == -1);
  CHECK(surely_before(moment("2026-12-05T13:00Z"), moment("2026-12-05T14:30+01:00")));
  CHECK_FALSE(surely_before(moment("2026-12-05T14:00"), moment("2026-12-05T15:00Z")));
  CHECK(surely_before(moment("2026-12-04T00:00"), moment("2026-12-05T15:00Z")));
  CHECK_FALSE(surely_before(moment("2026-12-05T10:00"), moment("2026-12-05")));
}
