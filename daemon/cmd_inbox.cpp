// `inbox list | show | approve | refuse | ask`: contributions by git push, and what somebody here answers.
#include <algorithm>
#include <iostream>
#include <optional>

#include "daemon/command.h"
#include "daemon/out_folder.h"
#include "protocol/utf8.h"
#include "registry/contribution.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

std::string joined(const json::array& texts) {
  std::string all;
  for (const json::value& each : texts)
    if (each.is_string()) all += (all.empty() ? "" : ", ") + protocol::shown(each.get_string(), kToldCharactersMax);
  return all;
}

// The first files by name, and how many more.
std::string files_of(const json::object& item, Language language) {
  const json::array& named = list_of(item, "files");
  auto all = static_cast<std::size_t>(number_of(item, "fileCount"));
  std::string said = joined(named);
  if (all > named.size()) said += " " + say(Message::kAndMore, language, {std::to_string(all - named.size())});
  return said;
}

const json::object* result_of(const ControlMessage& reply) {
  const json::value* result = reply.body.if_contains("result");
  return result != nullptr && !reply.body.contains("error") ? result->if_object() : nullptr;
}

std::string state_of(const json::object& item, Language language) { return std::string(registry::words_of(text_of(item, "state"), language)); }

bool waits(const json::object& item) {
  std::string state = text_of(item, "state");
  return state == registry::name_of(registry::ContributionState::kPending) || state == registry::name_of(registry::ContributionState::kAsked);
}

// One line of what it is, one of whose and of what; of an answered one its content is gone.
std::string tell_item(const json::object& item, Language language) {
  std::string id = told(item, "id"), received = told(item, "received"), state = state_of(item, language), place = told(item, "placeName");
  if (!waits(item)) return say(Message::kInboxItemWas, language, {id, received, state, place}) + "\n";
  std::string said = say(Message::kInboxItem, language, {id, received, state, place, told(item, "name"), files_of(item, language)}) + "\n";
  if (item.contains("withdrawn")) said += say(Message::kInboxItemWithdraws, language, {joined(list_of(item, "withdrawn"))}) + "\n";
  return said;
}

// A text that a stranger wrote, on lines of its own: nothing in it can move the cursor.
std::string lines_of(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    auto end = text.find('\n');
    lines += "      | " + protocol::shown(text.substr(0, end), kToldCharactersMax) + "\n";
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

std::string tell_fields(const json::array& fields, Language language) {
  std::string said;
  auto value = [&](const json::object& field, std::string_view key) {
    std::string written = told(field, key);
    return written.empty() ? say(Message::kInboxNothing, language) : written;
  };
  for (const json::value& each : fields) {
    const json::object& field = each.as_object();
    std::string label = told(field, "label");
    if (field.contains("unknown")) label = say(Message::kInboxUnknownField, language, {label});
    said += say(Message::kInboxField, language, {label, value(field, "before"), value(field, "after")}) + "\n";
  }
  return said;
}

// A question that was answered by another push: the older one is not the one to publish.
std::string tell_newer(const json::object& item, Language language) {
  return item.contains("newer") ? say(Message::kInboxNewer, language, {told(item, "newer")}) + "\n" : "";
}

std::string tell_file(const json::object& file, Language language) {
  std::string change = text_of(file, "change");
  Message what = change == "added" ? Message::kInboxAdded : change == "withdrawn" ? Message::kInboxWithdrawn : Message::kInboxChanged;
  std::string said = say(what, language, {told(file, "path")}) + "\n";
  if (file.contains("conflict")) said += say(Message::kInboxChangedSince, language) + "\n";
  said += tell_fields(list_of(file, "fields"), language);
  if (file.contains("before")) said += say(Message::kInboxBefore, language) + "\n" + lines_of(text_of(file, "before"));
  if (file.contains("after")) said += say(Message::kInboxAfter, language) + "\n" + lines_of(text_of(file, "after"));
  if (file.contains("cut")) said += say(Message::kInboxCut, language) + "\n";
  if (file.contains("bytes")) said += say(Message::kInboxBytes, language, {std::to_string(number_of(file, "bytes"))}) + "\n";
  return said;
}

// Whether something would become public that a terminal does not show.
bool hides_bytes(const json::array& files) {
  return std::ranges::any_of(files, [](const json::value& each) { return each.as_object().contains("cut") || number_of(each.as_object(), "bytes") > 0; });
}

// Whose it is, and what it says, as it would become public.
std::string tell_commit(const json::object& commit, Language language) {
  const json::object &author = object_at(commit, "author"), &committer = object_at(commit, "committer");
  std::string said = say(Message::kInboxVersion, language, {told(author, "name"), told(author, "email"), told(commit, "date")});
  if (!committer.empty())
    said = say(Message::kInboxVersionBy, language,
               {told(author, "name"), told(author, "email"), told(committer, "name"), told(committer, "email"), told(commit, "date")});
  said += "\n" + lines_of(text_of(commit, "message"));
  if (commit.contains("cut")) said += say(Message::kInboxCut, language) + "\n";
  return said;
}

// Who it is from. The address stays here, or is among what would be kept: never both.
std::string tell_author(const json::object& item, const json::array& commits, Language language) {
  std::string state = state_of(item, language);
  if (!item.contains("name") || text_of(item, "name").empty())
    return say(Message::kInboxWas, language, {told(item, "placeName"), told(item, "received"), state}) + "\n";
  std::string said = say(Message::kInboxFrom, language,
                         {told(item, "name"), told(item, "placeName"), told(item, "received"), state}) + "\n";
  if (!item.contains("keep")) return item.contains("email") ? said + say(Message::kInboxEmail, language, {told(item, "email")}) + "\n" : said;
  said += say(Message::kInboxKeep, language) + "\n";
  for (const json::value& commit : commits) said += tell_commit(commit.as_object(), language);
  return said;
}

// What became public, what is no more, and what is still to be written.
std::string tell_approval(const json::object& result, Language language) {
  std::string name = told(result, "name"), said;
  json::array withdrawn = list_of(result, "withdrawn"), changed;
  for (const json::value& path : list_of(result, "changed"))
    if (std::find(withdrawn.begin(), withdrawn.end(), path) == withdrawn.end()) changed.push_back(path);
  if (!changed.empty()) said += say(Message::kInboxApproved, language, {name, joined(changed)}) + "\n";
  if (!withdrawn.empty()) said += say(Message::kInboxWithdrew, language, {name, joined(withdrawn)}) + "\n";
  if (said.empty()) said = say(Message::kInboxAlready, language, {name}) + "\n";
  if (result.contains("superseded")) said += say(Message::kInboxSuperseded, language, {joined(list_of(result, "superseded"))}) + "\n";
  if (result.contains("unanswered")) said += say(Message::kInboxUnanswered, language, {told(result, "unanswered")}) + "\n";
  said.pop_back();
  return said;
}

ControlMessage request_for(std::string_view verb, const InboxOptions& options) {
  ControlMessage request;
  request.body = {{"verb", verb}, {"id", options.id}, {"text", options.text}, {"all", options.all}};
  return request;
}

// `refuse ID… REASON`: the last word is the reason, unless it is a number too; then there is none, and that is refused.
InboxOptions with_reason(InboxOptions options) {
  if (!options.text.empty() || options.ids.size() < 2 || registry::ContributionId::parse(options.ids.back())) return options;
  options.text = options.ids.back();
  options.ids.pop_back();
  return options;
}

int answered(std::string_view verb, Message done, const InboxOptions& options, const Terminal& terminal) {
  ControlMessage reply = perform_on(options.dir, request_for(verb, options), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  return conclude(*result, say(done, terminal.language, {told(*result, "name")}), terminal);
}

// The one command that answers a conflict, ready to be pasted: what is in it has no quote, by the grammar of paths and our words.
std::string tell_conflict(const json::object& result, const std::string& id, const InboxOptions& options, Language language) {
  if (!result.contains("conflictAnswer")) return "";
  return say(Message::kInboxConflict, language, {options.dir.string(), id, text_of(result, "conflictAnswer")}) + "\n";
}

// Its files, as they would become, into the folder. Nothing of what the daemon sent is believed: names are checked again.
std::optional<protocol::Error> write_files(const InboxOptions& options, const ControlMessage& reply, const json::array& items) {
  auto folder = OutFolder::create(options.out);
  if (!folder) return folder.error();
  for (std::size_t i = 0; i < std::min(items.size(), reply.blobs.size()); ++i)
    if (auto written = folder->write(text_of(items[i].as_object(), "path"), reply.blobs[i]); !written) return written.error();
  return std::nullopt;
}

}  // namespace

int run_inbox_list(const InboxOptions& options, const Terminal& terminal) {
  ControlMessage reply = perform_on(options.dir, request_for("inbox-list", options), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  std::string said;
  bool any_waits = false;
  for (const json::value& each : list_of(*result, "items")) {
    const json::object& item = each.as_object();
    any_waits = any_waits || waits(item);
    said += tell_item(item, terminal.language) + tell_newer(item, terminal.language);
  }
  if (std::int64_t more = number_of(*result, "leftOff"); more > 0) said += say(Message::kAndMore, terminal.language, {std::to_string(more)}) + "\n";
  if (said.empty()) said = say(Message::kInboxEmpty, terminal.language);
  else if (any_waits) said += say(Message::kInboxNext, terminal.language, {options.dir.string()});
  return conclude(*result, said, terminal);
}

int run_inbox_show(const InboxOptions& options, const Terminal& terminal) {
  ControlMessage reply = perform_on(options.dir, request_for("inbox-show", options), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  const json::object& item = result->at("contribution").as_object();
  Language language = terminal.language;
  std::string said = tell_author(item, list_of(*result, "commits"), language);
  if (item.contains("reserved")) said += say(Message::kInboxReserved, language, {joined(list_of(item, "reserved"))}) + "\n";
  said += tell_newer(item, language);
  if (item.contains("answer")) said += say(Message::kInboxAnswer, language, {told(item, "answer")}) + "\n";
  for (const json::value& each : list_of(*result, "files")) said += "\n" + tell_file(each.as_object(), language);
  if (std::int64_t cut = number_of(*result, "cut"); cut > 0) said += "\n" + say(Message::kInboxCuts, language, {std::to_string(cut)}) + "\n";
  std::string id = told(item, "id"), conflict = tell_conflict(*result, id, options, language);
  if (!conflict.empty()) said += "\n" + conflict;
  json::object concluded = *result;
  if (!options.out.empty()) {
    ControlMessage found = perform_on(options.dir, request_for("inbox-files", options), terminal);
    const json::object* files = result_of(found);
    if (files == nullptr) return complain(found, terminal);
    const json::array& items = list_of(*files, "items");
    if (auto failed = write_files(options, found, items)) return complain(*failed, terminal);
    said += "\n" + say(Message::kInboxWritten, language, {options.out.string(), std::to_string(items.size())}) + "\n";
    concluded["written"] = items;
  } else if (hides_bytes(list_of(*result, "files"))) {
    said += "\n" + say(Message::kInboxLook, language, {options.dir.string(), id}) + "\n";
  }
  return conclude(concluded, said, terminal);
}

int run_inbox_approve(const InboxOptions& options, const Terminal& terminal) {
  ControlMessage reply = perform_on(options.dir, request_for("inbox-approve", options), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) {
    int code = complain(reply, terminal);
    std::cerr << fit_for_terminal(tell_conflict(reply.body, told(reply.body, "id"), options, terminal.language));
    return code;
  }
  return conclude(*result, tell_approval(*result, terminal.language), terminal);
}
int run_inbox_refuse(const InboxOptions& options, const Terminal& terminal) {
  InboxOptions meant = with_reason(options);
  if (meant.ids.size() == 1) {
    meant.id = meant.ids.front();
    return answered("inbox-refuse", Message::kInboxRefused, meant, terminal);
  }
  ControlMessage request = request_for("inbox-refuse", meant);
  request.body["ids"] = json::array(meant.ids.begin(), meant.ids.end());
  ControlMessage reply = perform_on(options.dir, request, terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  std::string said;
  for (const json::value& each : list_of(*result, "items"))
    said += (said.empty() ? "" : "\n") + say(Message::kInboxRefused, terminal.language, {told(each.as_object(), "name")});
  return conclude(*result, said, terminal);
}
int run_inbox_ask(const InboxOptions& options, const Terminal& terminal) { return answered("inbox-ask", Message::kInboxAsked, options, terminal); }

}  // namespace maillage::daemon
