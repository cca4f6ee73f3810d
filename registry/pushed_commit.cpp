#include "registry/pushed_commit.h"

#include "protocol/limits.h"
#include "registry/commit.h"
#include "registry/ssh_signature.h"

namespace maillage::registry {
namespace {

using protocol::fail;

tl::unexpected<Error> refused(std::string_view why) { return fail(ErrorCode::kBadObject, "commit: " + std::string(why)); }

// The header lines of a commit, continuation lines joined to theirs by LF.
struct Header {
  std::string_view key;
  std::string value;
  std::string_view raw;  // with its last LF
};

// Takes one header off the front of `text`.
Header take_header(std::string_view& text) {
  std::string_view start = text;
  auto line = [&] {
    auto end = text.find('\n');
    std::string_view taken = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    return taken;
  };
  std::string_view first = line();
  auto space = first.find(' ');
  Header header{first.substr(0, space), std::string(space == first.npos ? "" : first.substr(space + 1)), {}};
  while (text.starts_with(' ')) (header.value += '\n') += line().substr(1);
  header.raw = start.substr(0, start.size() - text.size());
  return header;
}

// "Name <e-mail> seconds zone"
bool read_author(std::string_view line, PushedCommit& commit) {
  auto open = line.find('<'), close = line.rfind('>');
  if (open == line.npos || close == line.npos || close < open) return false;
  commit.name = line.substr(0, open);
  commit.email = line.substr(open + 1, close - open - 1);
  return true;
}

}  // namespace

Result<PushedCommit> read_pushed_commit(ByteView bytes) {
  if (bytes.size() > protocol::kCommitBytesMax) return fail(ErrorCode::kTooLarge, "commit");
  std::string_view text = protocol::as_text(bytes);
  if (text.find('\0') != text.npos) return refused("NUL");
  PushedCommit commit;
  std::string signature, without_signature;
  bool author = false;
  while (!text.empty() && text.front() != '\n') {
    Header header = take_header(text);
    if (header.key == "gpgsig") {
      if (!signature.empty()) return refused("two signatures");
      signature = header.value;
      continue;
    }
    without_signature += header.raw;
    auto id = ObjectId::parse(header.value);
    if (header.key == "tree") {
      if (!id || !commit.tree.is_zero()) return refused("tree");
      commit.tree = *id;
    } else if (header.key == "parent") {
      if (!id || commit.parents.size() == kCommitParentsMax) return refused("parent");
      commit.parents.push_back(*id);
    } else if (header.key == "author") {
      author = read_author(header.value, commit);
    }
  }
  if (commit.tree.is_zero() || !author) return refused("tree or author");
  without_signature += text;
  if (signature.ends_with('\n')) signature.pop_back();
  if (auto read = read_armour(signature); read && ssh_verify(*read, protocol::as_bytes(without_signature))) commit.signer = read->key;
  return commit;
}

}  // namespace maillage::registry
