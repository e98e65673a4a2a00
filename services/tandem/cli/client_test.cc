#include "services/tandem/cli/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "services/runtime/server.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tests/support/status.h"

namespace tandem::cli {
namespace {

namespace v1 = exchange::v1;
using testing::HasCode;
using testing::IsOk;

absl::Status List(Client& client) {
  v1::ListItemsResponse answer;
  return client.Call(&v1::ExchangeService::Stub::ListItems, v1::ListItemsRequest(), &answer);
}

// A service that was away is called again when it is back, not at gRPC's next look five seconds
// later.
TEST(ClientTest, CallsAgainAsSoonAsTheServiceIsBack) {
  v1::ExchangeService::Service service;  // Says UNIMPLEMENTED: it was reached.
  std::string address;
  {
    TANDEM_ASSERT_OK_AND_ASSIGN(const auto first,
                                runtime::Server::Start({.listen = "127.0.0.1:0"}, {&service}));
    address = "127.0.0.1:" + std::to_string(first->port());
  }
  ClientOptions options{.server = address};
  options.insecure = true;
  options.as = "acme/planner";
  options.retry_seconds = 0;
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto impatient, Client::Connect(options));
  EXPECT_THAT(List(*impatient), HasCode(absl::StatusCode::kUnavailable));
  options.retry_seconds = 60;
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto patient, Client::Connect(options));
  absl::Time back = absl::InfiniteFuture();
  std::unique_ptr<runtime::Server> second;
  std::thread restart([&] {
    absl::SleepFor(absl::Milliseconds(300));
    auto server = runtime::Server::Start({.listen = address}, {&service});
    ASSERT_THAT(server, IsOk());
    second = *std::move(server);
    back = absl::Now();
  });
  EXPECT_THAT(List(*patient), HasCode(absl::StatusCode::kUnimplemented));
  restart.join();
  EXPECT_LT(absl::Now() - back, absl::Seconds(3));
}

// Ends its first calls as a server does that stops while they run.
class StoppingService : public v1::ExchangeService::Service {
 public:
  explicit StoppingService(int cancels) : cancels_(cancels) {}
  grpc::Status ListItems(grpc::ServerContext*, const v1::ListItemsRequest*,
                         v1::ListItemsResponse*) override {
    return ++calls_ > cancels_ ? grpc::Status::OK : grpc::Status(grpc::CANCELLED, "CANCELLED");
  }
  int calls() const { return calls_; }

 private:
  const int cancels_;
  std::atomic<int> calls_ = 0;
};

TEST(ClientTest, ACallThatTheServiceCancelsIsTriedAgain) {
  StoppingService service(2);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto server,
                              runtime::Server::Start({.listen = "127.0.0.1:0"}, {&service}));
  ClientOptions options{.server = "127.0.0.1:" + std::to_string(server->port())};
  options.insecure = true;
  options.as = "acme/planner";
  options.retry_seconds = 0;
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto impatient, Client::Connect(options));
  EXPECT_THAT(List(*impatient), HasCode(absl::StatusCode::kUnavailable));
  options.retry_seconds = 60;
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto patient, Client::Connect(options));
  EXPECT_THAT(List(*patient), IsOk());
  EXPECT_EQ(service.calls(), 3);
}

}  // namespace
}  // namespace tandem::cli
