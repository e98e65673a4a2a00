#include "tests/bench/load.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::bench {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::duration span) { return std::chrono::duration<double>(span).count(); }

// Of all loops of the program: no report says again what an earlier one said.
std::atomic<int> next_number{0};

// Calls that run until the time is over; the object outlives them all.
class Loop {
 public:
  Loop(const std::string& target, const LoadOptions& options) : options_(options) {
    for (int i = 0; i < options.connections; ++i) {
      clients_.push_back(std::make_unique<Client>(target, "bench"));
      stubs_.push_back(exchange::v1::ExchangeService::NewStub(clients_.back()->channel()));
    }
  }

  LoadResult Run() {
    begin_ = Clock::now();
    running_ = options_.in_flight;
    for (int i = 0; i < options_.in_flight; ++i) Next(i);
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return running_ == 0; });
    result_.calls_per_second = static_cast<double>(result_.seconds.size()) / options_.seconds;
    return std::move(result_);
  }

 private:
  struct One {
    std::unique_ptr<grpc::ClientContext> context{};
    exchange::v1::ReportStockRequest request{};
    exchange::v1::ReportStockResponse response{};
    Clock::time_point sent{};
  };

  void Next(int lane) {
    const int number = next_number.fetch_add(1);
    auto one = std::make_shared<One>();
    const std::size_t connection = static_cast<std::size_t>(lane) % clients_.size();
    one->context = clients_[connection]->Context();
    exchange::v1::ReportStockRequest& request = one->request;
    request.set_location("firms/bench/locations/" + LocationId(number % 32));
    request.set_item(ItemId(number / 32 % 2000));
    // 1,000 days after 2020-01-01 before a (location, item, day) comes again, with a higher
    // revision.
    const int day = number / 64'000;
    request.mutable_date()->set_year(2020 + day / 336);
    request.mutable_date()->set_month(1 + day % 336 / 28);
    request.mutable_date()->set_day(1 + day % 28);
    request.set_on_hand_milli(std::int64_t{number % 97} * 1000);
    request.set_status(exchange::v1::STOCK_STATUS_FREE);
    request.set_request_id(NewRequestId());
    one->sent = Clock::now();
    stubs_[connection]->async()->ReportStock(
        one->context.get(), &one->request, &one->response,
        [this, one, lane](const grpc::Status& status) { Answered(*one, lane, status); });
  }

  void Answered(const One& one, int lane, const grpc::Status& status) {
    Check(status, "ReportStock");
    const Clock::time_point now = Clock::now();
    const double at = Seconds(now - begin_);
    const double end = options_.warm_seconds + options_.seconds;
    {
      const std::lock_guard lock(mutex_);
      if (at >= options_.warm_seconds && at < end) {
        result_.seconds.push_back(Seconds(now - one.sent));
      }
      if (at >= end) {
        if (--running_ == 0) ended_.notify_one();
        return;
      }
    }
    Next(lane);
  }

  LoadOptions options_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<exchange::v1::ExchangeService::Stub>> stubs_;
  Clock::time_point begin_;
  std::mutex mutex_;
  std::condition_variable ended_;
  int running_ = 0;
  LoadResult result_;
};

}  // namespace

LoadResult ReportStock(const std::string& target, const LoadOptions& options) {
  return Loop(target, options).Run();
}

}  // namespace tandem::bench
