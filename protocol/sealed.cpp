#include "protocol/sealed.h"

#include <algorithm>
#include <array>
#include <optional>

#include <sodium.h>

#include "protocol/limits.h"

namespace maillage::protocol {
namespace {

constexpr std::string_view kMagic = "maillage-sealed-1\n";
constexpr std::string_view kRequestMagic = "maillage-sealed-request-1\n";

constexpr std::size_t kBoxBytes = 32 + crypto_box_SEALBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

using Box = std::array<std::uint8_t, kBoxBytes>;
using Nonce24 = std::array<std::uint8_t, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>;
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == Seed::kSize && crypto_box_SEEDBYTES == Seed::kSize);

// The key is of one file, so a counter never comes twice under it.
Nonce24 nonce_of(std::uint64_t number, bool last) {
  Nonce24 nonce{};
  nonce[0] = last ? 1 : 0;
  for (std::size_t i = 0; i < 8; ++i) nonce[23 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return nonce;
}

// crypto_box_seal with a key pair that we make ourselves: libsodium's own takes the system's randomness.
bool seal_box(Box& box, const Seed& key, const PublicKey& to, const Seed& ephemeral) {
  std::array<std::uint8_t, crypto_box_PUBLICKEYBYTES> theirs{}, ours{};
  std::array<std::uint8_t, crypto_box_SECRETKEYBYTES> secret{};
  if (crypto_sign_ed25519_pk_to_curve25519(theirs.data(), to.bytes.data()) != 0) return false;
  crypto_box_seed_keypair(ours.data(), secret.data(), ephemeral.bytes.data());
  std::array<std::uint8_t, crypto_box_NONCEBYTES> nonce{};
  crypto_generichash_state hashing;
  crypto_generichash_init(&hashing, nullptr, 0, nonce.size());
  crypto_generichash_update(&hashing, ours.data(), ours.size());
  crypto_generichash_update(&hashing, theirs.data(), theirs.size());
  crypto_generichash_final(&hashing, nonce.data(), nonce.size());
  std::ranges::copy(ours, box.begin());
  bool made = crypto_box_easy(box.data() + ours.size(), key.bytes.data(), key.bytes.size(), nonce.data(), theirs.data(), secret.data()) == 0;
  sodium_memzero(secret.data(), secret.size());
  return made;
}

std::optional<Seed> open_box(ByteView box, const KeyPair& root) {
  std::array<std::uint8_t, crypto_box_PUBLICKEYBYTES> ours{};
  if (crypto_sign_ed25519_pk_to_curve25519(ours.data(), root.public_key().bytes.data()) != 0) return std::nullopt;
  Seed secret = root.exchange_secret(), key;
  bool opened = crypto_box_seal_open(key.bytes.data(), box.data(), box.size(), ours.data(), secret.bytes.data()) == 0;
  sodium_memzero(secret.bytes.data(), secret.bytes.size());
  return opened ? std::optional(key) : std::nullopt;
}

struct Front {
  SealedTitle title;
  std::vector<std::pair<PublicKey, ByteView>> boxes;
  std::size_t size = 0;
};

Result<Front> read_front(ByteView file) {
  Reader in(file);
  if (as_text(in.take(kMagic.size())) != kMagic) return fail(ErrorCode::kMalformed, "sealed file");
  Front front;
  front.title.place = in.fixed<PlaceId>();
  front.title.charter = in.u16();
  front.title.epoch = in.u64();
  front.title.commit = in.fixed<ObjectId>();
  std::uint8_t count = in.u8();
  if (count > kRootKeysMax) in.refuse();
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    PublicKey root = in.fixed<PublicKey>();
    front.boxes.emplace_back(root, in.take(kBoxBytes));
  }
  if (in.failed()) return fail(ErrorCode::kMalformed, "sealed file");
  front.size = file.size() - in.left();
  return front;
}

}  // namespace

std::string file_name(const SealedTitle& title) {
  return title.place.hex() + "-" + std::to_string(title.charter) + "-" + std::to_string(title.epoch) + "-" + title.commit.hex();
}

Sealer::Sealer(const SealedTitle& title, std::span<const PublicKey> roots, Random& random) : key_(random.fixed<Seed>()) {
  check(sodium_init() >= 0, "libsodium does not start");
  std::vector<std::pair<PublicKey, Box>> boxes;
  for (const PublicKey& root : roots) {
    Box box{};
    if (seal_box(box, key_, root, random.fixed<Seed>())) boxes.emplace_back(root, box);
  }
  locks_ = boxes.size();
  Writer out;
  out.text(kMagic).fixed(title.place).u16(title.charter).u64(title.epoch).fixed(title.commit).u8(static_cast<std::uint8_t>(boxes.size()));
  for (const auto& [root, box] : boxes) out.fixed(root).raw(box);
  front_ = std::move(out).take();
}

Bytes Sealer::seal(ByteView piece, bool last) {
  Bytes sealed(piece.size() + kTagBytes);
  Nonce24 nonce = nonce_of(number_++, last);
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data(), nullptr, piece.data(), piece.size(), front_.data(), front_.size(), nullptr, nonce.data(),
                                             key_.bytes.data());
  return sealed;
}

Result<SealedTitle> read_sealed_title(ByteView file) {
  auto front = read_front(file);
  return front ? Result<SealedTitle>(front->title) : tl::unexpected(front.error());
}

Result<Bytes> unseal(ByteView file, const KeyPair& root) {
  auto front = read_front(file);
  if (!front) return tl::unexpected(front.error());
  std::optional<Seed> key;
  for (const auto& [locked_to, box] : front->boxes)
    if (locked_to == root.public_key() && !key) key = open_box(box, root);
  if (!key) return fail(ErrorCode::kWrongSheet, "");
  ByteView before = file.first(front->size), rest = file.subspan(front->size);
  Bytes content;
  content.reserve(rest.size());
  constexpr std::size_t kWhole = kSealedPieceBytes + kTagBytes;
  for (std::uint64_t number = 0;; ++number) {
    bool last = rest.size() <= kWhole;
    ByteView sealed = rest.first(std::min(rest.size(), kWhole));
    if (sealed.size() < kTagBytes) return fail(ErrorCode::kTruncated, "sealed file");
    Bytes piece(sealed.size() - kTagBytes);
    Nonce24 nonce = nonce_of(number, last);
    bool good = crypto_aead_xchacha20poly1305_ietf_decrypt(piece.data(), nullptr, nullptr, sealed.data(), sealed.size(), before.data(), before.size(),
                                                           nonce.data(), key->bytes.data()) == 0;
    if (!good) return fail(ErrorCode::kCorrupt, "sealed file");
    content.insert(content.end(), piece.begin(), piece.end());
    if (last) return content;
    rest = rest.subspan(sealed.size());
  }
}

Bytes sealed_request(const PlaceId& place, UnixTime time) {
  Writer out;
  out.text(kRequestMagic).fixed(place).i64(time.ms);
  return std::move(out).take();
}

}  // namespace maillage::protocol
