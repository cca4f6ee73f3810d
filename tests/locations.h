// Where the tests find the sources and the programs under test. Absolute, told to one generated file for each test binary, so
// that every other object is the same in every checkout and a compiler cache can give it to the next one. Any thread.
#pragma once

namespace maillage::tests {

extern const char *const kSourceDir;    // the root of the sources
extern const char *const kBinary;       // the program `maillage`
extern const char *const kNewerBinary;  // as a later version may be, whose vocabulary knows a word more
extern const char *const kBenchBinary;  // the program `maillage-bench`
extern const char *const kDiskPreload;  // the library that stands between a daemon and its disk

}  // namespace maillage::tests
