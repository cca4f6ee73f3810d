#include "daemon/command.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <iterator>

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/clock.h"
#include "daemon/control.h"
#include "daemon/operations.h"
#include "daemon/qr_code.h"
#include "protocol/record.h"
#include "registry/file.h"

namespace maillage::daemon {
namespace {

// A daemon that is just starting holds the lock but does not listen yet.
constexpr int kStartingTries = 50;
constexpr std::chrono::milliseconds kStartingPause{100};

// Refusals of what was typed, not of what was asked for: they end with kUsage.
constexpr std::array kUsageCodes{protocol::ErrorCode::kUsage,     protocol::ErrorCode::kUnknownList, protocol::ErrorCode::kNoEquals,
                                 protocol::ErrorCode::kEmptyPath, protocol::ErrorCode::kBadListen,   protocol::ErrorCode::kBadPeer,
                                 protocol::ErrorCode::kBadLogLevel, protocol::ErrorCode::kEmptyName,
                                 protocol::ErrorCode::kUnknownMapping};

constexpr std::size_t kSheetBytesMax = 64 * 1024;

int exit_code_of(const boost::json::object& reply) {
  const boost::json::value* error = reply.if_contains("error");
  if (error == nullptr || !error->is_object()) return kFailed;
  std::string code = text_of(error->get_object(), "code");
  return std::ranges::any_of(kUsageCodes, [&](auto usage) { return protocol::slug(usage) == code; }) ? kUsage : kFailed;
}

}  // namespace

OpenDirectory::OpenDirectory(std::filesystem::path dir, const Terminal& terminal) : dir_(std::move(dir)), terminal_(terminal) {}
OpenDirectory::~OpenDirectory() = default;

ControlMessage OpenDirectory::perform(ControlMessage request) {
  request.body["language"] = std::string(tag_of(terminal_.language));
  boost::asio::io_context context;
  for (int tries = 0;; ++tries) {
    if (registry_) return daemon::perform({*registry_, nullptr, nullptr}, request, now().wall);
    auto reply = call_daemon(dir_ / "control.sock", request);
    if (reply) return std::move(*reply);
    if (reply.error().code != protocol::ErrorCode::kNotFound) return refuse(request, reply.error());
    auto registry = registry::Registry::open(dir_);
    if (registry) registry_ = std::move(*registry);
    // What a daemon that was killed while it wrote its address left; we have its lock.
    if (registry_) (void)registry::remove_file(dir_ / "address.new");
    // What is signed with no daemon is told by the next one, once it has heard what its partners know.
    if (registry_) registry_->await_peers();
    if (registry_) continue;
    if (registry.error().code != protocol::ErrorCode::kInUse || tries == kStartingTries) return refuse(request, registry.error());
    boost::asio::steady_timer(context, kStartingPause).wait();
  }
}

ControlMessage perform_on(const std::filesystem::path& dir, ControlMessage request, const Terminal& terminal) {
  return OpenDirectory(dir, terminal).perform(std::move(request));
}

ControlMessage ask(std::string_view verb, const std::filesystem::path& dir, const Terminal& terminal) {
  ControlMessage request;
  request.body["verb"] = verb;
  return perform_on(dir, std::move(request), terminal);
}

int complain(const protocol::Error& error, const Terminal& terminal) {
  ControlMessage request;
  request.body["language"] = std::string(tag_of(terminal.language));
  return complain(refuse(request, error), terminal);
}

int complain(const ControlMessage& reply, const Terminal& terminal) {
  boost::json::object shown = reply.body;
  shown.erase("sentences");
  if (terminal.json) std::cout << fit_json_for_terminal(protocol::to_json_text(shown)) << "\n";
  if (const auto* sentences = reply.body.if_contains("sentences"); sentences != nullptr && sentences->is_array()) {
    for (const auto& sentence : sentences->get_array())
      if (sentence.is_string()) std::cerr << fit_for_terminal(sentence.get_string()) << "\n";
  } else if (const auto* error = reply.body.if_contains("error"); error != nullptr && error->is_object()) {
    std::cerr << fit_for_terminal(text_of(error->get_object(), "detail")) << "\n";
  }
  return exit_code_of(reply.body);
}

int conclude(const boost::json::value& result, const std::string& said, const Terminal& terminal) {
  if (terminal.json) std::cout << fit_json_for_terminal(protocol::to_json_text(result)) << "\n";
  else if (!said.empty()) std::cout << fit_for_terminal(said) << (said.ends_with('\n') ? "" : "\n");
  std::cout.flush();
  return std::cout ? kDone : kFailed;
}

std::string drawn_sheet(std::string_view words, const Terminal& terminal) {
  if (terminal.json || ::isatty(STDOUT_FILENO) == 0) return "";
  auto code = QrCode::of(words);
  return code ? say(Message::kSheetDrawn, terminal.language) + "\n\n" + code->terminal_text(true) + "\n" : "";
}

Result<std::string> read_sheet(const std::filesystem::path& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    auto bytes = registry::read_file(file, kSheetBytesMax);
    if (!bytes) return tl::unexpected(bytes.error());
    text = protocol::as_text(*bytes);
  }
  return text.size() > kSheetBytesMax ? protocol::fail(ErrorCode::kTooLarge, file.string()) : Result<std::string>(std::move(text));
}

}  // namespace maillage::daemon
