#include "sequencing/lineorder/line_search.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "sequencing/lineorder/anneal.h"
#include "sequencing/lineorder/schedule.h"
#include "sequencing/lineorder/start_order.h"

namespace tandem::sequencing {
namespace {

constexpr std::int64_t kBlock = 4096;  // Moves at one temperature.
constexpr std::int64_t kBlocksToAdapt = 32;
constexpr double kExtraShare = 0.3;  // Of all moves, for the extra terms.
constexpr std::int64_t kIterationsMax = std::int64_t{1} << 50;

std::int64_t Ceiling(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// No order changes colour less often: each colour needs its batches, and each batch is a change,
// but for a first one of the previous day's last colour.
std::int64_t ColourChangesLeast(const LineProblem& problem) {
  std::map<int, std::int64_t> vehicles;
  for (const LineVehicle& vehicle : problem.day) ++vehicles[vehicle.colour];
  std::int64_t batches = 0;
  for (const auto& [colour, count] : vehicles) {
    batches += problem.paint_batch_max > 0 ? Ceiling(count, problem.paint_batch_max) : 1;
  }
  const bool goes_on =
      problem.previous.empty() || vehicles.contains(problem.previous.back().colour);
  return goes_on ? batches - 1 : batches;
}

std::int64_t ScoreLeast(const LineProblem& problem) {
  return WeightOf(problem, Objective::kColourChanges) * ColourChangesLeast(problem);
}

// Whether no order has less of the first objective.
bool FirstIsLeast(const LineProblem& problem, std::span<const int> order) {
  const auto score = ScoreOf(problem, order);
  if (!score.ok()) return false;
  switch (problem.objectives.front()) {
    case Objective::kHighRatios:
      return score->high_violations == 0;
    case Objective::kLowRatios:
      return score->low_violations == 0;
    case Objective::kColourChanges:
      break;
  }
  return score->colour_changes <= ColourChangesLeast(problem);
}

LineProblem WithoutExtras(LineProblem problem) {
  problem.extra_terms.clear();
  return problem;
}

}  // namespace

class LineSearch::Impl {
 public:
  Impl(LineProblem problem, std::vector<int> start, const SearchOptions& options)
      : problem_(std::move(problem)),
        bare_(WithoutExtras(problem_)),
        score_least_(ScoreLeast(problem_)),
        seed_(options.seed),
        iterations_(options.iterations),
        extra_moves_(
            problem_.extra_terms.empty()
                ? 0
                : static_cast<std::int64_t>(static_cast<double>(iterations_) * kExtraShare)),
        schedule_(iterations_ - extra_moves_, WeightOf(problem_, problem_.objectives.back()),
                  static_cast<std::int64_t>(problem_.day.size())),
        base_(start),
        anneal_(std::make_unique<Anneal>(bare_, std::move(start), seed_)) {}

  bool Advance(std::int64_t moves) {
    while (moves > 0 && !finished_) {
      if (block_left_ == 0 && !BeginBlock()) break;
      const std::int64_t now = std::min(moves, block_left_);
      anneal_->Walk(now);
      moves -= now;
      done_ += now;
      leg_done_ += now;
      block_left_ -= now;
    }
    return !finished_;
  }

  std::int64_t iterations() const { return iterations_; }
  std::int64_t done() const { return done_; }
  std::int64_t judged() const { return judged_before_ + anneal_->judged(); }
  std::int64_t best_score() const { return anneal_->best_score(); }
  std::vector<int> BestOrder() const { return anneal_->BestOrder(); }
  bool optimal() const { return problem_.extra_terms.empty() && best_score() <= score_least_; }

 private:
  // Sets the temperature of the next block; false if there is none.
  bool BeginBlock() {
    if (!extra_phase_ && best_score() <= score_least_) EndScorePhase();
    if (!finished_ && leg_done_ == leg_.moves) BeginLeg();
    if (finished_) return false;
    const double left = 1.0 - static_cast<double>(leg_done_) / static_cast<double>(leg_.moves);
    if (extra_phase_) {
      anneal_->SetExtraHeat(left * left);
    } else {
      double heat = leg_.heat;
      for (int i = 0; i < leg_.power; ++i) heat *= left;
      anneal_->SetHeat(heat);
    }
    if (++blocks_ % kBlocksToAdapt == 0) anneal_->AdaptDraws();
    block_left_ = std::min(kBlock, leg_.moves - leg_done_);
    return true;
  }

  void BeginLeg() {
    leg_done_ = 0;
    if (extra_phase_) {
      finished_ = true;
      return;
    }
    const std::optional<Leg> leg = schedule_.Next(
        {.score = anneal_->score(), .settled = FirstIsLeast(bare_, anneal_->BestOrder())});
    if (!leg.has_value()) return EndScorePhase();
    leg_ = *leg;
    if (leg_.from_base && !has_base_) base_ = anneal_->BestOrder();
    has_base_ = has_base_ || leg_.from_base;
    anneal_->Restart(leg_.from_base ? base_ : anneal_->BestOrder());
  }

  // What is left goes to the extra terms, from the best order.
  void EndScorePhase() {
    if (extra_moves_ == 0) {
      finished_ = true;
      return;
    }
    const std::vector<int> best = anneal_->BestOrder();
    judged_before_ = anneal_->judged();
    anneal_ = std::make_unique<Anneal>(problem_, best, seed_ + 1);
    extra_phase_ = true;
    leg_done_ = 0;
    leg_ = {.heat = 0.0, .power = 0, .moves = iterations_ - done_, .from_base = false};
  }

  const LineProblem problem_;
  const LineProblem bare_;
  const std::int64_t score_least_;
  const std::uint64_t seed_;
  const std::int64_t iterations_;
  const std::int64_t extra_moves_;
  Schedule schedule_;
  std::vector<int> base_;
  bool has_base_ = false;
  std::unique_ptr<Anneal> anneal_;
  Leg leg_{};
  std::int64_t leg_done_ = 0;
  std::int64_t block_left_ = 0;
  std::int64_t blocks_ = 0;
  std::int64_t done_ = 0;
  std::int64_t judged_before_ = 0;
  bool extra_phase_ = false;
  bool finished_ = false;
};

LineSearch::LineSearch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineSearch::LineSearch(LineSearch&&) noexcept = default;
LineSearch& LineSearch::operator=(LineSearch&&) noexcept = default;
LineSearch::~LineSearch() = default;

absl::StatusOr<LineSearch> LineSearch::Begin(LineProblem problem, const SearchOptions& options) {
  if (absl::Status status = CheckProblem(problem); !status.ok()) return status;
  if (options.iterations < 1 || options.iterations > kIterationsMax) {
    return absl::InvalidArgumentError("iterations: are from 1 to 2^50");
  }
  absl::StatusOr<std::vector<int>> start = StartOrder(problem);
  if (!start.ok()) return start.status();
  return LineSearch(std::make_unique<Impl>(std::move(problem), *std::move(start), options));
}

bool LineSearch::Advance(std::int64_t moves) { return impl_->Advance(moves); }
std::int64_t LineSearch::iterations() const { return impl_->iterations(); }
std::int64_t LineSearch::moves_judged() const { return impl_->judged(); }
std::int64_t LineSearch::iterations_done() const { return impl_->done(); }
std::int64_t LineSearch::best_score() const { return impl_->best_score(); }
std::vector<int> LineSearch::BestOrder() const { return impl_->BestOrder(); }
bool LineSearch::optimal() const { return impl_->optimal(); }

}  // namespace tandem::sequencing
