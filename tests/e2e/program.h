// Programs run by a test: commands that end, and daemons that are watched, asked and killed.
//
// Every child is the leader of a process group of its own, which is killed with it; it dies with the test as well
// (PR_SET_PDEATHSIG). Nothing here waits without a limit, and nothing sleeps: a wait ends with what it waits for.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace maillage::tests {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

// Longer than any step takes on a slow machine that runs other tests besides; only a failing test waits this long.
inline constexpr Milliseconds kPatience{30'000};

struct Spawning {
  std::filesystem::path folder;          // the working directory; empty: ours
  std::vector<std::string> environment;  // "NAME=value", added to ours
  std::filesystem::path errors;          // where stderr goes; empty: a pipe
};

// A running program. Its destructor kills it.
class Child {
 public:
  Child(const std::vector<std::string>& command, const Spawning& how);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;

  // The exit code, or 128 + the signal that ended it; nothing when it still runs after `limit`.
  std::optional<int> ended(Milliseconds limit);

  // The next line of stdout; nothing when the program ends or the limit passes first.
  std::optional<std::string> line(Milliseconds limit = kPatience);

  // Writes all of `input` to stdin, closes it, and reads both outputs to their ends, or until `limit`.
  void converse(const std::string& input, Milliseconds limit, std::string& out, std::string& err);

 private:
  pid_t pid_ = -1;
  int process_ = -1;  // a pidfd: readable once the program has ended
  int input_ = -1, output_ = -1, errors_ = -1;
  std::string ahead_;
  std::optional<int> code_;
};

struct Ended {
  int code = -1;  // as Child::ended; -1 when it had to be killed after the limit
  std::string out, err;
};

Ended run(const std::vector<std::string>& command, const std::string& input = "", const Spawning& how = {}, Milliseconds limit = kPatience);

// Looks at `holds` again and again, at once or after a few milliseconds, until it does or patience ends.
template <class Condition>
bool eventually(Condition holds, Milliseconds limit = kPatience);

// Gives the processor to others for a moment.
void yield_for_others();

template <class Condition>
bool eventually(Condition holds, Milliseconds limit) {
  for (auto deadline = Clock::now() + limit; !holds(); yield_for_others())
    if (Clock::now() > deadline) return false;
  return true;
}

}  // namespace maillage::tests
