#include "registry/push_remarks.h"

#include <algorithm>
#include <set>

#include "protocol/record.h"
#include "protocol/record_kind.h"
#include "protocol/utf8.h"
#include "registry/record_difference.h"
#include "registry/time_zone.h"
#include "registry/tree.h"

namespace maillage::registry {
namespace {

using protocol::ErrorCode;
using protocol::Problem;

constexpr std::string_view kRecordName = "record.json", kTimeZone = "timeZone";

boost::json::object record_at(const ObjectSource& objects, const ObjectId& tree, const std::string& path) {
  auto blob = find_path(objects, tree, path);
  auto bytes = blob && *blob ? objects.read_as(ObjectKind::kBlob, **blob) : protocol::fail(ErrorCode::kNotFound, path);
  auto record = bytes ? protocol::parse_record(*bytes) : tl::unexpected(bytes.error());
  return record ? std::move(*record) : boost::json::object();
}

std::string meant(std::string_view wrong, std::string_view better) {
  return protocol::shown(wrong) + (better.empty() ? "" : " → " + std::string(better) + " ?");
}

bool there_is(const ObjectSource& objects, const ObjectId& tree, const std::string& path) {
  auto blob = find_path(objects, tree, path);
  return blob && *blob;
}

// "resources/laser" of what lies in such a folder.
std::string resource_folder(const std::string& path) {
  std::string top = std::string(protocol::folder_of(protocol::RecordKind::kResource)) + "/";
  auto end = path.starts_with(top) ? path.find('/', top.size()) : std::string::npos;
  return path.substr(0, end == std::string::npos ? 0 : end);
}

void remark_record(const std::string& path, const boost::json::object& before, const boost::json::object& after, std::vector<Problem>& remarks) {
  auto kind = protocol::kind_of_path(path);
  for (const FieldDifference& each : record_differences(kind, before, after, protocol::Language::kEnglish))
    if (each.unknown && !each.after.empty()) remarks.push_back({path, each.pointer, ErrorCode::kPushUnknownField, meant(each.pointer, each.nearest), ""});
  auto zone = protocol::text_field(after, kTimeZone);
  if (zone && zone != protocol::text_field(before, kTimeZone) && !is_time_zone(*zone))
    remarks.push_back({path, "/timeZone", ErrorCode::kPushUnknownTimeZone, meant(*zone, nearest_time_zone(*zone)), ""});
}

}  // namespace

std::vector<Problem> remarks_on(const ObjectSource& objects, const ObjectId& before, const ObjectId& after, const FileChanges& files) {
  std::vector<Problem> remarks;
  std::set<std::string> folders;
  for (const auto& [path, bytes] : files) {
    if (!bytes) continue;
    if (protocol::kind_of_path(path)) {
      auto record = protocol::parse_record(*bytes);
      if (record) remark_record(path, record_at(objects, before, path), *record, remarks);
    } else if (std::string folder = resource_folder(path); !folder.empty() && folders.insert(folder).second) {
      if (!there_is(objects, after, folder + "/" + std::string(kRecordName)) && !there_is(objects, after, folder + ".json"))
        remarks.push_back({folder, "", ErrorCode::kPushNoRecord, folder + "/" + std::string(kRecordName), ""});
    }
  }
  if (remarks.size() <= kRemarksMax) return remarks;
  std::string more = "> " + std::to_string(kRemarksMax - 1);
  remarks.resize(kRemarksMax - 1);
  remarks.push_back({"", "", ErrorCode::kTooMany, more, ""});
  return remarks;
}

}  // namespace maillage::registry
