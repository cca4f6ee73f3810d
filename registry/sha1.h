// SHA-1 as a checksum: the trailers of packs and indexes. It never names an object: names need collision detection
// (object.h). OpenSSL's. One thread at a time.
#pragma once

#include <memory>

#include "protocol/bytes.h"
#include "protocol/ids.h"

namespace maillage::registry {

class Sha1 {
 public:
  Sha1();
  void update(protocol::ByteView bytes);
  protocol::ObjectId finish();  // once

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

}  // namespace maillage::registry
