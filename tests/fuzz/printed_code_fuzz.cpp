// What people copy by hand, or from a telephone: recovery sheets, codes of trustees and of successors. What is read prints as something
// that reads as the same.
#include "registry/handover.h"
#include "registry/trustees.h"

using namespace maillage::registry;
namespace protocol = maillage::protocol;

namespace {

template <typename Code>
void read(std::string_view text) {
  auto code = Code::parse(text);
  if (!code) return;
  auto again = Code::parse(code->text());
  protocol::check(again && again->text() == code->text(), "what is printed reads as it was");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(input), size);
  read<RecoverySheet>(text);
  read<TrusteeCode>(text);
  read<Successor>(text);
  return 0;
}
