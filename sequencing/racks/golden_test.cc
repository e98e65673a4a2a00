// Golden cases of the kinds rack_repeg and truck_lanes. See golden.h.
#include "tests/support/golden.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "sequencing/racks/lanes.h"
#include "sequencing/racks/moves.h"
#include "sequencing/racks/repeg.h"

namespace tandem::sequencing {
namespace {

using nlohmann::json;

TEST(GoldenTest, RackRepeg) {
  testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "rack_repeg", [](const json& test) {
    const std::vector<std::int32_t> rack = testing::Int32s(test, "rack");
    const std::vector<std::int32_t> need = testing::Int32s(test, "need");
    const RackRepeg repeg = RepegRack(rack, need, {}).value();
    const auto order = test.at("order_ids").get<std::vector<std::int64_t>>();
    const Moves moves = FewestMoves(order, {}, KeepFirst::kMost).value();
    EXPECT_EQ(test.at("expected"), json({{"lcs", repeg.kept.size()},
                                         {"pulls", repeg.pulls.size()},
                                         {"inserts", repeg.inserts.size()},
                                         {"identity_moves", moves.lifted.size()}}));
  });
}

TEST(GoldenTest, TruckLanes) {
  testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "truck_lanes", [](const json& test) {
    const auto ranks = test.at("ready_order").get<std::vector<std::int64_t>>();
    EXPECT_EQ(
        test.at("expected"),
        json({{"min_lifo_lanes", FewestLanes(ranks, LaneAccess::kLifo, std::nullopt).value().lanes},
              {"min_fifo_lanes",
               FewestLanes(ranks, LaneAccess::kFifo, std::nullopt).value().lanes}}));
  });
}

}  // namespace
}  // namespace tandem::sequencing
