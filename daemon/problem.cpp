#include "daemon/problem.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "protocol/record.h"

namespace maillage::daemon {
namespace {

using protocol::ErrorCode;

Message title_of(int status) {
  switch (status) {
    case 403: return Message::kForbiddenTitle;
    case 404: return Message::kNotFoundTitle;
    case 405: return Message::kMethodNotAllowedTitle;
    case 408:
    case 504: return Message::kTimeoutTitle;
    case 413:
    case 414:
    case 431: return Message::kTooLargeTitle;
    case 421: return Message::kWrongHostTitle;
    case 503: return Message::kUnavailableTitle;
    default: return status < 500 ? Message::kBadRequest : Message::kInternalTitle;
  }
}

}  // namespace

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kAmbiguousName:
    case ErrorCode::kNotFound:
    case ErrorCode::kUnknownPlace: return 404;
    case ErrorCode::kWrongSheet: return 403;
    case ErrorCode::kMethodNotAllowed: return 405;
    case ErrorCode::kWrongHost: return 421;
    case ErrorCode::kBusy:
    case ErrorCode::kIdentitySettling:
    case ErrorCode::kRateLimited:
    case ErrorCode::kDiskFull: return 503;
    case ErrorCode::kTimeout: return 504;
    case ErrorCode::kDenied:
    case ErrorCode::kIo:
    case ErrorCode::kCorrupt: return 500;
    default: return 400;
  }
}

Problem problem_of(const protocol::Error& error, Language language) {
  Problem problem;
  problem.status = status_of(error.code);
  problem.type = protocol::slug(error.code);
  problem.detail = protocol::sentence(error, language);
  return problem;
}

HttpResponse respond(const Problem& problem, std::string_view instance, Language language) {
  boost::json::object body;
  body["type"] = "/problems/" + problem.type;
  body["title"] = say(title_of(problem.status), language);
  body["status"] = problem.status;
  body["detail"] = problem.detail;
  body["instance"] = std::string(instance);
  if (!problem.errors.empty()) {
    boost::json::array& errors = body["errors"].emplace_array();
    for (const FieldError& field : problem.errors)
      errors.push_back({{"pointer", field.pointer},
                        {"detail", protocol::sentence(field.error, language)},
                        {"code", std::string(protocol::slug(field.error.code))}});
  }
  HttpResponse response;
  response.status = problem.status;
  response.content_type = "application/problem+json";
  response.body = protocol::to_json_text(body);
  response.headers = {{"Content-Language", std::string(tag_of(language))},
                      {"Cache-Control", "no-store"},
                      {"Vary", "Accept-Language"},
                      {"Access-Control-Allow-Origin", "*"}};
  return response;
}

HttpResponse respond(const Problem& problem, const HttpRequest& request, Language language) {
  if (!request.path.starts_with("/git/")) return respond(problem, request.target, language);
  HttpResponse response;
  response.status = problem.status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = problem.detail + "\n";
  response.headers = {{"Content-Language", std::string(tag_of(language))}, {"Cache-Control", "no-store"}, {"Vary", "Accept-Language"}};
  return response;
}

HttpResponse refuse(const HttpRequest& request, const protocol::Error& error) {
  Language language = accepted_language(request.header("Accept-Language"));
  return respond(problem_of(error, language), request, language);
}

}  // namespace maillage::daemon
