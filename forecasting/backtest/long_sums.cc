#include "forecasting/backtest/long_sums.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "forecasting/backtest/long_panel.h"

namespace tandem::forecasting {
namespace {

constexpr std::array<double, 5> kShares = {0.0, 0.25, 0.5, 0.75, 1.0};
using Losses = std::array<double, kShares.size()>;

constexpr double kTemper = 0.01;   // A share that loses so much more weighs 1 / e.
constexpr double kRatioMax = 2.0;  // Nothing is scaled by more.
constexpr double kPartMax = 0.1;   // Of a sum.
constexpr double kFarOff = 5.0;    // Sizes of a series: an error of more counts as so much.
constexpr std::size_t kSeriesANodeMin = 3;

double SizeOf(const ReadySeries& ready) {
  double size = 0.0;
  for (const double units : ready.units) size += std::abs(units);
  return ready.units.empty() ? 0.0 : size / static_cast<double>(ready.units.size());
}

// By series: whether it counts in its node's sum. What is more than kPartMax of it does not, nor
// does what then is of the rest.
std::vector<char> PartsOf(const LongLevel& level, std::span<const double> sizes) {
  std::vector<char> parts(sizes.size(), 1);
  for (bool again = true; again;) {
    again = false;
    std::vector<double> sums(level.node_count, 0.0);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (parts[i] != 0) sums[level.node_of_series[i]] += sizes[i];
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (parts[i] == 0 || sizes[i] <= kPartMax * sums[level.node_of_series[i]]) continue;
      parts[i] = 0;
      again = true;
    }
  }
  return parts;
}

double Over(double error, double of) { return of > 0.0 ? error / of : 1.0; }

// Weights fall with the loss beyond the least. Where all lose the same there is nothing to judge
// by, and nothing is scaled.
double MeanShare(const Losses& losses) {
  const auto [least, most] = std::ranges::minmax(losses);
  if (least == most) return 0.0;
  double share = 0.0;
  double weights = 0.0;
  for (std::size_t s = 0; s < kShares.size(); ++s) {
    const double weight = std::exp(-(losses[s] - least) / kTemper);
    share += weight * kShares[s];
    weights += weight;
  }
  return share / weights;
}

}  // namespace

// The sums of one level, and what they forecast.
class LongSums::Level {
 public:
  Level(const LongLevel& whole, const OriginInput& input, const LongOrigin& now) : input_(input) {
    sizes_.reserve(now.ready.size());
    for (const ReadySeries& ready : now.ready) sizes_.push_back(SizeOf(ready));
    parts_ = PartsOf(whole, sizes_);
    NumberNodes(whole);
    AddUp(now);
    form_ = DriverForm::Of(sums_);
  }
  bool empty() const { return level_.node_count == 0; }

  absl::Status Forecast(const LongStructure& structure, std::span<const std::size_t> backs,
                        Executor& executor) {
    local_.emplace(sums_input_, LongStructure{.longest_season = structure.longest_season},
                   executor);
    absl::Status status = local_->ReadOrigins(backs, [](double) {});
    if (status.ok()) local_->Forecast([](double) {});
    return status;
  }

  double Learn(std::span<const LongOrigin> earlier,
               std::span<const std::vector<double>> past_means) {
    Losses losses{};
    for (std::size_t k = 0; k < earlier.size(); ++k) {
      const std::vector<double> ratios =
          RatiosOf(earlier[k], past_means[k], local_->past_means()[k]);
      const Losses more = LossesOf(earlier[k], past_means[k], ratios);
      for (std::size_t s = 0; s < kShares.size(); ++s) losses[s] += more[s];
    }
    const auto count = static_cast<double>(std::max<std::size_t>(earlier.size(), 1));
    for (double& loss : losses) loss /= count;
    share_ = MeanShare(losses);
    return share_;
  }

  absl::Status Scale(const LongOrigin& origin, std::vector<double>& means) const {
    if (share_ == 0.0) return absl::OkStatus();
    const auto direct = local_->MeansAt(origin.back);
    if (!direct.ok()) return direct.status();
    const std::vector<double> ratios = RatiosOf(origin, means, *direct);
    const std::size_t horizon = input_.options.horizon_buckets;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i] == 0) continue;
      const double factor = std::pow(ratios[level_.node_of_series[i]], share_);
      for (std::size_t h = 0; h < horizon; ++h) means[i * horizon + h] *= factor;
    }
    return absl::OkStatus();
  }

 private:
  // Of the nodes that have a part.
  void NumberNodes(const LongLevel& whole) {
    level_.node_of_series.assign(parts_.size(), 0);
    std::vector<std::size_t> numbers(whole.node_count, whole.node_count);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i] == 0) continue;
      std::size_t& number = numbers[whole.node_of_series[i]];
      if (number == whole.node_count) number = level_.node_count++;
      level_.node_of_series[i] = number;
    }
  }

  // Aligned at their ends.
  void AddUp(const LongOrigin& now) {
    std::size_t buckets = 0;
    for (const LongSeries& one : input_.panel.series) buckets = std::max(buckets, one.units.size());
    sums_.series.resize(level_.node_count);
    for (LongSeries& sum : sums_.series) {
      sum.units.resize(buckets);
      sum.knowledge.resize(buckets, Knowledge::kGap);
    }
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i] == 0) continue;
      LongSeries& sum = sums_.series[level_.node_of_series[i]];
      const ReadySeries& ready = now.ready[i];
      const std::size_t first = buckets - ready.units.size();
      for (std::size_t t = 0; t < ready.units.size(); ++t) {
        sum.units[first + t] += ready.units[t];
        if (ready.knowledge[t] != Knowledge::kGap) sum.knowledge[first + t] = Knowledge::kKnown;
      }
    }
  }

  // By node: the sum's own forecast over that of its series', of the whole horizon.
  std::vector<double> RatiosOf(const LongOrigin& origin, std::span<const double> means,
                               std::span<const double> direct) const {
    const std::size_t horizon = input_.options.horizon_buckets;
    std::vector<double> below(level_.node_count, 0.0);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i] == 0 || !origin.Has(i)) continue;
      for (std::size_t h = 0; h < horizon; ++h) {
        below[level_.node_of_series[i]] += means[i * horizon + h];
      }
    }
    std::vector<double> ratios(level_.node_count, 1.0);
    for (std::size_t n = 0; n < level_.node_count; ++n) {
      double above = 0.0;
      for (std::size_t h = 0; h < horizon; ++h) above += direct[n * horizon + h];
      if (!(above > 0.0) || !(below[n] > 0.0)) continue;
      ratios[n] = std::clamp(above / below[n], 1.0 / kRatioMax, kRatioMax);
    }
    return ratios;
  }

  // By share, over that of no scaling: a third each by errors of single series in units, by those
  // over each series' size, and by those of the sums.
  Losses LossesOf(const LongOrigin& origin, std::span<const double> means,
                  std::span<const double> ratios) const {
    Losses losses{};
    Errors none;
    for (std::size_t s = 0; s < kShares.size(); ++s) {
      const Errors errors = ErrorsOf(origin, means, ratios, kShares[s]);
      if (s == 0) none = errors;
      losses[s] = (Over(errors.single, none.single) + Over(errors.scaled, none.scaled) +
                   Over(errors.sums, none.sums)) /
                  3.0;
    }
    return losses;
  }

  struct Errors {
    double single = 0.0;
    double scaled = 0.0;
    double sums = 0.0;
  };
  Errors ErrorsOf(const LongOrigin& origin, std::span<const double> means,
                  std::span<const double> ratios, double share) const {
    const std::size_t horizon = input_.options.horizon_buckets;
    Errors errors;
    std::vector<double> off(level_.node_count * horizon, 0.0);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i] == 0 || !origin.Has(i)) continue;
      const std::size_t n = level_.node_of_series[i];
      const double factor = std::pow(ratios[n], share);
      for (std::size_t h = 0; h < std::min(horizon, origin.back); ++h) {
        const LongOutcome outcome = OutcomeAt(input_.panel.series[i], origin.back, h);
        if (!outcome.known) continue;
        const double error = means[i * horizon + h] * factor - outcome.units;
        errors.single += std::abs(error);
        if (sizes_[i] > 0.0) errors.scaled += std::min(kFarOff, std::abs(error) / sizes_[i]);
        off[n * horizon + h] += error;
      }
    }
    for (const double error : off) errors.sums += std::abs(error);
    return errors;
  }

  const OriginInput& input_;
  std::vector<char> parts_;    // By series.
  std::vector<double> sizes_;  // Likewise.
  LongLevel level_;
  LongPanel sums_;
  DriverForm form_;
  const OriginInput sums_input_{sums_, input_.options, form_};
  std::optional<LongLocal> local_;
  double share_ = 0.0;
};

LongSums::LongSums(const OriginInput& input, const LongStructure& structure, Executor& executor)
    : input_(input), structure_(structure), executor_(executor) {}

LongSums::~LongSums() = default;

absl::Status LongSums::Learn(LongLocal& local, std::vector<std::vector<double>>& past_means,
                             std::vector<double>& means) {
  std::vector<std::size_t> backs;
  for (const LongOrigin& origin : local.earlier()) backs.push_back(origin.back);
  const std::vector<LongLevel> levels = LevelsOf(input_.panel);
  shares_.assign(levels.size() - 1, 0.0);  // Without the series themselves.
  for (std::size_t l = 0; l + 1 < levels.size(); ++l) {
    if (kSeriesANodeMin * levels[l].node_count > input_.panel.series.size()) continue;
    auto level = std::make_unique<Level>(levels[l], input_, local.now());
    if (level->empty()) continue;
    absl::Status status = level->Forecast(structure_, backs, executor_);
    if (!status.ok()) return status;
    shares_[l] = level->Learn(local.earlier(), past_means);
    status = level->Scale(local.now(), means);
    for (std::size_t k = 0; k < backs.size() && status.ok(); ++k) {
      status = level->Scale(local.earlier()[k], past_means[k]);
    }
    if (!status.ok()) return status;
    levels_.push_back(std::move(level));
  }
  return absl::OkStatus();
}

absl::Status LongSums::Scale(const LongOrigin& origin, std::vector<double>& means) const {
  for (const std::unique_ptr<Level>& level : levels_) {
    absl::Status status = level->Scale(origin, means);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace tandem::forecasting
