// UploadRequest: what a git client asks of `git-upload-pack` in protocol version 0, one HTTP request of it.
//
//   request = *( want [SP capabilities] / shallow / deepen ) flush [ *have ( flush / done ) ]
//
// Invariant: a request that was read has bounded lists and nothing in it that we did not understand, but a partial-clone
// filter, which is ignored as by a git that does not offer it. gitprotocol-pack(5); registry/GIT.md. Any thread.
#pragma once

#include <vector>

#include "registry/object.h"

namespace maillage::registry {

// We name three refs; a client wants no more than it was shown.
inline constexpr std::size_t kUploadWantsMax = 16;
// Commits that a client has, and those where its history stops. git itself sends at most 16,384 haves a request.
inline constexpr std::size_t kUploadCommitsMax = 65'536;
// The body that holds them: 65,536 lines of 50 bytes and some.
inline constexpr std::size_t kUploadRequestBytesMax = 4 * 1024 * 1024;
// `deepen` with this, or more, is the whole history (git's INFINITE_DEPTH).
inline constexpr std::uint32_t kWholeDepth = 0x7fffffff;

struct UploadRequest {
  // How a client reads our answers to `have`. kPlain: only the first.
  enum class Acknowledging { kPlain, kMulti, kDetailed };
  // What the request ends with.
  enum class End { kWants, kFlush, kDone };

  std::vector<ObjectId> wants;    // empty: the client only knocked
  std::vector<ObjectId> haves;
  std::vector<ObjectId> shallow;  // commits whose parents the client lacks
  std::uint32_t depth = 0;        // 0: no `deepen`
  bool deepen_relative = false;   // the depth counts from `shallow`
  Acknowledging acknowledging = Acknowledging::kPlain;
  bool no_done = false;
  bool side_band = false;  // side-band-64k
  End end = End::kWants;
};

// kTruncated, kMalformed, kTooMany.
Result<UploadRequest> read_upload_request(ByteView bytes);

}  // namespace maillage::registry
