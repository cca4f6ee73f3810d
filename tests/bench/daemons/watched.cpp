#include "tests/bench/daemons/watched.h"

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <boost/json/parse.hpp>
#include <poll.h>
#include <unistd.h>

namespace maillage::bench {
namespace {

constexpr int kLookMs = 10;
constexpr int kRestMs = 100;
constexpr int kRestLooks = 300;
constexpr tests::Milliseconds kStartLimit{300'000};  // 200,000 records on a machine that is busy otherwise
constexpr tests::Milliseconds kEndLimit{20'000};
constexpr tests::Milliseconds kCommandLimit{600'000};

std::string of_process(pid_t pid, const char* file) { return "/proc/" + std::to_string(pid) + "/" + file; }

// The number behind a name in one of a program's files.
std::uint64_t number_of(pid_t pid, const char* file, std::string_view name) {
  std::ifstream lines(of_process(pid, file));
  for (std::string word; lines >> word;) {
    std::uint64_t number = 0;
    if (word == name && lines >> number) return number;
  }
  return 0;
}

std::uint64_t peak_of(pid_t pid) { return number_of(pid, "status", "VmHWM:") * 1024; }

// Of a process and all that it has started.
std::uint64_t peak_of_tree(pid_t pid) {
  std::uint64_t sum = peak_of(pid);
  std::ifstream children(of_process(pid, ("task/" + std::to_string(pid) + "/children").c_str()));
  for (pid_t child = 0; children >> child;) sum += peak_of_tree(child);
  return sum;
}

// utime, stime, and those of children that were waited for: fields 14 to 17 (proc(5)), counted after the name.
double processor_of(pid_t pid) {
  std::ifstream stat(of_process(pid, "stat"));
  std::string all((std::istreambuf_iterator<char>(stat)), {});
  std::istringstream fields(all.substr(std::min(all.rfind(')') + 2, all.size())));
  double ticks = 0;
  std::string field;
  for (int number = 3; number <= 17 && fields >> field; ++number)
    if (number >= 14) ticks += std::stod(field);
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double processor_of_tree(pid_t pid) {
  double sum = processor_of(pid);
  std::ifstream children(of_process(pid, ("task/" + std::to_string(pid) + "/children").c_str()));
  for (pid_t child = 0; children >> child;) sum += processor_of_tree(child);
  return sum;
}

tests::Spawning quiet() { return {{}, {"LC_ALL=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0"}, "/dev/null"}; }

}  // namespace

Watched::Watched(const std::vector<std::string>& command, const tests::Spawning& how) : child_(command, how), looker_([this] { look(); }) {}

Watched::~Watched() {
  ending_ = true;
  looker_.join();
}

void Watched::wait_until_at_rest() {
  double before = -1;
  for (int look = 0; look < kRestLooks && before < processor_seconds(); ++look) {
    before = processor_seconds();
    ::poll(nullptr, 0, kRestMs);
  }
}

void Watched::look() {
  while (!ending_) {
    std::uint64_t now = peak_of_tree(child_.pid()), before = peak_;
    if (now > before) peak_ = now;
    (void)processor_seconds();
    ::poll(nullptr, 0, kLookMs);
  }
}

double Watched::processor_seconds() {
  double now = processor_of_tree(child_.pid()), before = processor_;
  if (now > before) processor_ = now;
  return processor_;
}

std::uint64_t Watched::resident_bytes() const { return number_of(child_.pid(), "status", "VmRSS:") * 1024; }
std::uint64_t Watched::written_bytes() const { return number_of(child_.pid(), "io", "write_bytes:"); }

void Watched::forget_peak() {
  std::ofstream(of_process(child_.pid(), "clear_refs")) << "5";
  peak_ = 0;
}

void Watched::end() {
  child_.signal(SIGTERM);
  if (!child_.ended(kEndLimit)) child_.signal(SIGKILL);
}

namespace {

std::vector<std::string> serve_command(const std::filesystem::path& program, const std::filesystem::path& directory, const std::vector<std::string>& peers) {
  std::vector<std::string> command{program.string(), "serve", "--dir", directory.string(), "--listen", "127.0.0.1:0", "--json"};
  for (const std::string& peer : peers) command.insert(command.end(), {"--peer", peer});
  return command;
}

}  // namespace

Daemon::Daemon(const std::filesystem::path& program, const std::filesystem::path& directory, const std::vector<std::string>& peers)
    : watched_(serve_command(program, directory, peers), quiet()) {
  auto line = watched_.child().line(kStartLimit);
  boost::system::error_code error;
  auto said = line ? boost::json::parse(*line, error) : boost::json::value();
  if (!said.is_object() || !said.get_object().contains("address")) throw std::runtime_error("serve does not start in " + directory.string());
  address_ = said.get_object().at("address").as_string().c_str();
}

std::uint16_t Daemon::port() const { return static_cast<std::uint16_t>(std::stoul(address_.substr(address_.rfind(':') + 1))); }

std::string run_well(const std::vector<std::string>& command) {
  tests::Spawning how = quiet();
  how.errors.clear();
  auto ended = tests::run(command, "", how, kCommandLimit);
  if (ended.code != 0) throw std::runtime_error(command.front() + " " + command.at(1) + ": " + ended.err + ended.out);
  return ended.out;
}

}  // namespace maillage::bench
