#include "forecasting/effects/explain_uplift.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kKinds = 5;
constexpr double kUnitsMin = 1e-9;  // A forecast of nothing still has a logarithm.

absl::Status CheckPlan(const UpliftFit& fit, const UpliftPlan& plan) {
  const std::size_t k = fit.coefficients.size();
  if (plan.drivers.size() != k || plan.neutral.size() != k || plan.kinds.size() != k) {
    return absl::InvalidArgumentError("drivers, neutral and kinds must be as many as coefficients");
  }
  if (!AllFinite(plan.drivers) || !AllFinite(plan.neutral)) {
    return absl::InvalidArgumentError("a driver or neutral value is a NaN or an infinity");
  }
  const auto known = [](EffectKind kind) { return static_cast<std::size_t>(kind) < kKinds; };
  if (!std::ranges::all_of(plan.kinds, known)) {
    return absl::InvalidArgumentError("kinds hold one that is no kind of effect");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExplainedParts> ExplainUplift(const UpliftFit& fit, const UpliftPlan& plan) {
  if (absl::Status status = CheckPlan(fit, plan); !status.ok()) return status;
  std::array<double, kKinds> logs{};
  std::vector<double> base(plan.neutral.begin(), plan.neutral.end());
  for (std::size_t j = 0; j < base.size(); ++j) {
    if (plan.kinds[j] == EffectKind::kBaseline) base[j] = plan.drivers[j];
    logs[static_cast<std::size_t>(plan.kinds[j])] +=
        fit.coefficients[j] * (plan.drivers[j] - base[j]);
  }
  const double baseline = std::max(kUnitsMin, fit.Forecast(base, plan.point));
  const double forecast = std::max(kUnitsMin, fit.Forecast(plan.drivers, plan.point));
  const double sum = std::accumulate(logs.begin(), logs.end(), 0.0);
  // Without an offset this is 1 but for rounding.
  const double stretch = std::abs(sum) > 1e-9 ? std::log(forecast / baseline) / sum : 1.0;
  const auto log_of = [&](EffectKind kind) {
    return stretch * logs[static_cast<std::size_t>(kind)];
  };
  return Explain({.baseline_units = baseline,
                  .log_season = log_of(EffectKind::kSeason),
                  .log_event = log_of(EffectKind::kEvent),
                  .log_price = log_of(EffectKind::kPrice),
                  .log_promotion = log_of(EffectKind::kPromotion),
                  .partner_units = plan.partner_units,
                  .published_milli = plan.published_milli});
}

}  // namespace tandem::forecasting
