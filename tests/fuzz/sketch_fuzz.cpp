// Cells of a sketch: hostile ones end, and are never decoded beyond their number.
// Input: own symbols (1 byte), size of the remote set (2 bytes), cells a run (1 byte), cells.
#include "protocol/sketch.h"

using namespace maillage::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  Reader in({input, size});
  SketchKey key{{1, 2, 3}};
  std::vector<SketchSymbol> own(in.u8());
  for (std::size_t i = 0; i < own.size(); ++i) own[i] = (i + 1) * 0x9e3779b97f4a7c15;
  std::uint64_t set_size = in.u16();
  std::size_t run_bytes = 13 * (std::size_t{in.u8()} + 1);
  SketchDecoder decoder(key, own);
  while (in.left() > 0 && !decoder.done()) {
    Reader cells(in.take(std::min(run_bytes, in.left())));
    auto run = read_cells(cells, set_size, decoder.cells());
    if (!run) return 0;
    Writer out;
    write_cells(out, *run);
    Reader again(out.bytes());
    auto reread = read_cells(again, set_size, decoder.cells());
    check(reread.has_value() && *reread == *run, "cells have one encoding");
    // A fuzzer cannot guess a keyed check, a peer that knows the key writes it: 0 stands for the right one.
    for (SketchCell& cell : run->cells)
      if (cell.check == 0 && !cell.empty()) cell.check = sketch_check(key, cell.sum);
    if (!decoder.add_cells(*run)) return 0;
    check(decoder.only_local().size() + decoder.only_remote().size() <= decoder.cells(), "more symbols than cells");
  }
  return 0;
}
