// What stock git may read of the registry: which refs there are, and which commits may be wanted. registry/GIT.md.
#include <algorithm>

#include "registry/git/fetch.h"
#include "registry/git/head_commit.h"
#include "registry/history.h"
#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;

// One sentence for whatever may not be wanted, so that nobody learns from it what exists here.
constexpr std::string_view kNotOurs = "upload-pack: not our ref";

}  // namespace

Result<PlaceId> Registry::Parts::repository_place(std::string_view repository) const {
  if (auto id = PlaceId::parse(repository)) return *id;
  return index->find_place(repository);
}

Result<Bytes> Registry::advertise(std::string_view repository, UnixTime now) const {
  auto place = parts_->repository_place(repository);
  if (!place) return tl::unexpected(place.error());
  auto head = parts_->held(*place);
  if (!head) return tl::unexpected(head.error());
  auto chain = parts_->chain_of(*place);
  if (!chain) return tl::unexpected(chain.error());
  const ObjectId& commit = head->head.commit;
  parts_->advertised.note(*place, {commit, *head, now});
  return advertise_refs({{"HEAD", commit}, {"refs/heads/main", commit}, {"refs/maillage/head", head_commit(*head, *chain).commit}});
}

// The objects of the heads that a client may still want, above the store, when it wants nothing else; else nothing.
Result<std::optional<LooseObjects>> Registry::Parts::admit_wants(const SignedHead& held_now, const CharterChain& chain,
                                                                 const std::vector<ObjectId>& wants, UnixTime now) const {
  std::set<ObjectId> left(wants.begin(), wants.end());
  LooseObjects loose;
  auto admit = [&](const SignedHead& head) {
    left.erase(head.head.commit);
    HeadCommit shown = head_commit(head, chain);
    if (left.erase(shown.commit) > 0) loose.merge(std::move(shown.objects));
  };
  admit(held_now);
  for (const Advertised::Told& told : advertised.recent(held_now.head.place, now)) {
    if (left.empty()) break;
    if (!told.head || told.head->head.charter >= chain.size()) continue;
    // An erasure since then leaves it outside.
    auto inside = descends_from(*objects, held_now.head.commit, told.commit);
    if (!inside) return tl::unexpected(inside.error());
    if (*inside) admit(*told.head);
  }
  if (!left.empty()) return std::optional<LooseObjects>();
  return std::optional(std::move(loose));
}

Result<std::unique_ptr<Fetch>> Registry::fetch(std::string_view repository, ByteView body, UnixTime now) const {
  auto place = parts_->repository_place(repository);
  if (!place) return tl::unexpected(place.error());
  auto head = parts_->held(*place);
  if (!head) return tl::unexpected(head.error());
  auto request = read_upload_request(body);
  if (!request) return tl::unexpected(request.error());
  auto chain = parts_->chain_of(*place);
  if (!chain) return tl::unexpected(chain.error());
  auto admitted = parts_->admit_wants(*head, *chain, request->wants, now);
  if (!admitted) return tl::unexpected(admitted.error());
  if (!*admitted) return Fetch::refuse(kNotOurs);
  return Fetch::open(std::make_shared<AboveStore>(*parts_->objects, std::move(**admitted)), *request, Compare::kWhole);
}

}  // namespace maillage::registry
