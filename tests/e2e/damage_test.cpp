// A disk that lies: `verify` says so, and a daemon on it starts or refuses with a sentence, and never crashes.
#include <catch2/catch.hpp>

#include "tests/e2e/place.h"

using namespace maillage::tests;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_of(const fs::path& folder, const std::string& extension) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == extension && entry.file_size() > 0) found.push_back(entry.path());
  return found;
}

void flip(const fs::path& file, std::size_t position) {
  std::string bytes = read_text(file);
  bytes.at(position) = static_cast<char>(bytes[position] ^ 0x20);
  fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
  write_text(file, bytes);
}

// Until they have a session, or the damaged one has ended; what it says is of no interest here.
void meet(Place& place, Place& partner) {
  partner.serve_with(place);
  auto met = [&] { return !text_at(json_of(partner.command("peers")), "/peers/0/place").empty(); };
  eventually([&] { return met() || place.daemon().ended(Milliseconds(0)).has_value(); }, Milliseconds(5'000));
  partner.kill();
}

// Exit 1 with a sentence from `verify`; from `serve` a daemon that a partner may talk to, or exit 1 with a sentence.
void notices(Place& place, Place& partner) {
  Ended verified = place.command("verify");
  INFO("verify: " << verified.code << " " << verified.out << verified.err);
  CHECK(verified.code == 1);
  CHECK(json_of(verified).is_object());
  place.start();
  bool ready = place.becomes_ready();
  if (ready) meet(place, partner);
  INFO("serve: " << place.log());
  if (ready) CHECK(place.stop() == 0);
  else CHECK(place.daemon().ended(kPatience) == 1);
  if (!ready) CHECK_FALSE(place.log().empty());
}

}  // namespace

TEST_CASE("a flipped byte anywhere in a pack is noticed") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier"), partner(folder.path(), "Partenaire");
  REQUIRE(place.publish("resources/saw.json", resource("Scie")).code == 0);
  REQUIRE(place.command("verify").code == 0);
  fs::path packs = place.dir() / "store.git/objects/pack";
  for (const char* extension : {".pack", ".idx"}) {
    for (const fs::path& file : files_of(packs, extension)) {
      auto size = fs::file_size(file);
      for (std::size_t position : {std::size_t{0}, std::size_t{9}, size / 3, size / 2, size - 25, size - 1}) {
        CAPTURE(file.filename(), position, size);
        flip(file, position);
        notices(place, partner);
        flip(file, position);
      }
    }
  }
  CHECK(place.command("verify").code == 0);
}

TEST_CASE("a flipped byte in the stored heads, charters and records is noticed") {
  TemporaryDirectory folder;
  Place place(folder.path(), "Atelier"), partner(folder.path(), "Partenaire");
  for (int i = 0; i < 3; ++i) REQUIRE(place.publish("resources/saw-" + std::to_string(i) + ".json", resource("Scie")).code == 0);
  REQUIRE(place.command("verify").code == 0);
  for (const char* extension : {".sst", ".log"}) {
    for (const fs::path& original : files_of(place.dir() / "state", extension)) {
      auto size = fs::file_size(original);
      for (std::size_t position : {size / 5, size / 2, 4 * size / 5}) {
        CAPTURE(original.filename(), position, size);
        // RocksDB rewrites its files at each start: what is damaged is a copy of the whole folder.
        fs::path sound = folder.path() / "sound";
        fs::copy(place.dir() / "state", sound, fs::copy_options::recursive);
        flip(original, position);
        notices(place, partner);
        fs::remove_all(place.dir() / "state");
        fs::rename(sound, place.dir() / "state");
      }
    }
  }
  CHECK(place.command("verify").code == 0);
}
