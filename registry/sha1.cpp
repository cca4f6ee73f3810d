#include "registry/sha1.h"

#include <openssl/evp.h>

namespace maillage::registry {
namespace {

const EVP_MD* sha1_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  protocol::check(method != nullptr, "OpenSSL has no SHA-1");
  return method;
}

}  // namespace

void Sha1::Free::operator()(void* context) const { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context)); }

Sha1::Sha1() : context_(EVP_MD_CTX_new()) {
  bool started = context_ && EVP_DigestInit_ex2(static_cast<EVP_MD_CTX*>(context_.get()), sha1_method(), nullptr) == 1;
  protocol::check(started, "SHA-1 does not start");
}

void Sha1::update(protocol::ByteView bytes) {
  protocol::check(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_.get()), bytes.data(), bytes.size()) == 1, "SHA-1 fails");
}

protocol::ObjectId Sha1::finish() {
  protocol::ObjectId digest;
  bool ended = EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_.get()), digest.bytes.data(), nullptr) == 1;
  protocol::check(ended, "SHA-1 fails");
  return digest;
}

}  // namespace maillage::registry
