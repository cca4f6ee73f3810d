// The command line of maillage, and nothing else: options in, one verb of command.h out.
#include <csignal>
#include <iostream>
#include <map>
#include <span>

#include <CLI/CLI.hpp>

#include "daemon/command.h"
#include "daemon/version.h"
#include "protocol/suggestion.h"
#include "protocol/utf8.h"

using namespace maillage::daemon;
namespace protocol = maillage::protocol;

namespace {

// What is told of a verb or an option is written "en français / in English".
std::string half(const std::string& both, Language language) {
  auto middle = both.find(" / ");
  if (middle == std::string::npos) return both;
  return language == Language::kFrench ? both.substr(0, middle) : both.substr(middle + 3);
}

struct Options {
  std::string language;
  bool json = false;
  std::filesystem::path dir;
  InitOptions init;
  PublishOptions publish;
  EraseOptions erase;
  UnsealOptions unseal;
  QueryOptions query;
  ConfigOverrides serve;
  RecoverOptions recover;
  PlaceAddOptions place_add;
  PlaceExportOptions place_export;
  PlaceAdoptOptions place_adopt;
  KeyOptions key;
  TrusteeOptions trustees;
  ImportOptions import;
  std::string place_list, place_keep, sheet_place, settle_place;
  bool settle_keep = false, settle_take = false;
  InboxOptions inbox;
  InviteOptions invite;
  PartnersOptions partners;
  std::string join;
  AdmissionOptions admission;
  bool confirm_sheet = false;

  Language spoken = Language::kFrench;  // by the words of --help

  Terminal terminal() const { return {terminal_language(language), json}; }
  std::string word(const std::string& both) const { return half(both, spoken); }
};

// CLI11's own words of --help, and the half of ours that the reader speaks.
void speak(CLI::App& app, Language language) {
  app.description(half(app.get_description(), language));
  app.group(half("Verbes  / Verbs", language));
  for (CLI::Option* option : app.get_options()) {
    option->description(half(option->get_description(), language));
    option->group(half("Options  / Options", language));
  }
  for (CLI::App* verb : app.get_subcommands({})) speak(*verb, language);
}

void label_help(CLI::App& app, Language language) {
  for (auto [word, both] : {std::pair{"SUBCOMMAND", "VERBE / VERB"}, std::pair{"SUBCOMMANDS", "VERBE / VERB"}, std::pair{"Usage", "Usage  / Usage"},
                            std::pair{"Positionals", "Arguments  / Arguments"}, std::pair{"REQUIRED", "(obligatoire) / (required)"},
                            std::pair{"OPTIONS", "options / options"}, std::pair{"Needs", "avec  / with"}, std::pair{"Excludes", "sans  / without"},
                            std::pair{"Env", "environnement  / environment"}, std::pair{"TEXT", "TEXTE / TEXT"}, std::pair{"INT", "NOMBRE / NUMBER"},
                            std::pair{"UINT", "NOMBRE / NUMBER"}, std::pair{"FLOAT", "NOMBRE / NUMBER"}})
    app.get_formatter()->label(word, half(both, language));
}

void add_language(CLI::App& app, Options& options) {
  auto* language = app.add_option("--lang", options.language, "la langue des réponses / the language of answers");
  language->check(CLI::IsMember({"fr", "en"}).description(""))->type_name("fr|en");
}

CLI::App* verb(CLI::App& app, Options& options, const std::string& name, const std::string& about, bool needs_dir = true) {
  CLI::App* added = app.add_subcommand(name, about);
  auto* dir = added->add_option("--dir", options.dir, "le dossier du lieu / the place's folder");
  if (needs_dir) dir->required();
  added->add_flag("--json", options.json, "JSON seul sur la sortie / JSON alone on stdout");
  add_language(*added, options);
  return added;
}

void add_publishing(CLI::App& app, Options& options, const std::string& name, const std::string& about) {
  CLI::App* added = verb(app, options, name, about);
  added->add_option("--place", options.publish.place, "l'identité du lieu / the place's id");
  added->add_option("--root", options.publish.root, "dossier d'où partent les chemins / folder that paths start from");
  added->add_option(options.word("CHEMIN / PATH"), options.publish.paths, "fichiers ou dossiers / files or folders")->required();
}

void describe_place(CLI::App& added, InitOptions& place) {
  added.add_option("--name", place.name, "son nom / its name")->required();
  added.add_flag("--network", place.network, "c'est un réseau / it is a network");
  added.add_option("--commune", place.commune, "code INSEE de sa commune / INSEE code of its commune");
  auto* lat = added.add_option("--lat", place.lat, "latitude")->check(CLI::Range(-90.0, 90.0).description(""))->type_name("-90…90");
  auto* lon = added.add_option("--lon", place.lon, "longitude")->check(CLI::Range(-180.0, 180.0).description(""))->type_name("-180…180");
  lat->needs(lon);
  lon->needs(lat);
}

void add_hosting(CLI::App& app, Options& options) {
  CLI::App* place = app.add_subcommand("place", "les lieux que ce serveur tient / the places that this server keeps");
  place->require_subcommand(1);
  CLI::App* add = verb(*place, options, "add", "crée un lieu tenu ici / makes a place kept here");
  describe_place(*add, options.place_add.place);
  add->add_flag("--own-sheet", options.place_add.own_sheet, "avec sa feuille de secours à lui / with a recovery sheet of its own");
  CLI::App* list = verb(*place, options, "list", "les lieux tenus ici / the places kept here");
  list->add_option(options.word("FILTRE / FILTER"), options.place_list, "ce que leur nom ou identité contient / what their name or id holds");
  verb(*place, options, "code", "le code à donner pour recevoir un lieu / the code to give to receive a place");
  CLI::App* leave = verb(*place, options, "export", "met un lieu dans un fichier / puts a place into a file");
  leave->add_option("--place", options.place_export.place, "identité ou nom court / id or slug")->required();
  leave->add_option("--to", options.place_export.to, "le code du serveur qui l'accueille / the code of the server that takes it");
  leave->add_option(options.word("FICHIER / FILE"), options.place_export.file, "fichier à écrire / file to write")->required();
  CLI::App* keep = verb(*place, options, "keep", "garde un lieu qui devait partir / keeps a place that was to leave");
  keep->add_option("--place", options.place_keep, "identité ou nom court / id or slug")->required();
  CLI::App* adopt = verb(*place, options, "adopt", "accueille le lieu d'un fichier / takes over the place of a file");
  adopt->add_option(options.word("FICHIER / FILE"), options.place_adopt.file, "fichier reçu / file received")->required();
}

constexpr const char* kAboutVouched =
    "feuille perdue, voici une neuve : ce que les garants ont signé / sheet lost, here is a new one: what the trustees signed";

void add_trustees(CLI::App& key, Options& options) {
  TrusteeOptions& wish = options.trustees;
  CLI::App* named = verb(key, options, "trustees", "qui rend les lieux si la feuille est perdue / who gives the places back if the sheet is lost", false);
  named->add_flag("--show", wish.show, "pour être garant : le code de la feuille tapée / to be a trustee: the code of the sheet typed");
  named->add_flag("--none", wish.none, "plus personne / nobody any more");
  named->add_option("--needed", wish.needed, "combien doivent signer ensemble / how many must sign together");
  named->add_option("CODE", wish.codes, "MAILLAGE-TRUSTEE-…");
  CLI::App* request =
      verb(key, options, "request", "feuille perdue : le fichier que les garants signeront / sheet lost: the file for the trustees to sign", false);
  request->add_option("--place", wish.place, "l'identité du lieu / the place's id")->required();
  request->add_option("--peer", wish.peers, "ws://HÔTE:PORT/peer / ws://HOST:PORT/peer")->expected(1)->allow_extra_args(false)->take_all()->required();
  request->add_option(options.word("FICHIER / FILE"), wish.file, "fichier à écrire / file to write")->required();
  request->add_option("CODE", wish.codes, "MAILLAGE-TRUSTEE-…")->required();
  CLI::App* vouch = verb(key, options, "vouch", "signe la demande d'un lieu dont on est garant / signs the request of a place that one is a trustee of");
  vouch->add_flag("--yes", wish.yes, "les gens du lieu m'ont lu ce nombre / the people of the place read me that number");
  vouch->add_option(options.word("FICHIER / FILE"), wish.file, "le fichier reçu / the file received")->required();
}

void add_keys(CLI::App& app, Options& options) {
  CLI::App* key = app.add_subcommand("key", "les clés des lieux tenus ici / the keys of the places kept here");
  key->require_subcommand(1);
  auto add = [&](const char* name, const char* about) {
    CLI::App* added = verb(*key, options, name, about);
    added->add_flag("--new-sheet", options.key.new_sheet,
                    "une autre feuille de secours aussi : la nouvelle suit sur l'entrée / another recovery sheet too: the new one follows on stdin");
    added->add_option("--minimum-epoch", options.key.minimum_epoch,
                      "détruit partout ce qui est d'une époque plus basse / destroys everywhere what is of a lower epoch");
    return added;
  };
  add("rotate", "une nouvelle clé, signée par la feuille de secours / a new key, signed by the recovery sheet");
  CLI::App* recover = add("recover", "la clé est volée : ce qu'elle a signé ne compte plus / the key is stolen: what it signed counts no more");
  recover->add_option("--vouched", options.key.vouched, kAboutVouched)->expected(1)->allow_extra_args(false)->take_all();
  add_trustees(*key, options);
  verb(*key, options, "sheet", "une feuille de secours neuve, qui n'est à personne / a new recovery sheet, nobody's yet", false);
}

void add_inbox(CLI::App& app, Options& options) {
  CLI::App* inbox = app.add_subcommand("inbox", "les contributions reçues par git push / contributions received by git push");
  inbox->require_subcommand(1);
  CLI::App* list = verb(*inbox, options, "list", "celles qui attendent une réponse / those that wait for an answer");
  list->add_flag("--all", options.inbox.all, "aussi celles qui en ont une / answered ones too");
  auto add = [&](const char* name, const char* about) {
    CLI::App* added = verb(*inbox, options, name, about);
    added->add_option("ID", options.inbox.id, "son numéro, ou son début / its number, or the beginning of it")->required();
    return added;
  };
  add("show", "avant et après / before and after")
      ->add_option("--out", options.inbox.out, "écrit ses fichiers dans ce dossier, nouveau ou vide / writes its files into this folder, new or empty");
  add("approve", "publie la contribution / publishes the contribution");
  CLI::App* refuse = verb(*inbox, options, "refuse", "refuse une ou plusieurs contributions / refuses one or several");
  refuse->add_option("ID", options.inbox.ids, "leur numéro, puis la raison que la personne lira / their number, then the reason that the contributor will read")
      ->required()->option_text(options.word("... RAISON / ... REASON"));
  refuse->add_option("--reason", options.inbox.text, "la raison, autrement / the reason, otherwise");
  CLI::App* ask = add("ask", "pose une question, elle attend encore / puts a question, it goes on waiting");
  ask->add_option("QUESTION,--question", options.inbox.text, "ce que la personne lira / what the contributor will read")->required();
}

void add_import(CLI::App& app, Options& options) {
  CLI::App* added = verb(app, options, "import", "publie les lieux d'une liste / publishes the places of a list");
  added->add_option("--mapping", options.import.mapping, "cget, france-services, FICHIER.toml / cget, france-services, FILE.toml")->required();
  added->add_option("--retrieved", options.import.retrieved, "le jour de la liste, AAAA-MM-JJ / the day of the list, YYYY-MM-DD");
  added->add_flag("--dry-run", options.import.dry_run, "dit tout et n'écrit rien / tells all and writes nothing");
  added->add_flag("--overwrite", options.import.overwrite, "la liste l'emporte sur ce qui a été corrigé ici / the list wins over what was corrected here");
  added->add_option(options.word("FICHIER / FILE"), options.import.file, "tableau CSV / CSV table")->required();
}

void add_erase(CLI::App& app, Options& options) {
  CLI::App* erase = verb(app, options, "erase", "efface partout, chez tous les partenaires aussi / erases everywhere, from all partners too");
  erase->add_option(options.word("CHEMIN / PATH"), options.erase.paths, "fichiers ou dossiers publiés / published files or folders");
  erase->add_flag("--history", options.erase.history, "tout le passé, rien du présent / the whole past, nothing of the present");
  erase->add_flag("--place", options.erase.whole_place, "tout le lieu, qui est fermé / the whole place, which is closed");
  erase->add_option("--place-of", options.erase.place, "d'un autre lieu tenu ici : son identité ou nom court / of another place kept here: its id or slug");
  erase->add_flag("--status", options.erase.status, "qui a confirmé / who has confirmed");
  erase->add_flag("--yes", options.erase.yes, "sans demander confirmation / without asking for confirmation");
}

void add_unseal(CLI::App& app, Options& options) {
  CLI::App* unseal = verb(app, options, "unseal", "rouvre ce qui est effacé depuis moins de trois jours / opens what was erased within three days", false);
  unseal->add_option("--keys", options.unseal.keys, "fichier de la feuille de secours, ou - / file with the recovery sheet, or -")->required();
  unseal->add_option("--out", options.unseal.out, "dossier où mettre les dépôts git / folder for the git repositories")->required();
  unseal->add_option(options.word("FICHIER / FILE"), options.unseal.files, "fichiers scellés / sealed files");
  auto* place = unseal->add_option("--place", options.unseal.place, "l'identité du lieu / the place's id");
  unseal->add_option("--peer", options.unseal.peers, "ws://HÔTE:PORT/peer / ws://HOST:PORT/peer")
      ->expected(1)->allow_extra_args(false)->take_all()->needs(place);
}

void add_partners(CLI::App& app, Options& options) {
  CLI::App* invite = verb(app, options, "invite", "une invitation à devenir partenaire / an invitation to become a partner");
  invite->add_option("--url", options.invite.url, "adresse de ce serveur, sinon public_url / address of this server, else public_url");
  invite->add_option("--note", options.invite.note, "pour qui / for whom");
  invite->add_option("--uses", options.invite.uses, "pour combien de lieux (1) / for how many places (1)");
  invite->add_option("--days", options.invite.days, "valable combien de jours (14) / valid for how many days (14)");
  invite->add_option("--svg", options.invite.svg, "le code QR dans un fichier à imprimer / the QR code into a file to print");
  CLI::App* join = verb(app, options, "join", "accepte une invitation / takes an invitation");
  join->add_option(options.word("LIEN / LINK"), options.join, "le lien reçu, - pour le lire sur l'entrée / the link that came, - to read it on stdin")
      ->required();
  CLI::App* partners = verb(app, options, "partners", "partenaires acceptés, rejoints, invités / partners accepted, joined, invited");
  partners->add_option("--revoke", options.partners.revoke, "retire une invitation / takes an invitation back");
  partners->add_option("--part", options.partners.part, "quitte un partenaire / parts from a partner");
  CLI::App* block = verb(app, options, "block", "ne veut plus rien d'un lieu / wants nothing of a place any more");
  block->add_option(options.word("LIEU / PLACE"), options.admission.place, "identité, son début ou nom court / id, how it begins, or slug")->required();
  block->add_option("--reason", options.admission.reason, "pourquoi, pour s'en souvenir / why, to remember");
  CLI::App* unblock = verb(app, options, "unblock", "revient sur block / undoes block");
  unblock->add_option(options.word("LIEU / PLACE"), options.admission.place, "identité, ou son début / id, or how it begins")->required();
  CLI::App* admit = verb(app, options, "admit", "admet un lieu en attente / lets in a place that waits");
  admit->add_option(options.word("LIEU / PLACE"), options.admission.place, "identité, son début ou nom court / id, how it begins, or slug")->required();
}

void add_verbs(CLI::App& app, Options& options) {
  describe_place(*verb(app, options, "init", "crée un lieu / makes a place"), options.init);
  add_hosting(app, options);
  add_import(app, options);
  add_inbox(app, options);
  add_keys(app, options);
  add_partners(app, options);

  CLI::App* recover = verb(app, options, "recover", "rend le lieu à ses gens, depuis la feuille de secours / gives the place back from the recovery sheet");
  recover->add_option("--keys", options.recover.keys, "fichier de la feuille de secours, ou - / file with the recovery sheet, or -")->required();
  recover->add_option("--peer", options.recover.peers, "ws://HÔTE:PORT/peer / ws://HOST:PORT/peer")
      ->expected(1)->allow_extra_args(false)->take_all()->required();
  recover->add_flag("--accept-alone", options.recover.accept_alone, "croire un seul partenaire / believe one partner alone");
  recover->add_option("--vouched", options.recover.vouched, kAboutVouched)->expected(1)->allow_extra_args(false)->take_all();

  CLI::App* serve = verb(app, options, "serve", "fait tourner le lieu / runs the daemon");
  serve->add_option("--listen", options.serve.listen, "HÔTE:PORT (127.0.0.1:8420) / HOST:PORT (127.0.0.1:8420)");
  serve->add_option("--peer", options.serve.peers, "ws://HÔTE:PORT/peer / ws://HOST:PORT/peer")->expected(1)->allow_extra_args(false)->take_all();
  serve->add_option("--log-level", options.serve.log_level, "debug | info | warning | error");

  add_publishing(app, options, "publish", "publie des fichiers / publishes files");
  add_publishing(app, options, "unpublish", "retire des fichiers / withdraws files");
  add_publishing(app, options, "confirm", "toujours vrai aujourd'hui / still true today");

  add_erase(app, options);
  add_unseal(app, options);

  CLI::App* query = verb(app, options, "query", "cherche dans le registre / searches the registry", false);
  query->add_option("--url", options.query.url, "http://HÔTE:PORT / http://HOST:PORT");
  query->add_option(options.word("LISTE / LIST"), options.query.what, "places | networks | events | resources | needs | offers")->required();
  query->add_option(options.word("CLÉ=VALEUR / KEY=VALUE"), options.query.parameters, "q=… type=… near=lat,lon radius=km …");

  verb(app, options, "status", "comment va ce lieu / how the daemon is");
  verb(app, options, "peers", "les partenaires / the partners");
  verb(app, options, "verify", "vérifie tout / checks everything");
  verb(app, options, "reindex", "refait les index / rebuilds the indexes");
  verb(app, options, "refs", "écrit les références git / writes git refs");
  CLI::App* settle = verb(app, options, "settle", "deux serveurs publient le même lieu : lequel compte / two servers publish the same place: which counts");
  settle->add_flag("--keep", options.settle_keep, "ce qui est publié d'ici / what is published from here");
  settle->add_flag("--take", options.settle_take, "ce qui est publié ailleurs / what is published elsewhere");
  settle->add_option("--place", options.settle_place, "identité ou nom court / id or slug");
  CLI::App* sheet = verb(app, options, "sheet", "la feuille de secours / the recovery sheet");
  sheet->add_flag("--confirm", options.confirm_sheet, "je l'ai : la voici sur l'entrée / I have it: here on stdin")->required();
  sheet->add_option("--place", options.sheet_place, "celle qu'un lieu tenu ici a à lui / the one that a place kept here has of its own");
}

int run_place(const std::string& name, Options& options) {
  Terminal terminal = options.terminal();
  options.place_add.place.dir = options.place_export.dir = options.place_adopt.dir = options.dir;
  if (name == "add") return run_place_add(options.place_add, terminal);
  if (name == "list") return run_place_list(options.dir, options.place_list, terminal);
  if (name == "code") return run_place_code(options.dir, terminal);
  if (name == "keep") return run_place_keep(options.dir, options.place_keep, terminal);
  if (name == "export") return run_place_export(options.place_export, terminal);
  return run_place_adopt(options.place_adopt, terminal);
}

int run_key(const std::string& name, Options& options) {
  Terminal terminal = options.terminal();
  options.key.dir = options.dir;
  if (name == "rotate") return run_key_rotate(options.key, terminal);
  if (name == "recover") return run_key_recover(options.key, terminal);
  options.trustees.dir = options.dir;
  if (name == "trustees") return run_key_trustees(options.trustees, terminal);
  if (name == "request") return run_key_request(options.trustees, terminal);
  if (name == "vouch") return run_key_vouch(options.trustees, terminal);
  return run_key_sheet(terminal);
}

int run_inbox(const std::string& name, Options& options) {
  Terminal terminal = options.terminal();
  options.inbox.dir = options.dir;
  if (name == "list") return run_inbox_list(options.inbox, terminal);
  if (name == "show") return run_inbox_show(options.inbox, terminal);
  if (name == "approve") return run_inbox_approve(options.inbox, terminal);
  if (name == "refuse") return run_inbox_refuse(options.inbox, terminal);
  return run_inbox_ask(options.inbox, terminal);
}

int run(const std::string& name, Options& options) {
  Terminal terminal = options.terminal();
  options.init.dir = options.publish.dir = options.query.dir = options.import.dir = options.erase.dir = options.recover.dir = options.dir;
  options.invite.dir = options.partners.dir = options.admission.dir = options.dir;
  if (name == "block") return run_block(options.admission, terminal);
  if (name == "unblock") return run_unblock(options.admission, terminal);
  if (name == "admit") return run_admit(options.admission, terminal);
  if (name == "import") return run_import(options.import, terminal);
  if (name == "invite") return run_invite(options.invite, terminal);
  if (name == "join") return run_join(options.dir, options.join, terminal);
  if (name == "partners") return run_partners(options.partners, terminal);
  if (name == "init") return run_init(options.init, terminal);
  if (name == "recover") return run_recover(options.recover, terminal);
  if (name == "serve") return run_serve(options.dir, options.serve, terminal);
  if (name == "publish") return run_publish(options.publish, terminal);
  if (name == "unpublish") return run_unpublish(options.publish, terminal);
  if (name == "confirm") return run_confirm(options.publish, terminal);
  if (name == "erase") return run_erase(options.erase, terminal);
  if (name == "unseal") return run_unseal(options.unseal, terminal);
  if (name == "status") return run_status(options.dir, terminal);
  if (name == "peers") return run_peers(options.dir, terminal);
  if (name == "verify") return run_verify(options.dir, terminal);
  if (name == "reindex") return run_reindex(options.dir, terminal);
  if (name == "refs") return run_refs(options.dir, terminal);
  if (name == "settle" && options.settle_keep == options.settle_take) {
    std::cerr << say(Message::kOptionMissing, terminal.language, {"--keep | --take"}) << "\n";
    return kUsage;
  }
  if (name == "settle") return run_settle(options.dir, options.settle_place, options.settle_take, terminal);
  if (name == "sheet") return run_sheet(options.dir, options.sheet_place, terminal);
  if (options.dir.empty() == options.query.url.empty()) {
    std::cerr << say(Message::kQueryNeedsOne, terminal.language) << "\n";
    return kUsage;
  }
  return run_query(options.query, terminal);
}

// An option that the verb does not have: it may be the one that is missing, misspelt.
std::optional<std::string> about_unknown_option(const CLI::App& app, std::span<const std::string_view> words, Language language) {
  const CLI::App* verb = &app;
  while (!verb->get_subcommands().empty()) verb = verb->get_subcommands().front();
  std::vector<std::string_view> known;
  for (const CLI::Option* option : verb->get_options()) known.insert(known.end(), option->get_lnames().begin(), option->get_lnames().end());
  for (std::string_view word : words) {
    if (word == "--") break;
    std::string_view name = word.substr(0, word.find('=')).substr(std::min<std::size_t>(2, word.size()));
    if (!word.starts_with("--") || std::ranges::find(known, name) != known.end()) continue;
    std::string_view near = protocol::nearest(name, known);
    return say(Message::kOptionUnknown, language, {"--" + protocol::shown(name, 60), near.empty() ? "" : " → --" + std::string(near) + " ?"});
  }
  return std::nullopt;
}

// CLI11 speaks English only: its sentence is read for the option's name, and ours is said.
std::string usage_sentence(const CLI::ParseError& error, Language language) {
  std::string text = error.what();
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError)) {
    auto name = text.substr(0, text.find(" is required"));
    bool verb = name.find("ubcommand") != std::string::npos;
    return verb ? say(Message::kVerbMissing, language) : say(Message::kOptionMissing, language, {name});
  }
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError))
    return say(Message::kArgumentUnexpected, language, {text.substr(text.rfind(": ") + 2)});
  auto option = text.find("--");
  if (option == std::string::npos) return say(Message::kWrongUsage, language, {text});
  return say(Message::kOptionWrong, language, {text.substr(option, text.find_first_of(": ", option) - option)});
}

// The language is needed before the words are read: the answer may be --help, or that they are wrong.
Language language_of(const std::vector<std::string_view>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with("--lang=")) return terminal_language(words[i].substr(7));
    if (words[i] == "--lang" && i + 1 < words.size()) return terminal_language(words[i + 1]);
  }
  return terminal_language({});
}

// The sentence about a word where only a verb can be; nothing when it is one, or none is there.
std::optional<std::string> about_unknown_verb(CLI::App& app, std::vector<std::string_view> words, Language language) {
  while (!words.empty() && words.front().starts_with("-")) words.erase(words.begin(), words.begin() + (words.front() == "--lang" && words.size() > 1 ? 2 : 1));
  if (words.empty()) return std::nullopt;
  std::vector<std::string_view> known;
  for (CLI::App* verb : app.get_subcommands({})) {
    if (verb->get_name() == words.front() && !verb->get_subcommands({}).empty()) return about_unknown_verb(*verb, {words.begin() + 1, words.end()}, language);
    if (verb->get_name() == words.front()) return std::nullopt;
    known.push_back(verb->get_name());
  }
  std::string_view nearest = protocol::nearest(words.front(), known);
  return say(Message::kVerbUnknown, language, {protocol::shown(words.front(), 60), nearest.empty() ? "" : " → " + std::string(nearest) + " ?"});
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  CLI::App app{"Maillage : le registre commun des tiers-lieux / Maillage: the commons registry of third places", "maillage"};
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "montre cette aide / shows this help");
  app.set_version_flag("--version", "maillage " + std::string(kVersion), "montre la version / shows the version");
  const std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
  Language language = language_of(words);
  options.spoken = language;
  add_language(app, options);
  add_verbs(app, options);
  speak(app, language);
  label_help(app, language);
  if (auto unknown = about_unknown_verb(app, words, language)) {
    std::cerr << *unknown << "\n";
    return kUsage;
  }
  try {
    app.parse(argc, argv);
    CLI::App* chosen = app.get_subcommands().front();
    if (chosen->get_name() == "place") return run_place(chosen->get_subcommands().front()->get_name(), options);
    if (chosen->get_name() == "key") return run_key(chosen->get_subcommands().front()->get_name(), options);
    if (chosen->get_name() == "inbox") return run_inbox(chosen->get_subcommands().front()->get_name(), options);
    return run(chosen->get_name(), options);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    auto unknown = about_unknown_option(app, words, language);
    std::cerr << (unknown ? *unknown : usage_sentence(error, language)) << "\n";
    return kUsage;
  } catch (const std::exception& error) {
    std::cerr << "maillage: " << error.what() << "\n";
    return kFailed;
  }
}
