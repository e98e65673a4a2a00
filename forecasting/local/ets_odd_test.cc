// The search on series that are not what a model expects: against a simplex search over the
// definition.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "forecasting/local/ets.h"
#include "forecasting/local/ets_reference.h"
#include "forecasting/local/ets_search.h"
#include "forecasting/local/ets_start.h"
#include "forecasting/local/nelder_mead.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using ets::kInfinity;
using ets::NameOf;
using ets::Values;

constexpr double kSlopeShareMax = 0.2;

// What a bucket at t of n holds.
using Shape = std::function<double(double t, double n, std::mt19937& random)>;

double Normal(std::mt19937& random) { return std::normal_distribution<double>()(random); }

struct NamedShape {
  const char* name;
  Shape shape;
};

// The remainder of t, from 0.
double Place(double t, double season) { return std::fmod(t, season); }

const NamedShape kShapes[] = {
    {"seldom sold", [](double, double, auto& r) { return std::max(0.0, std::round(Normal(r))); }},
    {"one outlier", [](double t, double n,
                       auto& r) { return t == std::floor(n / 2) ? 2000.0 : 100.0 + Normal(r); }},
    {"another level",
     [](double t, double n, auto& r) { return t < n / 2 ? 20 + Normal(r) : 200 + 5 * Normal(r); }},
    {"growth",
     [](double t, double, auto& r) { return std::exp(0.15 * t) * (10 + 0.5 * Normal(r)); }},
    {"decay",
     [](double t, double, auto& r) { return std::exp(-0.2 * t) * (1000 + 50 * Normal(r)); }},
    {"heavy tail", [](double, double, auto& r) { return std::exp(2.0 * Normal(r)); }},
    {"every other bucket",
     [](double t, double, auto& r) {
       return Place(t, 2) > 0 ? 100 + Normal(r) : 1 + 0.1 * Normal(r);
     }},
    {"season that flips",
     [](double t, double n, auto& r) {
       const double peak = t < n / 2 ? 80 : -80;
       return 100 + (Place(t, 4) == 0 ? peak : 0) + Normal(r);
     }},
    {"line", [](double t, double, auto&) { return t + 1.0; }},
    {"pure season", [](double t, double, auto&) { return 1.0 + 3.0 * Place(t, 4); }},
    {"one step at the end", [](double t, double n, auto&) { return t + 1 < n ? 5.0 : 6.0; }},
    {"hardly moves", [](double, double, auto& r) { return 1e6 + 1e-3 * Normal(r); }},
    {"large unit", [](double t, double, auto& r) { return 1e12 * (10 + Normal(r) + 0.2 * t); }},
    {"small unit", [](double, double, auto& r) { return 1e-6 * (10 + Normal(r)); }},
    {"noise", [](double, double, auto& r) { return 2.0 + std::tanh(Normal(r)); }},
};

// The least likelihood of a simplex search from slow and from fast weights.
double SlowFit(const Values& y, const EtsForm& form, std::size_t m) {
  const Function slow = [&](const Coordinates& x) {
    const auto d = ets::Decode(x, form, m, kSlopeShareMax);
    if (!d.has_value()) return kInfinity;
    const auto plain = ets::PlainRun(y, m, form, d->parameters, d->start);
    if (!plain.has_value() || std::isnan(plain->likelihood)) return kInfinity;
    return plain->likelihood;
  };
  double best = kInfinity;
  for (const double alpha : {0.05, 0.8}) {
    Coordinates start = ets::StartOf(y, form, m);
    start[0] = alpha;
    if (std::isfinite(slow(start))) best = std::min(best, NelderMead(slow, start, 700));
  }
  return best;
}

bool IsAllowed(const Values& y, const EtsForm& form, std::size_t m) {
  const bool relative = form.error == EtsError::kMultiplicative;
  return (!relative || *std::ranges::min_element(y) > 0.0) && y.size() >= 2 * m &&
         y.size() > ets::ParameterCount(form, m) + 1;
}

// Two thousand fits of odd series: none is refused where the simplex search finds a fit, and at
// most one in a hundred ends worse than it by more than 0.05 in n log(sum e^2).
TEST(EtsOddTest, FastFitIsNoWorseThanTheSlowOne) {
  constexpr unsigned kSeed = 11;
  std::mt19937 random(kSeed);
  int fits = 0;
  std::vector<std::string> worse;
  EtsScratch scratch;
  for (int round = 0; round < 3; ++round) {
    for (const NamedShape& each : kShapes) {
      for (const std::size_t n : {9U, 14U, 20U, 37U}) {
        Values y(n);
        double scale = 0.0;
        for (std::size_t t = 0; t < n; ++t) {
          y[t] = each.shape(static_cast<double>(t), static_cast<double>(n), random);
          scale += std::abs(y[t]) / static_cast<double>(n);
        }
        if (scale == 0.0) continue;
        for (double& value : y) value /= scale;  // The simplex needs it; the likelihood is shifted.
        for (const EtsForm& form : ets::kFormsInOrder) {
          const std::size_t m = form.season == EtsSeason::kNone ? 1 : 4;
          if (!IsAllowed(y, form, m)) continue;
          const std::string name = std::string(each.name) + ' ' + NameOf(form) + std::to_string(n);
          const double want = SlowFit(y, form, m);
          const auto model =
              FitEts(y, {.season_buckets = m, .slope_share_max = kSlopeShareMax}, form, scratch);
          EXPECT_TRUE(model.ok() || want == kInfinity) << name << model.status();
          if (!model.ok()) continue;
          const double got = model->aicc - ets::Aicc(0.0, ets::ParameterCount(form, m), n);
          ++fits;
          // Where both fit all but exactly, rounding decides.
          if (got > std::max(want, -40.0 * static_cast<double>(n)) + 0.05) worse.push_back(name);
        }
      }
    }
  }
  EXPECT_GT(fits, 2000);
  EXPECT_LE(worse.size(), static_cast<std::size_t>(fits / 100)) << testing::PrintToString(worse);
}

struct Found {
  const char* name;
  Values history;
  EtsForm form;
  std::size_t season;
  double want;  // By a simplex search, of the history over its mean.
};

// Where the search once stopped early and said that it had converged.
TEST(EtsOddTest, GoesOnWhereItOnceStopped) {
  Values hardly(14), line(14), step(14, 5.0), flips(20);
  for (std::size_t t = 0; t < 14; ++t) {
    hardly[t] = 1e6 + 1e-3 * static_cast<double>(t * 7 % 5);
    line[t] = static_cast<double>(t + 1);
  }
  step[13] = 6.0;
  for (std::size_t t = 0; t < 20; ++t) {
    const double peak = t < 10 ? 80.0 : -80.0;
    flips[t] = 100.0 + (t % 4 == 0 ? peak : 0.0) + 0.7 * (static_cast<double>(t * 7 % 5) - 2.0);
  }
  constexpr EtsError kAdd = EtsError::kAdditive;
  constexpr EtsTrend kNoTrend = EtsTrend::kNone;
  constexpr EtsSeason kNoSeason = EtsSeason::kNone;
  const Found cases[] = {
      {"hardly moves", hardly, {kAdd, kNoTrend, kNoSeason}, 1, -533.142},
      {"line", line, {EtsError::kMultiplicative, kNoTrend, kNoSeason}, 1, -5.091},
      {"one step at the end", step, {kAdd, kNoTrend, kNoSeason}, 1, -46.498},
      {"season that flips", flips, {kAdd, kNoTrend, EtsSeason::kAdditive}, 4, 16.738},
      {"season that flips, not seen", flips, {kAdd, kNoTrend, kNoSeason}, 1, 21.223},
  };
  EtsScratch scratch;
  for (const Found& c : cases) {
    SCOPED_TRACE(c.name);
    const auto n = static_cast<double>(c.history.size());
    double scale = 0.0;
    for (const double y : c.history) scale += y / n;
    const auto model = FitEts(c.history, {.season_buckets = c.season}, c.form, scratch);
    ASSERT_TRUE(model.ok()) << model.status();
    const std::size_t k = ets::ParameterCount(c.form, c.season);
    const double got =
        model->aicc - ets::Aicc(0.0, k, c.history.size()) - 2.0 * n * std::log(scale);
    EXPECT_LE(got, c.want + 0.05);
    EXPECT_TRUE(model->converged);
  }
}

}  // namespace
}  // namespace tandem::forecasting
