// A program under measurement: the peak memory and the seconds of processor of it and all its children.
//
// Memory is looked at every few milliseconds: of each look, the sum over the live processes of the most that each has
// had resident (VmHWM, shared pages counted in each). Looking costs a fraction of a percent of one core.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "tests/e2e/program.h"

namespace maillage::bench {

class Watched {
 public:
  Watched(const std::vector<std::string>& command, const tests::Spawning& how = {});
  ~Watched();

  tests::Child& child() { return child_; }
  std::uint64_t peak_bytes() const { return peak_; }
  // Since it started, of children that ended as well; the last known once it has ended.
  double processor_seconds();
  // Until it has used no processor time for a tenth of a second; half a minute at most.
  void wait_until_at_rest();
  // Of the program itself, now (VmRSS); and what it has had written to disk (proc(5), io).
  std::uint64_t resident_bytes() const;
  std::uint64_t written_bytes() const;
  // Peaks are taken from now on.
  void forget_peak();
  // SIGTERM, and SIGKILL when that is not enough.
  void end();

 private:
  void look();

  tests::Child child_;
  std::atomic<std::uint64_t> peak_ = 0;
  std::atomic<double> processor_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread looker_;
};

// A running daemon of ours.
class Daemon {
 public:
  // `serve` on a free port; ready when it returns. Throws when it is not.
  Daemon(const std::filesystem::path& program, const std::filesystem::path& directory, const std::vector<std::string>& peers = {});

  const std::string& address() const { return address_; }
  std::uint16_t port() const;
  Watched& watched() { return watched_; }

 private:
  Watched watched_;
  std::string address_;
};

// Runs a command to its end; throws when it fails, with what it said.
std::string run_well(const std::vector<std::string>& command);

}  // namespace maillage::bench
