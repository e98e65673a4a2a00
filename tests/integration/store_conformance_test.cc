#include "tests/integration/store_conformance_test.h"

#include "tests/integration/store_fixtures.h"

namespace tandem::runtime {
namespace {

template <typename Fixture>
std::unique_ptr<StoreFixture> Make() {
  return std::make_unique<Fixture>();
}

INSTANTIATE_TEST_SUITE_P(Map, StoreConformanceTest, ::testing::Values(&Make<MapStoreFixture>));
INSTANTIATE_TEST_SUITE_P(Rocks, StoreConformanceTest, ::testing::Values(&Make<RocksStoreFixture>));

}  // namespace
}  // namespace tandem::runtime
