#include "tests/e2e/program.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace maillage::tests {
namespace {

constexpr Milliseconds kLook{5};  // between two looks at a condition

std::runtime_error broken(const char* call) { return std::runtime_error(std::string(call) + ": " + std::strerror(errno)); }

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw broken("pipe2");
    out = ends[0], in = ends[1];
  }
  int out = -1, in = -1;
};

int left(Clock::time_point deadline) {
  auto rest = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now()).count();
  return rest > 0 ? static_cast<int>(rest) : 0;
}

void shut(int& file) {
  if (file >= 0) ::close(file);
  file = -1;
}

// Appends what can be read now; false at the end of the file, which is closed then.
bool read_some(int& file, std::string& into) {
  std::array<char, 65536> buffer;
  ssize_t size = ::read(file, buffer.data(), buffer.size());
  if (size > 0) into.append(buffer.data(), static_cast<std::size_t>(size));
  if (size > 0 || (size < 0 && errno == EINTR)) return true;
  shut(file);
  return false;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  std::vector<std::string> all;
  for (char** at = environ; *at != nullptr; ++at) {
    std::string_view entry = *at;
    auto name = entry.substr(0, entry.find('=') + 1);
    bool replaced = name.starts_with("LC_") || name == "LANG=";  // tests say the language that they read
    for (const std::string& one : added) replaced = replaced || one.starts_with(name);
    if (!replaced) all.emplace_back(entry);
  }
  all.insert(all.end(), added.begin(), added.end());
  return all;
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

Child::Child(const std::vector<std::string>& command, const Spawning& how) {
  Pipe in, out, err;
  int errors = err.in;
  if (!how.errors.empty()) errors = ::open(how.errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (errors < 0) throw broken("open");
  auto variables = environment_with(how.environment);
  auto arguments = pointers(command);
  auto values = pointers(variables);
  pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw broken("fork");
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(in.out, 0), ::dup2(out.in, 1), ::dup2(errors, 2);
    if (!how.folder.empty() && ::chdir(how.folder.c_str()) != 0) ::_exit(127);
    ::execvpe(arguments[0], arguments.data(), values.data());
    ::_exit(127);
  }
  ::setpgid(pid_, pid_);
  process_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (process_ < 0) throw broken("pidfd_open");
  ::close(in.out), ::close(out.in), ::close(err.in);
  if (errors != err.in) ::close(errors);
  input_ = in.in, output_ = out.out, errors_ = err.out;
  ::fcntl(input_, F_SETFL, O_NONBLOCK);
}

Child::~Child() {
  if (!code_) {
    ::kill(-pid_, SIGKILL);
    ended(kPatience);
  }
  shut(process_), shut(input_), shut(output_), shut(errors_);
}

void Child::signal(int number) const {
  if (!code_) ::kill(number == SIGKILL ? -pid_ : pid_, number);
}

std::optional<int> Child::ended(Milliseconds limit) {
  if (code_) return code_;
  pollfd watched{process_, POLLIN, 0};
  if (::poll(&watched, 1, static_cast<int>(limit.count())) != 1) return {};
  int status = 0;
  if (::waitpid(pid_, &status, 0) == pid_) code_ = code_of(status);
  return code_;
}

std::optional<std::string> Child::line(Milliseconds limit) {
  auto deadline = Clock::now() + limit;
  for (;;) {
    if (auto end = ahead_.find('\n'); end != std::string::npos) {
      std::string first = ahead_.substr(0, end);
      ahead_.erase(0, end + 1);
      return first;
    }
    pollfd watched{output_, POLLIN, 0};
    if (output_ < 0 || ::poll(&watched, 1, left(deadline)) != 1 || !read_some(output_, ahead_)) return {};
  }
}

void Child::converse(const std::string& input, Milliseconds limit, std::string& out, std::string& err) {
  auto deadline = Clock::now() + limit;
  std::size_t written = 0;
  while (output_ >= 0 || errors_ >= 0) {
    if (written == input.size()) shut(input_);
    std::array<pollfd, 3> watched{{{output_, POLLIN, 0}, {errors_, POLLIN, 0}, {input_, POLLOUT, 0}}};
    if (::poll(watched.data(), watched.size(), left(deadline)) <= 0) return;
    if (watched[0].revents != 0) read_some(output_, out);
    if (watched[1].revents != 0) read_some(errors_, err);
    if (watched[2].revents == 0) continue;
    ssize_t size = ::write(input_, input.data() + written, input.size() - written);
    if (size < 0) shut(input_), written = input.size();
    else written += static_cast<std::size_t>(size);
  }
}

Ended run(const std::vector<std::string>& command, const std::string& input, const Spawning& how, Milliseconds limit) {
  std::signal(SIGPIPE, SIG_IGN);
  auto deadline = Clock::now() + limit;
  Child child(command, how);
  Ended result;
  child.converse(input, limit, result.out, result.err);
  result.code = child.ended(Milliseconds(left(deadline))).value_or(-1);
  return result;
}

void yield_for_others() { ::poll(nullptr, 0, static_cast<int>(kLook.count())); }

}  // namespace maillage::tests
