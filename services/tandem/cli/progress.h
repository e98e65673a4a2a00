// A progress bar on standard error where that is a terminal, nothing where it is not.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace tandem::cli {

// One step's bar; not for several threads at once. Drawn at most ten times a second.
class Progress {
 public:
  // `total` in `unit`s; 0 where it is not known.
  Progress(std::string label, std::string unit, std::int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void Set(std::int64_t done);
  void SetTotal(std::int64_t total) { total_ = total; }
  // Wipes the bar. Called by the destructor too.
  void Finish();

 private:
  void Draw();
  std::string label_;
  std::string unit_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  bool terminal_;
  bool drawn_ = false;
  absl::Time begin_;
  absl::Time last_ = absl::InfinitePast();
};

// "41.2 M", "3,049".
std::string Count(double number);

}  // namespace tandem::cli
