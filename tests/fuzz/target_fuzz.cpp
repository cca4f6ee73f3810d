// Request targets, Host and Accept-Language headers, peer URLs: whatever a stranger writes, nothing throws.
#include "daemon/http_message.h"
#include "daemon/messages.h"
#include "daemon/peer_url.h"

using namespace maillage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (auto target = daemon::decode_target(text)) {
    std::string again = "/?";
    for (const auto& [key, value] : target->query)
      again += daemon::encode_parameter(key) + "=" + daemon::encode_parameter(value) + "&";
    again.pop_back();
    if (again.size() <= daemon::kHttpTargetBytesMax && !target->query.empty()) {
      auto back = daemon::decode_target(again);
      protocol::check(back && back->query == target->query, "an encoded query decodes to the same");
    }
  }
  (void)daemon::host_of(text);
  (void)daemon::accepted_language(text);
  (void)daemon::parse_peer_url(text);
  return 0;
}
