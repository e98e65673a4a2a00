#include "forecasting/effects/uplift.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/effects/uplift_fit.h"
#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

absl::Status CheckOptions(const UpliftOptions& options) {
  if (options.drivers < 1 || options.drivers > kDriversMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a model has 1 to ", kDriversMax, " drivers, not ", options.drivers));
  }
  if (!std::isfinite(options.offset_units) || options.offset_units < 0.0) {
    return absl::InvalidArgumentError("the offset must be finite and not below 0");
  }
  if (!std::isfinite(options.half_life_buckets) || options.half_life_buckets <= 0.0) {
    return absl::InvalidArgumentError("the half life must be finite and above 0");
  }
  if (options.tail_freedom != 0.0 &&
      !(std::isfinite(options.tail_freedom) && options.tail_freedom >= 1.0)) {
    return absl::InvalidArgumentError("tail_freedom must be 0, or finite and at least 1");
  }
  if (!std::isfinite(options.coefficient_deviation) || options.coefficient_deviation <= 0.0) {
    return absl::InvalidArgumentError("coefficient_deviation must be finite and above 0");
  }
  if (!(options.percentage_pull >= 0.0 && options.percentage_pull <= 10.0)) {
    return absl::InvalidArgumentError("percentage_pull must be 0 to 10");
  }
  if (options.lead_buckets < 1) {
    return absl::InvalidArgumentError("the level must be chosen for at least 1 bucket ahead");
  }
  return absl::OkStatus();
}

absl::Status CheckSeries(std::size_t index, const PromotedSeries& series,
                         const UpliftOptions& options) {
  if (series.units.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("series ", index, " is empty"));
  }
  if (series.drivers.size() != series.units.size() * options.drivers) {
    return absl::InvalidArgumentError(
        absl::StrCat("series ", index, " has ", series.units.size(), " buckets but ",
                     series.drivers.size(), " drivers instead of ", options.drivers, " each"));
  }
  if (!AllFinite(series.drivers)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a driver of series ", index, " is a NaN or an infinity"));
  }
  for (std::size_t t = 0; t < series.units.size(); ++t) {
    const double units = series.units[t];
    if (!std::isfinite(units) || units < 0.0) {
      return absl::InvalidArgumentError(
          absl::StrCat("bucket ", t, " of series ", index, " is below 0 or not finite"));
    }
    if (units + options.offset_units <= 0.0) {
      return absl::InvalidArgumentError(
          absl::StrCat("bucket ", t, " of series ", index, " is 0: set offset_units"));
    }
  }
  return absl::OkStatus();
}

bool AllFinite(const UpliftModel& model) {
  return std::ranges::all_of(model.series, [](const UpliftFit& fit) {
    return std::isfinite(fit.level) && std::isfinite(fit.deviation) &&
           forecasting::AllFinite(std::span<const double>(fit.coefficients));
  });
}

// Fits the model's last group, whose members' numbers these are. Where errors have long tails, the
// trust in each bucket and the coefficients are found in turn.
void FitGroup(std::span<const PromotedSeries> series, std::span<const std::size_t> of_group,
              const UpliftOptions& options, UpliftModel& model) {
  constexpr int kRoundsOfTrust = 6;
  UpliftGroup& group = model.groups.back();
  std::vector<Remains> remains;
  for (const std::size_t s : of_group) {
    remains.push_back({.trust = std::vector<double>(series[s].units.size(), 1.0)});
  }
  std::vector<std::vector<double>> coefficients;
  const int rounds = options.tail_freedom > 0.0 ? kRoundsOfTrust : 1;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Moments> moments;
    moments.reserve(of_group.size());
    for (std::size_t m = 0; m < of_group.size(); ++m) {
      if (round > 0) Trust(options, group, remains[m]);
      moments.push_back(MomentsOf(series[of_group[m]], options, remains[m].trust));
    }
    coefficients = Pool(moments, options, group);
    for (std::size_t m = 0; m < of_group.size(); ++m) {
      remains[m].residuals = Residuals(series[of_group[m]], options, coefficients[m]);
    }
  }
  std::vector<UpliftFit*> fits;
  for (std::size_t m = 0; m < of_group.size(); ++m) {
    UpliftFit& fit = model.series[of_group[m]];
    fit.coefficients = std::move(coefficients[m]);
    fit.offset_units = options.offset_units;
    fit.percentage_pull = options.percentage_pull;
    fits.push_back(&fit);
  }
  FollowLevels(remains, options, group, fits);
}

}  // namespace

double UpliftFit::Forecast(std::span<const double> drivers, Point point) const {
  double log = level;
  for (std::size_t i = 0; i < coefficients.size(); ++i) log += coefficients[i] * drivers[i];
  const double variance = deviation * deviation;
  if (point == Point::kMean) log += variance / 2.0;
  if (point == Point::kLeastPercentage) log -= percentage_pull * variance;
  return std::max(0.0, std::exp(log) - offset_units);
}

absl::StatusOr<UpliftModel> FitUplifts(std::span<const PromotedSeries> series,
                                       const UpliftOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (series.empty()) return absl::InvalidArgumentError("there is no series to fit");
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t s = 0; s < series.size(); ++s) {
    if (absl::Status status = CheckSeries(s, series[s], options); !status.ok()) return status;
    members[series[s].group].push_back(s);
  }
  UpliftModel model;
  model.series.resize(series.size());
  for (const auto& [number, of_group] : members) {
    model.groups.push_back({.group = number});
    FitGroup(series, of_group, options, model);
  }
  if (!AllFinite(model)) return absl::OutOfRangeError("the values are too large to fit");
  return model;
}

}  // namespace tandem::forecasting
