#include "tests/e2e/place.h"
#include "tests/locations.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <boost/json/parse.hpp>

namespace maillage::tests {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const json::value* at(const json::value& value, std::string_view pointer) {
  boost::system::error_code error;
  return value.find_pointer({pointer.data(), pointer.size()}, error);
}

std::string encoded(const std::string& text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    if (std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_') out += static_cast<char>(c);
    else out += '%', out += digits[c >> 4], out += digits[c & 15];
  }
  return out;
}

// Files that only a running daemon, or nobody, may have.
std::string leftovers(const fs::path& dir) {
  std::string found;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    std::string name = entry.path().filename().string();
    bool temporary = name.ends_with(".keep") || name.ends_with(".new") || name.ends_with(".tmp") || name.starts_with("tmp_");
    bool quarantined = entry.path().parent_path() == dir / "quarantine";
    if (temporary || quarantined) found += entry.path().string() + " is left\n";
  }
  return found;
}

}  // namespace

Ended run_maillage(Words arguments, const std::string& input, const Spawning& how) {
  arguments.insert(arguments.begin(), kBinary);
  Spawning english = how;
  if (how.environment.empty()) english.environment = {"LC_ALL=en_GB.UTF-8"};
  return run(arguments, input, english);
}

json::value json_of(const Ended& ended) {
  boost::system::error_code error;
  return json::parse(ended.out, error);
}

std::string text_at(const json::value& value, std::string_view pointer) {
  const json::value* found = at(value, pointer);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::int64_t number_at(const json::value& value, std::string_view pointer) {
  const json::value* found = at(value, pointer);
  boost::system::error_code error;
  return found != nullptr && found->is_number() ? found->to_number<std::int64_t>(error) : -1;
}

std::string read_text(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_text(const fs::path& file, std::string_view text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

Place::Place(const fs::path& parent, const std::string& name, const Words& options) {
  std::string folder;
  for (char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) folder += c;
  dir_ = parent / folder;
  site_ = parent / (folder + "-site");
  log_ = parent / (folder + ".log");
  fs::create_directories(site_);
  Words words{"--name", name};
  words.insert(words.end(), options.begin(), options.end());
  Ended made = command("init", words);
  if (made.code != 0) throw std::runtime_error("init: " + made.out + made.err);
  json::value shown = json_of(made);
  id_ = text_at(shown, "/place");
  slug_ = text_at(shown, "/slug");
  sheet_ = text_at(shown, "/recovery_sheet");
}

void Place::start(const std::vector<std::string>& peers, const Words& options, Words environment) {
  Words words{kBinary, "serve", "--dir", dir_.string(), "--json"};
  if (std::find(options.begin(), options.end(), "--listen") == options.end()) words.insert(words.end(), {"--listen", "127.0.0.1:0"});
  for (const std::string& peer : peers) words.insert(words.end(), {"--peer", peer});
  words.insert(words.end(), options.begin(), options.end());
  environment.push_back("LC_ALL=en_GB.UTF-8");
  daemon_ = std::make_unique<Child>(words, Spawning{{}, environment, log_});
}

bool Place::becomes_ready() {
  auto line = daemon_->line();
  if (!line) return false;
  boost::system::error_code error;
  address_ = text_at(json::parse(*line, error), "/address");
  return read_text(dir_ / "address") == address_ + "\n" && get(address_, "/readyz").status == 200;
}

void Place::serve(const std::vector<std::string>& peers, const Words& options) {
  start(peers, options);
  if (!becomes_ready()) throw std::runtime_error("serve: " + log());
}

void Place::kill() {
  daemon_->signal(SIGKILL);
  daemon_->ended(kPatience);
  daemon_.reset();
}

std::optional<int> Place::stop() {
  daemon_->signal(SIGTERM);
  auto code = daemon_->ended(Milliseconds(10'000));
  daemon_.reset();
  return code;
}

Ended Place::command(const std::string& verb, const Words& arguments, const std::string& input) const {
  Words words{verb, "--dir", dir_.string(), "--json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_maillage(words, input, {site_, {}, {}});
}

Ended Place::publish(const std::string& path, std::string_view text) const {
  write_text(site_ / path, text);
  return command("publish", {path});
}

Ended Place::publish_all(const Words& paths) const { return command("publish", paths); }

std::int64_t Place::count(const std::string& what, const Words& parameters) const {
  if (!running()) {
    Words words{what, "limit=0"};
    words.insert(words.end(), parameters.begin(), parameters.end());
    return number_at(json_of(command("query", words)), "/numberMatched");
  }
  std::string target = what + "?limit=0";
  for (const std::string& one : parameters) {
    auto equals = one.find('=');
    target += "&" + one.substr(0, equals + 1) + encoded(one.substr(equals + 1));
  }
  return number_at(ask(target).json(), "/numberMatched");
}

std::string Place::unsound() const {
  std::string wrong;
  Ended verified = command("verify");
  if (verified.code != 0) wrong += "verify: " + verified.out + verified.err;
  if (!running()) wrong += leftovers(dir_);
  Ended checked = run({"git", "-C", (dir_ / "store.git").string(), "fsck", "--full"}, "", {{}, {"LC_ALL=C"}, {}});
  std::string said = checked.out + checked.err;
  for (std::size_t begin = 0; begin < said.size();) {
    auto end = std::min(said.find('\n', begin), said.size());
    std::string line = said.substr(begin, end - begin);
    if (!line.starts_with("dangling ") && !line.starts_with("notice: ")) wrong += "fsck: " + line + "\n";
    begin = end + 1;
  }
  if (checked.code != 0) wrong += "git fsck gives " + std::to_string(checked.code) + "\n";
  return wrong;
}

std::string event(const std::string& name, const std::string& more) {
  return R"({"kind": "event", "name": ")" + name + R"(", "start": "2027-03-06T14:00:00", "timeZone": "Europe/Paris")" + more + "}\n";
}

std::string resource(const std::string& name, const std::string& more) {
  return R"({"kind": "resource", "name": ")" + name + R"(", "type": "equipment", "licence": "CC-BY-SA-4.0")" + more + "}\n";
}

std::string need(const std::string& name, const std::string& more) { return R"({"kind": "need", "name": ")" + name + "\"" + more + "}\n"; }

std::string noise(std::uint64_t seed) {
  std::string bytes;
  for (std::uint64_t state = seed + 1; bytes.size() < 3'500'000;) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    bytes += static_cast<char>(state >> 56);
  }
  return bytes;
}

}  // namespace maillage::tests
