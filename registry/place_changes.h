// What a new head of a place changes in its records: made by reading git history, consumed by the index.
// Any thread; plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/ids.h"
#include "protocol/time.h"

namespace maillage::registry {

using protocol::Bytes;
using protocol::ByteView;
using protocol::Error;
using protocol::ErrorCode;
using protocol::Hash;
using protocol::ObjectId;
using protocol::PlaceId;
using protocol::Result;
using protocol::UnixTime;

// One record file (`profile.json`, `events/2026-12/x.json`, `resources/saw/record.json`) after the change.
struct RecordVersion {
  std::string path;           // in the place, with its `.json`
  std::optional<Bytes> json;  // its bytes now; nothing when it was withdrawn
  Hash sha256;                // of the bytes: what an answering record names
  UnixTime created;           // committer time of the first commit of this epoch that holds the path
  UnixTime updated;           // committer time of the last commit that changed it
};

struct PlaceChanges {
  PlaceId place;
  bool replaces_all = false;  // the index forgets every record of the place first (first sight, break of history)
  std::vector<RecordVersion> records;
};

}  // namespace maillage::registry
