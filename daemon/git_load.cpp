#include "daemon/git_load.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

namespace maillage::daemon {

bool Capacity::take(const std::string& sender, std::size_t more) {
  std::scoped_lock lock(mutex_);
  if (more > most_ - taken_) return false;
  if (!sender.empty() && most_of_one_ != kNoLimit) {
    auto own = senders_.find(sender);
    std::size_t has = own == senders_.end() ? 0 : own->second;
    if (more > most_of_one_ - has) return false;
    senders_[sender] = has + more;
  }
  taken_ += more;
  return true;
}

void Capacity::give_back(const std::string& sender, std::size_t taken) {
  std::scoped_lock lock(mutex_);
  taken_ -= taken;
  auto own = senders_.find(sender);
  if (own != senders_.end() && (own->second -= taken) == 0) senders_.erase(own);
}

bool Share::take(std::size_t more) {
  if (!of_.take(sender_, more)) return false;
  taken_ += more;
  return true;
}

void Share::release() {
  if (taken_ > 0) of_.give_back(sender_, std::exchange(taken_, 0));
}

std::string counted_address(std::string_view address) {
  boost::system::error_code error;
  auto parsed = boost::asio::ip::make_address(std::string(address), error);
  if (error || parsed.is_loopback()) return "";
  if (parsed.is_v4()) return parsed.to_string();
  auto bytes = parsed.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return boost::asio::ip::address_v6(bytes).to_string();
}

}  // namespace maillage::daemon
