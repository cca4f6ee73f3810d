// Drills: each thing that a registry does to its disk, so that a test may interrupt it at every step and see what is
// left. Interrupted work runs in a child process; so does the look at what it left. One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "registry/registry.h"
#include "tests/disk/disk.h"
#include "tests/registry/temporary_directory.h"

namespace maillage::tests {

struct Drill {
  std::string name;
  Disk::Scope scope = Disk::Scope::kRegistry;
  // Before, undisturbed: `dir` is a daemon's folder, or not there yet.
  std::function<void(const std::filesystem::path& dir)> prepare;
  // What may be interrupted, in a registry that was opened undisturbed, or (`whole`) the opening itself. It can be done
  // again after it was cut short.
  std::function<protocol::Result<void>(registry::Registry&)> work;
  std::function<protocol::Result<void>(const std::filesystem::path& dir)> whole;
  // Whether what was acknowledged is there.
  std::function<bool(const registry::Registry&)> kept;
};

// Does it; `begin` is called where it may first be interrupted.
protocol::Result<void> act(const Drill& drill, const std::filesystem::path& dir, const std::function<void()>& begin);

// init, publish, unpublish, confirm, ingest, persist, sheet, rotate, refs, reindex, contribute, approve, refuse, erase, let-go, tend, restart.
const std::vector<Drill>& drills();
const Drill& drill(std::string_view name);

// A folder for many small files that need not outlive the machine: memory where there is some.
std::filesystem::path scratch();

struct Outcome {
  bool killed = false;
  std::string said;  // what the child returned
};
Outcome in_child(const std::function<std::string()>& work);

// For work that waits for RocksDB's threads, as a purge does: once they run in this process, its children are told that they run,
// and wait for ever. Then runs the test case of this name in a process of its own and gives what it printed when it failed; nothing when
// this process has no other thread and may go on.
std::optional<std::string> done_elsewhere(const std::string& test);

// The steps of an undisturbed drill on a copy of `prepared`. Something is said twice: where it may first be interrupted,
// and last, where it is acknowledged. With `kAll` the steps of opening come before.
std::vector<DiskStep> steps_of(const Drill& drill, const std::filesystem::path& prepared, Disk::Scope scope);

// Opens `dir` as after an interruption and says what is wrong: what was there before or was acknowledged is gone,
// `verify` finds something, the work cannot be done again, a temporary file stayed, git fsck complains. "": nothing.
std::string unsound_after(const Drill& drill, const std::filesystem::path& dir, bool acknowledged);

}  // namespace maillage::tests
