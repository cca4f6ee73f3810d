#include "daemon/out_folder.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <sys/stat.h>

#include "tests/registry/temporary_directory.h"

using maillage::daemon::OutFolder;
using maillage::protocol::Bytes;
using maillage::protocol::ErrorCode;
using maillage::tests::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

unsigned mode_of(const fs::path& path) { return static_cast<unsigned>(fs::status(path).permissions()) & 0777u; }

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("files are written into a new folder of which other users see nothing, or into an empty one") {
  TemporaryDirectory dir;
  fs::path out = dir.path() / "out";
  if (GENERATE(false, true)) fs::create_directory(out);
  auto folder = OutFolder::create(out);
  REQUIRE(folder);
  REQUIRE(folder->write("resources/laser/photo.jpg", bytes_of("JFIF")));
  REQUIRE(folder->write("profile.json", bytes_of("{}")));
  CHECK(text_of(out / "resources/laser/photo.jpg") == "JFIF");
  CHECK(mode_of(out) == 0700);
  CHECK(mode_of(out / "resources/laser") == 0700);
  CHECK(mode_of(out / "profile.json") == 0600);
  CHECK(folder->write("profile.json", bytes_of("[]")).error().code == ErrorCode::kFileExists);
  CHECK(text_of(out / "profile.json") == "{}");
}

TEST_CASE("a folder with something in it, a file and a link are no folder to write into") {
  TemporaryDirectory dir;
  fs::create_directory(dir.path() / "full");
  std::ofstream(dir.path() / "full" / "x") << "x";
  fs::create_directory(dir.path() / "empty");
  fs::create_directory_symlink(dir.path() / "empty", dir.path() / "link");
  CHECK(OutFolder::create(dir.path() / "full").error().code == ErrorCode::kFolderNotEmpty);
  CHECK(OutFolder::create(dir.path() / "full" / "x").error().code == ErrorCode::kNotAFile);
  CHECK(OutFolder::create(dir.path() / "link").error().code == ErrorCode::kNotAFile);
  CHECK(fs::is_empty(dir.path() / "empty"));
  CHECK_FALSE(OutFolder::create(dir.path() / "none" / "out"));
}

TEST_CASE("no name leads out of the folder, and no link in it is followed") {
  TemporaryDirectory dir;
  fs::create_directory(dir.path() / "elsewhere");
  auto folder = OutFolder::create(dir.path() / "out");
  REQUIRE(folder);
  for (const char* path : {"../x", "/etc/x", "a/../../x", ".git/config", "", "a//b"}) {
    CAPTURE(path);
    CHECK_FALSE(folder->write(path, bytes_of("x")));
  }
  fs::create_directory_symlink(dir.path() / "elsewhere", dir.path() / "out" / "resources");
  fs::create_symlink(dir.path() / "elsewhere" / "new", dir.path() / "out" / "notes");
  CHECK_FALSE(folder->write("resources/x.json", bytes_of("x")));
  CHECK_FALSE(folder->write("notes", bytes_of("x")));
  CHECK(fs::is_empty(dir.path() / "elsewhere"));
}
