// What is said and heard on the local network.
#include <catch2/catch.hpp>

#include "daemon/lan_table.h"
#include "daemon/peer_url.h"
#include "tests/protocol/author.h"
#include "tests/protocol/damage.h"

using namespace maillage::daemon;
using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

const PlaceId kOwn{{1}}, kOther{{2}};
constexpr Instant kNow = Instant{} + 1h;

Bytes says(const PlaceId& place, std::uint16_t port = 8420) { return encode(LanAnnouncement{place, port, false, "/peer"}); }

}  // namespace

TEST_CASE("an announcement reads back as it was written, and nothing else does") {
  LanAnnouncement said{kOther, 8443, true, "/maillage/peer"};
  Bytes datagram = encode(said);
  CHECK(datagram.size() <= kLanDatagramBytesMax);
  REQUIRE(decode_lan_announcement(datagram));
  CHECK(*decode_lan_announcement(datagram) == said);
  for_each_truncation(datagram, [](ByteView cut) { CHECK_FALSE(decode_lan_announcement(cut)); });
  for_each_flip(datagram, [&](ByteView flipped) {
    auto read = decode_lan_announcement(flipped);
    if (read) CHECK(encode(*read) == Bytes(flipped.begin(), flipped.end()));
  });
  datagram.push_back(0);
  CHECK(decode_lan_announcement(datagram).error().code == ErrorCode::kTrailingBytes);
  for (const char* path : {"peer", "/", "/admin", "/a b/peer", "/é/peer", "/x?y=/peer"})
    CHECK_FALSE(decode_lan_announcement(encode(LanAnnouncement{kOther, 1, false, path})));
  CHECK_FALSE(decode_lan_announcement(encode(LanAnnouncement{kOther, 0, false, "/peer"})));
}

TEST_CASE("who is heard is known at the address that spoke, once, and not we ourselves") {
  LanTable table(kOwn);
  CHECK(table.hear(says(kOther), "192.168.1.7", kNow));
  CHECK_FALSE(table.hear(says(kOther), "192.168.1.7", kNow));
  CHECK_FALSE(table.hear(says(kOwn), "192.168.1.7", kNow));
  REQUIRE(table.all().size() == 1);
  CHECK(table.all().front().url == "ws://192.168.1.7:8420/peer");
  CHECK(parse_peer_url(table.all().front().url));
  CHECK_FALSE(table.hear(says(kOther, 9999), "192.168.1.66", kNow));  // who says to be the same elsewhere waits
  CHECK(table.all().front().url == "ws://192.168.1.7:8420/peer");
}

TEST_CASE("who is silent for three announcements is gone, and comes back") {
  LanTable table(kOwn);
  REQUIRE(table.hear(says(kOther), "192.168.1.7", kNow));
  CHECK_FALSE(table.expire(kNow + kLanForget));
  REQUIRE_FALSE(table.hear(says(kOther), "192.168.1.7", kNow + kLanForget));
  CHECK_FALSE(table.expire(kNow + 2 * kLanForget));
  CHECK(table.expire(kNow + 2 * kLanForget + 1s));
  CHECK(table.all().empty());
  CHECK(table.hear(says(kOther, 9000), "192.168.1.8", kNow + 3 * kLanForget));
}

TEST_CASE("a flood fills neither the table nor the time") {
  LanTable table(kOwn);
  SeededRandom random(4);
  std::size_t heard = 0;
  Instant now = kNow;
  for (int i = 0; i < 10'000; ++i, now += 1ms) heard += table.hear(says(random.fixed<PlaceId>()), "192.168.1.9", now) ? 1 : 0;
  CHECK(heard == kLanPlacesMax);
  CHECK(table.all().size() == kLanPlacesMax);
  LanTable quick(kOwn);
  for (std::uint64_t i = 0; i < kLanDatagramsBurst; ++i) (void)quick.hear(Bytes{1, 2, 3}, "192.168.1.9", kNow);
  CHECK_FALSE(quick.hear(says(kOther), "192.168.1.7", kNow));
  CHECK(quick.hear(says(kOther), "192.168.1.7", kNow + 1s));
}
