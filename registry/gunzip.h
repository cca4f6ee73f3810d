// Gunzip: a gzip stream unpacked as it comes, for request bodies (git packs what it sends over 1 KB).
//
// Invariant: it never gives more than its cap, and holds one small buffer whatever the input claims: a zip bomb costs its
// cap in time and nothing in memory. One thread at a time.
#pragma once

#include <functional>
#include <memory>

#include "protocol/bytes.h"

namespace maillage::registry {

class Gunzip {
 public:
  explicit Gunzip(std::uint64_t bytes_max);
  ~Gunzip();
  Gunzip(Gunzip&&) noexcept;

  // Unpacks the next bytes into `sink`, a piece at a time; the sink's false stops it. kTooLarge beyond the cap, kMalformed for what is no gzip
  // stream and for bytes after its end.
  using Sink = std::function<bool(protocol::ByteView)>;
  protocol::Result<void> take(protocol::ByteView bytes, const Sink& sink);

  // kTruncated unless the stream has ended.
  protocol::Result<void> finish() const;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace maillage::registry
