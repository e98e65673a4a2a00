// Goal: what every call of every service gets from the door and the shells, over real loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <future>

#include "grpcpp/generic/generic_stub.h"
#include "services/base/reason.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tests/integration/loopback.h"
#include "tests/support/status.h"

namespace tandem::testing {
namespace {

using Stub = exchange_v1::ExchangeService::Stub;

using base::Reason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RpcTest : public ::testing::Test {
 protected:
  RpcTest() : identity_(loopback_.book) { loopback_.book.Put({.firm = "acme"}); }

  void Start(runtime::DoorOptions options = {}) {
    ASSERT_THAT(loopback_.Start(identity_, options), IsOk());
    stub_ = exchange_v1::ExchangeService::NewStub(
        runtime::ChannelTo(loopback_.address(), std::nullopt));
  }
  ScriptApi& api() { return loopback_.api; }

  Loopback loopback_;
  runtime::MetadataIdentity identity_;
  std::unique_ptr<Stub> stub_;
};

TEST_F(RpcTest, SealsThePositionIntoTheTrailer) {
  base::Position position;
  position.Set({base::DomainId::kExchange, 3}, 42);
  runtime::Call seen;
  api().on_list = [&](const runtime::Call& call, const auto&, auto reply) {
    seen = call;
    runtime::Answer<exchange_v1::ListItemsResponse> answer;
    answer.message.set_next_page_token("next");
    answer.position = position;
    reply(std::move(answer));
  };
  Start();
  const auto context = ContextOf("acme", "planner");
  context->AddMetadata("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  exchange_v1::ListItemsResponse response;
  ASSERT_TRUE(stub_->ListItems(context.get(), {}, &response).ok());
  EXPECT_EQ(response.next_page_token(), "next");
  EXPECT_EQ(seen.caller, (base::Caller{.firm = "acme", .principal = "planner"}));
  EXPECT_EQ(seen.trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_LT(seen.deadline, absl::Now() + absl::Seconds(21));
  const auto& trailers = context->GetServerTrailingMetadata();
  const auto found = trailers.find(runtime::kPositionKey);
  ASSERT_NE(found, trailers.end());
  const std::string token(found->second.data(), found->second.size());
  TANDEM_ASSERT_OK_AND_ASSIGN(const base::Position opened,
                              runtime::OpenPosition(loopback_.sealer(), "acme", token));
  EXPECT_EQ(opened, position);
}

TEST_F(RpcTest, CarriesRefusalsWithTheirDetails) {
  api().on_list = [](const runtime::Call&, const auto&, auto reply) {
    reply(base::RefuseField(Reason::kBadName, "parent", "is firms/{firm}", {{"value", "x"}}));
  };
  Start();
  const absl::Status refused = List(*stub_, *ContextOf("acme", "planner"));
  EXPECT_THAT(refused, HasReason(Reason::kBadName));
  EXPECT_EQ(base::RefusalOf(refused)->field, "parent");
  EXPECT_THAT(loopback_.telemetry.Text(), HasSubstr(R"(reason="BAD_NAME"} 1)"));
}

TEST_F(RpcTest, RefusesStrangersSuspendedFirmsAndMissingRoles) {
  loopback_.book.Put({.firm = "late", .suspended = true});
  Start();
  EXPECT_THAT(List(*stub_, *ContextOf("", "")), HasReason(Reason::kUnknownCaller));
  EXPECT_THAT(List(*stub_, *ContextOf("nobody", "x")), HasReason(Reason::kUnknownCaller));
  EXPECT_THAT(List(*stub_, *ContextOf("late", "x")), HasReason(Reason::kFirmSuspended));
  EXPECT_THAT(List(*stub_, *ContextOf("acme", "reader-only")), IsOk());
  const auto context = ContextOf("acme", "reader-only");
  EXPECT_THAT(runtime::FromGrpcStatus(stub_->Ingest(context.get())->Finish()),
              HasReason(Reason::kRoleMissing));
  // A forwarded identity from who is no instance, and from one.
  const auto forged = ContextOf("acme", "planner");
  forged->AddMetadata(runtime::kForwardedFirmKey, "acme");
  forged->AddMetadata(runtime::kForwardedPrincipalKey, "boss");
  EXPECT_THAT(List(*stub_, *forged), HasReason(Reason::kUnknownCaller));
}

// Goal: every refusal at the door leaves a line; of a stranger only what it claims, and short.
TEST_F(RpcTest, AuditsWhomItRefuses) {
  loopback_.book.Put({.firm = "late", .suspended = true});
  Start();
  (void)List(*stub_, *ContextOf("", ""));
  EXPECT_THAT(loopback_.TakeAudited(), ElementsAre("/ ListItems UNKNOWN_CALLER "));
  (void)List(*stub_, *ContextOf("nobody", "x<y>;z"));
  EXPECT_THAT(loopback_.TakeAudited(),
              ElementsAre("/ ListItems BAD_NAME firms/nobody/principals/x?y??z"));
  (void)List(*stub_, *ContextOf("nobody", std::string(4'000, 'x')));
  const auto long_claim = loopback_.TakeAudited();
  ASSERT_EQ(long_claim.size(), 1u);
  EXPECT_LT(long_claim[0].size(), 160u);
  (void)List(*stub_, *ContextOf("late", "x"));
  EXPECT_THAT(loopback_.TakeAudited(), ElementsAre("late/x ListItems FIRM_SUSPENDED "));
  const auto context = ContextOf("acme", "reader-only");
  (void)stub_->Ingest(context.get())->Finish();
  EXPECT_THAT(loopback_.TakeAudited(), ElementsAre("acme/reader-only Ingest ROLE_MISSING "));
  const auto forged = ContextOf("acme", "planner");
  forged->AddMetadata(runtime::kForwardedFirmKey, "late");
  forged->AddMetadata(runtime::kForwardedPrincipalKey, "boss");
  (void)List(*stub_, *forged);
  EXPECT_THAT(loopback_.TakeAudited(),
              ElementsAre("/ ListItems UNKNOWN_CALLER firms/acme/principals/planner for "
                          "firms/late/principals/boss"));
  // Who is let in is the handlers' to audit.
  EXPECT_THAT(List(*stub_, *ContextOf("acme", "planner")), IsOk());
  EXPECT_THAT(loopback_.TakeAudited(), ElementsAre());
}

// A firm that governance has just admitted is no stranger: the door asks once more.
TEST_F(RpcTest, CatchesUpBeforeItCallsSomebodyAStranger) {
  loopback_.catch_up = [this](auto done) {
    loopback_.book.Put({.firm = "fresh"});
    done(absl::OkStatus());
  };
  Start();
  EXPECT_THAT(List(*stub_, *ContextOf("fresh", "boss")), IsOk());
  EXPECT_THAT(loopback_.TakeAudited(), ElementsAre());
}

TEST_F(RpcTest, AnswersForAHandlerThatDoesNot) {
  std::vector<runtime::Reply<exchange_v1::ListItemsResponse>> kept;
  std::mutex mutex;
  api().on_list = [&](const runtime::Call&, const auto&, auto reply) {
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(reply));
  };
  Start({.deadline_default = absl::Milliseconds(100)});
  const auto context = ContextOf("acme", "planner");
  grpc::ClientContext without_deadline;
  without_deadline.AddMetadata(runtime::kFirmKey, "acme");
  without_deadline.AddMetadata(runtime::kPrincipalKey, "planner");
  EXPECT_THAT(List(*stub_, without_deadline), HasCode(absl::StatusCode::kDeadlineExceeded));
  const std::lock_guard lock(mutex);
  for (auto& reply : kept) reply(runtime::Answer<exchange_v1::ListItemsResponse>{});  // Too late.
}

TEST_F(RpcTest, GivesEachFirmItsShareOfCalls) {
  loopback_.book.Put({.firm = "other"});
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<runtime::Reply<exchange_v1::ListItemsResponse>> kept;
  api().on_list = [&](const runtime::Call& call, const auto&, auto reply) {
    if (call.caller.firm == "other") {
      return reply(runtime::Answer<exchange_v1::ListItemsResponse>{});
    }
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(reply));
    changed.notify_one();
  };
  Start({.calls_firm_max = 1});
  std::thread first([&] { EXPECT_THAT(List(*stub_, *ContextOf("acme", "planner")), IsOk()); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return kept.size() == 1; });
  }
  EXPECT_THAT(List(*stub_, *ContextOf("acme", "planner")), HasReason(Reason::kQuotaExceeded));
  EXPECT_THAT(loopback_.TakeAudited(), ElementsAre("acme/planner ListItems QUOTA_EXCEEDED "));
  EXPECT_THAT(List(*stub_, *ContextOf("other", "planner")), IsOk());
  kept.front()(runtime::Answer<exchange_v1::ListItemsResponse>{});
  first.join();
}

TEST_F(RpcTest, GivesEachFirmItsShareOfBytes) {
  loopback_.book.Put({.firm = "other"});
  Start({.rates = {.bytes_per_second = 1, .burst = absl::ZeroDuration()}});
  exchange_v1::ListItemsRequest request;
  request.set_parent("firms/acme");
  EXPECT_THAT(List(*stub_, *ContextOf("acme", "planner"), request), IsOk());  // 12 bytes: 12 s.
  const absl::Status refused = List(*stub_, *ContextOf("acme", "planner"), request);
  EXPECT_THAT(refused, HasReason(Reason::kQuotaExceeded));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("at most 1 a second"));
  EXPECT_THAT(loopback_.TakeAudited(), ElementsAre("acme/planner ListItems QUOTA_EXCEEDED "));
  EXPECT_THAT(List(*stub_, *ContextOf("other", "planner"), request), IsOk());
  EXPECT_THAT(loopback_.telemetry.Text(), HasSubstr(R"(reason="QUOTA_EXCEEDED"} 1)"));
}

// A stream is answered up to the block that is too much, and goes on later from there.
TEST_F(RpcTest, GivesEachFirmItsShareOfRows) {
  api().on_push = [](const exchange_v1::IngestRequest& request, auto done) {
    done(Durable(request.block()));
  };
  Start({.rates = {.rows_per_second = 1, .burst = absl::Seconds(3600)}});
  const auto context = ContextOf("acme", "planner");
  const auto stream = stub_->Ingest(context.get());
  std::thread writer = SendBlocks(*stream, 5000);
  exchange_v1::IngestResponse response;
  std::int64_t answered = 0;
  while (stream->Read(&response)) EXPECT_EQ(response.durable_block(), ++answered);
  writer.join();
  EXPECT_GT(answered, 3600);  // An hour's rows, and those of the seconds that the test takes.
  EXPECT_LT(answered, 3700);
  EXPECT_THAT(runtime::FromGrpcStatus(stream->Finish()), HasReason(Reason::kQuotaExceeded));
  EXPECT_THAT(loopback_.TakeAudited(), ElementsAre("acme/planner Ingest QUOTA_EXCEEDED "));
}

// Goal: a firm that has stored its share sends no more; it reads, and others send.
TEST_F(RpcTest, GivesEachFirmItsShareOfStorage) {
  loopback_.book.Put({.firm = "other"});
  api().on_push = [this](const exchange_v1::IngestRequest& request, auto done) {
    loopback_.stored.Of("acme") += 100;
    done(Durable(request.block()));
  };
  Start({.stored_bytes_firm_max = 250});
  const auto send = [this](const std::string& firm, int blocks) {
    const auto context = ContextOf(firm, "planner");
    const auto stream = stub_->Ingest(context.get());
    int answered = 0;
    for (int block = 1; block <= blocks; ++block) {
      exchange_v1::IngestRequest request;
      request.set_block(block);
      exchange_v1::IngestResponse response;
      if (!stream->Write(request) || !stream->Read(&response)) break;
      ++answered;
    }
    stream->WritesDone();
    return std::pair(answered, runtime::FromGrpcStatus(stream->Finish()));
  };
  const auto [answered, refused] = send("acme", 5);
  EXPECT_EQ(answered, 3);  // At 0, 100 and 200 bytes.
  EXPECT_THAT(refused, HasReason(Reason::kStorageExceeded));
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("stored_bytes_firm_max"));
  EXPECT_THAT(send("acme", 1).second, HasReason(Reason::kStorageExceeded));
  EXPECT_THAT(loopback_.TakeAudited(), ElementsAre("acme/planner Ingest STORAGE_EXCEEDED ",
                                                   "acme/planner Ingest STORAGE_EXCEEDED "));
  EXPECT_THAT(List(*stub_, *ContextOf("acme", "planner")), IsOk());
  EXPECT_EQ(send("other", 2).first, 2);
  EXPECT_THAT(loopback_.telemetry.Text(), HasSubstr(R"(reason="STORAGE_EXCEEDED"} 2)"));
}

// Goal: what is read is owed; a read under way is never cut off, and the next waits its time.
TEST_F(RpcTest, GivesEachFirmItsShareOfWhatIsRead) {
  loopback_.book.Put({.firm = "other"});
  api().on_page = [](int page) -> absl::StatusOr<std::optional<exchange_v1::ReadSeriesResponse>> {
    if (page == 100) return std::nullopt;
    exchange_v1::ReadSeriesResponse response;
    response.set_known(std::string(100, 'x'));
    return response;
  };
  Start({.read_rates = {.bytes_per_second = 100, .burst = absl::Seconds(1), .verb = "reads"}});
  const auto read = [this](const std::string& firm) {
    const auto context = ContextOf(firm, "planner");
    const auto reader = stub_->ReadSeries(context.get(), {});
    exchange_v1::ReadSeriesResponse response;
    int pages = 0;
    while (reader->Read(&response)) ++pages;
    return std::pair(pages, runtime::FromGrpcStatus(reader->Finish()));
  };
  EXPECT_EQ(read("acme"), std::pair(100, absl::OkStatus()));  // 10 kB: 100 s.
  const auto [pages, refused] = read("acme");
  EXPECT_EQ(pages, 0);
  EXPECT_THAT(refused, HasReason(Reason::kQuotaExceeded));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("reads more bytes"));
  EXPECT_THAT(List(*stub_, *ContextOf("acme", "planner")), HasReason(Reason::kQuotaExceeded));
  EXPECT_EQ(read("other").first, 100);
  EXPECT_THAT(loopback_.TakeAudited(), ElementsAre("acme/planner ReadSeries QUOTA_EXCEEDED ",
                                                   "acme/planner ListItems QUOTA_EXCEEDED "));
}

// Goal: the operator's principals call under the break-glass that stands for them; nobody else.
TEST_F(RpcTest, TellsTheHandlerUnderWhichBreakGlassACallIs) {
  std::string seen = "not called";
  api().on_list = [&](const runtime::Call& call, const auto&, auto reply) {
    seen = call.break_glass;
    reply(runtime::Answer<exchange_v1::ListItemsResponse>{});
  };
  loopback_.break_glass = [](std::string_view principal) {
    return principal == "root" ? std::string("g1") : std::string();
  };
  Start();
  EXPECT_THAT(List(*stub_, *ContextOf("operator", "root")), IsOk());
  EXPECT_EQ(seen, "g1");
  EXPECT_THAT(List(*stub_, *ContextOf("operator", "ann")), IsOk());
  EXPECT_EQ(seen, "");
  loopback_.book.Put({.firm = "acme"});
  EXPECT_THAT(List(*stub_, *ContextOf("acme", "root")), IsOk());
  EXPECT_EQ(seen, "");
}

TEST_F(RpcTest, TakesMessagesUpToSixteenMebibytes) {
  Start();
  exchange_v1::ListItemsRequest request;
  request.set_parent(std::string(15 << 20, 'x'));
  EXPECT_THAT(List(*stub_, *ContextOf("acme", "planner"), request), IsOk());
  request.set_parent(std::string(17 << 20, 'x'));
  EXPECT_THAT(List(*stub_, *ContextOf("acme", "planner"), request),
              HasCode(absl::StatusCode::kResourceExhausted));
}

TEST_F(RpcTest, StreamsPagesToTheirEndOrTheirError) {
  api().on_page = [](int page) -> absl::StatusOr<std::optional<exchange_v1::ReadSeriesResponse>> {
    if (page == 100) return std::nullopt;
    exchange_v1::ReadSeriesResponse response;
    response.set_first_day(page);
    return response;
  };
  Start();
  for (const bool fails : {false, true}) {
    if (fails) {
      api().on_page =
          [](int page) -> absl::StatusOr<std::optional<exchange_v1::ReadSeriesResponse>> {
        if (page == 3) return base::Refuse(Reason::kGrantsStale, "stale");
        return exchange_v1::ReadSeriesResponse();
      };
    }
    const auto context = ContextOf("acme", "planner");
    const auto reader = stub_->ReadSeries(context.get(), {});
    exchange_v1::ReadSeriesResponse response;
    int pages = 0;
    while (reader->Read(&response)) {
      if (!fails) {
        EXPECT_EQ(response.first_day(), pages);
      }
      ++pages;
    }
    const absl::Status status = runtime::FromGrpcStatus(reader->Finish());
    EXPECT_EQ(pages, fails ? 3 : 100);
    EXPECT_EQ(base::ReasonOf(status), fails ? Reason::kGrantsStale : Reason::kNone);
  }
}

// A reader that stood still kept a snapshot of the store for as long as it liked.
TEST_F(RpcTest, LetsGoWhatAReaderThatStandsStillHolds) {
  std::promise<void> gone;
  api().on_pages_gone = [&gone] { gone.set_value(); };
  api().on_page = [](int page) -> absl::StatusOr<std::optional<exchange_v1::ReadSeriesResponse>> {
    if (page == 200) return std::nullopt;
    exchange_v1::ReadSeriesResponse response;
    response.set_known(std::string(1 << 20, 'x'));  // More than transports hold in flight.
    return response;
  };
  Start({.read_stall_max = absl::Milliseconds(200)});
  const auto context = ContextOf("acme", "planner");
  context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Minutes(5)));
  const auto reader = stub_->ReadSeries(context.get(), {});
  exchange_v1::ReadSeriesResponse response;
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_EQ(gone.get_future().wait_for(std::chrono::minutes(4)), std::future_status::ready);
  // What was on its way still comes, and then why there is no more.
  int pages = 1;
  while (reader->Read(&response)) ++pages;
  EXPECT_LT(pages, 200);
  EXPECT_THAT(runtime::FromGrpcStatus(reader->Finish()), HasReason(Reason::kReadStalled));
}

TEST_F(RpcTest, EndsStreamsThatHaveNoEndWhenItDrains) {
  api().on_push = [](const exchange_v1::IngestRequest& request, auto done) {
    done(Durable(request.block()));
  };
  Start();
  const auto context = ContextOf("acme", "planner");
  const auto stream = stub_->Ingest(context.get());
  exchange_v1::IngestRequest request;
  request.set_block(1);
  ASSERT_TRUE(stream->Write(request));
  exchange_v1::IngestResponse response;
  ASSERT_TRUE(stream->Read(&response));
  loopback_.door().Drain();
  loopback_.server().Shutdown(absl::Seconds(10));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_THAT(runtime::FromGrpcStatus(stream->Finish()), HasReason(Reason::kNotServing));
}

TEST_F(RpcTest, ServesHealth) {
  Start();
  grpc::GenericStub generic(runtime::ChannelTo(loopback_.address(), std::nullopt));
  grpc::ClientContext context;
  const grpc::Slice empty("");
  const grpc::ByteBuffer request(&empty, 1);
  grpc::ByteBuffer response;
  grpc::CompletionQueue queue;
  grpc::Status status;
  const auto call =
      generic.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_TRUE(status.ok()) << status.error_message();
  grpc::Slice slice;
  ASSERT_TRUE(response.DumpToSingleSlice(&slice).ok());
  EXPECT_EQ(std::string(slice.begin(), slice.end()), "\x08\x01");  // status: SERVING.
  queue.Shutdown();
}

TEST(ServerTest, NamesAPortThatIsTakenAndSaysWhatToDo) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto first,
                              runtime::Server::Start({.listen = "127.0.0.1:0"}, {}));
  const std::string address = "127.0.0.1:" + std::to_string(first->port());
  const auto second = runtime::Server::Start({.listen = address}, {});
  EXPECT_THAT(second, HasReason(Reason::kNotServing));
  EXPECT_THAT(std::string(second.status().message()),
              ::testing::AllOf(HasSubstr(address), HasSubstr("taken"), HasSubstr("--listen")));
}

TEST(ServerTest, WithoutTlsBindsToLoopbackOnly) {
  for (const char* listen : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    const auto server = runtime::Server::Start({.listen = listen}, {});
    EXPECT_THAT(server, HasReason(Reason::kFieldOutOfRange)) << listen;
    EXPECT_THAT(std::string(server.status().message()), HasSubstr("loopback only")) << listen;
  }
  for (const char* listen : {"127.0.0.1", "7420", ":7420", "host:99999", "host:-1", "::1:7420"}) {
    EXPECT_THAT(runtime::Server::Start({.listen = listen}, {}), HasReason(Reason::kFieldOutOfRange))
        << listen;
  }
}

}  // namespace
}  // namespace tandem::testing
