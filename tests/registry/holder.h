// A daemon with its own place and a copy of another, whose states a test makes: what erasures need. One thread.
#pragma once

#include <set>

#include "registry/registry.h"
#include "tests/registry/git_fixture.h"
#include "tests/twins/memory_content_store.h"

namespace maillage::tests {

inline constexpr protocol::UnixTime kNow{1'800'000'000'000};
inline constexpr std::int64_t kHourMs = 3'600'000;

inline registry::FileEdit resource(const std::string& name, const std::string& text) {
  std::string json = R"({"kind": "resource", "name": "x", "type": "equipment", "licence": "CC0-1.0", "description": ")" + text + "\"}";
  return {"resources/" + name + ".json", bytes_of(json)};
}

inline bool file_holds(const std::filesystem::path& path, const std::string& text) {
  std::ifstream in(path, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(in)), {});
  return content.find(text) != std::string::npos;
}

// Where a text is below `dir`: in the bytes of a file, or in an object of a pack.
inline std::string found_in(const std::filesystem::path& dir, const std::string& text) {
  std::string found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir))
    if (entry.is_regular_file() && file_holds(entry.path(), text)) found += entry.path().string() + "\n";
  // A folder's ids are bytes, so the output is no text.
  std::string every = "git -C " + (dir / "store.git").string() + " cat-file --batch-all-objects --batch > " + (dir / "objects.dump").string();
  (void)output_of(every);
  if (file_holds(dir / "objects.dump", text)) found += "an object\n";
  std::filesystem::remove(dir / "objects.dump");
  return found;
}

inline std::set<std::string> packs_in(const std::filesystem::path& dir) {
  std::set<std::string> packs;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "store.git/objects/pack"))
    if (entry.path().extension() == ".pack") packs.insert(entry.path().filename().string());
  return packs;
}

// A daemon with its own place, and another place that it holds a copy of.
struct Holder {
  TemporaryDirectory directory;
  std::unique_ptr<Registry> registry;
  std::string sheet;  // of its own place
  // The other place's daemon and only root.
  protocol::KeyPair key{protocol::Seed{{7}}};
  std::optional<protocol::CharterChain> chain;
  std::size_t new_charters = 1;  // of the chain, not taken in yet
  std::uint64_t job = 0;

  Holder() {
    sheet = must(Registry::create(directory.path(), {"Konk Ar Lab", false, "29039", {}, {}}, kNow)).recovery_sheet;
    registry = must(Registry::open(directory.path()));
    protocol::SignedCharter genesis;
    genesis.charter.roots = {key.public_key()};
    genesis.charter.daemon_key = key.public_key();
    chain = must(protocol::CharterChain::start(genesis));
  }
  void reopen() {
    registry.reset();
    registry = must(Registry::open(directory.path()));
  }
  const protocol::PlaceId& own() const { return registry->identity().place; }
  std::filesystem::path dir() const { return directory.path(); }

  struct State {
    Bytes pack;
    protocol::SignedHead head;
  };
  // A whole history of one commit; `author` and `files` are what it says.
  State state(std::uint64_t epoch, const std::string& author, const std::vector<FileEdit>& files, std::uint64_t sequence = 0) {
    MemoryContentStore empty;
    TreeCache cache;
    auto second = static_cast<std::int64_t>(10 * epoch + sequence);  // no two states are one commit
    CommitPerson person{author, place_email(chain->place()), 1'800'000'000 + second, 0};
    Draft draft{{}, {}, {}, person, person, "message of " + author + "\n"};
    for (const FileEdit& edit : files) draft.files[edit.path] = edit.bytes;
    auto staged = must(stage_commit(empty, draft, key, cache));
    protocol::Head head;
    head.place = chain->place();
    head.charter = chain->latest().number;
    head.epoch = epoch;
    head.sequence = sequence;
    head.commit = staged.commit;
    head.state = staged.state;
    ByteView bytes = must(staged.pack->bytes());
    return {Bytes(bytes.begin(), bytes.end()), protocol::sign(head, key)};
  }
  protocol::Ingested::Outcome take_in(const State& it) {
    must(registry->append_pack(++job, it.pack));
    return registry->ingest(job, {{{it.head, *chain, std::exchange(new_charters, 0)}, {}}}).at(0);
  }
  // The next charter of the other place: nothing changes but the lowest epoch that counts.
  void order_destruction_below(std::uint64_t epoch) {
    protocol::Charter next = chain->latest();
    next.place = chain->place();
    next.previous = protocol::hash_of(chain->latest());
    ++next.number;
    next.minimum_epoch = epoch;
    must(chain->extend(protocol::sign(next, std::span(&key, 1))));
    ++new_charters;
  }
  // The sealed files, in the order of their names.
  std::vector<Bytes> sealed() const {
    std::set<std::filesystem::path> paths;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(dir() / "sealed", none)) paths.insert(entry.path());
    std::vector<Bytes> files;
    for (const auto& path : paths) files.push_back(must(read_file(path, 1u << 30)));
    return files;
  }
  bool sound() const { return must(registry->verify()).empty(); }
};

}  // namespace maillage::tests
