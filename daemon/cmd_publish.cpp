#include <algorithm>
#include <map>

#include <boost/json/array.hpp>

#include "daemon/command.h"
#include "protocol/path.h"
#include "registry/file.h"

namespace maillage::daemon {
namespace {

namespace fs = std::filesystem;
using protocol::fail;

using Files = std::map<std::string, fs::path>;  // path in the place → file here

// "./events/x.json" and "events//x.json" are what a shell completes to.
std::string tidy(std::string_view given) {
  std::string path;
  for (std::size_t at = 0; at < given.size();) {
    auto slash = std::min(given.find('/', at), given.size());
    std::string_view segment = given.substr(at, slash - at);
    at = slash + 1;
    if (segment.empty() || segment == ".") continue;
    if (!path.empty()) path += '/';
    path += segment;
  }
  return path;
}

Result<void> check_given(std::string_view given) {
  if (given.empty()) return fail(ErrorCode::kEmptyPath, "");
  if (given.starts_with('/')) return fail(ErrorCode::kPathAbsolute, std::string(given));
  std::string path = tidy(given);
  if (path == ".." || path.starts_with("../") || path.ends_with("/..") || path.find("/../") != std::string::npos)
    return fail(ErrorCode::kPathParent, std::string(given));
  return {};
}

// A folder's files, hidden ones and what is no regular file apart.
Result<void> add_folder(const fs::path& folder, const std::string& path, Files& files) {
  std::error_code error;
  fs::directory_iterator at(folder, error), end;
  for (; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.starts_with('.')) continue;
    std::string inner = path.empty() ? name : path + "/" + name;
    auto kind = at->symlink_status(error).type();
    if (kind == fs::file_type::directory) {
      if (auto done = add_folder(at->path(), inner, files); !done) return done;
    } else if (kind == fs::file_type::regular) {
      files.emplace(std::move(inner), at->path());
    }
    if (files.size() > protocol::kPlaceFilesMax) return fail(ErrorCode::kTooMany, path);
  }
  if (error) return tl::unexpected(protocol::system_error(error, folder.string()));
  return {};
}

Result<Files> gather(const PublishOptions& options) {
  Files files;
  std::error_code missing;
  if (!fs::is_directory(options.root, missing)) return fail(ErrorCode::kNotFound, "--root " + options.root.string());
  for (const std::string& given : options.paths) {
    if (auto fine = check_given(given); !fine) return tl::unexpected(fine.error());
    std::string path = tidy(given);
    fs::path here = path.empty() ? options.root : options.root / path;
    std::error_code error;
    auto kind = fs::symlink_status(here, error).type();
    if (kind == fs::file_type::directory) {
      if (auto done = add_folder(here, path, files); !done) return tl::unexpected(done.error());
    } else if (kind == fs::file_type::regular) {
      if (auto fine = protocol::check_path(path); !fine) return tl::unexpected(fine.error());
      files.emplace(path, here);
    } else {
      return fail(kind == fs::file_type::not_found ? ErrorCode::kNotFound : ErrorCode::kNotAFile, given);
    }
  }
  for (const auto& [path, here] : files)
    if (auto fine = protocol::check_path(path); !fine) return tl::unexpected(fine.error());
  return files;
}

ControlMessage request_for(std::string_view verb, const PublishOptions& options) {
  ControlMessage request;
  request.body["verb"] = verb;
  if (!options.place.empty()) request.body["place"] = options.place;
  return request;
}

// A daemon that keeps many places says which one it was when nobody named it.
std::string told_place(const boost::json::object& result, const PublishOptions& options, const Terminal& terminal) {
  const boost::json::value* hosted = result.if_contains("hosted");
  bool alone = hosted == nullptr || !hosted->is_number() || *hosted == 0;
  if (alone || !options.place.empty()) return "";
  return say(Message::kPublishedFor, terminal.language, {told(result, "name"), text_of(result, "slug")}) + "\n";
}

int finish(const ControlMessage& reply, Message done, const PublishOptions& options, const Terminal& terminal) {
  const boost::json::value* result = reply.body.if_contains("result");
  if (result == nullptr || reply.body.contains("error")) return complain(reply, terminal);
  std::string said;
  for (const boost::json::value& path : result->at("changed").as_array()) said += say(done, terminal.language, {path.as_string().c_str()}) + "\n";
  if (said.empty()) said = say(Message::kNothingChanged, terminal.language);
  said = told_place(result->as_object(), options, terminal) + said;
  for (const boost::json::value& each : list_of(result->as_object(), "remarks")) {
    const boost::json::object& remark = each.get_object();
    said += (said.ends_with('\n') ? "" : "\n") + say(Message::kPublishRemark, terminal.language, {told(remark, "path"), told(remark, "detail")});
  }
  return conclude(*result, said, terminal);
}

Result<std::vector<std::string>> checked_paths(const PublishOptions& options) {
  std::vector<std::string> paths;
  for (const std::string& given : options.paths) {
    if (auto fine = check_given(given); !fine) return tl::unexpected(fine.error());
    paths.push_back(tidy(given));
    if (auto fine = protocol::check_path(paths.back()); !fine) return tl::unexpected(fine.error());
  }
  return paths;
}

}  // namespace

int run_publish(const PublishOptions& options, const Terminal& terminal) {
  auto files = gather(options);
  if (!files) return complain(files.error(), terminal);
  ControlMessage request = request_for("publish", options);
  boost::json::array& edits = request.body["edits"].emplace_array();
  for (const auto& [path, here] : *files) {
    auto bytes = registry::read_file(here, protocol::kFileBytesMax);
    if (!bytes) return complain(bytes.error(), terminal);
    edits.push_back({{"path", path}, {"blob", request.blobs.size()}});
    request.blobs.push_back(std::move(*bytes));
  }
  return finish(perform_on(options.dir, std::move(request), terminal), Message::kPublished, options, terminal);
}

int run_unpublish(const PublishOptions& options, const Terminal& terminal) {
  auto paths = checked_paths(options);
  if (!paths) return complain(paths.error(), terminal);
  ControlMessage request = request_for("publish", options);
  boost::json::array& edits = request.body["edits"].emplace_array();
  for (const std::string& path : *paths) edits.emplace_back(boost::json::object{{"path", path}});
  return finish(perform_on(options.dir, std::move(request), terminal), Message::kUnpublished, options, terminal);
}

int run_confirm(const PublishOptions& options, const Terminal& terminal) {
  auto paths = checked_paths(options);
  if (!paths) return complain(paths.error(), terminal);
  ControlMessage request = request_for("confirm", options);
  request.body["paths"] = boost::json::array(paths->begin(), paths->end());
  return finish(perform_on(options.dir, std::move(request), terminal), Message::kConfirmed, options, terminal);
}

}  // namespace maillage::daemon
