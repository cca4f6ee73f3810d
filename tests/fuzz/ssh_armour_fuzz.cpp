// SSH signatures: what is read is written back to the same text.
#include "registry/ssh_signature.h"

using namespace maillage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  std::string_view text = protocol::as_text({input, size});
  auto signature = registry::read_armour(text);
  if (!signature) return 0;
  protocol::check(registry::armour(*signature) == text, "a signature has one armour");
  (void)registry::ssh_verify(*signature, protocol::as_bytes("message"));
  return 0;
}
