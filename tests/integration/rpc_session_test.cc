// Goal: what a stream of requests and answers gets from its session, over real loopback.
#include "services/runtime/rpc_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "services/base/reason.h"
#include "services/runtime/executor.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tests/integration/loopback.h"
#include "tests/support/status.h"

namespace tandem::testing {
namespace {

using base::Reason;
using IngestDone = absl::AnyInvocable<void(absl::StatusOr<exchange_v1::IngestResponse>)>;

class RpcSessionTest : public ::testing::Test {
 protected:
  RpcSessionTest() : identity_(loopback_.book) { loopback_.book.Put({.firm = "acme"}); }

  void Start() {
    ASSERT_THAT(loopback_.Start(identity_), IsOk());
    stub_ = exchange_v1::ExchangeService::NewStub(
        runtime::ChannelTo(loopback_.address(), std::nullopt));
  }
  ScriptApi& api() { return loopback_.api; }

  Loopback loopback_;
  runtime::MetadataIdentity identity_;
  std::unique_ptr<exchange_v1::ExchangeService::Stub> stub_;
};

TEST_F(RpcSessionTest, AnswersASessionInOrderAndToItsFirstError) {
  runtime::ThreadExecutor executor(1);
  std::atomic<int> in_flight = 0;
  std::atomic<int> most = 0;
  api().on_push = [&](const exchange_v1::IngestRequest& request, auto done) {
    most = std::max(most.load(), ++in_flight);
    executor.RunAfter(absl::Microseconds(200), [&, request, done = std::move(done)]() mutable {
      --in_flight;
      if (request.block() == 500) return done(base::Refuse(Reason::kStreamGap, "gap"));
      done(Durable(request.block()));
    });
  };
  Start();
  for (const std::int64_t blocks : {300, 600}) {
    const auto context = ContextOf("acme", "planner");
    const auto stream = stub_->Ingest(context.get());
    std::thread writer = SendBlocks(*stream, blocks);
    exchange_v1::IngestResponse response;
    std::int64_t answered = 0;
    while (stream->Read(&response)) EXPECT_EQ(response.durable_block(), ++answered);
    writer.join();
    EXPECT_EQ(answered, std::min<std::int64_t>(blocks, 499));
    EXPECT_EQ(base::ReasonOf(runtime::FromGrpcStatus(stream->Finish())),
              blocks == 300 ? Reason::kNone : Reason::kStreamGap);
  }
  EXPECT_GT(most, 1);
  EXPECT_LE(most, static_cast<int>(runtime::kSessionSmallWindow));
  executor.Shutdown();
}

// Small requests wait for a commit together; large ones hold a bounded memory.
TEST_F(RpcSessionTest, HoldsManySmallRequestsOfASessionAndFewLargeOnes) {
  std::mutex mutex;
  std::vector<std::pair<std::int64_t, IngestDone>> held;
  api().on_push = [&](const exchange_v1::IngestRequest& request, IngestDone done) {
    const std::lock_guard lock(mutex);
    held.emplace_back(request.block(), std::move(done));
  };
  Start();
  for (const bool large : {false, true}) {
    const std::int64_t blocks = large ? 20 : 100;
    const auto context = ContextOf("acme", "planner");
    const auto stream = stub_->Ingest(context.get());
    exchange_v1::IngestRequest request;
    if (large) request.mutable_series()->mutable_value_milli()->Resize(1 << 17, 0);  // 1 MiB.
    std::thread writer = SendBlocks(*stream, blocks, request);
    const std::size_t window = large ? runtime::kSessionWindow : runtime::kSessionSmallWindow;
    std::int64_t answered = 0;
    while (answered < blocks) {
      const std::size_t expected = std::min(window, static_cast<std::size_t>(blocks - answered));
      const auto count = [&] {
        const std::lock_guard lock(mutex);
        return held.size();
      };
      const absl::Time late = absl::Now() + absl::Seconds(60);
      while (count() < expected && absl::Now() < late) absl::SleepFor(absl::Milliseconds(1));
      absl::SleepFor(absl::Milliseconds(20));  // One more would come now.
      std::unique_lock lock(mutex);
      auto answers = std::exchange(held, {});
      lock.unlock();
      EXPECT_EQ(answers.size(), expected);
      for (auto& [block, done] : answers) done(Durable(block));
      exchange_v1::IngestResponse response;
      for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_TRUE(stream->Read(&response));
        EXPECT_EQ(response.durable_block(), ++answered);
      }
      if (answers.size() != expected) break;
    }
    if (answered < blocks) context->TryCancel();
    writer.join();
    EXPECT_THAT(runtime::FromGrpcStatus(stream->Finish()), IsOk());
  }
}

}  // namespace
}  // namespace tandem::testing
