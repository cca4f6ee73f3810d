#include "registry/git/upload_request.h"

#include <charconv>

#include "registry/git/pkt_line.h"

namespace maillage::registry {
namespace {

using protocol::fail;
using Kind = PktReader::Kind;

constexpr std::size_t kHexBytes = 40;

Result<void> wrong(std::string_view line) { return fail(ErrorCode::kMalformed, std::string(line.substr(0, line.find(' ')))); }

// Reads the lines one by one; each says whether it may stand where it does.
class Reading {
 public:
  explicit Reading(ByteView bytes) : lines_(bytes) {}

  Result<UploadRequest> read() {
    if (auto done = read_wants(); !done) return tl::unexpected(done.error());
    auto next = lines_.next();
    if (request_.wants.empty() || next.kind == Kind::kEnd) return std::move(request_);
    if (auto done = read_haves(next); !done) return tl::unexpected(done.error());
    return std::move(request_);
  }

 private:
  Result<void> read_wants() {
    for (auto pkt = lines_.next(); pkt.kind != Kind::kFlush; pkt = lines_.next()) {
      if (!pkt.is_line()) return stopped(pkt.kind);
      if (auto done = read_want_line(pkt.text); !done) return done;
    }
    return {};
  }

  Result<void> read_want_line(std::string_view line) {
    if (line.starts_with("want ")) return read_want(line.substr(5));
    if (line.starts_with("shallow ")) return add(request_.shallow, line.substr(8), kUploadCommitsMax);
    if (line.starts_with("deepen ")) return read_depth(line.substr(7));
    if (line.starts_with("filter ")) return {};
    return wrong(line);
  }

  Result<void> read_want(std::string_view text) {
    std::string_view capabilities = text.size() > kHexBytes ? text.substr(kHexBytes) : std::string_view{};
    if (!capabilities.empty() && (!request_.wants.empty() || !capabilities.starts_with(' '))) return wrong("want");
    if (auto done = add(request_.wants, text.substr(0, kHexBytes), kUploadWantsMax); !done) return done;
    while (!capabilities.empty()) {
      capabilities.remove_prefix(1);
      auto end = std::min(capabilities.find(' '), capabilities.size());
      if (auto done = read_capability(capabilities.substr(0, end)); !done) return done;
      capabilities.remove_prefix(end);
    }
    return {};
  }

  // What we do not offer changes nothing when it is asked for, but another hash would.
  Result<void> read_capability(std::string_view name) {
    if (name == "multi_ack") request_.acknowledging = UploadRequest::Acknowledging::kMulti;
    if (name == "multi_ack_detailed") request_.acknowledging = UploadRequest::Acknowledging::kDetailed;
    if (name == "no-done") request_.no_done = true;
    if (name == "side-band-64k") request_.side_band = true;
    if (name == "deepen-relative") request_.deepen_relative = true;
    if (name.starts_with("object-format=") && name != "object-format=sha1") return wrong(name);
    return {};
  }

  Result<void> read_depth(std::string_view text) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), request_.depth);
    bool whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || request_.depth == 0 || request_.depth > kWholeDepth) return wrong("deepen");
    return {};
  }

  Result<void> read_haves(PktReader::Pkt pkt) {
    for (; pkt.is_line(); pkt = lines_.next()) {
      if (pkt.text == "done") {
        request_.end = UploadRequest::End::kDone;
        return {};
      }
      if (!pkt.text.starts_with("have ")) return wrong(pkt.text);
      if (auto done = add(request_.haves, pkt.text.substr(5), kUploadCommitsMax); !done) return done;
    }
    request_.end = UploadRequest::End::kFlush;
    return pkt.kind == Kind::kFlush ? Result<void>() : stopped(pkt.kind);
  }

  static Result<void> add(std::vector<ObjectId>& ids, std::string_view hex, std::size_t most) {
    auto id = ObjectId::parse(hex);
    if (!id) return tl::unexpected(id.error());
    if (ids.size() == most) return fail(ErrorCode::kTooMany, "commits in a git request");
    ids.push_back(*id);
    return {};
  }

  static Result<void> stopped(Kind kind) {
    return kind == Kind::kBroken ? wrong("pkt-line") : fail(ErrorCode::kTruncated, "git request");
  }

  PktReader lines_;
  UploadRequest request_;
};

}  // namespace

Result<UploadRequest> read_upload_request(ByteView bytes) { return Reading(bytes).read(); }

}  // namespace maillage::registry
