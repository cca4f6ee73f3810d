// MAILLAGE_MESSAGE(name, French, English): one line a sentence. `{}` stands for a value, in the same order in both.

// -- HTTP, titles of problems by status
MAILLAGE_MESSAGE(kBadRequest, "Demande incorrecte", "Bad request")
MAILLAGE_MESSAGE(kNotFoundTitle, "Introuvable", "Not found")
MAILLAGE_MESSAGE(kMethodNotAllowedTitle, "Méthode non autorisée", "Method not allowed")
MAILLAGE_MESSAGE(kTimeoutTitle, "Délai dépassé", "Timed out")
MAILLAGE_MESSAGE(kTooLargeTitle, "Demande trop grande", "Request too large")
MAILLAGE_MESSAGE(kWrongHostTitle, "Nom inconnu de ce serveur", "Name unknown to this server")
MAILLAGE_MESSAGE(kInternalTitle, "Erreur du serveur", "Server error")
MAILLAGE_MESSAGE(kUnavailableTitle, "Indisponible pour le moment", "Unavailable for now")
MAILLAGE_MESSAGE(kForbiddenTitle, "Accès refusé", "Forbidden")
MAILLAGE_MESSAGE(kWrongHostDetail,
                 "Ce serveur ne répond pas au nom « {} ». Pour l'autoriser, ajoutez-le à host_names dans config.toml.",
                 "This server does not answer to the name “{}”. To allow it, add it to host_names in config.toml.")
MAILLAGE_MESSAGE(kMethodNotAllowedDetail, "« {} » n'est pas possible ici ; essayez {}.", "“{}” is not possible here; try {}.")
MAILLAGE_MESSAGE(kNoSuchPage, "Il n'y a rien à l'adresse {}.", "There is nothing at {}.")
MAILLAGE_MESSAGE(kMetricsForbidden, "Les mesures ne sont montrées qu'à la machine elle-même ; voyez metrics dans config.toml.",
                 "Metrics are shown to the machine itself only; see metrics in config.toml.")
// -- stock git; git shows them after "remote: "
MAILLAGE_MESSAGE(kGitNoPlace, "Dans ce registre, « {} » ne nomme aucun lieu, ou en nomme plusieurs : l'identité du lieu (64 chiffres hexadécimaux) convient toujours.",
                 "No place of this registry, or more than one, has the name “{}”: the place's id (64 hexadecimal digits) always works.")
MAILLAGE_MESSAGE(kGitDumb, "« {} » se lit avec git 1.6.6 ou plus récent (protocole HTTP « smart »).", "“{}” is read with git 1.6.6 or later (smart HTTP).")
MAILLAGE_MESSAGE(kGitNoService, "« {} » se lit ici avec git clone, fetch et pull, et reçoit git push.", "“{}” is read here with git clone, fetch and pull, and takes git push.")
MAILLAGE_MESSAGE(kGitWrongType, "Ce n'est pas une demande de git pour « {} ».", "This is not a request of git's for “{}”.")
MAILLAGE_MESSAGE(kGitPushBusy, "Trop de contributions arrivent en même temps ; réessayez pour « {} » dans quelques secondes.",
                 "Too many contributions arrive at the same time; try again for “{}” in a few seconds.")
MAILLAGE_MESSAGE(kPushReceived, "Merci : la contribution à « {} » est reçue. Une personne du lieu va la lire.",
                 "Thank you: the contribution to “{}” is received. Somebody of the place will read it.")
MAILLAGE_MESSAGE(kPushNames, "Elle serait publiée au nom de {} ; l'adresse e-mail reste ici.",
                 "It would be published under the name of {}; the e-mail address stays here.")
MAILLAGE_MESSAGE(kPushKeeps, "Vos commits seraient gardés tels quels, publics et copiés partout, au nom de {} <{}>.",
                 "Your commits would be kept as they are, public and copied everywhere, under the name of {} <{}>.")
MAILLAGE_MESSAGE(kPushReserved, "Elle change {} dans profile.json : le lieu le vérifiera de près.", "It changes {} in profile.json: the place will check that closely.")
MAILLAGE_MESSAGE(kPushWithdraws, "Elle retirerait : {}", "It would withdraw: {}")
MAILLAGE_MESSAGE(kPushRemoval, "Pour proposer de retirer des fichiers, git rm FICHIER, puis :\n  git commit -m Retrait\n  git push origin HEAD:refs/for/main",
                 "To propose that files go, git rm FILE, then:\n  git commit -m Withdrawal\n  git push origin HEAD:refs/for/main")
MAILLAGE_MESSAGE(kPushOtherCertificate,
                 "Pour publier aussitôt, signez avec une clé SSH Ed25519 ; sinon, ou pour ne pas signer : git push --no-signed.",
                 "To publish at once, sign with an SSH Ed25519 key; otherwise, or not to sign: git push --no-signed.")
MAILLAGE_MESSAGE(kPushRemark, "Prise telle quelle, mais : {}", "Taken as it is, but: {}")
MAILLAGE_MESSAGE(kPushHandedOver,
                 "Mais ce lieu est en train de passer sur un autre serveur : personne ne peut la publier d'ici là, et s'il y passe, il faudra l'y renvoyer.",
                 "But this place is on its way to another server: nobody can publish it meanwhile, and once it is there, it has to be sent there again.")
MAILLAGE_MESSAGE(kPushNumber, "Son numéro : {}", "Its number: {}")
MAILLAGE_MESSAGE(kPushStatus, "Où elle en est : {}/api/v1/contributions/{}", "How it stands: {}/api/v1/contributions/{}")
MAILLAGE_MESSAGE(kPushAnswer, "La réponse avec git :\n  git fetch {}/git/{}/answers/{} refs/answers/{}\n  git show FETCH_HEAD:answer.txt",
                 "The answer with git:\n  git fetch {}/git/{}/answers/{} refs/answers/{}\n  git show FETCH_HEAD:answer.txt")
MAILLAGE_MESSAGE(kPushSeeAbove, "à corriger, voir plus haut", "to be mended, see above")
MAILLAGE_MESSAGE(kGitBusy, "Trop de copies sont en cours ; réessayez « {} » dans quelques secondes.", "Too many clones are under way; try “{}” again in a few seconds.")
// -- the landing page
MAILLAGE_MESSAGE(kLandingTitle, "Maillage : le registre commun des tiers-lieux", "Maillage: the commons registry of third places")
MAILLAGE_MESSAGE(kLandingText, "Ce serveur tient, avec les autres, le registre commun des tiers-lieux. Tout ce qui suit est public et réutilisable.",
                 "This server holds, together with the others, the commons registry of third places. All that follows is public and reusable.")
MAILLAGE_MESSAGE(kPlaces, "Lieux", "Places")
MAILLAGE_MESSAGE(kNetworks, "Réseaux", "Networks")
MAILLAGE_MESSAGE(kEvents, "Événements", "Events")
MAILLAGE_MESSAGE(kResources, "Ressources", "Resources")
MAILLAGE_MESSAGE(kNeeds, "Besoins", "Needs")
MAILLAGE_MESSAGE(kOffers, "Offres", "Offers")
MAILLAGE_MESSAGE(kStatus, "État de ce serveur", "State of this server")
// -- the command line
MAILLAGE_MESSAGE(kInitDone, "« {} » existe. Son identité : {}\nSon nom court : {}", "“{}” exists. Its identity: {}\nIts short name: {}")
MAILLAGE_MESSAGE(kInitSheet,
                 "Voici sa feuille de secours. Elle n'est montrée qu'une fois et n'est gardée nulle part : imprimez-la ou recopiez-la.\n"
                 "C'est elle qui rend le lieu à ses gens si le disque est perdu ou la clé volée.",
                 "This is its recovery sheet. It is shown once and kept nowhere: print it or copy it by hand.\n"
                 "It is what gives the place back to its people if the disk is lost or the key stolen.")
MAILLAGE_MESSAGE(kSheetDrawn, "La même, pour un lecteur de codes QR ; qui la photographie l'a :", "The same, for a reader of QR codes; whoever photographs it has it:")
MAILLAGE_MESSAGE(kInitNext, "Ensuite : maillage sheet --confirm --dir {}, puis maillage serve --dir {}",
                 "Next: maillage sheet --confirm --dir {}, then maillage serve --dir {}")
MAILLAGE_MESSAGE(kRecoverNotAgreed,
                 "il faut deux partenaires qui disent la même chose : donnez un autre --peer, ou --accept-alone si vous croyez celui qui répond : {}",
                 "two partners must say the same: give another --peer, or --accept-alone if you believe the one that answers: {}")
MAILLAGE_MESSAGE(kRecoverNothing, "aucun partenaire joint ne connaît de lieu de cette feuille de secours{}", "no partner that answered knows a place of this recovery sheet{}")
MAILLAGE_MESSAGE(kRecovered,
                 "{} lieux sont revenus, sous une nouvelle clé que leur feuille de secours a signée :{}\n"
                 "L'ancien serveur, s'il existe encore, ne peut plus publier. Ensuite : maillage serve --dir {} --peer {}",
                 "{} places are back, under a new key that their recovery sheet signed:{}\n"
                 "The old server, if there still is one, can publish no more. Next: maillage serve --dir {} --peer {}")
MAILLAGE_MESSAGE(kListening, "À l'écoute sur http://{}", "Listening on http://{}")
MAILLAGE_MESSAGE(kPublished, "publié : {}", "published: {}")
MAILLAGE_MESSAGE(kUnpublished, "retiré : {}", "unpublished: {}")
MAILLAGE_MESSAGE(kConfirmed, "confirmé : {}", "confirmed: {}")
MAILLAGE_MESSAGE(kPublishRemark, "à revoir dans {} : {}", "to look at in {}: {}")
MAILLAGE_MESSAGE(kNothingChanged, "rien n'a changé : tout est déjà publié", "nothing changed: everything is published already")
MAILLAGE_MESSAGE(kFound, "en tout : {} ; sur cette page : {}", "in all: {}; on this page: {}")
MAILLAGE_MESSAGE(kBeyond, "lieux connus dont le contenu n'est pas ici, donc absents de cette réponse : {}",
                 "places that are known but whose content is not here, so not in this answer: {}")
MAILLAGE_MESSAGE(kBeyondKeptBy, "qui en garde : {}", "who keeps some of them: {}")
MAILLAGE_MESSAGE(kWithoutPosition, "sans position, donc ni près ni loin : {}", "without a position, so neither near nor far: {}")
MAILLAGE_MESSAGE(kNextPage, "la suite : {}", "more: {}")
MAILLAGE_MESSAGE(kHostedBy, "    hébergé par : {}", "    hosted by: {}")
MAILLAGE_MESSAGE(kPublishedBy, "    publié par : {}", "    published by: {}")
MAILLAGE_MESSAGE(kPublisherItself, "{} (le lieu lui-même)", "{} (the place itself)")
MAILLAGE_MESSAGE(kPublisherHosted, "le lieu lui-même, hébergé par {}", "the place itself, hosted by {}")
MAILLAGE_MESSAGE(kPublisherCopy, "{} (copie du {})", "{} (copy of {})")
MAILLAGE_MESSAGE(kAndMore, "et {} de plus", "and {} more")
MAILLAGE_MESSAGE(kSound, "tout est en ordre", "everything is sound")
MAILLAGE_MESSAGE(kReindexed, "fiches réindexées : {}", "records indexed again: {}")
MAILLAGE_MESSAGE(kRefsWritten, "références écrites : {}", "refs written: {}")
MAILLAGE_MESSAGE(kTypeSheet, "Tapez la feuille de secours, puis Ctrl-D :", "Type the recovery sheet, then Ctrl-D:")
MAILLAGE_MESSAGE(kSheetConfirmed, "c'est bien la feuille de ce lieu", "this is indeed the sheet of this place")
MAILLAGE_MESSAGE(kOwnSheetConfirmed, "c'est bien la feuille que « {} » a à lui", "this is indeed the sheet that “{}” has of its own")
MAILLAGE_MESSAGE(kErased, "effacé : {}", "erased: {}")
MAILLAGE_MESSAGE(kErasePaths, "Ceci va être effacé partout, dans son état d'aujourd'hui et dans tous ceux d'avant :{}",
                 "This will be erased everywhere, as it is today and as it ever was:{}")
MAILLAGE_MESSAGE(kErasePast, "Tout l'historique du lieu va être effacé partout. Ce qu'il publie aujourd'hui reste.",
                 "The whole history of the place will be erased everywhere. What it publishes today stays.")
MAILLAGE_MESSAGE(kErasePlace, "Le lieu va être fermé, et tout ce qu'il a publié effacé partout. Il n'en reste que l'identité : des clés, sans nom.",
                 "The place will be closed, and all that it published erased everywhere. Only its identity stays: keys, without a name.")
MAILLAGE_MESSAGE(kEraseMeans,
                 "L'historique du lieu recommence : les versions précédentes de toutes ses fiches disparaissent aussi, et les contributions qui\n"
                 "attendent une réponse sont effacées. Chaque partenaire qui en a une copie l'efface dès qu'il l'apprend, et le confirme.\n"
                 "Ce que personne ne peut effacer : les copies faites ailleurs (clones, sauvegardes, captures d'écran), et celles d'un\n"
                 "partenaire qui ne revient jamais. Pendant trois jours, la feuille de secours, ou celle d'un garant, peut rouvrir ce qui est effacé\n"
                 "(maillage unseal) ; après, plus rien. Pour seulement ne plus publier une fiche : maillage unpublish.",
                 "The history of the place begins anew: earlier versions of all its records go as well, and contributions that wait for an\n"
                 "answer are erased. Every partner that has a copy erases it as soon as it learns of this, and confirms it.\n"
                 "What nobody can erase: copies made elsewhere (clones, backups, screenshots), and those of a partner that never comes\n"
                 "back. For three days the recovery sheet, or a trustee's, can open what was erased (maillage unseal); then it is gone.\n"
                 "Only to stop publishing a record: maillage unpublish.")
MAILLAGE_MESSAGE(kEraseAsk, "Pour effacer, tapez oui :", "To erase, type yes:")
MAILLAGE_MESSAGE(kEraseNot, "Rien n'a été effacé.", "Nothing was erased.")
MAILLAGE_MESSAGE(kEraseNeedsYes, "dans un script, confirmez avec --yes ; rien n'a été effacé", "in a script, confirm with --yes; nothing was erased")
MAILLAGE_MESSAGE(kEraseOneOf, "donnez des fichiers ou dossiers à effacer, ou bien une seule de ces options : --history, --place, --status",
                 "give files or folders to erase, or else one of these options: --history, --place, --status")
MAILLAGE_MESSAGE(kEraseDone, "C'est effacé ici ; les partenaires font de même dès qu'ils l'apprennent. Qui l'a confirmé : maillage erase --status --dir {}",
                 "It is erased here; partners do the same as soon as they learn of it. Who has confirmed: maillage erase --status --dir {}")
MAILLAGE_MESSAGE(kEraseWaits, "Attention : l'ancien contenu n'est plus publié, mais il est encore sur ce disque ({}) ; nouvel essai tant que le serveur tourne.",
                 "Mind: the old content is published no more, but still on this disk ({}); it is tried again while the server runs.")
MAILLAGE_MESSAGE(kEraseNever, "Rien n'a jamais été effacé partout.", "Nothing was ever erased everywhere.")
MAILLAGE_MESSAGE(kEraseSince, "« {} » : effacé partout depuis le {}", "“{}”: erased everywhere since {}")
MAILLAGE_MESSAGE(kEraseHereDone, "  ici : effacé du disque", "  here: erased from the disk")
MAILLAGE_MESSAGE(kEraseHereWaits, "  ici : encore sur le disque", "  here: still on the disk")
MAILLAGE_MESSAGE(kEraseConfirmed, "  confirmé : {}, le {}", "  confirmed: {}, on {}")
MAILLAGE_MESSAGE(kEraseLetGo, "  n'en garde plus rien : {}, depuis le {}", "  keeps nothing of it any more: {}, since {}")
MAILLAGE_MESSAGE(kEraseUnconfirmed, "  pas encore confirmé : {}, dernières nouvelles le {}", "  not confirmed yet: {}, last heard of on {}")
MAILLAGE_MESSAGE(kEraseNobody, "  aucun partenaire n'a encore donné de nouvelles", "  no partner has sent word yet")
MAILLAGE_MESSAGE(kUnsealed, "rouvert : {}", "opened: {}")
MAILLAGE_MESSAGE(kUnsealNothing, "aucun fichier scellé n'a été rouvert", "no sealed file was opened")
MAILLAGE_MESSAGE(kUnsealedNext, "Pour republier : git clone DÉPÔT DOSSIER, puis maillage publish --root DOSSIER …", "To publish it again: git clone REPOSITORY FOLDER, then maillage publish --root FOLDER …")
MAILLAGE_MESSAGE(kPublishedFor, "pour « {} » ({}) ; pour un autre lieu tenu ici, ajoutez --place", "for “{}” ({}); for another place kept here, add --place")
MAILLAGE_MESSAGE(kPlaceSheet,
                 "Voici la feuille de secours de « {} ». Elle n'est montrée qu'une fois et n'est gardée nulle part : imprimez-la ou recopiez-la,\n"
                 "et donnez-la à ses gens. Avec elle, ils peuvent emmener le lieu ailleurs sans vous.",
                 "This is the recovery sheet of “{}”. It is shown once and kept nowhere: print it or copy it by hand,\n"
                 "and give it to its people. With it they can take the place elsewhere without you.")
MAILLAGE_MESSAGE(kPlaceSheetVoid, "Le lieu n'a pas été créé : la feuille ci-dessus n'est celle de personne, jetez-la.",
                 "The place was not made: the sheet above is nobody's, throw it away.")
MAILLAGE_MESSAGE(kTypeSheets, "Tapez les feuilles de secours, une par ligne, puis Ctrl-D :", "Type the recovery sheets, one a line, then Ctrl-D:")
MAILLAGE_MESSAGE(kKeyTypeBoth, "D'abord la feuille de maintenant, puis, sur une autre ligne, la nouvelle.", "First the sheet of now, then, on another line, the new one.")
MAILLAGE_MESSAGE(kKeyRenewed,
                 "Lieux qui ont une nouvelle clé : {}. L'ancienne ne publie plus rien chez qui l'a appris.",
                 "Places that have a new key: {}. The old one publishes nothing more with whoever has learnt it.")
MAILLAGE_MESSAGE(kKeySuperseded, "Ce que l'ancienne clé a signé ailleurs ne compte plus : ce qui est publié d'ici prend sa place partout.",
                 "What the old key signed elsewhere counts no more: what is published from here takes its place everywhere.")
MAILLAGE_MESSAGE(kKeyNewSheet, "La feuille de secours est maintenant la nouvelle ; l'ancienne ne peut plus rien, détruisez-la.",
                 "The recovery sheet is now the new one; the old one can do nothing any more, destroy it.")
MAILLAGE_MESSAGE(kKeyNotTold, "Les partenaires l'apprendront quand le serveur tournera : maillage serve --dir {}",
                 "The partners will learn it once the daemon runs: maillage serve --dir {}")
MAILLAGE_MESSAGE(kTrusteeCode,
                 "À donner à qui vous nomme garant ; ce n'est pas un secret :\n\n  {}\n\n"
                 "Si ce lieu perd sa feuille de secours, il vous enverra un fichier : maillage key vouch.",
                 "To give to whoever names you a trustee; it is no secret:\n\n  {}\n\n"
                 "Should that place lose its recovery sheet, it will send you a file: maillage key vouch.")
MAILLAGE_MESSAGE(kTrusteeBadCode, "ce n'est pas un code de garant (MAILLAGE-TRUSTEE-…), ou il est mal recopié : {}", "not a trustee's code (MAILLAGE-TRUSTEE-…), or miscopied: {}")
MAILLAGE_MESSAGE(kTrusteeOneOf, "--show, --none, ou --needed K et les codes des garants", "--show, --none, or --needed K and the trustees' codes")
MAILLAGE_MESSAGE(kTrusteesNamed, "Lieux : {}. {} de leurs {} garants, ensemble, peuvent désormais les rendre si la feuille de secours est perdue.",
                 "Places: {}. {} of their {} trustees together can now give them back if the recovery sheet is lost.")
MAILLAGE_MESSAGE(kTrusteesNone, "Lieux : {}. Ils n'ont plus de garant : la feuille de secours est seule.", "Places: {}. They have no trustee any more: the recovery sheet is alone.")
MAILLAGE_MESSAGE(kVouchRequested,
                 "La demande pour {} lieux est dans {}. Envoyez-la aux garants et lisez-leur ce nombre au téléphone :\n\n  {}\n\n"
                 "Quand assez l'auront signée (maillage key vouch) : maillage key recover --vouched, ou maillage recover --vouched sur une machine neuve.",
                 "The request for {} places is in {}. Send it to the trustees and read them this number on the phone:\n\n  {}\n\n"
                 "Once enough have signed it (maillage key vouch): maillage key recover --vouched, or maillage recover --vouched on a new machine.")
MAILLAGE_MESSAGE(kVouchAsked, "Qui demande tient une feuille de secours neuve pour les lieux ci-dessous. Son nombre :\n\n  {}\n",
                 "Whoever asks has a new recovery sheet for the places below. Its number:\n\n  {}\n")
MAILLAGE_MESSAGE(kVouchNeedsYes, "rien n'est signé : faites-vous lire ce nombre par les gens du lieu, de vive voix ; s'il est le même, --yes",
                 "nothing is signed: have the people of the place read that number to you, by voice; if it is the same, --yes")
MAILLAGE_MESSAGE(kVouchedTooFew, "trop peu de garants ont signé ; maillage key vouch, chez eux, dit combien il en faut", "too few trustees have signed; maillage key vouch, at theirs, says how many are needed")
MAILLAGE_MESSAGE(kVouched, "Signé. Renvoyez {} à qui demande.", "Signed. Send {} back to whoever asks.")
MAILLAGE_MESSAGE(kKeySheet,
                 "Voici une feuille de secours neuve. Elle n'est encore à personne, n'est montrée qu'une fois et n'est gardée nulle part : imprimez-la ou recopiez-la.\n\n  {}\n\n"
                 "Ensuite : maillage key rotate --new-sheet, qui lit la feuille de maintenant, puis celle-ci.",
                 "This is a new recovery sheet. It is nobody's yet, is shown once and kept nowhere: print it or copy it by hand.\n\n  {}\n\n"
                 "Next: maillage key rotate --new-sheet, which reads the sheet of now, then this one.")
MAILLAGE_MESSAGE(kPlaceOwn, "(ce serveur)", "(this server)")
MAILLAGE_MESSAGE(kPlaceMovedAway, "(tenu ailleurs depuis)", "(kept elsewhere since)")
MAILLAGE_MESSAGE(kPlaceHandedOver, "(confié à un autre serveur, qui ne l'a pas encore accueilli)", "(handed to another daemon, which has not adopted it yet)")
MAILLAGE_MESSAGE(kPlaceLost, "(publié ici après l'export, et perdu : {})", "(published here after the export, and lost: {})")
MAILLAGE_MESSAGE(kPlaceKept,
                 "« {} » reste ici, et s'y publie de nouveau. Effacez le fichier remis : s'il était accueilli malgré tout, ce qui est publié ici d'ici là serait perdu.",
                 "“{}” stays here, and is published from here again. Delete the file that was handed over: were it adopted all the same, what is published here until then would be lost.")
MAILLAGE_MESSAGE(kPlaceExported,
                 "« {} » est dans {} : remettez ce fichier à qui l'accueillera. D'ici là, rien n'y est publié ; pour le garder : maillage place keep --dir {} --place {}",
                 "“{}” is in {}: give this file to whoever will host it. Until then nothing is published in it; to keep it: maillage place keep --dir {} --place {}")
MAILLAGE_MESSAGE(kPlaceCopied,
                 "« {} » est dans {}, sans successeur nommé : ce serveur le publie toujours, et qui l'adopte doit avoir une feuille de secours du lieu.\n"
                 "Pour le confier à un serveur précis, donnez son code : --to CODE (maillage place code, chez lui)",
                 "“{}” is in {}, with no successor named: this daemon still publishes it, and whoever adopts it must have a recovery sheet of the place.\n"
                 "To hand it to one daemon, give its code: --to CODE (maillage place code, over there)")
MAILLAGE_MESSAGE(kPlaceOtherRoots, "D'autres racines que la vôtre y restent : {}. Qui en a la feuille de secours peut emmener le lieu ailleurs.",
                 "Roots besides yours stay in it: {}. Whoever has their recovery sheet can take the place elsewhere.")
MAILLAGE_MESSAGE(kPlaceNone, "aucun lieu tenu ici ne répond à « {} »", "no place kept here answers to “{}”")
MAILLAGE_MESSAGE(kPlaceAdopted, "« {} » est désormais publié d'ici", "“{}” is published from here now")
MAILLAGE_MESSAGE(kInboxItem, "{}  {}  {}\n  pour « {} », de {} : {}", "{}  {}  {}\n  for “{}”, from {}: {}")
MAILLAGE_MESSAGE(kInboxItemWas, "{}  {}  {}\n  pour « {} »", "{}  {}  {}\n  for “{}”")
MAILLAGE_MESSAGE(kInboxItemWithdraws, "  retirerait : {}", "  would withdraw: {}")
MAILLAGE_MESSAGE(kInboxUnknownField, "{} (champ inconnu)", "{} (unknown field)")
MAILLAGE_MESSAGE(kInboxChangedSince, "    le lieu a changé ce fichier depuis : l'approuver serait refusé", "    the place has changed this file since: approving would be refused")
MAILLAGE_MESSAGE(kInboxConflict, "Pour que la personne reprenne sa contribution :\n  maillage inbox ask --dir {} {} \"{}\"",
                 "For the contributor to take it up again:\n  maillage inbox ask --dir {} {} \"{}\"")
MAILLAGE_MESSAGE(kPushConflictAnswer,
                 "Le lieu a publié entre-temps une autre version de : {}. Faites git pull --rebase origin main, puis git push origin HEAD:refs/for/main",
                 "The place has published another version meanwhile of: {}. Run git pull --rebase origin main, then git push origin HEAD:refs/for/main")
MAILLAGE_MESSAGE(kInboxLook, "Pour regarder ce qui n'est pas montré ici : maillage inbox show --dir {} {} --out DOSSIER",
                 "To look at what is not shown here: maillage inbox show --dir {} {} --out FOLDER")
MAILLAGE_MESSAGE(kInboxWritten, "Ses fichiers sont dans {} ({} en tout)", "Its files are in {} ({} in all)")
MAILLAGE_MESSAGE(kInboxNewer, "  la même personne a renvoyé ces fichiers depuis ; lisez plutôt : {}", "  the same person has sent these files again since; read this one instead: {}")
MAILLAGE_MESSAGE(kInboxEmpty, "Aucune contribution n'attend.", "No contribution is waiting.")
MAILLAGE_MESSAGE(kInboxNext, "Pour la lire : maillage inbox show --dir {} NUMÉRO ; pour répondre : approve, refuse ou ask, de même",
                 "To read one: maillage inbox show --dir {} NUMBER; to answer: approve, refuse or ask, likewise")
MAILLAGE_MESSAGE(kInboxFrom, "Contribution de {} pour « {} », reçue le {} ({}). Ce nom deviendrait public.",
                 "Contribution by {} for “{}”, received on {} ({}). That name would become public.")
MAILLAGE_MESSAGE(kInboxWas, "Contribution pour « {} », reçue le {} ({}).", "Contribution for “{}”, received on {} ({}).")
MAILLAGE_MESSAGE(kInboxEmail, "Son adresse, qui reste ici : {}", "The address, which stays here: {}")
MAILLAGE_MESSAGE(kInboxKeep,
                 "Elle demande à garder ses propres versions. Pour chacune, ceci deviendrait public, et serait copié partout : nom, adresse e-mail, date, message.",
                 "It asks to keep its author's own commits. Of each, this would become public and be copied everywhere: name, e-mail address, date, message.")
MAILLAGE_MESSAGE(kInboxVersion, "  {} <{}>, {}", "  {} <{}>, {}")
MAILLAGE_MESSAGE(kInboxVersionBy, "  {} <{}>, enregistrée par {} <{}>, {}", "  {} <{}>, committed by {} <{}>, {}")
MAILLAGE_MESSAGE(kInboxReserved, "À vérifier de près, cela change qui tient le lieu ou à qui il est relié : {}",
                 "Check closely, this changes who keeps the place or what it is linked to: {}")
MAILLAGE_MESSAGE(kInboxAnswer, "Déjà répondu : {}", "Answered already: {}")
MAILLAGE_MESSAGE(kInboxAdded, "nouveau : {}", "new: {}")
MAILLAGE_MESSAGE(kInboxChanged, "modifié : {}", "changed: {}")
MAILLAGE_MESSAGE(kInboxWithdrawn, "retiré : {}", "withdrawn: {}")
MAILLAGE_MESSAGE(kInboxField, "  {}\n      avant : {}\n      après : {}", "  {}\n      before: {}\n      after: {}")
MAILLAGE_MESSAGE(kInboxNothing, "(rien)", "(nothing)")
MAILLAGE_MESSAGE(kInboxBefore, "    avant :", "    before:")
MAILLAGE_MESSAGE(kInboxAfter, "    après :", "    after:")
MAILLAGE_MESSAGE(kInboxCut, "    (coupé : trop long pour être montré en entier)", "    (cut: too long to be shown in full)")
MAILLAGE_MESSAGE(kInboxCuts, "Pas montré en entier, car trop long : {}", "Not shown in full, being too long: {}")
MAILLAGE_MESSAGE(kInboxBytes, "    {} octets en tout", "    {} bytes in all")
MAILLAGE_MESSAGE(kInboxApproved, "publié, au nom de {} : {}", "published, under the name of {}: {}")
MAILLAGE_MESSAGE(kInboxWithdrew, "retiré, au nom de {} : {}", "withdrawn, under the name of {}: {}")
MAILLAGE_MESSAGE(kInboxAlready, "rien à publier : ce que {} propose l'est déjà ; la contribution a sa réponse",
                 "nothing to publish: what {} proposes is published already; the contribution has its answer")
MAILLAGE_MESSAGE(kInboxSuperseded, "fermée aussi, car c'en est une version plus ancienne : {}", "closed too, as an earlier version of it: {}")
MAILLAGE_MESSAGE(kInboxUnanswered, "C'est publié. La réponse n'a pas pu être enregistrée, et le sera plus tard : {}",
                 "It is published. The answer could not be written, and will be later: {}")
MAILLAGE_MESSAGE(kInboxRefused, "contribution de {} refusée : la raison se lit à l'adresse qui lui a été donnée, le contenu est effacé",
                 "contribution by {} refused: the reason can be read at the address given then, the content is erased")
MAILLAGE_MESSAGE(kInboxAsked, "question posée à {} : elle se lit à l'adresse qui lui a été donnée, et la contribution attend encore",
                 "question put to {}: it can be read at the address given then, and the contribution still waits")
MAILLAGE_MESSAGE(kDryRun, "essai : rien n'a été écrit", "dry run: nothing was written")
MAILLAGE_MESSAGE(kQueryNeedsOne, "query veut --dir ou --url, l'un des deux", "query wants --dir or --url, one of them")
MAILLAGE_MESSAGE(kWrongUsage, "commande incorrecte : {}. Voyez maillage --help", "wrong usage: {}. See maillage --help")
MAILLAGE_MESSAGE(kOptionMissing, "il manque {} ; voyez maillage --help", "{} is missing; see maillage --help")
MAILLAGE_MESSAGE(kVerbMissing, "il manque un verbe, par exemple status ; voyez maillage --help", "a verb is missing, such as status; see maillage --help")
MAILLAGE_MESSAGE(kVerbUnknown, "maillage n'a pas de verbe « {} »{} ; voyez maillage --help", "maillage has no verb “{}”{}; see maillage --help")
MAILLAGE_MESSAGE(kOptionUnknown, "option inconnue : {}{} ; voyez maillage --help", "unknown option: {}{}; see maillage --help")
MAILLAGE_MESSAGE(kArgumentUnexpected, "maillage ne connaît pas ici : {} ; voyez maillage --help", "maillage does not know this here: {}; see maillage --help")
MAILLAGE_MESSAGE(kOptionWrong, "l'option {} a une valeur incorrecte, ou il lui manque la sienne ou une autre option ; voyez maillage --help",
                 "the option {} has a wrong value, lacks its value or another option; see maillage --help")
// -- partners
MAILLAGE_MESSAGE(kInvitation, "Envoyez ce lien à un lieu, à lui seul : qui l'a devient partenaire de « {} ».\n\n  {}\n\nValable jusqu'au {}, pour {} lieu(x). Pour la reprendre : maillage partners --revoke {} --dir {}",
                 "Send this link to a place, and to nobody else: whoever has it becomes a partner of “{}”.\n\n  {}\n\nValid until {}, for {} place(s). To take it back: maillage partners --revoke {} --dir {}")
MAILLAGE_MESSAGE(kInviteNeedsUrl, "L'adresse à laquelle les autres trouvent ce serveur n'est pas connue : écrivez public_url dans config.toml, ou donnez --url https://…",
                 "How others reach this server is not known: write public_url into config.toml, or give --url https://…")
MAILLAGE_MESSAGE(kJoined, "Vous êtes partenaires : « {} » vous a acceptés.", "You are partners: “{}” accepted you.")
MAILLAGE_MESSAGE(kJoinWaits, "L'invitation de {} est notée ; dès que les deux serveurs se parlent, vous êtes partenaires (maillage partners --dir {}).",
                 "The invitation of {} is noted; as soon as both servers talk, you are partners (maillage partners --dir {}).")
MAILLAGE_MESSAGE(kJoinRefused, "« {} » n'a pas accepté : {}", "“{}” did not accept: {}")
MAILLAGE_MESSAGE(kJoinTrouble, "L'invitation est notée, mais l'autre serveur n'a pas pu répondre : {}\nLe vôtre réessaie de lui-même (maillage partners --dir {}).",
                 "The invitation is noted, but the other server could not answer: {}\nYours tries again by itself (maillage partners --dir {}).")
MAILLAGE_MESSAGE(kPartnerTrouble, "  la dernière fois : {}", "  the last time: {}")
MAILLAGE_MESSAGE(kPartnerAccepted, "{} — accepté le {}", "{} — accepted on {}")
MAILLAGE_MESSAGE(kPartnerJoined, "{} — nous a acceptés ({})", "{} — accepted us ({})")
MAILLAGE_MESSAGE(kPartnerWaiting, "{} — n'a pas encore répondu ({})", "{} — has not answered yet ({})")
MAILLAGE_MESSAGE(kPartnerRefused, "{} — a refusé : {}", "{} — refused: {}")
MAILLAGE_MESSAGE(kInvitationOpen, "Invitation {} : jusqu'au {}, encore {} lieu(x) {}", "Invitation {}: until {}, {} place(s) left {}")
MAILLAGE_MESSAGE(kPartnersNone, "Aucun partenaire accepté ni rejoint ; pour en inviter un : maillage invite --dir {}",
                 "No partner accepted or joined; to invite one: maillage invite --dir {}")
MAILLAGE_MESSAGE(kInvitationRevoked, "L'invitation {} ne vaut plus.", "The invitation {} holds no more.")
MAILLAGE_MESSAGE(kPartnerParted, "« {} » n'est plus partenaire.", "“{}” is no partner any more.")
MAILLAGE_MESSAGE(kPlaceBlocked, "« {} » est bloqué : rien de ce lieu n'est plus pris, montré ni transmis d'ici, et ce qui y était est ôté.\nPour revenir dessus : maillage unblock {} --dir {}",
                 "“{}” is blocked: nothing of this place is taken in, shown or passed on from here any more, and what was here is removed.\nTo undo it: maillage unblock {} --dir {}")
MAILLAGE_MESSAGE(kUnblockedPartner, "Il était partenaire : il l'est de nouveau.", "It was a partner: it is one again.")
MAILLAGE_MESSAGE(kUnblockedLetIn, "Il avait été admis : il l'est de nouveau.", "It had been let in: it is again.")
MAILLAGE_MESSAGE(kUnblockedWaits, "Ce serveur ne prend que les lieux admis ; pour celui-ci : maillage admit {} --dir {}",
                 "This server takes only places that were let in; for this one: maillage admit {} --dir {}")
MAILLAGE_MESSAGE(kPlaceUnblocked, "« {} » n'est plus bloqué ; ce lieu revient quand un partenaire en parle.", "“{}” is blocked no more; this place comes back when a partner speaks of it.")
MAILLAGE_MESSAGE(kPlaceAdmitted, "« {} » est admis : ce lieu est pris de quiconque l'apporte.", "“{}” is let in: this place is taken from whoever brings it.")
MAILLAGE_MESSAGE(kPartnerLetIn, "{} — admis le {}", "{} — let in on {}")
MAILLAGE_MESSAGE(kPartnerBlocked, "{} — bloqué le {}{}", "{} — blocked on {}{}")
MAILLAGE_MESSAGE(kBlockedPartner, " ; débloqué, il est de nouveau partenaire", "; once unblocked, it is a partner again")
MAILLAGE_MESSAGE(kBlockedLetIn, " ; débloqué, il est de nouveau admis", "; once unblocked, it is let in again")
MAILLAGE_MESSAGE(kPlaceWaits,
                 "{} — en attente depuis le {}, présenté par {} ; ce qu'il publie est signé du {}\n"
                 "  l'admettre : maillage admit {} --dir {}\n  ne rien en vouloir : maillage block {} --dir {}",
                 "{} — waiting since {}, introduced by {}; what it publishes was signed on {}\n"
                 "  to let it in: maillage admit {} --dir {}\n  to want nothing of it: maillage block {} --dir {}")
MAILLAGE_MESSAGE(kIntroducedByItself, "lui-même", "itself")
MAILLAGE_MESSAGE(kPlacesWait, "Lieux en attente, que personne d'ici n'a admis ({}) : maillage partners --dir {}",
                 "Places that wait, whom nobody here let in ({}): maillage partners --dir {}")
MAILLAGE_MESSAGE(kJoinPageTitle, "Une invitation à devenir partenaires", "An invitation to become partners")
MAILLAGE_MESSAGE(kJoinPageText, "Cette adresse est l'invitation d'un lieu qui fait tourner Maillage. Pour l'accepter, copiez l'adresse entière de cette page, et sur votre serveur :",
                 "This address is the invitation of a place that runs Maillage. To take it, copy the whole address of this page, and on your server:")
// -- status and peers
MAILLAGE_MESSAGE(kStatusPlace, "{} ({})", "{} ({})")
MAILLAGE_MESSAGE(kStatusNoProfile, "{} : ce lieu n'a plus de fiche, personne ne le trouve ; publiez profile.json pour qu'il en ait une", "{}: this place has no profile any more, nobody finds it; publish profile.json to give it one")
MAILLAGE_MESSAGE(kStatusPublished, "  dernière publication : {}", "  last published: {}")
MAILLAGE_MESSAGE(kStatusReceived, "  reçue par : {}", "  received by: {}")
MAILLAGE_MESSAGE(kStatusReceivedByNobody, "  personne n'a encore confirmé l'avoir reçue", "  nobody has confirmed receiving it yet")
MAILLAGE_MESSAGE(kStatusBehind, "  en retard : {}, dernières nouvelles le {}", "  behind: {}, last heard of on {}")
MAILLAGE_MESSAGE(kStatusTwoCharters,
                 "À faire : « {} » a deux chartes d'un même rang, signées par sa feuille de secours : une partie du réseau suit l'une, une partie l'autre. Si c'est\n"
                 "votre lieu, signez-en une de plus (maillage key rotate), tout le monde s'y retrouve ; sinon, prévenez ses gens : quelqu'un a peut-être leur feuille.",
                 "To do: “{}” has two charters of one rank, signed by its recovery sheet: some of the network follow one, some the other. If it is\n"
                 "your place, sign one more (maillage key rotate), and all come together; if not, tell its people: somebody may have their sheet.")
MAILLAGE_MESSAGE(kStatusForked, "  publié deux fois différemment sous la même identité : la suite le répare, rien n'est perdu",
                 "  published twice, differently, under the same identity: what follows mends it, nothing is lost")
MAILLAGE_MESSAGE(kStatusForkedElsewhere,
                 "« {} » a publié deux fois différemment sous la même identité ; son serveur le répare de lui-même, rien n'est perdu. Si cela dure, prévenez ses gens.",
                 "“{}” published twice, differently, under the same identity; its server mends that by itself, nothing is lost. If it lasts, tell its people.")
MAILLAGE_MESSAGE(kItemForked, "publié deux fois différemment par ce lieu : ceci peut encore changer", "published twice, differently, by this place: this may still change")
MAILLAGE_MESSAGE(kItemTwoCharters, "ce lieu a deux chartes d'un même rang : vérifiez auprès de lui", "this place has two charters of one rank: check with its people")
MAILLAGE_MESSAGE(kStatusKeptBack, "  sera annoncé aux partenaires dès que l'un d'eux aura dit ce qu'il sait de ce lieu",
                 "  will be told to the partners as soon as one of them has said what it knows of this place")
MAILLAGE_MESSAGE(kStatusMovedAway, "  un autre serveur tient ce lieu, sous une nouvelle clé : ce dossier ne publie plus rien pour lui",
                 "  another server keeps this place, under a new key: this folder publishes nothing for it any more")
MAILLAGE_MESSAGE(kStatusTwoDaemons,
                 "À faire : « {} » est publié aussi par un autre serveur, sous la même identité (là-bas : {}). Arrêtez l'un des deux, puis dites ce qui compte :\n"
                 "  ce qui est publié d'ici : maillage settle --keep --place {} --dir {}\n"
                 "  ce qui est publié là-bas : maillage settle --take --place {} --dir {}\n"
                 "Si vous n'avez pas d'autre serveur, quelqu'un a votre clé : maillage key recover en donne une autre au lieu, avec la feuille de secours.",
                 "To do: “{}” is published by another server too, under the same identity (there: {}). Stop one of the two, then say what counts:\n"
                 "  what is published from here: maillage settle --keep --place {} --dir {}\n"
                 "  what is published there: maillage settle --take --place {} --dir {}\n"
                 "If you have no other server, somebody has your key: maillage key recover gives the place another, with the recovery sheet.")
MAILLAGE_MESSAGE(kStatusHistoryReplaced,
                 "À faire : l'historique de « {} » a été remplacé ailleurs, avec votre clé (le {}). Rien d'ici n'a été perdu. Dites ce qui compte :\n"
                 "  je n'ai rien effacé, garder ce qui est ici : maillage settle --keep --place {} --dir {}\n"
                 "  j'ai effacé cela depuis un autre serveur : maillage settle --take --place {} --dir {}\n"
                 "Si ce n'est pas vous, quelqu'un a votre clé : maillage key recover en donne une autre au lieu, avec la feuille de secours.",
                 "To do: the history of “{}” was replaced elsewhere, with your key (on {}). Nothing here was lost. Say what counts:\n"
                 "  I erased nothing, keep what is here: maillage settle --keep --place {} --dir {}\n"
                 "  I erased that from another server: maillage settle --take --place {} --dir {}\n"
                 "If it was not you, somebody has your key: maillage key recover gives the place another, with the recovery sheet.")
MAILLAGE_MESSAGE(kStatusExhausted,
                 "À faire : quelqu'un a usé les compteurs de « {} » avec votre clé (le {}). Avec la feuille de secours, le lieu repart sous une nouvelle clé :\n"
                 "  maillage key recover",
                 "To do: somebody used up the counters of “{}” with your key (on {}). With the recovery sheet the place goes on under a new key:\n"
                 "  maillage key recover")
MAILLAGE_MESSAGE(kSettleKept, "« {} » : ce qui est publié d'ici compte, et va être annoncé", "“{}”: what is published from here counts, and is being told")
MAILLAGE_MESSAGE(kSettleTaken, "« {} » : ce qui est publié ailleurs compte, et remplace ce qui était ici", "“{}”: what is published elsewhere counts, and replaces what was here")
MAILLAGE_MESSAGE(kStatusProblem, "  publié, mais cette version ne sait pas l'afficher : {} : {}",
                 "  published, but this version cannot show it: {}: {}")
MAILLAGE_MESSAGE(kStatusCounts,
                 "Dans le registre, ici — lieux : {} · réseaux : {} · événements : {} · ressources : {} · besoins : {} · offres : {}",
                 "In the registry, here — places: {} · networks: {} · events: {} · resources: {} · needs: {} · offers: {}")
MAILLAGE_MESSAGE(kStatusScope, "Suivi ici : {} · lieux connus : {}, dont gardés ici : {}", "Followed here: {} · places known: {}, of which kept here: {}")
MAILLAGE_MESSAGE(kStatusScopePartners,
                 "Des partenaires que ce serveur appelle ({}), {} suivent tout ce qui est suivi ici : ajoutez-en qui le suivent, ou des lieux manqueront",
                 "Of the partners that this server calls ({}), {} follow all that is followed here: add some that do, or places will be missing")
MAILLAGE_MESSAGE(kStatusHolders,
                 "Des lieux suivis ici manquent ; un partenaire dit que ceux-ci les gardent : {}. Demandez-leur une invitation, ou ajoutez leur adresse à celles que ce serveur appelle",
                 "Places that are followed here are missing; a partner says that these keep them: {}. Ask them for an invitation, or add their addresses to those that this server calls")
MAILLAGE_MESSAGE(kStatusSheet, "À faire : confirmer que vous avez la feuille de secours : maillage sheet --confirm --dir {}",
                 "To do: confirm that you have the recovery sheet: maillage sheet --confirm --dir {}")
MAILLAGE_MESSAGE(kStatusHosted, "Lieux tenus ici pour d'autres : {} · partis ailleurs : {}", "Places kept here for others: {} · moved elsewhere: {}")
MAILLAGE_MESSAGE(kStatusNotRunning, "Le serveur ne tourne pas : rien n'est reçu, rien n'est montré. Pour le lancer : maillage serve --dir {}",
                 "The daemon is not running: nothing is received, nothing is shown. To start it: maillage serve --dir {}")
MAILLAGE_MESSAGE(kStatusEndpoint,
                 "À faire : dire aux autres serveurs où joindre le vôtre. Dans profile.json : \"endpoints\": [\"{}\"]\n  puis : maillage publish --dir {} profile.json",
                 "To do: tell other daemons where to reach yours. In profile.json: \"endpoints\": [\"{}\"]\n  then: maillage publish --dir {} profile.json")
MAILLAGE_MESSAGE(kStatusInbox, "À faire : répondre aux contributions qui attendent ({}) : maillage inbox list --dir {}",
                 "To do: answer the contributions that wait ({}): maillage inbox list --dir {}")
MAILLAGE_MESSAGE(kStatusConfigRefused,
                 "À faire : corriger config.toml. Relu le {}, il a été refusé : {}\n"
                 "  Les réglages d'avant restent en vigueur. Une fois corrigé : systemctl reload maillage (ou kill -HUP)",
                 "To do: mend config.toml. Read again on {}, it was refused: {}\n"
                 "  The earlier settings stay in force. Once it is mended: systemctl reload maillage (or kill -HUP)")
MAILLAGE_MESSAGE(kStatusConfigWrong, "À faire : corriger config.toml, ou le serveur ne démarrera pas : {}", "To do: mend config.toml, or the daemon will not start: {}")
MAILLAGE_MESSAGE(kStatusConfigRemark, "À revoir dans config.toml : {}", "To look at in config.toml: {}")
MAILLAGE_MESSAGE(kStatusRefusedBy, "« {} » ne veut rien de ce lieu : ses gens l'ont bloqué (dit le {})", "“{}” wants nothing of this place: its people blocked it (said on {})")
MAILLAGE_MESSAGE(kStatusOtherKeys,
                 "À faire : « {} » connaît ce lieu sous d'autres clés et n'en prend plus rien (dit le {}) : deux copies du lieu ont chacune changé de clé.\n"
                 "  Si celle-ci est la bonne : maillage key rotate --dir {}. Sinon arrêtez-la",
                 "To do: “{}” knows this place under other keys and takes nothing of it any more (said on {}): two copies of the place each changed its key.\n"
                 "  If this is the right one: maillage key rotate --dir {}. Otherwise stop it")
MAILLAGE_MESSAGE(kStatusTwoMachines,
                 "À faire : « {} » parle déjà à une autre machine qui a les clés de ce lieu (dit le {}) : une copie oubliée, ou un vol. N'en laissez tourner\n"
                 "  qu'une ; si l'autre n'est pas à vous : maillage key recover --dir {}",
                 "To do: “{}” talks already to another machine that has the keys of this place (said on {}): a forgotten copy, or a theft. Let only one run;\n"
                 "  if the other is not yours: maillage key recover --dir {}")
MAILLAGE_MESSAGE(kStatusNextAttempt, " ; prochain essai le {}", "; next attempt on {}")
MAILLAGE_MESSAGE(kStatusNotCalled, " ; ce serveur n'a pas à l'appeler", "; this server has no reason to call it")
MAILLAGE_MESSAGE(kStatusUntaken,
                 "« {} » est connecté, et n'a pas confirmé avoir pris ce lieu : ses gens ne l'ont peut-être pas encore admis (chez eux : maillage admit {})",
                 "“{}” is connected, and has not confirmed that it took this place: its people may not have let it in yet (over there: maillage admit {})")
MAILLAGE_MESSAGE(kStatusMore, "… et {} de plus tenus ici pour d'autres : maillage place list --dir {}", "… and {} more kept here for others: maillage place list --dir {}")
MAILLAGE_MESSAGE(kStatusFine, "Tout va bien.", "All is well.")
MAILLAGE_MESSAGE(kPeersNone, "Aucun partenaire n'est connecté.", "No partner is connected.")
MAILLAGE_MESSAGE(kPeersConnected, "{} — connecté, à jour", "{} — connected, up to date")
MAILLAGE_MESSAGE(kPeersCatchingUp, "{} — connecté, comparaison en cours", "{} — connected, comparing")
MAILLAGE_MESSAGE(kPeersWaiting, "{} — connecté, attend d'être admis ici (maillage partners)", "{} — connected, waits to be let in here (maillage partners)")
MAILLAGE_MESSAGE(kPeersAddressRefuses, "{} : ne veut rien de ce lieu", "{}: wants nothing of this place")
MAILLAGE_MESSAGE(kPeersAddress, "{} : joignable", "{}: reachable")
MAILLAGE_MESSAGE(kPeersAddressFailing, "{} : ne répond pas (essais : {})", "{}: does not answer (attempts: {})")
MAILLAGE_MESSAGE(kPeersClock, "  son horloge et la nôtre diffèrent de {} s", "  its clock and ours differ by {} s")
