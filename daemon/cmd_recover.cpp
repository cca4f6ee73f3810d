// `recover`: a daemon's places come back from its recovery sheet, out of what its partners hold. registry/recovery.h.
#include <algorithm>
#include <map>

#include <sys/stat.h>

#include "daemon/clock.h"
#include "daemon/command.h"
#include "daemon/testimony.h"
#include "registry/registry.h"
#include "registry/renewal.h"
#include "registry/trustees.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using protocol::ErrorCode;

// A refusal that only this verb knows.
ControlMessage refusal(const std::string& code, Message message, const Terminal& terminal, const std::string& about = "") {
  ControlMessage reply;
  reply.body["error"] = {{"code", code}, {"detail", say(message, terminal.language, {about})}};
  return reply;
}

// Partners know the places of a sheet by its first root; those of a lost one, until its trustees' charter is out, by a trustee.
protocol::PublicKey asked_root(const registry::RecoverySheet& sheet, const registry::Vouching& vouching) {
  if (vouching.empty()) return sheet.root(0).public_key();
  const protocol::Charter& charter = vouching.front().charter;
  auto own = registry::roots_held(sheet, charter);
  auto other = std::ranges::find_if(charter.roots, [&](const auto& root) { return std::ranges::count(own, root, &protocol::KeyPair::public_key) == 0; });
  return other == charter.roots.end() ? sheet.root(0).public_key() : *other;
}

tl::expected<registry::RecoveryChoice, ControlMessage> choose(const std::vector<Partner>& partners, const protocol::PublicKey& root, bool accept_alone,
                                                              const registry::Vouching& vouching, const Terminal& terminal) {
  auto meant = [&](const registry::Handover& one) {
    protocol::PlaceId place = one.head.head.place;
    return vouching.empty() || std::ranges::any_of(vouching, [&](const auto& charter) { return charter.charter.place == place; });
  };
  // Whoever says that it is another one adds to what that one tells, and takes nothing from it.
  std::map<std::string, registry::Testimony> voices;
  for (const Partner& partner : partners)
    for (const registry::Handover& one : partner.told)
      if (meant(one)) voices[partner.from].push_back(one);
  std::vector<registry::Testimony> told;
  for (auto& [from, voice] : voices) told.push_back(std::move(voice));
  auto choice = registry::choose_recovery(root, told, accept_alone);
  std::string undecided;
  for (const protocol::PlaceId& place : choice.undecided) undecided += (undecided.empty() ? "" : ", ") + place.hex();
  if (!undecided.empty()) return tl::unexpected(refusal("not-agreed", Message::kRecoverNotAgreed, terminal, undecided.substr(0, 500)));
  if (choice.agreed.empty()) return tl::unexpected(refusal("nothing-recovered", Message::kRecoverNothing, terminal));
  return choice;
}

int show(const RecoverOptions& options, const std::vector<protocol::PlaceId>& recovered, const Terminal& terminal) {
  auto opened = registry::Registry::open(options.dir);
  if (!opened) return complain(opened.error(), terminal);
  json::array places;
  std::string names;
  for (const protocol::PlaceId& place : recovered) {
    auto called = (*opened)->name_of(place);
    places.push_back({{"id", place.hex()}, {"slug", called.slug}, {"name", called.name}});
    names += "\n  " + (called.name.empty() ? place.hex() : called.name);
  }
  std::string own = (*opened)->identity().place.hex();
  std::string said = say(Message::kRecovered, terminal.language, {std::to_string(recovered.size()), names, options.dir.string(), options.peers.front()});
  return conclude(json::object{{"own", own}, {"places", std::move(places)}}, said, terminal);
}

}  // namespace

int run_recover(const RecoverOptions& options, const Terminal& terminal) {
  if (auto fine = check_new_folder(options.dir); !fine) return complain(fine.error(), terminal);
  auto text = read_sheet(options.keys);
  auto sheet = text ? registry::RecoverySheet::parse(*text) : tl::unexpected(text.error());
  if (!sheet) return complain(sheet.error(), terminal);
  auto vouching = read_vouching(options.vouched);
  if (!vouching) return complain(vouching.error(), terminal);
  protocol::PublicKey root = asked_root(*sheet, *vouching);
  auto partners = hear_all(options.peers, root, terminal.language);
  if (!partners) return complain(partners.error(), terminal);
  auto choice = choose(*partners, root, options.accept_alone, *vouching, terminal);
  if (!choice) return complain(choice.error(), terminal);
  ::umask(077);
  std::map<protocol::PlaceId, std::size_t> asked;
  auto fetch = [&](const protocol::SignedHead& head) { return fetch_place(*partners, asked[head.head.place], root, head); };
  auto recovered = registry::Registry::recover(options.dir, *text, choice->agreed, now().wall, fetch, *vouching);
  if (!recovered && !vouching->empty() && recovered.error().code == ErrorCode::kBadSignature) return complain(too_few_trustees(terminal), terminal);
  return recovered ? show(options, *recovered, terminal) : complain(recovered.error(), terminal);
}

}  // namespace maillage::daemon
