// Pkt-lines: how git's protocol cuts a stream into lines: four hexadecimal digits that count themselves, then the bytes.
// `0000` is a flush. gitprotocol-common(5); registry/GIT.md.
//
// Invariant of the reader: it never looks past its bytes and its first error stays: after a broken length every `next`
// gives kBroken. One thread at a time.
#pragma once

#include <string_view>

#include "protocol/bytes.h"

namespace maillage::registry {

// git's own bounds: a line with its length, and what it carries.
inline constexpr std::size_t kPktBytesMax = 65'520;
inline constexpr std::size_t kPktPayloadBytesMax = kPktBytesMax - 4;

class PktReader {
 public:
  enum class Kind {
    kLine,
    kFlush,
    kEnd,     // nothing is left
    kCut,     // the bytes end inside a line: more of them may complete it
    kBroken,  // no length, or one that no line has
  };
  struct Pkt {
    Kind kind;
    std::string_view text;  // of a line, without the LF at its end; points into the bytes

    bool is_line() const { return kind == Kind::kLine; }
  };

  explicit PktReader(protocol::ByteView bytes) : rest_(bytes), size_(bytes.size()) {}

  // The next line or flush is taken off the bytes; anything else is not.
  Pkt next();

  // How many bytes were taken, so that what follows the lines (a pack) can be found.
  std::size_t taken() const { return size_ - rest_.size(); }

 private:
  protocol::ByteView rest_;
  std::size_t size_;
  bool broken_ = false;
};

// `text` gets a LF at its end. At most kPktPayloadBytesMax - 1.
void append_pkt(protocol::Bytes& out, std::string_view text);
void append_flush(protocol::Bytes& out);

// What multiplexed bytes are: the pack, words for the person at the terminal, or the reason why all is over.
enum class SideBand : std::uint8_t { kPack = 1, kProgress = 2, kError = 3 };

// As many lines as `bytes` needs, each with the band before it (side-band-64k).
void append_side_band(protocol::Bytes& out, SideBand band, protocol::ByteView bytes);

}  // namespace maillage::registry
