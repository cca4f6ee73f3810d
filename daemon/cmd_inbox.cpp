// `inbox list | show | approve | refuse | ask`: contributions by git push, and what somebody here answers.
#include "daemon/command.h"
#include "protocol/utf8.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;

// Of one line that a stranger wrote.
constexpr std::size_t kLineCharactersMax = 2'000;

std::string safe(const json::object& object, std::string_view key) { return protocol::shown(text_of(object, key), kLineCharactersMax); }

const json::array& list_of(const json::object& object, std::string_view key) {
  static const json::array kNone;
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

std::string joined(const json::array& texts) {
  std::string all;
  for (const json::value& each : texts)
    if (each.is_string()) all += (all.empty() ? "" : ", ") + protocol::shown(each.get_string(), kLineCharactersMax);
  return all;
}

const json::object* result_of(const ControlMessage& reply) {
  const json::value* result = reply.body.if_contains("result");
  return result != nullptr && !reply.body.contains("error") ? result->if_object() : nullptr;
}

// A text that a stranger wrote, on lines of its own: nothing in it can move the cursor.
std::string lines_of(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    auto end = text.find('\n');
    lines += "      | " + protocol::shown(text.substr(0, end), kLineCharactersMax) + "\n";
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

std::string tell_fields(const json::array& fields, Language language) {
  std::string said;
  auto value = [&](const json::object& field, std::string_view key) {
    std::string written = safe(field, key);
    return written.empty() ? say(Message::kInboxNothing, language) : written;
  };
  for (const json::value& each : fields) {
    const json::object& field = each.as_object();
    said += say(Message::kInboxField, language, {safe(field, "label"), value(field, "before"), value(field, "after")}) + "\n";
  }
  return said;
}

std::string tell_file(const json::object& file, Language language) {
  std::string change = text_of(file, "change");
  Message what = change == "added" ? Message::kInboxAdded : change == "withdrawn" ? Message::kInboxWithdrawn : Message::kInboxChanged;
  std::string said = say(what, language, {safe(file, "path")}) + "\n";
  said += tell_fields(list_of(file, "fields"), language);
  if (file.contains("before")) said += say(Message::kInboxBefore, language) + "\n" + lines_of(text_of(file, "before"));
  if (file.contains("after")) said += say(Message::kInboxAfter, language) + "\n" + lines_of(text_of(file, "after"));
  if (const json::value* bytes = file.if_contains("bytes"); bytes != nullptr && bytes->is_number())
    said += say(Message::kInboxBytes, language, {std::to_string(bytes->to_number<std::uint64_t>())}) + "\n";
  return said;
}

ControlMessage request_for(std::string_view verb, const InboxOptions& options) {
  ControlMessage request;
  request.body = {{"verb", verb}, {"id", options.id}, {"text", options.text}, {"all", options.all}};
  return request;
}

int answered(std::string_view verb, Message done, const InboxOptions& options, const Terminal& terminal) {
  ControlMessage reply = perform_on(options.dir, request_for(verb, options), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  return conclude(*result, say(done, terminal.language, {safe(*result, "name"), joined(list_of(*result, "changed"))}), terminal);
}

}  // namespace

int run_inbox_list(const InboxOptions& options, const Terminal& terminal) {
  ControlMessage reply = perform_on(options.dir, request_for("inbox-list", options), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  std::string said;
  for (const json::value& each : list_of(*result, "items")) {
    const json::object& item = each.as_object();
    said += say(Message::kInboxItem, terminal.language, {text_of(item, "id"), text_of(item, "received"), text_of(item, "state"), safe(item, "placeName"),
                                                        safe(item, "name"), joined(list_of(item, "files"))}) + "\n";
  }
  said += said.empty() ? say(Message::kInboxEmpty, terminal.language) : say(Message::kInboxNext, terminal.language, {options.dir.string()});
  return conclude(*result, said, terminal);
}

int run_inbox_show(const InboxOptions& options, const Terminal& terminal) {
  ControlMessage reply = perform_on(options.dir, request_for("inbox-show", options), terminal);
  const json::object* result = result_of(reply);
  if (result == nullptr) return complain(reply, terminal);
  const json::object& item = result->at("contribution").as_object();
  Language language = terminal.language;
  std::string said = say(Message::kInboxFrom, language,
                         {safe(item, "name"), safe(item, "placeName"), text_of(item, "received"), text_of(item, "state")}) + "\n";
  if (item.contains("email")) said += say(Message::kInboxEmail, language, {safe(item, "email")}) + "\n";
  if (item.contains("keep")) said += say(Message::kInboxKeep, language) + "\n";
  if (item.contains("reserved")) said += say(Message::kInboxReserved, language, {joined(list_of(item, "reserved"))}) + "\n";
  if (item.contains("answer")) said += say(Message::kInboxAnswer, language, {safe(item, "answer")}) + "\n";
  for (const json::value& each : list_of(*result, "files")) said += "\n" + tell_file(each.as_object(), language);
  return conclude(*result, said, terminal);
}

int run_inbox_approve(const InboxOptions& options, const Terminal& terminal) {
  return answered("inbox-approve", Message::kInboxApproved, options, terminal);
}
int run_inbox_refuse(const InboxOptions& options, const Terminal& terminal) {
  return answered("inbox-refuse", Message::kInboxRefused, options, terminal);
}
int run_inbox_ask(const InboxOptions& options, const Terminal& terminal) { return answered("inbox-ask", Message::kInboxAsked, options, terminal); }

}  // namespace maillage::daemon
