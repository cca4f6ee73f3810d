#include "daemon/out_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "protocol/path.h"

namespace maillage::daemon {
namespace {

namespace fs = std::filesystem;
using protocol::ErrorCode;
using protocol::fail;
using protocol::Result;

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kFileFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

tl::unexpected<protocol::Error> failed(const std::string& what) {
  return tl::unexpected(protocol::system_error(std::error_code(errno, std::generic_category()), what));
}

// Closed when it goes.
struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  void reset(int opened) { close(), number = opened; }
  void close() {
    if (number >= 0) ::close(number);
  }
  int number;
};

Result<void> write_all(int file, protocol::ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

OutFolder::OutFolder(OutFolder&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

OutFolder::~OutFolder() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<OutFolder> OutFolder::create(const fs::path& path) {
  bool made = ::mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return failed(path.string());
  int folder = ::open(path.c_str(), kFolderFlags);
  if (folder < 0 && (errno == ENOTDIR || errno == ELOOP)) return fail(ErrorCode::kNotAFile, path.string());
  if (folder < 0) return failed(path.string());
  OutFolder opened(folder, path);
  std::error_code error;
  if (!made && !fs::is_empty(path, error)) return fail(ErrorCode::kFolderNotEmpty, path.string());
  if (::fchmod(folder, 0700) != 0) return failed(path.string());  // whatever the umask, and of an empty one
  return opened;
}

Result<void> OutFolder::write(const std::string& path, protocol::ByteView bytes) {
  if (auto fine = protocol::check_path(path); !fine) return fine;
  std::string whole = (path_ / path).string();
  Descriptor folder(::dup(descriptor_));
  std::size_t begin = 0;
  for (std::size_t slash = path.find('/'); slash != std::string::npos; begin = slash + 1, slash = path.find('/', begin)) {
    std::string name = path.substr(begin, slash - begin);
    if (::mkdirat(folder.number, name.c_str(), 0700) != 0 && errno != EEXIST) return failed(whole);
    int inner = ::openat(folder.number, name.c_str(), kFolderFlags);
    if (inner < 0) return failed(whole);
    folder.reset(inner);
  }
  Descriptor file(::openat(folder.number, path.substr(begin).c_str(), kFileFlags, 0600));
  if (file.number < 0 && errno == EEXIST) return fail(ErrorCode::kFileExists, whole);
  if (file.number < 0) return failed(whole);
  return write_all(file.number, bytes, whole);
}

}  // namespace maillage::daemon
