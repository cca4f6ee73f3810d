#include "protocol/state.h"

#include <algorithm>
#include <vector>

namespace maillage::protocol {

bool before_in_tree(std::string_view a, bool a_is_folder, std::string_view b, bool b_is_folder) {
  std::size_t shared = std::min(a.size(), b.size());
  if (int order = a.substr(0, shared).compare(b.substr(0, shared)); order != 0) return order < 0;
  auto at_end = [&](std::string_view name, bool folder) {
    if (name.size() > shared) return static_cast<unsigned char>(name[shared]);
    return static_cast<unsigned char>(folder ? '/' : '\0');
  };
  return at_end(a, a_is_folder) < at_end(b, b_is_folder);
}

Hash folder_hash(std::span<const StateEntry> entries) {
  std::vector<const StateEntry*> order;
  for (const StateEntry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const StateEntry* a, const StateEntry* b) {
    return before_in_tree(a->name, a->folder, b->name, b->folder);
  });
  Sha256 hash;
  for (const StateEntry* entry : order) hash.update(as_bytes(entry->name + " " + entry->hash.hex() + "\n"));
  return hash.finish();
}

Hash state_of(const std::map<std::string, Hash>& files) {
  std::vector<StateEntry> entries;
  std::map<std::string, std::map<std::string, Hash>> folders;
  for (const auto& [path, hash] : files) {
    auto slash = path.find('/');
    if (slash == std::string::npos)
      entries.push_back({path, false, hash});
    else
      folders[path.substr(0, slash)][path.substr(slash + 1)] = hash;
  }
  for (const auto& [name, inside] : folders) entries.push_back({name, true, state_of(inside)});
  return folder_hash(entries);
}

}  // namespace maillage::protocol
