// command_rate and command_latency: single stock reports, durable, against a bare gRPC echo.

#include <cmath>
#include <string>
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/client.h"
#include "tests/bench/load.h"
#include "tests/bench/network.h"
#include "tests/bench/report.h"
#include "tests/bench/synced_write.h"

namespace tandem::bench {
namespace {

constexpr int kRounds = 3;
// Short and many: the machine's own speed drifts, and each round stands beside its limit.
constexpr int kRateRounds = 6;

// Rounds of one server under the same load, and what they cost it.
class Metered {
 public:
  Metered(const std::string& target, const Process& process) : target_(target), process_(process) {}
  void Run(const LoadOptions& options) {
    const double before = process_.CpuSeconds();
    rates_.push_back(ReportStock(target_, options).calls_per_second);
    cpu_seconds_ += process_.CpuSeconds() - before;
    calls_ += rates_.back() * (options.warm_seconds + options.seconds);
  }
  double rate() { return Quantile(rates_, 0.5); }
  // Of the server's processor time, a call; warming up counted at the measured rate.
  std::string micros_a_call() const {
    return std::to_string(std::lround(cpu_seconds_ / calls_ * 1e6));
  }

 private:
  std::string target_;
  const Process& process_;
  std::vector<double> rates_;
  double cpu_seconds_ = 0.0;
  double calls_ = 0.0;
};

void Prepare(const std::string& target) {
  AdmitFirm(target, "bench");
  Client client(target, "bench");
  Register(client, 2000, 32);
}

}  // namespace

void CommandRate() {
  const TemporaryFolder folder;
  const Server server(folder.path());
  const PeerServer peer;
  const PeerServer keeper(PeerServer::Keeps::kSyncedRows);
  Prepare(server.target());
  const LoadOptions options{
      .in_flight = 256, .connections = 2, .warm_seconds = 0.5, .seconds = 2.0};
  Metered ours(server.target(), server.process());
  Metered echo(peer.target(), peer.process());
  Metered kept(keeper.target(), keeper.process());
  for (int round = 0; round < kRateRounds; ++round) {
    echo.Run(options);
    kept.Run(options);
    ours.Run(options);
  }
  Print({.name = Named("command_rate"),
         .value = ours.rate(),
         .unit = "commands/s",
         .limit = echo.rate(),
         .goal = 0.60,
         .note =
             "durable stock reports, 256 in flight; limit: bare gRPC echo of the same messages; " +
             ours.micros_a_call() + " us of the server's processor time a call, " +
             echo.micros_a_call() + " of the echo's"});
  // How near that goal is to what anybody can do who answers after a sync.
  const double kept_rate = kept.rate();
  Print({.name = Named("command_rate_kept"),
         .value = ours.rate(),
         .unit = "commands/s",
         .limit = kept_rate,
         .note = "the same; limit: an echo that first writes the message as one row of RocksDB, "
                 "synced in groups: " +
                 kept.micros_a_call() + " us of its processor time a call, " +
                 std::to_string(std::lround(100.0 * kept_rate / echo.rate())) +
                 " % of the bare echo's rate"});
}

void CommandLatency() {
  const TemporaryFolder folder;
  const Server server(folder.path());
  const PeerServer peer;
  SyncedDb db;
  Prepare(server.target());
  const LoadOptions options{.in_flight = 1, .connections = 1, .warm_seconds = 0.5, .seconds = 3.0};
  std::vector<double> ours;
  std::vector<double> echo;
  std::vector<double> write;
  const auto add = [](std::vector<double>& to, const std::vector<double>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  for (int round = 0; round < kRounds; ++round) {
    add(echo, ReportStock(peer.target(), options).seconds);
    for (int i = 0; i < 1000; ++i) write.push_back(db.Put(400));
    add(ours, ReportStock(server.target(), options).seconds);
  }
  Print({.name = Named("command_latency"),
         .value = Quantile(ours, 0.5) * 1e6,
         .unit = "us",
         .limit = (Quantile(echo, 0.5) + Quantile(write, 0.5)) * 1e6,
         .goal = 1.5,
         .better = Better::kLower,
         .note = "p50, one in flight; limit: p50 of a bare echo + p50 of a synced RocksDB write"});
}

}  // namespace tandem::bench
