#include "daemon/invitation_link.h"

#include "daemon/peer_url.h"

namespace maillage::daemon {
namespace {

constexpr std::string_view kPage = "/join#";
// A link must fit in a QR code, and its address among those that are dialled.
constexpr std::size_t kLinkBaseMax = 1'024;

}  // namespace

std::string InvitationLink::text() const { return base + std::string(kPage) + invitation.text(); }

std::string InvitationLink::peer_url() const { return "ws" + base.substr(std::string_view("http").size()) + "/peer"; }

protocol::Result<std::string> invitation_base(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  bool web = url.starts_with("http://") || url.starts_with("https://");
  bool plain = url.find_first_of("?#@") == std::string_view::npos;
  if (!web || !plain || url.size() > kLinkBaseMax || !parse_url(url)) return protocol::fail(protocol::ErrorCode::kMalformed, "URL");
  return std::string(url);
}

protocol::Result<InvitationLink> InvitationLink::parse(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  auto first = text.find_first_not_of(kSpace);
  text = first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  auto page = text.find(kPage);
  if (page == std::string_view::npos) return protocol::fail(protocol::ErrorCode::kBadInvitation, "#");
  auto base = invitation_base(text.substr(0, page));
  if (!base) return protocol::fail(protocol::ErrorCode::kBadInvitation, "URL");
  auto invitation = protocol::InvitationText::parse(text.substr(page + kPage.size()));
  if (!invitation) return tl::unexpected(invitation.error());
  return InvitationLink{std::move(*base), *invitation};
}

}  // namespace maillage::daemon
