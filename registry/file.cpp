#include "registry/file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/byte_size.h"

namespace maillage::registry {

using protocol::Bytes;
using protocol::ByteView;
using protocol::ErrorCode;
using protocol::fail;
using protocol::Result;

namespace {

tl::unexpected<protocol::Error> failed(const std::filesystem::path& path) {
  int number = errno;
  if (number == EDQUOT) return fail(ErrorCode::kDiskFull, path.string());
  return tl::unexpected(protocol::system_error({number, std::generic_category()}, path.string()));
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status {};
  if (file.number < 0 || ::fstat(file.number, &status) != 0) return failed(path);
  MappedFile mapped;
  mapped.size_ = static_cast<std::size_t>(status.st_size);
  if (mapped.size_ == 0) return mapped;
  void* start = ::mmap(nullptr, mapped.size_, PROT_READ, MAP_SHARED, file.number, 0);
  if (start == MAP_FAILED) {
    mapped.size_ = 0;
    return failed(path);
  }
  mapped.start_ = static_cast<const std::uint8_t*>(start);
  return mapped;
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(start_, other.start_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (start_ != nullptr) ::munmap(const_cast<std::uint8_t*>(start_), size_);
}

Result<OutputFile> OutputFile::create(const std::filesystem::path& path) {
  int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed(path);
  return OutputFile(descriptor, path);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)), size_(other.size_) {}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> OutputFile::append(ByteView bytes) {
  if (auto done = overwrite(size_, bytes); !done) return done;
  size_ += bytes.size();
  return {};
}

Result<void> OutputFile::overwrite(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(path_);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> OutputFile::truncate(std::uint64_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return failed(path_);
  size_ = size;
  return {};
}

Result<void> OutputFile::sync() {
  if (::fdatasync(descriptor_) != 0) return failed(path_);
  return {};
}

Result<void> write_file(const std::filesystem::path& path, ByteView bytes) {
  auto file = OutputFile::create(path);
  if (!file) return tl::unexpected(file.error());
  if (auto done = file->append(bytes); !done) return done;
  return file->sync();
}

constexpr const char* kFresh = ".new";

Result<void> replace_file(const std::filesystem::path& path, ByteView bytes) {
  std::filesystem::path fresh = path;
  fresh += kFresh;
  if (auto done = remove_file(fresh); !done) return done;
  if (auto done = write_file(fresh, bytes); !done) return done;
  return rename_file(fresh, path);
}

Result<void> clear_replacements(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> left;
  std::error_code error;
  for (std::filesystem::directory_iterator files(directory, error), end; !error && files != end; files.increment(error))
    if (files->path().extension() == kFresh) left.push_back(files->path());
  if (error && error != std::errc::no_such_file_or_directory) return tl::unexpected(protocol::system_error(error, directory.string()));
  for (const auto& path : left)
    if (auto done = remove_file(path); !done) return done;
  return {};
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  Descriptor file{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (file.number < 0 || ::fsync(file.number) != 0) return failed(directory);
  return {};
}

Result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed(to);
  return {};
}

Result<void> remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed(path);
  return {};
}

Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t bytes_max) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status {};
  if (file.number < 0 || ::fstat(file.number, &status) != 0) return failed(path);
  if (static_cast<std::uint64_t>(status.st_size) > bytes_max)
    return fail(ErrorCode::kTooLarge, path.string() + ", " + protocol::over_size(static_cast<std::uint64_t>(status.st_size), bytes_max));
  Bytes bytes(static_cast<std::size_t>(status.st_size));
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    ssize_t count = ::read(file.number, bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(path);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace maillage::registry
