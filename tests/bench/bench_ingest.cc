// sales_ingest and sales_daily: columns over gRPC into durable storage.

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tests/bench/bench.h"
#include "tests/bench/client.h"
#include "tests/bench/network.h"
#include "tests/bench/report.h"
#include "tests/bench/synced_write.h"

namespace tandem::bench {
namespace {

using Clock = std::chrono::steady_clock;
namespace ev1 = exchange::v1;

constexpr int kItems = 3049;  // A store of M5; ten stores make its 30,490 series.
constexpr int kLocations = 10;
constexpr int kWindow = 64;  // Blocks sent ahead of their answers; the service holds back what it
                             // does not take in.
constexpr std::int32_t kFirstDay = 15'000;

// Small counts, two thirds of them zero, as shops sell; the same for the same place.
std::int64_t Units(int item, int location, int day) {
  std::uint64_t x = static_cast<std::uint64_t>(item) * 1'000'003 +
                    static_cast<std::uint64_t>(location) * 7919 +
                    static_cast<std::uint64_t>(day) * 104'729;
  x ^= x >> 31;
  x *= 0x7fb5d329728ea185;
  x ^= x >> 27;
  x *= 0x81dadef4bc2dd44d;
  x ^= x >> 33;
  if (x % 3 != 0) return 0;
  std::int64_t units = 1;
  for (std::uint64_t bits = x >> 8; (bits & 1) != 0 && units < 40; bits >>= 1) ++units;
  return units;
}

// `days` days of a range of items at a location, series by series.
ev1::IngestRequest Block(int location, int first_item, int items, std::int32_t first_day,
                         int days) {
  ev1::IngestRequest request;
  ev1::SeriesBlock& block = *request.mutable_series();
  block.set_measure(ev1::MEASURE_SALES);
  for (int i = 0; i < items; ++i) {
    block.add_items(ItemId(first_item + i));
    block.add_run_item(static_cast<std::uint32_t>(i));
    block.add_run_first_day(first_day);
    block.add_run_length(static_cast<std::uint32_t>(days));
    for (int d = 0; d < days; ++d) {
      block.add_value_milli(Units(first_item + i, location, first_day + d) * 1000);
    }
  }
  return request;
}

// Sends the blocks of one location as one stream; ends once the last is durable.
void Send(const std::string& target, int location, std::vector<ev1::IngestRequest>& blocks) {
  Client client(target, "bench");
  const auto context = client.Context();
  const auto stub = ev1::ExchangeService::NewStub(client.channel());
  const auto stream = stub->Ingest(context.get());
  std::int64_t sent = 0;
  std::int64_t answered = 0;
  ev1::IngestResponse response;
  for (ev1::IngestRequest& block : blocks) {
    block.set_location("firms/bench/locations/" + LocationId(location));
    block.set_stream("bench");
    block.set_block(++sent);
    if (!stream->Write(block)) break;
    while (sent - answered >= kWindow && stream->Read(&response)) ++answered;
  }
  stream->WritesDone();
  while (stream->Read(&response)) ++answered;
  Check(stream->Finish(), "Ingest");
}

struct Timed {
  double rows = 0.0;
  double seconds = 0.0;
  double rate() const { return rows / seconds; }
};

// Two streams at a time, as an importer does on two cores. Making the messages and freeing them is
// not measured: a real sender has them.
Timed SendAll(const std::string& target, std::vector<std::vector<ev1::IngestRequest>> by_location) {
  Timed timed;
  for (const auto& blocks : by_location) {
    for (const ev1::IngestRequest& block : blocks) timed.rows += block.series().value_milli_size();
  }
  const Clock::time_point begin = Clock::now();
  const auto lane = [&](std::size_t first) {
    for (std::size_t l = first; l < by_location.size(); l += 2) {
      Send(target, static_cast<int>(l), by_location[l]);
    }
  };
  std::thread other(lane, 1);
  lane(0);
  other.join();
  timed.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return timed;
}

// 400 days of all series, 64 items a block, one batch a location.
std::vector<std::vector<ev1::IngestRequest>> BySeries(int days) {
  std::vector<std::vector<ev1::IngestRequest>> all(kLocations);
  for (int location = 0; location < kLocations; ++location) {
    for (int item = 0; item < kItems; item += 64) {
      all[static_cast<std::size_t>(location)].push_back(
          Block(location, item, std::min(64, kItems - item), kFirstDay, days));
    }
    all[static_cast<std::size_t>(location)].back().set_close_batch(true);
  }
  return all;
}

// The same days a day at a time: a batch a day and location.
std::vector<std::vector<ev1::IngestRequest>> ByDay(int days) {
  std::vector<std::vector<ev1::IngestRequest>> all(kLocations);
  for (int location = 0; location < kLocations; ++location) {
    for (int day = 0; day < days; ++day) {
      // One value an item, in the dictionary's order, all of one day; the dictionary comes once a
      // stream.
      ev1::IngestRequest block;
      ev1::SeriesBlock& series = *block.mutable_series();
      series.set_measure(ev1::MEASURE_SALES);
      series.add_run_first_day(kFirstDay + day);
      for (int item = 0; item < kItems; ++item) {
        if (day == 0) series.add_items(ItemId(item));
        series.add_value_milli(Units(item, location, kFirstDay + day) * 1000);
      }
      block.set_close_batch(true);
      all[static_cast<std::size_t>(location)].push_back(std::move(block));
    }
  }
  return all;
}

Timed Run(std::vector<std::vector<ev1::IngestRequest>> blocks, Replay* replay) {
  const TemporaryFolder folder;
  Timed timed;
  {
    Server server(folder.path());
    AdmitFirm(server.target(), "bench");
    Client client(server.target(), "bench");
    Register(client, kItems, kLocations);
    timed = SendAll(server.target(), std::move(blocks));
    // Killed, so that the write-ahead log stays as it was written.
    if (replay != nullptr) server.process().Stop(SIGKILL);
  }
  if (replay != nullptr) *replay = ReplayBatches(folder.path() + "/data/store");
  return timed;
}

}  // namespace

void SalesIngest() {
  constexpr int kDays = 400;
  constexpr int kRounds = 3;  // Each takes less than a second; the medians count.
  const PeerServer peer;
  std::vector<double> bare;
  std::vector<double> disk;
  std::vector<double> ingest;
  std::vector<double> daily;
  for (int round = 0; round < kRounds; ++round) {
    bare.push_back(SendAll(peer.target(), BySeries(kDays)).rate());
    Replay replay;
    const Timed timed = Run(BySeries(kDays), &replay);
    ingest.push_back(timed.rate());
    disk.push_back(timed.rows / replay.seconds);
    daily.push_back(Run(ByDay(kDays), nullptr).rate());
  }
  const double limit = std::min(Quantile(bare, 0.5), Quantile(disk, 0.5));
  Print({.name = Named("sales_ingest"),
         .value = Quantile(ingest, 0.5),
         .unit = "rows/s",
         .limit = limit,
         .goal = 0.5,
         .note = "400 days of 30,490 series, two streams; bare columnar ingest " +
                 std::to_string(static_cast<long>(Quantile(bare, 0.5))) +
                 " rows/s, the same batches straight into RocksDB " +
                 std::to_string(static_cast<long>(Quantile(disk, 0.5))) + " rows/s"});
  Print({.name = Named("sales_daily"),
         .value = Quantile(daily, 0.5),
         .unit = "rows/s",
         .limit = Quantile(ingest, 0.5),
         .goal = 0.5,
         .note = "the same rows a day at a time, a batch a day and location; limit: sales_ingest"});
}

}  // namespace tandem::bench
