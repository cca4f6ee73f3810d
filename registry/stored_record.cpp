#include "registry/stored_record.h"

#include "protocol/crypto.h"
#include "protocol/limits.h"

namespace maillage::registry {
namespace {

using protocol::Reader;
using protocol::Writer;

constexpr std::uint8_t kVersion = 1;
// Longer than any path of kPathDepthMax segments, and than any problem we write.
constexpr std::size_t kTextBytesMax = 4'096;

void write_text(Writer& out, std::string_view text) {
  text = text.substr(0, kTextBytesMax);
  out.varint(text.size()).text(text);
}

std::string read_text(Reader& in) {
  std::uint64_t size = in.varint();
  if (size > kTextBytesMax) in.refuse();
  return std::string(protocol::as_text(in.take(size)));
}

// `Record`: either of the two.
template <class Record>
std::string encode_with(const Record& record, const std::optional<Error>& why_not, ByteView json) {
  Writer out(64 + record.path.size());
  out.u8(kVersion).i64(record.created.ms).i64(record.updated.ms).fixed(record.sha256);
  write_text(out, record.path);
  std::string problem;
  if (why_not) problem.append(slug(why_not->code)).append("\n").append(why_not->context);
  write_text(out, problem);
  std::string encoded;
  encoded.reserve(out.bytes().size() + json.size());
  return encoded.append(protocol::as_text(out.bytes())).append(protocol::as_text(json));
}

}  // namespace

PathKey path_key(std::string_view path) {
  Hash hash = protocol::sha256(protocol::as_bytes(path));
  PathKey key;
  std::memcpy(key.bytes.data(), hash.bytes.data(), kPathKeyBytes);
  return key;
}

std::string record_prefix(const PlaceId& place) { return std::string(protocol::as_text(place.bytes)); }

std::string record_key(const PlaceId& place, const PathKey& path) {
  return record_prefix(place).append(protocol::as_text(path.bytes));
}

Result<RecordKey> parse_record_key(std::string_view key) {
  Reader in(protocol::as_bytes(key));
  RecordKey parsed{in.fixed<PlaceId>(), in.fixed<PathKey>()};
  if (auto done = in.finish("record key"); !done) return tl::unexpected(done.error());
  return parsed;
}

std::string encode(const StoredRecord& record) { return encode_with(record, record.problem, record.json); }

std::string encode(const RecordVersion& version, const std::optional<Error>& problem) { return encode_with(version, problem, *version.json); }

Result<StoredRecord> decode_stored_record(std::string_view value) {
  Reader in(protocol::as_bytes(value));
  std::uint8_t version = in.u8();
  if (!in.failed() && version != kVersion) {
    return protocol::fail(ErrorCode::kUnsupportedVersion, "stored record " + std::to_string(version));
  }
  StoredRecord record;
  record.created = {in.i64()};
  record.updated = {in.i64()};
  record.sha256 = in.fixed<Hash>();
  record.path = read_text(in);
  std::string problem = read_text(in);
  if (auto line = problem.find('\n'); line != std::string::npos) {
    record.problem = Error{protocol::code_of_slug(problem.substr(0, line)), problem.substr(line + 1)};
  }
  ByteView json = in.rest();
  record.json.assign(json.begin(), json.end());
  if (auto done = in.finish("stored record"); !done) return tl::unexpected(done.error());
  return record;
}

}  // namespace maillage::registry
