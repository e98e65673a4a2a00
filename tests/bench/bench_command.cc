// command_rate and command_latency: single stock reports, durable, against a bare gRPC echo.

#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/client.h"
#include "tests/bench/load.h"
#include "tests/bench/report.h"
#include "tests/bench/synced_write.h"

namespace tandem::bench {
namespace {

constexpr int kRounds = 3;

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
  Prepare(server.target());
  const LoadOptions options{
      .in_flight = 256, .connections = 2, .warm_seconds = 1.0, .seconds = 4.0};
  std::vector<double> rates;
  std::vector<double> limits;
  for (int round = 0; round < kRounds; ++round) {
    limits.push_back(ReportStock(peer.target(), options).calls_per_second);
    rates.push_back(ReportStock(server.target(), options).calls_per_second);
  }
  Print(
      {.name = "command_rate",
       .value = Quantile(rates, 0.5),
       .unit = "commands/s",
       .limit = Quantile(limits, 0.5),
       .goal = 0.60,
       .note = "durable stock reports, 256 in flight; limit: bare gRPC echo of the same messages"});
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
  Print({.name = "command_latency",
         .value = Quantile(ours, 0.5) * 1e6,
         .unit = "us",
         .limit = (Quantile(echo, 0.5) + Quantile(write, 0.5)) * 1e6,
         .goal = 1.5,
         .better = Better::kLower,
         .note = "p50, one in flight; limit: p50 of a bare echo + p50 of a synced RocksDB write"});
}

}  // namespace tandem::bench
