#include "tests/e2e/canary.h"

namespace maillage::tests {
namespace {

constexpr const char* kScan = R"(import os, re, sys, zlib
texts = {text: text.encode() for text in sys.argv[2:]}
def raw(path):
    with open(path, 'rb') as file: return file.read()
def kind(path):
    name = os.path.basename(path)
    if '/state/' in path and name.startswith('MANIFEST'): return 'manifest'
    if '/state/' in path and name.endswith('.log'): return 'wal'
    return {'.sst': 'sst', '.pack': 'pack'}.get(os.path.splitext(name)[1], 'file')
def records(data):  # of RocksDB's log: blocks of 32 KiB, records of CRC (4), size (2), type (1), and a number (4) in some
    at = 0
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7 or data[at + 6] == 0:
            at += left
            continue
        begin = at + (11 if 5 <= data[at + 6] <= 8 else 7)
        at = begin + int.from_bytes(data[at + 4:at + 6], 'little')
        yield data[begin:at]
def streams(data):
    view = memoryview(data)
    for begin in re.finditer(rb'\x78[\x01\x5e\x9c\xda]', data):  # deflate with a window of 32 KiB, at any level
        stream, text = zlib.decompressobj(), b''
        try:
            for at in range(begin.start(), len(data), 65536):
                text += stream.decompress(view[at:at + 65536])
                if stream.eof: break
        except zlib.error:
            pass
        yield text
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(folder, name)
        try:
            data = raw(path)
        except OSError:
            continue
        everything = [data, *streams(data)]
        if kind(path) in ('wal', 'manifest'): everything.append(b''.join(records(data)))
        for text in texts:
            if any(texts[text] in each for each in everything): print(kind(path), path, text)
)";

}  // namespace

std::string files_that_hold(const std::filesystem::path& dir, const Words& texts) {
  Words words{"python3", "-c", kScan, dir.string()};
  words.insert(words.end(), texts.begin(), texts.end());
  Ended ended = run(words);
  return ended.code == 0 ? ended.out : "scan: " + ended.err;
}

bool in_kind(const std::string& files, const std::string& kind, const std::string& text) {
  for (std::size_t begin = 0, end; (end = files.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::string_view line = std::string_view(files).substr(begin, end - begin);
    if (line.starts_with(kind + " ") && line.ends_with(" " + text)) return true;
  }
  return false;
}

}  // namespace maillage::tests
