// Sealed files: whatever the bytes, reading one never fails but with an error, and only what was sealed opens.
#include "protocol/sealed.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  static const KeyPair root(Seed{{1}});
  ByteView file(input, size);
  auto title = read_sealed_title(file);
  auto opened = unseal(file, root);
  check(title || !opened, "what opens has a title");
  if (opened) check(opened->size() < size, "a file is larger than what is in it");
  return 0;
}
