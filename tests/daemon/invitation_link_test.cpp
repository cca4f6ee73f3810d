#include "daemon/invitation_link.h"

#include <catch2/catch.hpp>

using namespace maillage::daemon;
using maillage::protocol::ErrorCode;
using maillage::protocol::InvitationText;

namespace {

InvitationText invitation() {
  InvitationText text;
  text.from.bytes.fill(0xd1);
  text.secret.bytes.fill(0xa0);
  return text;
}

const std::string kText = invitation().text();

}  // namespace

TEST_CASE("a link names the page, and the address that is dialled") {
  struct Row { std::string link, base, peer; };
  for (const Row& row : {Row{"https://hangar.example/join#", "https://hangar.example", "wss://hangar.example/peer"},
                         Row{"http://127.0.0.1:8420/join#", "http://127.0.0.1:8420", "ws://127.0.0.1:8420/peer"},
                         Row{"https://hangar.example/maillage/join#", "https://hangar.example/maillage", "wss://hangar.example/maillage/peer"},
                         Row{"http://[::1]:8420/join#", "http://[::1]:8420", "ws://[::1]:8420/peer"}}) {
    auto link = InvitationLink::parse(row.link + kText);
    INFO(row.link);
    REQUIRE(link);
    CHECK(link->base == row.base);
    CHECK(link->peer_url() == row.peer);
    CHECK(link->invitation == invitation());
    CHECK(link->text() == row.link + kText);
    CHECK(InvitationLink::parse("\n  " + row.link + kText + " \r\n"));
  }
}

TEST_CASE("a link that is cut, or is another address, is refused") {
  std::string whole = "https://hangar.example/join#" + kText;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    auto link = InvitationLink::parse(whole.substr(0, size));
    REQUIRE_FALSE(link);
    bool web = size >= std::string_view("https://").size();
    CHECK(link.error().code == (web ? ErrorCode::kCutInvitation : ErrorCode::kBadInvitation));
  }
  CHECK(InvitationLink::parse(whole.substr(0, whole.size() - 3)).error().context == "61");
  CHECK(InvitationLink::parse("https://hangar.example/").error().context == "0");
  for (const std::string& other : {whole + "x", std::string("bonjour")}) CHECK(InvitationLink::parse(other).error().code == ErrorCode::kBadInvitation);
  for (const char* start : {"ftp://a/join#", "hangar.example/join#", "https://u:p@a/join#", "https://a?b=/join#", "https:///join#", "ws://a/join#",
                                   "https://a b/join#", "javascript:/join#"})
    CHECK_FALSE(InvitationLink::parse(start + kText));
  CHECK_FALSE(InvitationLink::parse("https://" + std::string(1'024, 'a') + "/join#" + kText));
}

TEST_CASE("a link begins with http or https, without what would change its meaning") {
  CHECK(invitation_base("https://hangar.example/").value() == "https://hangar.example");
  CHECK(invitation_base("http://hangar.example:8420/maillage//").value() == "http://hangar.example:8420/maillage");
  for (const char* wrong : {"", "https://", "ws://a", "https://a/#x", "https://a/?x", "https://u@a", "a"}) CHECK_FALSE(invitation_base(wrong));
}
