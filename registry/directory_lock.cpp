#include "registry/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace maillage::registry {

using protocol::ErrorCode;
using protocol::fail;

protocol::Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
  std::filesystem::path path = directory / "lock";
  int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return tl::unexpected(protocol::system_error({errno, std::generic_category()}, path.string()));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    int reason = errno;
    ::close(descriptor);
    if (reason == EWOULDBLOCK) return fail(ErrorCode::kInUse, directory.string());
    return tl::unexpected(protocol::system_error({reason, std::generic_category()}, path.string()));
  }
  return DirectoryLock(descriptor);
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace maillage::registry
