#include "registry/territory_repair.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

#include "registry/ground.h"
#include "registry/territory_witness.h"

namespace maillage::registry {
namespace {

using Rows = std::vector<const CommuneRow*>;

// As far as a commune's town may be from a place in it, the wide ones of Guyane apart.
constexpr double kTownKm = 20;

int count(unsigned witnesses) { return std::popcount(witnesses & Testimony::kOutside); }

void add_slug(std::string& slugs, std::string_view slug) {
  if (!slugs.empty()) slugs += '+';
  slugs += slug;
}

void add_slugs(std::string& slugs, const RowSays& row, unsigned witnesses, std::string_view name_slug) {
  if (witnesses & kName) add_slug(slugs, name_slug);
  if (witnesses & kPostcode) add_slug(slugs, "postcode");
  if (witnesses & kArea) add_slug(slugs, row.area_slug());
  if (witnesses & kRegion) add_slug(slugs, "region");
  if (witnesses & kCoordinates) add_slug(slugs, "coordinates");
}

// What contradicts, for people: a postcode of another commune too, a region beside the department, a name nobody bears.
unsigned contradictions(const RowSays& row, const Testimony& testimony) {
  unsigned against = testimony.denies;
  if (!row.at_postcode.empty() && !(testimony.says & kVeryPostcode)) against |= kPostcode;
  if (row.department.empty()) against &= ~static_cast<unsigned>(kRegion);
  return against;
}

// ---- a commune among candidates

struct Candidate {
  const CommuneRow* row;
  Testimony testimony;
};

std::vector<Candidate> heard(const RowSays& row, const Rows& communes) {
  std::vector<Candidate> candidates;
  for (const auto* commune : communes) candidates.push_back({commune, testify(row, *commune)});
  return candidates;
}

// Likeliest first; among equals the order they came in.
void rank(std::vector<Candidate>& candidates) {
  auto order = [](const Candidate& each) { return std::pair(-std::popcount(each.testimony.says), std::popcount(each.testimony.denies)); };
  std::ranges::stable_sort(candidates, {}, order);
}

void larger_first(std::vector<Candidate>& candidates) {
  std::ranges::stable_sort(candidates, std::greater(), [](const Candidate& each) { return each.row->population; });
}

// Supported by all that supports the other, and by more; or a district of it.
bool beats(const Candidate& one, const Candidate& other) {
  bool all = (other.testimony.says & ~one.testimony.says) == 0;
  return all && (one.testimony.says != other.testimony.says || one.row->commune == other.row->code);
}

// `weight`: what makes them candidates, 1 when it is a witness of its own.
const CommuneRow* only_one(const std::vector<Candidate>& candidates, int weight) {
  for (const auto& one : candidates) {
    bool best = std::ranges::all_of(candidates, [&](const auto& other) { return &other == &one || beats(one, other); });
    if (!best) continue;
    return weight + count(one.testimony.says) > count(one.testimony.denies) ? one.row : nullptr;
  }
  return nullptr;
}

Rows rows_of(const std::vector<NamedCommune>& named) {
  Rows rows;
  for (const auto& each : named) rows.push_back(each.row);
  return rows;
}

// The district of Paris, Lyon or Marseille that the postcode tells; else the commune.
const CommuneRow* district_of(const CommuneRow* commune, std::string_view postcode) {
  static const Rows districts = [] {
    Rows rows;
    for (const auto& row : territory_rows().communes)
      if (!row.commune.empty()) rows.push_back(&row);
    return rows;
  }();
  auto is_it = [&](const CommuneRow* row) { return row->commune == commune->code && row->has_postcode(postcode); };
  auto found = std::ranges::find_if(districts, is_it);
  return found == districts.end() || std::count_if(found, districts.end(), is_it) > 1 ? commune : *found;
}

// Paris, Saint-Barthélemy: a department of one commune.
const CommuneRow* only_commune_of(std::string_view department) {
  static const Rows alone = [] {
    Rows rows;
    const TerritoryRows& all = territory_rows();
    for (const auto& each : all.departments) {
      auto here = [&](const CommuneRow& row) { return row.commune.empty() && row.department() == each.code; };
      auto first = std::ranges::find_if(all.communes, here);
      if (first != all.communes.end() && std::find_if(first + 1, all.communes.end(), here) == all.communes.end()) rows.push_back(&*first);
    }
    return rows;
  }();
  auto found = std::ranges::find(alone, department, &CommuneRow::department);
  return found == alone.end() ? nullptr : *found;
}

// ---- what the row says beside its code

class Rest {
 public:
  explicit Rest(const RowSays& row) : row_(row), departments_(agreed()) { look(); }

  const CommuneRow* commune() const { return commune_; }
  const std::string& why() const { return why_; }
  const std::vector<Candidate>& candidates() const { return candidates_; }
  // Where the row is even if its commune is not known.
  const std::vector<std::string_view>& departments() const { return departments_; }

 private:
  void look() {
    by_name() || by_near_name() || by_first_words() || by_postcode() || by_department();
    if (commune_) return;
    add_towns();
    rank(candidates_);
    if (candidates_.size() > kTerritoryCandidatesMax) candidates_.resize(kTerritoryCandidatesMax);
  }

  // True when the search ends here.
  bool by_name() {
    auto candidates = heard(row_, rows_of(row_.named));
    // Jarry is a commune, and a quarter of another 7,000 km away: a name that only others contradict is not a commune's here.
    std::erase_if(candidates, [](const auto& each) { return !count(each.testimony.says) && count(each.testimony.denies) > 1; });
    if (candidates.empty()) return false;
    bool former = false;
    const CommuneRow* found = keep(candidates, 1);
    for (const auto& named : row_.named) former = former || (named.row == found && named.former);
    if (!settle(found, former ? "former-name" : "name")) offer(heard(row_, row_.at_postcode));
    return true;
  }

  bool by_near_name() {
    Rows near;
    for (const auto* commune : row_.at_postcode)
      if (is_nearly(row_.name_key, commune->name)) near.push_back(commune);
    if (near.empty() && departments_.size() == 1) near = rows_of(communes_nearly(row_.name_key, departments_[0]));
    return settle(keep(heard(row_, near), 0), "near-name");
  }

  bool by_first_words() {
    if (row_.name.empty()) return false;
    auto candidates = heard(row_, rows_of(communes_beginning(row_.name)));
    std::erase_if(candidates, [](const auto& each) { return !count(each.testimony.says); });
    return settle(keep(candidates, 0), "near-name");
  }

  bool by_postcode() {
    auto candidates = heard(row_, row_.at_postcode);
    // That the postcode supports them is why they are candidates. A name that no commune bears, of a quarter or of
    // a place abroad, asks for one witness more.
    for (auto& each : candidates) each.testimony.says &= ~static_cast<unsigned>(kPostcode);
    const CommuneRow* found = keep(candidates, 1);
    bool alone = found && !row_.name.empty() && !(testify(row_, *found).says & (kArea | kCoordinates));
    if (alone) offer(candidates);
    return !alone && settle(found, "");
  }

  bool by_department() {
    if (departments_.size() != 1) return false;
    const CommuneRow* found = only_commune_of(departments_[0]);
    return found && settle(keep(heard(row_, {found}), row_.name.empty() ? 0 : -1), "");
  }

  void add_towns() {
    if (!row_.geo) return;
    Rows towns;
    for (const auto& town : towns_near(*row_.geo, kTownKm, departments_, kTerritoryCandidatesMax))
      if (const auto* commune = territory_rows().commune(town.commune)) towns.push_back(commune);
    add(heard(row_, towns));
  }

  const CommuneRow* keep(const std::vector<Candidate>& candidates, int weight) {
    const CommuneRow* found = only_one(candidates, weight);
    if (!found) offer(candidates);
    return found;
  }

  void offer(std::vector<Candidate> candidates) {
    larger_first(candidates);
    add(candidates);
  }

  void add(const std::vector<Candidate>& candidates) {
    for (const auto& each : candidates)
      if (std::ranges::find(candidates_, each.row, &Candidate::row) == candidates_.end()) candidates_.push_back(each);
  }

  bool settle(const CommuneRow* found, std::string_view name_slug) {
    if (!found) return false;
    Testimony testimony = testify(row_, *found);
    unsigned says = testimony.says & (Testimony::kOutside | kName);
    if (name_slug.empty()) says &= ~static_cast<unsigned>(kName);
    else says |= kName;
    add_slugs(why_, row_, says, name_slug);
    commune_ = district_of(found, row_.postcode);
    return true;
  }

  // The departments that the fewest witnesses contradict; empty when there is no telling.
  std::vector<std::string_view> agreed() const {
    std::vector<std::string_view> best;
    int most = 0;
    for (const auto& department : territory_rows().departments) {
      int votes = vote(department);
      if (votes < most || votes <= 0) continue;
      if (votes > most) best.clear();
      most = votes;
      best.push_back(department.code);
    }
    return best;
  }

  int vote(const DepartmentRow& department) const {
    int votes = 0;
    auto hear = [&](bool given, bool agrees) { votes += !given ? 0 : agrees ? 1 : -1; };
    auto in = [&](const auto& codes) { return std::ranges::find(codes, department.code) != codes.end(); };
    hear(!row_.department.empty(), row_.department == department.code);
    hear(row_.department.empty() && !row_.region.empty(), row_.region == department.region);
    hear(!row_.postcode_departments.empty(), in(row_.postcode_departments));
    hear(!row_.ground.empty(), in(row_.ground));
    return votes;
  }

  const RowSays& row_;
  std::vector<std::string_view> departments_;
  const CommuneRow* commune_ = nullptr;
  std::string why_;
  std::vector<Candidate> candidates_;
};

// ---- the code

// Both places it is said to be in are elsewhere; or name and postcode agree on another commune that nothing contradicts.
bool code_loses(const RowSays& row, const Testimony& testimony) {
  if ((testimony.denies & kArea) && (testimony.denies & kCoordinates)) return true;
  bool no_witness = !(testimony.denies & kName) || row.at_postcode.empty() || (testimony.says & kVeryPostcode);
  if (no_witness) return false;
  int others = 0;
  for (const auto& named : row.named) {
    Testimony other = testify(row, *named.row);
    others += (other.says & kVeryPostcode) && !(other.denies & Testimony::kOutside);
  }
  return others > 0;
}

// Somebody wrote the postcode in the column of the codes: 69001 is also the code of Affoux.
bool code_is_postcode(const RowSays& row) {
  if (row.code.text != row.postcode || !row.code.row) return false;
  return !(testify(row, *row.code.row).says & (kName | kVeryPostcode));
}

// A name that no commune bears may still be this one's, cut or with more behind it.
bool means(const RowSays& row, const CommuneRow& commune) {
  if (is_nearly(row.name_key, commune.name)) return true;
  std::string_view whole = commune.commune.empty() ? commune.code : commune.commune;
  return std::ranges::any_of(communes_beginning(row.name), [&](const auto& longer) { return longer.row->code == whole; });
}

void place(TerritoryRepair& repair, const RowSays& row, const CommuneRow& commune) {
  repair.insee = commune.code;
  repair.department = commune.department();
  if (const auto* department = territory_rows().department(repair.department)) repair.region = department->region;
  Testimony testimony = testify(row, commune);
  unsigned against = contradictions(row, testimony);
  if (!row.name.empty() && row.named.empty() && !means(row, commune)) against |= kName;
  add_slugs(repair.against, row, against, "name");
}

void leave_open(TerritoryRepair& repair, const RowSays& row, const Rest& rest) {
  for (const auto& each : rest.candidates()) repair.candidates.emplace_back(each.row->code);
  const auto& departments = rest.departments();
  if (departments.size() == 1) repair.department = departments[0];
  for (const auto code : departments) {
    const DepartmentRow* department = territory_rows().department(code);
    bool other = !repair.region.empty() && repair.region != department->region;
    repair.region = other ? std::string() : std::string(department->region);
    if (other) break;
  }
  if (departments.empty() && row.department.empty()) repair.region = row.region;
}

TerritoryRepair by_code(const RowSays& row) {
  TerritoryRepair repair;
  repair.outcome = row.code.successor ? CodeOutcome::kSuccessor : row.code.zero_lost ? CodeOutcome::kRepaired : CodeOutcome::kRight;
  if (row.code.zero_lost) add_slug(repair.why, "leading-zero");
  if (row.code.successor) add_slug(repair.why, "successor");
  if (repair.outcome == CodeOutcome::kRight) repair.why = "code";
  place(repair, row, *row.code.row);
  return repair;
}

TerritoryRepair by_rest(const RowSays& row, bool contradicted) {
  TerritoryRepair repair;
  Rest rest(row);
  if (row.code.written) repair.against = "code";
  if (rest.commune()) place(repair, row, *rest.commune());
  else leave_open(repair, row, rest);
  repair.why = rest.why();
  // What undid a code is told even where nothing takes its place.
  if (contradicted && repair.why.empty()) add_slugs(repair.why, row, contradictions(row, testify(row, *row.code.row)), "");
  bool open = !repair.candidates.empty();
  repair.outcome = contradicted     ? CodeOutcome::kContradicted
                   : rest.commune() ? CodeOutcome::kRepaired
                   : open           ? CodeOutcome::kAmbiguous
                                    : CodeOutcome::kImpossible;
  return repair;
}

}  // namespace

std::string_view slug_of(CodeOutcome outcome) {
  constexpr std::string_view kSlugs[] = {"right", "successor", "repaired", "contradicted", "ambiguous", "impossible"};
  return kSlugs[static_cast<std::size_t>(outcome)];
}

TerritoryRepair repair_territory(const DeclaredTerritory& declared) {
  RowSays row = read_row(declared);
  bool loses = row.code.row && (code_is_postcode(row) || code_loses(row, testify(row, *row.code.row)));
  TerritoryRepair repair = row.code.row && !loses ? by_code(row) : by_rest(row, loses);
  repair.postcode = row.postcode;
  return repair;
}

}  // namespace maillage::registry
