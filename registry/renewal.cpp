#include "registry/renewal.h"

#include <algorithm>
#include <limits>

#include "protocol/limits.h"
#include "registry/file.h"

namespace maillage::registry {

using namespace protocol;

namespace {

constexpr std::string_view kMark = "maillage-renewal-1\n";
constexpr std::uint64_t kRenewalBytesMax = 512 * kMiB;  // more places than one daemon may keep
constexpr std::uint64_t kCounterMax = std::numeric_limits<std::uint64_t>::max();

std::filesystem::path file_in(const std::filesystem::path& directory) { return directory / "keys" / "renewal"; }

bool is_root(const Charter& charter, const PublicKey& key) { return std::ranges::binary_search(charter.roots, key); }

// Each root of one sheet becomes the other's of the same number, so that whoever held enough still does.
std::vector<PublicKey> replaced(const Charter& charter, const RecoverySheet& from, const RecoverySheet& to) {
  std::vector<PublicKey> roots = charter.roots;
  for (std::uint64_t index = 0; index < kRootKeysMax; ++index)
    if (auto at = std::ranges::find(roots, from.root(index).public_key()); at != roots.end()) *at = to.root(index).public_key();
  std::ranges::sort(roots);
  return roots;
}

}  // namespace

Bytes encode(const Renewal& renewal) {
  Writer out;
  for (char letter : kMark) out.u8(static_cast<std::uint8_t>(letter));  // in one piece, g++ 12 takes it for an overflow
  out.fixed(renewal.daemon_seed).fixed(renewal.root).u32(static_cast<std::uint32_t>(renewal.charters.size()));
  for (const SignedCharter& charter : renewal.charters) write(out, charter);
  return std::move(out).take();
}

Result<Renewal> decode_renewal(ByteView bytes) {
  Reader in(bytes);
  if (as_text(in.take(kMark.size())) != kMark) return fail(ErrorCode::kCorrupt, "keys/renewal");
  Renewal renewal{in.fixed<Seed>(), in.fixed<PublicKey>(), {}};
  std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
    auto charter = read_signed_charter(in);
    if (!charter) return tl::unexpected(charter.error());
    renewal.charters.push_back(std::move(*charter));
  }
  if (auto done = in.finish("keys/renewal"); !done) return tl::unexpected(done.error());
  return renewal;
}

Result<void> write_renewal(const std::filesystem::path& directory, const Renewal& renewal) {
  if (auto written = replace_file(file_in(directory), encode(renewal)); !written) return written;
  return sync_directory(directory / "keys");
}

Result<std::optional<Renewal>> read_renewal(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::exists(file_in(directory), error)) return std::optional<Renewal>();
  auto bytes = read_file(file_in(directory), kRenewalBytesMax);
  if (!bytes) return tl::unexpected(bytes.error());
  auto renewal = decode_renewal(*bytes);
  if (!renewal) return tl::unexpected(renewal.error());
  return std::optional(std::move(*renewal));
}

Result<void> remove_renewal(const std::filesystem::path& directory) {
  if (auto removed = remove_file(file_in(directory)); !removed) return removed;
  return sync_directory(directory / "keys");
}

std::vector<KeyPair> roots_held(const RecoverySheet& sheet, const Charter& charter) {
  std::vector<KeyPair> held;
  for (std::uint64_t index = 0; index < kRootKeysMax; ++index)
    if (KeyPair root = sheet.root(index); is_root(charter, root.public_key())) held.push_back(root);
  return held;
}

Result<Charter> next_charter(const CharterChain& chain, const CharterChange& change) {
  if (chain.size() >= kChartersMax) return fail(ErrorCode::kTooMany, "charters of " + chain.place().hex());
  Charter next = chain.latest();
  next.place = chain.place();
  next.number = chain.size();
  next.previous = hash_of(chain.latest());
  next.daemon_key = change.daemon_key;
  next.minimum_epoch = std::max(next.minimum_epoch, change.minimum_epoch);
  next.time = change.time;
  if (change.from && change.to) next.roots = replaced(next, *change.from, *change.to);
  if (!change.roots.empty()) next.roots = change.roots, next.threshold = change.threshold;
  return next;
}

FirstCounters first_counters(const Charter& charter, const Head& before) {
  std::uint64_t epoch = before.epoch == kCounterMax ? charter.minimum_epoch : std::max(before.epoch, charter.minimum_epoch);
  bool goes_on = epoch == before.epoch && before.sequence != kCounterMax;
  return {epoch, goes_on ? before.sequence + 1 : 0};
}

}  // namespace maillage::registry
