// Service: one running daemon. Opens the registry, listens, keeps sessions to its partners, answers commands, and ends
// in good order.
//
// One io_context thread owns all of it but the jobs of the workers. Order of ending: no new connection, goodbye to the
// partners (1012), answers under way leave, at most kDrainLimit; then the workers are joined and the registry closed.
// SIGHUP makes a whole new configuration or, when the file is wrong, keeps the one it has and says so.
#pragma once

#include <filesystem>
#include <memory>

#include "daemon/config.h"

namespace maillage::daemon {

class Service {
 public:
  // What load_config and tls_server_context give, kInUse (of DIR), kIo (the address is taken), and what Registry::open and load give.
  static Result<std::unique_ptr<Service>> start(const std::filesystem::path& dir, const ConfigOverrides& overrides);
  ~Service();

  const Address& address() const;

  // Until SIGTERM or SIGINT; the calling thread is the node's thread.
  void run();

 private:
  struct State;
  explicit Service(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace maillage::daemon
