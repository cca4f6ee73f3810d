#include "daemon/control_message.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "protocol/record.h"

namespace maillage::daemon {
namespace {

using protocol::ErrorCode;
using protocol::fail;

constexpr std::string_view kWhat = "control";

protocol::Result<void> check_sizes(const std::vector<std::size_t>& sizes) {
  if (sizes.size() > kControlBlobsMax) return fail(ErrorCode::kTooMany, std::string(kWhat));
  std::size_t total = 0;
  for (std::size_t size : sizes) {
    if (size > kControlBlobsBytesMax - total) return fail(ErrorCode::kTooLarge, std::string(kWhat));
    total += size;
  }
  return {};
}

}  // namespace

protocol::Result<protocol::Bytes> encode(const ControlMessage& message) {
  boost::json::object body = message.body;
  std::vector<std::size_t> sizes;
  boost::json::array listed;
  for (const protocol::Bytes& blob : message.blobs) {
    sizes.push_back(blob.size());
    listed.push_back(blob.size());
  }
  if (auto fine = check_sizes(sizes); !fine) return tl::unexpected(fine.error());
  body.erase("blobs");
  if (!listed.empty()) body["blobs"] = std::move(listed);
  std::string json = protocol::to_json_text(body);
  if (json.size() > kControlJsonBytesMax) return fail(ErrorCode::kTooLarge, std::string(kWhat));
  protocol::Writer out;
  out.u32(static_cast<std::uint32_t>(json.size())).text(json);
  for (const protocol::Bytes& blob : message.blobs) out.raw(blob);
  return std::move(out).take();
}

protocol::Result<std::size_t> control_json_size(protocol::ByteView four_bytes) {
  protocol::Reader in(four_bytes);
  std::size_t size = in.u32();
  if (auto fine = in.finish(kWhat); !fine) return tl::unexpected(fine.error());
  if (size == 0) return fail(ErrorCode::kMalformed, std::string(kWhat));
  if (size > kControlJsonBytesMax) return fail(ErrorCode::kTooLarge, std::string(kWhat));
  return size;
}

protocol::Result<ControlStart> parse_control_json(protocol::ByteView json) {
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = 64;
  std::string_view text = protocol::as_text(json);
  auto value = boost::json::parse({text.data(), text.size()}, error, {}, options);
  if (error || !value.is_object()) return fail(ErrorCode::kMalformed, std::string(kWhat));
  ControlStart start;
  start.body = std::move(value.as_object());
  const boost::json::value* listed = start.body.if_contains("blobs");
  if (listed == nullptr) return start;
  if (!listed->is_array()) return fail(ErrorCode::kMalformed, std::string(kWhat));
  for (const boost::json::value& size : listed->get_array()) {
    boost::system::error_code inexact;
    auto number = size.is_number() ? size.to_number<std::uint64_t>(inexact) : 0;
    if (!size.is_number() || inexact) return fail(ErrorCode::kMalformed, std::string(kWhat));
    start.blob_sizes.push_back(number);
  }
  start.body.erase("blobs");
  if (auto fine = check_sizes(start.blob_sizes); !fine) return tl::unexpected(fine.error());
  return start;
}

protocol::Result<ControlMessage> decode_control(protocol::ByteView bytes) {
  protocol::Reader in(bytes);
  auto front = in.take(4);
  auto size = control_json_size(front);
  if (!size) return tl::unexpected(size.error());
  auto json = in.take(*size);
  if (in.failed()) return fail(ErrorCode::kTruncated, std::string(kWhat));
  auto start = parse_control_json(json);
  if (!start) return tl::unexpected(start.error());
  ControlMessage message{std::move(start->body), {}};
  for (std::size_t blob : start->blob_sizes) {
    auto taken = in.take(blob);
    message.blobs.emplace_back(taken.begin(), taken.end());
  }
  if (auto fine = in.finish(kWhat); !fine) return tl::unexpected(fine.error());
  return message;
}

}  // namespace maillage::daemon
