#include "registry/refs.h"

#include <algorithm>

#include "registry/file.h"

namespace maillage::registry {
namespace {

using protocol::fail;

// Narrower than git's own rule (git-check-ref-format(1)), which it implies.
bool name_holds(std::string_view name) {
  auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/'; };
  return name.starts_with("refs/") && !name.ends_with('/') && name.find("//") == name.npos && std::ranges::all_of(name, allowed);
}

}  // namespace

Result<void> write_refs(const std::string& git_directory, std::vector<NamedCommit> refs) {
  std::ranges::sort(refs, {}, &NamedCommit::name);
  std::string text = "# pack-refs with: peeled fully-peeled sorted \n";
  for (const NamedCommit& ref : refs) {
    if (!name_holds(ref.name)) return fail(ErrorCode::kMalformed, ref.name);
    text += ref.commit.hex() + " " + ref.name + "\n";
  }
  std::filesystem::path directory(git_directory);
  if (auto done = replace_file(directory / "packed-refs", protocol::as_bytes(text)); !done) return done;
  return sync_directory(directory);
}

}  // namespace maillage::registry
