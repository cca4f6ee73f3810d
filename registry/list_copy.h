// ListCopy: a profile that an import wrote, told from one that people wrote, by what the record itself says.
//
//   source.retrieved   the day of the copy; a place's own word has none
//   source.sha256      of the profile as the import wrote it: one that it does not fit any more was corrected by hand
//
// The digest is over one line of JSON without blanks, the keys of every object in byte order, without what dates a copy
// (`confirmed`, `source.retrieved`) and without itself. So every daemon sees who corrected what, however often the list
// came again. Pure; any thread. protocol/RECORDS.md "Cards".
#pragma once

#include <boost/json/object.hpp>

#include "protocol/bytes.h"
#include "protocol/time.h"

namespace maillage::registry {

// The digest of a record, as hexadecimal text.
std::string copy_digest(const boost::json::object& record);

enum class Touched : std::uint8_t { kNo, kYes, kUnknown };
// Whether a record was changed since it was copied; unknown when it does not carry the digest of its copy.
Touched touched_since_copied(const boost::json::object& record);

// A profile that says no `source.retrieved`: no import wrote it.
bool is_own_word(const boost::json::object& profile);

// A profile of a list (it has a `source`) as it is published over `published`, which may be null: with the day of the copy,
// its own, else that of `published` when nothing else differs, else today; with its digest, unless that would be all that
// changes; and with the later of the two days on which somebody said "still true". So a copy is never taken for its place's
// own word, what was confirmed stays so, and the same row twice is the same record.
boost::json::object copy_over(boost::json::object listed, const boost::json::object* published, protocol::UnixTime now);

}  // namespace maillage::registry
