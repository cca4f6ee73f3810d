#include "registry/git/answer_commit.h"

#include <algorithm>

#include "protocol/record.h"
#include "registry/commit.h"
#include "registry/draft.h"
#include "registry/time_zone.h"
#include "registry/tree.h"

namespace maillage::registry {
namespace {

ObjectId add(LooseObjects& objects, ObjectKind kind, std::string_view text) {
  Bytes bytes(text.begin(), text.end());
  ObjectId id = object_id(kind, bytes);
  objects.emplace(id, Object{kind, std::move(bytes)});
  return id;
}

}  // namespace

HeadCommit answer_commit(const Contribution& it, std::string_view place_name, const protocol::KeyPair& key) {
  std::string state(name_of(it.state));
  boost::json::object told{{"id", it.id.hex()}, {"state", state}, {"received", format_utc(it.received)}};
  if (it.answered.ms != 0) told["answered"] = format_utc(it.answered);
  if (!it.answer.empty()) told["reason"] = it.answer;
  HeadCommit made;
  ObjectId json = add(made.objects, ObjectKind::kBlob, protocol::to_pretty_json(told));
  ObjectId text = add(made.objects, ObjectKind::kBlob, (it.answer.empty() ? state : it.answer) + "\n");
  Bytes tree = write_tree({{"answer.json", false, json}, {"answer.txt", false, text}});
  ObjectId folder = add(made.objects, ObjectKind::kTree, protocol::as_text(tree));
  std::int64_t ms = it.answered.ms != 0 ? it.answered.ms : it.received.ms;
  CommitPerson place{person_name(place_name), place_email(it.place), std::max<std::int64_t>(0, ms / 1000), 0};
  Commit commit{folder, {}, place, place, {}, state + "\n\nContribution: " + it.id.hex() + "\n"};
  Bytes bytes = write_commit(sign(std::move(commit), key));
  made.commit = add(made.objects, ObjectKind::kCommit, protocol::as_text(bytes));
  return made;
}

}  // namespace maillage::registry
