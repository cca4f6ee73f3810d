#include "daemon/lan_discovery.h"

#include <algorithm>
#include <array>
#include <set>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/clock.h"
#include "daemon/log.h"

namespace maillage::daemon {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

constexpr int kHopLimit = 255;
constexpr std::chrono::milliseconds kFirstAfter{100}, kSoon{1'000};
// Datagrams read before others have their turn.
constexpr int kReadAtOnce = 16;

std::set<int> interfaces() {
  std::set<int> found;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  constexpr unsigned kNeeded = IFF_UP | IFF_MULTICAST;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    bool usable = each->ifa_addr != nullptr && each->ifa_addr->sa_family == AF_INET && (each->ifa_flags & kNeeded) == kNeeded &&
                  (each->ifa_flags & IFF_LOOPBACK) == 0;
    if (usable && found.size() < kLanInterfacesMax) found.insert(static_cast<int>(::if_nametoindex(each->ifa_name)));
  }
  ::freeifaddrs(list);
  return found;
}

ip_mreqn on_interface(int index) {
  ip_mreqn request{};
  request.imr_multiaddr.s_addr = ::inet_addr(kLanGroup);
  request.imr_ifindex = index;
  return request;
}

}  // namespace

struct LanDiscovery::State : std::enable_shared_from_this<LanDiscovery::State> {
  State(asio::io_context& context, const LanAnnouncement& said, protocol::Random& source, std::function<void()> told)
      : own(said), random(source), changed(std::move(told)), table(said.place), socket(context), timer(context) {}

  LanAnnouncement own;
  protocol::Random& random;
  std::function<void()> changed;
  LanTable table;
  udp::socket socket;
  asio::steady_timer timer;
  std::set<int> joined;
  bool stopped = false;

  error_code open();
  void set(int level, int option, int value) { (void)::setsockopt(socket.native_handle(), level, option, &value, sizeof value); }
  void announce();
  void announce_after(std::chrono::milliseconds wait);
  void listen();
  bool read();
};

error_code LanDiscovery::State::open() {
  error_code error;
  socket.open(udp::v4(), error);
  // Several daemons may be on one machine.
  if (!error) socket.set_option(udp::socket::reuse_address(true), error);
  // To the group's address: what is sent to this machine's own is not for us.
  if (!error) socket.bind(udp::endpoint(asio::ip::make_address_v4(kLanGroup), kLanPort), error);
  if (!error) socket.non_blocking(true, error);
  if (error) return error;
  set(IPPROTO_IP, IP_MULTICAST_TTL, kHopLimit);
  set(IPPROTO_IP, IP_RECVTTL, 1);
  set(IPPROTO_IP, IP_MULTICAST_LOOP, 1);
  set(IPPROTO_IP, IP_MULTICAST_ALL, 0);
  return error;
}

void LanDiscovery::State::announce() {
  protocol::Bytes datagram = encode(own);
  sockaddr_in group{};
  group.sin_family = AF_INET;
  group.sin_port = htons(kLanPort);
  group.sin_addr.s_addr = ::inet_addr(kLanGroup);
  std::set<int> present = interfaces();  // they come and go
  for (int index : present) {
    ip_mreqn request = on_interface(index);
    bool is_new = joined.insert(index).second;
    if (is_new) (void)::setsockopt(socket.native_handle(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
    if (::setsockopt(socket.native_handle(), IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) != 0) continue;
    (void)::sendto(socket.native_handle(), datagram.data(), datagram.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&group), sizeof group);
  }
  std::erase_if(joined, [&](int index) { return !present.contains(index); });
  if (table.expire(now().instant)) changed();
}

void LanDiscovery::State::announce_after(std::chrono::milliseconds wait) {
  auto half = static_cast<std::uint64_t>(wait.count() / 2);
  timer.expires_after(wait - std::chrono::milliseconds(half) + std::chrono::milliseconds(random.below(2 * half)));
  timer.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->stopped) return;
    self->announce();
    self->announce_after(kLanAnnounceEvery);
  });
}

void LanDiscovery::State::listen() {
  socket.async_wait(udp::socket::wait_read, [self = shared_from_this()](error_code error) {
    if (error || self->stopped) return;
    bool news = false;
    for (int i = 0; i < kReadAtOnce; ++i) news = self->read() || news;
    self->listen();
    if (!news) return;
    self->announce_after(kSoon);  // whoever is new knows nobody
    self->changed();
  });
}

// One datagram; gives whether it told something new.
bool LanDiscovery::State::read() {
  std::array<std::uint8_t, kLanDatagramBytesMax + 1> bytes{};  // one more: a larger one is none of ours
  alignas(cmsghdr) std::array<char, 128> control{};
  sockaddr_in from{};
  iovec room{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &room;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = ::recvmsg(socket.native_handle(), &message, MSG_DONTWAIT);
  if (size <= 0 || from.sin_family != AF_INET) return false;
  int hops = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part))
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_TTL) std::memcpy(&hops, CMSG_DATA(part), sizeof hops);
  if (hops != kHopLimit) return false;
  std::string address = asio::ip::make_address_v4(ntohl(from.sin_addr.s_addr)).to_string();
  return table.hear({bytes.data(), static_cast<std::size_t>(size)}, address, now().instant);
}

LanDiscovery::LanDiscovery(asio::io_context& node, const LanAnnouncement& own, protocol::Random& random, std::function<void()> changed)
    : state_(std::make_shared<State>(node, own, random, std::move(changed))) {}

LanDiscovery::~LanDiscovery() { stop(); }

protocol::Result<void> LanDiscovery::start() {
  if (auto error = state_->open(); error) return tl::unexpected(protocol::system_error(error, kLanGroup));
  for (int index : interfaces()) {
    ip_mreqn request = on_interface(index);
    state_->joined.insert(index);
    (void)::setsockopt(state_->socket.native_handle(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
  }
  state_->listen();
  state_->announce_after(kFirstAfter);
  return {};
}

void LanDiscovery::stop() {
  error_code ignored;
  state_->stopped = true;
  state_->timer.cancel();
  state_->socket.close(ignored);
}

std::vector<LanTable::Heard> LanDiscovery::heard() const { return state_->table.all(); }

}  // namespace maillage::daemon
