// One request, blocking: what `query --url` and `recover` need. Plain or TLS (certificates are checked against the system's roots).
// Any thread.
#pragma once

#include <chrono>
#include <string>

#include "daemon/http_message.h"
#include "daemon/peer_url.h"

namespace maillage::daemon {

inline constexpr std::size_t kAnswerBytesMax = 64 * 1024 * 1024;  // 1,000 records of 64 KiB
inline constexpr std::chrono::seconds kAnswerTimeout{60};

// At most kAnswerBytesMax, kAnswerTimeout in all. kIo, kTimeout. Any status is an answer.
protocol::Result<HttpResponse> http_get(const PeerUrl& url, std::string_view accept_language);

// A POST without a body, for an answer that may take long: kAnswerTimeout without a byte is too long. kIo, kTimeout.
protocol::Result<HttpResponse> http_post(const PeerUrl& url, std::string_view accept_language, std::size_t bytes_max);

// The body of an answer that is 200; kNobodyAnswers for any other, and what there is instead of an answer.
protocol::Result<std::string> body_of(const PeerUrl& url, protocol::Result<HttpResponse> answer);

}  // namespace maillage::daemon
