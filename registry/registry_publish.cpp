// The registry's own writing: a change to a place of ours becomes a commit, a head and a batch.
#include <algorithm>

#include "protocol/record.h"
#include "registry/commit.h"
#include "registry/registry_parts.h"
#include "registry/time_zone.h"
#include "registry/stored_record.h"

namespace maillage::registry {
namespace {

using namespace protocol;

constexpr std::size_t kAddressBytes = 64;
constexpr std::string_view kAddressScheme = "maillage:";

// Every place that a record's text names by its address.
void add_addressed(Addressed& addressed, std::string_view json) {
  for (std::size_t at = json.find(kAddressScheme); at != std::string_view::npos; at = json.find(kAddressScheme, at + 1)) {
    auto place = PlaceId::parse(json.substr(at + kAddressScheme.size(), kAddressBytes));
    if (place) addressed.add(*place);
  }
}

TerritoryCell cell_of_profile(ByteView json) {
  auto profile = parse_record(json);
  if (!profile) return {};
  const boost::json::value* address = profile->if_contains("address");
  if (address == nullptr || !address->is_object()) return {};
  auto country = text_field(address->get_object(), "country").value_or("FR");
  return TerritoryCell::of(country, text_field(address->get_object(), "insee").value_or(""));
}

Problems one_problem(const Error& error) { return {Problem{"", "", error.code, error.context, ""}}; }

std::string message_of(const FileChanges& files) {
  auto [path, bytes] = *files.begin();
  std::string message = (bytes ? "publish " : "unpublish ") + path;
  if (files.size() > 1) message += " and " + std::to_string(files.size() - 1) + " more";
  return message;
}

}  // namespace

Head Registry::Parts::next_head(const CharterChain& chain, const std::optional<SignedHead>& before) const {
  Head head;
  head.charter = static_cast<std::uint16_t>(chain.size() - 1);
  head.place = chain.place();
  if (!before) return head;
  head.epoch = before->head.epoch;
  head.sequence = before->head.sequence + 1;
  head.previous = hash_of(before->head);
  head.cell = before->head.cell;
  head.addressed = before->head.addressed;
  return head;
}

// The fields of a head that are read off the records: where the place is, and whom its records speak to.
void Registry::Parts::describe(Head& head, const FileChanges& files) const {
  if (auto profile = files.find("profile.json"); profile != files.end() && profile->second)
    head.cell = cell_of_profile(*profile->second);
  head.addressed = {};
  for (const auto& [path, bytes] : files)
    if (bytes) add_addressed(head.addressed, as_text(*bytes));
  // A damaged row costs at most a filter bit here; `verify` reports it.
  auto scanned = state->scan(Column::kRecords, record_prefix(head.place), [&](std::string_view, std::string_view value) {
    if (auto record = decode_stored_record(value); record && !files.contains(record->path))
      add_addressed(head.addressed, as_text(record->json));
    return true;
  });
  if (!scanned) head.addressed = Addressed(~std::uint64_t{0});
}

Result<Published::Place> Registry::Parts::publish(const CharterChain& chain, const std::optional<SignedHead>& before,
                                                  const FileChanges& files, const std::string& author,
                                                  const std::string& message, UnixTime now) {
  Draft draft;
  draft.files = files;
  draft.author = {person_name(author), place_email(chain.place()), std::max<std::int64_t>(0, now.ms / 1000), 0};
  draft.committer = draft.author;
  draft.message = message + "\n";
  Head head = next_head(chain, before);
  if (before) {
    draft.parent = before->head.commit;
    auto tree = tree_of(before->head.commit);
    if (!tree) return tl::unexpected(tree.error());
    draft.tree = *tree;
  }
  auto staged = stage_commit(*objects, draft, identity.key, trees);
  if (!staged) return tl::unexpected(staged.error());
  head.commit = staged->commit;
  head.state = staged->state;
  head.time = now;
  describe(head, files);

  Published::Place result{{sign(head, identity.key), chain, before ? 0U : chain.size()}, before ? before->head.commit : ObjectId{}, nullptr};
  ExpectedPlace expected[] = {{result.head.head, result.base}};
  auto checked = check_pack(*objects, *staged->pack, expected, trees);
  if (!checked) return tl::unexpected(checked.error());
  if (!checked->places.front()) return tl::unexpected(checked->places.front().error());
  auto bytes = staged->pack->bytes();
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->size() <= kPushedPackOriginBytesMax) result.pack = std::make_shared<const Bytes>(bytes->begin(), bytes->end());
  if (auto adopted = adopt(*staged->pack, *checked, {{result.head, result.base}}); !adopted) return tl::unexpected(adopted.error());
  return result;
}

tl::expected<Announcement, Problems> Registry::publish(const PlaceId& place, const std::vector<FileEdit>& edits, UnixTime now) {
  if (std::ranges::find(parts_->own, place) == parts_->own.end())
    return tl::unexpected(one_problem({ErrorCode::kNotOurs, place.hex()}));
  auto before = parts_->held(place);
  auto chain = parts_->chain_of(place);
  // A head of ours that this disk did not sign: a restored copy, a second one, or a thief. Signing over it would lose
  // what it says or fork the place.
  if (auto seen = get_head(*parts_->state, Mark::kSeen, place); before && seen && *seen && order(before->head, (*seen)->head) < 0)
    return tl::unexpected(one_problem({ErrorCode::kIdentityElsewhere, place.hex()}));
  if (auto room = parts_->need_room(kReserveBytes); !room) return tl::unexpected(one_problem(room.error()));
  if (!before || !chain) return tl::unexpected(one_problem(before ? chain.error() : before.error()));
  auto tree = parts_->tree_of(before->head.commit);
  if (!tree) return tl::unexpected(one_problem(tree.error()));
  auto files = prepare_publication(*parts_->objects, *tree, parts_->trees, edits);
  if (!files) return tl::unexpected(files.error());
  Announcement done;
  if (files->empty()) return done;
  for (const auto& [path, bytes] : *files) done.changed.push_back(path);
  auto published = parts_->publish(*chain, *before, *files, parts_->index->name_of(place).name, message_of(*files), now);
  if (!published) return tl::unexpected(one_problem(published.error()));
  done.place = std::move(*published);
  return done;
}

tl::expected<Announcement, Problems> Registry::confirm(const PlaceId& place, const std::vector<std::string>& paths, UnixTime now) {
  auto before = parts_->held(place);
  if (!before) return tl::unexpected(one_problem({ErrorCode::kNotOurs, place.hex()}));
  auto tree = parts_->tree_of(before->head.commit);
  if (!tree) return tl::unexpected(one_problem(tree.error()));
  auto edits = prepare_confirmation(*parts_->objects, *tree, paths, std::string_view(format_utc(now)).substr(0, 10));
  if (!edits) return tl::unexpected(edits.error());
  return publish(place, *edits, now);
}

}  // namespace maillage::registry
