#include "registry/git/answer_commit.h"

#include <algorithm>
#include <array>

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

// What became of it and what to do next; the reason, where there is one, comes below.
struct Sentences {
  std::string_view french, english;
};
constexpr std::array<Sentences, 6> kSentences{{
    {"Votre contribution attend qu'une personne du lieu la lise.", "Your contribution waits for somebody of the place to read it."},
    {"Le lieu vous pose une question. Corrigez (git commit --amend), puis : git push origin HEAD:refs/for/main",
     "The place has a question. Amend (git commit --amend), then: git push origin HEAD:refs/for/main"},
    {"Votre contribution est publiée, merci. Votre copie la rejoint : git fetch origin && git reset --hard origin/main",
     "Your contribution is published, thank you. Your clone catches up with: git fetch origin && git reset --hard origin/main"},
    {"Votre contribution est refusée.", "Your contribution is refused."},
    {"Personne n'a répondu à temps, et votre contribution est effacée ici. Parlez-en au lieu, puis renvoyez-la.",
     "Nobody answered in time, and your contribution is erased here. Talk to the place, then send it again."},
    {"Un envoi plus récent est publié à la place de celui-ci.", "A later one is published in its place."},
}};

std::string told_as_text(const Contribution& it) {
  const Sentences& both = kSentences[static_cast<std::size_t>(it.state)];
  std::string said(it.language == protocol::Language::kFrench ? both.french : both.english);
  return said + "\n" + (it.answer.empty() ? "" : "\n" + it.answer + "\n");
}

}  // namespace

HeadCommit answer_commit(const Contribution& it, std::string_view place_name, const protocol::KeyPair& key) {
  std::string state(name_of(it.state));
  boost::json::object told{{"id", it.id.hex()}, {"state", state}, {"received", format_utc(it.received)}};
  if (it.answered.ms != 0) told["answered"] = format_utc(it.answered);
  if (!it.answer.empty()) told["reason"] = it.answer;
  HeadCommit made;
  ObjectId json = add(made.objects, ObjectKind::kBlob, protocol::to_pretty_json(told));
  ObjectId text = add(made.objects, ObjectKind::kBlob, told_as_text(it));
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
