// A place as its operator has it: a folder made by `init`, a folder of files to publish, and a daemon that runs or not.
// All of it is real programs; a test may do to it what happens to machines.
#pragma once

#include <memory>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/e2e/program.h"
#include "tests/e2e/socket.h"
#include "tests/registry/temporary_directory.h"

namespace maillage::tests {

using Words = std::vector<std::string>;

// One command of maillage, in English.
Ended run_maillage(Words arguments, const std::string& input = "", const Spawning& how = {});

// The JSON that is alone on the command's stdout; null when there is anything else.
boost::json::value json_of(const Ended& ended);

// A field of an answer by its JSON Pointer, as text ("" when absent) or number (-1).
std::string text_at(const boost::json::value& value, std::string_view pointer);
std::int64_t number_at(const boost::json::value& value, std::string_view pointer);

std::string read_text(const std::filesystem::path& file);
void write_text(const std::filesystem::path& file, std::string_view text);

class Place {
 public:
  // Runs `init`; throws when it refuses.
  Place(const std::filesystem::path& parent, const std::string& name, const Words& options = {});

  const std::filesystem::path& dir() const { return dir_; }
  const std::filesystem::path& site() const { return site_; }  // what PATHs are relative to
  const std::string& id() const { return id_; }
  const std::string& slug() const { return slug_; }
  const std::string& sheet() const { return sheet_; }

  // Starts the daemon on a free port and waits for it to be ready; throws when it ends instead.
  void serve(const std::vector<std::string>& peers = {}, const Words& options = {});
  void serve_with(const Place& peer) { serve({peer.peer_url()}); }
  // Starts it without waiting; `environment` is added to ours.
  void start(const std::vector<std::string>& peers = {}, const Words& options = {}, Words environment = {});
  // Waits for it to listen and to say that it is ready.
  bool becomes_ready();

  bool running() const { return daemon_ != nullptr; }
  Child& daemon() { return *daemon_; }
  const std::string& address() const { return address_; }
  std::string url() const { return "http://" + address_; }
  std::string peer_url() const { return "ws://" + address_ + "/peer"; }
  std::string log() const { return read_text(log_); }

  void kill();                  // SIGKILL, as a power cut
  std::optional<int> stop();    // SIGTERM; the exit code, nothing when it does not end in time

  // `maillage VERB --dir DIR --json ARGUMENTS…`
  Ended command(const std::string& verb, const Words& arguments = {}, const std::string& input = "") const;

  // Writes the file into `site` and publishes it; the command's outcome.
  Ended publish(const std::string& path, std::string_view text) const;
  Ended publish_all(const Words& paths) const;

  // GET /api/v1/TARGET of the running daemon.
  Answer ask(const std::string& target, const std::vector<std::string>& headers = {}) const { return get(address_, "/api/v1/" + target, headers); }
  // numberMatched of a question, over HTTP when it runs, by `query --dir` when not.
  std::int64_t count(const std::string& what, const Words& parameters = {}) const;

  // `verify` finds nothing, no temporary file is left, and stock git finds nothing but dangling objects; else what is wrong.
  std::string unsound() const;

 private:
  std::filesystem::path dir_, site_, log_;
  std::string id_, slug_, sheet_, address_;
  std::unique_ptr<Child> daemon_;
};

// A record that passes its schema; `more` is JSON members with a leading comma, or empty.
std::string event(const std::string& name, const std::string& more = "");
std::string resource(const std::string& name, const std::string& more = "");
std::string need(const std::string& name, const std::string& more = "");

// 3.5 MB that no compression makes smaller.
std::string noise(std::uint64_t seed);

}  // namespace maillage::tests
