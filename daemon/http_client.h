// One GET, blocking: what `query --url` needs. Plain or TLS (certificates are checked against the system's roots), at
// most kAnswerBytesMax, kAnswerTimeout in all. Any thread.
#pragma once

#include <chrono>
#include <string>

#include "daemon/http_message.h"
#include "daemon/peer_url.h"

namespace maillage::daemon {

inline constexpr std::size_t kAnswerBytesMax = 64 * 1024 * 1024;  // 1,000 records of 64 KiB
inline constexpr std::chrono::seconds kAnswerTimeout{60};

// kIo, kTimeout. Any status is an answer.
protocol::Result<HttpResponse> http_get(const PeerUrl& url, std::string_view accept_language);

}  // namespace maillage::daemon
