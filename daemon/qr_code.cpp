#include "daemon/qr_code.h"

#include <algorithm>
#include <memory>

#include <qrencode.h>

namespace maillage::daemon {
namespace {

using protocol::ErrorCode;
using protocol::fail;

constexpr int kBorder = 4;  // modules; the standard's quiet zone

std::string escaped(std::string_view text) {
  std::string out;
  for (char letter : text) {
    if (letter == '&') out += "&amp;";
    else if (letter == '<') out += "&lt;";
    else if (letter == '>') out += "&gt;";
    else if (letter == '"') out += "&quot;";
    else out += letter;
  }
  return out;
}

using Symbol = std::unique_ptr<QRcode, decltype(&QRcode_free)>;

// Readers take what is not ASCII for Shift JIS or Latin-1 unless an ECI header says UTF-8 (assignment 26).
Symbol symbol_of(const std::string& text) {
  bool ascii = std::ranges::all_of(text, [](char letter) { return static_cast<unsigned char>(letter) < 0x80; });
  if (ascii) return {QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1), &QRcode_free};
  std::unique_ptr<QRinput, decltype(&QRinput_free)> input(QRinput_new2(0, QR_ECLEVEL_M), &QRinput_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  bool taken = input && QRinput_appendECIheader(input.get(), 26) == 0 &&
               QRinput_append(input.get(), QR_MODE_8, static_cast<int>(text.size()), bytes) == 0;
  return {taken ? QRcode_encodeInput(input.get()) : nullptr, &QRcode_free};
}

}  // namespace

protocol::Result<QrCode> QrCode::of(std::string_view text) {
  if (text.empty() || text.find('\0') != std::string_view::npos) return fail(ErrorCode::kMalformed, "QR");
  if (text.size() > kQrTextMax) return fail(ErrorCode::kTooLarge, "QR");
  Symbol made = symbol_of(std::string(text));
  if (!made) return fail(ErrorCode::kTooLarge, "QR");
  std::vector<std::uint8_t> modules(static_cast<std::size_t>(made->width) * static_cast<std::size_t>(made->width));
  for (std::size_t i = 0; i < modules.size(); ++i) modules[i] = made->data[i] & 1;
  return QrCode(made->width, std::move(modules));
}

bool QrCode::dark(int x, int y) const {
  bool inside = x >= 0 && y >= 0 && x < side_ && y < side_;
  return inside && modules_[static_cast<std::size_t>(y) * static_cast<std::size_t>(side_) + static_cast<std::size_t>(x)] != 0;
}

std::string QrCode::terminal_text(bool coloured) const {
  std::string out;
  for (int y = -kBorder; y < side_ + kBorder; y += 2) {
    if (coloured) out += "\x1b[97;40m";
    for (int x = -kBorder; x < side_ + kBorder; ++x) {
      // The last line has one row only: below it there is nothing, which is as dark as the terminal.
      bool above = !dark(x, y), below = y + 1 < side_ + kBorder && !dark(x, y + 1);
      out += above && below ? "█" : above ? "▀" : below ? "▄" : " ";
    }
    out += coloured ? "\x1b[0m\n" : "\n";
  }
  return out;
}

std::string QrCode::svg(std::string_view title) const {
  std::string whole = std::to_string(side_ + 2 * kBorder);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + whole + " " + whole + "\" shape-rendering=\"crispEdges\" role=\"img\">";
  out += "<title>" + escaped(title) + "</title><rect width=\"" + whole + "\" height=\"" + whole + "\" fill=\"#fff\"/><path d=\"";
  for (int y = 0; y < side_; ++y)
    for (int x = 0; x < side_; ++x) {
      if (!dark(x, y) || dark(x - 1, y)) continue;
      int end = x;
      while (dark(end, y)) ++end;
      out += "M" + std::to_string(x + kBorder) + " " + std::to_string(y + kBorder) + "h" + std::to_string(end - x) + "v1H" + std::to_string(x + kBorder) + "z";
    }
  return out + "\" fill=\"#000\"/></svg>\n";
}

}  // namespace maillage::daemon
