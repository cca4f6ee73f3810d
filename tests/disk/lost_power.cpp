#include "tests/disk/lost_power.h"

#include <fstream>
#include <iterator>

namespace maillage::tests {
namespace {

namespace fs = std::filesystem;

std::string bytes_of_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string parent_of(const std::string& path) {
  auto slash = path.rfind('/');
  return path == "." ? ".." : slash == std::string::npos ? "." : path.substr(0, slash);
}

void overwrite(std::string& content, std::uint64_t offset, const std::string& bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  content.replace(offset, bytes.size(), bytes);
}

}  // namespace

LostPower::LostPower(const fs::path& folder) {
  if (!fs::exists(folder)) return;
  now_["."] = nullptr;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::string bytes = entry.is_directory() ? "" : bytes_of_file(entry.path());
    auto file = entry.is_directory() ? nullptr : std::make_shared<File>(File{bytes, bytes});
    now_[fs::relative(entry.path(), folder).string()] = file;
  }
  durable_ = now_;
}

void LostPower::apply(const DiskStep& step) {
  auto found = now_.find(step.path);
  File* file = found == now_.end() ? nullptr : found->second.get();
  switch (step.change) {
    case Change::kFolder: now_[step.path] = nullptr; break;
    case Change::kCreate: now_[step.path] = std::make_shared<File>(); break;
    case Change::kHalf:
    case Change::kWrite:
      if (file != nullptr) overwrite(file->now, step.offset, step.bytes);
      break;
    case Change::kCut:
      if (file != nullptr) file->now.resize(step.offset);
      break;
    case Change::kSync:
      if (file != nullptr) file->durable = file->now;
      else sync(step.path);
      break;
    case Change::kRename:
      if (found == now_.end()) break;
      if (file == nullptr) {  // what a folder holds goes with it; its durable names are its own, whatever it is called
        rename_below(now_, step.path, step.target, false);
        rename_below(durable_, step.path, step.target, true);
      }
      now_[step.target] = found->second;
      now_.erase(step.path);
      break;
    case Change::kRemove: now_.erase(step.path); break;
    case Change::kReserve:
    case Change::kSaid: break;
  }
}

void LostPower::rename_below(Names& names, const std::string& from, const std::string& to, bool keep) {
  Names moved;
  std::string prefix = from + "/";
  for (const auto& [name, file] : names)
    if (name.starts_with(prefix)) moved[to + "/" + name.substr(prefix.size())] = file;
  if (!keep) std::erase_if(names, [&](const auto& name) { return name.first.starts_with(prefix); });
  names.merge(moved);
}

// The names in one folder.
void LostPower::sync(const std::string& path) {
  std::erase_if(durable_, [&](const auto& name) { return parent_of(name.first) == path && !now_.contains(name.first); });
  for (const auto& [name, file] : now_)
    if (parent_of(name) == path) durable_[name] = file;
}

std::map<std::string, std::optional<std::string>> LostPower::left(Luck luck) const {
  std::map<std::string, std::optional<std::string>> found;
  for (const auto& [name, file] : luck == Luck::kNothing ? durable_ : now_) {  // a folder comes before what is in it
    std::string parent = parent_of(name);
    bool reachable = parent == ".." || (found.contains(parent) && !found[parent]);
    if (!reachable) continue;
    std::optional<std::string>& bytes = found[name];
    if (!file) continue;
    bytes = file->durable;
    if (luck == Luck::kZeros) bytes->resize(std::max(bytes->size(), file->now.size()));
  }
  return found;
}

void LostPower::leave(const fs::path& folder, Luck luck) const {
  fs::remove_all(folder);
  for (const auto& [name, bytes] : left(luck)) {
    fs::path path = name == "." ? folder : folder / name;
    if (bytes) std::ofstream(path, std::ios::binary) << *bytes;
    else fs::create_directory(path);
  }
}

std::string LostPower::fingerprint(Luck luck) const {
  std::string all;
  for (const auto& [name, bytes] : left(luck)) all += name + '\0' + bytes.value_or("folder") + '\0';
  return all;
}

}  // namespace maillage::tests
