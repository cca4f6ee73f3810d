// Stock git as a stranger has it: no configuration of ours, no prompt, its own home. And raw requests of git's protocol.
#pragma once

#include "tests/e2e/place.h"

namespace maillage::tests {

class StockGit {
 public:
  explicit StockGit(const std::filesystem::path& home) : home_(home) {}

  // `git ARGUMENTS…` in `folder`.
  Ended operator()(const std::filesystem::path& folder, Words arguments, Words environment = {}) const {
    arguments.insert(arguments.begin(), {"git", "-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "init.defaultBranch=main"});
    environment.insert(environment.end(), {"LC_ALL=C", "HOME=" + home_.string(), "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0"});
    return run(arguments, "", {folder, std::move(environment), {}}, 4 * kPatience);  // packing 38 MB is git's, on a busy machine
  }
  // The same in the home; what it printed, without the last LF, when it succeeds.
  std::string out(const std::filesystem::path& folder, const Words& arguments) const {
    Ended ended = (*this)(folder, arguments);
    if (ended.code != 0) return "exit " + std::to_string(ended.code) + ": " + ended.err;
    while (ended.out.ends_with('\n')) ended.out.pop_back();
    return ended.out;
  }
  // "" when everything is there and well formed.
  std::string fsck(const std::filesystem::path& folder) const {
    Ended ended = (*this)(folder, {"fsck", "--full", "--strict", "--no-dangling"});
    return ended.code == 0 ? "" : ended.out + ended.err;
  }

 private:
  std::filesystem::path home_;
};

inline std::string pkt(const std::string& text) {
  char size[5];
  snprintf(size, sizeof size, "%04zx", text.size() + 5);
  return size + text + "\n";
}

inline std::string in_chunks(const std::string& body, std::size_t each) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += each) {
    std::string part = body.substr(at, each);
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", part.size());
    out += size + part + "\r\n";
  }
  return out + "0\r\n\r\n";
}

// POST …/git-upload-pack on a connection of its own; the whole answer, header and body as they came.
inline std::string post_upload(const Place& place, const std::string& repository, const std::string& body, const std::string& more = "") {
  Socket socket(place.address());
  bool chunked = more.find("chunked") != std::string::npos;
  std::string length = chunked ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
  socket.send("POST /git/" + repository + "/git-upload-pack HTTP/1.1\r\nHost: " + place.address() +
              "\r\nContent-Type: application/x-git-upload-pack-request\r\nConnection: close\r\n" + length + more + "\r\n" + body);
  return socket.receive_all();
}

inline std::string body_of(const std::string& answer) { return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4)); }

}  // namespace maillage::tests
