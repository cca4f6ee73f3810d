// GitLoad: what git's fetches and pushes hold of what is bounded, all together and each sender alone: the slow connections of one
// address must not keep everybody else out. registry/GIT.md "Bounds".
//
// Invariant: what a Share took is given back at its end. Any thread; one short lock.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "daemon/http_message.h"

namespace maillage::daemon {

class Capacity {
 public:
  static constexpr std::size_t kNoLimit = ~std::size_t{0};
  explicit Capacity(std::size_t most, std::size_t most_of_one = kNoLimit) : most_(most), most_of_one_(most_of_one) {}

 private:
  friend class Share;
  bool take(const std::string& sender, std::size_t more);
  void give_back(const std::string& sender, std::size_t taken);

  const std::size_t most_, most_of_one_;
  std::mutex mutex_;
  std::size_t taken_ = 0;
  std::map<std::string, std::size_t> senders_;  // only while they hold something
};

// `sender`: `counted_address`; the empty one is bounded by the whole alone.
class Share {
 public:
  explicit Share(Capacity& of, std::string sender = {}) : of_(of), sender_(std::move(sender)) {}
  ~Share() { release(); }
  Share(const Share&) = delete;
  // False: nothing more was taken.
  bool take(std::size_t more);
  void release();

 private:
  Capacity& of_;
  const std::string sender_;
  std::size_t taken_ = 0;
};

struct GitLimits {
  std::size_t fetches_max = 64;                       // under way at once
  std::size_t fetches_of_one_max = 16;                // from one address: a class behind one router clones together
  std::size_t waiting_bytes_max = 32 * 1024 * 1024;   // of requests that are not whole yet, all together
  std::size_t waiting_bytes_of_one_max = 8 * 1024 * 1024;  // from one address: two of the largest
  std::size_t objects_max = 4'000'000;                // listed for answers under way, all together: 80 MB of names
  std::size_t objects_of_one_max = 2'000'000;         // to one address: the largest answer
  std::chrono::seconds fetch_time_max{3'600};         // from the header to the last byte: 80 MB, a large registry, at 22 KB/s
};

// What all fetches share, of places, of the commons and of answers.
struct GitLoad {
  explicit GitLoad(const GitLimits& given = {})
      : limits(given), fetches(given.fetches_max, given.fetches_of_one_max), waiting_bytes(given.waiting_bytes_max, given.waiting_bytes_of_one_max),
        objects(given.objects_max, given.objects_of_one_max) {}
  const GitLimits limits;
  Capacity fetches, waiting_bytes, objects;
};

// The address that quotas count: all of IPv4, the first half of IPv6, which one household has; empty for this machine's own,
// which a proxy may share with everybody.
std::string counted_address(std::string_view address);

}  // namespace maillage::daemon
