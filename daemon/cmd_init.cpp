#include <iostream>

#include <sys/stat.h>

#include "daemon/clock.h"
#include "daemon/command.h"
#include "registry/registry.h"
#include "registry/territory.h"

namespace maillage::daemon {
namespace {

namespace fs = std::filesystem;

Result<void> check_options(const InitOptions& options) {
  if (options.name.find_first_not_of(" \t") == std::string::npos) return protocol::fail(ErrorCode::kEmptyName, "");
  if (!options.commune.empty() && !registry::find_commune(options.commune)) return protocol::fail(ErrorCode::kUnknownCommune, options.commune);
  return check_new_folder(options.dir);
}

// Once and nowhere else: a sheet that could not be written is nobody's, and neither is its place.
Result<void> show_sheet(const registry::CreatedPlace& created, const InitOptions& options, const Terminal& terminal) {
  boost::json::object result{{"place", created.place.hex()}, {"slug", created.slug}, {"recovery_sheet", created.recovery_sheet}};
  std::string said = say(Message::kInitDone, terminal.language, {options.name, created.place.hex(), created.slug});
  said += "\n\n" + say(Message::kInitSheet, terminal.language) + "\n\n  " + created.recovery_sheet + "\n\n";
  bool shown = conclude(result, said, terminal) == kDone;
  if (!terminal.json)
    std::cout << drawn_sheet(created.recovery_sheet, terminal)
              << fit_for_terminal(say(Message::kInitNext, terminal.language, {options.dir.string(), options.dir.string()})) << std::endl;
  return shown && std::cout ? Result<void>() : protocol::fail(ErrorCode::kIo, "stdout");
}

}  // namespace

Result<void> check_new_folder(const fs::path& dir) {
  std::error_code error;
  if (fs::exists(dir / "lock", error)) return {};
  fs::directory_iterator at(dir, error), end;
  if (error == std::errc::no_such_file_or_directory) return {};
  for (; !error && at != end; at.increment(error))
    if (at->path().filename() != "config.toml") return protocol::fail(ErrorCode::kFolderNotEmpty, dir.string());
  if (error) return tl::unexpected(protocol::system_error(error, dir.string()));
  return {};
}

int run_init(const InitOptions& options, const Terminal& terminal) {
  if (auto fine = check_options(options); !fine) return complain(fine.error(), terminal);
  ::umask(077);  // the folders above DIR that init makes are the operator's alone, too
  registry::NewPlace place{options.name, options.network, options.commune, options.lat, options.lon};
  auto show = [&](const registry::CreatedPlace& created) { return show_sheet(created, options, terminal); };
  auto created = registry::Registry::create(options.dir, place, now().wall, show);
  return created ? kDone : complain(created.error(), terminal);
}

}  // namespace maillage::daemon
