// What stock git is told before and after it pushes: the place's commit with a nonce, and later the answer. registry/GIT.md.
#include <algorithm>

#include "protocol/record.h"
#include "protocol/utf8.h"
#include "registry/git/answer_commit.h"
#include "registry/git/fetch.h"
#include "registry/git/push_report.h"
#include "registry/git/push_request.h"
#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;

constexpr std::string_view kNotOurs = "upload-pack: not our ref";
constexpr std::string_view kPeerPath = "/peer";

// Where stock git reaches the daemon of that endpoint; nothing for what is none. Rationale for so few characters: somebody else's
// profile becomes part of a command that a contributor copies.
std::optional<std::string> git_origin(std::string_view endpoint) {
  bool plain = std::ranges::all_of(endpoint, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._:/").find(c) != std::string_view::npos;
  });
  auto scheme = endpoint.starts_with("wss://") ? "https" : endpoint.starts_with("ws://") ? "http" : "";
  if (!plain || *scheme == 0) return std::nullopt;
  if (endpoint.ends_with(kPeerPath)) endpoint.remove_suffix(kPeerPath.size());
  return scheme + std::string(endpoint.substr(endpoint.find(':')));
}

// Where the daemon that publishes a place is reached, by that profile.
std::optional<std::string> origin_in(const Registry& registry, const PlaceId& place) {
  auto bytes = registry.file(place, "profile.json");
  auto profile = bytes ? parse_record(*bytes) : tl::unexpected(bytes.error());
  const boost::json::value* endpoints = profile ? profile->if_contains("endpoints") : nullptr;
  if (endpoints == nullptr || !endpoints->is_array()) return std::nullopt;
  for (const boost::json::value& each : endpoints->get_array())
    if (auto origin = each.is_string() ? git_origin(each.get_string()) : std::nullopt) return origin;
  return std::nullopt;
}

// The place that hosts another, as items name it.
std::optional<PlaceId> host_of(const Registry& registry, const PlaceId& place) {
  auto item = registry.place(place.hex());
  const boost::json::value* host = item ? item->if_contains("host") : nullptr;
  const boost::json::value* id = host != nullptr && host->is_object() ? host->get_object().if_contains("id") : nullptr;
  auto found = id != nullptr && id->is_string() ? PlaceId::parse(id->get_string()) : fail(ErrorCode::kNotFound, "");
  return found ? std::optional(*found) : std::nullopt;
}

// What a contributor does about a place that is not published from here: its own word first, then its host's.
Error taken_elsewhere(const Registry& registry, const PlaceId& place) {
  auto origin = origin_in(registry, place);
  auto host = origin ? std::nullopt : host_of(registry, place);
  if (host) origin = origin_in(registry, *host);
  if (origin) return {ErrorCode::kPushElsewhere, "git push " + *origin + "/git/" + place.hex() + " HEAD:refs/for/main"};
  std::string name = registry.known_name(place).name;
  return {ErrorCode::kPushElsewhereUnknown, name.empty() ? place.hex() : shown(name) + " (" + place.hex() + ")"};
}

}  // namespace

Result<PlaceId> Registry::place_for_push(std::string_view repository) const {
  if (repository == kWholeRepository) return fail(ErrorCode::kPushWhole, std::string(repository));
  auto place = parts_->repository_place(repository);
  if (!place) return place;
  auto head = parts_->head_for_push(*place);
  if (head) return place;
  bool elsewhere = head.error().code == ErrorCode::kNotOurs || head.error().code == ErrorCode::kMovedAway;
  if (!elsewhere) return tl::unexpected(head.error());
  if (auto here = parts_->served(*place); !here) return tl::unexpected(here.error());
  return tl::unexpected(taken_elsewhere(*this, *place));
}

Result<void> Registry::answer_for_moved(UnixTime now) {
  if (parts_->own.moved_count() == 0) return {};
  Result<void> first;
  for (const Contribution& each : parts_->inbox->waiting([this](const Contribution& it) { return parts_->own.moved(it.place); })) {
    auto done = parts_->inbox->answer(each.id, ContributionState::kRefused, sentence(taken_elsewhere(*this, each.place), each.language), now);
    if (!done && first) first = std::move(done);
  }
  return first;
}

Result<Bytes> Registry::advertise_push(std::string_view repository, const PushNonces& nonces, UnixTime now) const {
  auto place = place_for_push(repository);
  if (!place) return tl::unexpected(place.error());
  auto head = parts_->held(*place);
  if (!head) return tl::unexpected(head.error());
  return advertise_for_push(head->head.commit, nonces.make(*place, now));
}

// A certificate that we do not read is as good as none: who has git sign every push contributes all the same.
// Rationale for asking who signed before the nonce is spent: strangers' certificates would fill what is remembered of spent ones,
// and maintainers could not push any more.
Result<void> Registry::certify(Push& push, const PushCertificate& certificate, PushNonces& nonces, UnixTime now) const {
  push.other_certificate = !is_ours_to_read(certificate);
  if (push.other_certificate) return {};
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
  ObjectId commit = answer_commit(*contribution, known_name(contribution->place).name, parts_->identity_now().key).commit;
  return advertise_refs({{"HEAD", commit}, {"refs/answers/" + id.hex(), commit}, {"refs/heads/main", commit}});
}

Result<std::unique_ptr<Fetch>> Registry::fetch_answer(std::string_view repository, const ContributionId& id, ByteView body) const {
  auto contribution = parts_->answer_of(repository, id);
  if (!contribution) return tl::unexpected(contribution.error());
  auto request = read_upload_request(body);
  if (!request) return tl::unexpected(request.error());
  HeadCommit answer = answer_commit(*contribution, known_name(contribution->place).name, parts_->identity_now().key);
  for (const ObjectId& want : request->wants)
    if (want != answer.commit) return Fetch::refuse(kNotOurs);
  return Fetch::open(std::make_shared<AboveStore>(*parts_->objects, std::move(answer.objects)), *request, Compare::kWhole);
}

}  // namespace maillage::registry
