#include "registry/commit.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "protocol/limits.h"
#include "protocol/utf8.h"

namespace maillage::registry {
namespace {

using protocol::as_text;
using protocol::fail;

tl::unexpected<Error> refused(std::string_view why) { return fail(ErrorCode::kBadObject, "commit: " + std::string(why)); }

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    auto point = protocol::first_code_point(text);
    if (!point.valid) return false;
    text.remove_prefix(point.bytes);
  }
  return true;
}

bool name_holds(std::string_view name) {
  auto forbidden = [](char c) { return c == '<' || c == '>' || is_control(c); };
  return !name.empty() && name.front() != ' ' && name.back() != ' ' && std::ranges::none_of(name, forbidden);
}

bool email_holds(std::string_view email) {
  return std::ranges::none_of(email, [](char c) { return c == '<' || c == '>' || c == ' ' || is_control(c); });
}

bool person_holds(const CommitPerson& person) {
  return name_holds(person.name) && email_holds(person.email) && person.seconds >= 0 && std::abs(person.zone_minutes) < 24 * 60;
}

std::string line_of(const CommitPerson& person) {
  int zone = std::abs(person.zone_minutes);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%c%02u%02u", person.zone_minutes < 0 ? '-' : '+',
                static_cast<unsigned>(zone / 60) % 100, static_cast<unsigned>(zone % 60));
  return person.name + " <" + person.email + "> " + std::to_string(person.seconds) + " " + digits;
}

// A whole text that is a decimal number.
template <class T>
bool read_number(std::string_view text, T& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Lenient where the comparison with the re-encoding is strict.
std::optional<CommitPerson> read_person(std::string_view line) {
  std::size_t open = line.find('<'), close = line.find('>');
  if (open == line.npos || open == 0 || close == line.npos || close < open || line.size() < close + 8) return std::nullopt;
  CommitPerson person{std::string(line.substr(0, open - 1)), std::string(line.substr(open + 1, close - open - 1)), 0, 0};
  std::string_view time = line.substr(close + 2);
  std::string_view zone = time.substr(time.size() - 4);
  int hours = 0, minutes = 0;
  if (!read_number(time.substr(0, time.size() - 6), person.seconds)) return std::nullopt;
  if (!read_number(zone.substr(0, 2), hours) || !read_number(zone.substr(2), minutes) || minutes >= 60) return std::nullopt;
  person.zone_minutes = (time[time.size() - 5] == '-' ? -1 : 1) * (hours * 60 + minutes);
  return person_holds(person) ? std::optional(person) : std::nullopt;
}

// The lines of a raw commit, taken one by one.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // The value of the next line when it is `key SP value LF`.
  std::optional<std::string_view> value(std::string_view key) {
    std::size_t end = rest_.find('\n');
    if (end == rest_.npos || !rest_.starts_with(key) || end <= key.size() || rest_[key.size()] != ' ') return std::nullopt;
    std::string_view value = rest_.substr(key.size() + 1, end - key.size() - 1);
    rest_.remove_prefix(end + 1);
    return value;
  }

  // The next line without its leading space, when it continues a header.
  std::optional<std::string_view> continuation() { return value(""); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::optional<ObjectId> read_id(std::optional<std::string_view> value) {
  if (!value) return std::nullopt;
  auto id = ObjectId::parse(*value);
  return id && !id->is_zero() ? std::optional(*id) : std::nullopt;
}

std::string headers(const Commit& commit) {
  std::string text = "tree " + commit.tree.hex() + "\n";
  for (const ObjectId& parent : commit.parents) text += "parent " + parent.hex() + "\n";
  return text + "author " + line_of(commit.author) + "\ncommitter " + line_of(commit.committer) + "\n";
}

// What is signed: the commit without its signature.
std::string unsigned_text(const Commit& commit) { return headers(commit) + "\n" + commit.message; }

std::string text_of(const Commit& commit) {
  if (!commit.signature) return unsigned_text(commit);
  std::string text = headers(commit) + "gpgsig ";
  for (char c : armour(*commit.signature)) text += c == '\n' ? "\n " : std::string(1, c);
  return text + "\n\n" + commit.message;
}

Result<void> read_parents(Lines& lines, Commit& commit) {
  while (auto value = lines.value("parent")) {
    auto parent = read_id(value);
    if (!parent || std::ranges::find(commit.parents, *parent) != commit.parents.end()) return refused("parent");
    if (commit.parents.size() == kCommitParentsMax) return refused("too many parents");
    commit.parents.push_back(*parent);
  }
  return {};
}

Result<void> read_signature(Lines& lines, Commit& commit) {
  auto first = lines.value("gpgsig");
  if (!first) return {};
  std::string text(*first);
  while (auto line = lines.continuation()) (text += '\n') += *line;
  auto signature = read_armour(text);
  if (!signature) return refused("gpgsig");
  commit.signature = *signature;
  return {};
}

}  // namespace

std::string person_name(std::string_view name) {
  std::string kept;
  for (char c : name)
    if (c != '<' && c != '>' && !is_control(c)) kept += c;
  constexpr std::string_view kCrud = " .,:;\"\\'";  // what git strips from the ends of a name
  std::size_t start = kept.find_first_not_of(kCrud);
  if (start == kept.npos || !is_utf8(kept)) return "?";
  return kept.substr(start, kept.find_last_not_of(kCrud) - start + 1);
}

Bytes write_commit(const Commit& commit) {
  protocol::check(person_holds(commit.author) && person_holds(commit.committer), "a commit's persons keep their rules");
  std::string text = text_of(commit);
  return Bytes(text.begin(), text.end());
}

Result<Commit> read_commit(ByteView bytes) {
  if (bytes.size() > protocol::kCommitBytesMax) return fail(ErrorCode::kTooLarge, "commit");
  std::string_view text = as_text(bytes);
  if (text.find('\0') != text.npos) return refused("NUL");
  if (!is_utf8(text)) return refused("not UTF-8");
  Commit commit;
  Lines lines(text);
  auto tree = read_id(lines.value("tree"));
  if (!tree) return refused("tree");
  commit.tree = *tree;
  if (auto done = read_parents(lines, commit); !done) return tl::unexpected(done.error());
  auto author = read_person(lines.value("author").value_or(""));
  auto committer = read_person(lines.value("committer").value_or(""));
  if (!author || !committer) return refused("author or committer");
  commit.author = *author;
  commit.committer = *committer;
  if (auto done = read_signature(lines, commit); !done) return tl::unexpected(done.error());
  if (!lines.rest().starts_with('\n')) return refused("unknown header");
  commit.message = lines.rest().substr(1);
  if (text_of(commit) != text) return refused("not in canonical form");
  return commit;
}

Commit sign(Commit commit, const protocol::KeyPair& key) {
  commit.signature = ssh_sign(key, protocol::as_bytes(unsigned_text(commit)));
  return commit;
}

Result<void> verify_signature(const Commit& commit) {
  if (!commit.signature) return fail(ErrorCode::kBadSignature, "commit without signature");
  return ssh_verify(*commit.signature, protocol::as_bytes(unsigned_text(commit)));
}

}  // namespace maillage::registry
