// `import`: a list that is kept elsewhere, read and repaired here, published by the daemon as places that it hosts.
#include <algorithm>
#include <map>
#include <set>

#include "daemon/command.h"
#include "daemon/operations_import.h"
#include "registry/import/table_reader.h"
#include "registry/import_row.h"

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
  std::string id, name;
};

class Import {
 public:
  Import(registry::TableReader reader, const ImportOptions& options, const Terminal& terminal)
      : reader_(std::move(reader)), options_(options), terminal_(terminal), directory_(options.dir, terminal) {}

  // Nothing, or a reply that refuses.
  std::optional<ControlMessage> perform() {
    if (auto refused = find_known()) return refused;
    for (;;) {
      auto record = reader_.next();
      if (!record) return refusal(record.error());
      if (!*record) break;
      if (auto refused = add(std::move(**record))) return refused;
    }
    if (auto refused = send()) return refused;
    for (auto& [row, place] : known_) report().vanished.push_back(std::move(place));
    std::ranges::sort(report().vanished, {}, [](const registry::VanishedPlace& place) { return std::pair(place.name, place.id); });
    report().outcomes.vanished = report().vanished.size();
    return std::nullopt;
  }

  // In the order of the file.
  registry::ImportReport& finished_report() {
    suspect_another_name();
    std::ranges::stable_sort(report().notes, {}, &registry::RowNote::line);
    return report();
  }
  registry::ImportReport& report() { return reader_.report(); }

 private:
  ControlMessage refusal(const protocol::Error& error) const {
    ControlMessage request;
    request.body["language"] = std::string(tag_of(terminal_.language));
    return refuse(request, error);
  }

  std::optional<ControlMessage> add(registry::RowRecord record) {
    meet(record);
    if (record.refused()) return std::nullopt;
    bytes_ += record.profile.size();
    sent_.push_back({record.line, record.id, record.name});
    profiles_.emplace_back(record.profile.begin(), record.profile.end());
    return profiles_.size() == kChunkRowsMax || bytes_ >= kChunkBytesMax ? send() : std::nullopt;
  }

  std::optional<ControlMessage> send() {
    if (profiles_.empty()) return std::nullopt;
    ControlMessage request;
    request.body = {{"verb", "import"}, {"dryRun", options_.dry_run}, {"overwrite", options_.overwrite}};
    request.blobs = std::exchange(profiles_, {});
    bytes_ = 0;
    ControlMessage reply = directory_.perform(std::move(request));
    const json::value* result = reply.body.if_contains("result");
    if (result == nullptr) return reply;
    count(result->as_object(), std::exchange(sent_, {}));
    return std::nullopt;
  }

  void count(const json::object& result, const std::vector<Sent>& sent) {
    const json::array& slugs = result.at("outcomes").as_array();
    for (std::size_t i = 0; i < sent.size() && i < slugs.size(); ++i) {
      std::string_view outcome = slugs[i].as_string();
      registry::PlaceOutcome place{sent[i].line, sent[i].id, sent[i].name, std::string(outcome), fields_of(result, i)};
      count_one(place);
      const std::string& column = reader_.mapping().source.id;
      if (outcome == kImportHandedOver) report().add(registry::RowNote{place.line, column, NoteCode::kHandedOver, place.name, to_keep(result, i)});
      if (auto code = note_of(outcome)) report().add(registry::RowNote{place.line, column, *code, place.name, joined(place.fields)});
      if (outcome == slug(Outcome::kRefused)) report().refuse({place.line, column, NoteCode::kNotPublished, place.id, first_problem(result, i)});
      bool told = outcome != slug(Outcome::kUnchanged) && outcome != slug(Outcome::kRefused);
      if (told) report().add(std::move(place));
    }
  }

  void count_one(const registry::PlaceOutcome& place) {
    registry::ImportOutcomes& outcomes = report().outcomes;
    for (auto [outcome, counter] : {std::pair{Outcome::kCreated, &outcomes.created}, std::pair{Outcome::kChanged, &outcomes.changed},
                                    std::pair{Outcome::kUnchanged, &outcomes.unchanged}, std::pair{Outcome::kElsewhere, &outcomes.elsewhere},
                                    std::pair{Outcome::kKept, &outcomes.kept}, std::pair{Outcome::kWithdrawn, &outcomes.withdrawn}})
      if (place.outcome == slug(outcome)) ++*counter;
    if (place.outcome == kImportHandedOver) ++outcomes.handed_over;
  }

  // What a person should look at.
  static std::optional<NoteCode> note_of(std::string_view outcome) {
    if (outcome == slug(Outcome::kElsewhere)) return NoteCode::kElsewhere;
    if (outcome == slug(Outcome::kKept)) return NoteCode::kCorrected;
    if (outcome == slug(Outcome::kWithdrawn)) return NoteCode::kWithdrawn;
    return std::nullopt;
  }

  // The command that keeps the place here, whole.
  std::string to_keep(const json::object& result, std::size_t row) const {
    return "maillage place keep --dir " + options_.dir.string() + " --place " + text_of(result.at("handedOver").as_object(), std::to_string(row));
  }

  static std::vector<std::string> fields_of(const json::object& result, std::size_t row) {
    std::vector<std::string> fields;
    if (const json::value* listed = result.at("fields").as_object().if_contains(std::to_string(row)))
      for (const json::value& field : listed->as_array()) fields.emplace_back(field.as_string());
    return fields;
  }

  static std::string joined(const std::vector<std::string>& fields) {
    std::string list;
    for (const std::string& field : fields) list += (list.empty() ? "" : ", ") + field;
    return list;
  }

  static std::string first_problem(const json::object& result, std::size_t row) {
    const json::value* sentences = result.at("problems").as_object().if_contains(std::to_string(row));
    return sentences == nullptr ? "" : std::string(sentences->as_array().front().as_string());
  }

  std::optional<ControlMessage> find_known() {
    ControlMessage request;
    request.body = {{"verb", "import-known"}, {"source", report().source}};
    ControlMessage reply = directory_.perform(std::move(request));
    const json::value* result = reply.body.if_contains("result");
    if (result == nullptr) return reply;
    for (const json::value& each : result->at("known").as_array()) {
      const json::object& place = each.as_object();
      known_.emplace(text_of(place, "row"), registry::VanishedPlace{text_of(place, "id"), text_of(place, "name")});
    }
    for (const json::value& each : result->at("others").as_array()) others_.push_back(Other::of(each.as_object()));
    return std::nullopt;
  }

  // What a row names has not vanished, even when the row is refused; of a row that lost or gained a cell, any may be its id.
  void meet(const registry::RowRecord& record) {
    if (!record.id.empty()) forget(record.id);
    for (const std::string& id : record.perhaps_ids) forget(id);
    for (Other& other : others_) other.met += other.names.contains({record.id, record.name}) ? 1 : 0;
  }

  void forget(const std::string& id) {
    if (!known_.empty()) known_.erase(protocol::to_hex(protocol::as_bytes(registry::import_row_key(report().source, id))));
  }

  // Nothing was known of the list: it may have another name here, and come in a second time.
  void suspect_another_name() {
    const std::string& url = reader_.mapping().source.url;
    for (const Other& other : others_) {
      bool same = (!url.empty() && other.url == url) || other.met * 2 > report().rows;
      if (same && report().known_as.empty()) report().known_as = other.source;
    }
  }

  // A list that is known here by another name.
  struct Other {
    std::string source, url;
    std::set<std::pair<std::string, std::string>> names;  // (id, name) of its places
    std::size_t met = 0;                                  // rows of the table that are among them

    static Other of(const json::object& list) {
      Other other{text_of(list, "source"), text_of(list, "url"), {}, 0};
      for (const json::value& each : list.at("known").as_array())
        other.names.emplace(text_of(each.as_object(), "id"), text_of(each.as_object(), "name"));
      return other;
    }
  };

  registry::TableReader reader_;
  const ImportOptions& options_;
  Terminal terminal_;
  OpenDirectory directory_;
  std::map<std::string, registry::VanishedPlace> known_;  // by row: before the import, but for those that the table named since
  std::vector<Other> others_;
  std::vector<Sent> sent_;
  std::vector<protocol::Bytes> profiles_;
  std::size_t bytes_ = 0;
};

// What was done before it stopped is told with the reason why: with --json, as `report` beside the error.
int stopped(const registry::ImportReport& report, ControlMessage refused, const Terminal& terminal) {
  const registry::ImportOutcomes& done = report.outcomes;
  bool begun = done.created + done.changed + done.unchanged + done.kept + done.withdrawn + done.elsewhere + done.handed_over > 0;
  if (begun && terminal.json) refused.body["report"] = registry::to_json(report, terminal.language);
  if (begun && !terminal.json) (void)conclude({}, registry::to_table(report, terminal.language), terminal);
  return complain(refused, terminal);
}

}  // namespace

int run_import(const ImportOptions& options, const Terminal& terminal) {
  auto mapping = registry::load_mapping(options.mapping);
  if (!mapping) return complain(mapping.error(), terminal);
  if (auto dated = options.retrieved.empty() ? Result<void>() : mapping->set_day(options.retrieved); !dated) return complain(dated.error(), terminal);
  auto reader = registry::TableReader::open(options.file, std::move(*mapping));
  if (!reader) return complain(reader.error(), terminal);
  Import import(std::move(*reader), options, terminal);
  import.report().dry_run = options.dry_run;
  if (auto refused = import.perform()) return stopped(import.finished_report(), std::move(*refused), terminal);
  // Every place would have vanished: a file cut short, or saved from the wrong sheet.
  if (import.report().rows == 0) return complain(protocol::Error{ErrorCode::kNoRows, options.file.string()}, terminal);
  const registry::ImportReport& report = import.finished_report();
  json::object result = registry::to_json(report, terminal.language);
  std::string said = registry::to_table(report, terminal.language);
  if (options.dry_run) said = say(Message::kDryRun, terminal.language) + "\n\n" + said;
  int concluded = conclude(result, said, terminal);
  return report.records == 0 ? kFailed : concluded;
}

}  // namespace maillage::daemon
