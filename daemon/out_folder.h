// A folder that a stranger's files are written into, to be looked at: new, or empty and no link, with nothing in it for other users
// (mode 0700, files 0600). Invariant: every name is one that a place may have (protocol/path.h), each file is made, never opened,
// and no step of its path is a symbolic link. One thread; of a command, never of the daemon.
#pragma once

#include <filesystem>

#include "protocol/bytes.h"
#include "protocol/error.h"

namespace maillage::daemon {

class OutFolder {
 public:
  // kFolderNotEmpty; kNotAFile: there is something that is no folder, or a link; what the system says.
  static protocol::Result<OutFolder> create(const std::filesystem::path& path);
  OutFolder(OutFolder&& other) noexcept;
  OutFolder& operator=(OutFolder&&) = delete;
  ~OutFolder();

  // What check_path refuses; kFileExists.
  protocol::Result<void> write(const std::string& path, protocol::ByteView bytes);

 private:
  OutFolder(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_ = -1;
  std::filesystem::path path_;
};

}  // namespace maillage::daemon
