// Refusals as RFC 9457 `application/problem+json`, in the reader's language, with a JSON Pointer for each wrong field.
// Any thread.
#pragma once

#include <string>
#include <vector>

#include "daemon/http_message.h"
#include "daemon/messages.h"

namespace maillage::daemon {

// One wrong thing inside a request or a record.
struct FieldError {
  std::string pointer;  // RFC 6901, or empty for the whole
  protocol::Error error;
};

struct Problem {
  int status = 500;
  std::string type;    // slug of the error; the URL of its explanation is /problems/<slug>
  std::string detail;  // a sentence about this very case
  std::vector<FieldError> errors;
};

// The status that tells a client best what kind of error this is.
int status_of(protocol::ErrorCode code);

Problem problem_of(const protocol::Error& error, Language language);

// `instance` is the request's target. Never cached.
HttpResponse respond(const Problem& problem, std::string_view instance, Language language);

// As the request's reader shows it: below `/git/` the sentence alone, as text/plain, since git shows a person nothing else.
HttpResponse respond(const Problem& problem, const HttpRequest& request, Language language);

// The same of an error, in the language that the request asks for.
HttpResponse refuse(const HttpRequest& request, const protocol::Error& error);

}  // namespace maillage::daemon
