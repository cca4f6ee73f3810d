#include <catch2/catch.hpp>

#include "registry/git/pkt_line.h"
#include "registry/git/upload_request.h"
#include "tests/protocol/damage.h"

using namespace maillage::registry;
using namespace maillage::protocol;
using End = UploadRequest::End;
using Acknowledging = UploadRequest::Acknowledging;

namespace {

const std::string kOne(40, '1'), kTwo(40, '2'), kThree(40, '3');

Bytes request(const std::vector<std::string>& lines) {
  Bytes out;
  for (const std::string& line : lines)
    if (line == "0000") append_flush(out);
    else append_pkt(out, line);
  return out;
}

ErrorCode refused(const std::vector<std::string>& lines) {
  auto read = read_upload_request(request(lines));
  REQUIRE(!read);
  return read.error().code;
}

}  // namespace

// As git 2.39 sends it: GIT_TRACE_PACKET=1 git fetch --depth 3.
TEST_CASE("a recorded request of git's is read whole") {
  Bytes bytes = request({"want " + kOne + " multi_ack_detailed no-done side-band-64k no-progress agent=git/2.39.5", "want " + kTwo,
                         "shallow " + kThree, "deepen 3", "filter blob:none", "0000", "have " + kThree, "have " + kTwo, "done"});
  auto read = read_upload_request(bytes);
  REQUIRE(read);
  CHECK(read->wants.size() == 2);
  CHECK(read->haves.size() == 2);
  CHECK(read->haves[0].hex() == kThree);
  CHECK(read->shallow.size() == 1);
  CHECK(read->depth == 3);
  CHECK(read->acknowledging == Acknowledging::kDetailed);
  CHECK(read->no_done);
  CHECK(read->side_band);
  CHECK(!read->deepen_relative);
  CHECK(read->end == End::kDone);
}

TEST_CASE("a request may stop after its wants, after a flush, or say that it is done") {
  std::string want = "want " + kOne;
  CHECK(read_upload_request(request({want, "0000"}))->end == End::kWants);
  CHECK(read_upload_request(request({want, "0000", "have " + kTwo, "0000"}))->end == End::kFlush);
  CHECK(read_upload_request(request({want, "0000", "done"}))->end == End::kDone);
  CHECK(read_upload_request(request({"0000"}))->wants.empty());
  CHECK(read_upload_request(request({want + " side-band-64k", "0000"}))->acknowledging == Acknowledging::kPlain);
}

TEST_CASE("what is no request of version 0 is refused") {
  std::string want = "want " + kOne;
  CHECK(refused({"command=ls-refs", "0000"}) == ErrorCode::kMalformed);
  CHECK(refused({want + "ab", "0000", "done"}) == ErrorCode::kMalformed);
  CHECK(refused({want, want + " side-band-64k", "0000"}) == ErrorCode::kMalformed);
  CHECK(refused({"want " + std::string(40, 'A'), "0000"}) == ErrorCode::kMalformed);
  CHECK(refused({want, "deepen 0", "0000"}) == ErrorCode::kMalformed);
  CHECK(refused({want, "deepen -1", "0000"}) == ErrorCode::kMalformed);
  CHECK(refused({want, "deepen 99999999999", "0000"}) == ErrorCode::kMalformed);
  CHECK(refused({want, "deepen-since 1", "0000"}) == ErrorCode::kMalformed);
  CHECK(refused({want + " object-format=sha256", "0000"}) == ErrorCode::kMalformed);
  CHECK(refused({want, "0000", "push it"}) == ErrorCode::kMalformed);
  CHECK(refused({want}) == ErrorCode::kTruncated);
  CHECK(refused({want, "0000", "have " + kTwo}) == ErrorCode::kTruncated);
}

TEST_CASE("more wants or haves than anybody has are refused") {
  std::vector<std::string> wants(kUploadWantsMax + 1, "want " + kOne);
  wants.push_back("0000");
  CHECK(refused(wants) == ErrorCode::kTooMany);
  std::vector<std::string> haves(kUploadCommitsMax + 3, "have " + kTwo);
  haves[0] = "want " + kOne;
  haves[1] = "0000";
  CHECK(refused(haves) == ErrorCode::kTooMany);
}

TEST_CASE("a request cut anywhere or with any byte changed is read or refused, never more") {
  Bytes valid = request({"want " + kOne + " multi_ack_detailed side-band-64k", "shallow " + kTwo, "deepen 3", "0000", "have " + kThree, "done"});
  std::size_t whole = 0;
  maillage::tests::for_each_truncation(valid, [&](ByteView bytes) { whole += read_upload_request(bytes) ? 1 : 0; });
  CHECK(whole == 1);  // up to the first flush it is a request too
  maillage::tests::for_each_flip(valid, [](ByteView bytes) {
    if (auto read = read_upload_request(bytes)) CHECK(read->wants.size() <= 1);
  });
}
