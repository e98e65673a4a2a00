// A search that is to last so many seconds, by a clock that the caller brings.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/lineorder/problem.h"

namespace tandem::sequencing {

struct TimedOptions {
  std::uint64_t seed = 1;
  // Moves to draw; 0: as many as the seconds allow, which the first 2 % of them find out.
  std::int64_t iterations = 0;
  double seconds = 60.0;  // Stops it, whatever the iterations.
  // A score that is good enough: a best order of at most this stops it, at the next look. With
  // iterations given, always after the same move. Extra terms are not waited for.
  std::optional<std::int64_t> enough_score{};
  // Seconds since any instant; asked every 20,000 moves, a few milliseconds.
  std::function<double()> now_seconds{};
  // May be empty. Asked with the clock: true stops it, with the best order so far.
  std::function<bool()> stop{};
  // May be empty. Told of moves done, of all.
  std::function<void(std::int64_t, std::int64_t)> on_progress{};
};

struct TimedResult {
  std::vector<int> order{};
  // With these and the seed, LineSearch gives the same order after `done` moves. Where that is less
  // than all, the seconds or `stop` have stopped it, the score was enough, or the order known to be
  // optimal.
  std::int64_t iterations = 0;
  std::int64_t done = 0;
  std::int64_t judged = 0;  // Moves whose change of the score was counted.
  bool optimal = false;
};

// kInvalidArgument for seconds that are not above 0, a clock that is missing, less than 0
// iterations, and as LineSearch::Begin.
absl::StatusOr<TimedResult> SearchFor(const LineProblem& problem, const TimedOptions& options);

}  // namespace tandem::sequencing
