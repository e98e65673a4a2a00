// When the worker folds: not while a series grows, unless much has gathered; soon in a pause; and
// whatever is left once it is idle.
#include "services/exchange/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/exchange/api_fixture.h"
#include "tests/support/status.h"

namespace tandem::exchange {
namespace {

using tandem::testing::IsOk;

constexpr absl::Duration kLook = absl::Milliseconds(250);

class FoldWorkerTest : public ExchangeApiTest {
 protected:
  // Two blocks or more are worth a fold; eight while the series grows; any after five idle looks.
  void Start() {
    fold_options_ = {.fold = {.rows_min = 1'000'000, .blocks_min = 2},
                     .period = kLook,
                     .idle_looks = 5,
                     .import_rows = import_rows_,
                     .busy_rows_min = 1'000'000,
                     .busy_blocks_min = 8};
    Open();
    worker_->Start();
    Look();
    ASSERT_EQ(worker_->steps(), 0u);
  }
  void Send(int batches = 1) {
    for (int i = 0; i < batches; ++i) {
      ++block_;
      const std::int32_t day = testing::kDay + static_cast<std::int32_t>(block_);
      ASSERT_THAT(Ingest(block_, {{1, day, 1000}}, true), IsOk());
    }
  }
  // Two rows of another series.
  void SendStock() {
    ++stock_block_;
    const std::int32_t day = testing::kDay + static_cast<std::int32_t>(stock_block_);
    v1::IngestRequest request = BlockOf(stock_block_, {{1, day, 1000}, {2, day, 1000}}, true);
    request.set_stream("stock");
    request.mutable_series()->set_measure(v1::MEASURE_STOCK);
    request.mutable_series()->set_stock_status(v1::STOCK_STATUS_FREE);
    auto session = api_->OpenIngest(CallOf("shop"));
    absl::Status status = absl::UnknownError("not answered");
    session->Push(request, [&](const absl::StatusOr<v1::IngestResponse>& response) {
      status = response.status();
    });
    executor_.Advance(absl::ZeroDuration());
    ASSERT_THAT(status, IsOk());
  }
  void Look() { executor_.Advance(kLook); }

  std::uint64_t import_rows_ = 1'000'000;
  std::int64_t block_ = 0;
  std::int64_t stock_block_ = 0;
};

TEST_F(FoldWorkerTest, LetsASeriesThatGrowsBeUntilThereIsAPause) {
  Start();
  for (int i = 0; i < 7; ++i) {
    Send();
    Look();
    EXPECT_EQ(worker_->steps(), 0u) << i;  // Two would be worth it, were nothing coming in.
  }
  Look();  // Nothing came since the last look.
  EXPECT_GT(worker_->steps(), 0u);
}

TEST_F(FoldWorkerTest, LetsAllSeriesBeWhileAnImportGoesOn) {
  import_rows_ = 2;
  Start();
  Send(4);  // Two would be worth it.
  for (int i = 0; i < 4; ++i) {
    SendStock();
    Look();
    EXPECT_EQ(worker_->steps(), 0u) << i;
  }
  Look();
  EXPECT_GT(worker_->steps(), 0u);
}

TEST_F(FoldWorkerTest, FoldsASeriesInAPauseThoughAnotherTrickles) {
  import_rows_ = 3;
  Start();
  Send(4);
  SendStock();
  Look();  // Six rows came in.
  ASSERT_EQ(worker_->steps(), 0u);
  SendStock();
  Look();
  EXPECT_GT(worker_->steps(), 0u);
}

TEST_F(FoldWorkerTest, FoldsAGrowingSeriesOnceMuchHasGathered) {
  Start();
  for (int i = 0; i < 7; ++i) {
    Send();
    Look();
  }
  ASSERT_EQ(worker_->steps(), 0u);
  Send();  // The eighth.
  Look();
  EXPECT_GT(worker_->steps(), 0u);
}

TEST_F(FoldWorkerTest, FoldsWhatIsLittleOnlyOnceItIsIdle) {
  Start();
  Send();
  Look();
  for (int i = 0; i < 4; ++i) {
    Look();
    EXPECT_EQ(worker_->steps(), 0u) << i;
  }
  Look();
  EXPECT_EQ(worker_->steps(), 1u);
  // What is folded reads as before.
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto pages, Sales("shop"));
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_THAT(pages[0].value_milli(), ::testing::ElementsAre(0, 1000));
  for (int i = 0; i < 20; ++i) Look();
  EXPECT_EQ(worker_->steps(), 1u);  // Nothing is left.
}

}  // namespace
}  // namespace tandem::exchange
