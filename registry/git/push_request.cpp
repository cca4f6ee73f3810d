#include "registry/git/push_request.h"

#include "protocol/byte_size.h"
#include "registry/git/pkt_line.h"
#include "registry/ssh_signature.h"

namespace maillage::registry {
namespace {

using protocol::fail;
using Kind = PktReader::Kind;

constexpr std::size_t kHexBytes = 40;
// A ref that somebody types, with room.
constexpr std::size_t kRefBytesMax = 256;
// Of every kind of signature that git knows: SSH, OpenPGP, X.509.
constexpr std::string_view kArmour = "-----BEGIN ";

tl::unexpected<Error> wrong(std::string_view what) { return fail(ErrorCode::kPushMalformed, std::string(what)); }

Result<PushCommand> read_command(std::string_view line) {
  if (line.size() < 2 * kHexBytes + 3 || line[kHexBytes] != ' ' || line[2 * kHexBytes + 1] != ' ') return wrong("command");
  auto before = ObjectId::parse(line.substr(0, kHexBytes)), after = ObjectId::parse(line.substr(kHexBytes + 1, kHexBytes));
  std::string_view ref = line.substr(2 * kHexBytes + 2);
  bool plain = ref.size() <= kRefBytesMax && ref.find_first_of(std::string_view("\0\n\r ", 4)) == ref.npos;
  if (!before || !after || !plain) return wrong("command");
  return PushCommand{*before, *after, std::string(ref)};
}

// The lines up to the pack, one by one. A cut line asks for more bytes.
class Opening {
 public:
  Opening(ByteView bytes, bool whole) : bytes_(bytes), lines_(bytes), whole_(whole) {}

  Result<std::optional<PushOpening>> read() {
    auto done = read_commands();
    if (done && waits_options_) done = read_options();
    if (more_ && !done) return whole_ ? Result<std::optional<PushOpening>>(wrong("cut short")) : std::optional<PushOpening>();
    if (!done) return tl::unexpected(done.error());
    if (auto same = take_certificate(); !same) return tl::unexpected(same.error());
    return std::optional(PushOpening{std::move(request_), lines_.taken()});
  }

 private:
  PktReader::Pkt next() {
    auto pkt = lines_.next();
    more_ = pkt.kind == Kind::kCut || pkt.kind == Kind::kEnd;
    return pkt;
  }

  Result<void> read_commands() {
    for (auto pkt = next(); pkt.kind != Kind::kFlush; pkt = next()) {
      if (!pkt.is_line()) return wrong("pkt-line");
      if (pkt.text.starts_with("shallow ")) continue;  // where her clone stops; ours has what is behind
      if (auto done = read_line(pkt.text); !done) return done;
    }
    return {};
  }

  Result<void> read_line(std::string_view line) {
    auto nul = line.find('\0');
    if (nul != line.npos) read_capabilities(line.substr(nul + 1));
    line = line.substr(0, nul);
    if (line == "push-cert") return read_certificate();
    auto command = read_command(line);
    if (!command) return tl::unexpected(command.error());
    return add(std::move(*command));
  }

  Result<void> add(PushCommand command) {
    if (request_.commands.size() == kPushCommandsMax) return fail(ErrorCode::kTooMany, "> " + std::to_string(kPushCommandsMax));
    request_.commands.push_back(std::move(command));
    return {};
  }

  void read_capabilities(std::string_view text) {
    while (!text.empty()) {
      auto end = std::min(text.find(' '), text.size());
      std::string_view name = text.substr(0, end);
      if (name == "report-status") request_.report_status = true;
      if (name == "side-band-64k") request_.side_band = true;
      if (name == "push-options") waits_options_ = true;
      text.remove_prefix(std::min(text.size(), end + 1));
    }
  }

  Result<void> read_options() {
    for (auto pkt = next(); pkt.kind != Kind::kFlush; pkt = next()) {
      if (!pkt.is_line()) return wrong("push-option");
      if (request_.options.size() == kPushOptionsMax) return fail(ErrorCode::kTooMany, "> " + std::to_string(kPushOptionsMax));
      request_.options.emplace_back(pkt.text);
    }
    return {};
  }

  // What is signed is every line as it came, its LF included.
  Result<void> read_certificate() {
    if (request_.certificate || !request_.commands.empty()) return wrong("push-cert");
    std::string text;
    for (;;) {
      auto pkt = next();
      if (!pkt.is_line()) return wrong("push-cert");
      if (pkt.text == "push-cert-end") break;
      text += pkt.text;
      auto end = static_cast<std::size_t>(reinterpret_cast<const std::uint8_t*>(pkt.text.data()) - bytes_.data()) + pkt.text.size();
      if (end < lines_.taken()) text += '\n';
    }
    auto begins = text.starts_with(kArmour) ? 0 : text.find("\n" + std::string(kArmour)) + 1;  // npos + 1 is 0
    if (begins == 0) return wrong("push-cert: unsigned");
    PushCertificate certificate{text.substr(0, begins), text.substr(begins), "", {}};
    if (certificate.signature.ends_with('\n')) certificate.signature.pop_back();
    request_.certificate = std::move(certificate);
    return {};
  }

  // Its header, then its commands, which are those of the push.
  Result<void> take_certificate() {
    if (!request_.certificate) return {};
    if (!request_.commands.empty()) return wrong("push-cert: commands beside it");
    PushCertificate& certificate = *request_.certificate;
    std::string_view rest = certificate.text;
    if (!rest.starts_with("certificate version 0.1\n")) return wrong("push-cert: version");
    bool header = true;
    while (!rest.empty()) {
      auto end = rest.find('\n');
      if (end == rest.npos) return wrong("push-cert");
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end + 1);
      if (header && line.empty()) header = false;
      else if (!header) {
        auto command = read_command(line);
        if (!command) return tl::unexpected(command.error());
        if (auto added = add(std::move(*command)); !added) return added;
      } else if (line.starts_with("nonce ")) {
        if (!certificate.nonce.empty()) return wrong("push-cert: two nonces");
        certificate.nonce = line.substr(6);
      } else if (line.starts_with("push-option ")) {
        certificate.options.emplace_back(line.substr(12));
      }
    }
    // Options outside it are not signed.
    if (certificate.options != request_.options) return wrong("push-cert: push-option");
    return {};
  }

  ByteView bytes_;
  PktReader lines_;
  bool whole_;
  bool more_ = false;
  bool waits_options_ = false;
  PushRequest request_;
};

}  // namespace

Result<std::optional<PushOpening>> read_push_opening(ByteView bytes, bool whole) {
  auto read = Opening(bytes, whole).read();
  if (read && !*read && bytes.size() > kPushRequestBytesMax) return fail(ErrorCode::kTooLarge, "> " + protocol::byte_size(kPushRequestBytesMax));
  return read;
}

bool is_ours_to_read(const PushCertificate& certificate) { return read_armour(certificate.signature).has_value(); }

std::optional<protocol::PublicKey> signer_of(const PushCertificate& certificate) {
  auto signature = read_armour(certificate.signature);
  if (!signature || !ssh_verify(*signature, protocol::as_bytes(certificate.text))) return std::nullopt;
  return signature->key;
}

}  // namespace maillage::registry
