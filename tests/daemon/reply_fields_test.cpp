// What strangers wrote reaches a terminal as text, whatever they wrote.
#include <catch2/catch.hpp>

#include <functional>
#include <iostream>
#include <sstream>

#include <boost/json/parse.hpp>

#include "daemon/api.h"
#include "daemon/command.h"
#include "daemon/log.h"
#include "tests/daemon/served.h"

using namespace maillage::daemon;
namespace json = boost::json;

namespace {

// What a command prints to `stream`.
std::string printed_to(std::ostream& stream, const std::function<void()>& print) {
  std::ostringstream printed;
  std::streambuf* usual = stream.rdbuf(printed.rdbuf());
  print();
  stream.rdbuf(usual);
  return printed.str();
}

constexpr std::string_view kHostile = "Le Hangar\x1b[2J\x1b]0;owned\x07\xc2\x9b" "1m\xe2\x80\xae" "elbisrever\r";
constexpr std::string_view kShown = "Le Hangar�[2J�]0;owned��1m�elbisrever�";

}  // namespace

TEST_CASE("a text of a stranger is one line in which nothing moves the cursor or turns text around") {
  json::object place{{"name", std::string(kHostile) + "\nTout va bien."}};
  CHECK(told(place, "name") == std::string(kShown) + "�Tout va bien.");
  CHECK(told(place, "slug").empty());
  CHECK(told({{"name", std::string(5'000, 'x')}}, "name").size() == kToldCharactersMax + std::string("…").size());
}

TEST_CASE("whatever a command says is fit for a terminal, its lines are kept") {
  Terminal people;
  std::string said = printed_to(std::cout, [&] { conclude(json::object(), "un\n" + std::string(kHostile) + "\n", people); });
  CHECK(said == "un\n" + std::string(kShown) + "\n");
  ControlMessage reply;
  reply.body = {{"error", {{"code", "not-found"}, {"detail", kHostile}}}};
  CHECK(printed_to(std::cerr, [&] { complain(reply, people); }) == std::string(kShown) + "\n");
  reply.body["sentences"] = {kHostile};
  CHECK(printed_to(std::cerr, [&] { complain(reply, people); }) == std::string(kShown) + "\n");
  CHECK(fit_for_terminal("\n\na\n") == "\n\na\n");
}

TEST_CASE("a field that is missing, of another type or out of range is nothing") {
  json::object reply = json::parse(R"({"n": 1e300, "m": -7, "s": "x", "a": [1], "o": {"b": true}})").as_object();
  CHECK(number_of(reply, "n") == 0);
  CHECK(number_of(reply, "m") == -7);
  CHECK(number_of(reply, "s") == 0);
  CHECK(list_of(reply, "a").size() == 1);
  CHECK(list_of(reply, "o").empty());
  CHECK(object_at(reply, "a").empty());
  CHECK(is_true(object_at(reply, "o"), "b"));
  CHECK(text_of(reply, "m").empty());
}

// A daemon that answers every question with this page.
TEST_CASE("query shows names of places that somebody else wrote as text, and a hub with two copies once") {
  json::object hub{{"name", "Collectif\x1b[31m"}}, copy{{"name", "Hangar"}, {"retrieved", "2026-11-20"}, {"host", hub}}, own{{"name", "Autre"}};
  ApiSource source;
  source.query = [&](const maillage::registry::Query&) -> maillage::protocol::Result<maillage::registry::Page> {
    maillage::registry::Page page;
    page.number_matched = 1;
    page.items.push_back({{"name", std::string(kHostile) + "\n- Faux lieu"}, {"record", "maillage:00/profile"}, {"publishers", json::array{copy, copy, own}}});
    page.next = "a\x1b" "b";
    return page;
  };
  source.revision = [] { return std::string("1"); };
  Served served(api_routes(source, [] { return MetricsAccess::kLocal; }));
  served.run();
  QueryOptions options;
  options.url = "http://127.0.0.1:" + std::to_string(served.port);
  options.what = "places";
  std::string said = printed_to(std::cout, [&] { CHECK(run_query(options, {Language::kEnglish, false}) == kDone); });
  INFO(said);
  CHECK(said.find('\x1b') == std::string::npos);
  CHECK(said.find("\n- Faux lieu") == std::string::npos);
  CHECK(said.starts_with("- " + std::string(kShown) + "�- Faux lieu\n"));
  CHECK(said.find("published by: Collectif�[31m (copy of 2026-11-20) · Autre (the place itself)\n") != std::string::npos);
}

TEST_CASE("JSON and logs hold no character that a terminal obeys, and JSON is read back as it was") {
  json::object place{{"name", kHostile}, {"accents", "Hôtel Pasteur €"}};
  std::string said = printed_to(std::cout, [&] { conclude(place, "", {Language::kFrench, true}); });
  CHECK(json::parse(said) == json::value(place));
  CHECK(fit_for_terminal(said) == said);
  CHECK(said.find("\\u009b1m\\u202e") != std::string::npos);
  CHECK(said.find("Hôtel Pasteur €") != std::string::npos);
  std::string hostile(kHostile);
  for (LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    std::string line = log_line(format, LogLevel::kInfo, "peer.closed", {{"reason", hostile}, {"long", std::string(511, 'x') + "é"}});
    CHECK(fit_for_terminal(line) == line);
  }
}
