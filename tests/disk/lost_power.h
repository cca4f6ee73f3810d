// What a disk may hold after the power went: a model of a folder whose steps are known (disk.h), as strict as POSIX.
//
// Bytes are durable once their file was synced, names once their folder was; nothing else is. Between, a disk may have
// kept all of it or nothing, so a test asks for each luck. One thread.
#pragma once

#include <map>
#include <memory>

#include "tests/disk/disk.h"

namespace maillage::tests {

enum class Luck {
  kNothing,  // what was not synced is gone
  kNames,    // names are as they were last, bytes are not
  kZeros,    // so are lengths, but what they measure is zeros
};

class LostPower {
 public:
  // Everything in `folder`, which need not exist, is durable; so is the folder above.
  explicit LostPower(const std::filesystem::path& folder);

  void apply(const DiskStep& step);

  // Makes `folder` anew as the disk is found.
  void leave(const std::filesystem::path& folder, Luck luck) const;
  // Equal when the same would be left.
  std::string fingerprint(Luck luck) const;

 private:
  struct File {
    std::string now, durable;
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;  // path below the folder; no file: a folder

  void sync(const std::string& path);
  static void rename_below(Names& names, const std::string& from, const std::string& to, bool keep);
  // What is left: path and bytes, nothing for a folder.
  std::map<std::string, std::optional<std::string>> left(Luck luck) const;

  Names now_, durable_;
};

}  // namespace maillage::tests
