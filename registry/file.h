// The few things that durable storage needs of a file system: a mapped file, a file written then synced, a directory
// synced after a rename. Errors are values: kDiskFull for a full disk or quota, kDenied without
// permission, kIo with the path for the rest.
#pragma once

#include <filesystem>

#include "protocol/bytes.h"

namespace maillage::registry {

// A whole file, read-only. Its file is one that nobody changes or shortens while it is mapped. Any thread.
class MappedFile {
 public:
  static protocol::Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  protocol::ByteView bytes() const { return {start_, size_}; }

 private:
  const std::uint8_t* start_ = nullptr;
  std::size_t size_ = 0;
};

// A new file, mode 0600 whatever the umask. One thread.
class OutputFile {
 public:
  static protocol::Result<OutputFile> create(const std::filesystem::path& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  protocol::Result<void> append(protocol::ByteView bytes);
  protocol::Result<void> overwrite(std::uint64_t offset, protocol::ByteView bytes);
  protocol::Result<void> truncate(std::uint64_t size);
  protocol::Result<void> sync();
  std::uint64_t size() const { return size_; }

 private:
  OutputFile(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_ = -1;
  std::filesystem::path path_;
  std::uint64_t size_ = 0;
};

// Creates `path` with these bytes, synced; not yet its directory.
protocol::Result<void> write_file(const std::filesystem::path& path, protocol::ByteView bytes);

// The same in the place of what is there: written beside it as `path`.new, synced, renamed. Not yet its directory.
protocol::Result<void> replace_file(const std::filesystem::path& path, protocol::ByteView bytes);

// Removes what a replacement that was cut short left in `directory`. Fine when there is no such directory.
protocol::Result<void> clear_replacements(const std::filesystem::path& directory);

// Makes names created, renamed or removed in `directory` durable.
protocol::Result<void> sync_directory(const std::filesystem::path& directory);

protocol::Result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to);

// Fine when it is not there.
protocol::Result<void> remove_file(const std::filesystem::path& path);

protocol::Result<protocol::Bytes> read_file(const std::filesystem::path& path, std::uint64_t bytes_max);

}  // namespace maillage::registry
