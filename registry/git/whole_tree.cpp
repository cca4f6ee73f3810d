#include "registry/git/whole_tree.h"

#include "protocol/limits.h"
#include "protocol/record.h"
#include "registry/git/listing.h"
#include "registry/slug.h"
#include "registry/territory.h"
#include "registry/tree.h"

namespace maillage::registry {
namespace {

constexpr std::size_t kIdHex = 16;
// A name stays one segment of a path: slug, hyphen, 16 digits.
constexpr std::size_t kShortSlugBytesMax = protocol::kPathSegmentBytesMax - kIdHex - 1;

// At the last hyphen that fits, unless that loses more than half.
std::string shortened(std::string slug) {
  if (slug.size() <= kShortSlugBytesMax) return slug;
  auto hyphen = slug.rfind('-', kShortSlugBytesMax);
  slug.resize(hyphen == std::string::npos || hyphen < kShortSlugBytesMax / 2 ? kShortSlugBytesMax : hyphen);
  return slug;
}

using Folder = std::map<std::string, ObjectId>;  // name → tree

class Building {
 public:
  void add(const protocol::PlaceId& id, const WholePlace& place) {
    Folder& region = kinds_[place.network ? "networks" : "places"][place.region];
    std::string name = (place.slug.empty() ? "" : place.slug + "-") + id.hex().substr(0, kIdHex);
    // Sixteen digits can be ground until two places of one name share them: then the second one, by id, has its whole id.
    if (!region.emplace(name, place.tree).second) region.emplace(id.hex(), place.tree);
    ++(place.network ? result_.networks : result_.places);
  }

  WholeTree finish() {
    Folder root;
    for (const auto& [kind, regions] : kinds_) {
      Folder kind_folder;
      for (const auto& [region, places] : regions) kind_folder.emplace(region, write(places));
      root.emplace(kind, write(kind_folder));
    }
    result_.root = write(root);
    return std::move(result_);
  }

 private:
  ObjectId write(const Folder& folder) {
    std::vector<TreeEntry> entries;
    for (const auto& [name, id] : folder) entries.push_back({name, true, id});
    Bytes bytes = write_tree(std::move(entries));
    ObjectId id = object_id(ObjectKind::kTree, bytes);
    result_.trees.emplace_back(id, std::move(bytes));
    return id;
  }

  std::map<std::string, std::map<std::string, Folder>> kinds_;
  WholeTree result_;
};

}  // namespace

std::string region_of(const protocol::TerritoryCell& cell) {
  auto commune = find_commune(cell.commune());
  if (commune) return slug_of(commune->region.name) + "-" + std::string(commune->region.code);
  bool abroad = !cell.country().empty() && cell.country() != "FR";
  return abroad ? "elsewhere" : "unknown";
}

Result<WholePlace> whole_place(const ObjectSource& source, const protocol::SignedHead& head) {
  auto links = read_links(source, head.head.commit);
  if (!links) return tl::unexpected(links.error());
  WholePlace place;
  place.tree = links->tree;
  place.region = region_of(head.head.cell);
  auto blob = find_path(source, links->tree, "profile.json");
  if (!blob) return tl::unexpected(blob.error());
  if (!*blob) return place;
  auto bytes = source.read_as(ObjectKind::kBlob, **blob);
  if (!bytes) return tl::unexpected(bytes.error());
  auto profile = protocol::parse_record(*bytes);
  if (!profile) return place;
  place.network = protocol::text_field(*profile, "type") == "network";
  place.slug = shortened(slug_of(protocol::text_field(*profile, "name").value_or("")));
  return place;
}

WholeTree build_whole_tree(const std::map<protocol::PlaceId, WholePlace>& places) {
  Building building;
  for (const auto& [id, place] : places) building.add(id, place);
  return building.finish();
}

}  // namespace maillage::registry
