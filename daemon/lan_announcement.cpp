#include "daemon/lan_announcement.h"

#include <algorithm>

namespace maillage::daemon {
namespace {

using namespace protocol;

constexpr std::string_view kMagic = "maillage-lan";
constexpr std::uint8_t kVersion = 1, kTls = 1;

bool is_path(std::string_view path) {
  auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/'; };
  return path.size() <= kLanPathBytesMax && path.starts_with('/') && path.ends_with("/peer") && std::ranges::all_of(path, allowed);
}

}  // namespace

Bytes encode(const LanAnnouncement& announcement) {
  Writer out;
  out.text(kMagic).u8(kVersion).u8(announcement.tls ? kTls : 0).u16(announcement.port).fixed(announcement.place);
  out.u8(static_cast<std::uint8_t>(announcement.path.size())).text(announcement.path);
  return Bytes(out.bytes().begin(), out.bytes().end());
}

Result<LanAnnouncement> decode_lan_announcement(ByteView datagram) {
  Reader in(datagram);
  bool ours = as_text(in.take(kMagic.size())) == kMagic;
  if (in.failed() || !ours) return fail(ErrorCode::kMalformed, "LAN announcement");
  if (in.u8() != kVersion) return fail(ErrorCode::kUnsupportedVersion, "LAN announcement");
  LanAnnouncement announcement;
  std::uint8_t flags = in.u8();
  announcement.tls = (flags & kTls) != 0;
  announcement.port = in.u16();
  announcement.place = in.fixed<PlaceId>();
  std::size_t size = in.u8();
  announcement.path = std::string(as_text(in.take(size)));
  if (auto whole = in.finish("LAN announcement"); !whole) return tl::unexpected(whole.error());
  bool sane = flags <= kTls && announcement.port != 0 && !announcement.place.is_zero() && is_path(announcement.path);
  if (!sane) return fail(ErrorCode::kMalformed, "LAN announcement");
  return announcement;
}

}  // namespace maillage::daemon
