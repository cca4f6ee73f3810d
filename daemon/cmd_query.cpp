#include <boost/json/parse.hpp>

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

std::string line_of(const json::object& item) {
  std::string line = "- " + text_of(item, "name");
  if (const json::value* place = item.if_contains("place"); place != nullptr && place->is_object())
    line += " · " + text_of(place->get_object(), "name");
  if (std::string start = text_of(item, "start"); !start.empty()) line += " · " + start;
  return line + "\n    " + text_of(item, "record") + "\n";
}

int show(const json::object& page, const Terminal& terminal) {
  std::string said;
  std::uint64_t matched = 0, shown = 0;
  if (const json::value* items = page.if_contains("items"); items != nullptr && items->is_array())
    for (const json::value& item : items->get_array())
      if (item.is_object()) said += line_of(item.get_object()), ++shown;
  boost::system::error_code error;
  if (const json::value* count = page.if_contains("numberMatched"); count != nullptr && count->is_number()) matched = count->to_number<std::uint64_t>(error);
  said += say(Message::kFound, terminal.language, {std::to_string(matched), std::to_string(shown)});
  return conclude(page, said, terminal);
}

}  // namespace

int run_query(const QueryOptions& options, const Terminal& terminal) {
  if (!registry::what_of_name(options.what)) return complain(protocol::Error{ErrorCode::kUnknownList, options.what}, terminal);
  if (!options.url.empty()) {
    bool refused = false;
    auto page = ask_url(options, terminal, refused);
    if (!page) return complain(page.error(), terminal);
    if (!refused) return show(*page, terminal);
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
  return show(result->get_object(), terminal);
}

}  // namespace maillage::daemon
