// What stock git may read of the registry: which refs there are, and which commits may be wanted. registry/GIT.md.
#include <algorithm>

#include "registry/git/fetch.h"
#include "registry/git/head_commit.h"
#include "registry/registry_parts.h"

namespace maillage::registry {
namespace {

using namespace protocol;

// One sentence for whatever may not be wanted, so that nobody learns from it what exists here.
constexpr std::string_view kNotOurs = "upload-pack: not our ref";

}  // namespace

Result<PlaceId> Registry::Parts::repository_place(std::string_view repository) const {
  if (auto id = PlaceId::parse(repository)) return *id;
  // The one that we publish, of those of a name: its contributors push here, and another hub's copy must not take its clones over.
  std::vector<PlaceId> ours = index->places_with_slug(repository);
  std::erase_if(ours, [&](const PlaceId& place) { return !own.contains(place); });
  if (ours.size() == 1) return ours.front();
  return index->find_place(repository);
}

void Registry::Parts::end_fetches(const std::vector<PlaceId>& places) const {
  for (const PlaceId& place : places) fetches.end(place);
  if (!places.empty()) fetches.end({});
}

Result<WholeChain::Tip> Registry::Parts::whole_tip(UnixTime now) const {
  if (whole_chain->is_due(revision, now)) {
    auto read = [this]() -> Result<WholeChain::Shown> {
      std::uint64_t at_least = revision;
      auto heads = all_served();
      if (!heads) return tl::unexpected(heads.error());
      return WholeChain::Shown{std::move(*heads), at_least};
    };
    Result<bool> anew = false;
    if (auto room = need_room(kReserveBytes); !room) anew = tl::unexpected(room.error());
    else anew = whole_chain->build(revision, read, {identity.place, identity_now().key}, now);
    // An older state of everything is better than none.
    if (!anew && !whole_chain->tip()) return tl::unexpected(anew.error());
    if (anew && *anew) {
      advertised.forget({});
      (void)purge_commons();  // what fails is done by `tend`
    }
  }
  auto tip = whole_chain->tip();
  if (!tip) return fail(ErrorCode::kNotFound, std::string(kWholeRepository));
  return *tip;
}

Result<void> Registry::Parts::purge_commons() const {
  auto pause = whole_chain->pause();  // what is deleted from here on is another purge's
  auto wanted = state->get(Column::kMeta, kPurgeCommonsKey);
  if (!wanted) return tl::unexpected(wanted.error());
  if (!*wanted) return {};
  if (auto purged = state->purge(Column::kCommons, ""); !purged) return purged;
  WriteBatch done;
  done.erase(Column::kMeta, std::string(kPurgeCommonsKey));
  return state->write(done);
}

Result<Bytes> Registry::advertise(std::string_view repository, UnixTime now) const {
  if (repository == kWholeRepository) {
    auto tip = parts_->whole_tip(now);
    if (!tip) return tl::unexpected(tip.error());
    parts_->advertised.note({}, {tip->commit, std::nullopt, now});
    return advertise_refs({{"HEAD", tip->commit}, {"refs/heads/main", tip->commit}});
  }
  auto place = parts_->repository_place(repository);
  if (!place) return tl::unexpected(place.error());
  auto head = parts_->served(*place);
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
  if (left.empty()) return std::optional(std::move(loose));
  auto told = advertised.recent(held_now.head.place, now);
  ObjectSet commits;
  for (const Advertised::Told& one : told) commits.insert(one.commit);
  // An erasure since then leaves them outside.
  auto inside = ancestors_among(*objects, {held_now.head.commit}, std::move(commits));
  if (!inside) return tl::unexpected(inside.error());
  for (const Advertised::Told& one : told)
    if (inside->contains(one.commit) && one.head && one.head->head.charter < chain.size()) admit(*one.head);
  if (!left.empty()) return std::optional<LooseObjects>();
  return std::optional(std::move(loose));
}

Result<std::unique_ptr<Fetch>> Registry::Parts::fetch_whole(ByteView body, UnixTime now) const {
  auto request = read_upload_request(body);
  if (!request) return tl::unexpected(request.error());
  auto ended = fetches.begin({});
  auto tip = whole_chain->tip();
  if (!tip) return Fetch::refuse(kNotOurs);
  std::set<ObjectId> left(request->wants.begin(), request->wants.end());
  left.erase(tip->commit);
  // What was told may be wanted while the chain has it: it starts again when something must not be seen any more.
  for (const Advertised::Told& told : advertised.recent({}, now)) {
    if (!left.contains(told.commit)) continue;
    auto has = whole_chain->has(told.commit);
    if (!has) return tl::unexpected(has.error());
    if (*has) left.erase(told.commit);
  }
  if (!left.empty()) return Fetch::refuse(kNotOurs);
  return Fetch::open(whole_chain->source(), *request, Compare::kParents, ended);
}

Result<std::unique_ptr<Fetch>> Registry::fetch(std::string_view repository, ByteView body, UnixTime now) const {
  if (repository == kWholeRepository) return parts_->fetch_whole(body, now);
  auto place = parts_->repository_place(repository);
  if (!place) return tl::unexpected(place.error());
  auto ended = parts_->fetches.begin(*place);
  auto head = parts_->served(*place);
  if (!head) return tl::unexpected(head.error());
  auto request = read_upload_request(body);
  if (!request) return tl::unexpected(request.error());
  auto chain = parts_->chain_of(*place);
  if (!chain) return tl::unexpected(chain.error());
  auto admitted = parts_->admit_wants(*head, *chain, request->wants, now);
  if (!admitted) return tl::unexpected(admitted.error());
  if (!*admitted) return Fetch::refuse(kNotOurs);
  return Fetch::open(std::make_shared<AboveStore>(*parts_->objects, std::move(**admitted)), *request, Compare::kWhole, ended);
}

}  // namespace maillage::registry
