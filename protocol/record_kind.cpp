#include "protocol/record_kind.h"

#include <algorithm>
#include <array>

#include "protocol/path.h"
#include "protocol/utf8.h"

namespace maillage::protocol {
namespace {

constexpr std::array kKinds{RecordKind::kProfile, RecordKind::kEvent,      RecordKind::kResource, RecordKind::kNeed,
                            RecordKind::kOffer,   RecordKind::kMembership, RecordKind::kAdmission};

struct Row {
  std::string_view slug, folder;
};
constexpr std::array<Row, kKinds.size()> kRows{{{"profile", ""},
                                                {"event", "events"},
                                                {"resource", "resources"},
                                                {"need", "needs"},
                                                {"offer", "offers"},
                                                {"membership", "memberships"},
                                                {"admission", "admissions"}}};

// Folders whose `.json` files are records of kinds that later versions know. Rationale: reserved from the start, so
// that no place fills them with something else.
constexpr std::array<std::string_view, 12> kLaterFolders{
    "applications", "attestations", "booking-answers", "bookings",  "commitments", "indicators",
    "labels",       "links",        "milestones",      "proposals", "stories",     "votes"};

constexpr std::string_view kJson = ".json";
constexpr std::string_view kScheme = "maillage:";
constexpr std::string_view kFolderRecord = "/record.json";

const Row& row(RecordKind kind) { return kRows[static_cast<std::size_t>(kind)]; }

std::optional<RecordKind> kind_of_folder(std::string_view folder) {
  for (RecordKind kind : kKinds)
    if (!folder.empty() && row(kind).folder == folder) return kind;
  return std::nullopt;
}

bool is_resource_path(std::string_view path) {
  auto slashes = std::count(path.begin(), path.end(), '/');
  return slashes == 1 || (slashes == 2 && path.ends_with(kFolderRecord));
}

}  // namespace

std::span<const RecordKind> record_kinds() { return kKinds; }
std::string_view slug(RecordKind kind) { return row(kind).slug; }
std::string_view folder_of(RecordKind kind) { return row(kind).folder; }

std::optional<RecordKind> kind_of_slug(std::string_view wanted) {
  for (RecordKind kind : kKinds)
    if (row(kind).slug == wanted) return kind;
  return std::nullopt;
}

std::optional<RecordKind> kind_of_path(std::string_view path) {
  if (path == "profile.json") return RecordKind::kProfile;
  if (!path.ends_with(kJson) || path.find('/') == std::string_view::npos) return std::nullopt;
  auto kind = kind_of_folder(top_folder(path));
  if (kind == RecordKind::kResource && !is_resource_path(path)) return std::nullopt;
  return kind;
}

bool is_record_path(std::string_view path) {
  if (kind_of_path(path)) return true;
  return path.ends_with(kJson) && path.find('/') != std::string_view::npos &&
         std::find(kLaterFolders.begin(), kLaterFolders.end(), top_folder(path)) != kLaterFolders.end();
}

bool is_identity_path(std::string_view path) { return top_folder(path) == "identity"; }

Result<Address> address_of(const PlaceId& place, std::string_view path) {
  if (!check_path(path) || !is_record_path(path)) return fail(ErrorCode::kMalformed, shown(path));
  bool folder = kind_of_path(path) == RecordKind::kResource && path.ends_with(kFolderRecord) &&
                std::count(path.begin(), path.end(), '/') == 2;
  path.remove_suffix(folder ? kFolderRecord.size() : kJson.size());
  return Address{place, std::string(path)};
}

std::string to_text(const Address& address) {
  return std::string(kScheme) + address.place.hex() + "/" + address.name;
}

Result<Address> parse_address(std::string_view text) {
  constexpr std::size_t kNameAt = kScheme.size() + 2 * PlaceId::kSize + 1;
  if (!text.starts_with(kScheme) || text.size() <= kNameAt || text[kNameAt - 1] != '/')
    return fail(ErrorCode::kBadAddress, shown(text));
  auto place = PlaceId::parse(text.substr(kScheme.size(), 2 * PlaceId::kSize));
  if (!place) return fail(ErrorCode::kBadAddress, shown(text));
  Address address{*place, std::string(text.substr(kNameAt))};
  for (const std::string& path : paths_of(address))
    if (auto same = address_of(*place, path); same && *same == address) return address;
  return fail(ErrorCode::kBadAddress, shown(text));
}

std::vector<std::string> paths_of(const Address& address) {
  std::string file = address.name + std::string(kJson);
  if (top_folder(address.name) == folder_of(RecordKind::kResource))
    return {address.name + std::string(kFolderRecord), file};
  return {file};
}

}  // namespace maillage::protocol
