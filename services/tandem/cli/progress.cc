#include "services/tandem/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace tandem::cli {
namespace {

constexpr std::int64_t kWidth = 28;

}  // namespace

std::string Count(double number) {
  if (number >= 1e6) return absl::StrFormat("%.1f M", number / 1e6);
  if (number >= 1e4) return absl::StrFormat("%.1f k", number / 1e3);
  return absl::StrFormat("%.0f", number);
}

Progress::Progress(std::string label, std::string unit, std::int64_t total)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      begin_(absl::Now()) {}

Progress::~Progress() { Finish(); }

void Progress::Set(std::int64_t done) {
  done_ = done;
  if (!terminal_ || absl::Now() - last_ < absl::Milliseconds(100)) return;
  last_ = absl::Now();
  Draw();
}

void Progress::Draw() {
  const double seconds = std::max(0.001, absl::ToDoubleSeconds(absl::Now() - begin_));
  const double rate = static_cast<double>(done_) / seconds;
  std::string bar;
  if (total_ > 0) {
    const std::int64_t full = std::clamp<std::int64_t>(kWidth * done_ / total_, 0, kWidth);
    bar = absl::StrFormat("[%s%s] %3d%% ", std::string(static_cast<std::size_t>(full), '#'),
                          std::string(static_cast<std::size_t>(kWidth - full), '.'),
                          std::min<std::int64_t>(100, 100 * done_ / total_));
  }
  std::fprintf(stderr, "\r\x1b[K%s %s%s %s, %s/s", label_.c_str(), bar.c_str(),
               Count(static_cast<double>(done_)).c_str(), unit_.c_str(), Count(rate).c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::Finish() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace tandem::cli
