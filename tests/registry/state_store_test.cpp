#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

#include "registry/rocks_store.h"
#include "tests/registry/state_store_contract.h"
#include "tests/registry/temporary_directory.h"
#include "tests/twins/memory_state_store.h"

using namespace maillage;
using namespace maillage::registry;
using maillage::protocol::ErrorCode;
using maillage::tests::TemporaryDirectory;

namespace {

std::unique_ptr<RocksStore> open_store(const std::filesystem::path& path) {
  auto store = RocksStore::open(path);
  REQUIRE(store);
  return std::move(*store);
}

WriteBatch put_one(Column column, std::string key, std::string value) {
  WriteBatch batch;
  batch.put(column, std::move(key), std::move(value));
  return batch;
}

}  // namespace

TEST_CASE("the state store's twin keeps the contract") {
  tests::check_state_store_contract([] { return std::make_unique<tests::MemoryStateStore>(); },
                                    [](auto store) {
                                      store->crash();
                                      return store;
                                    });
}

TEST_CASE("RocksDB keeps the state store's contract") {
  TemporaryDirectory directory;
  tests::check_state_store_contract([&] { return open_store(directory.path() / "state"); },
                                    [&](auto store) {
                                      store.reset();
                                      return open_store(directory.path() / "state");
                                    });
}

TEST_CASE("the twin forgets in a crash what was not synced, and nothing else") {
  tests::MemoryStateStore store;
  REQUIRE(store.write(put_one(Column::kMeta, "kept", "1")));
  store.write_unsynced(put_one(Column::kMeta, "lost", "1"));
  CHECK(store.get(Column::kMeta, "lost").value() == "1");
  store.crash();
  CHECK(store.get(Column::kMeta, "kept").value() == "1");
  CHECK(store.get(Column::kMeta, "lost").value() == std::nullopt);
  store.fail_next(ErrorCode::kDiskFull);
  CHECK(store.write(put_one(Column::kMeta, "kept", "2")).error().code == ErrorCode::kDiskFull);
  CHECK(store.get(Column::kMeta, "kept").value() == "1");
}

TEST_CASE("a state store that is open cannot be opened a second time, and says busy") {
  TemporaryDirectory directory;
  auto store = open_store(directory.path() / "state");
  auto second = RocksStore::open(directory.path() / "state");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::kBusy);
  store.reset();
  CHECK(RocksStore::open(directory.path() / "state"));
}

TEST_CASE("a state store open in another process is busy too") {
  TemporaryDirectory directory;
  int ready[2], done[2];
  REQUIRE(pipe(ready) == 0);
  REQUIRE(pipe(done) == 0);
  pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    auto store = RocksStore::open(directory.path() / "state");
    bool told = write(ready[1], store ? "+" : "-", 1) == 1 && read(done[0], &byte, 1) == 1;
    _exit(told ? 0 : 1);
  }
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  CHECK(byte == '+');
  auto second = RocksStore::open(directory.path() / "state");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::kBusy);
  REQUIRE(write(done[1], "x", 1) == 1);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
}

TEST_CASE("what was written stays when the process is killed right after") {
  TemporaryDirectory directory;
  pid_t child = fork();
  if (child == 0) {
    auto store = RocksStore::open(directory.path() / "state");
    bool written = store && (*store)->write(put_one(Column::kHeads, "head", "durable"));
    if (written) kill(getpid(), SIGKILL);
    _exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  auto store = open_store(directory.path() / "state");
  CHECK(store->get(Column::kHeads, "head").value() == "durable");
}

TEST_CASE("a flipped byte in a table file is noticed by verify_checksums") {
  TemporaryDirectory directory;
  {
    auto store = open_store(directory.path() / "state");
    for (int i = 0; i < 200; ++i) {
      REQUIRE(store->write(put_one(Column::kRecords, std::to_string(i), std::string(500, static_cast<char>('a' + i % 26)))));
    }
    REQUIRE(store->purge(Column::kRecords, ""));
    REQUIRE(store->verify_checksums());
  }
  std::filesystem::path largest;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path() / "state")) {
    if (entry.path().extension() != ".sst") continue;
    if (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)) largest = entry.path();
  }
  REQUIRE_FALSE(largest.empty());
  std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(1000);
  char byte = static_cast<char>(file.get());
  file.seekp(1000);
  file.put(static_cast<char>(byte ^ 1));
  file.close();
  auto store = RocksStore::open(directory.path() / "state");
  bool noticed = !store || !(*store)->verify_checksums();
  CHECK(noticed);
}

TEST_CASE("after a purge the erased value is in no file of the store") {
  TemporaryDirectory directory;
  const std::string secret = "une adresse que l'on efface partout";
  auto store = open_store(directory.path() / "state");
  REQUIRE(store->write(put_one(Column::kRecords, "place-1", secret)));
  REQUIRE(store->write(put_one(Column::kHeads, "other", "stays")));
  WriteBatch erase;
  erase.erase(Column::kRecords, "place-1");
  REQUIRE(store->write(erase));
  REQUIRE(store->purge(Column::kRecords, "place-1"));
  store.reset();
  for (const auto& entry : std::filesystem::directory_iterator(directory.path() / "state")) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), {});
    INFO(entry.path());
    CHECK(bytes.find(secret) == std::string::npos);
  }
  CHECK(open_store(directory.path() / "state")->get(Column::kHeads, "other").value() == "stays");
}
