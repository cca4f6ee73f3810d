// What stock git is told before and after it pushes: the place's commit with a nonce, and later the answer. registry/GIT.md.
#include "registry/git/answer_commit.h"
#include "registry/git/fetch.h"
#include "registry/git/push_report.h"
#include "registry/git/push_request.h"
#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;

constexpr std::string_view kNotOurs = "upload-pack: not our ref";

}  // namespace

Result<PlaceId> Registry::place_for_push(std::string_view repository) const {
  auto place = parts_->repository_place(repository);
  if (!place) return place;
  if (auto head = parts_->head_for_push(*place); !head) return tl::unexpected(head.error());
  return place;
}

Result<Bytes> Registry::advertise_push(std::string_view repository, const PushNonces& nonces, UnixTime now) const {
  auto place = place_for_push(repository);
  if (!place) return tl::unexpected(place.error());
  auto head = parts_->held(*place);
  if (!head) return tl::unexpected(head.error());
  return advertise_for_push(head->head.commit, nonces.make(*place, now));
}

// Rationale for asking who signed before the nonce is spent: strangers' certificates would fill what is remembered of spent ones,
// and maintainers could not push any more.
Result<void> Registry::certify(Push& push, const PushCertificate& certificate, PushNonces& nonces, UnixTime now) const {
  if (auto good = nonces.check(certificate.nonce, push.place, now); !good) return good;
  auto key = signer_of(certificate);
  if (!key) return fail(ErrorCode::kBadSignature, "push certificate");
  push.signer = *key;
  if (!parts_->is_maintainer(push.place, *key)) return {};
  auto spent = nonces.use(certificate.nonce, push.place, sha256(as_bytes(certificate.text)), now);
  if (spent) push.certified = *key;
  return spent;
}

// A wrong place is as unknown as a wrong number.
Result<Contribution> Registry::Parts::answer_of(std::string_view repository, const ContributionId& id) const {
  auto place = repository_place(repository);
  if (!place) return tl::unexpected(place.error());
  auto contribution = inbox->find(id);
  if (contribution && contribution->place != *place) return fail(ErrorCode::kNoContribution, id.hex());
  return contribution;
}

Result<Bytes> Registry::advertise_answer(std::string_view repository, const ContributionId& id) const {
  auto contribution = parts_->answer_of(repository, id);
  if (!contribution) return tl::unexpected(contribution.error());
  ObjectId commit = answer_commit(*contribution, known_name(contribution->place).name, parts_->identity.key).commit;
  return advertise_refs({{"HEAD", commit}, {"refs/answers/" + id.hex(), commit}, {"refs/heads/main", commit}});
}

Result<std::unique_ptr<Fetch>> Registry::fetch_answer(std::string_view repository, const ContributionId& id, ByteView body) const {
  auto contribution = parts_->answer_of(repository, id);
  if (!contribution) return tl::unexpected(contribution.error());
  auto request = read_upload_request(body);
  if (!request) return tl::unexpected(request.error());
  HeadCommit answer = answer_commit(*contribution, known_name(contribution->place).name, parts_->identity.key);
  for (const ObjectId& want : request->wants)
    if (want != answer.commit) return Fetch::refuse(kNotOurs);
  return Fetch::open(std::make_shared<AboveStore>(*parts_->objects, std::move(answer.objects)), *request, Compare::kWhole);
}

}  // namespace maillage::registry
