// A table as people keep it, imported by the command with no daemon running: dry, real, and once more unchanged.
#include <cstdio>
#include <fstream>
#include <random>
#include <stdexcept>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tests/bench/daemons/figures.h"
#include "tests/bench/daemons/stopwatch.h"
#include "tests/bench/daemons/synthetic_registry.h"
#include "tests/bench/daemons/watched.h"
#include "tests/bench/daemons/works.h"
#include "tests/registry/temporary_directory.h"

namespace maillage::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kMapping = R"([source]
name = "Liste de mesure"
licence = "etalab-2.0"
id = "Numéro"
[file]
decimal_comma = true
list_separator = ","
[profile]
name = "Nom"
insee = "INSEE"
postcode = "CP"
commune = "Ville"
lat = "Latitude"
lon = "Longitude"
website = "Site"
activities = "Type"
description = "Texte"
)";

// Right ones, a lost leading zero, a code that is another town's, one that is nobody's.
constexpr const char* kTowns[] = {"29039;29900;Concarneau;47,8753;-3,9180", "1053;1000;Bourg en Bresse;46,2050;5,2250", "59350;59000;LILLE;50,6300;3,0600",
                                  "35238;59000;Lille;50,6300;3,0600",       "99999;33000;Bordeaux;44,8400;-0,5800",   ";44000;nantes;47,2180;-1,5530"};
constexpr const char* kTypes[] = {"Fablab", "Coworking, Fablab", "Espace de coworking ; \"café\"", "On ne sait pas"};
constexpr const char* kSites[] = {"https://lieu.example/", "www.lieu.example", "néant", ""};

std::string quoted(const std::string& cell) {
  std::string text = "\"";
  for (char c : cell) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + "\"";
}

void write_table(const fs::path& file, const Options& options) {
  std::mt19937 random(options.seed);
  std::ofstream out(file);
  out << "\xEF\xBB\xBFNuméro;Nom;INSEE;CP;Ville;Latitude;Longitude;Site;Type;Texte\r\n";
  for (std::uint32_t row = 1; row <= options.rows; ++row) {
    out << row << ";  Lieu n° " << row << " ;" << kTowns[random() % std::size(kTowns)] << ';' << kSites[random() % std::size(kSites)] << ';'
        << quoted(kTypes[random() % std::size(kTypes)]) << ";\"Un lieu, deux lignes\nde description, et un nombre : " << random() << "\"\r\n";
  }
}

struct Pass {
  const char* name;
  double seconds;
  std::string outcomes;  // JSON
};

Pass run_pass(const char* name, const std::vector<std::string>& command) {
  Stopwatch watch;
  std::string report = run_well(command);
  double seconds = watch.seconds();
  boost::system::error_code error;
  json::value parsed = json::parse(report, error);
  if (!parsed.is_object() || !parsed.get_object().contains("outcomes")) throw std::runtime_error("import gives no report");
  return {name, seconds, json::serialize(parsed.get_object().at("outcomes"))};
}

void show(const Options& options, const std::vector<Pass>& passes) {
  double rows = options.rows;
  if (options.json) {
    json::object all{{"rows", options.rows}, {"machine", machine()}};
    for (const Pass& pass : passes) all[pass.name] = {{"seconds", rounded(pass.seconds)}, {"rows_a_second", rounded(rows / pass.seconds)}};
    std::printf("%s\n", json::serialize(all).c_str());
    return;
  }
  Table table({"", "seconds", "rows/s", "outcomes"});
  for (const Pass& pass : passes) table.row({pass.name, decimals(pass.seconds, 2), decimals(rows / pass.seconds, 0), pass.outcomes});
  std::printf("import of %u rows; %s\n%s", options.rows, shown_machine().c_str(), table.text().c_str());
}

}  // namespace

void measure_import(const Options& options) {
  tests::TemporaryDirectory work(options.dir);
  fs::path table = work.path() / "list.csv", mapping = work.path() / "list.toml", directory = work.path() / "hub";
  write_table(table, options);
  std::ofstream(mapping) << kMapping;
  make_place(directory, "Bench", true);
  std::vector<std::string> command{options.program.string(), "import", "--dir", directory.string(), "--mapping", mapping.string(), "--json", table.string()};
  std::vector<std::string> dry = command;
  dry.insert(dry.end() - 1, "--dry-run");
  show(options, {run_pass("dry", dry), run_pass("real", command), run_pass("again", command)});
}

}  // namespace maillage::bench
