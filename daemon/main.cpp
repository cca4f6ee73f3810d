// The command line of maillage, and nothing else: options in, one verb of command.h out.
#include <csignal>
#include <iostream>
#include <map>

#include <CLI/CLI.hpp>

#include "daemon/command.h"
#include "daemon/version.h"

using namespace maillage::daemon;

namespace {

struct Options {
  std::string language;
  bool json = false;
  std::filesystem::path dir;
  InitOptions init;
  PublishOptions publish;
  QueryOptions query;
  ConfigOverrides serve;
  bool confirm_sheet = false;

  Terminal terminal() const { return {terminal_language(language), json}; }
};

CLI::App* verb(CLI::App& app, Options& options, const std::string& name, const std::string& about, bool needs_dir = true) {
  CLI::App* added = app.add_subcommand(name, about);
  auto* dir = added->add_option("--dir", options.dir, "le dossier du lieu / the place's folder");
  if (needs_dir) dir->required();
  added->add_flag("--json", options.json, "JSON seul sur la sortie / JSON alone on stdout");
  added->add_option("--lang", options.language, "fr | en")->check(CLI::IsMember({"fr", "en"}));
  return added;
}

void add_publishing(CLI::App& app, Options& options, const std::string& name, const std::string& about) {
  CLI::App* added = verb(app, options, name, about);
  added->add_option("--place", options.publish.place, "l'identité du lieu / the place's id");
  added->add_option("--root", options.publish.root, "dossier d'où partent les chemins / folder that paths start from");
  added->add_option("PATH", options.publish.paths, "fichiers ou dossiers / files or folders")->required();
}

void add_verbs(CLI::App& app, Options& options) {
  CLI::App* init = verb(app, options, "init", "crée un lieu / makes a place");
  init->add_option("--name", options.init.name, "son nom / its name")->required();
  init->add_flag("--network", options.init.network, "c'est un réseau / it is a network");
  init->add_option("--commune", options.init.commune, "code INSEE");
  auto* lat = init->add_option("--lat", options.init.lat, "latitude")->check(CLI::Range(-90.0, 90.0));
  auto* lon = init->add_option("--lon", options.init.lon, "longitude")->check(CLI::Range(-180.0, 180.0));
  lat->needs(lon);
  lon->needs(lat);

  CLI::App* serve = verb(app, options, "serve", "fait tourner le lieu / runs the daemon");
  serve->add_option("--listen", options.serve.listen, "HOST:PORT (127.0.0.1:8420)");
  serve->add_option("--peer", options.serve.peers, "ws://HOST:PORT/peer")->expected(1)->take_all();
  serve->add_option("--log-level", options.serve.log_level, "debug | info | warning | error");

  add_publishing(app, options, "publish", "publie des fichiers / publishes files");
  add_publishing(app, options, "unpublish", "retire des fichiers / withdraws files");
  add_publishing(app, options, "confirm", "toujours vrai aujourd'hui / still true today");

  CLI::App* query = verb(app, options, "query", "cherche dans le registre / searches the registry", false);
  query->add_option("--url", options.query.url, "http://HOST:PORT");
  query->add_option("WHAT", options.query.what, "places | networks | events | resources | needs | offers")->required();
  query->add_option("KEY=VALUE", options.query.parameters, "q=… type=… near=lat,lon radius=km …");

  verb(app, options, "status", "comment va ce lieu / how the daemon is");
  verb(app, options, "peers", "les partenaires / the partners");
  verb(app, options, "verify", "vérifie tout / checks everything");
  verb(app, options, "reindex", "refait les index / rebuilds the indexes");
  verb(app, options, "refs", "écrit les références git / writes git refs");
  CLI::App* sheet = verb(app, options, "sheet", "la feuille de secours / the recovery sheet");
  sheet->add_flag("--confirm", options.confirm_sheet, "je l'ai : la voici sur l'entrée / I have it: here on stdin")->required();
}

int run(const std::string& name, Options& options) {
  Terminal terminal = options.terminal();
  options.init.dir = options.publish.dir = options.query.dir = options.dir;
  if (name == "init") return run_init(options.init, terminal);
  if (name == "serve") return run_serve(options.dir, options.serve, terminal);
  if (name == "publish") return run_publish(options.publish, terminal);
  if (name == "unpublish") return run_unpublish(options.publish, terminal);
  if (name == "confirm") return run_confirm(options.publish, terminal);
  if (name == "status") return run_status(options.dir, terminal);
  if (name == "peers") return run_peers(options.dir, terminal);
  if (name == "verify") return run_verify(options.dir, terminal);
  if (name == "reindex") return run_reindex(options.dir, terminal);
  if (name == "refs") return run_refs(options.dir, terminal);
  if (name == "sheet") return run_sheet(options.dir, terminal);
  if (options.dir.empty() == options.query.url.empty()) {
    std::cerr << say(Message::kQueryNeedsOne, terminal.language) << "\n";
    return kUsage;
  }
  return run_query(options.query, terminal);
}

// CLI11 speaks English only: its sentence is read for the option's name, and ours is said.
std::string usage_sentence(const CLI::ParseError& error, Language language) {
  std::string text = error.what();
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError)) {
    auto name = text.substr(0, text.find(" is required"));
    bool verb = name.find("ubcommand") != std::string::npos;
    return verb ? say(Message::kVerbMissing, language) : say(Message::kOptionMissing, language, {name});
  }
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError))
    return say(Message::kArgumentUnexpected, language, {text.substr(text.rfind(": ") + 2)});
  auto option = text.find("--");
  if (option == std::string::npos) return say(Message::kWrongUsage, language, {text});
  return say(Message::kOptionWrong, language, {text.substr(option, text.find_first_of(": ", option) - option)});
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  CLI::App app{"Maillage : le registre commun des tiers-lieux / the commons registry of third places", "maillage"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "maillage " + std::string(kVersion));
  add_verbs(app, options);
  try {
    app.parse(argc, argv);
    return run(app.get_subcommands().front()->get_name(), options);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << usage_sentence(error, options.terminal().language) << "\n";
    return kUsage;
  } catch (const std::exception& error) {
    std::cerr << "maillage: " << error.what() << "\n";
    return kFailed;
  }
}
