#include "forecasting/local/ets_start.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "forecasting/local/decomposition.h"

namespace tandem::forecasting::ets {
namespace {

constexpr double kSlowAlpha = 0.1;
constexpr double kFastAlpha = 0.6;

std::size_t IndexOf(const EtsForm& form) {
  return (static_cast<std::size_t>(form.error) * 3 + static_cast<std::size_t>(form.trend)) * 3 +
         static_cast<std::size_t>(form.season);
}

// What a form extends: the additive error's twin, else without the trend's last step, else the
// additive season.
std::optional<EtsForm> SimplerOf(const EtsForm& form) {
  EtsForm simpler = form;
  if (form.season == EtsSeason::kMultiplicative) {
    simpler.season = EtsSeason::kAdditive;
  } else if (form.error == EtsError::kMultiplicative) {
    simpler.error = EtsError::kAdditive;
  } else if (form.trend == EtsTrend::kDamped) {
    simpler.trend = EtsTrend::kAdditive;
  } else if (form.trend == EtsTrend::kAdditive) {
    simpler.trend = EtsTrend::kNone;
  } else {
    return std::nullopt;
  }
  return simpler;
}

}  // namespace

constexpr EtsError kAdd = EtsError::kAdditive;
constexpr EtsError kScale = EtsError::kMultiplicative;
constexpr EtsTrend kFlat = EtsTrend::kNone;
constexpr EtsTrend kLine = EtsTrend::kAdditive;
constexpr EtsTrend kDamped = EtsTrend::kDamped;
constexpr EtsSeason kNoSeason = EtsSeason::kNone;
constexpr EtsSeason kAddSeason = EtsSeason::kAdditive;
constexpr EtsSeason kScaleSeason = EtsSeason::kMultiplicative;

const std::array<EtsForm, kEtsForms> kFormsInOrder = {{
    {kAdd, kFlat, kNoSeason},
    {kAdd, kLine, kNoSeason},
    {kAdd, kDamped, kNoSeason},
    {kAdd, kFlat, kAddSeason},
    {kAdd, kLine, kAddSeason},
    {kAdd, kDamped, kAddSeason},
    {kScale, kFlat, kNoSeason},
    {kScale, kLine, kNoSeason},
    {kScale, kDamped, kNoSeason},
    {kScale, kFlat, kAddSeason},
    {kScale, kLine, kAddSeason},
    {kScale, kDamped, kAddSeason},
    {kScale, kFlat, kScaleSeason},
    {kScale, kLine, kScaleSeason},
    {kScale, kDamped, kScaleSeason},
}};

// Seasonal factors of the whole history, then a line through the first max(10, 2 m) buckets
// without them (Hyndman et al. (2002), section 2.3).
void Searched::ReadStart(EtsSeason season) {
  EtsState& start = starts_[static_cast<std::size_t>(season)].emplace();
  const std::size_t m = series_.season;
  const bool scaled = season == EtsSeason::kMultiplicative;
  if (season != EtsSeason::kNone) {
    SeasonFactors({series_.values, series_.size},
                  scaled ? SeasonKind::kMultiplicative : SeasonKind::kAdditive,
                  std::span(start.season).first(m));
  }
  if (scaled) {  // A year near zero would start outside of what is allowed.
    double sum = 0.0;
    for (std::size_t i = 0; i < m; ++i) sum += start.season[i] = std::max(start.season[i], 0.01);
    for (std::size_t i = 0; i < m; ++i) start.season[i] *= static_cast<double>(m) / sum;
  }
  const std::size_t count = std::min(series_.size, std::max<std::size_t>(10, 2 * m));
  double sum = 0.0;
  double moment = 0.0;
  const double middle = 0.5 * static_cast<double>(count + 1);
  for (std::size_t t = 0; t < count; ++t) {
    double y = series_.values[t];
    if (scaled) {
      y /= start.season[t % m];
    } else if (season != EtsSeason::kNone) {
      y -= start.season[t % m];
    }
    sum += y;
    moment += (static_cast<double>(t + 1) - middle) * y;
  }
  const auto n = static_cast<double>(count);
  start.slope = moment * 12.0 / (n * (n * n - 1.0));
  start.level = sum / n;  // In the middle; PlainStart goes back along the slope.
}

Point Searched::PlainStart(const EtsForm& form, double alpha) {
  const auto place = static_cast<std::size_t>(form.season);
  if (!starts_[place].has_value()) ReadStart(form.season);
  Point point{.parameters = {.alpha = alpha}, .start = *starts_[place]};
  EtsParameters& p = point.parameters;
  if (form.trend == EtsTrend::kNone) {
    point.start.slope = 0.0;
  } else {
    p.beta = 0.1 * alpha;
    const auto count = std::min(series_.size, std::max<std::size_t>(10, 2 * series_.season));
    const double back = 0.5 * static_cast<double>(count + 1) * point.start.slope;
    // A relative error needs a positive start.
    if (form.error == EtsError::kAdditive || point.start.level > 2.0 * back) {
      point.start.level -= back;
    }
  }
  if (form.season != EtsSeason::kNone) p.gamma = 0.05 * (1.0 - alpha);
  if (form.trend == EtsTrend::kDamped) p.phi = 0.97;
  return point;
}

std::optional<Point> Searched::StartFrom(const EtsForm& form) const {
  const std::optional<EtsForm> simpler = SimplerOf(form);
  if (!simpler.has_value()) return std::nullopt;
  const std::optional<Fit>& fit = fits_[IndexOf(*simpler)];
  if (!fit.has_value()) return std::nullopt;
  Point point = fit->point;
  if (form.trend != EtsTrend::kNone && simpler->trend == EtsTrend::kNone) {
    point.parameters.beta = 0.05 * point.parameters.alpha;
  }
  if (form.trend == EtsTrend::kDamped && simpler->trend != EtsTrend::kDamped) {
    point.parameters.phi = 0.97;
  }
  if (form.season != simpler->season) {
    const double level = point.start.level;
    if (!(level > 0.0)) return std::nullopt;
    for (std::size_t i = 0; i < series_.season; ++i) {
      point.start.season[i] = 1.0 + point.start.season[i] / level;
    }
  }
  return point;
}

const Fit* Searched::Find(const EtsForm& form, double hopeless) {
  std::optional<Fit>& best = fits_[IndexOf(form)];
  std::array<Point, kStartsMax> starts;
  std::size_t count = 0;
  if (const std::optional<Point> start = StartFrom(form)) starts[count++] = *start;
  starts[count++] = PlainStart(form, kSlowAlpha);
  starts[count++] = PlainStart(form, kFastAlpha);
  Fit fit;
  if (Search(series_, form, std::span(starts).first(count), hopeless, fit)) best = fit;
  return best.has_value() ? &*best : nullptr;
}

}  // namespace tandem::forecasting::ets
