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
