// The sums of a pass against its own squares and those of its prefixes: J'e is half the gradient of
// the squares, and what a bucket adds to J'e is its error times its row of J.
#include "forecasting/local/ets_kernel.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "forecasting/local/ets_reference.h"
#include "forecasting/local/ets_search.h"
#include "forecasting/local/ets_start.h"
#include "gmock/gmock.h"

namespace tandem::forecasting::ets {
namespace {

// One form at one point of its parameters, over a history of mean one.
class KernelCase {
 public:
  KernelCase(const EtsForm& form, unsigned seed, PassLanes lanes = PassLanes::kWidest)
      : form_(form) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(0.1, 0.4);
    std::normal_distribution<double> normal(0.0, 0.1);
    m_ = form.season == EtsSeason::kNone ? 1 : 2 + seed % 23;
    values_.resize(2 * m_ + 13 + seed % 9);
    for (double& y : values_) y = 1.0 + normal(random);
    run_ = RunnerOf(form, m_, lanes);
    x_.push_back(uniform(random));
    if (form.trend != EtsTrend::kNone) x_.push_back(0.3 * uniform(random));
    if (form.season != EtsSeason::kNone) x_.push_back(uniform(random));
    if (form.trend == EtsTrend::kDamped) x_.push_back(0.9);
    x_.push_back(1.0);
    if (form.trend != EtsTrend::kNone) x_.push_back(0.01);
    if (form.season == EtsSeason::kNone) return;
    const double middle = form.season == EtsSeason::kAdditive ? 0.0 : 1.0;
    for (std::size_t i = 0; i + 1 < m_; ++i) x_.push_back(middle + 0.5 * normal(random));
  }

  std::size_t size() const { return x_.size(); }
  std::size_t buckets() const { return values_.size(); }

  // Of the first `buckets`, parameter `moved` moved by `by`.
  Sums At(std::size_t buckets, std::size_t moved = 0, double by = 0.0) const {
    std::vector<double> x = x_;
    x[moved] += by;
    std::size_t i = 0;
    Point point;
    point.parameters.alpha = x[i++];
    if (form_.trend != EtsTrend::kNone) point.parameters.beta = x[i++];
    if (form_.season != EtsSeason::kNone) point.parameters.gamma = x[i++];
    if (form_.trend == EtsTrend::kDamped) point.parameters.phi = x[i++];
    point.start.level = x[i++];
    if (form_.trend != EtsTrend::kNone) point.start.slope = x[i++];
    if (form_.season != EtsSeason::kNone) {
      double& last = point.start.season[m_ - 1];
      last = form_.season == EtsSeason::kAdditive ? 0.0 : static_cast<double>(m_);
      for (std::size_t k = 0; k + 1 < m_; ++k) last -= point.start.season[k] = x[i++];
    }
    Sums sums;
    const Series series{.values = values_.data(), .size = buckets, .season = m_};
    EXPECT_TRUE(run_(series, point, kInfinity, sums));
    return sums;
  }

 private:
  EtsForm form_;
  std::size_t m_ = 1;
  std::vector<double> values_;
  std::vector<double> x_;
  Runner run_ = nullptr;
};

class EtsKernelTest : public testing::TestWithParam<EtsForm> {};

TEST_P(EtsKernelTest, GradientsAreThoseOfSquaresAndLogarithms) {
  constexpr double kStep = 1e-5;
  for (unsigned seed = 1; seed <= 23; ++seed) {
    SCOPED_TRACE(seed);
    const KernelCase one(GetParam(), seed);
    const Sums sums = one.At(one.buckets());
    for (std::size_t j = 0; j < one.size(); ++j) {
      const Sums up = one.At(one.buckets(), j, kStep);
      const Sums down = one.At(one.buckets(), j, -kStep);
      const double gradient = (up.squares - down.squares) / (4.0 * kStep);
      EXPECT_NEAR(sums.normal[j][one.size()], gradient, 1e-5 * (1.0 + std::abs(gradient))) << j;
      if (GetParam().error == EtsError::kAdditive) continue;
      const double slope = (up.log_mean - down.log_mean) / (2.0 * kStep);
      EXPECT_NEAR(sums.log_slope[j], slope, 1e-5 * (1.0 + std::abs(slope))) << j;
    }
  }
}

TEST_P(EtsKernelTest, ProductsAreThoseOfTheBucketsRows) {
  int tried = 0;
  for (unsigned seed = 1; seed <= 23; ++seed) {
    SCOPED_TRACE(seed);
    const KernelCase one(GetParam(), seed);
    const std::size_t size = one.size();
    std::vector<std::vector<double>> products(size, std::vector<double>(size));
    Sums before = one.At(1);
    bool told = true;
    for (std::size_t n = 1; n <= one.buckets(); ++n) {
      const Sums here = one.At(n);
      const double square = here.squares - (n == 1 ? 0.0 : before.squares);
      told = told && square > 1e-8;  // Else its row cannot be read off.
      for (std::size_t i = 0; i < size; ++i) {
        for (std::size_t j = i; j < size; ++j) {
          const double di = here.normal[i][size] - (n == 1 ? 0.0 : before.normal[i][size]);
          const double dj = here.normal[j][size] - (n == 1 ? 0.0 : before.normal[j][size]);
          products[i][j] += di * dj / square;
        }
      }
      before = here;
    }
    if (!told) continue;
    ++tried;
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = i; j < size; ++j) {
        EXPECT_NEAR(before.normal[i][j], products[i][j], 1e-5 * (1.0 + std::abs(products[i][j])))
            << i << ' ' << j;
      }
    }
  }
  EXPECT_GT(tried, 10);
}

TEST_P(EtsKernelTest, WideLanesGiveTheSameBits) {
  for (unsigned seed = 1; seed <= 23; ++seed) {
    const KernelCase wide(GetParam(), seed);
    const Sums a = wide.At(wide.buckets());
    const Sums b = KernelCase(GetParam(), seed, PassLanes::kPlain).At(wide.buckets());
    EXPECT_EQ(a.squares, b.squares);
    EXPECT_EQ(a.log_mean, b.log_mean);
    for (std::size_t i = 0; i < wide.size(); ++i) {
      EXPECT_EQ(a.log_slope[i], b.log_slope[i]);
      for (std::size_t j = i; j <= wide.size(); ++j) EXPECT_EQ(a.normal[i][j], b.normal[i][j]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, EtsKernelTest, testing::ValuesIn(kFormsInOrder),
                         [](const auto& form) { return NameOf(form.param); });

}  // namespace
}  // namespace tandem::forecasting::ets
