// A contribution as a person decides on it: each file beside what the place publishes under that name, and, with `keep`,
// each commit as it would become public. GIT.md "Contributions".
//
// Invariant: every text in it is valid UTF-8, cut between characters; together they are at most kShownBytesMax, and what
// was left out is counted. Any thread.
#pragma once

#include <optional>
#include <string>

#include <boost/json/array.hpp>

#include "protocol/limits.h"
#include "registry/commit.h"

namespace maillage::registry {

// Of one text; the rest is said to be there.
inline constexpr std::size_t kShownTextBytesMax = 64 * protocol::kKiB;
// Of all texts: more than anybody reads, and a fraction of what the control socket carries.
inline constexpr std::size_t kShownBytesMax = 4 * protocol::kMiB;

class ShownContribution {
 public:
  explicit ShownContribution(protocol::Language language) : language_(language) {}

  // Nothing before: added; nothing after: withdrawn. `conflict`: the place changed the file since, and approval would be refused.
  void add_file(const std::string& path, const std::optional<Bytes>& before, const std::optional<Bytes>& after, bool conflict = false);
  void add_commit(const ObjectId& id, const Commit& commit);

  // {"files": [{"path", "change", and "fields" [{"pointer", "label", "before", "after", "unknown"}] of a record, or "before" and
  // "after" of a text, or "bytes" alone; "conflict": true; "cut": true when something of it is left out}], "commits": [{"id", "author"
  // {"name", "email"}, "committer", "date", "message"}] when there are any, "cut": how many of both are}.
  boost::json::object take() &&;

 private:
  // As much of the text as may be shown; notes when that is not all.
  std::string begin_of(std::string_view text);
  void fields_of(const std::string& path, const boost::json::object& before, const boost::json::object& after, boost::json::object& file);
  // The object is done: whether something of it was left out.
  void finish(boost::json::object& object);

  protocol::Language language_;
  std::size_t left_ = kShownBytesMax;
  bool cut_ = false;  // something of the object under way
  std::size_t cut_count_ = 0;
  boost::json::array files_, commits_;
};

}  // namespace maillage::registry
