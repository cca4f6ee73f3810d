// `import`: a list that is kept elsewhere, read and repaired here, published by the daemon as places that it hosts.
#include <algorithm>
#include <set>

#include "daemon/command.h"
#include "daemon/operations_import.h"
#include "registry/import/table_reader.h"

namespace maillage::daemon {
namespace {

namespace json = boost::json;
using registry::NoteCode;
using Outcome = registry::Imported::Outcome;

// What the daemon publishes at once: a second of its one writer, so that others are served between two.
constexpr std::size_t kChunkRowsMax = 1'000;
constexpr std::size_t kChunkBytesMax = 8 * protocol::kMiB;

// Where a profile of the chunk comes from.
struct Sent {
  std::size_t line = 0;
  std::string id;
};

class Import {
 public:
  Import(registry::TableReader reader, const ImportOptions& options, const Terminal& terminal)
      : reader_(std::move(reader)), options_(options), terminal_(terminal), directory_(options.dir, terminal) {}

  // Nothing, or a reply that refuses.
  std::optional<ControlMessage> perform() {
    for (;;) {
      auto record = reader_.next();
      if (!record) return refusal(record.error());
      if (!*record) break;
      if (auto refused = add(std::move(**record))) return refused;
    }
    if (auto refused = send()) return refused;
    if (auto refused = find_vanished()) return refused;
    std::ranges::stable_sort(report().notes, {}, &registry::RowNote::line);
    return std::nullopt;
  }

  registry::ImportReport& report() { return reader_.report(); }

 private:
  ControlMessage refusal(const protocol::Error& error) const {
    ControlMessage request;
    request.body["language"] = std::string(tag_of(terminal_.language));
    return refuse(request, error);
  }

  std::optional<ControlMessage> add(registry::RowRecord record) {
    if (!record.id.empty()) ids_.insert(record.id);
    if (record.refused()) return std::nullopt;
    bytes_ += record.profile.size();
    sent_.push_back({record.line, record.id});
    profiles_.emplace_back(record.profile.begin(), record.profile.end());
    return profiles_.size() == kChunkRowsMax || bytes_ >= kChunkBytesMax ? send() : std::nullopt;
  }

  std::optional<ControlMessage> send() {
    if (profiles_.empty()) return std::nullopt;
    ControlMessage request;
    request.body = {{"verb", "import"}, {"dryRun", options_.dry_run}};
    request.blobs = std::exchange(profiles_, {});
    bytes_ = 0;
    ControlMessage reply = directory_.perform(std::move(request));
    const json::value* result = reply.body.if_contains("result");
    if (result == nullptr) return reply;
    count(result->as_object(), std::exchange(sent_, {}));
    return std::nullopt;
  }

  void count(const json::object& result, const std::vector<Sent>& sent) {
    registry::ImportOutcomes& outcomes = report().outcomes;
    const json::array& slugs = result.at("outcomes").as_array();
    for (std::size_t i = 0; i < sent.size() && i < slugs.size(); ++i) {
      std::string_view outcome = slugs[i].as_string();
      if (outcome == slug(Outcome::kCreated)) ++outcomes.created;
      if (outcome == slug(Outcome::kChanged)) ++outcomes.changed;
      if (outcome == slug(Outcome::kUnchanged)) ++outcomes.unchanged;
      if (outcome == slug(Outcome::kElsewhere)) ++outcomes.elsewhere;
      const std::string& column = reader_.mapping().source.id;
      if (outcome == slug(Outcome::kElsewhere)) report().add(registry::RowNote{sent[i].line, column, NoteCode::kElsewhere, sent[i].id, ""});
      if (outcome == slug(Outcome::kRefused))
        report().refuse({sent[i].line, column, NoteCode::kNotValid, sent[i].id, first_problem(result, i)});
    }
  }

  static std::string first_problem(const json::object& result, std::size_t row) {
    const json::value* sentences = result.at("problems").as_object().if_contains(std::to_string(row));
    return sentences == nullptr ? "" : std::string(sentences->as_array().front().as_string());
  }

  std::optional<ControlMessage> find_vanished() {
    ControlMessage request;
    request.body = {{"verb", "import-known"}, {"source", report().source}};
    ControlMessage reply = directory_.perform(std::move(request));
    const json::value* result = reply.body.if_contains("result");
    if (result == nullptr) return reply;
    for (const json::value& known : result->at("ids").as_array())
      if (std::string id(known.as_string()); !ids_.contains(id)) report().vanished_ids.push_back(std::move(id));
    report().outcomes.vanished = report().vanished_ids.size();
    return std::nullopt;
  }

  registry::TableReader reader_;
  const ImportOptions& options_;
  Terminal terminal_;
  OpenDirectory directory_;
  std::set<std::string> ids_;  // of the table, those of refused rows too
  std::vector<Sent> sent_;
  std::vector<protocol::Bytes> profiles_;
  std::size_t bytes_ = 0;
};

}  // namespace

int run_import(const ImportOptions& options, const Terminal& terminal) {
  auto mapping = registry::load_mapping(options.mapping);
  if (!mapping) return complain(mapping.error(), terminal);
  auto reader = registry::TableReader::open(options.file, std::move(*mapping));
  if (!reader) return complain(reader.error(), terminal);
  Import import(std::move(*reader), options, terminal);
  if (auto refused = import.perform()) return complain(*refused, terminal);
  json::object result = registry::to_json(import.report(), terminal.language);
  result["dryRun"] = options.dry_run;
  std::string said = registry::to_table(import.report(), terminal.language);
  if (options.dry_run) said = say(Message::kDryRun, terminal.language) + "\n\n" + said;
  int concluded = conclude(result, said, terminal);
  return import.report().records == 0 ? kFailed : concluded;
}

}  // namespace maillage::daemon
