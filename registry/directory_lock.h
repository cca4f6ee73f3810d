// DirectoryLock: one process at a time works on a registry's directory. An flock on DIR/lock: it goes with the process
// that holds it, however that ends, and a stale file means nothing.
#pragma once

#include <filesystem>

#include "protocol/error.h"

namespace maillage::registry {

class DirectoryLock {
 public:
  // kInUse when another process, or another part of this one, has it; kDenied, kIo.
  static protocol::Result<DirectoryLock> take(const std::filesystem::path& directory);

  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace maillage::registry
