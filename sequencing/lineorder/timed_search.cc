#include "sequencing/lineorder/timed_search.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sequencing/lineorder/line_search.h"

namespace tandem::sequencing {
namespace {

constexpr std::int64_t kMovesBetweenLooks = 20'000;
constexpr std::int64_t kFirstPilotMoves = 100'000;
constexpr double kPilotShare = 0.02;  // Of the seconds.
constexpr double kSpare = 0.95;       // What is left is laid out but for a little.

class Timer {
 public:
  explicit Timer(const TimedOptions& options) : options_(options), begin_(options.now_seconds()) {}

  double left() const { return options_.seconds - (options_.now_seconds() - begin_); }

  // Nothing more is to be done, whatever moves are left.
  bool Ends(const LineSearch& search) const {
    const bool enough =
        options_.enough_score.has_value() && search.best_score() <= *options_.enough_score;
    const bool stopped = options_.stop && options_.stop();
    return enough || stopped || search.optimal() || left() <= 0.0;
  }

  // Searches until the moves are made or it ends. The seconds that it took.
  double Run(LineSearch& search, bool show) const {
    const double begin = options_.now_seconds();
    while (search.Advance(kMovesBetweenLooks) && !Ends(search)) {
      if (show && options_.on_progress) {
        options_.on_progress(search.iterations_done(), search.iterations());
      }
    }
    return options_.now_seconds() - begin;
  }

 private:
  const TimedOptions& options_;
  double begin_;
};

// Replaces `search` by one of as many moves as fit in what is left, unless a pilot has found what
// is enough or used up the time: then by the pilot. A pilot is a small search of its own, hot and
// cold as the whole one will be. The better one that was replaced goes to `pilot`: a search that is
// stopped early may not have come so far.
absl::Status FitToTime(const LineProblem& problem, const TimedOptions& options, const Timer& timer,
                       LineSearch& search, std::optional<LineSearch>& pilot) {
  double rate = 0.0;
  const auto begin = [&](double moves) -> absl::Status {
    const std::int64_t iterations = std::max<std::int64_t>(1, static_cast<std::int64_t>(moves));
    absl::StatusOr<LineSearch> next =
        LineSearch::Begin(problem, {.seed = options.seed, .iterations = iterations});
    if (!next.ok()) return next.status();
    const bool better = search.iterations_done() > 0 &&
                        (!pilot.has_value() || search.best_score() < pilot->best_score());
    if (better) pilot = std::move(search);
    search = *std::move(next);
    return absl::OkStatus();
  };
  for (const bool first : {true, false}) {
    const double moves = first ? kFirstPilotMoves : rate * kPilotShare * options.seconds;
    if (absl::Status status = begin(moves); !status.ok()) return status;
    const double seconds = std::max(timer.Run(search, false), 1e-6);
    if (timer.Ends(search)) return absl::OkStatus();
    rate = static_cast<double>(search.iterations_done()) / seconds;
  }
  const double moves = rate * kSpare * timer.left();
  if (moves <= static_cast<double>(search.iterations())) return absl::OkStatus();
  return begin(moves);
}

}  // namespace

absl::StatusOr<TimedResult> SearchFor(const LineProblem& problem, const TimedOptions& options) {
  if (!(options.seconds > 0.0) || options.seconds > 1e9) {
    return absl::InvalidArgumentError("seconds: are above 0, and at most 1e9");
  }
  if (!options.now_seconds) return absl::InvalidArgumentError("now_seconds: there is no clock");
  if (options.iterations < 0) return absl::InvalidArgumentError("iterations: are not negative");
  const Timer timer(options);
  absl::StatusOr<LineSearch> search = LineSearch::Begin(
      problem, {.seed = options.seed, .iterations = std::max<std::int64_t>(1, options.iterations)});
  if (!search.ok()) return search.status();
  std::optional<LineSearch> pilot;
  if (options.iterations == 0) {
    if (absl::Status status = FitToTime(problem, options, timer, *search, pilot); !status.ok()) {
      return status;
    }
  }
  if (!timer.Ends(*search)) timer.Run(*search, true);
  const bool from_pilot = pilot.has_value() && pilot->best_score() < search->best_score();
  const LineSearch& best = from_pilot ? *pilot : *search;
  return TimedResult{.order = best.BestOrder(),
                     .iterations = best.iterations(),
                     .done = best.iterations_done(),
                     .judged = best.moves_judged(),
                     .optimal = best.optimal()};
}

}  // namespace tandem::sequencing
