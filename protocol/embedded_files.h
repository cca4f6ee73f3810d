// The schemas and vocabularies of this folder, as they were when the program was built (embed.cmake): one binary,
// nothing to install beside it. Any thread.
#pragma once

#include <span>
#include <string_view>

namespace maillage::protocol {

struct EmbeddedFile {
  std::string_view path;  // "schemas/event.json", "vocabulary/activities.json"
  std::string_view text;
};

// Ascending by path.
std::span<const EmbeddedFile> embedded_files();

}  // namespace maillage::protocol
