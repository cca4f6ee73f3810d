#include "tests/disk/disk.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maillage::tests {
namespace {

constexpr std::size_t kNever = SIZE_MAX;

struct State {
  std::string folder;
  Disk::Scope scope = Disk::Scope::kRegistry;
  std::size_t kill_at = kNever, full_at = kNever;
  bool counts = false, was_full = false;
  std::vector<DiskStep> steps;
};

std::mutex g_mutex;
State* g_state = nullptr;  // guarded

template <class Function>
Function* next_of(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// The path below the folder, ".." for the one above it; nothing for any other.
std::optional<std::string> below(const std::string& path) {
  if (path == g_state->folder) return ".";
  if (path == g_state->folder.substr(0, g_state->folder.rfind('/'))) return "..";
  if (!path.starts_with(g_state->folder + "/")) return std::nullopt;
  return path.substr(g_state->folder.size() + 1);
}

bool is_watched(const std::string& path) {
  std::lock_guard lock(g_mutex);
  return g_state != nullptr && below(path);
}

bool in_scope(const std::string& path) {
  std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  if (name == "lock" || name == "LOCK" || name.starts_with("LOG")) return false;  // no truth in them
  if (g_state->scope == Disk::Scope::kAll || !(path == "state" || path.starts_with("state/"))) return true;
  return g_state->scope == Disk::Scope::kRegistry && name.ends_with(".log");
}

bool needs_room(Change change) {
  return change == Change::kFolder || change == Change::kCreate || change == Change::kWrite || change == Change::kHalf ||
         change == Change::kReserve || change == Change::kSync;
}

[[noreturn]] void die(const DiskStep& step) {
  std::string file = g_state->folder + ".killed", text = step.text() + "\n";
  g_state = nullptr;
  if (std::FILE* out = std::fopen(file.c_str(), "w")) {
    std::fputs(text.c_str(), out);
    std::fclose(out);
  }
  ::raise(SIGKILL);
  std::abort();
}

enum class Verdict { kGo, kFull };

// Numbers the step, and ends the process here when that is asked for.
Verdict reach(DiskStep step) {
  std::size_t number = g_state->steps.size();
  if (number == g_state->kill_at) die(step);
  bool full = number >= g_state->full_at && needs_room(step.change);
  if (full) g_state->was_full = true;
  g_state->steps.push_back(std::move(step));
  return full ? Verdict::kFull : Verdict::kGo;
}

// A step at `path`, if it counts. False, with errno, when it is refused.
bool pass(Change change, const std::string& path, const std::string& target = "", std::uint64_t offset = 0) {
  std::lock_guard lock(g_mutex);
  if (g_state == nullptr || !g_state->counts) return true;
  auto where = below(path);
  if (!where || !in_scope(*where)) return true;
  if (reach({change, *where, target.empty() ? "" : below(target).value_or(target), offset, ""}) == Verdict::kGo) return true;
  errno = ENOSPC;
  return false;
}

// How many of the bytes may be written; nothing: none, for there is no room.
std::optional<std::size_t> pass_write(const std::string& path, std::uint64_t offset, std::string bytes, auto&& write_half) {
  std::lock_guard lock(g_mutex);
  std::size_t size = bytes.size();
  if (g_state == nullptr || !g_state->counts || size == 0) return size;
  auto where = below(path);
  if (!where || !in_scope(*where)) return size;
  std::string half = bytes.substr(0, size / 2);
  if (reach({Change::kHalf, *where, "", offset, half}) == Verdict::kFull) return std::nullopt;
  if (!half.empty() && g_state->steps.size() == g_state->kill_at) write_half(half.size());
  if (!half.empty() && g_state->steps.size() >= g_state->full_at) {
    g_state->was_full = true;
    return half.size();  // the rest meets a full disk
  }
  return reach({Change::kWrite, *where, "", offset, std::move(bytes)}) == Verdict::kGo ? std::optional(size) : std::nullopt;
}

std::string path_of(int file) {
  std::array<char, 4096> buffer;
  std::string link = "/proc/self/fd/" + std::to_string(file);
  ssize_t size = ::readlink(link.c_str(), buffer.data(), buffer.size());
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string path_at(int folder, const char* path) {
  if (path[0] == '/') return path;
  if (folder != AT_FDCWD) return path_of(folder) + "/" + path;
  std::array<char, 4096> buffer;
  return ::getcwd(buffer.data(), buffer.size()) == nullptr ? path : std::string(buffer.data()) + "/" + path;
}

// Before a file is opened: whether it may be made or emptied.
bool pass_open(const std::string& path, int flags) {
  struct stat status {};
  bool there = ::stat(path.c_str(), &status) == 0;
  if (!there && (flags & O_CREAT) != 0) return pass(Change::kCreate, path);
  if (there && (flags & O_TRUNC) != 0 && status.st_size > 0) return pass(Change::kCut, path);
  return true;
}

std::string text_of(const void* bytes, std::size_t size) { return {static_cast<const char*>(bytes), size}; }

}  // namespace

std::string DiskStep::text() const {
  constexpr std::array kVerbs = {"make", "create", "write", "half of", "cut", "reserve", "sync", "rename", "remove", "said"};
  std::string said = kVerbs[static_cast<std::size_t>(change)];
  if (change == Change::kSaid) return said;
  said += " " + path;
  return target.empty() ? said : said + " -> " + target;
}

Disk::Disk(std::filesystem::path folder, Scope scope) {
  std::lock_guard lock(g_mutex);
  std::filesystem::path parent = std::filesystem::canonical(folder.parent_path());
  g_state = new State{(parent / folder.filename()).string(), scope, kNever, kNever, false, false, {}};
}

Disk::~Disk() {
  std::lock_guard lock(g_mutex);
  delete std::exchange(g_state, nullptr);
}

void Disk::begin() {
  std::lock_guard lock(g_mutex);
  g_state->counts = true;
}

void Disk::kill_at(std::size_t number) {
  std::lock_guard lock(g_mutex);
  g_state->kill_at = number;
}

void Disk::fill_at(std::size_t number) {
  std::lock_guard lock(g_mutex);
  g_state->full_at = number;
}

void Disk::free() { fill_at(kNever); }

void Disk::said() {
  std::lock_guard lock(g_mutex);
  reach({Change::kSaid, "", "", 0, ""});
}

bool Disk::was_full() const {
  std::lock_guard lock(g_mutex);
  return g_state->was_full;
}

std::vector<DiskStep> Disk::steps() const {
  std::lock_guard lock(g_mutex);
  return g_state->steps;
}

}  // namespace maillage::tests

using namespace maillage::tests;

// The C library's names. Each asks for its step, then does as it always did.
#define NEXT(name) static auto* const next = next_of(&::name, #name)

namespace {

template <class Next>
int open_through(Next* next, int folder, const char* path, int flags, mode_t mode) {
  return pass_open(path_at(folder, path), flags) ? next(folder, path, flags, mode) : -1;
}

template <class Next>
ssize_t write_through(Next next, int file, const void* bytes, std::size_t size, std::uint64_t offset) {
  auto allowed = pass_write(path_of(file), offset, text_of(bytes, size), [&](std::size_t half) { (void)!next(file, bytes, half); });
  if (allowed) return next(file, bytes, *allowed);
  errno = ENOSPC;
  return -1;
}

mode_t mode_of(int flags, va_list arguments) { return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0; }

}  // namespace

#define OPEN_BODY(name, folder)                         \
  NEXT(name);                                           \
  va_list arguments;                                    \
  va_start(arguments, flags);                           \
  mode_t mode = mode_of(flags, arguments);              \
  va_end(arguments);                                    \
  return open_through(next, folder, path, flags, mode);

extern "C" {

int openat(int folder, const char* path, int flags, ...) { OPEN_BODY(openat, folder) }
int openat64(int folder, const char* path, int flags, ...) { OPEN_BODY(openat64, folder) }
int open(const char* path, int flags, ...) { OPEN_BODY(openat, AT_FDCWD) }
int open64(const char* path, int flags, ...) { OPEN_BODY(openat64, AT_FDCWD) }

ssize_t write(int file, const void* bytes, size_t size) {
  NEXT(write);
  auto at = ::lseek(file, 0, SEEK_CUR);
  return write_through(next, file, bytes, size, at < 0 ? 0 : static_cast<std::uint64_t>(at));
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  NEXT(pwrite);
  auto at_offset = [offset](int to, const void* what, size_t count) { return next(to, what, count, offset); };
  return write_through(at_offset, file, bytes, size, static_cast<std::uint64_t>(offset));
}

int fsync(int file) {
  NEXT(fsync);
  return pass(Change::kSync, path_of(file)) ? next(file) : -1;
}

int fdatasync(int file) {
  NEXT(fdatasync);
  return pass(Change::kSync, path_of(file)) ? next(file) : -1;
}

int ftruncate(int file, off_t size) noexcept {
  NEXT(ftruncate);
  return pass(Change::kCut, path_of(file), "", static_cast<std::uint64_t>(size)) ? next(file, size) : -1;
}

// Room is not really reserved: where a test's disk is memory, that costs more than all the rest.
int fallocate(int file, int mode, off_t offset, off_t size) {
  NEXT(fallocate);
  std::string path = path_of(file);
  if (!pass(Change::kReserve, path)) return -1;
  return is_watched(path) ? 0 : next(file, mode, offset, size);
}

int mkdir(const char* path, mode_t mode) noexcept {
  NEXT(mkdir);
  struct stat status {};
  std::string where = path_at(AT_FDCWD, path);
  while (where.size() > 1 && where.ends_with('/')) where.pop_back();
  bool passed = ::stat(path, &status) == 0 || pass(Change::kFolder, where);
  return passed ? next(path, mode) : -1;
}

int rename(const char* from, const char* to) noexcept {
  NEXT(rename);
  return pass(Change::kRename, path_at(AT_FDCWD, from), path_at(AT_FDCWD, to)) ? next(from, to) : -1;
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  NEXT(unlinkat);
  struct stat status {};
  std::string where = path_at(folder, path);
  bool passed = ::lstat(where.c_str(), &status) != 0 || pass(Change::kRemove, where);
  return passed ? next(folder, path, flags) : -1;
}

int unlink(const char* path) noexcept { return ::unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char* path) noexcept { return ::unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int remove(const char* path) noexcept {
  struct stat status {};
  bool folder = ::lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
  return folder ? ::rmdir(path) : ::unlink(path);
}

}  // extern "C"
