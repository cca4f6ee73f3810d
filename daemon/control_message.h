// What a command and a running daemon say to each other over DIR/control.sock, as bytes.
//
//   message = u32 length of the JSON ‖ JSON object ‖ blobs, one after the other
//
// The JSON's "blobs" lists their sizes in order, and is absent when there are none. Bounded, so that whoever may open
// the socket still cannot make the daemon allocate without end. Any thread.
#pragma once

#include <vector>

#include <boost/json/object.hpp>

#include "protocol/bytes.h"
#include "protocol/limits.h"

namespace maillage::daemon {

// 20,000 paths with their names, or an answer of 1,000 records.
inline constexpr std::size_t kControlJsonBytesMax = 64 * protocol::kMiB;
// A whole place published at once.
inline constexpr std::size_t kControlBlobsBytesMax = protocol::kPlaceBytesMax;
inline constexpr std::size_t kControlBlobsMax = protocol::kPlaceFilesMax;

struct ControlMessage {
  boost::json::object body;
  std::vector<protocol::Bytes> blobs;
};

// kTooLarge, kTooMany. A field "blobs" of the body is replaced.
protocol::Result<protocol::Bytes> encode(const ControlMessage& message);

// The length in front, checked. kTooLarge; kMalformed for 0.
protocol::Result<std::size_t> control_json_size(protocol::ByteView four_bytes);

// The JSON and the sizes of the blobs that follow.
struct ControlStart {
  boost::json::object body;
  std::vector<std::size_t> blob_sizes;
};
protocol::Result<ControlStart> parse_control_json(protocol::ByteView json);

// A whole message. kTruncated, kTrailingBytes and what the above give.
protocol::Result<ControlMessage> decode_control(protocol::ByteView bytes);

}  // namespace maillage::daemon
