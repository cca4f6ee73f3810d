#include "registry/keys.h"

#include <algorithm>
#include <cctype>

#include "protocol/utf8.h"
#include "registry/file.h"

namespace maillage::registry {
namespace {

using namespace protocol;

constexpr std::string_view kPrefix = "MAILLAGE";
constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's: no I, L, O, U
constexpr std::size_t kCharacters = 55;                                   // 256 + 19 bits
constexpr std::size_t kGroup = 5;
constexpr std::string_view kRootContext = "mailroot";

int digit_of(char c) {
  c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  auto at = kDigits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// The seed and the first three bytes of its hash, of which 19 bits are shown.
Bytes with_checksum(const Seed& master) {
  Bytes bytes(master.bytes.begin(), master.bytes.end());
  Hash hash = sha256(master.bytes);
  bytes.insert(bytes.end(), hash.bytes.begin(), hash.bytes.begin() + 3);
  return bytes;
}

unsigned bits_at(const Bytes& bytes, std::size_t character) {
  unsigned value = 0;
  for (std::size_t bit = character * 5; bit < character * 5 + 5; ++bit)
    value = value << 1 | (bytes[bit / 8] >> (7 - bit % 8) & 1U);
  return value;
}

template <class T>
Result<T> read_hex(const std::filesystem::path& path) {
  auto bytes = read_file(path, 256);
  if (!bytes) return tl::unexpected(bytes.error());
  std::string_view text = as_text(*bytes);
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  auto value = T::parse(text);
  if (!value) return fail(ErrorCode::kCorrupt, path.string());
  return *value;
}

}  // namespace

RecoverySheet RecoverySheet::make(Random& random) { return RecoverySheet(random.fixed<Seed>()); }

Result<RecoverySheet> RecoverySheet::parse(std::string_view text) {
  std::string digits;
  if (text.size() > 256) return fail(ErrorCode::kBadSheet, " (> 256)");
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (auto at = upper.find(kPrefix); at != std::string::npos) upper = upper.substr(at + kPrefix.size());
  for (char c : upper)
    if (!std::isspace(static_cast<unsigned char>(c)) && c != '-') digits.push_back(c);
  if (digits.size() != kCharacters) return fail(ErrorCode::kBadSheet, " (" + std::to_string(digits.size()) + " / " + std::to_string(kCharacters) + ")");
  Bytes bytes(kCharacters * 5 / 8 + 1);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int value = digit_of(digits[i]);
    if (value < 0) return fail(ErrorCode::kBadSheet, " (" + shown(std::string_view(&digits[i], 1)) + ")");
    for (std::size_t bit = 0; bit < 5; ++bit)
      if ((value >> (4 - bit) & 1) != 0) bytes[(i * 5 + bit) / 8] |= static_cast<std::uint8_t>(128U >> (i * 5 + bit) % 8);
  }
  Seed master;
  std::copy_n(bytes.begin(), master.bytes.size(), master.bytes.begin());
  RecoverySheet sheet(master);
  Bytes expected = with_checksum(master);
  for (std::size_t i = 0; i < kCharacters; ++i)
    if (bits_at(expected, i) != bits_at(bytes, i)) return fail(ErrorCode::kBadSheet, "");
  return sheet;
}

std::string RecoverySheet::text() const {
  Bytes bytes = with_checksum(master_);
  std::string text(kPrefix);
  for (std::size_t i = 0; i < kCharacters; ++i) {
    if (i % kGroup == 0) text.push_back(i == 0 ? ' ' : '-');
    text.push_back(kDigits[bits_at(bytes, i)]);
  }
  return text;
}

KeyPair RecoverySheet::root(std::uint64_t index) const { return KeyPair(derive_seed(master_, index, kRootContext)); }

Result<void> write_keys(const std::filesystem::path& directory, const DaemonKeys& keys) {
  std::filesystem::path folder = directory / "keys";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error) return tl::unexpected(protocol::system_error(error, folder.string()));
  if (auto removed = remove_file(folder / "sheet.confirmed"); !removed) return removed;
  if (auto marked = replace_file(folder / "unfinished", as_bytes("1\n")); !marked) return marked;
  if (auto synced = sync_directory(folder); !synced) return synced;
  if (auto written = replace_file(folder / "root.pub", as_bytes(keys.root.hex() + "\n")); !written) return written;
  if (auto written = replace_file(folder / "daemon.key", as_bytes(keys.daemon_seed.hex() + "\n")); !written) return written;
  if (auto synced = sync_directory(folder); !synced) return synced;
  return sync_directory(directory);
}

Result<void> mark_finished(const std::filesystem::path& directory) {
  if (auto removed = remove_file(directory / "keys" / "unfinished"); !removed) return removed;
  return sync_directory(directory / "keys");
}

Result<KeyState> key_state(const std::filesystem::path& directory) {
  std::error_code error, ignored;
  bool there = std::filesystem::exists(directory / "keys" / "daemon.key", error);
  if (error == std::errc::permission_denied) return fail(ErrorCode::kDenied, directory.string());
  if (std::filesystem::exists(directory / "keys" / "unfinished", ignored)) return KeyState::kUnfinished;
  return there ? KeyState::kFinished : KeyState::kNone;
}

Result<DaemonKeys> read_keys(const std::filesystem::path& directory) {
  std::filesystem::path folder = directory / "keys";
  std::error_code ignored, refused;
  bool there = std::filesystem::exists(folder / "daemon.key", refused);
  if (refused) return tl::unexpected(protocol::system_error(refused, directory.string()));
  if (!there) return fail(ErrorCode::kNoPlace, directory.string());
  if (std::filesystem::exists(folder / "unfinished", ignored)) return fail(ErrorCode::kInitCut, directory.string());
  auto seed = read_hex<Seed>(folder / "daemon.key");
  if (!seed) return tl::unexpected(seed.error());
  auto root = read_hex<PublicKey>(folder / "root.pub");
  if (!root) return tl::unexpected(root.error());
  return DaemonKeys{*seed, *root, std::filesystem::exists(folder / "sheet.confirmed", ignored)};
}

Result<void> replace_keys(const std::filesystem::path& directory, const Seed& daemon_seed, const PublicKey& root) {
  std::filesystem::path folder = directory / "keys";
  if (auto written = replace_file(folder / "root.pub", as_bytes(root.hex() + "\n")); !written) return written;
  if (auto written = replace_file(folder / "daemon.key", as_bytes(daemon_seed.hex() + "\n")); !written) return written;
  return sync_directory(folder);
}

Result<void> mark_sheet_confirmed(const std::filesystem::path& directory) {
  std::filesystem::path folder = directory / "keys";
  if (auto written = replace_file(folder / "sheet.confirmed", as_bytes("1\n")); !written) return written;
  return sync_directory(folder);
}

}  // namespace maillage::registry
