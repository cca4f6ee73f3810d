#include "registry/rocks_store.h"

#include <array>
#include <new>

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include "protocol/ids.h"
#include "registry/file.h"

namespace maillage::registry {
namespace {

using protocol::ErrorCode;
using protocol::fail;

// Names on disk: never renamed, a column is only ever added.
constexpr std::array<const char*, kColumns> kColumnNames = {"default", "heads",   "charters", "evidence",
                                                            "records", "peers", "inbox", "commons"};

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

protocol::Error error_of(const rocksdb::Status& status) {
  ErrorCode code = ErrorCode::kIo;
  if (status.IsCorruption()) code = ErrorCode::kCorrupt;
  if (status.IsNoSpace()) code = ErrorCode::kDiskFull;
  if (status.IsBusy()) code = ErrorCode::kBusy;
  return {code, status.ToString()};
}

Result<void> result_of(const rocksdb::Status& status) {
  if (!status.ok()) return tl::unexpected(error_of(status));
  return {};
}

// RocksDB reports a held lock as a plain IOError; its message is the only sign.
bool is_held_lock(const rocksdb::Status& status) {
  std::string text = status.ToString();
  return status.IsIOError() && text.find("lock") != std::string::npos && text.find("LOCK") != std::string::npos;
}

// What a start that was cut short left: RocksDB removes every temporary file but these. Only after it is open, so that
// nobody else is writing them.
Result<void> clear_options_files(const std::filesystem::path& directory) {
  std::error_code error;
  std::vector<std::filesystem::path> left;
  for (std::filesystem::directory_iterator files(directory, error), end; !error && files != end; files.increment(error))
    if (std::string name = files->path().filename().string(); name.starts_with("OPTIONS-") && name.ends_with(".dbtmp"))
      left.push_back(files->path());
  if (error) return tl::unexpected(protocol::system_error(error, directory.string()));
  for (const auto& path : left)
    if (auto done = remove_file(path); !done) return done;
  return {};
}

// Rationale: left to itself, RocksDB 7.8 resumes after a full disk on a thread of its own, which a database that closes
// meanwhile waits for, for ever (met by full_disk_test.cpp, one time in twelve). `write` resumes instead.
class ResumedByUs final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override { *auto_recovery = false; }
};

rocksdb::Options database_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  options.recycle_log_file_num = 0;
  options.listeners.push_back(std::make_shared<ResumedByUs>());
  options.max_total_wal_size = kWriteAheadLogBytesMax;
  options.max_manifest_file_size = kManifestBytesMax;
  options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(kAllBuffersBytes, cache);
  // Rationale: a torn last record is an interrupted write that was never acknowledged; anything before it that does
  // not check is damage and must be said, not skipped.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_open_files = 256;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 256 * 1024;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions column_options(Column column, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kColumnBufferBytes;
  // What is young is soon written again: compressed only from the third level on, beyond 256 MB.
  options.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression, rocksdb::kSnappyCompression};
  options.max_write_buffer_number = 2;
  options.force_consistency_checks = true;
  // Every file is read again once written, but for what can be made from git again and is most of all that is written.
  options.paranoid_file_checks = column != Column::kRecords;
  if (column == Column::kRecords) {
    // Files of 8 MB that are merged when there are thirty-two, not four: a first sync of 200,000 records writes nothing twice.
    options.level0_file_num_compaction_trigger = 32;
    options.level0_slowdown_writes_trigger = 48;
    options.level0_stop_writes_trigger = 64;
    // The rows of a place are written one after the other, in their order.
    options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(sizeof(protocol::PlaceId)));
  }
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

struct RocksStore::Parts {
  std::unique_ptr<rocksdb::DB> database;
  std::array<rocksdb::ColumnFamilyHandle*, kColumns> columns{};

  rocksdb::ColumnFamilyHandle* column(Column column) const { return columns[static_cast<std::size_t>(column)]; }

  ~Parts() {
    for (auto* handle : columns) {
      if (handle) database->DestroyColumnFamilyHandle(handle);
    }
    if (database) database->Close();
  }
};

RocksStore::RocksStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::filesystem::path& directory) {
  auto cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kColumns; ++i) descriptors.emplace_back(kColumnNames[i], column_options(static_cast<Column>(i), cache));
  rocksdb::DB* database = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  auto status = rocksdb::DB::Open(database_options(cache), directory.string(), descriptors, &handles, &database);
  if (is_held_lock(status)) return fail(ErrorCode::kBusy, directory.string());
  if (!status.ok()) return tl::unexpected(error_of(status));
  auto parts = std::make_unique<Parts>();
  parts->database.reset(database);
  for (std::size_t i = 0; i < kColumns; ++i) parts->columns[i] = handles[i];
  if (auto cleared = clear_options_files(directory); !cleared) return tl::unexpected(cleared.error());
  return std::unique_ptr<RocksStore>(new RocksStore(std::move(parts)));
}

Result<void> RocksStore::write(const WriteBatch& batch) {
  rocksdb::WriteBatch changes(batch.bytes() + 32 * batch.changes().size());
  for (const auto& change : batch.changes()) {
    auto* column = parts_->column(change.column);
    auto status = change.value ? changes.Put(column, slice(change.key), slice(*change.value))
                               : changes.Delete(column, slice(change.key));
    if (!status.ok()) return result_of(status);
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  auto status = parts_->database->Write(options, &changes);
  // A full disk stops RocksDB for good; space may be back: let it write again, the next write tells.
  if (status.IsNoSpace() || status.severity() >= rocksdb::Status::Severity::kHardError) {
    parts_->database->Resume().PermitUncheckedError();
  }
  return result_of(status);
}

Result<std::optional<std::string>> RocksStore::get(Column column, std::string_view key) const {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  std::string value;
  auto status = parts_->database->Get(options, parts_->column(column), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return tl::unexpected(error_of(status));
  return std::optional<std::string>(std::move(value));
}

Result<void> RocksStore::scan(Column column, std::string_view prefix,
                              const std::function<bool(std::string_view, std::string_view)>& visit) const {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> at(parts_->database->NewIterator(options, parts_->column(column)));
  for (at->Seek(slice(prefix)); at->Valid() && at->key().starts_with(slice(prefix)); at->Next()) {
    if (!visit(view(at->key()), view(at->value()))) break;
  }
  return result_of(at->status());
}

Result<void> RocksStore::verify_checksums() const {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  return result_of(parts_->database->VerifyChecksum(options));
}

Result<void> RocksStore::purge(Column column, std::string_view prefix) {
  auto* family = parts_->column(column);
  rocksdb::FlushOptions flush;
  std::vector<rocksdb::ColumnFamilyHandle*> all(parts_->columns.begin(), parts_->columns.end());
  // Every column, because the write-ahead log goes only when no column needs it any more.
  if (auto status = parts_->database->Flush(flush, all); !status.ok()) return result_of(status);
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
  rocksdb::Slice first = slice(prefix), last = slice(end);
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  auto status = parts_->database->CompactRange(options, family, &first, end.empty() ? nullptr : &last);
  if (!status.ok()) return result_of(status);
  // Rationale: RocksDB tells that it is done before it has deleted the files that are needless now. While deletions are off, a list of
  // the logs waits for those under way; turned on again by force, the rest is deleted before the call returns.
  rocksdb::VectorLogPtr logs;
  status = parts_->database->DisableFileDeletions();
  if (status.ok()) status = parts_->database->GetSortedWalFiles(logs);
  auto again = parts_->database->EnableFileDeletions(/*force=*/true);
  return result_of(status.ok() ? again : status);
}

}  // namespace maillage::registry
