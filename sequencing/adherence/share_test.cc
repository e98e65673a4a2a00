#include "sequencing/adherence/share.h"

#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

TEST(ShareTest, AddsUpByCounts) {
  Share total;
  EXPECT_FALSE(total.value().has_value());
  total += {1, 2};
  total += {2, 2};
  EXPECT_EQ(total, (Share{3, 4}));
  EXPECT_DOUBLE_EQ(*total.value(), 0.75);
}

TEST(ShareTest, RefusesMoreThanAll) {
  EXPECT_TRUE(ShareOf(2, 2).ok());
  const auto refused = ShareOf(3, 2);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("3 in 2"));
  EXPECT_FALSE(ShareOf(-1, 2).ok());
}

TEST(DescribeTest, PercentilesAreRanks) {
  std::vector<std::int64_t> values;
  for (std::int64_t v = 200; v > 0; --v) values.push_back(v);
  EXPECT_EQ(Describe(values).value(), (Distribution{.count = 200,
                                                    .sum = 20'100,
                                                    .minimum = 1,
                                                    .p05 = 10,
                                                    .p50 = 100,
                                                    .p95 = 190,
                                                    .p99 = 198,
                                                    .maximum = 200}));
  EXPECT_EQ(Describe({}).value(), Distribution{});
  EXPECT_EQ(Describe(std::vector<std::int64_t>{7})->p05, 7);
}

TEST(DescribeTest, PercentileIndexIsTheCeiling) {
  EXPECT_EQ(PercentileIndex(20, 950), 18u);  // The 19th of 20.
  EXPECT_EQ(PercentileIndex(21, 950), 19u);  // 19.95, so the 20th.
  EXPECT_EQ(PercentileIndex(1, 1), 0u);
  EXPECT_EQ(PercentileIndex(1'000'000'000, 999), 998'999'999u);
}

TEST(DescribeTest, RefusesASumThatOverflows) {
  const std::vector<std::int64_t> values(2, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(Describe(values).status().code(), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace tandem::sequencing
