// The verbs of the command line: what each is given, and the exit code it gives (0 done, 1 refused or failed, 2 usage).
//
// With --json, JSON alone goes to stdout; people's sentences otherwise. Complaints and logs go to stderr. A verb talks to
// the daemon that runs on DIR, or acts on DIR itself, under its lock, when none runs.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config.h"
#include "daemon/control_message.h"
#include "daemon/messages.h"
#include "daemon/reply_fields.h"
#include "registry/trustees.h"

namespace maillage::registry {
class Registry;
}

namespace maillage::daemon {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

// Who reads what a verb says.
struct Terminal {
  Language language = Language::kFrench;
  bool json = false;
};

struct InitOptions {
  std::filesystem::path dir;
  std::string name;
  bool network = false;
  std::string commune;
  std::optional<double> lat, lon;
};

struct PublishOptions {
  std::filesystem::path dir;
  std::string place;                // hex id, or empty: the daemon's own
  std::filesystem::path root = "."; // what PATHs are relative to
  std::vector<std::string> paths;
};

// One of `paths`, `whole_place`, `history` and `status`.
struct EraseOptions {
  std::filesystem::path dir;
  std::string place;               // id or slug, or empty: the daemon's own
  std::vector<std::string> paths;  // files or folders that are published
  bool whole_place = false, history = false, status = false;
  bool yes = false;                // nobody is asked
};

struct QueryOptions {
  std::filesystem::path dir;  // one of dir and url
  std::string url;
  std::string what;
  std::vector<std::string> parameters;  // key=value
};

struct PlaceAddOptions {
  InitOptions place;
  bool own_sheet = false;
};

struct PlaceExportOptions {
  std::filesystem::path dir, file;
  std::string place;
  std::string to;  // the successor's code, or empty
};

struct PlaceAdoptOptions {
  std::filesystem::path dir, file;
};

struct KeyOptions {
  std::filesystem::path dir;
  bool new_sheet = false;
  std::uint64_t minimum_epoch = 0;
  std::vector<std::filesystem::path> vouched;  // as in RecoverOptions
};

// Trustees: registry/trustees.h.
struct TrusteeOptions {
  std::filesystem::path dir, file;
  bool show = false, none = false, yes = false;
  unsigned needed = 0;
  std::vector<std::string> codes;
  std::string place;               // of those whose sheet is lost
  std::vector<std::string> peers;  // who tell its charters
};

struct ImportOptions {
  std::filesystem::path dir, file;
  std::string mapping;    // built in, or a file
  std::string retrieved;  // the day of the list, when it is not the mapping's
  bool dry_run = false;
  bool overwrite = false;  // what was corrected here too
};

struct InviteOptions {
  std::filesystem::path dir;
  std::string url;   // how others reach this daemon; empty: public_url of config.toml
  std::string note;  // for whom
  int uses = 1, days = 14;
  std::filesystem::path svg;  // where the QR code goes; empty: on the screen
};

struct PartnersOptions {
  std::filesystem::path dir;
  std::string revoke, part;  // an invitation to take back, a place to part from
};

struct AdmissionOptions {
  std::filesystem::path dir;
  std::string place;   // id, its first digits, or the short name of one that is here
  std::string reason;  // to block it, in the operator's words
};

struct InboxOptions {
  std::filesystem::path dir;
  std::string id;    // or its first digits
  std::vector<std::string> ids;  // to refuse together; the last may be the reason, when `text` is empty
  std::string text;  // a reason or a question
  bool all = false;  // answered ones too
  std::filesystem::path out;  // a folder for the files of one that is shown; empty: none
};

struct RecoverOptions {
  std::filesystem::path dir;
  std::filesystem::path keys;  // a file with the recovery sheet; "-": standard input
  std::vector<std::string> peers;
  bool accept_alone = false;   // one partner's word is enough
  std::vector<std::filesystem::path> vouched;  // what trustees signed, the sheet being a new one
};

struct UnsealOptions {
  std::filesystem::path keys;  // as in RecoverOptions
  std::filesystem::path out;
  std::vector<std::filesystem::path> files;  // or those that `peers` keep of `place`
  std::string place;
  std::vector<std::string> peers;
};

int run_init(const InitOptions& options, const Terminal& terminal);
// Makes DIR from a recovery sheet, out of what the partners hold.
int run_recover(const RecoverOptions& options, const Terminal& terminal);
// Opens sealed files: what was erased within three days, as git repositories.
int run_unseal(const UnsealOptions& options, const Terminal& terminal);
int run_serve(const std::filesystem::path& dir, const ConfigOverrides& overrides, const Terminal& terminal);
int run_publish(const PublishOptions& options, const Terminal& terminal);
int run_unpublish(const PublishOptions& options, const Terminal& terminal);
int run_confirm(const PublishOptions& options, const Terminal& terminal);
int run_erase(const EraseOptions& options, const Terminal& terminal);
int run_query(const QueryOptions& options, const Terminal& terminal);
int run_status(const std::filesystem::path& dir, const Terminal& terminal);
int run_peers(const std::filesystem::path& dir, const Terminal& terminal);
int run_verify(const std::filesystem::path& dir, const Terminal& terminal);
int run_reindex(const std::filesystem::path& dir, const Terminal& terminal);
int run_refs(const std::filesystem::path& dir, const Terminal& terminal);
// Says which one counts when this place was published elsewhere, too.
int run_settle(const std::filesystem::path& dir, const std::string& place, bool take, const Terminal& terminal);
// Reads the sheet from standard input and says whether it is this daemon's.
// `place`: the one that a hosted place has of its own.
int run_sheet(const std::filesystem::path& dir, const std::string& place, const Terminal& terminal);

int run_place_add(const PlaceAddOptions& options, const Terminal& terminal);
// Those whose name, short name or id has `text` in it; all of them when it is empty.
int run_place_list(const std::filesystem::path& dir, const std::string& text, const Terminal& terminal);
// The code to give to whoever hands this daemon a place.
int run_place_code(const std::filesystem::path& dir, const Terminal& terminal);
// Recovery sheets are read from standard input, one a line.
int run_place_export(const PlaceExportOptions& options, const Terminal& terminal);
// Takes back that a place was to leave.
int run_place_keep(const std::filesystem::path& dir, const std::string& place, const Terminal& terminal);
int run_place_adopt(const PlaceAdoptOptions& options, const Terminal& terminal);

// The recovery sheet is read from standard input; with `new_sheet`, the one that takes its place, on the next line.
int run_key_rotate(const KeyOptions& options, const Terminal& terminal);
// The same after a theft: whatever the stolen key signed counts no more.
int run_key_recover(const KeyOptions& options, const Terminal& terminal);
// A sheet that is nobody's yet.
int run_key_sheet(const Terminal& terminal);
// Names the trustees of all places kept here, none any more, or shows the code of the sheet that is typed.
int run_key_trustees(const TrusteeOptions& options, const Terminal& terminal);
// With the sheet lost: writes what the trustees are asked to sign for the new one, which is typed.
int run_key_request(const TrusteeOptions& options, const Terminal& terminal);
// A trustee signs that file, once it was told what is in it and said yes.
int run_key_vouch(const TrusteeOptions& options, const Terminal& terminal);

// kDone even when some rows were refused: the report says which. kFailed when none became a record, or the import stopped.
int run_import(const ImportOptions& options, const Terminal& terminal);

int run_invite(const InviteOptions& options, const Terminal& terminal);
// `link` "-": read from standard input. Waits up to ten seconds for their answer when a daemon runs on DIR; kFailed when they
// did not accept.
int run_join(const std::filesystem::path& dir, const std::string& link, const Terminal& terminal);
int run_partners(const PartnersOptions& options, const Terminal& terminal);

// Nothing of that place is taken in, told or shown any more; what is here of it goes.
int run_block(const AdmissionOptions& options, const Terminal& terminal);
int run_unblock(const AdmissionOptions& options, const Terminal& terminal);
// Lets in a place that waits, or will come.
int run_admit(const AdmissionOptions& options, const Terminal& terminal);

int run_inbox_list(const InboxOptions& options, const Terminal& terminal);
int run_inbox_show(const InboxOptions& options, const Terminal& terminal);
int run_inbox_approve(const InboxOptions& options, const Terminal& terminal);
int run_inbox_refuse(const InboxOptions& options, const Terminal& terminal);
int run_inbox_ask(const InboxOptions& options, const Terminal& terminal);

// ---- shared by the verbs

// A place that nobody here let in, as `partners`, `status` and `peers` show it: its name, when one is known, else digits; and its commune.
std::string told_guest(const boost::json::object& place);
// The same with who brought it, since when, and the commands that answer.
std::string told_waiting(const boost::json::object& place, const std::string& dir, Language language);

// DIR for the requests of one command: the daemon that runs on it, or, once none was found, DIR itself under its lock.
class OpenDirectory {
 public:
  OpenDirectory(std::filesystem::path dir, const Terminal& terminal);
  ~OpenDirectory();
  ControlMessage perform(ControlMessage request);

 private:
  std::filesystem::path dir_;
  Terminal terminal_;
  std::unique_ptr<registry::Registry> registry_;
};

// A folder that is new, empty, or holds nothing but its settings; or one that an `init` or `recover` began in, which has its lock.
// The text of a recovery sheet in a file; "-": on standard input.
Result<std::string> read_sheet(const std::filesystem::path& file);
Result<void> check_new_folder(const std::filesystem::path& dir);

// One request on it.
ControlMessage perform_on(const std::filesystem::path& dir, ControlMessage request, const Terminal& terminal);

// The same for a verb that needs nothing more.
ControlMessage ask(std::string_view verb, const std::filesystem::path& dir, const Terminal& terminal);

// Recovery sheets from standard input, one a line. kTooLarge.
protocol::Result<boost::json::array> read_sheets(const Terminal& terminal);
// Words of a sheet as a QR code, for who stands before a terminal: nothing with --json, or when stdout is a file.
std::string drawn_sheet(std::string_view words, const Terminal& terminal);
// The refusal of a file that is not signed by enough trustees: only they know by how many.
ControlMessage too_few_trustees(const Terminal& terminal);
// What these files have together; nothing for none.
protocol::Result<registry::Vouching> read_vouching(const std::vector<std::filesystem::path>& files);

// Prints a refusal; gives kFailed, or kUsage when the words typed are wrong.
int complain(const protocol::Error& error, const Terminal& terminal);
int complain(const ControlMessage& reply, const Terminal& terminal);

// Prints the result as JSON, or `said` for people, made fit for a terminal.
int conclude(const boost::json::value& result, const std::string& said, const Terminal& terminal);

}  // namespace maillage::daemon
