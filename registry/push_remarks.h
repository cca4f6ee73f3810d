// What may be published as it is, and was probably meant otherwise: a misspelt field, a time zone that there is not, a folder of
// a resource without its record. Said to the contributor, never a refusal: a newer vocabulary's fields are kept. GIT.md "A push".
//
// Only what the push itself brings: what the place publishes already was said to somebody else. Any thread.
#pragma once

#include "protocol/problem.h"
#include "registry/object.h"
#include "registry/publish.h"

namespace maillage::registry {

// As many as a person reads under a push; the last one counts the others.
inline constexpr std::size_t kRemarksMax = 10;

// `files` change `before` into `after`, both trees of `objects`.
std::vector<protocol::Problem> remarks_on(const ObjectSource& objects, const ObjectId& before, const ObjectId& after, const FileChanges& files);

}  // namespace maillage::registry
