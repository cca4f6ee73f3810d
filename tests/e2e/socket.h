// A plain connection to a daemon, in raw bytes, and one HTTP request over it. Every wait has a limit.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "tests/e2e/program.h"

struct sockaddr;

namespace maillage::tests {

class Socket {
 public:
  explicit Socket(const std::string& address);  // "127.0.0.1:PORT" or the path of a socket; `open()` tells whether somebody answered
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket(const Socket&) = delete;

  bool open() const { return file_ >= 0; }
  bool send(std::string_view bytes, Milliseconds limit = kPatience);
  // Exactly `size` bytes; fewer when the other side closes or the limit passes.
  std::string receive(std::size_t size, Milliseconds limit = kPatience);
  // Up to and including `end`.
  std::string receive_until(std::string_view end, Milliseconds limit = kPatience);
  // Everything until the other side closes; `closed()` tells whether it did.
  std::string receive_all(Milliseconds limit = kPatience);
  bool closed() const { return closed_; }

 private:
  void connect(int family, const sockaddr* to, unsigned size);
  bool fill(Clock::time_point deadline);

  int file_ = -1;
  std::string ahead_;
  bool closed_ = false;
};

struct Answer {
  int status = 0;  // 0: nobody answered
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  boost::json::value json() const;
};

// GET with a connection of its own; `headers` are whole lines without their ends.
Answer get(const std::string& address, const std::string& target, const std::vector<std::string>& headers = {});

}  // namespace maillage::tests
