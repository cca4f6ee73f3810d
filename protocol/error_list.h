// Every refusal that a person or a peer can meet, once: its name in code, the stable slug that goes on the wire
// and into JSON, and its sentence in French and in English. `{}` is replaced by the error's context.
// One list keeps both languages complete: a code without its two sentences does not compile.
//
// MAILLAGE_ERROR(code, slug, French, English)

// -- bytes and messages
MAILLAGE_ERROR(kTruncated, "truncated", "le message s'arrête trop tôt : {}", "the message ends too early: {}")
MAILLAGE_ERROR(kTrailingBytes, "trailing-bytes", "des octets en trop suivent le message : {}", "unexpected bytes follow the message: {}")
MAILLAGE_ERROR(kMalformed, "malformed", "forme incorrecte : {}", "malformed: {}")
MAILLAGE_ERROR(kTooLarge, "too-large", "trop grand : {}", "too large: {}")
MAILLAGE_ERROR(kTooMany, "too-many", "trop d'éléments : {}", "too many: {}")
MAILLAGE_ERROR(kUnsupportedVersion, "unsupported-version", "version inconnue : {}", "unsupported version: {}")
// -- identity and authority
MAILLAGE_ERROR(kBadSignature, "bad-signature", "signature non valable : {}", "invalid signature: {}")
MAILLAGE_ERROR(kBadCharter, "bad-charter", "charte non valable : {}", "invalid charter: {}")
MAILLAGE_ERROR(kBadHead, "bad-head", "état signé non valable : {}", "invalid head: {}")
MAILLAGE_ERROR(kUnknownPlace, "unknown-place", "lieu inconnu : {}", "unknown place: {}")
MAILLAGE_ERROR(kMissingCharter, "missing-charter", "charte manquante : {}", "missing charter: {}")
MAILLAGE_ERROR(kOtherChain, "other-chain", "une autre suite de chartes est déjà connue pour le lieu {}", "another chain of charters is already known for place {}")
// -- sessions
MAILLAGE_ERROR(kUnexpectedFrame, "unexpected-frame", "message inattendu : {}", "unexpected frame: {}")
MAILLAGE_ERROR(kSamePlace, "same-place", "ce programme se connecte à lui-même, ou deux programmes portent la même identité : {}", "this daemon is talking to itself, or two daemons use one identity: {}")
MAILLAGE_ERROR(kDuplicateSession, "duplicate-session", "une autre connexion avec ce lieu est déjà ouverte : {}", "another session with this place is open: {}")
MAILLAGE_ERROR(kRateLimited, "rate-limited", "trop de messages en peu de temps : {}", "too much in too short a time: {}")
MAILLAGE_ERROR(kShuttingDown, "shutting-down", "arrêt en cours : {}", "shutting down: {}")
// -- git objects and packs
MAILLAGE_ERROR(kBadPack, "bad-pack", "paquet git non valable : {}", "invalid git pack: {}")
MAILLAGE_ERROR(kBadObject, "bad-object", "objet git refusé : {}", "git object refused: {}")
MAILLAGE_ERROR(kStowaway, "stowaway", "le paquet contient ce que personne n'a demandé : {}", "the pack holds what nobody asked for: {}")
MAILLAGE_ERROR(kMissingObject, "missing-object", "il manque un objet git : {}", "a git object is missing: {}")
MAILLAGE_ERROR(kWrongState, "wrong-state", "le contenu n'est pas celui que le lieu a signé : {}", "the content is not what the place signed: {}")
MAILLAGE_ERROR(kManyRoots, "many-roots", "l'historique n'a pas un seul commencement : {}", "the history does not have exactly one beginning: {}")
// -- the world
MAILLAGE_ERROR(kNotFound, "not-found", "introuvable : {}", "not found: {}")
MAILLAGE_ERROR(kIo, "io", "erreur de lecture ou d'écriture : {}", "input/output error: {}")
MAILLAGE_ERROR(kDiskFull, "disk-full", "le disque est plein : {}", "the disk is full: {}")
MAILLAGE_ERROR(kTimeout, "timeout", "délai dépassé : {}", "timed out: {}")
MAILLAGE_ERROR(kBusy, "busy", "occupé : {}", "busy: {}")
MAILLAGE_ERROR(kCorrupt, "corrupt", "données abîmées : {}", "damaged data: {}")
MAILLAGE_ERROR(kUsage, "usage", "commande incorrecte : {}", "wrong usage: {}")
