// What a break of history replaced is kept for three days in files that only the place's roots can open. STORAGE.md "Sealed files".
#include <algorithm>
#include <set>

#include "protocol/sealed.h"
#include "registry/file.h"
#include "registry/handover.h"
#include "registry/pack_build.h"
#include "registry/recovery.h"
#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;
namespace fs = std::filesystem;

constexpr std::string_view kUnsealedPrefix = "unsealed ";
constexpr std::string_view kSealedPrefix = "sealed ";
constexpr std::string_view kFolder = "sealed";
constexpr std::string_view kPart = ".part";

// DESIGN.md "Against a stolen key": a weekend, and the Monday on which somebody notices.
constexpr std::int64_t kSealedKeptMs = 72LL * 3600 * 1000;

// Of a place. Rationale for keeping the first and not the last: whoever has stolen a key can break history again and again, and the first
// file has all that was there before.
constexpr std::size_t kSealedFilesMax = 16;
constexpr std::uint64_t kSealedBytesMax = 4 * kPlaceBytesMax;

// Asked for with a signature of one of its roots, which is not older than clocks are apart.
constexpr std::int64_t kRequestAgeMaxMs = 10LL * 60 * 1000;

std::string key_of(std::string_view prefix, const SealedTitle& title) {
  Writer out;
  out.text(prefix).fixed(title.place).u16(title.charter).u64(title.epoch).fixed(title.commit);
  return std::string(as_text(out.bytes()));
}

SealedTitle title_of(const Head& head) { return {head.place, head.charter, head.epoch, head.commit}; }

// The root says that lower epochs are gone for good.
bool ordered_away(const CharterChain& chain, const SealedTitle& title) { return chain.latest().minimum_epoch > title.epoch; }

std::string time_value(UnixTime time) {
  Writer out;
  out.i64(time.ms);
  return std::string(as_text(out.bytes()));
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::create_directory(folder, error) && !error) return {};
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return tl::unexpected(system_error(error, folder.string()));
  return sync_directory(folder.parent_path());
}

// A pack of any size, piece by piece. `need_room` is asked before each.
Result<void> write_sealed(const fs::path& path, Sealer& sealer, Bytes waiting, OutgoingPack& pack,
                          const std::function<Result<void>(std::uint64_t)>& need_room) {
  auto file = OutputFile::create(path);
  if (!file) return tl::unexpected(file.error());
  if (auto done = file->append(sealer.front()); !done) return done;
  for (bool last = false; !last;) {
    while (waiting.size() <= kSealedPieceBytes && !pack.done()) {
      auto more = pack.read(kSealedPieceBytes);
      if (!more) return tl::unexpected(more.error());
      waiting.insert(waiting.end(), more->begin(), more->end());
    }
    last = waiting.size() <= kSealedPieceBytes;
    std::size_t size = std::min(waiting.size(), kSealedPieceBytes);
    if (auto room = need_room(size); !room) return room;
    if (auto done = file->append(sealer.seal(ByteView(waiting).first(size), last)); !done) return done;
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return file->sync();
}

}  // namespace

std::string Registry::Parts::unsealed_key(const Head& replaced) { return key_of(kUnsealedPrefix, title_of(replaced)); }

// ---- making

// What this disk keeps, in order of place, charter and epoch.
std::vector<SealedTitle> Registry::Parts::sealed_titles(const std::optional<PlaceId>& of) const {
  std::vector<SealedTitle> titles;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory / kFolder, error)) {
    auto file = MappedFile::open(entry.path());
    auto title = file ? read_sealed_title(file->bytes()) : tl::unexpected(file.error());
    if (title && entry.path().filename() == file_name(*title) && (!of || title->place == *of)) titles.push_back(*title);
  }
  std::ranges::sort(titles);
  return titles;
}

bool Registry::Parts::keeps_enough_of(const PlaceId& place) const {
  auto titles = sealed_titles(place);
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const SealedTitle& title : titles)
    if (auto size = fs::file_size(directory / kFolder / file_name(title), error); !error) bytes += size;
  return titles.size() >= kSealedFilesMax || bytes >= kSealedBytesMax;
}

Result<void> Registry::Parts::seal(const SignedHead& replaced) {
  SealedTitle title = title_of(replaced.head);
  fs::path path = directory / kFolder / file_name(title), part = path.string() + std::string(kPart);
  std::error_code error;
  if (fs::exists(path, error) || !objects->contains(title.commit) || keeps_enough_of(title.place)) return {};
  auto chain = chain_of(title.place);
  if (!chain) return tl::unexpected(chain.error());
  if (ordered_away(*chain, title)) return {};
  SystemRandom random;
  Sealer sealer(title, chain->latest().roots, random);
  PackWish whole{title.commit, {}};
  auto pack = OutgoingPack::open(*objects, std::span(&whole, 1));
  // Rationale: what is damaged cannot be given back, and must not keep an erasure from being carried out.
  if (!pack || sealer.locks() == 0) return {};
  Handover handover{chain->charters(), replaced, std::nullopt, {}};
  handover.charters.resize(title.charter + std::size_t{1});
  if (auto made = make_folder(path.parent_path()); !made) return made;
  auto room = [this](std::uint64_t bytes) { return has_room(kOpenBytes + bytes); };
  auto written = write_sealed(part, sealer, encode(handover), *pack, room);
  bool damaged = !written && (written.error().code == ErrorCode::kNotFound || written.error().code == ErrorCode::kCorrupt);
  if (!written) (void)remove_file(part);
  if (!written) return damaged ? Result<void>() : written;
  if (auto done = rename_file(part, path); !done) return done;
  return sync_directory(path.parent_path());
}

Result<void> Registry::Parts::seal_replaced() {
  std::vector<SignedHead> waiting;
  auto scanned = state->scan(Column::kMeta, kUnsealedPrefix, [&](std::string_view, std::string_view value) {
    Reader in(as_bytes(value));
    if (auto head = read_signed_head(in)) waiting.push_back(*head);
    return true;
  });
  if (!scanned) return scanned;
  for (const SignedHead& head : waiting)
    if (auto sealed = seal(head); !sealed) return sealed;
  return {};
}

// ---- taking away

Result<void> Registry::Parts::remove_sealed(const SealedTitle& title) {
  if (auto done = remove_file(directory / kFolder / file_name(title)); !done) return done;
  return sync_directory(directory / kFolder);
}

Result<void> Registry::Parts::destroy_ordered(const PlaceId& place) {
  auto chain = chain_of(place);
  if (!chain) return tl::unexpected(chain.error());
  for (const SealedTitle& title : sealed_titles(place))
    if (ordered_away(*chain, title))
      if (auto done = remove_sealed(title); !done) return done;
  return {};
}

// A file that cannot be removed now is with the next purge.
void Registry::Parts::heed_charter(const PlaceId& place) {
  look_who_signs(place);
  settle_two_charters(place);
  (void)destroy_ordered(place);
}

// A file is counted from when it is first met: its own date would be the clock's of a moment that nobody looked at.
Result<void> Registry::Parts::expire_sealed(UnixTime now) {
  WriteBatch batch;
  std::set<std::string> kept;
  for (const SealedTitle& title : sealed_titles(std::nullopt)) {
    std::string key = key_of(kSealedPrefix, title);
    auto row = state->get(Column::kMeta, key);
    if (!row) return tl::unexpected(row.error());
    if (!*row) batch.put(Column::kMeta, key, time_value(now));
    std::int64_t since = *row && (*row)->size() == 8 ? Reader(as_bytes(**row)).i64() : now.ms;
    auto chain = chain_of(title.place);
    bool away = chain && ordered_away(*chain, title);
    if (now.ms - since <= kSealedKeptMs && !away) kept.insert(key);
    else if (auto done = remove_sealed(title); !done) return done;
  }
  auto scanned = state->scan(Column::kMeta, kSealedPrefix, [&](std::string_view key, std::string_view) {
    if (!kept.contains(std::string(key))) batch.erase(Column::kMeta, std::string(key));
    return true;
  });
  if (!scanned) return scanned;
  return batch.empty() ? Result<void>() : state->write(batch);
}

// Sealed files that were not whole when the power went.
void Registry::Parts::clear_sealed_parts() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory / kFolder, error))
    if (entry.path().native().ends_with(kPart)) (void)remove_file(entry.path());
}

// ---- giving back

Result<void> Registry::Parts::check_request(const SealedRequest& request, UnixTime now) const {
  auto chain = chain_of(request.place);
  if (!chain) return tl::unexpected(chain.error());
  bool root = std::ranges::count(chain->latest().roots, request.root) > 0;
  bool fresh = request.time.ms >= now.ms - kRequestAgeMaxMs && request.time.ms <= now.ms + kRequestAgeMaxMs;
  if (!root) return fail(ErrorCode::kWrongSheet, "");
  if (fresh && protocol::verify(request.root, sealed_request(request.place, request.time), request.signature)) return {};
  return fail(ErrorCode::kDenied, fresh ? "signature" : "clock (10 min)");
}

Result<std::vector<std::string>> Registry::sealed_files(const SealedRequest& request, UnixTime now) const {
  if (auto fine = parts_->check_request(request, now); !fine) return tl::unexpected(fine.error());
  std::vector<std::string> names;
  for (const SealedTitle& title : parts_->sealed_titles(request.place)) names.push_back(file_name(title));
  return names;
}

Result<MappedFile> Registry::sealed_file(const SealedRequest& request, std::string_view name, UnixTime now) const {
  auto names = sealed_files(request, now);
  if (!names) return tl::unexpected(names.error());
  if (std::ranges::count(*names, name) == 0) return fail(ErrorCode::kNotFound, std::string(name.substr(0, 200)));
  return MappedFile::open(parts_->directory / kFolder / name);
}

}  // namespace maillage::registry
