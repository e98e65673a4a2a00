#include "forecasting/effects/shelf_demand.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/series.h"
#include "forecasting/small_matrix.h"

namespace tandem::forecasting {
namespace {

// A coefficient moves by at most this in a step: Newton's from far away can overshoot.
constexpr double kStepMax = 1.0;
constexpr double kShareMin = 1e-3;  // A day all out of stock tells nothing, and divides by nothing.

absl::Status CheckOptions(const ShelfOptions& options) {
  const bool sound = options.drivers <= kShelfDriversMax && options.hours_a_day >= 1 &&
                     options.hours_a_day <= 24 && std::isfinite(options.half_life_days) &&
                     options.half_life_days > 0.0 && std::isfinite(options.prior_days) &&
                     options.prior_days > 0.0 && std::isfinite(options.ridge_units) &&
                     options.ridge_units > 0.0 && options.iterations >= 1;
  if (sound) return absl::OkStatus();
  return absl::InvalidArgumentError("an option of shelf demand is outside its range");
}

absl::Status CheckSeries(std::size_t index, const ShelfSeries& series,
                         const ShelfOptions& options) {
  const std::size_t n = series.units.size();
  if (n == 0) return absl::InvalidArgumentError(absl::StrCat("series ", index, " is empty"));
  if (series.empty_hours.size() != n || series.drivers.size() != n * options.drivers) {
    return absl::InvalidArgumentError(
        absl::StrCat("series ", index, " has ", n, " days of units but ", series.empty_hours.size(),
                     " of empty_hours and ", series.drivers.size(), " drivers instead of ",
                     options.drivers, " a day"));
  }
  if (!AllFinite(series.drivers)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a driver of series ", index, " is a NaN or an infinity"));
  }
  for (std::size_t t = 0; t < n; ++t) {
    if (!std::isfinite(series.units[t]) || series.units[t] < 0.0) {
      return absl::InvalidArgumentError(
          absl::StrCat("units of day ", t, " of series ", index, " are below 0 or no number"));
    }
    if (series.empty_hours[t] > options.hours_a_day) {
      return absl::InvalidArgumentError(
          absl::StrCat("empty_hours of day ", t, " of series ", index, " are more than a day has"));
    }
  }
  return absl::OkStatus();
}

// A series while the model is fitted.
struct Working {
  std::size_t group = 0;         // Index in the model's.
  std::vector<double> factor{};  // n.
  std::vector<double> level{};   // n, from days on both sides.
};

class Fitter {
 public:
  Fitter(std::span<const ShelfSeries> series, const ShelfOptions& options)
      : series_(series), options_(options), keep_(std::exp2(-1.0 / options.half_life_days)) {
    model_.open_shares.assign(options.hours_a_day + 1, 1.0);
    model_.levels.resize(series.size());
    std::map<std::size_t, std::size_t> indexes;
    for (const ShelfSeries& one : series) indexes[one.group] = 0;
    for (auto& [number, index] : indexes) {
      index = model_.groups.size();
      model_.groups.push_back({number, std::vector<double>(options.drivers)});
    }
    for (const ShelfSeries& one : series) {
      const std::size_t n = one.units.size();
      working_.push_back({indexes[one.group], std::vector<double>(n, 1.0), std::vector<double>(n)});
    }
  }

  ShelfModel Run() {
    for (int iteration = 0; iteration < options_.iterations; ++iteration) {
      for (std::size_t s = 0; s < series_.size(); ++s) FollowLevel(s);
      if (options_.learn_open_shares) LearnOpenShares();
      StepCoefficients();
    }
    for (std::size_t s = 0; s < series_.size(); ++s) FollowLevel(s);
    return std::move(model_);
  }

 private:
  double OpenShare(std::size_t s, std::size_t t) const {
    return model_.open_shares[series_[s].empty_hours[t]];
  }
  double Exposure(std::size_t s, std::size_t t) const {
    return working_[s].factor[t] * OpenShare(s, t);
  }
  std::span<const double> DriversOf(std::size_t s, std::size_t t) const {
    return series_[s].drivers.subspan(t * options_.drivers, options_.drivers);
  }

  // The level of each day from the days about it, and the one after the last day.
  void FollowLevel(std::size_t s) {
    const std::span<const double> units = series_[s].units;
    const std::size_t n = units.size();
    double sold = 0.0;
    double exposure = 0.0;
    for (std::size_t t = 0; t < n; ++t) {
      sold += units[t];
      exposure += Exposure(s, t);
    }
    ShelfLevel& level = model_.levels[s];
    level = {.prior_units = exposure > 0.0 ? sold / exposure : 0.0};
    std::vector<ShelfLevel> before(n, level);
    for (std::size_t t = 0; t < n; ++t) {
      level.Add(units[t], Exposure(s, t), options_);
      before[t] = level;
    }
    ShelfLevel after{};
    for (std::size_t t = n; t-- > 0;) {
      ShelfLevel both = before[t];
      both.sold_units += keep_ * after.sold_units;
      both.exposure += keep_ * after.exposure;
      working_[s].level[t] = both.Level(options_);
      after.Add(units[t], Exposure(s, t), options_);
    }
  }

  // Sold over expected from a full shelf, by empty hours.
  void LearnOpenShares() {
    std::vector<double> sold(model_.open_shares.size());
    std::vector<double> expected(model_.open_shares.size());
    for (std::size_t s = 0; s < series_.size(); ++s) {
      for (std::size_t t = 0; t < series_[s].units.size(); ++t) {
        sold[series_[s].empty_hours[t]] += series_[s].units[t];
        expected[series_[s].empty_hours[t]] += working_[s].level[t] * working_[s].factor[t];
      }
    }
    if (sold[0] <= 0.0 || expected[0] <= 0.0) return;
    const double open = sold[0] / expected[0];
    for (std::size_t hours = 0; hours < sold.size(); ++hours) {
      if (expected[hours] <= 0.0) continue;
      model_.open_shares[hours] = std::max(kShareMin, sold[hours] / expected[hours] / open);
    }
  }

  struct Score {
    std::vector<double> gradient{};
    SmallMatrix information;
  };

  // Adds a series' evidence, its drivers about their mean by expected units: the level is its own.
  void AddEvidence(std::size_t s, Score& score) const {
    const std::size_t k = options_.drivers;
    const std::size_t n = series_[s].units.size();
    std::vector<double> mean(k);
    double weight = 0.0;
    for (std::size_t t = 0; t < n; ++t) {
      const double expected = working_[s].level[t] * Exposure(s, t);
      weight += expected;
      for (std::size_t i = 0; i < k; ++i) mean[i] += expected * DriversOf(s, t)[i];
    }
    if (weight <= 0.0) return;
    for (double& value : mean) value /= weight;
    std::vector<double> x(k);
    for (std::size_t t = 0; t < n; ++t) {
      const double expected = working_[s].level[t] * Exposure(s, t);
      const double error = series_[s].units[t] - expected;
      for (std::size_t i = 0; i < k; ++i) {
        x[i] = DriversOf(s, t)[i] - mean[i];
        score.gradient[i] += error * x[i];
        const double row = expected * x[i];
        for (std::size_t j = 0; j <= i; ++j) score.information(i, j) += row * x[j];
      }
    }
  }

  // One step of Newton a group, and the factors that follow.
  void StepCoefficients() {
    const std::size_t k = options_.drivers;
    if (k == 0) return;
    std::vector<Score> scores(model_.groups.size(), {std::vector<double>(k), SmallMatrix(k)});
    for (std::size_t s = 0; s < series_.size(); ++s) AddEvidence(s, scores[working_[s].group]);
    model_.last_step = 0.0;
    for (std::size_t g = 0; g < scores.size(); ++g) {
      for (std::size_t i = 0; i < k; ++i) {
        scores[g].information(i, i) += options_.ridge_units;
        scores[g].gradient[i] -= options_.ridge_units * model_.groups[g].coefficients[i];
      }
      const auto factored = Factored::Of(scores[g].information);
      if (!factored.has_value()) continue;
      const std::vector<double> step = factored->Solve(scores[g].gradient);
      for (std::size_t i = 0; i < k; ++i) {
        const double bounded = std::clamp(step[i], -kStepMax, kStepMax);
        model_.groups[g].coefficients[i] += bounded;
        model_.last_step = std::max(model_.last_step, std::abs(bounded));
      }
    }
    for (std::size_t s = 0; s < series_.size(); ++s) {
      for (std::size_t t = 0; t < series_[s].units.size(); ++t) {
        working_[s].factor[t] = FactorOf(model_.groups[working_[s].group], DriversOf(s, t));
      }
    }
  }

  std::span<const ShelfSeries> series_;
  const ShelfOptions& options_;
  double keep_;
  ShelfModel model_{};
  std::vector<Working> working_;
};

bool Finite(const ShelfModel& model) {
  return AllFinite(std::span<const double>(model.open_shares)) &&
         std::ranges::all_of(model.groups,
                             [](const ShelfGroup& group) {
                               return AllFinite(std::span<const double>(group.coefficients));
                             }) &&
         std::ranges::all_of(model.levels, [](const ShelfLevel& level) {
           return std::isfinite(level.sold_units) && std::isfinite(level.exposure) &&
                  std::isfinite(level.prior_units);
         });
}

}  // namespace

void ShelfLevel::Add(double units, double day_exposure, const ShelfOptions& options) {
  const double keep = std::exp2(-1.0 / options.half_life_days);
  sold_units = keep * sold_units + units;
  exposure = keep * exposure + day_exposure;
}

double FactorOf(const ShelfGroup& group, std::span<const double> drivers) {
  double log = 0.0;
  for (std::size_t i = 0; i < group.coefficients.size(); ++i) {
    log += group.coefficients[i] * drivers[i];
  }
  return std::exp(log);
}

const ShelfGroup* FindGroup(const ShelfModel& model, std::size_t group) {
  const auto found = std::ranges::lower_bound(model.groups, group, {}, &ShelfGroup::group);
  return found != model.groups.end() && found->group == group ? &*found : nullptr;
}

void DailyPulse::Add(double day_sold_units, double day_expected_units, double half_life_days) {
  const double keep = std::exp2(-1.0 / half_life_days);
  sold_units = keep * sold_units + day_sold_units;
  expected_units = keep * expected_units + day_expected_units;
}

double DailyPulse::Factor(double prior_units) const {
  const double expected = expected_units + prior_units;
  return expected > 0.0 ? (sold_units + prior_units) / expected : 1.0;
}

absl::StatusOr<ShelfModel> FitShelfDemand(std::span<const ShelfSeries> series,
                                          const ShelfOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (series.empty()) return absl::InvalidArgumentError("there is no series to fit");
  for (std::size_t s = 0; s < series.size(); ++s) {
    if (absl::Status status = CheckSeries(s, series[s], options); !status.ok()) return status;
  }
  ShelfModel model = Fitter(series, options).Run();
  if (!Finite(model)) return absl::OutOfRangeError("the values are too large to fit");
  return model;
}

}  // namespace tandem::forecasting
