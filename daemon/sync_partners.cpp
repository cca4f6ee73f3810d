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
using State = registry::JoinedPlace::State;

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
  for (const auto& joined : contacts->joined) {
    if (joined.state == State::kRefused) continue;
    partners.accepted.insert(joined.place);  // whoever takes an invitation accepts the one who gave it
    partners.invited_by.emplace(joined.place, joined.secret);
    joined_.insert_or_assign(joined.url, Joined{joined.place, joined.state == State::kWaiting});
  }
  feed(std::move(partners));
}

void SyncShell::keep_urls() {
  std::vector<std::string> urls = config_.urls;
  for (const auto& [url, joined] : joined_) urls.push_back(url);
  for (SessionId unwanted : dialer_.set_urls(urls, now().instant)) transport_.close(unwanted);
  dial();
}

void SyncShell::carry_out(protocol::AcceptPlace&& action) {
  log(LogLevel::kInfo, "peer.accepted", {{"place", action.place.hex().substr(0, 12)}, {"invitation", action.invitation.hex()}});
  writer_.post([this, action] {
    auto done = registry_.address_book().accept(action.place, action.invitation, now().wall);
    if (!done) log(LogLevel::kWarning, "registry.accept_failed", {{"code", std::string(slug(done.error().code))}, {"reason", done.error().context}});
  });
  partners_changed();
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
