// Which addresses of profiles are dialled: drawn at random, never more than there is room for, and never where a stranger wants us to knock.
#include "daemon/endpoint_choice.h"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "daemon/address_range.h"
#include "tests/protocol/author.h"

using namespace maillage::daemon;
using namespace maillage::tests;
using namespace std::chrono_literals;

namespace {

PlaceId place(unsigned number) {
  PlaceId id;
  std::memcpy(id.bytes.data(), &number, sizeof number);
  id.bytes[31] = 1;
  return id;
}
std::string url(unsigned number) { return "wss://lieu" + std::to_string(number) + ".example/peer"; }

struct Choosing {
  explicit Choosing(unsigned places = 0, std::uint64_t seed = 1) : random(seed), choice(random) {
    for (unsigned i = 0; i < places; ++i) choice.tell(place(i), {url(i)});
  }
  bool tend(const std::vector<std::string>& named = {}) {
    return choice.tend(named, [this](const PlaceId& one) { return met.contains(one); }, now);
  }
  std::set<std::string> urls() const {
    std::set<std::string> all;
    for (const auto& one : choice.chosen()) all.insert(one.url);
    return all;
  }
  void no_answer(unsigned times, const std::string& at) {
    for (unsigned i = 0; i < times; ++i) choice.unreachable(at);
  }
  SeededRandom random;
  EndpointChoice choice;
  std::set<PlaceId> met;
  Instant now = Instant{} + 1h;
};

}  // namespace

TEST_CASE("as many addresses are chosen as people left room for, of distinct places") {
  Choosing all(100);
  CHECK(all.tend());
  CHECK(all.urls().size() == kOutboundMax);
  CHECK_FALSE(all.tend());
  CHECK(all.tend({"wss://a.example/peer", "wss://b.example/peer"}));
  CHECK(all.urls().size() == kOutboundMax - 2);
  CHECK(all.tend(std::vector<std::string>(kOutboundMax + 3, "wss://a.example/peer")));
  CHECK(all.urls().empty());
}

TEST_CASE("one seed draws the same addresses, another draws others") {
  Choosing one(100, 5), again(100, 5), other(100, 6);
  one.tend(), again.tend(), other.tend();
  CHECK(one.urls() == again.urls());
  CHECK(one.urls() != other.urls());
}

TEST_CASE("places that are ours or connected, and addresses that people named, are not drawn") {
  Choosing few(4);
  few.met = {place(0), place(1)};
  few.tend({url(2)});
  CHECK(few.urls() == std::set{url(3)});
  CHECK(*few.choice.place_at(url(3)) == place(3));
  CHECK(few.choice.place_at(url(0)) == nullptr);
}

TEST_CASE("an address that its profile names no more, or that a person names now, is let go") {
  Choosing few(2);
  few.tend();
  REQUIRE(few.urls().size() == 2);
  few.choice.tell(place(0), {});
  CHECK(few.tend());
  CHECK(few.urls() == std::set{url(1)});
  CHECK(few.tend({url(1)}));
  CHECK(few.urls().empty());
}

TEST_CASE("who does not answer gives way to another and rests, and is kept when there is no other") {
  Choosing few(kOutboundMax + 1);
  few.tend();
  std::string silent = few.choice.chosen().front().url;
  few.no_answer(kAttemptsMax - 1, silent);
  few.now += 1min;
  CHECK_FALSE(few.tend());
  few.choice.answered(silent);
  few.no_answer(kAttemptsMax - 1, silent);
  CHECK_FALSE(few.tend());
  few.no_answer(1, silent);
  CHECK(few.tend());
  CHECK_FALSE(few.urls().contains(silent));
  CHECK(few.urls().size() == kOutboundMax);
  std::string second = few.choice.chosen().front().url;
  few.no_answer(kAttemptsMax, second);
  CHECK_FALSE(few.tend());  // the only other one rests
  CHECK(few.urls().contains(second));
}

TEST_CASE("an address where somebody else answers is not tried again for its place, and is for the place that is there") {
  Choosing two;
  two.choice.tell(place(1), {url(7)});
  two.tend();
  REQUIRE(two.urls() == std::set{url(7)});
  two.choice.unwanted(url(7), two.now);
  CHECK_FALSE(two.tend());
  two.choice.tell(place(2), {url(7)});
  CHECK(two.tend());
  CHECK(*two.choice.place_at(url(7)) == place(2));
}

TEST_CASE("a place that wanted nothing of us rests until a person had a word in it") {
  Choosing one(1);
  one.tend();
  one.choice.unwanted(url(0), one.now);
  CHECK_FALSE(one.tend());
  CHECK(one.choice.rests_until(place(0)) == one.now + kWrongPlaceRest);
  CHECK_FALSE(one.choice.rests_until(place(1)));
  one.choice.forgive(place(0));
  CHECK(one.tend());
  CHECK(one.urls() == std::set{url(0)});
}

TEST_CASE("of an address that few or none will call it is said which rule keeps them") {
  auto code = [](const char* url) { return endpoint_remark(url).value().code; };
  CHECK_FALSE(endpoint_remark("wss://lieu.example/peer"));
  CHECK_FALSE(endpoint_remark("ws://8.8.8.8:8420/peer"));
  CHECK_FALSE(endpoint_remark("wss://lieu.example/"));  // as if it ended with /peer
  CHECK(code("wss://lieu.example/maillage") == ErrorCode::kEndpointPath);
  CHECK(code("ws://lieu.example:1023/peer") == ErrorCode::kEndpointPort);
  CHECK(code("wss://moi@lieu.example/peer") == ErrorCode::kEndpointForm);
  for (const char* near : {"ws://192.168.1.2:8420/peer", "ws://localhost:8420/peer", "ws://[::1]:8420/peer", "ws://serveur/peer", "ws://lieu.local/peer"})
    CHECK(code(near) == ErrorCode::kEndpointPrivate);
}

TEST_CASE("a host that does not answer rests for every profile that names it") {
  Choosing all;
  for (unsigned i = 0; i < 50; ++i) all.choice.tell(place(i), {"wss://victim.example/peer"});
  all.choice.tell(place(90), {url(90)});
  all.choice.tell(place(91), {url(91)});
  all.tend();
  REQUIRE(all.urls().size() == 3);  // one address of a host at a time
  all.choice.tell(place(92), {url(92)});
  std::string victim = "wss://victim.example/peer";
  all.now += 1min;
  all.tend();
  all.choice.tell(place(93), {url(93)});
  all.no_answer(kAttemptsMax, victim);
  CHECK(all.tend());
  CHECK_FALSE(all.urls().contains(victim));
  all.now += kUnreachableRest - 1min;
  all.tend();
  CHECK_FALSE(all.urls().contains(victim));
}

TEST_CASE("however many profiles come and go, addresses are drawn one in ten seconds") {
  Choosing all(5'000);
  std::set<std::string> drawn;
  for (int second = 0; second < 100; ++second, all.now += 1s) {
    all.tend();
    for (const std::string& one : all.urls()) drawn.insert(one), all.no_answer(kAttemptsMax, one);
  }
  CHECK(drawn.size() >= kOutboundMax + 8);
  CHECK(drawn.size() <= kOutboundMax + 10);
}

TEST_CASE("one of the chosen is drawn anew every hour or so") {
  Choosing all(1'000);
  all.tend();
  auto first = all.urls();
  for (int minute = 0; minute < 6 * 60; ++minute, all.now += 1min) all.tend();
  std::vector<std::string> kept;
  std::ranges::set_intersection(first, all.urls(), std::back_inserter(kept));
  CHECK(kept.size() < kOutboundMax - 1);
  CHECK(kept.size() > 0);
}

TEST_CASE("only places' own doors are knocked at: ports, paths and addresses that a stranger could misuse are not") {
  for (const char* fine : {"wss://lieu.example/peer", "ws://lieu.example:8420/base/peer", "ws://8.8.8.8/peer", "wss://[2a01:e0a::1]:4443/peer"})
    CHECK(dialable_endpoint(fine, false));
  for (const char* wrong : {"ws://lieu.example:25/peer", "ws://lieu.example:22/peer", "wss://lieu.example:1023/peer", "ws://lieu.example/admin?delete=all",
                            "http://lieu.example/peer", "ws://user@lieu.example/peer", "ws://lieu.example/admin", "peer"})
    CHECK_FALSE(dialable_endpoint(wrong, true));
  for (const char* near : {"ws://127.0.0.1:8420/peer", "ws://10.1.2.3:8420/peer", "ws://[::1]:8420/peer", "ws://[fe80::1]:8420/peer", "ws://192.168.1.1/peer",
                           "ws://169.254.169.254/peer", "ws://[::ffff:10.0.0.1]:8420/peer"}) {
    CHECK_FALSE(dialable_endpoint(near, false));
    CHECK(dialable_endpoint(near, true));
  }
  Choosing none;
  none.choice.tell(place(1), {"ws://127.0.0.1:8420/peer"});
  CHECK_FALSE(none.tend());
  none.choice.allow(true, true);
  CHECK(none.tend());
  none.choice.allow(false, true);
  CHECK(none.tend());
  CHECK(none.urls().empty());
}

TEST_CASE("addresses that are not public are told apart, however they are written") {
  using boost::asio::ip::make_address;
  for (const char* near : {"0.1.2.3", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.8.8.8", "169.254.0.1", "172.16.0.1", "172.31.255.255",
                           "192.0.2.1", "192.168.0.1", "198.19.0.1", "224.0.0.254", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
                           "2001:db8::1", "2001::1", "64:ff9b::a00:1", "2002:a00:1::1", "::ffff:127.0.0.1"})
    CHECK_FALSE(is_public(make_address(near)));
  for (const char* far : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
                          "223.255.255.255", "2a01:e0a::1", "2002:101:101::1", "::ffff:1.1.1.1"})
    CHECK(is_public(make_address(far)));
}

TEST_CASE("of more places than are kept, a sample is") {
  Choosing all;
  for (unsigned i = 0; i < kEndpointPlacesMax + 1'000; ++i) all.choice.tell(place(i), {url(i)});
  CHECK(all.choice.known() == kEndpointPlacesMax);
  all.choice.tell(place(3), {});
  CHECK(all.choice.known() <= kEndpointPlacesMax);
}
