#include "tests/e2e/socket.h"

#include <array>
#include <charconv>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json/parse.hpp>

namespace maillage::tests {
namespace {

int left(Clock::time_point deadline) {
  auto rest = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now()).count();
  return rest > 0 ? static_cast<int>(rest) : 0;
}

bool ready(int file, short what, Clock::time_point deadline) {
  pollfd watched{file, what, 0};
  return ::poll(&watched, 1, left(deadline)) == 1;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

}  // namespace

Socket::Socket(const std::string& address) {
  if (address.starts_with('/')) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    address.copy(to.sun_path, sizeof to.sun_path - 1);
    connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    return;
  }
  auto colon = address.rfind(':');
  if (colon == std::string::npos) return;
  std::uint16_t port = 0;
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) return;
  connect(AF_INET, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

void Socket::connect(int family, const sockaddr* to, unsigned size) {
  file_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file_ < 0) return;
  if (::connect(file_, to, size) == 0) {
    ::fcntl(file_, F_SETFL, O_NONBLOCK);
  } else {
    ::close(std::exchange(file_, -1));
  }
}

Socket::~Socket() {
  if (file_ >= 0) ::close(file_);
}

Socket::Socket(Socket&& other) noexcept
    : file_(std::exchange(other.file_, -1)), ahead_(std::move(other.ahead_)), closed_(other.closed_) {}

bool Socket::send(std::string_view bytes, Milliseconds limit) {
  auto deadline = Clock::now() + limit;
  while (open() && !bytes.empty() && ready(file_, POLLOUT, deadline)) {
    ssize_t size = ::send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return bytes.empty();
}

bool Socket::fill(Clock::time_point deadline) {
  if (!open() || closed_ || !ready(file_, POLLIN, deadline)) return false;
  std::array<char, 65536> buffer;
  ssize_t size = ::recv(file_, buffer.data(), buffer.size(), 0);
  if (size > 0) ahead_.append(buffer.data(), static_cast<std::size_t>(size));
  else closed_ = true;
  return size > 0;
}

std::string Socket::receive(std::size_t size, Milliseconds limit) {
  auto deadline = Clock::now() + limit;
  while (ahead_.size() < size && fill(deadline)) continue;
  std::string bytes = ahead_.substr(0, size);
  ahead_.erase(0, bytes.size());
  return bytes;
}

std::string Socket::receive_until(std::string_view end, Milliseconds limit) {
  auto deadline = Clock::now() + limit;
  auto at = ahead_.find(end);
  while (at == std::string::npos && fill(deadline)) at = ahead_.find(end);
  return receive(at == std::string::npos ? ahead_.size() : at + end.size(), Milliseconds(0));
}

std::string Socket::receive_all(Milliseconds limit) {
  auto deadline = Clock::now() + limit;
  while (fill(deadline)) continue;
  return std::exchange(ahead_, {});
}

boost::json::value Answer::json() const {
  boost::system::error_code error;
  return boost::json::parse(body, error);
}

Answer get(const std::string& address, const std::string& target, const std::vector<std::string>& headers) {
  Socket socket(address);
  std::string request = "GET " + target + " HTTP/1.1\r\nHost: " + address + "\r\nConnection: close\r\n";
  for (const std::string& line : headers) request += line + "\r\n";
  Answer answer;
  if (!socket.send(request + "\r\n")) return answer;
  std::string head = socket.receive_until("\r\n\r\n");
  answer.body = socket.receive_all();
  if (head.size() < 12 || !head.starts_with("HTTP/1.1 ")) return answer;
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    auto end = head.find("\r\n", at);
    auto colon = head.find(':', at);
    if (colon < end) answer.headers[lower(head.substr(at, colon - at))] = head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  return answer;
}

}  // namespace maillage::tests
