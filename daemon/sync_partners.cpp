// The sync shell and the address book: what people decided reaches the node, and what became of it is written down.
#include <algorithm>

#include <boost/asio/post.hpp>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/sync_shell.h"

namespace maillage::daemon {
namespace {

using protocol::ErrorCode;
using protocol::Event;
using protocol::PlaceId;
using State = registry::JoinedPlace::State;

// Daemons that refuse this place and are told of; whoever has more enemies reads the journal.
constexpr std::size_t kRefusingMax = 64;

}  // namespace

void SyncShell::partners_changed() {
  writer_.post([this] {
    auto contacts = std::make_shared<const protocol::Result<registry::Contacts>>(registry_.address_book().read());
    asio::post(context_, [this, contacts] {
      if (stopping_) return;
      take_partners(*contacts);
      keep_urls();
    });
  });
}

void SyncShell::take_partners(const protocol::Result<registry::Contacts>& contacts) {
  if (!contacts) return log(LogLevel::kError, "registry.partners_unread", {{"reason", contacts.error().context}});
  protocol::Partners partners;
  joined_.clear();
  for (const auto& known : contacts->accepted) partners.accepted.insert(known.place);
  for (const auto& given : contacts->invitations) partners.invitations.emplace(id_of(given.invitation.secret), given.invitation);
  for (const auto& blocked : contacts->blocked) partners.blocked.insert(blocked.place);
  for (const auto& let_in : contacts->let_in) partners.let_in.insert(let_in.place);
  for (const auto& joined : contacts->joined) {
    if (joined.state == State::kRefused || partners.blocked.contains(joined.place)) continue;
    partners.accepted.insert(joined.place);  // whoever takes an invitation accepts the one who gave it
    partners.invited_by.emplace(joined.place, joined.secret);
    joined_.insert_or_assign(joined.url, Joined{joined.place, joined.state == State::kWaiting});
  }
  if (!std::exchange(named_read_, true))
    for (const auto& known : contacts->named)
      if (is_named(known.url)) named_.emplace(known.url, known.place);
  for (const auto& [url, place] : named_) partners.named.insert(place);
  std::set<PlaceId> unblocked;
  std::ranges::set_difference(blocked_, partners.blocked, std::inserter(unblocked, unblocked.end()));
  blocked_ = partners.blocked;
  feed(std::move(partners));
  for (const PlaceId& place : unblocked) try_again(place);
}

bool SyncShell::is_named(const std::string& url) const { return std::ranges::find(config_.urls, url) != config_.urls.end(); }

// Who answers at an address of the configuration, and showed that it is who it says. Of two daemons that dial each other one session ends
// as a duplicate.
void SyncShell::note_named(const protocol::Report& report) {
  bool duplicate = report.event == Event::kRefused && report.error && report.error->code == ErrorCode::kDuplicateSession;
  if (report.event != Event::kPeerOpen && !duplicate) return;
  std::string url = dialer_.url_of(report.session);
  if (!is_named(url)) return;
  auto [known, is_new] = named_.try_emplace(url, report.place);
  if (!is_new && known->second == report.place) return;
  known->second = report.place;
  keep_named();
  partners_changed();
}

// Those whose address left the configuration are named no more.
void SyncShell::keep_named() {
  if (!named_read_) return;  // what is on the disk could not be read
  std::erase_if(named_, [this](const auto& entry) { return !is_named(entry.first); });
  std::vector<registry::NamedPeer> all;
  for (const auto& [url, place] : named_) all.push_back({url, place});
  writer_.post([this, all = std::move(all)] {
    auto kept = registry_.address_book().keep_named(all);
    if (kept) return;
    log(LogLevel::kWarning, "registry.named_not_kept", {{"reason", kept.error().context}});
    asio::post(context_, [this] { named_unkept_ = true; });
  });
}

void SyncShell::carry_out(protocol::AcceptPlace&& action) {
  log(LogLevel::kInfo, "peer.accepted", {{"place", action.place.hex().substr(0, 12)}, {"invitation", action.invitation.hex()}});
  work(writer_, [this, action]() -> protocol::Input {
    auto done = registry_.address_book().accept(action.place, action.invitation, now().wall);
    if (!done) log(LogLevel::kWarning, "registry.accept_failed", {{"code", std::string(slug(done.error().code))}, {"reason", done.error().context}});
    return protocol::Persisted{action.job, done.has_value()};
  }, protocol::Persisted{action.job, false});
  partners_changed();
}

// What is not admitted any more leaves the registry, and its bytes the disk.
void SyncShell::carry_out(protocol::Forget&& action) {
  log(LogLevel::kInfo, "sync.forgotten", {{"count", std::to_string(action.places.size())}});
  bool accepted = write([this, action = std::move(action)] {
    if (auto done = registry_.forget(action.places, action.vouched); !done) log(LogLevel::kError, "registry.forget_failed", {{"reason", done.error().context}});
    asio::post(context_, [this] { purge_soon(); });
  });
  if (!accepted) log(LogLevel::kError, "workers.full");  // with the next start
}

void SyncShell::show_waiting() {
  auto listed = std::make_shared<std::vector<WaitingPlace>>();
  for (const auto& [place, guest] : node_.waiting().all())
    listed->push_back({place, guest.introducer, guest.since, guest.head.head.cell, guest.head.head.time});
  waiting_ = std::move(listed);
  waiting_shown_ = node_.waiting().revision();
}

void SyncShell::note_partner(const protocol::Report& report) {
  if (report.event == Event::kWelcomed) {
    std::string refusal = report.error ? std::string(slug(report.error->code)) : "";
    writer_.post([this, place = report.place, refusal] {
      auto done = registry_.address_book().note_answer(place, refusal);
      if (!done) log(LogLevel::kWarning, "registry.answer_failed", {{"reason", done.error().context}});
    });
    bool awaited = std::ranges::any_of(joined_, [&](const auto& entry) { return entry.second.waiting && entry.second.place == report.place; });
    if (awaited || report.error) partners_changed();
  }
  bool ended = report.event == Event::kRefused || report.event == Event::kByeReceived;
  if (ended && report.error) note_trouble(dialer_.url_of(report.session), *report.error);
}

// Said by a peer that showed who it is; forgotten when it talks to us again. Of many the oldest goes.
void SyncShell::note_refusal(const protocol::Report& report) {
  if (report.event == Event::kReconciled) refusing_.erase(report.place);
  if (report.event != Event::kByeReceived || !report.error || report.place.is_zero()) return;
  ErrorCode code = report.error->code;
  bool called = !dialer_.url_of(report.session).empty();
  bool blocked = code == ErrorCode::kBlocked && (called || node_.places().find(report.place));
  bool doubted = called && (code == ErrorCode::kOtherChain || code == ErrorCode::kDuplicateSession);
  if (!authenticated_.contains(report.session) || (!blocked && !doubted)) return;
  auto [known, is_new] = refusing_.try_emplace(report.place, Refusal{now().wall, code});
  if (!is_new && known->second.code != code) known->second = {now().wall, code};
  if (refusing_.size() > kRefusingMax) refusing_.erase(std::ranges::min_element(refusing_, {}, [](const auto& entry) { return entry.second.since.ms; }));
}

// A person had a part in it: whoever rested is called soon.
void SyncShell::try_again(const PlaceId& place) {
  choice_.forgive(place);
  dialer_.place_gone(place, now().instant);
}

// For whoever waits at a terminal for the answer to an invitation.
void SyncShell::note_trouble(const std::string& url, const protocol::Error& error) {
  auto joined = joined_.find(url);
  bool passes = error.code == ErrorCode::kDuplicateSession || error.code == ErrorCode::kStandingChanged || error.code == ErrorCode::kShuttingDown;
  if (joined == joined_.end() || !joined->second.waiting || passes) return;
  writer_.post([this, place = joined->second.place, trouble = std::string(slug(error.code))] {
    auto done = registry_.address_book().note_trouble(place, trouble);
    if (!done) log(LogLevel::kWarning, "registry.answer_failed", {{"reason", done.error().context}});
  });
}

}  // namespace maillage::daemon
