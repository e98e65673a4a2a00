// Code compiled for wide lanes gives the same bits as the plain one.
#include "forecasting/local/wide_lanes.h"

#include <array>
#include <cstddef>
#include <random>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Row = std::array<double, 16>;

// Products, sums, quotients and a sum over lanes, as the kernels have them.
inline double Blend(const Row& a, const Row& b, Row& out) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    out[i] = a[i] * b[i] + out[i] / (1.0 + a[i] * a[i]) - 0.1 * b[i];
    sum += out[i] * a[i];
  }
  return sum;
}

TEST(WideLanesTest, GiveTheSameBits) {
  std::mt19937 random(17);
  std::normal_distribution<double> normal;
  const auto widest = WidestOf<Blend>();
  for (int round = 0; round < 1000; ++round) {
    Row a;
    Row b;
    Row plain;
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = normal(random);
      b[i] = normal(random);
      plain[i] = normal(random);
    }
    Row wide = plain;
    const double want = Blend(a, b, plain);
    EXPECT_EQ(widest(a, b, wide), want);
    EXPECT_EQ(wide, plain);
  }
}

}  // namespace
}  // namespace tandem::forecasting
