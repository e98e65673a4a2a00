// feed_latency and feed_fanout: from a command's sending to its fact at subscribers.

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tandem/feed/v1/feed.grpc.pb.h"
#include "tests/bench/bench.h"
#include "tests/bench/client.h"
#include "tests/bench/load.h"
#include "tests/bench/network.h"
#include "tests/bench/report.h"
#include "tests/bench/synced_write.h"

namespace tandem::bench {
namespace {

using Clock = std::chrono::steady_clock;
namespace ev1 = exchange::v1;
namespace fv1 = feed::v1;

double Seconds(Clock::duration span) { return std::chrono::duration<double>(span).count(); }

ev1::ReportStockRequest StockReport(int location, int number) {
  ev1::ReportStockRequest request;
  request.set_location("firms/bench/locations/" + LocationId(location));
  request.set_item(ItemId(0));
  // A new day each time, so that no report corrects another.
  const int day = number % 3'300;
  request.mutable_date()->set_year(2010 + day / 330);
  request.mutable_date()->set_month(1 + day % 330 / 28);
  request.mutable_date()->set_day(1 + day % 28);
  request.set_revision(static_cast<std::uint32_t>(number / 3'300));
  request.set_on_hand_milli(std::int64_t{number} * 1000);
  request.set_status(ev1::STOCK_STATUS_FREE);
  request.set_request_id(NewRequestId());
  return request;
}

// Calls at a steady rate, whatever the answers' pace (open loop): a latency counts from the instant
// at which the call was due.
class OpenLoop {
 public:
  OpenLoop(Client& client, double rate, int locations)
      : client_(&client),
        stub_(ev1::ExchangeService::NewStub(client.channel())),
        rate_(rate),
        locations_(locations) {}

  // Returns the calls' latencies, in the order of the answers.
  std::vector<double> Run(double seconds, std::vector<Clock::time_point>* due_times = nullptr) {
    const auto count = static_cast<int>(seconds * rate_);
    const Clock::time_point begin = Clock::now();
    for (int i = 0; i < count; ++i) {
      const Clock::time_point due =
          begin + std::chrono::duration_cast<Clock::duration>(
                      std::chrono::duration<double>(static_cast<double>(i) / rate_));
      std::this_thread::sleep_until(due);
      if (due_times != nullptr) due_times->push_back(Clock::now());
      Call(due);
    }
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [&] { return static_cast<int>(latencies_.size()) == count; });
    return std::exchange(latencies_, {});
  }

 private:
  struct One {
    std::unique_ptr<grpc::ClientContext> context{};
    ev1::ReportStockRequest request{};
    ev1::ReportStockResponse response{};
  };

  void Call(Clock::time_point due) {
    auto one = std::make_shared<One>();
    one->context = client_->Context();
    one->request = StockReport(number_ % locations_, number_ / locations_);
    ++number_;
    stub_->async()->ReportStock(one->context.get(), &one->request, &one->response,
                                [this, one, due](const grpc::Status& status) {
                                  Check(status, "ReportStock");
                                  const std::lock_guard lock(mutex_);
                                  latencies_.push_back(Seconds(Clock::now() - due));
                                  answered_.notify_one();
                                });
  }

  Client* client_;
  std::unique_ptr<ev1::ExchangeService::Stub> stub_;
  double rate_;
  int locations_;
  int number_ = 0;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<double> latencies_;
};

// One subscriber's stream; counts records, and how far behind the newest was when it came.
class Subscriber final : public grpc::ClientReadReactor<fv1::FollowResponse> {
 public:
  explicit Subscriber(const Client& client)
      : context_(client.Context()), stub_(fv1::FeedService::NewStub(client.channel())) {
    context_->set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(10));
    request_.add_domains("exchange");
    stub_->async()->Follow(context_.get(), &request_, this);
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    const Clock::time_point now = Clock::now();
    const double wall =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    {
      const std::lock_guard lock(mutex_);
      for (const fv1::Record& record : response_.records()) {
        arrivals_.push_back(now);
        const double accepted = static_cast<double>(record.accept_time().seconds()) +
                                static_cast<double>(record.accept_time().nanos()) * 1e-9;
        behind_max_ = std::max(behind_max_, wall - accepted);
      }
    }
    StartRead(&response_);
  }
  void OnDone(const grpc::Status&) override {
    const std::lock_guard lock(mutex_);
    done_ = true;
    ended_.notify_one();
  }

  // Ends the stream and waits for its end.
  void Cancel() {
    context_->TryCancel();
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return done_; });
  }
  std::vector<Clock::time_point> arrivals() {
    const std::lock_guard lock(mutex_);
    return arrivals_;
  }
  double behind_max() {
    const std::lock_guard lock(mutex_);
    return behind_max_;
  }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<fv1::FeedService::Stub> stub_;
  fv1::FollowRequest request_;
  fv1::FollowResponse response_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<Clock::time_point> arrivals_;
  double behind_max_ = 0.0;
  bool done_ = false;
};

void Sleep(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// What each path costs at least: an echo and then a synced write, timed as one, at the same pace.
std::vector<double> EchoThenWrite(const PeerServer& peer, double rate, double seconds) {
  const Client client(peer.target(), "bench");
  const auto stub = ev1::ExchangeService::NewStub(client.channel());
  SyncedDb db;
  std::vector<double> spans;
  const auto count = static_cast<int>(rate * seconds);
  const Clock::time_point begin = Clock::now();
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_until(
        begin + std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double>(static_cast<double>(i) / rate)));
    const ev1::ReportStockRequest request = StockReport(0, i);
    ev1::ReportStockResponse response;
    const Clock::time_point sent = Clock::now();
    Check(stub->ReportStock(client.Context().get(), request, &response), "echo");
    db.Put(400);
    spans.push_back(Seconds(Clock::now() - sent));
  }
  return spans;
}

}  // namespace

void FeedLatency() {
  const TemporaryFolder folder;
  const Server server(folder.path());
  const PeerServer peer;
  AdmitFirm(server.target(), "bench");
  AdmitFirm(server.target(), "reader");
  Client owner(server.target(), "bench");
  Client reader(server.target(), "reader");
  Register(owner, 1, 1);
  Agree(owner, reader, {ItemId(0)}, {LocationId(0)});
  Subscriber subscriber(reader);
  Sleep(1.5);
  OpenLoop load(owner, 100.0, 1);
  load.Run(1.0);
  Sleep(0.5);
  const std::size_t before = subscriber.arrivals().size();
  std::vector<Clock::time_point> sent;
  load.Run(10.0, &sent);
  Sleep(1.0);
  const std::vector<Clock::time_point> arrivals = subscriber.arrivals();
  subscriber.Cancel();
  if (arrivals.size() != before + sent.size()) {
    std::fprintf(stderr, "bench: the subscriber got %zu records of %zu commands\n",
                 arrivals.size() - before, sent.size());
    std::exit(1);
  }
  // One location is one slot: the n-th command's fact is the n-th record.
  std::vector<double> spans;
  spans.reserve(sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    spans.push_back(Seconds(arrivals[before + i] - sent[i]));
  }
  std::vector<double> limit = EchoThenWrite(peer, 100.0, 10.0);
  Print(
      {.name = Named("feed_latency"),
       .value = Quantile(spans, 0.99) * 1e6,
       .unit = "us",
       .limit = Quantile(limit, 0.99) * 1e6,
       .goal = 3.0,
       .better = Better::kLower,
       .note = "p99 at 100 commands/s, sent to subscriber; limit: p99 of echo then synced write"});
}

void FeedFanout() {
  constexpr int kFirms = 200;
  constexpr int kStreams = 10;  // Each firm's; a fact is visible to one firm, so to ten streams.
  const TemporaryFolder folder;
  const Server server(folder.path());
  AdmitFirm(server.target(), "bench");
  Client owner(server.target(), "bench");
  Register(owner, 1, kFirms);
  std::vector<std::string> firms;
  firms.reserve(kFirms);
  for (int f = 0; f < kFirms; ++f) firms.push_back("reader-" + std::to_string(f));
  AdmitFirms(server.target(), firms);
  std::vector<std::unique_ptr<Client>> readers;
  for (int f = 0; f < kFirms; ++f) {
    readers.push_back(
        std::make_unique<Client>(server.target(), firms[static_cast<std::size_t>(f)]));
    Agree(owner, *readers.back(), {ItemId(0)}, {LocationId(f)});
  }
  OpenLoop load(owner, 1000.0, kFirms);
  load.Run(1.0);
  std::vector<double> alone = load.Run(5.0);
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  subscribers.reserve(std::size_t{kFirms} * kStreams);
  for (int i = 0; i < kFirms * kStreams; ++i) {
    subscribers.push_back(
        std::make_unique<Subscriber>(*readers[static_cast<std::size_t>(i % kFirms)]));
  }
  Sleep(3.0);
  load.Run(1.0);
  std::vector<double> followed = load.Run(10.0);
  Sleep(1.0);
  double behind = 0.0;
  std::size_t records = 0;
  for (const auto& subscriber : subscribers) {
    behind = std::max(behind, subscriber->behind_max());
    records += subscriber->arrivals().size();
    subscriber->Cancel();
  }
  const std::string note = "2,000 streams of 200 firms, 1,000 commands/s, " +
                           std::to_string(records) + " records of 110000 delivered";
  Print({.name = Named("feed_fanout"),
         .value = Quantile(followed, 0.5) * 1e6,
         .unit = "us",
         .limit = Quantile(alone, 0.5) * 1e6,
         .goal = 1.2,
         .better = Better::kLower,
         .note = "the writer's p50; limit: without subscribers; " + note});
  Print({.name = Named("feed_fanout_behind"),
         .value = behind,
         .unit = "s",
         .goal = 1.0,
         .better = Better::kLower,
         .note = "the furthest that any subscriber was behind; " + note});
}

}  // namespace tandem::bench
