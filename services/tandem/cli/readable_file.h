// Files that are named on the command line to be read.
#pragma once

#include <string>

namespace tandem::cli {

// For CLI::Option::check: "" for a file or a pipe that is there, and for "-", standard input; else
// what is wrong.
std::string CheckReadable(const std::string& path);

// Whether it can be read again from its begin: a pipe, a terminal and "-" cannot.
bool IsRegularFile(const std::string& path);

}  // namespace tandem::cli
