#include "registry/word_hash.h"

#include "protocol/crypto.h"

namespace maillage::registry {
namespace {

protocol::SketchKey random_key() {
  protocol::SystemRandom random;
  return random.fixed<protocol::SketchKey>();
}

}  // namespace

std::uint64_t word_hash(std::string_view word) {
  static const protocol::SketchKey key = random_key();
  return protocol::siphash(key, protocol::as_bytes(word));
}

std::array<std::uint64_t, 2> word_name(std::string_view word) {
  static const protocol::SketchKey key = random_key();
  return protocol::siphash128(key, protocol::as_bytes(word));
}

}  // namespace maillage::registry
