#include "registry/git/fetch.h"

#include "registry/git/pkt_line.h"

namespace maillage::registry {
namespace {

// No ofs-delta and no thin-pack: we send whole objects. No filter, no include-tag: nothing here has a use for them.
constexpr std::string_view kCapabilities =
    "multi_ack multi_ack_detailed no-done side-band-64k no-progress shallow deepen-relative symref=HEAD:refs/heads/main object-format=sha1 "
    "agent=maillage/1";

constexpr std::size_t kPieceBytes = 2 * (kPktPayloadBytesMax - 1);  // two full lines

std::string ack(const ObjectId& id, std::string_view how) { return "ACK " + id.hex() + std::string(how); }

// What the client's boundary becomes, told to it, and what that means for what it wants and has.
Result<void> move_boundary(Bytes& out, const ObjectSource& source, const UploadRequest& request, ClientCommits& commits) {
  std::vector<ObjectId> from = request.wants;
  std::uint32_t depth = request.depth;
  if (request.deepen_relative) {
    auto reached = ancestors_among(source, request.wants, commits.shallow);
    if (!reached) return tl::unexpected(reached.error());
    from.assign(reached->begin(), reached->end());
    if (depth < kWholeDepth) ++depth;
  }
  auto deepened = deepen(source, from, depth, commits.shallow);
  if (!deepened) return tl::unexpected(deepened.error());
  for (const ObjectId& id : deepened->shallow) {
    append_pkt(out, "shallow " + id.hex());
    commits.shallow.insert(id);
  }
  for (const ObjectId& id : deepened->unshallow) {
    append_pkt(out, "unshallow " + id.hex());
    // The client has this commit and its folders; its parents are what it asks for. It stays a boundary of what we walk.
    auto links = read_links(source, id);
    if (!links) return tl::unexpected(links.error());
    commits.wants.insert(commits.wants.end(), links->parents.begin(), links->parents.end());
    commits.haves.push_back(id);
  }
  append_flush(out);
  return {};
}

}  // namespace

Bytes advertise_refs(const std::vector<NamedRef>& refs) {
  Bytes out;
  append_pkt(out, "# service=git-upload-pack");
  append_flush(out);
  std::string capabilities = std::string(1, '\0') + std::string(kCapabilities);
  for (const NamedRef& ref : refs) append_pkt(out, ref.commit.hex() + " " + ref.name + std::exchange(capabilities, {}));
  append_flush(out);
  return out;
}

std::unique_ptr<Fetch> Fetch::refuse(std::string_view why) {
  std::unique_ptr<Fetch> fetch(new Fetch);
  append_pkt(fetch->ahead_, "ERR " + std::string(why));
  return fetch;
}

Result<std::unique_ptr<Fetch>> Fetch::open(std::shared_ptr<const ObjectSource> source, const UploadRequest& request, Compare compare,
                                           FetchesUnderWay::Ended ended) {
  std::unique_ptr<Fetch> fetch(new Fetch);
  fetch->out_of_service_ = std::move(ended);
  fetch->source_ = std::move(source);
  fetch->side_band_ = request.side_band;
  if (request.wants.empty()) return fetch;
  ClientCommits commits{request.wants, {}, {request.shallow.begin(), request.shallow.end()}};
  if (request.depth > 0)
    if (auto moved = move_boundary(fetch->ahead_, *fetch->source_, request, commits); !moved) return tl::unexpected(moved.error());
  if (request.end == UploadRequest::End::kWants) return fetch;

  auto common = ancestors_among(*fetch->source_, request.wants, {request.haves.begin(), request.haves.end()});
  if (!common) return tl::unexpected(common.error());
  if (!fetch->negotiate(request, *common)) return fetch;
  commits.haves.insert(commits.haves.end(), common->begin(), common->end());
  auto ids = list_objects(*fetch->source_, commits, compare);
  if (!ids) return tl::unexpected(ids.error());
  fetch->pack_.emplace(OutgoingPack::of(*fetch->source_, std::move(*ids)));
  return fetch;
}

// As git's own upload-pack answers (get_common_commits), for clients were written against it. True: the pack follows.
bool Fetch::negotiate(const UploadRequest& request, const ObjectSet& common_set) {
  using Acknowledging = UploadRequest::Acknowledging;
  std::optional<ObjectId> last;
  bool others = false, ready = false;
  for (const ObjectId& id : request.haves) {
    if (common_set.contains(id)) {
      bool first = !last;
      last = id;
      if (request.acknowledging == Acknowledging::kDetailed) append_pkt(ahead_, ack(id, " common"));
      else if (request.acknowledging == Acknowledging::kMulti) append_pkt(ahead_, ack(id, " continue"));
      else if (first) append_pkt(ahead_, ack(id, ""));
      continue;
    }
    others = true;
    // All histories here begin at one commit: with one commit in common there is no need to look further.
    if (!last || request.acknowledging == Acknowledging::kPlain) continue;
    ready = ready || request.acknowledging == Acknowledging::kDetailed;
    append_pkt(ahead_, ack(id, request.acknowledging == Acknowledging::kDetailed ? " ready" : " continue"));
  }
  return acknowledge_end(request, last, others, ready);
}

bool Fetch::acknowledge_end(const UploadRequest& request, const std::optional<ObjectId>& last, bool others, bool ready) {
  using Acknowledging = UploadRequest::Acknowledging;
  bool several = request.acknowledging != Acknowledging::kPlain;
  if (request.end == UploadRequest::End::kDone) {
    if (!last) append_pkt(ahead_, "NAK");
    else if (several) append_pkt(ahead_, ack(*last, ""));
    return true;
  }
  if (request.acknowledging == Acknowledging::kDetailed && last && !others) {
    ready = true;
    append_pkt(ahead_, ack(*last, " ready"));
  }
  if (!last || several) append_pkt(ahead_, "NAK");
  if (!request.no_done || !ready) return false;
  append_pkt(ahead_, ack(*last, ""));
  return true;
}

Result<Bytes> Fetch::next_bytes() {
  if (out_of_service_ && *out_of_service_) return protocol::fail(protocol::ErrorCode::kNotFound, "fetch");
  return pack_->read(kPieceBytes);
}

Result<Bytes> Fetch::read() {
  Bytes piece = std::exchange(ahead_, {});
  if (!pack_ || ended_) return piece;
  auto bytes = next_bytes();
  if (!bytes && !side_band_) return bytes;
  if (!bytes) {
    append_side_band(piece, SideBand::kError, protocol::as_bytes("this place was erased or changed meanwhile: fetch again\n"));
    ended_ = true;
    return piece;
  }
  ended_ = bytes->empty();
  if (!side_band_) piece.insert(piece.end(), bytes->begin(), bytes->end());
  else append_side_band(piece, SideBand::kPack, *bytes);
  if (ended_ && side_band_) append_flush(piece);
  return piece;
}

}  // namespace maillage::registry
