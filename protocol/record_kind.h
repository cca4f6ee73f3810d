// Which files of a place are records, of which kind, and the addresses records have. RECORDS.md "Where records live".
//
//   profile.json                     the profile
//   <folder>/…/<name>.json           a record of that folder's kind, `resources` apart
//   resources/<name>.json            a resource
//   resources/<name>/record.json     a resource that is a folder: with its guides, pictures, files
//
// Address: maillage:<place id, 64 hex>/<path without .json>; of a folder resource, the folder. Both forms of a
// resource have the same address, so a place may hold only one of them. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ids.h"

namespace maillage::protocol {

enum class RecordKind { kProfile, kEvent, kResource, kNeed, kOffer, kMembership, kAdmission };

// All of them, in the order above.
std::span<const RecordKind> record_kinds();

// The `kind` field: "profile", "event" …; and back, nothing when this version does not know it.
std::string_view slug(RecordKind kind);
std::optional<RecordKind> kind_of_slug(std::string_view slug);

// Where records of the kind live: "events"; empty for the profile.
std::string_view folder_of(RecordKind kind);

// True for records of known kinds, and for `.json` files in folders that are kept for kinds of later versions.
bool is_record_path(std::string_view path);

// The kind that a record at this path must have; nothing when the path is no record's, or of a later version's kind.
std::optional<RecordKind> kind_of_path(std::string_view path);

// `identity` and everything in it: written by the place's own daemon only.
bool is_identity_path(std::string_view path);

struct Address {
  PlaceId place;
  std::string name;  // "profile", "events/2026-12/repair-cafe-05", "resources/laser-cutter"
  bool operator==(const Address&) const = default;
};

// kMalformed when the path is no record's, or breaks the grammar.
Result<Address> address_of(const PlaceId& place, std::string_view path);
std::string to_text(const Address& address);

// kBadAddress unless it is the text of an address that a record can have.
Result<Address> parse_address(std::string_view text);

// The one or two paths where the record of that address can be, the folder form of a resource first.
std::vector<std::string> paths_of(const Address& address);

}  // namespace maillage::protocol
