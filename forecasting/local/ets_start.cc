#include "forecasting/local/ets_start.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "forecasting/local/decomposition.h"

namespace tandem::forecasting::ets {
namespace {

constexpr Weights kSlow = {.alpha = 0.1};
constexpr Weights kFast = {.alpha = 0.6, .level = StartLevel::kFirstValue};
// A level that hardly moves, and a season that is learnt anew from every year: one that turns over.
constexpr Weights kStill = {.alpha = 0.01, .gamma_share = 0.9, .level = StartLevel::kAll};

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

// Seasonal factors of the whole history, then lines through the buckets without them: the first
// max(10, 2 m) (Hyndman et al. (2002), section 2.3), and all.
void Searched::ReadStarts(EtsSeason season) {
  EtsState start;
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
  LineStarts& starts = starts_[static_cast<std::size_t>(season)].emplace();
  starts.first_years =
      LineOf(season, start, std::min(series_.size, std::max<std::size_t>(10, 2 * m)));
  starts.all = LineOf(season, start, series_.size);
}

// Slope and level, in the middle, of the first `count` buckets.
LineStart Searched::LineOf(EtsSeason season, const EtsState& start, std::size_t count) const {
  double sum = 0.0;
  double moment = 0.0;
  const double middle = 0.5 * static_cast<double>(count + 1);
  for (std::size_t t = 0; t < count; ++t) {
    const double y = WithoutSeason(season, start, t);
    sum += y;
    moment += (static_cast<double>(t + 1) - middle) * y;
  }
  const auto n = static_cast<double>(count);
  LineStart line{.state = start, .middle = middle};
  line.state.slope = moment * 12.0 / (n * (n * n - 1.0));
  line.state.level = sum / n;
  return line;
}

double Searched::WithoutSeason(EtsSeason season, const EtsState& start, std::size_t t) const {
  const double y = series_.values[t];
  if (season == EtsSeason::kNone) return y;
  const double factor = start.season[t % series_.season];
  return season == EtsSeason::kMultiplicative ? y / factor : y - factor;
}

Point Searched::PlainStart(const EtsForm& form, const Weights& weights) {
  const double alpha = weights.alpha;
  std::optional<LineStarts>& starts = starts_[static_cast<std::size_t>(form.season)];
  if (!starts.has_value()) ReadStarts(form.season);
  const LineStart& line = weights.level == StartLevel::kAll ? starts->all : starts->first_years;
  Point point{.parameters = {.alpha = alpha}, .start = line.state};
  EtsParameters& p = point.parameters;
  EtsState& start = point.start;
  const bool relative = form.error == EtsError::kMultiplicative;  // Needs a positive start.
  if (form.trend == EtsTrend::kNone) {
    start.slope = 0.0;
  } else {
    p.beta = 0.1 * alpha;
    const double back = line.middle * start.slope;
    if (!relative || start.level > 2.0 * back) start.level -= back;
  }
  if (weights.level == StartLevel::kFirstValue) {
    const double level = WithoutSeason(form.season, start, 0) - start.slope;
    if (!relative || level > 0.0) start.level = level;
  }
  if (form.season != EtsSeason::kNone) p.gamma = weights.gamma_share * (1.0 - alpha);
  if (form.trend == EtsTrend::kDamped) p.phi = 0.97;
  return point;
}

// A mean of all that may be far below the first values, or seasons that an outlier made, can leave
// the positive; from no season and no slope at the mean a level stays there.
Point Searched::FlatStart(const EtsForm& form, const Weights& weights) const {
  Point point{.parameters = {.alpha = weights.alpha}};
  for (std::size_t t = 0; t < series_.size; ++t) {
    point.start.level += series_.values[t] / static_cast<double>(series_.size);
  }
  if (form.season == EtsSeason::kMultiplicative) {
    std::fill_n(point.start.season.begin(), series_.season, 1.0);
  }
  if (form.trend == EtsTrend::kDamped) point.parameters.phi = 0.97;
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
  std::array<Start, kStartsMax> starts;
  std::size_t count = 0;
  if (const std::optional<Point> start = StartFrom(form)) starts[count++].point = *start;
  starts[count++].point = PlainStart(form, kSlow);
  starts[count++].point = PlainStart(form, kFast);
  starts[count++] = {.point = PlainStart(form, kStill), .always = false};
  Fit fit;
  bool found = Search(series_, form, std::span(starts).first(count), hopeless, fit);
  if (!found) {
    starts[0].point = FlatStart(form, kSlow);
    starts[1].point = FlatStart(form, kFast);
    found = Search(series_, form, std::span(starts).first(2), hopeless, fit);
  }
  if (found) best = fit;
  return best.has_value() ? &*best : nullptr;
}

}  // namespace tandem::forecasting::ets
