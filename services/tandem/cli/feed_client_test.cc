#include "services/tandem/cli/feed_client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "services/runtime/server.h"
#include "services/tandem/cli/commands.h"
#include "services/tandem/cli/files.h"
#include "tandem/exchange/v1/facts.pb.h"
#include "tandem/feed/v1/feed.grpc.pb.h"
#include "tests/support/status.h"

namespace tandem::cli {
namespace {

namespace v1 = feed::v1;
using testing::IsOk;

constexpr int kRecordsAMessage = 4;

// Each call sends one message of four records and ends as a server's that stops; the next goes on
// behind it.
class StoppingFeed : public v1::FeedService::Service {
 public:
  grpc::Status Follow(grpc::ServerContext*, const v1::FollowRequest* request,
                      grpc::ServerWriter<v1::FollowResponse>* writer) override {
    ++calls;
    const int begin = request->cursor().empty() ? 0 : std::stoi(request->cursor());
    v1::FollowResponse message;
    for (int k = 1; k <= kRecordsAMessage; ++k) {
      v1::Record& record = *message.add_records();
      record.set_number(begin + k);
      record.mutable_fact()->PackFrom(exchange::v1::SeriesSeen());
    }
    message.set_cursor(std::to_string(begin + kRecordsAMessage));
    writer->Write(message);
    return {grpc::CANCELLED, "CANCELLED"};
  }
  std::atomic<int> calls = 0;
};

class FeedClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    TANDEM_ASSERT_OK_AND_ASSIGN(server_,
                                runtime::Server::Start({.listen = "127.0.0.1:0"}, {&service_}));
    address_ = "127.0.0.1:" + std::to_string(server_->port());
  }
  ~FeedClientTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Client> Connect() {
    ClientOptions options{.server = address_};
    options.insecure = true;
    options.as = "acme/planner";
    options.retry_seconds = 60;
    auto client = Client::Connect(options);
    EXPECT_THAT(client, IsOk());
    return *std::move(client);
  }

  struct Ran {
    int code = -1;
    std::vector<std::string> numbers{};  // Of the records printed.
  };
  Ran Run(const std::string& options) {
    CLI::App app("Tandem", "tandem");
    Ran ran;
    AddClientCommands(app, ran.code);
    ::testing::internal::CaptureStdout();
    app.parse("feed follow --output csv --insecure --as acme/ann --server " + address_ + " " +
              options);
    std::string line;
    for (const char c : ::testing::internal::GetCapturedStdout()) {
      if (c == '\n') {
        ran.numbers.push_back(line.substr(0, line.find(',')));
        line.clear();
      } else {
        line += c;
      }
    }
    return ran;
  }
  std::string Cursor(const std::string& bytes) {
    std::string path = folder_ + "/cursor";
    const auto file = OutputFile::Open(path);
    EXPECT_THAT(file, IsOk());
    (*file)->Write(bytes);
    EXPECT_THAT((*file)->Finish(), IsOk());
    return path;
  }

  const std::string folder_ =
      ::testing::TempDir() + "feed_client_test-" + std::to_string(::getpid());
  StoppingFeed service_;
  std::unique_ptr<runtime::Server> server_;
  std::string address_;
};

// Goal: a server that stops and starts ends no follower.
TEST_F(FeedClientTest, GoesOnAfterTheServiceCancelsTheCall) {
  const auto client = Connect();
  std::vector<std::int64_t> numbers;
  EXPECT_THAT(FollowFeed(*client, {},
                         [&](const v1::FollowResponse& message) {
                           for (const v1::Record& record : message.records()) {
                             numbers.push_back(record.number());
                           }
                           return numbers.size() < 10;
                         }),
              IsOk());
  ASSERT_EQ(numbers.size(), 12u);
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    EXPECT_EQ(numbers[k], static_cast<std::int64_t>(k) + 1);
  }
  EXPECT_EQ(service_.calls.load(), 3);
}

// Who stops a watcher does not wait for as long as a service may be away.
TEST_F(FeedClientTest, AWatcherThatIsStoppedCallsNoMore) {
  const auto client = Connect();
  const absl::Time begin = absl::Now();
  {
    FeedWatcher watcher(*client, {});
    while (watcher.seen().records == 0) absl::SleepFor(absl::Milliseconds(1));
    EXPECT_EQ(watcher.seen().gaps, 0);
  }
  EXPECT_LT(absl::Now() - begin, absl::Seconds(30));
}

TEST_F(FeedClientTest, EndsAfterAsManyRecordsAsAskedFor) {
  for (const int count : {1, 4, 5, 8}) {
    SCOPED_TRACE(count);
    const Ran ran = Run("--count " + std::to_string(count));
    EXPECT_EQ(ran.code, kDone);
    ASSERT_EQ(ran.numbers.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(ran.numbers.back(), std::to_string(count));
  }
}

// Goal: with a cursor nothing is printed twice, and nothing left out.
TEST_F(FeedClientTest, ACursorStandsBehindAWholeMessage) {
  const std::string path = folder_ + "/cursor";
  EXPECT_EQ(Run("--count 5 --cursor " + path).numbers.size(), 8u);
  const Ran next = Run("--count 1 --cursor " + path);
  ASSERT_EQ(next.numbers.size(), 4u);
  EXPECT_EQ(next.numbers.front(), "9");
  EXPECT_EQ(*ReadWholeFile(path), absl::WebSafeBase64Escape("12"));
}

TEST_F(FeedClientTest, RefusesAFileThatHoldsNoCursor) {
  for (const char* bytes : {"", "\n", "?"}) {
    SCOPED_TRACE(bytes);
    const Ran ran = Run("--count 1 --cursor " + Cursor(bytes));
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_TRUE(ran.numbers.empty());
    EXPECT_EQ(*ReadWholeFile(folder_ + "/cursor"), bytes);
  }
  EXPECT_EQ(service_.calls.load(), 0);
  const Ran ran = Run("--count 1 --cursor " + Cursor("NA"));  // "4".
  ASSERT_EQ(ran.numbers.size(), 4u);
  EXPECT_EQ(ran.numbers.front(), "5");
}

TEST_F(FeedClientTest, RefusesTypesThatNoFeedBrings) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(Run("--count 1 --type tandem.exchange.v1.SalesReported").code, kUsage);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("tandem.exchange.v1.SeriesSeen"), std::string::npos) << said;
  EXPECT_EQ(said.find("SeriesReported"), std::string::npos) << said;
  EXPECT_EQ(service_.calls.load(), 0);
  EXPECT_EQ(Run("--count 1 --type tandem.exchange.v1.SeriesSeen").code, kDone);
  EXPECT_EQ(Run("--count 1 --type tandem.governance.v1.AgreementInForce").code, kDone);
}

}  // namespace
}  // namespace tandem::cli
