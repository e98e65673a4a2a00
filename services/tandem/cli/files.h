// Files of the command line.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/exchange/csv/source.h"

namespace tandem::cli {

// The bytes of a small file. kUnknown with the system's words where it cannot be read.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

// A file as a stream; "-" is standard input; one that ends in .zst is unpacked. `on_bytes` (may be
// empty) is told of the file's own bytes as they are read.
absl::StatusOr<std::unique_ptr<exchange::csv::Source>> OpenSource(
    const std::string& path, std::function<void(std::int64_t)> on_bytes = {});

// Bytes of a file; 0 where that cannot be told.
std::int64_t SizeOfFile(const std::string& path);

// 16 hex digits of SHA-256 over the files' bytes, in order, and `more`.
absl::StatusOr<std::string> DigestOfFiles(const std::vector<std::string>& paths,
                                          std::string_view more);

// The file in `folder` whose name begins with `prefix` and ends with .csv or .csv.zst; the first by
// name where there are several. kNotFound / UNKNOWN_RECORD where there is none.
absl::StatusOr<std::string> FindInFolder(const std::string& folder, const std::string& prefix);

// All such files in `folder`, in the order of names. kNotFound / UNKNOWN_RECORD where there is
// none.
absl::StatusOr<std::vector<std::string>> AllInFolder(const std::string& folder,
                                                     const std::string& prefix);

// Writes to a file, or to standard output for "" and "-". Finish puts the file there whole, and
// says whether all was written.
class OutputFile {
 public:
  // Opens a temporary file in `path`'s folder at once, so that a place that cannot be written is
  // known before the work. Until Finish, and without it for good, what stood at `path` stays: a
  // kill or a full disk leaves no half of a file. The temporary one has no name where the file
  // system can do that, so that a kill leaves nothing, but for PATH.PID.part in the instant in
  // which it takes an old file's place. kUnknown with the system's words where no file can be made
  // or what is there may not be written.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  void Write(std::string_view bytes);
  absl::Status Finish();
  // Finishes files that belong together, the last of which is the mark that the others are there:
  // what stood at its path is removed before the first is put in place, so that a kill at any
  // moment leaves the old ones whole, the new ones whole, or no mark. Errors as Finish; one that
  // cannot be written whole leaves all the old ones.
  static absl::Status FinishTogether(std::span<const std::unique_ptr<OutputFile>> files);

 private:
  absl::Status Flush();
  absl::Status PutInPlace();
  explicit OutputFile(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}
  std::FILE* file_;
  std::string path_;
  std::string temporary_{};  // Where it is written until Finish; empty: at its path.
  bool named_ = false;       // Whether the temporary file has that name already.
  bool failed_ = false;
};

}  // namespace tandem::cli
