#include "registry/git/push_report.h"

#include "registry/git/pkt_line.h"

namespace maillage::registry {
namespace {

constexpr std::string_view kService = "# service=git-receive-pack";
constexpr std::string_view kCapabilities = "report-status side-band-64k delete-refs push-options ofs-delta object-format=sha1 agent=maillage";

void append_all(Bytes& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }

}  // namespace

Bytes advertise_for_push(const ObjectId& main, std::string_view nonce) {
  Bytes out;
  append_pkt(out, kService);
  append_flush(out);
  append_pkt(out, main.hex() + " refs/heads/main" + std::string(1, '\0') + std::string(kCapabilities) + " push-cert=" + std::string(nonce));
  append_flush(out);
  return out;
}

Bytes report_push(const PushRequest& request, const std::vector<std::string>& said, std::string_view refusal) {
  Bytes out, status;
  if (request.side_band) {
    std::string words;
    for (const std::string& line : said) words += line + "\n";
    append_side_band(out, SideBand::kProgress, protocol::as_bytes(words));
  }
  if (!request.report_status) return out;
  append_pkt(status, "unpack ok");
  for (const PushCommand& command : request.commands)
    append_pkt(status, refusal.empty() ? "ok " + command.ref : "ng " + command.ref + " " + std::string(refusal));
  append_flush(status);
  if (!request.side_band) return status;
  append_side_band(out, SideBand::kPack, status);
  append_all(out, "0000");
  return out;
}

}  // namespace maillage::registry
