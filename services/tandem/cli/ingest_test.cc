// The sender against a service on loopback that breaks streams.
#include "services/tandem/cli/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/runtime/firm_rates.h"
#include "services/runtime/rpc_status.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tests/support/status.h"

namespace tandem::cli {
namespace {

namespace v1 = exchange::v1;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Keeps blocks by stream and batch, and breaks every call after `blocks_a_call`. Refuses what
// `refusal_of` refuses.
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

  // Newest first, two a page.
  grpc::Status ListBatches(grpc::ServerContext*, const v1::ListBatchesRequest* request,
                           v1::ListBatchesResponse* answer) override {
    const std::lock_guard lock(mutex_);
    int at = 0;
    const int first = request->page_token().empty() ? 0 : std::stoi(request->page_token());
    for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch) {
      if (!batch->name().starts_with(request->parent() + "/")) continue;
      if (at++ < first) continue;
      if (answer->batches_size() == 2) {
        answer->set_next_page_token(std::to_string(first + 2));
        break;
      }
      *answer->add_batches() = *batch;
    }
    return grpc::Status::OK;
  }

  grpc::Status RetractBatch(grpc::ServerContext*, const v1::RetractBatchRequest* request,
                            v1::Batch* answer) override {
    const std::lock_guard lock(mutex_);
    for (v1::Batch& batch : batches_) {
      if (batch.name() != request->name() || !may_retract) continue;
      batch.set_state(v1::Batch::STATE_RETRACTED);
      *answer = batch;
      return grpc::Status::OK;
    }
    return runtime::ToGrpcStatus(base::Refuse(base::Reason::kUnknownBatch, "it is still open"));
  }

  grpc::Status Ingest(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::IngestResponse, v1::IngestRequest>* call) override {
    v1::IngestRequest request;
    for (int count = 0; call->Read(&request); ++count) {
      if (count == blocks_a_call) return {grpc::StatusCode::UNAVAILABLE, "the owner moves"};
      const std::lock_guard lock(mutex_);
      ++blocks_seen_;
      if (refusal_of) {
        const absl::Status refused = refusal_of(request);
        if (!refused.ok()) return runtime::ToGrpcStatus(refused);
      }
      auto& blocks = streams_[request.location() + "/streams/" + request.stream()];
      const auto next = static_cast<std::int64_t>(blocks.size()) + 1;
      if (request.block() > next) {
        return runtime::ToGrpcStatus(base::Refuse(base::Reason::kStreamGap, "a block is missing"));
      }
      if (request.block() == next) {
        blocks.push_back(request);
        Batch(request);
      }
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
  std::vector<v1::Batch> batches() {
    const std::lock_guard lock(mutex_);
    return batches_;
  }
  int blocks_seen() {
    const std::lock_guard lock(mutex_);
    return blocks_seen_;
  }

  int blocks_a_call = 1'000'000;
  bool may_retract = true;
  std::function<absl::Status(const v1::IngestRequest&)> refusal_of;

 private:
  void Batch(const v1::IngestRequest& request) {
    v1::Batch* open = nullptr;
    for (v1::Batch& batch : batches_) {
      const bool here = batch.name().starts_with(request.location() + "/");
      if (here && batch.stream() == request.stream() && batch.state() == v1::Batch::STATE_OPEN) {
        open = &batch;
      }
    }
    if (open == nullptr) {
      open = &batches_.emplace_back();
      open->set_name(
          absl::StrCat(request.location(), "/batches/", request.stream(), "-", request.block()));
      open->set_state(v1::Batch::STATE_OPEN);
      open->set_stream(request.stream());
      open->set_file_id(request.file_id());
    }
    open->set_block_count(open->block_count() + 1);
    if (request.close_batch()) open->set_state(v1::Batch::STATE_CLOSED);
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<v1::IngestRequest>> streams_;
  std::vector<v1::Batch> batches_;
  int blocks_seen_ = 0;
};

class IngestSenderTest : public ::testing::Test {
 protected:
  IngestSenderTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    options_.server = absl::StrCat("127.0.0.1:", port);
    options_.insecure = true;
    options_.as = "shop/test";
    client_ = *Client::Connect(options_);
  }
  ~IngestSenderTest() override { server_->Shutdown(); }

  static v1::IngestRequest Block(std::int64_t value) {
    v1::IngestRequest request;
    request.mutable_series()->add_value_milli(value);
    return request;
  }

  // Sends the values to location "a" as one block each, and returns how many were there before.
  std::int64_t Send(const IngestOptions& options, const std::vector<std::int64_t>& values) {
    IngestSender sender(*client_, options);
    for (const std::int64_t value : values) {
      EXPECT_THAT(sender.Add("a", Block(value)), testing::IsOk());
    }
    EXPECT_THAT(sender.Finish(), testing::IsOk());
    EXPECT_EQ(sender.durable_rows(), static_cast<std::int64_t>(values.size()));
    return sender.standing_rows();
  }
  // The values that location "a" has in the stream, and those of its batches' states.
  std::vector<std::int64_t> Values(const std::string& stream) {
    std::vector<std::int64_t> values;
    auto streams = service_.streams();
    for (const auto& block : streams["firms/shop/locations/a/streams/" + stream]) {
      values.push_back(block.series().value_milli(0));
    }
    return values;
  }
  std::vector<v1::Batch::State> States() {
    std::vector<v1::Batch::State> states;
    for (const v1::Batch& batch : service_.batches()) states.push_back(batch.state());
    return states;
  }
  static std::string DetailOf(const absl::Status& status, std::string_view name) {
    const auto refusal = base::RefusalOf(status);
    if (!refusal.has_value()) return "";
    for (const auto& [key, value] : refusal->details) {
      if (key == name) return value;
    }
    return "";
  }
  // Refuses a negative value, and says that it stands in row 0.
  void RefuseNegativeValues() {
    service_.refusal_of = [](const v1::IngestRequest& request) {
      if (request.series().value_milli(0) >= 0) return absl::OkStatus();
      return base::Refuse(base::Reason::kUnknownItem, "no such item", {{"row", 0}});
    };
  }

  FakeExchange service_;
  ClientOptions options_;
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

TEST_F(IngestSenderTest, ARepeatedFileSendsNothing) {
  const IngestOptions file{.stream = "s", .file_id = "f"};
  EXPECT_EQ(Send(file, {1, 2, 3}), 0);
  const int seen = service_.blocks_seen();
  EXPECT_EQ(Send(file, {1, 2, 3}), 3);
  EXPECT_EQ(service_.blocks_seen(), seen);
}

// The stream's name alone said that all was durable.
TEST_F(IngestSenderTest, AnotherFileOfTheSameStreamIsSent) {
  EXPECT_EQ(Send({.stream = "s", .file_id = "f1"}, {1, 2, 3}), 0);
  EXPECT_EQ(Send({.stream = "s", .file_id = "f2"}, {4, 5}), 0);
  EXPECT_THAT(Values("s"), ElementsAre(1, 2, 3, 4, 5));
  ASSERT_EQ(service_.batches().size(), 2U);
  EXPECT_EQ(service_.batches()[1].file_id(), "f2");
  EXPECT_THAT(States(), Each(v1::Batch::STATE_CLOSED));
  EXPECT_EQ(Send({.stream = "s", .file_id = "f2"}, {4, 5}), 2);
}

TEST_F(IngestSenderTest, AFileThatWasTakenBackIsSentAgain) {
  EXPECT_EQ(Send({.stream = "other", .file_id = "g"}, {9}), 0);
  EXPECT_EQ(Send({.stream = "s", .file_id = "f"}, {1, 2}), 0);
  v1::RetractBatchRequest request;
  request.set_name("firms/shop/locations/a/batches/s-1");
  v1::Batch batch;
  ASSERT_THAT(client_->Call(&v1::ExchangeService::Stub::RetractBatch, request, &batch),
              testing::IsOk());
  EXPECT_EQ(Send({.stream = "s", .file_id = "f"}, {1, 2}), 0);
  EXPECT_THAT(Values("s"), ElementsAre(1, 2, 1, 2));
  // Three batches, two a page: the newest of a stream may be on a later one.
  EXPECT_EQ(Send({.stream = "other", .file_id = "g"}, {9}), 1);
}

TEST_F(IngestSenderTest, AnInterruptedFileGoesOnBehindOtherFilesOfTheStream) {
  EXPECT_EQ(Send({.stream = "s", .file_id = "f1"}, {1, 2}), 0);
  {
    service_.refusal_of = [](const v1::IngestRequest& request) {
      if (request.series().value_milli(0) < 5) return absl::OkStatus();
      return base::Refuse(base::Reason::kNotYours, "gone");  // Leaves the batch as it is.
    };
    IngestSender sender(*client_, {.stream = "s", .file_id = "f2"});
    for (const int value : {3, 4, 5, 6}) {
      if (!sender.Add("a", Block(value)).ok()) break;
    }
    EXPECT_THAT(sender.Finish(), testing::HasReason(base::Reason::kNotYours));
    service_.refusal_of = nullptr;
  }
  EXPECT_THAT(States(), ElementsAre(v1::Batch::STATE_CLOSED, v1::Batch::STATE_OPEN));
  {  // A third file would join the open batch and close it.
    IngestSender sender(*client_, {.stream = "s", .file_id = "f3"});
    ASSERT_THAT(sender.Add("a", Block(7)), testing::IsOk());
    const absl::Status status = sender.Finish();
    EXPECT_THAT(status, testing::HasReason(base::Reason::kContentDiffers));
    EXPECT_EQ(DetailOf(status, "batch"), "s-3");
    EXPECT_EQ(DetailOf(status, "taken_back"), "");
  }
  EXPECT_EQ(Send({.stream = "s", .file_id = "f2"}, {3, 4, 5, 6}), 2);
  EXPECT_THAT(Values("s"), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(States(), Each(v1::Batch::STATE_CLOSED));
}

TEST_F(IngestSenderTest, StopsAtARefusal) {
  RefuseNegativeValues();
  IngestSender sender(*client_, {.stream = "s", .waiting_rows_max = 10});
  absl::Status status;
  for (int k = 1; k <= 1'000 && status.ok(); ++k) status = sender.Add("a", Block(k == 5 ? -1 : k));
  EXPECT_THAT(status, testing::HasReason(base::Reason::kUnknownItem));
  EXPECT_THAT(sender.Finish(), testing::HasReason(base::Reason::kUnknownItem));
}

// Its open batch was left, which nobody saw and whose rows stood in the way of the corrected file.
TEST_F(IngestSenderTest, ARefusedFileIsTakenBackAndSaysWhatStands) {
  RefuseNegativeValues();
  {
    IngestSender sender(*client_, {.stream = "s", .file_id = "f", .connections = 1});
    ASSERT_THAT(sender.Add("whole", Block(1), {2}), testing::IsOk());
    sender.CloseLocation("whole");
    for (const std::int64_t value : {1, 2, -3, 4}) {
      (void)sender.Add("a", Block(value), {10 * std::abs(value)});
    }
    const absl::Status status = sender.Finish();
    EXPECT_THAT(status, testing::HasReason(base::Reason::kUnknownItem));
    EXPECT_EQ(DetailOf(status, "location"), "a");
    EXPECT_EQ(DetailOf(status, "line"), "30");
    EXPECT_EQ(DetailOf(status, "taken_back"), "a");
    EXPECT_EQ(DetailOf(status, "visible"), "whole");
    EXPECT_EQ(DetailOf(status, "left_open"), "");
  }
  EXPECT_THAT(States(), ElementsAre(v1::Batch::STATE_CLOSED, v1::Batch::STATE_RETRACTED));
  EXPECT_EQ(Send({.stream = "s", .file_id = "f'"}, {1, 2, 3, 4}), 0);
}

TEST_F(IngestSenderTest, SaysWhichBatchItCouldNotTakeBack) {
  RefuseNegativeValues();
  service_.may_retract = false;
  IngestSender sender(*client_, {.stream = "s", .file_id = "f"});
  for (const int value : {1, -3}) (void)sender.Add("a", Block(value));
  const absl::Status status = sender.Finish();
  EXPECT_EQ(DetailOf(status, "taken_back"), "");
  EXPECT_THAT(DetailOf(status, "left_open"), HasSubstr("firms/shop/locations/a/batches/s-1"));
}

// It was tried again for as long as a service that is away.
TEST_F(IngestSenderTest, DoesNotTryAgainWhereTheFirmsStorageIsFull) {
  service_.refusal_of = [](const v1::IngestRequest&) {
    return base::Refuse(base::Reason::kStorageExceeded, "no room");
  };
  IngestSender sender(*client_, {.stream = "s", .file_id = "f"});
  ASSERT_THAT(sender.Add("a", Block(1)), testing::IsOk());
  EXPECT_THAT(sender.Finish(), testing::HasReason(base::Reason::kStorageExceeded));
  EXPECT_EQ(service_.blocks_seen(), 1);
}

// A firm over its rate is told when to go on: later than an impatient client would wait.
TEST_F(IngestSenderTest, WaitsAsLongAsTheServiceAsks) {
  options_.retry_seconds = 0;
  client_ = *Client::Connect(options_);
  service_.refusal_of = [refused = 0](const v1::IngestRequest&) mutable {
    if (++refused > 3) return absl::OkStatus();
    return base::Refuse(base::Reason::kQuotaExceeded, "later", {{runtime::kRetryMillis, 50}});
  };
  EXPECT_EQ(Send({.stream = "s", .file_id = "f"}, {1, 2}), 0);
  EXPECT_THAT(Values("s"), ElementsAre(1, 2));
}

TEST_F(IngestSenderTest, DoesNotWaitForEver) {
  options_.retry_seconds = 0;
  client_ = *Client::Connect(options_);
  service_.refusal_of = [](const v1::IngestRequest&) {
    return base::Refuse(base::Reason::kQuotaExceeded, "much later",
                        {{runtime::kRetryMillis, std::int64_t{24} * 3'600'000}});
  };
  IngestSender sender(*client_, {.stream = "s", .file_id = "f"});
  ASSERT_THAT(sender.Add("a", Block(1)), testing::IsOk());
  EXPECT_THAT(sender.Finish(), testing::HasReason(base::Reason::kQuotaExceeded));
}

}  // namespace
}  // namespace tandem::cli
