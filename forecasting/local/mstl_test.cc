// Local regression against its definition, and MSTL on seasons that are known.
#include "forecasting/local/mstl.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "forecasting/local/history.h"
#include "forecasting/local/loess.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// The weighted line (or mean) at x through the q values nearest to it, by its normal equations.
double PlainLoess(const Values& y, std::size_t q, bool linear, double x) {
  const auto n = static_cast<double>(y.size());
  std::vector<std::size_t> order(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [x](std::size_t a, std::size_t b) {
    return std::abs(static_cast<double>(a) - x) < std::abs(static_cast<double>(b) - x);
  });
  order.resize(std::min(q, y.size()));
  double h = std::abs(static_cast<double>(order.back()) - x);
  if (static_cast<double>(q) > n) h += (static_cast<double>(q) - n) / 2.0;
  double s0 = 0.0, s1 = 0.0, s2 = 0.0, t0 = 0.0, t1 = 0.0;
  for (const std::size_t i : order) {
    const double d = static_cast<double>(i) - x;
    const double u = std::abs(d) / h;
    if (u > 0.999) continue;
    const double w = u < 0.001 ? 1.0 : std::pow(1.0 - u * u * u, 3);
    s0 += w;
    s1 += w * d;
    s2 += w * d * d;
    t0 += w * y[i];
    t1 += w * d * y[i];
  }
  if (!linear) return t0 / s0;
  return (t0 * s2 - t1 * s1) / (s0 * s2 - s1 * s1);
}

TEST(LoessTest, EqualsItsDefinitionInsideAtTheEndsAndBeyond) {
  std::mt19937 random(4);
  std::vector<double> weights;
  for (const std::size_t n : {9U, 20U, 60U}) {
    for (const std::size_t q : {5U, 7U, 21U, 41U}) {
      for (const bool linear : {true, false}) {
        SCOPED_TRACE(testing::Message() << n << ' ' << q << ' ' << linear);
        Values y(n);
        for (double& v : y) v = static_cast<double>(random() % 100);
        Values smooth(n + 2);
        Loess(y, {.window = q, .linear = linear}, -1, smooth, weights);
        for (std::size_t i = 0; i < n + 2; ++i) {
          const double x = static_cast<double>(i) - 1.0;
          EXPECT_NEAR(smooth[i], PlainLoess(y, q, linear, x), 1e-8) << x;
        }
      }
    }
  }
}

TEST(MstlTest, ComponentsAddUpAndTwoKnownSeasonsAreFound) {
  MstlScratch scratch;
  Values history;
  Values week = {4, -1, -3, -2, 0, 1, 1};
  for (std::size_t t = 0; t < 600; ++t) {
    const double angle = 2.0 * M_PI * static_cast<double>(t % 30) / 30.0;
    history.push_back(50.0 + 0.02 * static_cast<double>(t) + week[t % 7] + 5.0 * std::sin(angle));
  }
  const std::size_t seasons[] = {30, 7, 7, 365};
  const auto used = DecomposeMstl(history, seasons, scratch);
  ASSERT_TRUE(used.ok());
  EXPECT_THAT(*used, testing::ElementsAre(7, 30));  // 2 x 365 > 600.
  for (std::size_t t = 0; t < 600; ++t) {
    EXPECT_NEAR(scratch.seasonal[0][t] + scratch.seasonal[1][t] + scratch.rest[t], history[t],
                1e-9);
    EXPECT_NEAR(scratch.seasonal[0][t], week[t % 7], 0.2) << t;
  }
  const auto model = FitMstl(history, seasons, scratch);
  ASSERT_TRUE(model.ok());
  Values mean(60);
  Values band(60 * kQuantiles);
  ASSERT_TRUE(ForecastMstl(*model, mean, band).ok());
  for (std::size_t h = 0; h < 60; ++h) {
    const std::size_t t = 600 + h;
    const double angle = 2.0 * M_PI * static_cast<double>(t % 30) / 30.0;
    EXPECT_NEAR(mean[h], 50.0 + 0.02 * static_cast<double>(t) + week[t % 7] + 5.0 * std::sin(angle),
                1.0);
  }
  MstlModel carried = *model;
  UpdateMstl(carried, mean[0]);
  Values later(1);
  ASSERT_TRUE(ForecastMstl(carried, later, {}).ok());
  EXPECT_NEAR(later[0], mean[1], 1e-9);
}

TEST(MstlTest, AnswersForOddHistoriesAndNamesWhatIsWrong) {
  MstlScratch scratch;
  const std::size_t seasons[] = {7, 30};
  Values one_sale(400, 0.0);
  one_sale[77] = 5.0;
  for (const Values& history : {Values{0}, Values{3}, Values(400, 0.0), Values(100, 2.0), one_sale,
                                Values{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5}}) {
    const auto model = FitMstl(history, seasons, scratch);
    ASSERT_TRUE(model.ok()) << model.status();
    for (const std::size_t horizon : {0U, 10'000U}) {
      Values mean(horizon);
      Values band(horizon * kQuantiles);
      EXPECT_TRUE(ForecastMstl(*model, mean, band).ok());
    }
  }
  const auto code = [&](const Values& history, std::vector<std::size_t> list) {
    return FitMstl(history, list, scratch).status().code();
  };
  EXPECT_EQ(code({}, {7}), kInvalid);
  EXPECT_EQ(code({1, std::nan("")}, {7}), kInvalid);
  EXPECT_EQ(code({1, 2}, {1}), kInvalid);
  EXPECT_EQ(code({1, 2}, {kMstlSeasonBucketsMax + 1}), kInvalid);
  EXPECT_EQ(code({1, 2}, {2, 3, 4, 5, 6}), kInvalid);
  EXPECT_EQ(code({1, 2}, {}), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace tandem::forecasting
