// What a git client asks for: any bytes are a bounded request or an error.
#include "registry/git/upload_request.h"

using namespace maillage::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  auto request = read_upload_request({input, size});
  if (!request) return 0;
  maillage::protocol::check(request->wants.size() <= kUploadWantsMax, "wants are bounded");
  maillage::protocol::check(request->haves.size() + request->shallow.size() <= size / 40, "every commit was named");
  maillage::protocol::check(request->depth <= kWholeDepth, "a depth is git's");
  return 0;
}
