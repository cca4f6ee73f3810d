#include "registry/contribution.h"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace maillage::registry {
namespace {

namespace json = boost::json;
using protocol::ErrorCode;
using protocol::fail;

constexpr std::array<std::string_view, 6> kStates{"pending", "asked", "approved", "refused", "expired", "superseded"};

struct Words {
  std::string_view french, english;
};
constexpr std::array<Words, kStates.size()> kWords{{{"attend une réponse", "waits for an answer"},
                                                    {"a reçu une question, attend encore", "was asked something, and goes on waiting"},
                                                    {"approuvée", "approved"},
                                                    {"refusée", "refused"},
                                                    {"expirée sans réponse", "expired without an answer"},
                                                    {"remplacée par un envoi plus récent", "replaced by a later one"}}};

tl::unexpected<protocol::Error> damaged(std::string_view field) { return fail(ErrorCode::kCorrupt, "contribution: " + std::string(field)); }

// Reads fields down to the first that is wrong.
class Fields {
 public:
  explicit Fields(const json::object& object) : object_(object) {}

  std::string text(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    if (value == nullptr) return "";
    if (!value->is_string()) return note(key), "";
    return std::string(value->get_string());
  }
  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> list;
    const json::value* value = object_.if_contains(key);
    if (value == nullptr) return list;
    if (!value->is_array()) return note(key), list;
    for (const json::value& each : value->get_array()) {
      if (!each.is_string()) return note(key), list;
      list.emplace_back(each.get_string());
    }
    return list;
  }
  std::int64_t number(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    if (value == nullptr) return 0;
    boost::system::error_code inexact;
    auto number = value->is_number() ? value->to_number<std::int64_t>(inexact) : -1;
    if (inexact || number < 0) note(key);
    return number;
  }
  // Zero when it is absent.
  template <class T>
  T fixed(std::string_view key) {
    std::string written = text(key);
    if (written.empty()) return {};
    auto value = T::parse(written);
    if (!value) return note(key), T{};
    return *value;
  }
  bool truth(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
  }
  void note(std::string_view key) {
    if (wrong_.empty()) wrong_ = key;
  }
  const std::string& wrong() const { return wrong_; }

 private:
  const json::object& object_;
  std::string wrong_;
};

json::array list_of(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

}  // namespace

std::string_view name_of(ContributionState state) { return kStates[static_cast<std::size_t>(state)]; }

std::string_view words_of(ContributionState state, protocol::Language language) {
  const Words& words = kWords[static_cast<std::size_t>(state)];
  return language == protocol::Language::kFrench ? words.french : words.english;
}

std::string_view words_of(std::string_view name, protocol::Language language) {
  auto state = std::ranges::find(kStates, name);
  return state == kStates.end() ? name : words_of(static_cast<ContributionState>(state - kStates.begin()), language);
}

Contribution without_content(const Contribution& contribution) {
  Contribution kept;
  kept.id = contribution.id;
  kept.place = contribution.place;
  kept.state = contribution.state;
  kept.received = contribution.received;
  kept.answered = contribution.answered;
  kept.answer = contribution.answer;
  kept.language = contribution.language;
  return kept;
}

json::object to_json(const Contribution& it) {
  json::object object{{"id", it.id.hex()}, {"place", it.place.hex()}, {"state", name_of(it.state)}, {"received", it.received.ms},
                      {"language", it.language == protocol::Language::kFrench ? "fr" : "en"}};
  if (it.answered.ms != 0) object["answered"] = it.answered.ms;
  if (!it.answer.empty()) object["answer"] = it.answer;
  if (!is_open(it.state)) return object;
  object["base"] = it.base.hex();
  object["tip"] = it.tip.hex();
  object["name"] = it.name;
  object["email"] = it.email;
  if (it.key) object["key"] = it.key->hex();
  if (!it.sender.empty()) object["sender"] = it.sender;
  object["keep"] = it.keep;
  object["files"] = list_of(it.files);
  object["fileCount"] = it.file_count;
  if (!it.withdrawn.empty()) object["withdrawn"] = list_of(it.withdrawn);
  if (!it.reserved.empty()) object["reserved"] = list_of(it.reserved);
  object["bytes"] = it.bytes;
  return object;
}

protocol::Result<Contribution> read_contribution(protocol::ByteView bytes) {
  boost::system::error_code error;
  json::value value = json::parse(protocol::as_text(bytes), error);
  if (error || !value.is_object()) return damaged("not JSON");
  Fields in(value.get_object());
  Contribution it;
  it.id = in.fixed<ContributionId>("id");
  it.place = in.fixed<protocol::PlaceId>("place");
  auto state = std::ranges::find(kStates, in.text("state"));
  if (state == kStates.end()) in.note("state");
  else it.state = static_cast<ContributionState>(state - kStates.begin());
  it.received.ms = in.number("received");
  it.answered.ms = in.number("answered");
  it.answer = in.text("answer");
  it.language = in.text("language") == "en" ? protocol::Language::kEnglish : protocol::Language::kFrench;
  it.base = in.fixed<protocol::ObjectId>("base");
  it.tip = in.fixed<protocol::ObjectId>("tip");
  it.name = in.text("name");
  it.email = in.text("email");
  if (auto key = in.fixed<protocol::PublicKey>("key"); !key.is_zero()) it.key = key;
  it.sender = in.text("sender");
  it.keep = in.truth("keep");
  it.files = in.texts("files");
  it.file_count = std::max(static_cast<std::size_t>(in.number("fileCount")), it.files.size());
  if (it.files.size() > kNamedFilesMax) it.files.resize(kNamedFilesMax);
  it.withdrawn = in.texts("withdrawn");
  if (it.withdrawn.size() > kNamedFilesMax) it.withdrawn.resize(kNamedFilesMax);
  it.reserved = in.texts("reserved");
  it.bytes = static_cast<std::uint64_t>(in.number("bytes"));
  if (it.id.is_zero() || it.place.is_zero()) in.note("id");
  if (!in.wrong().empty()) return damaged(in.wrong());
  return it;
}

}  // namespace maillage::registry
