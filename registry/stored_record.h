// What Column::kRecords holds: a record's dates, hash, path and bytes, and why it is not indexed if it is not.
//
//   key    place id (32) ‖ first 16 bytes of SHA-256(path): no user text, because key bounds outlive an erasure
//   value  version u8 = 1 ‖ created i64 ‖ updated i64 (ms) ‖ SHA-256 of the bytes (32)
//          ‖ path: varint length, bytes ‖ problem: varint length, bytes (slug LF context; empty = indexable) ‖ JSON
//
// Written by this daemon only, yet read as if anybody could have: a damaged disk must not crash it. Any thread.
// STORAGE.md, "Columns".
#pragma once

#include "registry/place_changes.h"

namespace maillage::registry {

inline constexpr std::size_t kPathKeyBytes = 16;
using PathKey = protocol::FixedBytes<struct PathKeyTag, kPathKeyBytes>;

PathKey path_key(std::string_view path);
std::string record_key(const PlaceId& place, const PathKey& path);
// The keys of all records of a place begin so.
std::string record_prefix(const PlaceId& place);

struct RecordKey {
  PlaceId place;
  PathKey path;
};
Result<RecordKey> parse_record_key(std::string_view key);

struct StoredRecord {
  UnixTime created, updated;
  Hash sha256;
  std::string path;
  std::optional<Error> problem;
  Bytes json;
  bool operator==(const StoredRecord&) const = default;
};

std::string encode(const StoredRecord& record);
// Of a version that has its bytes: no record, and so none copied, on the way.
std::string encode(const RecordVersion& version, const std::optional<Error>& problem);
// kTruncated, kUnsupportedVersion, kTrailingBytes, kTooLarge.
Result<StoredRecord> decode_stored_record(std::string_view value);

}  // namespace maillage::registry
