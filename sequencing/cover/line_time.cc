#include "sequencing/cover/line_time.h"

#include <cstddef>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

constexpr std::int64_t kWhole = 1'000'000'000;  // Parts of a position.
constexpr std::int64_t kTimeMax = std::int64_t{1} << 50;
constexpr std::int64_t kTaktMax = std::int64_t{1} << 31;

absl::Status CheckRuns(std::span<const LineRun> runs) {
  std::int64_t last_ms = -kTimeMax;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const LineRun& run = runs[i];
    if (run.from_ms < last_ms || run.to_ms < run.from_ms || run.to_ms > kTimeMax ||
        run.takt_ms < 1 || run.takt_ms > kTaktMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("run ", i, " from ", run.from_ms, " to ", run.to_ms, " ms at a takt of ",
                       run.takt_ms, " ms; runs follow each other, and a takt is at least 1 ms"));
    }
    last_ms = run.to_ms;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::int64_t>> PositionTimes(std::span<const LineRun> runs,
                                                        std::int64_t count) {
  if (count < 0) return absl::InvalidArgumentError(absl::StrCat(count, " positions"));
  if (const absl::Status status = CheckRuns(runs); !status.ok()) return status;
  std::vector<std::int64_t> times;
  std::int64_t left = kWhole;  // Of the next position.
  for (const LineRun& run : runs) {
    std::int64_t at_ms = run.from_ms;
    while (std::ssize(times) < count) {
      // At most 10^9 * 2^31: an int64.
      const std::int64_t needed_ms = (left * run.takt_ms + kWhole - 1) / kWhole;
      if (needed_ms > run.to_ms - at_ms) break;
      at_ms += needed_ms;
      times.push_back(at_ms);
      left = kWhole;
    }
    // Below one position, since the next did not fit.
    const absl::int128 done = absl::int128(run.to_ms - at_ms) * kWhole / run.takt_ms;
    left -= static_cast<std::int64_t>(done);
    if (std::ssize(times) == count) break;
  }
  return times;
}

}  // namespace tandem::sequencing
