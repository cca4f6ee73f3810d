// What packs cost beside git's own: 50,000 small objects written, indexed, checked and sent again.
//   cmake --preset bench && cmake --build --preset bench --target pack_bench && build/bench/tests/pack_bench
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "registry/draft.h"
#include "registry/ingest.h"
#include "registry/object_store.h"
#include "registry/pack_build.h"

using namespace maillage;
using namespace maillage::registry;

namespace {

class Stopwatch {
 public:
  void lap(const char* what) {
    auto now = std::chrono::steady_clock::now();
    std::printf("%-44s %7.1f ms\n", what, std::chrono::duration<double, std::milli>(now - start_).count());
    start_ = std::chrono::steady_clock::now();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().context.c_str());
  std::exit(1);
}

std::string record(int place, int number) {
  std::string id = std::to_string(place) + "-" + std::to_string(number);
  return "{\n  \"kind\": \"event\",\n  \"name\": \"Atelier " + id + "\",\n  \"description\": \"Repair café number " + id +
         ", open to everyone in the neighbourhood; bring what is broken, leave with what works again.\",\n  \"start\": \"2026-12-05T14:00:00+01:00\"\n}\n";
}

// Some places, each with one commit over this many records in one folder.
std::vector<ExpectedPlace> publish(ContentStore& store, int places, int records) {
  protocol::KeyPair key((protocol::Seed()));
  TreeCache cache;
  std::vector<ExpectedPlace> expected;
  for (int place = 0; place < places; ++place) {
    Draft draft;
    draft.author = draft.committer = {"Bench", "bench@maillage.invalid", 1'700'000'000 + place, 0};
    draft.message = "publish\n";
    for (int i = 0; i < records; ++i) {
      std::string json = record(place, i);
      draft.files["events/2026-12/e" + std::to_string(i) + ".json"] = Bytes(json.begin(), json.end());
    }
    StagedDraft staged = must(stage_commit(store, draft, key, cache));
    protocol::Head head;
    head.commit = staged.commit;
    head.state = staged.state;
    expected.push_back({protocol::SignedHead{head, {}}, {}});
    auto table = must(PackTable::read(must(staged.pack->bytes()), store));
    (void)store.release(must(store.adopt(*staged.pack, table)));
  }
  return expected;
}

}  // namespace

int main() {
  constexpr int kPlaces = 25, kRecords = 2'000;
  std::string pattern = (std::filesystem::temp_directory_path() / "maillage-bench-XXXXXX").string();
  std::filesystem::path directory = mkdtemp(pattern.data());
  auto sender = must(ObjectStore::open(directory / "sender")), receiver = must(ObjectStore::open(directory / "receiver"));
  Stopwatch watch;
  auto expected = publish(*sender, kPlaces, kRecords);
  watch.lap("25 places publish 2,000 records each");
  std::vector<PackWish> wishes;
  for (const ExpectedPlace& place : expected) wishes.push_back({place.head.head.commit, {}});
  auto staged = must(receiver->stage(1 << 30));
  OutgoingPack pack = must(OutgoingPack::open(*sender, wishes));
  watch.lap("list what a receiver lacks");
  while (!pack.done()) (void)staged->append(must(pack.read(128 * 1024)));
  watch.lap("send it (raw entries copied)");
  auto table = must(PackTable::read(must(staged->bytes()), *receiver));
  watch.lap("read the pack: names, SHA-256, table");
  TreeCache cache;
  CheckedPack checked = must(check_pack(*receiver, *staged, expected, cache));
  watch.lap("check_pack: the same, state, changes");
  std::filesystem::path copy = directory / "copy.pack";
  std::filesystem::copy_file(directory / "receiver" / "quarantine" / "0" / "pack", copy);
  watch.lap("(copy for git)");
  (void)must(receiver->adopt(*staged, checked.table));
  watch.lap("adopt: index, fsync, rename");
  std::printf("%zu objects, %.1f MB\n", table.entries().size(), static_cast<double>(std::filesystem::file_size(copy)) / 1e6);
  Stopwatch git;
  int status = std::system(("git index-pack --strict " + copy.string() + " >/dev/null").c_str());
  git.lap(status == 0 ? "git index-pack --strict, for comparison" : "git index-pack failed");
  std::filesystem::remove_all(directory);
}
