#include "tests/integration/log_conformance_test.h"

#include "services/runtime/embedded_log.h"
#include "tests/integration/store_fixtures.h"

namespace tandem::runtime {
namespace {

template <typename StoreUnder>
class EmbeddedFixture final : public LogFixture {
 public:
  EmbeddedFixture() { Restart(); }
  Log& log() override { return *log_; }
  void Settle() override {
    do {
      store_.Settle();
    } while (executor_->RunDue() > 0);
  }
  void Restart() override {
    executor_ = std::make_unique<testing::ManualExecutor>(clock_);
    store_.Restart();
    log_ = std::make_unique<EmbeddedLog>(store_.store(), *executor_, 99);
  }
  bool LoseAnswers(bool lose) override {
    if constexpr (std::is_same_v<StoreUnder, MapStoreFixture>) {
      store_.map_store().Stop(lose ? absl::UnavailableError("gone") : absl::OkStatus());
      return true;
    }
    return false;
  }

 private:
  testing::FakeClock clock_;
  StoreUnder store_;
  std::unique_ptr<testing::ManualExecutor> executor_;
  std::unique_ptr<EmbeddedLog> log_;
};

template <typename StoreUnder>
std::unique_ptr<LogFixture> Make() {
  return std::make_unique<EmbeddedFixture<StoreUnder>>();
}

INSTANTIATE_TEST_SUITE_P(EmbeddedOnMap, LogConformanceTest,
                         ::testing::Values(&Make<MapStoreFixture>));
INSTANTIATE_TEST_SUITE_P(EmbeddedOnRocks, LogConformanceTest,
                         ::testing::Values(&Make<RocksStoreFixture>));

}  // namespace
}  // namespace tandem::runtime
