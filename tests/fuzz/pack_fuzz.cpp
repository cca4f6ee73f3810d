// Packs: the input becomes the body of one whose trailer is right, so that the fuzzer gets past the checksum. What is
// read is inflated again and keeps its name.
#include "registry/pack_reader.h"
#include "registry/sha1.h"

using namespace maillage::registry;

namespace {

// For a delta to lean on: seven bytes, as the corpus has it.
class OneBlob final : public ObjectSource {
 public:
  bool contains(const ObjectId& id) const override { return id == object_id(ObjectKind::kBlob, bytes_); }
  Result<Object> read(const ObjectId& id) const override {
    if (!contains(id)) return maillage::protocol::fail(ErrorCode::kNotFound, id.hex());
    return Object{ObjectKind::kBlob, bytes_};
  }

 private:
  Bytes bytes_{'h', 'e', 'l', 'l', 'o', ',', ' '};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  Bytes pack(input, input + size);
  Sha1 sha1;
  sha1.update(pack);
  ObjectId trailer = sha1.finish();
  pack.insert(pack.end(), trailer.bytes.begin(), trailer.bytes.end());
  OneBlob bases;
  auto table = PackTable::read(pack, bases, {.objects_max = 10'000, .inflated_bytes_max = 64 << 20});
  if (!table) return 0;
  for (const PackEntry& entry : table->entries()) {
    auto bytes = table->inflate(entry);
    maillage::protocol::check(bytes && object_id(entry.kind, *bytes) == entry.id, "an object keeps its name");
  }
  return 0;
}
