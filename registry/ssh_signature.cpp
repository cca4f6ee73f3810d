#include "registry/ssh_signature.h"

#include <algorithm>

namespace maillage::registry {

using protocol::Bytes;
using protocol::ByteView;
using protocol::ErrorCode;
using protocol::fail;
using protocol::Result;

namespace {

constexpr std::string_view kMagic = "SSHSIG";
constexpr std::string_view kBegin = "-----BEGIN SSH SIGNATURE-----\n";
constexpr std::string_view kEnd = "-----END SSH SIGNATURE-----";
constexpr std::string_view kKeyType = "ssh-ed25519";
constexpr std::string_view kNamespace = "git";
constexpr std::size_t kLineCharacters = 70;
// An Ed25519 armour is 295 characters.
constexpr std::size_t kArmourBytesMax = 512;

void write_string(protocol::Writer& out, ByteView bytes) { out.u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes); }
void write_string(protocol::Writer& out, std::string_view text) { write_string(out, protocol::as_bytes(text)); }

// A length-prefixed string that must be exactly this one.
void expect_string(protocol::Reader& in, std::string_view text) {
  if (in.u32() != text.size() || protocol::as_text(in.take(text.size())) != text) in.refuse();
}

std::string_view name_of(SshHash hash) { return hash == SshHash::kSha256 ? "sha256" : "sha512"; }

Bytes key_blob(const protocol::PublicKey& key) {
  protocol::Writer out;
  write_string(out, kKeyType);
  write_string(out, key.bytes);
  return std::move(out).take();
}

std::string base64(ByteView bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::size_t present = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = bytes[i] << 16 | (present > 1 ? bytes[i + 1] << 8 : 0) | (present > 2 ? bytes[i + 2] : 0);
    for (std::size_t digit = 0; digit < 4; ++digit) text += digit <= present ? kDigits[group >> (18 - 6 * digit) & 63] : '=';
  }
  return text;
}

// Lenient: what it reads is compared with its re-encoding afterwards. Skips newlines; stops at anything else.
Bytes from_base64(std::string_view text) {
  Bytes bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (char c : text) {
    int digit = c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 : c == '+' ? 62 : c == '/' ? 63 : -1;
    if (c == '\n') continue;
    if (digit < 0) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> held));
  }
  return bytes;
}

// What is signed in place of the message.
Bytes signed_blob(SshHash hash, ByteView message) {
  protocol::Writer out;
  out.text(kMagic);
  write_string(out, kNamespace);
  write_string(out, "");  // reserved
  write_string(out, name_of(hash));
  if (hash == SshHash::kSha256) write_string(out, protocol::sha256(message).bytes);
  else write_string(out, protocol::sha512(message));
  return std::move(out).take();
}

}  // namespace

SshSignature ssh_sign(const protocol::KeyPair& key, ByteView message) {
  return {key.public_key(), SshHash::kSha512, key.sign(signed_blob(SshHash::kSha512, message))};
}

Result<void> ssh_verify(const SshSignature& signature, ByteView message) {
  if (!protocol::verify(signature.key, signed_blob(signature.hash, message), signature.signature))
    return fail(ErrorCode::kBadSignature, "ssh signature");
  return {};
}

std::string armour(const SshSignature& signature) {
  protocol::Writer inner;
  write_string(inner, kKeyType);
  write_string(inner, signature.signature.bytes);
  protocol::Writer out;
  out.text(kMagic).u32(1);
  write_string(out, key_blob(signature.key));
  write_string(out, kNamespace);
  write_string(out, "");
  write_string(out, name_of(signature.hash));
  write_string(out, inner.bytes());
  std::string digits = base64(out.bytes());
  std::string text(kBegin);
  for (std::size_t i = 0; i < digits.size(); i += kLineCharacters) text += digits.substr(i, kLineCharacters) + "\n";
  return text += kEnd;
}

Result<SshSignature> read_armour(std::string_view text) {
  auto refused = [] { return fail(ErrorCode::kBadSignature, "ssh signature armour"); };
  if (text.size() > kArmourBytesMax || !text.starts_with(kBegin) || !text.ends_with(kEnd)) return refused();
  if (text.size() < kBegin.size() + kEnd.size()) return refused();
  Bytes blob = from_base64(text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size()));
  protocol::Reader in(blob);
  SshSignature signature;
  if (protocol::as_text(in.take(kMagic.size())) != kMagic || in.u32() != 1) return refused();
  Bytes any_key = key_blob(signature.key);
  if (in.u32() != any_key.size()) return refused();
  expect_string(in, kKeyType);
  if (in.u32() != signature.key.bytes.size()) return refused();
  signature.key = in.fixed<protocol::PublicKey>();
  expect_string(in, kNamespace);
  expect_string(in, "");
  if (protocol::as_text(in.take(in.u32())) == name_of(SshHash::kSha256)) signature.hash = SshHash::kSha256;
  std::size_t inner_size = in.u32();
  expect_string(in, kKeyType);
  if (in.u32() != signature.signature.bytes.size() || inner_size != 4 + kKeyType.size() + 4 + 64) return refused();
  signature.signature = in.fixed<protocol::Signature>();
  if (!in.finish("ssh signature") || armour(signature) != text) return refused();
  return signature;
}

std::string ssh_public_key(const protocol::PublicKey& key) { return std::string(kKeyType) + " " + base64(key_blob(key)); }

}  // namespace maillage::registry
