#include "registry/unsealed.h"

#include "protocol/sealed.h"
#include "registry/ingest.h"
#include "registry/object_store.h"
#include "registry/recovery.h"
#include "registry/refs.h"
#include "registry/trustees.h"

namespace maillage::registry {
namespace {

using namespace protocol;
namespace fs = std::filesystem;

Result<void> fill(const fs::path& directory, const Handover& handover) {
  auto store = ObjectStore::open(directory);
  if (!store) return tl::unexpected(store.error());
  auto staged = (*store)->stage(handover.pack.size());
  if (!staged) return tl::unexpected(staged.error());
  if (auto appended = (*staged)->append(handover.pack); !appended) return appended;
  ExpectedPlace expected{handover.head, {}};
  TreeCache cache;
  auto checked = check_pack(**store, **staged, std::span(&expected, 1), cache);
  if (!checked) return tl::unexpected(checked.error());
  if (!checked->accepted()) return tl::unexpected(checked->places.front().error());
  auto adopted = (*store)->adopt(**staged, checked->table);
  if (!adopted) return tl::unexpected(adopted.error());
  if (auto released = (*store)->release(*adopted); !released) return released;
  return write_refs((*store)->git_directory().string(), {{"refs/heads/main", handover.head.head.commit}});
}

}  // namespace

Result<fs::path> unseal_into(const fs::path& folder, ByteView file, const RecoverySheet& sheet) {
  auto title = read_sealed_title(file);
  auto content = title ? unseal(file, sheet.root(0)) : tl::unexpected(title.error());
  // A trustee's key is a root too: when the sheet is lost, it opens what the lost one would have.
  if (title && !content) content = unseal(file, sheet.root(kTrusteeSubkey));
  auto handover = content ? decode_handover(*content) : tl::unexpected(content.error());
  if (!handover) return tl::unexpected(handover.error());
  auto chain = chain_in(*handover);
  if (!chain) return tl::unexpected(chain.error());
  if (chain->place() != title->place) return fail(ErrorCode::kBadHandover, "");
  fs::path directory = folder / file_name(*title);
  std::error_code error;
  if (fs::exists(directory, error)) return fail(ErrorCode::kExists, directory.string());
  fs::create_directories(directory, error);
  if (error) return tl::unexpected(system_error(error, directory.string()));
  if (auto filled = fill(directory, *handover); !filled) return tl::unexpected(filled.error());
  return directory / "store.git";
}

}  // namespace maillage::registry
