// What git-receive-pack is asked before its pack, and what a push certificate proves.
#include "registry/git/pkt_line.h"
#include "registry/git/push_nonce.h"
#include "registry/git/push_report.h"
#include "registry/ssh_signature.h"
#include "tests/registry/git_fixture.h"

using namespace maillage::tests;
using maillage::protocol::ErrorCode;
namespace protocol = maillage::protocol;

namespace {

const std::string kZero(40, '0'), kTip(40, '7');

std::string command(const std::string& ref = "refs/for/main") { return kZero + " " + kTip + " " + ref; }
std::string capable(const std::string& first, const std::string& more = "") { return first + std::string(1, '\0') + " report-status side-band-64k" + more; }

Bytes request(const std::vector<std::string>& lines, const std::vector<std::string>& options = {}, bool with_options = false) {
  Bytes out;
  for (const std::string& line : lines) append_pkt(out, line);
  append_flush(out);
  for (const std::string& option : options) append_pkt(out, option);
  if (with_options) append_flush(out);
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
    end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
  }
  return lines;
}

std::string certificate_text(const std::string& nonce, const std::string& option = "") {
  return "certificate version 0.1\npusher key 1 +0000\npushee http://x/git/y\nnonce " + nonce + "\n" +
         (option.empty() ? "" : "push-option " + option + "\n") + "\n" + command() + "\n";
}

Bytes certified(const std::string& text, const protocol::KeyPair& key) {
  std::vector<std::string> lines{capable("push-cert")};
  for (const std::string& line : lines_of(text)) lines.push_back(line);
  for (const std::string& line : lines_of(armour(ssh_sign(key, protocol::as_bytes(text))))) lines.push_back(line);
  lines.push_back("push-cert-end");
  return request(lines);
}

PushOpening opening_of(const Bytes& bytes) {
  auto read = must(read_push_opening(bytes, false));
  REQUIRE(read);
  return *read;
}

}  // namespace

TEST_CASE("a push is read up to its pack, wherever the bytes are cut meanwhile") {
  Bytes bytes = request({"shallow " + kTip, capable(command(), " push-options")}, {"keep"}, true);
  std::size_t size = bytes.size();
  for (std::size_t cut = 0; cut < size; ++cut) {
    auto read = read_push_opening(ByteView(bytes).first(cut), false);
    REQUIRE(read);
    CHECK_FALSE(*read);
    CHECK_FALSE(read_push_opening(ByteView(bytes).first(cut), true));
  }
  Bytes pack = bytes_of("PACKwhatever");
  bytes.insert(bytes.end(), pack.begin(), pack.end());
  PushOpening opening = opening_of(bytes);
  CHECK(opening.bytes == size);
  CHECK(opening.request.commands == std::vector<PushCommand>{{{}, must(ObjectId::parse(kTip)), "refs/for/main"}});
  CHECK(opening.request.options == std::vector<std::string>{"keep"});
  CHECK(opening.request.report_status);
  CHECK(opening.request.side_band);
}

TEST_CASE("any flipped byte of a push request gives another request or a refusal, never more than it holds") {
  Bytes bytes = certified(certificate_text("1-a", ""), protocol::KeyPair(protocol::Seed{{1}}));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes flipped = bytes;
    flipped[i] ^= 1;
    auto read = read_push_opening(flipped, true);
    if (!read || !*read) continue;
    CHECK((*read)->bytes <= flipped.size());
    bool same = (*read)->request.certificate && (*read)->request.certificate->text == certificate_text("1-a");
    if ((*read)->request.certificate && !same) CHECK_FALSE(signer_of(*(*read)->request.certificate));
  }
}

TEST_CASE("more commands, options or bytes than a person pushes are refused") {
  CHECK(read_push_opening(request(std::vector<std::string>(kPushCommandsMax + 1, command())), false).error().code == ErrorCode::kTooMany);
  std::vector<std::string> options(kPushOptionsMax + 1, "keep");
  CHECK(read_push_opening(request({capable(command(), " push-options")}, options, true), false).error().code == ErrorCode::kTooMany);
  Bytes endless;
  while (endless.size() <= kPushRequestBytesMax) append_pkt(endless, "shallow " + kTip);
  CHECK(read_push_opening(endless, false).error().code == ErrorCode::kTooLarge);
  CHECK(read_push_opening(request({command("refs/heads/a b")}), false).error().code == ErrorCode::kPushMalformed);
}

TEST_CASE("a knock is a push of nothing") {
  PushOpening opening = opening_of(bytes_of("0000"));
  CHECK(opening.request.commands.empty());
  CHECK(opening.bytes == 4);
}

TEST_CASE("a push certificate names its signer only when the signature is over its own text, options included") {
  protocol::KeyPair key(protocol::Seed{{1}});
  PushOpening opening = opening_of(certified(certificate_text("123-abc"), key));
  REQUIRE(opening.request.certificate);
  CHECK(opening.request.commands.size() == 1);
  CHECK(opening.request.certificate->nonce == "123-abc");
  CHECK(signer_of(*opening.request.certificate) == key.public_key());
  PushCertificate other = *opening.request.certificate;
  other.text.replace(other.text.find(kTip), 40, std::string(40, '8'));
  CHECK_FALSE(signer_of(other));
  // An option that the certificate does not have.
  Bytes bytes = certified(certificate_text("123-abc", "keep"), key);
  CHECK(read_push_opening(bytes, false).error().code == ErrorCode::kPushMalformed);
  // Commands beside the certificate.
  Bytes beside = request({capable("push-cert"), "certificate version 0.1", "nonce 1-a", "", command(), "-----BEGIN SSH SIGNATURE-----",
                          "push-cert-end", command()});
  CHECK(read_push_opening(beside, false).error().code == ErrorCode::kPushMalformed);
}

TEST_CASE("a certificate in any signature that git makes is read, and only ours is said to be") {
  protocol::KeyPair key(protocol::Seed{{1}});
  std::vector<std::string> lines{capable("push-cert")};
  for (const std::string& line : lines_of(certificate_text("123-abc"))) lines.push_back(line);
  CHECK(read_push_opening(request([&] { auto cut = lines; return cut.push_back("push-cert-end"), cut; }()), false).error().code == ErrorCode::kPushMalformed);
  for (const char* line : {"-----BEGIN PGP SIGNATURE-----", "", "iHUEABYKAB0=", "-----END PGP SIGNATURE-----", "push-cert-end"}) lines.emplace_back(line);
  PushOpening opening = opening_of(request(lines));
  REQUIRE(opening.request.certificate);
  CHECK(opening.request.certificate->text == certificate_text("123-abc"));
  CHECK_FALSE(is_ours_to_read(*opening.request.certificate));
  CHECK_FALSE(signer_of(*opening.request.certificate));
  CHECK(is_ours_to_read(*opening_of(certified(certificate_text("123-abc"), key)).request.certificate));
}

TEST_CASE("a nonce is good once, for its place, for ten minutes") {
  protocol::SystemRandom random;
  PushNonces nonces(random), others(random);
  protocol::PlaceId here{{1}}, there{{2}};
  protocol::UnixTime now{1'800'000'000'000}, soon{now.ms + 599'000}, late{now.ms + 602'000}, before{now.ms - 2'000};
  std::string nonce = nonces.make(here, now);
  CHECK(nonces.use(nonce, there, protocol::Hash{{1}}, now).error().code == ErrorCode::kPushNonce);
  CHECK(others.use(nonce, here, protocol::Hash{{1}}, now).error().code == ErrorCode::kPushNonce);
  CHECK(nonces.use(nonce, here, protocol::Hash{{1}}, late).error().code == ErrorCode::kPushNonce);
  CHECK(nonces.use(nonce, here, protocol::Hash{{1}}, before).error().code == ErrorCode::kPushNonce);
  CHECK(nonces.use("", here, protocol::Hash{{1}}, now).error().code == ErrorCode::kPushNonce);
  must(nonces.use(nonce, here, protocol::Hash{{1}}, soon));
  CHECK(nonces.use(nonce, here, protocol::Hash{{1}}, soon).error().code == ErrorCode::kPushNonce);
}

TEST_CASE("the advertisement of a push is below a kilobyte, and offers what git needs to sign") {
  protocol::SystemRandom random;
  Bytes told = advertise_for_push(must(ObjectId::parse(kTip)), PushNonces(random).make({}, {1'800'000'000'000}));
  CHECK(told.size() < 1024);
  std::string text(protocol::as_text(told));
  CHECK(text.find("# service=git-receive-pack\n0000") == 4);
  CHECK(text.find(kTip + " refs/heads/main") != std::string::npos);
  CHECK(text.find(" push-cert=1800000000-") != std::string::npos);
  CHECK(text.find("push-options") != std::string::npos);
  CHECK(text.find(" delete-refs ") != std::string::npos);  // else git says "[remote rejected]" and no more
}
