#include "forecasting/profile/demand_response.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/small_matrix.h"

namespace tandem::forecasting {

namespace {

constexpr int kNewtonStepsMax = 50;
constexpr int kOwnStepsMax = 10;
constexpr double kStepMin = 1e-10;
constexpr double kLogOddsMax = 50.0;     // Beyond, nothing changes but that numbers overflow.
constexpr double kDriftDeviation = 1.0;  // Of c's prior: without it, one change has no mode.

// Where the coefficients stand in a vector of them.
constexpr std::size_t kDrift = 0;
constexpr std::size_t kElasticity = 1;
constexpr std::size_t kExpected = 2;
constexpr std::size_t kKinds = 3;
constexpr std::size_t kCoefficients = kKinds + kPromotionKinds;
using Coefficients = std::array<double, kCoefficients>;

Coefficients RowOf(const DemandChange& change) {
  Coefficients row{};
  row[kDrift] = change.log_ratio == 0.0 ? 0.0 : 1.0;
  row[kElasticity] = change.log_ratio;
  row[kExpected] = change.log_expected;
  std::ranges::copy(change.kinds, row.begin() + kKinds);
  return row;
}

struct Prior {
  Coefficients mean{};
  Coefficients precision{};
};

Prior PriorOf(const DemandResponseOptions& options) {
  const auto precision = [](double deviation) { return 1.0 / (deviation * deviation); };
  Prior prior;
  prior.mean[kExpected] = 1.0;
  prior.precision.fill(precision(options.uplift_deviation));
  prior.precision[kDrift] = precision(kDriftDeviation);
  prior.precision[kElasticity] = precision(options.prior_deviation);
  prior.precision[kExpected] = precision(options.weight_deviation);
  return prior;
}

struct Window {
  double units = 0.0;
  double exposure = 0.0;
};

Window SumOf(const DrivenHistory& history, std::size_t first, std::size_t last) {
  Window window;
  for (std::size_t t = first; t < last; ++t) {
    if (!history.knowledge.empty() && history.knowledge[t] != Knowledge::kKnown) continue;
    window.units += static_cast<double>(history.history_units[t]);
    window.exposure += history.index[t];
  }
  return window;
}

// What a change says of the units that came after it, the coefficients' part given.
struct Said {
  double miss = 0.0;    // Units after it less those expected.
  double weight = 0.0;  // Their variance.
};

Said SaidBy(const DemandChange& change, double log_odds_ratio) {
  const double total = change.units_before + change.units_after;
  const double odds = change.exposure_after / change.exposure_before *
                      std::exp(std::clamp(log_odds_ratio, -kLogOddsMax, kLogOddsMax));
  const double share = odds / (1.0 + odds);
  return {.miss = change.units_after - total * share, .weight = total * share * (1.0 - share)};
}

double Dot(const Coefficients& a, const Coefficients& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < kCoefficients; ++i) sum += a[i] * b[i];
  return sum;
}

// log likelihood's slope, minus its curvature (lower half), and Pearson's sum of squares.
struct Newton {
  Coefficients slope{};
  std::array<Coefficients, kCoefficients> curvature{};
  double pearson = 0.0;
};

Newton Evaluate(std::span<const DemandChange> changes, const Coefficients& at) {
  Newton sums;
  for (const DemandChange& change : changes) {
    const Coefficients row = RowOf(change);
    const Said said = SaidBy(change, Dot(row, at));
    for (std::size_t i = 0; i < kCoefficients; ++i) {
      if (row[i] == 0.0) continue;
      sums.slope[i] += said.miss * row[i];
      for (std::size_t j = 0; j <= i; ++j) sums.curvature[i][j] += said.weight * row[i] * row[j];
    }
    if (said.weight > 0.0) sums.pearson += said.miss * said.miss / said.weight;
  }
  return sums;
}

absl::Status Check(std::span<const DemandChange> changes, const DemandResponseOptions& options) {
  const auto positive = [](double value) { return value > 0.0 && std::isfinite(value); };
  if (!positive(options.prior_deviation) || !positive(options.uplift_deviation) ||
      !positive(options.weight_deviation) || !positive(options.log_uplift_max) ||
      !(options.elasticity_min <= 0.0) || !std::isfinite(options.elasticity_min)) {
    return absl::InvalidArgumentError("an option is out of range");
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const DemandChange& change = changes[i];
    const Coefficients row = RowOf(change);
    const bool good = std::ranges::all_of(row, [](double x) { return std::isfinite(x); }) &&
                      change.units_before >= 0.0 && change.units_after >= 0.0 &&
                      positive(change.exposure_before) && positive(change.exposure_after) &&
                      std::isfinite(change.units_before) && std::isfinite(change.units_after);
    if (!good) {
      return absl::InvalidArgumentError(
          absl::StrCat("change ", i, ": a sum is negative or a number is not finite"));
    }
  }
  return absl::OkStatus();
}

// The mode for a given dispersion.
struct Mode {
  Coefficients at{};
  double elasticity_deviation = 0.0;
};

Mode FindMode(std::span<const DemandChange> changes, double dispersion, const Prior& prior) {
  Mode mode{.at = prior.mean};
  for (int step = 0; step < kNewtonStepsMax; ++step) {
    const Newton sums = Evaluate(changes, mode.at);
    Coefficients slope{};
    SmallMatrix curvature(kCoefficients);
    for (std::size_t i = 0; i < kCoefficients; ++i) {
      slope[i] = sums.slope[i] / dispersion - prior.precision[i] * (mode.at[i] - prior.mean[i]);
      for (std::size_t j = 0; j <= i; ++j) curvature(i, j) = sums.curvature[i][j] / dispersion;
      curvature(i, i) += prior.precision[i];
    }
    const std::optional<Factored> factored = Factored::Of(curvature);
    if (!factored.has_value()) break;  // Beyond rounding: what was found so far stands.
    Coefficients unit{};
    unit[kElasticity] = 1.0;
    mode.elasticity_deviation = std::sqrt(factored->Solve(unit)[kElasticity]);
    const std::vector<double> by = factored->Solve(slope);
    double moved = 0.0;
    for (std::size_t i = 0; i < kCoefficients; ++i) {
      const double bounded = std::clamp(by[i], -1.0, 1.0);  // Far out the curve is flat.
      mode.at[i] += bounded;
      moved += std::abs(bounded);
    }
    if (moved < kStepMin) break;
  }
  return mode;
}

// By day on which anything about a series may change: what does. A step of the price that changes
// nothing parts what lies before it from what lies after.
std::map<std::size_t, DemandChange> ChangesByDay(const DrivenHistory& history,
                                                 const DemandResponseOptions& options) {
  std::map<std::size_t, DemandChange> changes;
  for (std::size_t k = 0; k < history.prices.size(); ++k) {
    DemandChange& change = changes[history.prices[k].first_day];
    if (k == 0) continue;
    const double log_ratio = std::log(history.prices[k].price / history.prices[k - 1].price);
    if (std::abs(log_ratio) >= options.log_change_min && std::isfinite(log_ratio)) {
      change.log_ratio = log_ratio;
    }
  }
  for (const PromotionDays& promotion : history.promotions) {
    DemandChange& begin = changes[promotion.first_day];
    begin.kinds[promotion.kind] += 1.0;
    begin.log_expected += promotion.log_expected;
    DemandChange& end = changes[promotion.end_day];
    end.kinds[promotion.kind] -= 1.0;
    end.log_expected -= promotion.log_expected;
  }
  return changes;
}

bool IsPromoted(const DemandChange& change) {
  return change.log_expected != 0.0 ||
         std::ranges::any_of(change.kinds, [](double more) { return more != 0.0; });
}

// A series' own estimate, and how sure it is.
struct Own {
  double log_uplift = 0.0;
  double variance = 0.0;
};

std::optional<Own> OwnOf(std::span<const DemandChange> changes, const DemandResponse& response) {
  Coefficients at{};
  at[kDrift] = response.drift;
  at[kElasticity] = response.elasticity;
  at[kExpected] = response.expected_weight;
  std::ranges::copy(response.log_uplifts, at.begin() + kKinds);
  Own own;
  double information = 0.0;
  for (int step = 0; step < kOwnStepsMax; ++step) {
    double slope = 0.0;
    information = 0.0;
    for (const DemandChange& change : changes) {
      double more = 0.0;
      for (const double kind : change.kinds) more += kind;
      if (more == 0.0) continue;
      const Said said = SaidBy(change, Dot(RowOf(change), at) + more * own.log_uplift);
      slope += said.miss * more;
      information += said.weight * more * more;
    }
    if (!(information > 1e-9)) return std::nullopt;
    const double by = std::clamp(slope / information, -1.0, 1.0);
    own.log_uplift += by;
    if (std::abs(by) < kStepMin) break;
    // A series that sold nothing on promoted days, or nothing but on them, has no end.
    if (std::abs(own.log_uplift) > 3.0) break;
  }
  own.variance = response.dispersion / information;
  return own;
}

}  // namespace

void AppendDemandChanges(const DrivenHistory& history, const DemandResponseOptions& options,
                         std::vector<DemandChange>& changes) {
  const std::size_t days = history.history_units.size();
  const std::map<std::size_t, DemandChange> by_day = ChangesByDay(history, options);
  for (auto at = by_day.begin(); at != by_day.end() && at->first < days; ++at) {
    const std::size_t day = at->first;
    DemandChange change = at->second;
    const bool promoted = IsPromoted(change);
    if (change.log_ratio == 0.0 && !promoted) continue;
    const std::size_t since = at == by_day.begin()
                                  ? history.first_day
                                  : std::max(history.first_day, std::prev(at)->first);
    const auto next = std::next(at);
    const std::size_t until = next == by_day.end() ? days : std::min(days, next->first);
    const std::size_t least = promoted ? 1 : options.window_min;
    if (day < since + least || until < day + least) continue;
    const Window before =
        SumOf(history, std::max(since, day - std::min(day, options.window_days)), day);
    const Window after = SumOf(history, day, std::min(until, day + options.window_days));
    if (before.units + after.units == 0.0 || before.exposure <= 0.0 || after.exposure <= 0.0) {
      continue;
    }
    change.units_before = before.units;
    change.units_after = after.units;
    change.exposure_before = before.exposure;
    change.exposure_after = after.exposure;
    changes.push_back(change);
  }
}

absl::StatusOr<DemandResponse> FitDemandResponse(std::span<const DemandChange> changes,
                                                 const DemandResponseOptions& options) {
  if (const absl::Status status = Check(changes, options); !status.ok()) return status;
  if (changes.empty()) return DemandResponse{.deviation = options.prior_deviation};
  const Prior prior = PriorOf(options);
  // The spread that the counts show at the mode of the plain binomial, then the mode with it.
  const Mode plain = FindMode(changes, 1.0, prior);
  const double freedom = std::max(1.0, static_cast<double>(changes.size()) - 2.0);
  DemandResponse response{.changes = changes.size()};
  response.dispersion = std::max(1.0, Evaluate(changes, plain.at).pearson / freedom);
  const Mode mode = FindMode(changes, response.dispersion, prior);
  response.drift = mode.at[kDrift];
  response.elasticity = std::clamp(mode.at[kElasticity], options.elasticity_min, 0.0);
  response.deviation = mode.elasticity_deviation;
  response.expected_weight = std::max(0.0, mode.at[kExpected]);
  for (std::size_t k = 0; k < kPromotionKinds; ++k) {
    response.log_uplifts[k] = mode.at[kKinds + k];
  }
  return response;
}

std::vector<double> OwnUplifts(std::span<const DemandChange> changes,
                               std::span<const std::size_t> ends, const DemandResponse& response) {
  std::vector<std::optional<Own>> own;
  own.reserve(ends.size());
  double precision = 0.0;
  double excess = 0.0;  // Of the squares over what noise alone would make.
  for (std::size_t i = 0, begin = 0; i < ends.size(); begin = ends[i++]) {
    own.push_back(OwnOf(changes.subspan(begin, ends[i] - begin), response));
    if (!own.back().has_value()) continue;
    precision += 1.0 / own.back()->variance;
    excess += own.back()->log_uplift * own.back()->log_uplift / own.back()->variance - 1.0;
  }
  const double between = precision > 0.0 ? std::max(0.0, excess / precision) : 0.0;
  std::vector<double> uplifts;
  uplifts.reserve(ends.size());
  for (const std::optional<Own>& one : own) {
    uplifts.push_back(one.has_value() ? between / (between + one->variance) * one->log_uplift
                                      : 0.0);
  }
  return uplifts;
}

void PriceFactors(std::span<const PriceStep> prices, std::size_t history_days, double elasticity,
                  std::span<double> factors) {
  std::ranges::fill(factors, 1.0);
  std::size_t known = 0;
  while (known < prices.size() && prices[known].first_day < history_days) ++known;
  if (known == 0 || elasticity == 0.0) return;
  const double last = prices[known - 1].price;
  for (std::size_t k = 0; k < prices.size(); ++k) {
    const double factor = std::pow(prices[k].price / last, elasticity);
    const std::size_t first = k == 0 ? 0 : prices[k].first_day;
    const std::size_t end = k + 1 < prices.size() ? prices[k + 1].first_day : factors.size();
    for (std::size_t t = first; t < std::min(end, factors.size()); ++t) factors[t] = factor;
  }
}

void MultiplyByPromotions(std::span<const PromotionDays> promotions, const DemandResponse& response,
                          double own_uplift, const DemandResponseOptions& options,
                          std::span<double> factors) {
  if (promotions.empty()) return;
  std::vector<double> log_uplifts(factors.size(), 0.0);
  for (const PromotionDays& promotion : promotions) {
    const double log_uplift = response.log_uplifts[promotion.kind] + own_uplift +
                              response.expected_weight * promotion.log_expected;
    const std::size_t end = std::min(promotion.end_day, factors.size());
    for (std::size_t t = promotion.first_day; t < end; ++t) log_uplifts[t] += log_uplift;
  }
  for (std::size_t t = 0; t < factors.size(); ++t) {
    if (log_uplifts[t] == 0.0) continue;
    factors[t] *=
        std::exp(std::clamp(log_uplifts[t], -options.log_uplift_max, options.log_uplift_max));
  }
}

}  // namespace tandem::forecasting
