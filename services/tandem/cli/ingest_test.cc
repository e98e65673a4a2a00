// The sender against a service on loopback that breaks streams.
#include "services/tandem/cli/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/runtime/rpc_status.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tests/support/status.h"

namespace tandem::cli {
namespace {

namespace v1 = exchange::v1;

// Keeps blocks by stream, and breaks every call after `blocks_a_call`.
class FakeExchange final : public v1::ExchangeService::Service {
 public:
  grpc::Status GetStream(grpc::ServerContext*, const v1::GetStreamRequest* request,
                         v1::Stream* answer) override {
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(request->name());
    if (found == streams_.end()) {
      return runtime::ToGrpcStatus(base::Refuse(base::Reason::kUnknownRecord, "never began"));
    }
    answer->set_durable_block(static_cast<std::int64_t>(found->second.size()));
    return grpc::Status::OK;
  }

  grpc::Status Ingest(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::IngestResponse, v1::IngestRequest>* call) override {
    v1::IngestRequest request;
    for (int count = 0; call->Read(&request); ++count) {
      if (count == blocks_a_call) return {grpc::StatusCode::UNAVAILABLE, "the owner moves"};
      const std::lock_guard lock(mutex_);
      if (request.series().value_milli(0) < 0) {
        return runtime::ToGrpcStatus(base::Refuse(base::Reason::kUnknownItem, "no such item"));
      }
      auto& blocks = streams_[request.location() + "/streams/" + request.stream()];
      const auto next = static_cast<std::int64_t>(blocks.size()) + 1;
      if (request.block() > next) {
        return runtime::ToGrpcStatus(base::Refuse(base::Reason::kStreamGap, "a block is missing"));
      }
      if (request.block() == next) blocks.push_back(request);
      v1::IngestResponse answer;
      answer.set_durable_block(static_cast<std::int64_t>(blocks.size()));
      call->Write(answer);
    }
    return grpc::Status::OK;
  }

  std::map<std::string, std::vector<v1::IngestRequest>> streams() {
    const std::lock_guard lock(mutex_);
    return streams_;
  }

  int blocks_a_call = 1'000'000;

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<v1::IngestRequest>> streams_;
};

class IngestSenderTest : public ::testing::Test {
 protected:
  IngestSenderTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ClientOptions options;
    options.server = absl::StrCat("127.0.0.1:", port);
    options.insecure = true;
    options.as = "shop/test";
    client_ = *Client::Connect(options);
  }
  ~IngestSenderTest() override { server_->Shutdown(); }

  static v1::IngestRequest Block(std::int64_t value) {
    v1::IngestRequest request;
    request.mutable_series()->add_value_milli(value);
    return request;
  }

  FakeExchange service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(IngestSenderTest, SendsEveryBlockOnceInOrderThoughStreamsBreak) {
  service_.blocks_a_call = 7;
  IngestSender sender(*client_, {.stream = "s", .file_id = "f", .window_blocks = 3});
  for (int k = 1; k <= 40; ++k) {
    for (const char* store : {"a", "b", "c"}) {
      ASSERT_THAT(sender.Add(store, Block(k)), testing::IsOk());
    }
  }
  ASSERT_THAT(sender.Finish(), testing::IsOk());
  EXPECT_EQ(sender.durable_rows(), 120);
  const auto streams = service_.streams();
  ASSERT_EQ(streams.size(), 3U);
  for (const auto& [name, blocks] : streams) {
    SCOPED_TRACE(name);
    ASSERT_EQ(blocks.size(), 40U);
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      EXPECT_EQ(blocks[k].series().value_milli(0), static_cast<std::int64_t>(k) + 1);
      EXPECT_EQ(blocks[k].close_batch(), k + 1 == blocks.size());
      EXPECT_EQ(blocks[k].file_id(), "f");
    }
  }
}

TEST_F(IngestSenderTest, SkipsWhatAnEarlierRunMadeDurable) {
  for (const int last : {3, 5}) {
    IngestSender sender(*client_, {.stream = "s"});
    for (int k = 1; k <= last; ++k) ASSERT_THAT(sender.Add("a", Block(k)), testing::IsOk());
    ASSERT_THAT(sender.Finish(), testing::IsOk());
    EXPECT_EQ(sender.durable_rows(), last);
  }
  EXPECT_EQ(service_.streams().at("firms/shop/locations/a/streams/s").size(), 5U);
}

TEST_F(IngestSenderTest, StopsAtARefusal) {
  IngestSender sender(*client_, {.stream = "s", .waiting_rows_max = 10});
  absl::Status status;
  for (int k = 1; k <= 1'000 && status.ok(); ++k) status = sender.Add("a", Block(k == 5 ? -1 : k));
  EXPECT_THAT(status, testing::HasReason(base::Reason::kUnknownItem));
  EXPECT_THAT(sender.Finish(), testing::HasReason(base::Reason::kUnknownItem));
}

}  // namespace
}  // namespace tandem::cli
