// Where a file's bytes come from: a few thousand at a time, so that a file of any size is read in
// the memory of one record. Opening files is the caller's; nothing here does I/O by itself.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"

namespace tandem::exchange::csv {

class Source {
 public:
  virtual ~Source() = default;
  // Puts the next bytes into `to` and returns how many; 0 at the end (and again after it). `to` is
  // not empty. An error is final.
  virtual absl::StatusOr<std::size_t> Read(std::span<char> to) = 0;
};

// A text in memory, which must outlive the source.
class TextSource : public Source {
 public:
  explicit TextSource(std::string_view text) : rest_(text) {}
  absl::StatusOr<std::size_t> Read(std::span<char> to) override;

 private:
  std::string_view rest_;
};

// Unpacks a zstd stream (RFC 8878) of one or more frames. Windows of up to 128 MiB are accepted, as
// by the zstd program. Read returns kInvalidArgument / FILE_MALFORMED for other bytes, and where
// the input ends within a frame.
std::unique_ptr<Source> UnpackZstd(std::unique_ptr<Source> packed);

}  // namespace tandem::exchange::csv
