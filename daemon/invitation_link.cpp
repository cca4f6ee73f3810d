#include "daemon/invitation_link.h"

#include "daemon/peer_url.h"
#include "protocol/utf8.h"

namespace maillage::daemon {
namespace {

constexpr std::string_view kPage = "/join#";
// A link must fit in a QR code, and its address among those that are dialled.
constexpr std::size_t kLinkBaseMax = 1'024;
// What follows `#`: a place and a secret in base64url.
constexpr std::size_t kSecretBytes = 64;
constexpr std::size_t kToldBytes = 100;

using protocol::ErrorCode;
using protocol::fail;

}  // namespace

std::string InvitationLink::text() const { return base + std::string(kPage) + invitation.text(); }

std::string InvitationLink::peer_url() const { return "ws" + base.substr(std::string_view("http").size()) + "/peer"; }

protocol::Result<std::string> invitation_base(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  bool web = url.starts_with("http://") || url.starts_with("https://");
  bool plain = url.find_first_of("?#@") == std::string_view::npos;
  if (!web || !plain || url.size() > kLinkBaseMax || !parse_url(url)) return fail(ErrorCode::kMalformed, "URL");
  return std::string(url);
}

protocol::Result<InvitationLink> InvitationLink::parse(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  auto first = text.find_first_not_of(kSpace);
  text = first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  auto page = text.find(kPage);
  bool web = text.starts_with("http://") || text.starts_with("https://");
  if (page == std::string_view::npos && web) return fail(ErrorCode::kCutInvitation, "0");
  auto base = invitation_base(text.substr(0, page));
  if (page == std::string_view::npos || !base) return fail(ErrorCode::kBadInvitation, protocol::shown(text.substr(0, page), kToldBytes));
  std::string_view secret = text.substr(page + kPage.size());
  if (secret.size() < kSecretBytes) return fail(ErrorCode::kCutInvitation, std::to_string(secret.size()));
  auto invitation = protocol::InvitationText::parse(secret);
  if (!invitation) return fail(ErrorCode::kBadInvitation, *base + std::string(kPage) + "…");
  return InvitationLink{std::move(*base), *invitation};
}

}  // namespace maillage::daemon
