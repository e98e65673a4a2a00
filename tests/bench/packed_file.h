// Data files of benchmarks.
#pragma once

#include <string>

namespace tandem::bench {

// A file's bytes, unpacked if its name ends in .zst. Ends the program with a message where the file
// cannot be read, is damaged or ends too early.
std::string ReadPacked(const std::string& path);

}  // namespace tandem::bench
