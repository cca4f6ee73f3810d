#include "protocol/invitation.h"

#include <algorithm>

#include <sodium.h>

#include "protocol/crypto.h"

namespace maillage::protocol {
namespace {

constexpr std::size_t kTextBytes = PlaceId::kSize + InvitationSecret::kSize;
constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

}  // namespace

InvitationId id_of(const InvitationSecret& secret) {
  Hash hash = sha256({as_bytes("place-invitation-1\n"), secret.bytes});
  InvitationId id;
  std::copy_n(hash.bytes.begin(), InvitationId::kSize, id.bytes.begin());
  return id;
}

Hash invitation_proof(const InvitationSecret& secret, const Hash& dialling_hello, const Hash& dialled_hello) {
  return sha256({as_bytes("place-invitation-proof-1\n"), secret.bytes, dialling_hello.bytes, dialled_hello.bytes});
}

std::string InvitationText::text() const {
  Bytes bytes(from.bytes.begin(), from.bytes.end());
  bytes.insert(bytes.end(), secret.bytes.begin(), secret.bytes.end());
  std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
  text.pop_back();  // the terminating NUL
  return text;
}

Result<InvitationText> InvitationText::parse(std::string_view text) {
  std::array<std::uint8_t, kTextBytes> bytes{};
  std::size_t size = 0;
  bool decoded = text.size() == (kTextBytes * 8 + 5) / 6 &&
                 sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, nullptr, kVariant) == 0;
  if (!decoded || size != kTextBytes) return fail(ErrorCode::kBadInvitation, "64");
  InvitationText parsed;
  std::copy_n(bytes.begin(), PlaceId::kSize, parsed.from.bytes.begin());
  std::copy_n(bytes.begin() + PlaceId::kSize, InvitationSecret::kSize, parsed.secret.bytes.begin());
  // libsodium takes letters of the other alphabet for some of ours: one invitation has one text.
  if (parsed.text() != text) return fail(ErrorCode::kBadInvitation, "64");
  return parsed;
}

}  // namespace maillage::protocol
