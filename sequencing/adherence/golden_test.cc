// Golden cases of the kind sequence_metrics. See golden.h.
#include "tests/support/golden.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "sequencing/adherence/order.h"

namespace tandem::sequencing {
namespace {

using nlohmann::json;

TEST(GoldenTest, SequenceMetrics) {
  testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "sequence_metrics", [](const json& test) {
    const std::vector<std::int32_t> ranks = testing::Int32s(test, "actual");
    const OrderMeasures order = MeasureOrder(ranks).value();
    EXPECT_EQ(test.at("expected"), json({{"lis", order.increasing},
                                         {"min_moves", order.MovesMin()},
                                         {"inversions", order.inversions},
                                         {"footrule", order.footrule},
                                         {"max_late", order.late_max},
                                         {"max_early", order.early_max},
                                         {"records", order.records},
                                         {"adjacent_pairs", order.adjacent_pairs},
                                         {"exact_positions", order.exact_positions},
                                         {"restore_buffer", order.restore_buffer}}));
  });
}

}  // namespace
}  // namespace tandem::sequencing
