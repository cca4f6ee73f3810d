// Makes the disk of a real daemon end it: preloaded by the end-to-end tests (LD_PRELOAD), never part of the program.
//   MAILLAGE_DISK_FOLDER   the folder whose changes are steps
//   MAILLAGE_DISK_KILL_AT  the step before which the daemon ends
#include <cstdlib>

#include "tests/disk/disk.h"

namespace {

__attribute__((constructor)) void watch() {
  const char *folder = std::getenv("MAILLAGE_DISK_FOLDER"), *number = std::getenv("MAILLAGE_DISK_KILL_AT");
  if (folder == nullptr || number == nullptr) return;
  static maillage::tests::Disk disk(folder);
  disk.kill_at(std::strtoul(number, nullptr, 10));
  disk.begin();
}

}  // namespace
