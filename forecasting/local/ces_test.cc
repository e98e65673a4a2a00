// Complex smoothing against its definition, written out with complex numbers, and a simplex search
// over it.
#include "forecasting/local/ces.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "forecasting/local/ces_fit.h"
#include "forecasting/local/nelder_mead.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;
using Complex = std::complex<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Values RandomHistory(unsigned seed, std::size_t size, std::size_t season) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  const double noise = 1.0 + static_cast<double>(seed % 7);
  double level = 50.0;
  Values history(size);
  for (std::size_t t = 0; t < size; ++t) {
    level += 0.2 * static_cast<double>(seed % 4) + normal(random);
    const double angle = 2.0 * M_PI * static_cast<double>(t % season) / static_cast<double>(season);
    history[t] = std::max(1.0, level + 8.0 * std::sin(angle) + noise * normal(random));
  }
  return history;
}

// The definition: x' = F x + g e for (l, c), F = [1, a1 - 1; 1, 1 - a0], g = [a0 - a1; a0 + a1]
// (Svetunkov et al. (2022), section 3), for any number of places.
struct PlainModel {
  CesForm form{};
  std::size_t m = 1;
  Coordinates x{};
  Complex level{};
  std::vector<Complex> season{};

  Complex& Place(std::size_t t) { return season[t % m]; }
  double Mean(std::size_t t) {
    double mean = form == CesForm::kSimple ? 0.0 : level.real();
    if (form != CesForm::kNone) mean += Place(t).real();
    return mean;
  }
  static Complex Moved(const Complex& z, double w0, double w1, double e) {
    return {z.real() + (w1 - 1.0) * z.imag() + (w0 - w1) * e,
            z.real() + (1.0 - w0) * z.imag() + (w0 + w1) * e};
  }
  double Take(std::size_t t, double y) {
    const double e = y - Mean(t);
    if (form == CesForm::kSimple) {
      Place(t) = Moved(Place(t), x[0], x[1], e);
      return e;
    }
    level = Moved(level, x[0], x[1], e);
    if (form == CesForm::kPartial) Place(t) += x[2] * e;
    if (form == CesForm::kFull) Place(t) = Moved(Place(t), x[2], x[3], e);
    return e;
  }
};

PlainModel StartOf(const Values& y, CesForm form, std::size_t m, const Coordinates& x) {
  PlainModel model{.form = form, .m = m, .x = x, .season = std::vector<Complex>(m)};
  const std::size_t first = form == CesForm::kNone ? std::max<std::size_t>(10, m) : 2 * m;
  double level = 0.0;
  for (std::size_t t = 0; t < first; ++t) level += y[t] / static_cast<double>(first);
  model.level = {level, level / 1.1};
  if (form == CesForm::kNone) return model;
  for (std::size_t i = 0; i < m; ++i) {
    const double value = form == CesForm::kSimple ? y[i] : (y[i] + y[i + m]) / 2.0 - level;
    model.season[i] = {value, form == CesForm::kPartial ? 0.0 : value / 1.1};
  }
  return model;
}

double PlainSquares(const Values& y, CesForm form, std::size_t m, const Coordinates& x) {
  PlainModel model = StartOf(y, form, m, x);
  for (std::size_t t = 0; t < y.size(); ++t) model.Take(t, y[t]);
  for (std::size_t t = y.size(); t-- > 0;) model.Take(t, y[t]);
  double squares = 0.0;
  for (std::size_t t = 0; t < y.size(); ++t) squares += std::norm(model.Take(t, y[t]));
  return squares;
}

// Whether the start's effect on the errors dies out: the eigenvalues of the discount matrix.
bool Forgets(double a0, double a1) {
  const Complex half = 0.5 * ((1.0 - a0 + a1) + (1.0 - a0));
  const double determinant = (1.0 - a0 + a1) * (1.0 - a0) - (a1 - 1.0) * (1.0 - a0 - a1);
  const Complex root = std::sqrt(half * half - determinant);
  return std::max(std::abs(half + root), std::abs(half - root)) < 1.0;
}

bool IsAllowed(CesForm form, const Coordinates& x) {
  if (!Forgets(x[0], x[1])) return false;
  if (form == CesForm::kPartial) return x[2] >= 0.0 && x[2] < 1.0;
  return form != CesForm::kFull || Forgets(x[2], x[3]);
}

Coordinates CoordinatesOf(CesForm form, const CesWeights& w) {
  Coordinates x = {w.level_real, w.level_imaginary, w.season_real, w.season_imaginary};
  x.resize(ces::WeightCount(form));
  return x;
}

// The search ends where a simplex of the definition, from the same start, ends or lower: by 0.05 in
// n log(sum e^2), as for exponential smoothing, but for one in fifty that ends in another valley.
TEST(CesTest, FastFitEqualsTheDefinitionAndIsNoWorseThanTheSlowOne) {
  CesScratch scratch;
  int fits = 0;
  int worse = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    for (const CesForm form : kCesForms) {
      const std::size_t m = form == CesForm::kNone ? 1 : 2 + seed % 6;
      const Values history = RandomHistory(seed, 24 + seed, m);
      const auto model = FitCesForm(history, {.season_buckets = m}, form, scratch);
      ASSERT_TRUE(model.ok()) << model.status();
      const auto n = static_cast<double>(history.size());
      const auto k = static_cast<double>(ces::WeightCount(form) + 1);
      const double got = model->error_variance * (n - k);
      const Coordinates found = CoordinatesOf(form, model->weights);
      EXPECT_TRUE(IsAllowed(form, found));
      EXPECT_NEAR(PlainSquares(history, form, m, found), got, 1e-7 * got);
      const Function slow = [&](const Coordinates& x) {
        if (!IsAllowed(form, x)) return kInfinity;
        return n * std::log(PlainSquares(history, form, m, x));
      };
      Coordinates start = {1.3, 1.0};
      if (form == CesForm::kPartial) start.push_back(0.1);
      if (form == CesForm::kFull) start.insert(start.end(), {1.3, 1.0});
      ++fits;
      if (n * std::log(got) > NelderMead(slow, start, 3000) + 0.05) ++worse;
    }
  }
  EXPECT_LE(worse, fits / 50);
}

TEST(CesTest, ChoosesTheLeastAicc) {
  CesScratch scratch;
  int seasonal = 0;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    const Values history = RandomHistory(seed, 60, 6);
    const auto best = FitCes(history, {.season_buckets = 6}, scratch);
    ASSERT_TRUE(best.ok());
    if (best->form != CesForm::kNone) ++seasonal;
    for (const CesForm form : kCesForms) {
      EXPECT_LE(best->aicc, FitCesForm(history, {.season_buckets = 6}, form, scratch)->aicc);
    }
  }
  EXPECT_GT(seasonal, 20);  // Or the season is not seen.
}

TEST(CesTest, CarriedForwardEqualsForecasting) {
  CesScratch scratch;
  for (const CesForm form : kCesForms) {
    const auto model = FitCesForm(RandomHistory(9, 50, 4), {.season_buckets = 4}, form, scratch);
    ASSERT_TRUE(model.ok());
    Values many(9);
    ASSERT_TRUE(ForecastCes(*model, many, {}).ok());
    CesModel carried = *model;
    for (std::size_t h = 0; h < 8; ++h) UpdateCes(carried, many[h]);
    Values one(1);
    ASSERT_TRUE(ForecastCes(carried, one, {}).ok());
    EXPECT_NEAR(one[0], many[8], 1e-9 * one[0]);
  }
}

// A series that grows beyond ten times the largest value of its fit is followed there: a carried
// model forecasts what a model with that state forecasts.
TEST(CesTest, CarriedForwardIsNotHeldAtTheBoundOfItsFit) {
  CesScratch scratch;
  const auto at = [](int t) { return std::pow(1.12, t) * (1.0 + 0.03 * ((t * 7) % 5 - 2)); };
  Values history;
  for (int t = 0; t < 30; ++t) history.push_back(at(t));
  CesModel carried = FitCes(history, {}, scratch).value();
  for (int t = 30; t < 60; ++t) UpdateCes(carried, at(t));
  Values one(1);
  ASSERT_TRUE(ForecastCes(carried, one, {}).ok());
  EXPECT_GT(carried.state.level.value, 300.0);  // The bound of the fit is 10 * at(29), 260.
  EXPECT_NEAR(one[0], ces::MeanAt(carried.form, carried.state, carried.state.place), 1e-9);
}

// A state carried over real buckets is that of the definition after all of them.
TEST(CesTest, CarriedForwardEqualsTheDefinition) {
  CesScratch scratch;
  for (const CesForm form : kCesForms) {
    const Values history = RandomHistory(4, 70, 5);
    const auto model =
        FitCesForm(std::span(history).first(60), {.season_buckets = 5}, form, scratch);
    ASSERT_TRUE(model.ok());
    PlainModel plain{.form = form,
                     .m = 5,
                     .x = CoordinatesOf(form, model->weights),
                     .level = {model->state.level.value, model->state.level.potential}};
    for (std::size_t i = 0; i < 5; ++i) {
      plain.season.emplace_back(model->state.season[i].value, model->state.season[i].potential);
    }
    CesModel carried = *model;
    for (std::size_t t = 60; t < 70; ++t) {
      UpdateCes(carried, history[t]);
      plain.Take(t, history[t]);
    }
    Values one(1);
    ASSERT_TRUE(ForecastCes(carried, one, {}).ok());
    EXPECT_NEAR(one[0], plain.Mean(70), 1e-9 * one[0]);
  }
}

// The bands against a simulation of 20,000 paths, over three seasons.
TEST(CesTest, BandsEqualSimulatedOnes) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  for (const CesForm form : kCesForms) {
    CesModel model{.form = form,
                   .season_buckets = 3,
                   .weights = {1.2, 0.95, form == CesForm::kPartial ? 0.3 : 1.1, 1.02},
                   .bound_units = 1e6,
                   .error_variance = 4.0,
                   .non_negative = false};
    model.state.level = {100.0, 90.0};
    for (std::size_t i = 0; i < 3; ++i) model.state.season[i] = {5.0, 4.0};
    constexpr std::size_t kHorizon = 9;
    Values mean(kHorizon);
    Values band(kHorizon * kQuantiles);
    ASSERT_TRUE(ForecastCes(model, mean, band).ok());
    Values squares(kHorizon, 0.0);
    constexpr int kPaths = 20'000;
    for (int path = 0; path < kPaths; ++path) {
      CesModel walk = model;
      for (std::size_t h = 0; h < kHorizon; ++h) {
        const double y = ces::MeanAt(form, walk.state, walk.state.place) + 2.0 * normal(random);
        squares[h] += (y - mean[h]) * (y - mean[h]) / kPaths;
        UpdateCes(walk, y);
      }
    }
    for (std::size_t h = 0; h < kHorizon; ++h) {
      const double deviation = (band[h * kQuantiles + 7] - mean[h]) / 1.95996398454;
      EXPECT_NEAR(deviation, std::sqrt(squares[h]), 0.03 * deviation) << h;
    }
  }
}

TEST(CesTest, AnswersForOddHistoriesAndNamesWhatIsWrong) {
  CesScratch scratch;
  Values one_sale(400, 0.0);
  one_sale[399] = 4.0;
  Values early_sale(400, 0.0);
  early_sale[0] = 4.0;
  for (const Values& history : {Values{0}, Values{5}, Values(100, 0.0), Values(100, 7.0), one_sale,
                                early_sale, Values{1, 2, 3, 4, 5, 6, 7}}) {
    for (const std::size_t horizon : {0U, 1U, 10'000U}) {
      Values mean(horizon);
      Values band(horizon * kQuantiles);
      const auto model = FitCes(history, {.season_buckets = 7}, scratch);
      ASSERT_TRUE(model.ok()) << model.status();
      const absl::Status status = ForecastCes(*model, mean, band);
      EXPECT_TRUE(status.ok()) << status;
    }
  }
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(FitCes({}, {}, scratch).status().code(), kInvalid);
  EXPECT_EQ(FitCes(Values{1, kInfinity}, {}, scratch).status().code(), kInvalid);
  EXPECT_EQ(FitCes(Values{1}, {.season_buckets = 0}, scratch).status().code(), kInvalid);
  EXPECT_EQ(FitCes(Values{1}, {.season_buckets = 61}, scratch).status().code(), kInvalid);
  EXPECT_EQ(FitCesForm(RandomHistory(1, 15, 6), {.season_buckets = 6}, CesForm::kFull, scratch)
                .status()
                .code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace tandem::forecasting
