// The disk between a program and its files: every change below one folder is a step that a test can list, end the
// process at, or refuse as a full disk does.
//
// disk.cpp defines write, fsync, rename … in front of the C library's. So it sees our code, std::filesystem and RocksDB
// alike, nothing in the program knows of it, and no step can be forgotten: a new one is there by itself. It is linked
// into a test binary, or preloaded into a real daemon (preload.cpp). Rationale for no points in the code: what kill -9
// leaves behind changes at these steps and nowhere else.
//
// One disk at a time. Any thread makes steps; they are numbered in the order they are made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace maillage::tests {

enum class Change {
  kFolder,   // a folder is made
  kCreate,   // an empty file
  kWrite,
  kHalf,     // of a write that is then cut: the step between nothing and all of it
  kCut,      // to `offset` bytes
  kReserve,  // room for a file
  kSync,     // of a file's bytes, or of a folder's names
  kRename,
  kRemove,
  kSaid,     // no change: the program acknowledged something (Disk::said)
};

struct DiskStep {
  Change change;
  std::string path;    // below the folder; "." is the folder, ".." the one above
  std::string target;  // of a rename
  std::uint64_t offset = 0;
  std::string bytes;   // what is written

  std::string text() const;
};

class Disk {
 public:
  // Which steps count: those on our own files, on RocksDB's log as well, or on all files.
  enum class Scope { kOwn, kRegistry, kAll };
  explicit Disk(std::filesystem::path folder, Scope scope = Scope::kRegistry);
  ~Disk();
  Disk(const Disk&) = delete;

  // Steps are counted from here.
  void begin();
  // The process ends with SIGKILL before step `number`, the first being 0; FOLDER.killed then names the step.
  void kill_at(std::size_t number);
  // From step `number` on there is no room, until `free`.
  void fill_at(std::size_t number);
  void free();
  // What the caller was told is from here on a promise.
  void said();

  bool was_full() const;  // whether any step was refused
  std::vector<DiskStep> steps() const;
};

}  // namespace maillage::tests
