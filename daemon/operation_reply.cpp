#include "daemon/operation_reply.h"

#include <boost/json/array.hpp>

namespace maillage::daemon {

namespace json = boost::json;

std::string text(const json::object& body, std::string_view key) {
  const json::value* value = body.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Language language_of(const ControlMessage& request) {
  return text(request.body, "language") == "en" ? Language::kEnglish : Language::kFrench;
}

std::vector<std::string> texts(const json::object& body, std::string_view key) {
  std::vector<std::string> list;
  const json::value* value = body.if_contains(key);
  if (value == nullptr || !value->is_array()) return list;
  for (const json::value& one : value->get_array())
    if (one.is_string()) list.emplace_back(one.get_string());
  return list;
}

ControlMessage answer(json::value result) {
  ControlMessage reply;
  reply.body["result"] = std::move(result);
  return reply;
}

ControlMessage refuse(const ControlMessage& request, const registry::Problems& problems) {
  Language language = language_of(request);
  const protocol::Problem& first = problems.front();
  ControlMessage reply;
  json::array listed, sentences;
  for (const protocol::Problem& problem : problems) {
    listed.push_back(protocol::to_json(problem, language));
    sentences.emplace_back(protocol::sentence(problem, language));
  }
  reply.body["error"] = {{"code", std::string(protocol::slug(first.code))}, {"detail", protocol::sentence(first, language)}};
  reply.body["problems"] = std::move(listed);
  reply.body["sentences"] = std::move(sentences);
  return reply;
}

}  // namespace maillage::daemon
