#include "sequencing/cover/line_time.h"

#include <cstddef>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

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

// What is left of a position, as a fraction: exact over any number of breaks at one takt, and over
// changes of takt until the denominator grows beyond all use.
class Left {
 public:
  // Whole milliseconds, rounded up, until it is done at this takt.
  absl::uint128 MillisAt(std::int64_t takt_ms) const {
    return (part_ * Wide(takt_ms) + whole_ - 1) / whole_;
  }
  // The line has run for less than that.
  void Run(std::int64_t run_ms, std::int64_t takt_ms) {
    part_ = part_ * Wide(takt_ms) - Wide(run_ms) * whole_;
    whole_ *= Wide(takt_ms);
    const absl::uint128 divisor = Divisor(part_, whole_);
    part_ /= divisor;
    whole_ /= divisor;
    if (whole_ <= kWholeMax) return;
    part_ = part_ * Wide(kBillion) / whole_;
    whole_ = Wide(kBillion);
  }
  void Restart() { *this = Left(); }

 private:
  static constexpr std::int64_t kBillion = 1'000'000'000;
  static constexpr absl::uint128 kWholeMax = absl::MakeUint128(0, std::uint64_t{1} << 62);

  static absl::uint128 Wide(std::int64_t value) {
    return absl::uint128(static_cast<std::uint64_t>(value));
  }
  static absl::uint128 Divisor(absl::uint128 a, absl::uint128 b) {
    while (a != 0) {
      const absl::uint128 rest = b % a;
      b = a;
      a = rest;
    }
    return b;
  }

  absl::uint128 part_ = 1;
  absl::uint128 whole_ = 1;
};

}  // namespace

absl::StatusOr<std::vector<std::int64_t>> PositionTimes(std::span<const LineRun> runs,
                                                        std::int64_t count) {
  if (count < 0) return absl::InvalidArgumentError(absl::StrCat(count, " positions"));
  if (const absl::Status status = CheckRuns(runs); !status.ok()) return status;
  std::vector<std::int64_t> times;
  Left left;  // Of the next position.
  for (const LineRun& run : runs) {
    std::int64_t at_ms = run.from_ms;
    while (std::ssize(times) < count) {
      const absl::uint128 needed_ms = left.MillisAt(run.takt_ms);
      if (needed_ms > static_cast<std::uint64_t>(run.to_ms - at_ms)) break;
      at_ms += static_cast<std::int64_t>(absl::Uint128Low64(needed_ms));
      times.push_back(at_ms);
      left.Restart();
    }
    if (std::ssize(times) == count) break;
    left.Run(run.to_ms - at_ms, run.takt_ms);
  }
  return times;
}

}  // namespace tandem::sequencing
