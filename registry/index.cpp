#include "registry/index.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <unordered_set>

#include "protocol/limits.h"
#include "registry/beside.h"
#include "registry/gist.h"
#include "registry/columns.h"
#include "registry/lexicon.h"
#include "registry/mistake.h"
#include "registry/page.h"
#include "registry/reading.h"
#include "registry/slug.h"
#include "registry/stored_record.h"

namespace maillage::registry {

struct Index::Memory {
  mutable std::shared_mutex mutex;
  Columns columns;
  Lexicon lexicon;  // of whoever stages and applies; no reader looks at it

  // Readers need settled columns; the first after a change settles them for all.
  std::shared_lock<std::shared_mutex> read() {
    std::shared_lock lock(mutex);
    while (!columns.settled()) {
      lock.unlock();
      settle();
      lock.lock();
    }
    return lock;
  }
  void settle() {
    std::unique_lock lock(mutex);
    auto began = Clock::now();
    columns.settle();
    auto ended = Clock::now();
    settled_until = ended + kSettleRest * (ended - began);
  }
  // As they were settled last, when that cost too much to be done again already.
  std::shared_lock<std::shared_mutex> read_lately() {
    {
      std::shared_lock lock(mutex);
      if (Clock::now() < settled_until) return lock;
    }
    return read();
  }
  using Clock = std::chrono::steady_clock;
  static constexpr int kSettleRest = 20;
  Clock::time_point settled_until;

  // Words of records that are gone stay in the lexicon; when they may be most of it, it starts anew.
  void forget_old_words() {
    std::unique_lock lock(mutex);
    if (lexicon.size() < kLexiconWordsMin + 2 * columns.words().size()) return;
    lexicon.clear();
    columns.forget_word_numbers();
  }
  static constexpr std::size_t kLexiconWordsMin = 65'536;  // about 12 MB
};

namespace {

// Fills columns in the background while the next records are read: two equal halves of the work of a start.
class Loading {
 public:
  struct Addition {
    PlaceId place;
    PathKey path;
    Gist gist;
  };

  Loading(Columns& columns, const Lexicon& lexicon) : columns_(columns), lexicon_(lexicon) {}
  ~Loading() { wait(); }

  void add(Addition addition) {
    next_.push_back(std::move(addition));
    if (next_.size() == kAtOnce) hand_over();
  }
  void finish() {
    hand_over();
    wait();
  }

 private:
  static constexpr std::size_t kAtOnce = 256;  // about 2 MB of gists

  void hand_over() {
    wait();
    adding_ = beside([this, additions = std::exchange(next_, {})] {
      for (const auto& addition : additions) columns_.add(addition.place, addition.path, addition.gist, lexicon_);
    });
  }
  void wait() {
    if (adding_.valid()) adding_.get();
  }

  Columns& columns_;
  const Lexicon& lexicon_;
  std::vector<Addition> next_;
  std::future<void> adding_;
};

// The place that a text names: by id, or by a slug that names only it.
Result<const IndexedPlace*> named_place(const Columns& columns, std::string_view id_or_slug) {
  auto id = PlaceId::parse(id_or_slug);
  auto named = id ? std::vector<PlaceId>{*id} : columns.named(slug_of(id_or_slug));
  if (named.size() > 1) return tl::unexpected(ambiguous_name(id_or_slug, named));
  const IndexedPlace* place = named.empty() ? nullptr : columns.place(named.front());
  if (place && place->profile != kNoRow) return place;
  return protocol::fail(ErrorCode::kNotFound, std::string(id_or_slug.substr(0, kQueryValueBytesMax)));
}

// The hits of one page, in order, and whether there are more.
bool cut_page(const Columns& columns, const Query& query, const std::optional<Position>& after, std::vector<Hit>& hits) {
  if (after) {
    std::erase_if(hits, [&](const Hit& hit) { return !after->before(position_of(columns, hit)); });
  }
  bool by_name = query.q.empty() && !query.near && query.what != What::kEvents;
  std::size_t count = std::min(query.limit, hits.size());
  if (!by_name) {
    auto before = [&](const Hit& a, const Hit& b) {
      if (a.score != b.score) return a.score > b.score;
      if (a.distance != b.distance) return a.distance < b.distance;
      if (a.start != b.start) return a.start < b.start;
      return columns.name_before(a.row, b.row);
    };
    std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(count), hits.end(), before);
  }
  bool more = count > 0 && count < hits.size();
  hits.resize(count);
  return more;
}

}  // namespace

Index::Index(StateStore& store) : store_(store), memory_(std::make_unique<Memory>()) {}
Index::~Index() = default;

namespace {

// Read, a record takes less than twice its bytes: names and texts as they are, and 40 bytes a field.
std::size_t room_of(const PlaceChanges& changes) {
  std::size_t bytes = 256;
  for (const RecordVersion& version : changes.records) bytes += version.json ? 2 * version.json->size() : 0;
  return bytes;
}

// Rationale: rows that come in the order of their keys go into RocksDB's memory at a third of the cost.
std::vector<std::size_t> in_order_of_keys(const std::vector<ReadRecords::Record>& records) {
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) -> const auto& { return records[i].path.bytes; });
  return order;
}

}  // namespace

Result<void> Index::stage(WriteBatch& batch, const PlaceChanges& changes) const {
  IndexChange copy{changes, {}};
  return stage(batch, copy);
}

Result<void> Index::stage(WriteBatch& batch, IndexChange& change) const {
  PlaceChanges& changes = change.place;
  auto read = std::make_shared<ReadRecords>(room_of(changes));
  for (const RecordVersion& version : changes.records) read->records.push_back({path_key(version.path), std::nullopt});
  std::unordered_set<std::string> written;
  for (std::size_t i : in_order_of_keys(read->records)) {
    RecordVersion& version = changes.records[i];
    std::string key = record_key(changes.place, read->records[i].path);
    if (changes.replaces_all) written.insert(key);
    if (!version.json) {
      batch.erase(Column::kRecords, std::move(key));
      continue;
    }
    auto record = read_indexable(version.path, *version.json, &read->room);
    batch.put(Column::kRecords, std::move(key), encode(version, record ? std::nullopt : std::optional(record.error())));
    if (record) read->records[i].fields.emplace(std::move(*record));
    version.json.reset();
  }
  change.read = std::move(read);
  if (!changes.replaces_all) return {};
  return store_.scan(Column::kRecords, record_prefix(changes.place), [&](std::string_view key, std::string_view) {
    std::string old(key);
    if (!written.contains(old)) batch.erase(Column::kRecords, std::move(old));
    return true;
  });
}

Result<void> Index::judge_again() {
  WriteBatch batch;
  Result<void> written;
  auto scanned = store_.scan(Column::kRecords, "", [&](std::string_view key, std::string_view value) {
    auto stored = decode_stored_record(value);
    if (!stored) return true;  // `load` says so
    auto record = read_indexable(stored->path, stored->json);
    stored->problem = record ? std::nullopt : std::optional(record.error());
    std::string judged = encode(*stored);
    if (judged != value) batch.put(Column::kRecords, std::string(key), std::move(judged));
    bool full = batch.bytes() >= protocol::kBatchBytesMax || batch.changes().size() >= protocol::kBatchRecordsMax;
    if (full) written = store_.write(std::exchange(batch, {}));
    return written.has_value();
  });
  if (!scanned) return scanned;
  if (!written || batch.empty()) return written;
  return store_.write(batch);
}

namespace {

// Of a change that was not staged.
std::shared_ptr<const ReadRecords> read_changed(const PlaceChanges& changes) {
  auto read = std::make_shared<ReadRecords>(room_of(changes));
  for (const RecordVersion& version : changes.records) {
    auto& record = read->records.emplace_back(ReadRecords::Record{path_key(version.path), std::nullopt});
    if (!version.json) continue;
    if (auto fields = read_indexable(version.path, *version.json, &read->room)) record.fields.emplace(std::move(*fields));
  }
  return read;
}

}  // namespace

// What a change brings, with everything slow done: queries wait for the copying of values only.
struct Index::Ready {
  struct Change {
    PathKey path;
    std::optional<Gist> gist;
  };
  PlaceId place;
  bool replaces_all;
  std::optional<Signer> signer;
  std::vector<Change> changes;
};

Index::Ready Index::prepare(const IndexChange& update) {
  const PlaceChanges& changes = update.place;
  auto read = update.read ? update.read : read_changed(changes);
  Ready ready{changes.place, changes.replaces_all, update.signer, {}};
  ready.changes.reserve(changes.records.size());
  for (std::size_t i = 0; i < changes.records.size(); ++i) {
    const RecordVersion& version = changes.records[i];
    const ReadRecords::Record& record = read->records[i];
    auto& change = ready.changes.emplace_back(Ready::Change{record.path, std::nullopt});
    auto what = record.fields ? what_of(*record.fields) : std::nullopt;
    if (what) change.gist = read_gist(memory_->lexicon, *what, *record.fields, version.created, version.updated);
  }
  return ready;
}

void Index::add(const Ready& ready) {
  std::unique_lock lock(memory_->mutex);
  if (ready.signer) memory_->columns.set_signer(ready.place, *ready.signer);
  if (ready.replaces_all) memory_->columns.remove_all(ready.place);
  for (const auto& change : ready.changes) {
    if (change.gist) memory_->columns.add(ready.place, change.path, *change.gist, memory_->lexicon);
    else memory_->columns.remove(ready.place, change.path);
  }
}

void Index::apply(const IndexChange& update) {
  memory_->forget_old_words();
  add(prepare(update));
}

void Index::apply_all(const std::vector<IndexChange>& updates) {
  memory_->forget_old_words();
  std::future<void> adding;
  for (std::size_t next = 0; next < updates.size();) {
    std::vector<Ready> ready;
    for (std::size_t records = 0; next < updates.size() && records < kPreparedRecords; ++next) {
      ready.push_back(prepare(updates[next]));
      records += ready.back().changes.size();
    }
    if (adding.valid()) adding.get();
    auto add_them = [this, prepared = std::move(ready)] {
      for (const Ready& each : prepared) add(each);
    };
    if (next == updates.size()) add_them();
    else adding = beside(std::move(add_them));
  }
}

Result<void> Index::load() {
  Columns columns;
  Lexicon lexicon;
  Loading loading(columns, lexicon);
  std::optional<Error> error;
  auto scanned = store_.scan(Column::kRecords, "", [&](std::string_view key_bytes, std::string_view value) {
    auto key = parse_record_key(key_bytes);
    auto stored = decode_stored_record(value);
    if (!key || !stored) {
      error = Error{ErrorCode::kCorrupt, "stored record"};
      return false;
    }
    if (stored->problem) return true;
    auto record = read_known_indexable(stored->json);
    auto what = record ? what_of(*record) : std::nullopt;
    if (what) loading.add({key->place, key->path, read_gist(lexicon, *what, *record, stored->created, stored->updated)});
    return true;
  });
  loading.finish();
  if (!scanned) return scanned;
  if (error) return tl::unexpected(*error);
  {
    std::shared_lock lock(memory_->mutex);
    columns.know_signers_of(memory_->columns);
  }
  columns.settle();
  std::unique_lock lock(memory_->mutex);
  memory_->columns = std::move(columns);
  memory_->lexicon = std::move(lexicon);
  return {};
}

void Index::know_signer(const PlaceId& place, const Signer& signer) {
  std::unique_lock lock(memory_->mutex);
  memory_->columns.know_signer(place, signer);
}

Result<Page> Index::query(const Query& query) const {
  std::optional<Position> after;
  if (!query.after.empty()) {
    auto position = decode_cursor(query, query.after);
    if (!position) return tl::unexpected(position.error());
    after = std::move(*position);
  }
  Page page;
  std::vector<Listed> listed;
  bool more = false;
  std::vector<Doubt> doubts;
  {
    auto lock = memory_->read();
    doubts = find_doubts(memory_->columns, query);
    if (auto named = check_names(memory_->columns, query); !named) return tl::unexpected(named.error());
  }
  if (auto right = check_mistakes(doubts); !right) return tl::unexpected(right.error());
  {
    auto lock = memory_->read();
    const Columns& columns = memory_->columns;
    auto [hits, without_position] = select(columns, query);
    page.number_matched = hits.size();
    if (query.near) page.without_position = without_position;
    more = cut_page(columns, query, after, hits);
    for (const Hit& hit : hits) listed.push_back({item_source(columns, query, hit), position_of(columns, hit)});
  }
  if (auto read = read_items(store_, query, listed, more, page); !read) return tl::unexpected(read.error());
  return page;
}

Result<PlaceId> Index::find_place(std::string_view id_or_slug) const {
  auto lock = memory_->read();
  auto place = named_place(memory_->columns, id_or_slug);
  if (!place) return tl::unexpected(place.error());
  return (*place)->id;
}

std::vector<PlaceId> Index::places_with_slug(std::string_view slug) const {
  std::shared_lock lock(memory_->mutex);
  return memory_->columns.with_slug(slug_of(slug));
}

Result<boost::json::object> Index::place(std::string_view id_or_slug) const {
  ItemSource source;
  {
    auto lock = memory_->read();
    auto place = named_place(memory_->columns, id_or_slug);
    if (!place) return tl::unexpected(place.error());
    Hit hit;
    hit.row = (*place)->profile;
    source = item_source(memory_->columns, Query{}, hit);
  }
  auto item = read_item(store_, source);
  if (!item) return tl::unexpected(item.error());
  if (!*item) return protocol::fail(ErrorCode::kNotFound, source.place.id.hex());
  return std::move(**item);
}

Index::PlaceName Index::name_of(const PlaceId& id) const {
  std::shared_lock lock(memory_->mutex);
  const IndexedPlace* place = memory_->columns.place(id);
  return place ? PlaceName{place->name, place->slug} : PlaceName{};
}

std::vector<SourcedPlace> Index::places_from(std::string_view source) const {
  std::shared_lock lock(memory_->mutex);
  const Columns& columns = memory_->columns;
  std::string start = std::string(source).append(1, '\0');
  auto sources = columns.facets_from(Facet::kSource, start);
  std::vector<SourcedPlace> places;
  for (const IndexedPlace& place : columns.places()) {
    if (place.profile == kNoRow) continue;
    for (FacetId facet : columns.rows()[place.profile].facets)
      if (auto found = sources.find(facet); found != sources.end()) places.push_back({found->second.substr(start.size()), place.id});
  }
  return places;
}

std::size_t Index::count(What what) const {
  auto lock = memory_->read();
  return memory_->columns.in_order(what).size();
}

std::size_t Index::count_lately(What what) const {
  auto lock = memory_->read_lately();
  return memory_->columns.in_order(what).size();
}

Result<std::vector<RecordProblem>> Index::problems(const PlaceId& place) const {
  std::vector<RecordProblem> problems;
  auto scanned = store_.scan(Column::kRecords, record_prefix(place), [&](std::string_view, std::string_view value) {
    auto stored = decode_stored_record(value);
    if (stored && stored->problem) problems.push_back({stored->path, *stored->problem});
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return problems;
}

}  // namespace maillage::registry
