#include "tests/registry/git_fixture.h"

using namespace maillage::tests;
using maillage::protocol::as_bytes;
using maillage::protocol::as_text;

namespace {

Commit sample() {
  Commit commit;
  commit.tree.bytes.fill(0x11);
  ObjectId parent;
  parent.bytes.fill(0x22);
  commit.parents = {parent};
  commit.author = {"Zoé", "zoe@example.org", 1'700'000'000, -210};
  commit.committer = {"Konk Ar Lab", "x@maillage.invalid", 1'700'000'060, 60};
  commit.message = "publish: été\n\ngpgsig not a header here\n";
  return sign(commit, maillage::protocol::KeyPair(maillage::protocol::Seed{}));
}

std::string text_of(const Commit& commit) {
  Bytes bytes = write_commit(commit);
  return std::string(as_text(bytes));
}

// The sample with one piece of text replaced.
Result<Commit> read_with(std::string_view piece, std::string_view by) {
  std::string text = text_of(sample());
  std::size_t at = text.find(piece);
  REQUIRE(at != text.npos);
  return read_commit(as_bytes(text.replace(at, piece.size(), by)));
}

}  // namespace

TEST_CASE("a commit survives writing and reading, and its signature holds") {
  auto commit = read_commit(write_commit(sample()));
  REQUIRE(commit);
  CHECK(*commit == sample());
  CHECK(verify_signature(*commit));
  commit->message += "!";
  CHECK(verify_signature(*commit).error().code == ErrorCode::kBadSignature);
}

TEST_CASE("a commit in any other form than the canonical one is refused") {
  std::string sig = armour(*sample().signature);
  CHECK(read_with("x@", "y@"));
  CHECK_FALSE(read_with("tree ", "tree  "));
  CHECK_FALSE(read_with("parent ", "parent 0"));
  CHECK_FALSE(read_with("author ", "encoding latin1\nauthor "));
  CHECK_FALSE(read_with("gpgsig ", "gpgsig-sha256 "));
  CHECK_FALSE(read_with("gpgsig ", "mergetag x\ngpgsig "));
  CHECK_FALSE(read_with("\n\npublish", "\n \n\npublish"));
  CHECK_FALSE(read_with("\n\npublish", "\nHG:x y\n\npublish"));
  CHECK_FALSE(read_with("-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----\n gpgsig\n"));
  CHECK_FALSE(read_with("publish", std::string_view("pub\0lish", 8)));
  CHECK_FALSE(read_with("été", "\xe9t\xe9"));
  CHECK_FALSE(read_with("Zoé <", "Zoé  <"));
  CHECK_FALSE(read_with("Zoé <zoe@example.org>", "<zoe@example.org>"));
  CHECK_FALSE(read_with("<zoe@example.org>", "<zoe@example.org> <x>"));
  CHECK_FALSE(read_with("<zoe@example.org>", "<<zoe@example.org>"));
  CHECK_FALSE(read_with("1700000000", "01700000000"));
  CHECK_FALSE(read_with("1700000000", "-1"));
  CHECK_FALSE(read_with("1700000000", "99999999999999999999"));
  CHECK_FALSE(read_with("-0330", "-0000"));
  CHECK_FALSE(read_with("-0330", "-330"));
  CHECK_FALSE(read_with("-0330", "-0390"));
  std::string text = text_of(sample());
  CHECK_FALSE(read_commit(as_bytes(text + std::string(20'000, 'x'))));
}

TEST_CASE("the same parent twice, a null parent and too many parents are refused") {
  std::string parent = "parent " + std::string(40, '2') + "\n";
  CHECK_FALSE(read_with(parent, parent + parent));
  CHECK_FALSE(read_with(parent, "parent " + std::string(40, '0') + "\n"));
  std::string many;
  for (std::size_t i = 0; i < 17; ++i) many += "parent " + std::string(38, 'a') + std::to_string(10 + i) + "\n";
  CHECK_FALSE(read_with(parent, many));
}

TEST_CASE("every truncation and every flip of a commit is refused or is canonical itself") {
  Bytes bytes = write_commit(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    if (auto commit = read_commit(ByteView(bytes).first(size))) CHECK(write_commit(*commit).size() == size);
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (std::uint8_t bit : {1, 0x20, 0x80}) {
      Bytes flipped = bytes;
      flipped[at] ^= bit;
      if (auto commit = read_commit(flipped)) {
        CHECK(write_commit(*commit) == flipped);
        CHECK_FALSE(verify_signature(*commit));
      }
    }
}

TEST_CASE("a name loses what git forbids in it") {
  CHECK(person_name("Konk <Ar> Lab\n") == "Konk Ar Lab");
  CHECK(person_name(" . ") == "?");
  CHECK(person_name("\xff") == "?");
}

TEST_CASE("an armour has one spelling: every other one is refused") {
  SshSignature signature = ssh_sign(maillage::protocol::KeyPair(maillage::protocol::Seed{}), as_bytes("hello"));
  std::string text = armour(signature);
  auto read = read_armour(text);
  REQUIRE(read);
  CHECK(*read == signature);
  CHECK(ssh_verify(*read, as_bytes("hello")));
  CHECK_FALSE(ssh_verify(*read, as_bytes("hellO")));

  std::size_t line = text.find('\n') + 1;
  auto with = [&](std::size_t at, std::size_t count, std::string_view by) { return read_armour(std::string(text).replace(at, count, by)); };
  CHECK_FALSE(with(text.size(), 0, "\n"));
  CHECK_FALSE(with(0, 0, "\n"));
  CHECK_FALSE(with(line + 70, 1, ""));       // one line joined
  CHECK_FALSE(with(line + 60, 0, "\n"));     // wrapped earlier
  CHECK_FALSE(with(line + 70, 0, " "));      // trailing space
  CHECK_FALSE(with(line + 70, 1, "\r\n"));
  CHECK_FALSE(with(line, 1, "-"));
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string flipped = text;
    flipped[at] ^= 1;
    auto other = read_armour(flipped);
    if (other) CHECK_FALSE(ssh_verify(*other, as_bytes("hello")));
    CHECK_FALSE(read_armour(text.substr(0, at)));
  }
}

TEST_CASE("stock git and ssh-keygen verify our commits, and we verify theirs") {
  TemporaryDirectory directory;
  if (std::system("command -v ssh-keygen >/dev/null") != 0) {
    WARN("SKIPPED: there is no ssh-keygen here");
    return;
  }
  auto store = must(ObjectStore::open(directory.path()));
  Place place(1);
  publish_files(*store, place, {{"profile.json", bytes_of("{}")}});
  std::string signers = (directory.path() / "signers").string();
  std::ofstream(signers) << place_email(place.id) << " namespaces=\"git\" " << ssh_public_key(place.key.public_key()) << "\n";
  std::string git = "GIT_CONFIG_NOSYSTEM=1 HOME=" + directory.path().string() + " git -C " + store->git_directory().string();
  std::string said = output_of(git + " -c gpg.ssh.allowedSignersFile=" + signers + " verify-commit " + place.commit->hex());
  CHECK(said.find("Good \"git\" signature for " + place_email(place.id)) != said.npos);

  std::string key = (directory.path() / "key").string(), work = (directory.path() / "work").string();
  output_of("ssh-keygen -q -t ed25519 -N '' -C '' -f " + key);
  output_of("GIT_CONFIG_NOSYSTEM=1 HOME=" + directory.path().string() + " git init -q " + work);
  git = "GIT_CONFIG_NOSYSTEM=1 HOME=" + directory.path().string() + " git -C " + work;
  output_of(git + " -c user.name=Zoe -c user.email=zoe@x.invalid -c gpg.format=ssh -c user.signingKey=" + key +
            ".pub commit -q -S --allow-empty -m hello");
  std::string raw = output_of(git + " cat-file commit HEAD");
  auto commit = read_commit(as_bytes(raw));
  REQUIRE(commit);
  CHECK(verify_signature(*commit));
}
