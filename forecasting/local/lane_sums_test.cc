// Sums of products in lanes against plain ones, and wide lanes against narrow ones.
#include "forecasting/local/lane_sums.h"

#include <array>
#include <cstddef>
#include <random>

#include "forecasting/local/wide_lanes.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kColumns = 20;
constexpr std::size_t kRows = 16;
using Rows = std::array<std::array<double, kColumns>, kRows>;
using Products = std::array<double, kColumns * kColumns>;

inline void Triangle(const Rows& rows, std::size_t count, Products& sums) {
  AddTriangle<kColumns>(count, {rows[0].data(), kColumns}, kColumns, sums.data());
}

// Columns 0 to 3 with those of windows that lie one number before the last row's.
inline void Strip(const Rows& rows, std::size_t count, Products& sums) {
  AddStrip<kLaneSize, 12>(count, {rows[0].data(), kColumns}, {&rows[8][0], -1}, kColumns,
                          sums.data());
}

class LaneSumsTest : public testing::Test {
 protected:
  Rows Random() {
    Rows rows;
    for (auto& row : rows) {
      for (double& value : row) value = normal_(random_);
    }
    return rows;
  }

 private:
  std::mt19937 random_{5};
  std::normal_distribution<double> normal_;
};

TEST_F(LaneSumsTest, TriangleIsTheSumOfProducts) {
  for (std::size_t count = 0; count <= kRows; ++count) {
    const Rows rows = Random();
    Products sums;
    sums.fill(0.5);
    Triangle(rows, count, sums);
    for (std::size_t i = 0; i < kColumns; ++i) {
      for (std::size_t j = i; j < kColumns; ++j) {
        double want = 0.5;
        for (std::size_t r = 0; r < count; ++r) want += rows[r][i] * rows[r][j];
        EXPECT_NEAR(sums[i * kColumns + j], want, 1e-12);
      }
    }
  }
}

TEST_F(LaneSumsTest, StripTakesWindows) {
  const Rows rows = Random();
  const double* const first = &rows[8][0];
  Products sums{};
  Strip(rows, 7, sums);
  for (std::size_t i = 0; i < kLaneSize; ++i) {
    for (std::size_t j = 0; j < 12; ++j) {
      double want = 0.0;
      for (std::size_t r = 0; r < 7; ++r) want += rows[r][i] * *(first + j - r);
      EXPECT_NEAR(sums[i * kColumns + j], want, 1e-12);
    }
    for (std::size_t j = 12; j < kColumns; ++j) EXPECT_EQ(sums[i * kColumns + j], 0.0);
  }
}

TEST_F(LaneSumsTest, WideLanesGiveTheSameBits) {
  const auto wide = WidestOf<Triangle>();
  for (std::size_t count = 0; count <= kRows; ++count) {
    const Rows rows = Random();
    Products plain{};
    Products other{};
    Triangle(rows, count, plain);
    wide(rows, count, other);
    EXPECT_EQ(plain, other);
  }
}

}  // namespace
}  // namespace tandem::forecasting
