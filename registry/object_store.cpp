#include "registry/object_store.h"

#include <algorithm>
#include <set>

#include "registry/pack_entry.h"
#include "registry/pack_reader.h"

namespace maillage::registry {
namespace {

namespace fs = std::filesystem;
using protocol::check;
using protocol::fail;

// Rationale: git must never tidy up by itself in here; roots are in RocksDB, where it cannot see them.
constexpr std::string_view kGitConfig =
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n";

tl::unexpected<Error> io(const fs::path& path, const std::error_code& error) {
  return tl::unexpected(protocol::system_error(error, path.string()));
}

std::string file_name(const PackName& name, std::string_view extension) {
  return "pack-" + name.checksum.hex() + std::string(extension);
}

// The pack that a file in objects/pack belongs to.
std::optional<PackName> pack_of(const fs::path& file) {
  std::string stem = file.stem().string();
  if (!stem.starts_with("pack-")) return std::nullopt;
  auto checksum = ObjectId::parse(std::string_view(stem).substr(5));
  if (!checksum) return std::nullopt;
  return PackName{*checksum};
}

Result<void> make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return io(path, error);
  fs::permissions(path, fs::perms::owner_all, error);
  return error ? Result<void>(io(path, error)) : Result<void>{};
}

Result<void> make_file(const fs::path& path, std::string_view text) {
  std::error_code error;
  if (fs::exists(path, error)) return {};
  return replace_file(path, protocol::as_bytes(text));
}

Result<void> make_repository(const fs::path& git) {
  for (const char* folder : {"objects/pack", "objects/info", "refs/heads", "refs/tags"})
    if (auto done = make_directory(git / folder); !done) return done;
  if (auto done = make_directory(git); !done) return done;
  if (auto done = clear_replacements(git); !done) return done;
  if (auto done = make_file(git / "config", kGitConfig); !done) return done;
  if (auto done = make_file(git / "HEAD", "ref: refs/heads/main\n"); !done) return done;
  for (const fs::path& folder : {git / "objects", git, git.parent_path()})
    if (auto done = sync_directory(folder); !done) return done;
  return {};
}

class StagedFile final : public StagedPack {
 public:
  StagedFile(fs::path directory, OutputFile file, std::uint64_t bytes_max)
      : directory_(std::move(directory)), file_(std::move(file)), bytes_max_(bytes_max) {}
  ~StagedFile() override {
    std::error_code ignored;  // what stays behind is removed at the next start
    fs::remove_all(directory_, ignored);
  }

  Result<void> append(ByteView bytes) override {
    if (bytes.size() > bytes_max_ - std::min(bytes_max_, file_.size()))
      return fail(ErrorCode::kTooLarge, "pack of more than " + std::to_string(bytes_max_) + " bytes");
    mapped_ = {};
    return file_.append(bytes);
  }

  Result<ByteView> bytes() override {
    if (mapped_.bytes().size() != file_.size()) {
      auto mapped = MappedFile::open(pack_path());
      if (!mapped) return tl::unexpected(mapped.error());
      mapped_ = std::move(*mapped);
    }
    return mapped_.bytes();
  }

  fs::path pack_path() const { return directory_ / "pack"; }
  OutputFile& file() { return file_; }

 private:
  fs::path directory_;
  OutputFile file_;
  MappedFile mapped_;
  std::uint64_t bytes_max_;
};

// Appends the bases that a thin pack borrows, and corrects its count and trailer.
Result<PackName> complete(StagedFile& staged, ByteView pack, const PackTable& table, const ObjectSource& bases,
                          std::vector<PackIndexEntry>& entries) {
  Bytes tail;
  std::uint64_t body_end = pack.size() - kPackTrailerBytes;
  for (const ObjectId& id : table.borrowed()) {
    auto object = bases.read_deflated(id);
    if (!object) return tl::unexpected(object.error());
    std::size_t start = tail.size();
    append_entry_header(tail, object->kind, object->size);
    tail.insert(tail.end(), object->deflated.begin(), object->deflated.end());
    entries.push_back({id, crc_of(ByteView(tail).subspan(start)), body_end + start});
  }
  protocol::Writer count;
  count.u32(static_cast<std::uint32_t>(entries.size()));
  Sha1 sha1;
  sha1.update(pack.first(8));
  sha1.update(count.bytes());
  sha1.update(pack.subspan(kPackHeaderBytes, body_end - kPackHeaderBytes));
  sha1.update(tail);
  PackName name{sha1.finish()};
  tail.insert(tail.end(), name.checksum.bytes.begin(), name.checksum.bytes.end());
  if (auto done = staged.file().overwrite(8, count.bytes()); !done) return tl::unexpected(done.error());
  if (auto done = staged.file().overwrite(body_end, tail); !done) return tl::unexpected(done.error());
  return name;
}

}  // namespace

ObjectStore::ObjectStore(fs::path directory)
    : directory_(std::move(directory)),
      pack_directory_(directory_ / "store.git" / "objects" / "pack"),
      packs_(std::make_shared<const PackList>()) {}

Result<std::unique_ptr<ObjectStore>> ObjectStore::open(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory / "quarantine", error);
  if (error) return io(directory / "quarantine", error);
  if (auto done = make_directory(directory / "quarantine"); !done) return tl::unexpected(done.error());
  if (auto done = make_repository(directory / "store.git"); !done) return tl::unexpected(done.error());
  auto store = std::unique_ptr<ObjectStore>(new ObjectStore(directory));
  if (auto done = store->recover(); !done) return tl::unexpected(done.error());
  return store;
}

Result<void> ObjectStore::recover() {
  std::error_code error;
  std::set<PackName> seen;
  std::vector<fs::path> stray;
  for (fs::directory_iterator files(pack_directory_, error), end; !error && files != end; files.increment(error)) {
    if (auto name = pack_of(files->path())) seen.insert(*name);
    else stray.push_back(files->path());
  }
  if (error) return io(pack_directory_, error);
  for (const fs::path& path : stray)
    if (auto done = remove_file(path); !done) return done;
  PackList packs;
  for (const PackName& name : seen) {
    auto pack = recover_pack(name);
    if (!pack) return tl::unexpected(pack.error());
    if (*pack) packs.push_back(*pack);
  }
  swap_in(std::move(packs));
  return sync_directory(pack_directory_);
}

// Nothing when what is there is a rest that serves nobody.
Result<std::shared_ptr<const PackFile>> ObjectStore::recover_pack(const PackName& name) {
  std::error_code ignored;
  bool pack = fs::exists(path_of(name, ".pack"), ignored), index = fs::exists(path_of(name, ".idx"), ignored);
  bool marked = fs::exists(path_of(name, ".keep"), ignored);
  if (pack && !index && !marked) {  // consolidation was cut between two renames: its index is made again
    if (auto done = rebuild_index(name); !done) return tl::unexpected(done.error());
    index = true;
  }
  if (pack && index) return PackFile::open(pack_directory_ / file_name(name, ""), name);
  for (const char* extension : {".idx", ".pack", ".keep"})
    if (auto done = remove_file(path_of(name, extension)); !done) return tl::unexpected(done.error());
  return std::shared_ptr<const PackFile>();
}

Result<void> ObjectStore::rebuild_index(const PackName& name) {
  auto pack = MappedFile::open(path_of(name, ".pack"));
  if (!pack) return tl::unexpected(pack.error());
  auto table = PackTable::read(pack->bytes(), *this, {.inflated_bytes_max = UINT64_MAX});
  if (!table) return fail(ErrorCode::kCorrupt, file_name(name, ".pack: ") + table.error().context);
  fs::path fresh = directory_ / "quarantine" / file_name(name, ".idx");
  if (auto done = write_file(fresh, encode_pack_index(index_entries(*table), name)); !done) return done;
  return rename_file(fresh, path_of(name, ".idx"));
}

fs::path ObjectStore::path_of(const PackName& name, std::string_view extension) const {
  return pack_directory_ / file_name(name, extension);
}

std::shared_ptr<const ObjectStore::PackList> ObjectStore::list() const {
  std::lock_guard lock(mutex_);
  return packs_;
}

// Largest first: most objects are found in the first pack looked into.
void ObjectStore::swap_in(PackList packs) {
  std::ranges::sort(packs, std::greater(), [](const auto& pack) { return pack->bytes(); });
  auto fresh = std::make_shared<const PackList>(std::move(packs));
  std::lock_guard lock(mutex_);
  packs_ = std::move(fresh);
}

std::shared_ptr<const PackFile> ObjectStore::find_pack(const PackName& name) const {
  auto packs = list();
  auto found = std::ranges::find(*packs, name, [](const auto& pack) { return pack->name(); });
  return found == packs->end() ? nullptr : *found;
}

bool ObjectStore::contains(const ObjectId& id) const {
  auto packs = list();
  return std::ranges::any_of(*packs, [&](const auto& pack) { return pack->find(id).has_value(); });
}

Result<Object> ObjectStore::read(const ObjectId& id) const {
  auto packs = list();
  for (const auto& pack : *packs)
    if (auto offset = pack->find(id)) {
      auto object = pack->read(*offset);
      return object ? std::move(object) : fail(object.error().code, id.hex() + ": " + object.error().context);
    }
  return fail(ErrorCode::kNotFound, id.hex());
}

Result<DeflatedObject> ObjectStore::read_deflated(const ObjectId& id) const {
  auto packs = list();
  for (const auto& pack : *packs)
    if (auto offset = pack->find(id)) {
      auto object = pack->read_deflated(*offset);
      if (!object) return fail(object.error().code, id.hex() + ": " + object.error().context);
      if (*object) return std::move(**object);
      break;  // stored as a delta
    }
  return ObjectSource::read_deflated(id);
}

bool ObjectStore::holds(const PackName& name, const ObjectId& id) const {
  auto pack = find_pack(name);
  return pack && pack->find(id);
}

Result<std::unique_ptr<StagedPack>> ObjectStore::stage(std::uint64_t bytes_max) {
  fs::path directory = directory_ / "quarantine" / std::to_string(next_stage_++);
  std::error_code error;
  fs::create_directory(directory, error);
  if (error) return io(directory, error);
  auto file = OutputFile::create(directory / "pack");
  if (!file) return tl::unexpected(file.error());
  return std::make_unique<StagedFile>(std::move(directory), std::move(*file), bytes_max);
}

Result<PackName> ObjectStore::adopt(StagedPack& staged, const PackTable& table) {
  auto* file = dynamic_cast<StagedFile*>(&staged);
  check(file != nullptr, "a pack is adopted by the store that staged it");
  std::vector<PackIndexEntry> entries = index_entries(table);
  PackName name = table.name();
  if (!table.borrowed().empty()) {
    auto completed = complete(*file, table.pack(), table, *this, entries);
    if (!completed) return completed;
    name = *completed;
  }
  if (find_pack(name)) return name;
  std::error_code ignored;
  if (fs::exists(path_of(name, ".keep"), ignored)) {  // withheld: the files are the same, by their name
    auto shown = show(name);
    return shown ? Result<PackName>(name) : tl::unexpected(shown.error());
  }
  if (auto done = file->file().sync(); !done) return tl::unexpected(done.error());
  if (auto done = install(file->pack_path(), encode_pack_index(std::move(entries), name), name, true); !done) {
    for (const char* extension : {".idx", ".pack", ".keep"}) (void)remove_file(path_of(name, extension));
    return tl::unexpected(done.error());
  }
  return name;
}

// In this order, each step durable before git or we could mistake a half for a whole: mark, pack, index.
Result<void> ObjectStore::install(const fs::path& pack, ByteView index, const PackName& name, bool marked) {
  fs::path fresh_index = pack.string() + ".idx";
  if (auto done = write_file(fresh_index, index); !done) return done;
  if (marked) {
    if (auto done = write_file(path_of(name, ".keep"), {}); !done) return done;
    if (auto done = sync_directory(pack_directory_); !done) return done;
  }
  if (auto done = rename_file(pack, path_of(name, ".pack")); !done) return done;
  if (auto done = rename_file(fresh_index, path_of(name, ".idx")); !done) return done;
  if (auto done = sync_directory(pack_directory_); !done) return done;
  return show(name);
}

Result<void> ObjectStore::show(const PackName& name) {
  auto opened = PackFile::open(pack_directory_ / file_name(name, ""), name);
  if (!opened) return tl::unexpected(opened.error());
  PackList packs = *list();
  packs.push_back(std::move(*opened));
  swap_in(std::move(packs));
  return {};
}

Result<void> ObjectStore::release(const PackName& name) {
  if (auto done = remove_file(path_of(name, ".keep")); !done) return done;
  return sync_directory(pack_directory_);
}

Result<void> ObjectStore::discard(const PackName& name) {
  std::error_code ignored;
  if (!fs::exists(path_of(name, ".keep"), ignored)) return {};
  if (auto done = remove_pack(name); !done) return done;
  return release(name);
}

void ObjectStore::withhold(const PackName& name) {
  std::error_code ignored;
  if (fs::exists(path_of(name, ".keep"), ignored)) hide(name);
}

void ObjectStore::hide(const PackName& name) {
  PackList packs = *list();
  std::erase_if(packs, [&](const auto& pack) { return pack->name() == name; });
  swap_in(std::move(packs));
}

// The index first: without it, no reader sees the pack.
Result<void> ObjectStore::remove_pack(const PackName& name) {
  hide(name);
  if (auto done = remove_file(path_of(name, ".idx")); !done) return done;
  return remove_file(path_of(name, ".pack"));
}

Result<std::vector<PackName>> ObjectStore::kept() const {
  std::error_code ignored;
  std::vector<PackName> marked;
  for (const PackName& name : packs())
    if (fs::exists(path_of(name, ".keep"), ignored)) marked.push_back(name);
  return marked;
}

std::vector<PackName> ObjectStore::packs() const {
  auto packs = list();
  std::vector<PackName> names;
  for (const auto& pack : *packs) names.push_back(pack->name());
  return names;
}

std::vector<Error> ObjectStore::verify() const {
  std::vector<Error> damage;
  auto packs = list();
  for (const auto& pack : *packs)
    if (auto sound = pack->verify(); !sound) damage.push_back(sound.error());
  return damage;
}

}  // namespace maillage::registry
