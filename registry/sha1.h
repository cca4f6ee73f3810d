// SHA-1 as a checksum: the trailers of packs and indexes. It never names an object: names need collision detection
// (object.h). About 400 MB/s. One thread at a time.
#pragma once

#include "protocol/bytes.h"
#include "protocol/ids.h"

namespace maillage::registry {

class Sha1 {
 public:
  void update(protocol::ByteView bytes);
  protocol::ObjectId finish();

 private:
  void block(const std::uint8_t* bytes);

  std::array<std::uint32_t, 5> state_{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  std::array<std::uint8_t, 64> pending_{};
  std::uint64_t length_ = 0;
};

}  // namespace maillage::registry
