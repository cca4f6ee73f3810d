// Fetch: our side of `git-upload-pack`, protocol version 0 over HTTP: what negotiation answers to one request, then the pack,
// made as it is read. GIT.md "A fetch".
//
// Invariant: only what the wanted commits reach is sent; whether they may be wanted was decided before (registry_git.cpp).
// Requests are stateless: a client repeats what it said. Memory: the listing, and one piece. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "registry/git/fetches_under_way.h"
#include "registry/git/listing.h"
#include "registry/git/upload_request.h"
#include "registry/pack_build.h"

namespace maillage::registry {

// A ref as it is told. The first one named `HEAD` follows the branch main.
struct NamedRef {
  std::string name;
  ObjectId commit;
};

// The answer to `GET …/info/refs?service=git-upload-pack`.
Bytes advertise_refs(const std::vector<NamedRef>& refs);

class Fetch {
 public:
  // `source` has the history of the wants; it lives as long as the fetch. `ended`: what is served may go out of service. kNotFound,
  // kTooMany. Cost: the history back to what the client has, and the folders to send.
  static Result<std::unique_ptr<Fetch>> open(std::shared_ptr<const ObjectSource> source, const UploadRequest& request, Compare compare,
                                             FetchesUnderWay::Ended ended = nullptr);

  // One line that ends a client's fetch with these words.
  static std::unique_ptr<Fetch> refuse(std::string_view why);

  // The next bytes of the answer, about 128 KiB; empty: that was all. Never fails once the answer has begun: what goes wrong is told
  // to the client in its own band; without one, the error is here.
  Result<Bytes> read();

  std::size_t objects() const { return pack_ ? pack_->objects() : 0; }

 private:
  Fetch() = default;
  bool negotiate(const UploadRequest& request, const ObjectSet& common_set);
  Result<Bytes> next_bytes();
  bool acknowledge_end(const UploadRequest& request, const std::optional<ObjectId>& last, bool others, bool ready);

  std::shared_ptr<const ObjectSource> source_;
  FetchesUnderWay::Ended out_of_service_;
  Bytes ahead_;  // what comes before the pack
  std::optional<OutgoingPack> pack_;
  bool side_band_ = false;
  bool ended_ = false;
};

}  // namespace maillage::registry
