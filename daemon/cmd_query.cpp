#include <algorithm>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "daemon/command.h"
#include "daemon/http_client.h"
#include "registry/query.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

// The daemon at `options.url` is asked over its public API.
Result<json::object> ask_url(const QueryOptions& options, const Terminal& terminal, bool& refused) {
  std::string url = options.url;
  while (url.ends_with('/')) url.pop_back();
  url += "/api/v1/" + encode_parameter(options.what) + "?";
  for (const std::string& one : options.parameters) {
    auto equals = one.find('=');
    if (equals == std::string::npos) return protocol::fail(ErrorCode::kNoEquals, one);
    url += encode_parameter(one.substr(0, equals)) + "=" + encode_parameter(one.substr(equals + 1)) + "&";
  }
  url.pop_back();
  auto parts = parse_url(url);
  if (!parts) return tl::unexpected(parts.error());
  auto response = http_get(*parts, tag_of(terminal.language));
  if (!response) return tl::unexpected(response.error());
  boost::system::error_code error;
  auto value = json::parse(response->body, error);
  if (error || !value.is_object()) return protocol::fail(ErrorCode::kMalformed, options.url + ": " + std::to_string(response->status));
  refused = response->status != 200;
  return std::move(value.as_object());
}

// Who runs it, and whether it is a copy: of two hubs with one list, all else is alike.
std::string publisher_of(const json::object& publisher, Language language) {
  std::string host = told(object_at(publisher, "host"), "name"), copied = told(publisher, "retrieved");
  std::string name = host.empty() ? told(publisher, "name") : host;
  if (!copied.empty()) return say(Message::kPublisherCopy, language, {name, copied});
  return say(host.empty() ? Message::kPublisherItself : Message::kPublisherHosted, language, {name});
}

std::string publishers_of(const json::object& item, Language language) {
  const json::value* listed = item.if_contains("publishers");
  if (listed == nullptr || !listed->is_array()) {
    std::string host = told(object_at(item, "host"), "name");
    return host.empty() ? "" : say(Message::kHostedBy, language, {host}) + "\n";
  }
  // A hub that took another's copy over publishes two that read alike: once is enough.
  std::vector<std::string> told_already;
  std::string names;
  for (const json::value& publisher : listed->get_array()) {
    std::string one = publisher.is_object() ? publisher_of(publisher.get_object(), language) : "";
    if (one.empty() || std::find(told_already.begin(), told_already.end(), one) != told_already.end()) continue;
    names += (names.empty() ? "" : " · ") + one;
    told_already.push_back(std::move(one));
  }
  if (const json::value* more = item.if_contains("publishersLeftOff"); more != nullptr)
    names += " · " + say(Message::kAndMore, language, {json::serialize(*more)});
  return say(Message::kPublishedBy, language, {names}) + "\n";
}

std::string line_of(const json::object& item, Language language) {
  std::string line = "- " + told(item, "name");
  if (std::string place = told(object_at(item, "place"), "name"); !place.empty()) line += " · " + place;
  if (std::string start = told(item, "start"); !start.empty()) line += " · " + start;
  line += "\n    " + told(item, "record") + "\n" + publishers_of(item, language);
  const json::object place = object_at(item, "place");
  for (auto [field, message] : {std::pair("forked", Message::kItemForked), std::pair("twoCharters", Message::kItemTwoCharters)})
    if (is_true(item, field) || is_true(place, field)) line += "    " + say(message, language) + "\n";
  return line;
}

// As a shell reads it back.
std::string word_of(const std::string& text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,@+";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

std::string command_of_next(const QueryOptions& options, const std::string& next) {
  std::string command = "maillage query " + (options.url.empty() ? "--dir " + word_of(options.dir.string()) : "--url " + word_of(options.url));
  command += " " + options.what;
  for (const std::string& one : options.parameters)
    if (!one.starts_with("after=")) command += " " + word_of(one);
  return command + " after=" + next;
}

// What the answer cannot tell, and whom to ask.
std::string beyond_of(const json::object& page, Language language) {
  const json::object& beyond = object_at(page, "beyond");
  std::int64_t places = number_of(beyond, "places");
  if (places <= 0) return "";
  std::string said = "\n" + say(Message::kBeyond, language, {std::to_string(places)}), names;
  for (const json::value& keeper : list_of(beyond, "keptBy")) {
    if (!keeper.is_object()) continue;
    std::string name = told(keeper.get_object(), "name");
    names += (names.empty() ? "" : ", ") + (name.empty() ? told(keeper.get_object(), "id") : name);
  }
  return names.empty() ? said : said + "\n" + say(Message::kBeyondKeptBy, language, {names});
}

int show(const json::object& page, const QueryOptions& options, const Terminal& terminal) {
  std::string said;
  std::size_t shown = 0;
  if (const json::value* items = page.if_contains("items"); items != nullptr && items->is_array())
    for (const json::value& item : items->get_array())
      if (item.is_object()) said += line_of(item.get_object(), terminal.language), ++shown;
  said += say(Message::kFound, terminal.language, {std::to_string(number_of(page, "numberMatched")), std::to_string(shown)});
  if (std::int64_t without = number_of(page, "withoutPosition"); without > 0)
    said += "\n" + say(Message::kWithoutPosition, terminal.language, {std::to_string(without)});
  said += beyond_of(page, terminal.language);
  if (std::string next = told(page, "next"); !next.empty()) said += "\n" + say(Message::kNextPage, terminal.language, {command_of_next(options, next)});
  return conclude(page, said, terminal);
}

}  // namespace

int run_query(const QueryOptions& options, const Terminal& terminal) {
  if (!registry::what_of_name(options.what)) return complain(protocol::Error{ErrorCode::kUnknownList, options.what}, terminal);
  if (!options.url.empty()) {
    bool refused = false;
    auto page = ask_url(options, terminal, refused);
    if (!page) return complain(page.error(), terminal);
    if (!refused) return show(*page, options, terminal);
    ControlMessage reply;
    reply.body["error"] = std::move(*page);
    return complain(reply, terminal);
  }
  ControlMessage request;
  request.body["verb"] = "query";
  request.body["what"] = options.what;
  request.body["parameters"] = json::array(options.parameters.begin(), options.parameters.end());
  ControlMessage reply = perform_on(options.dir, std::move(request), terminal);
  const json::value* result = reply.body.if_contains("result");
  if (result == nullptr || !result->is_object()) return complain(reply, terminal);
  return show(result->get_object(), options, terminal);
}

}  // namespace maillage::daemon
