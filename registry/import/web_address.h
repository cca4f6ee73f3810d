// Web addresses as people type them into a list: without http://, with a label behind, cut short, or none at all. What is
// certain is mended, and what is not is no address: nobody's visitors are sent to a guess. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/import/note.h"

namespace maillage::registry {

struct WebAddress {
  std::string url;               // passes the format `url`; empty when the text is no address
  std::optional<NoteCode> note;  // kSchemeAdded, kUrlMended; or why not: kNotUrl, kUrlCut. Nothing: taken as it is
};

// One cell that may hold several addresses with words around them; at least one element. Blanks separate.
//   "www.atelier.fr" → http://www.atelier.fr, kSchemeAdded       "en cours", "a@b.fr" → kNotUrl
//   "http://lab.org|lab.org]]" → http://lab.org, kUrlMended      "https://lab.org/nous-connaît…" → kUrlCut
std::vector<WebAddress> read_web_addresses(std::string_view text);

// The same for a column of accounts of one site: "@konkarlab" with `prefix` "https://twitter.com/" → kLinkCompleted.
std::vector<WebAddress> read_links(std::string_view text, std::string_view prefix);

}  // namespace maillage::registry
