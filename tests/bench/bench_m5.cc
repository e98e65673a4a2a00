// m5_import, m5_size, m5_scan, restart: the history of seven stores through the program as its
// users run it.

#include <grpcpp/grpcpp.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "rocksdb/db.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tests/bench/bench.h"
#include "tests/bench/client.h"
#include "tests/bench/m5_folder.h"
#include "tests/bench/network.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

using Clock = std::chrono::steady_clock;
namespace ev1 = exchange::v1;

double Since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Runs the client program to its end.
void RunClient(const std::string& target, const std::string& arguments) {
  const char* given = std::getenv("TANDEM_PROGRAM");
  const std::string program =
      given != nullptr ? given : BuildFolder() + "/../../services/tandem/tandem";
  const std::string command = program + " " + arguments + " --server " + target + " " +
                              TheNetwork().ClientFlags("bench") + " >/dev/null";
  if (std::system(command.c_str()) != 0) {
    std::fprintf(stderr, "bench: failed: %s\n", command.c_str());
    std::exit(1);
  }
}

struct Scan {
  double values = 0.0;
  double known = 0.0;
  double wall_seconds = 0.0;
  double server_cpu_seconds = 0.0;
};

// Reads all series whole, as a forecast worker does.
Scan ReadAll(Server& server) {
  Client client(server.target(), "bench");
  ev1::ReadSeriesRequest request;
  request.set_owner("firms/bench");
  request.set_measure(ev1::MEASURE_SALES);
  request.mutable_start_date()->set_year(2011);
  request.mutable_start_date()->set_month(1);
  request.mutable_start_date()->set_day(29);
  request.mutable_end_date()->set_year(2016);
  request.mutable_end_date()->set_month(5);
  request.mutable_end_date()->set_day(22);
  Scan scan;
  const double cpu = server.process().CpuSeconds();
  const Clock::time_point begin = Clock::now();
  const auto context = client.Context();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(10));
  const auto stub = ev1::ExchangeService::NewStub(client.channel());
  const auto stream = stub->ReadSeries(context.get(), request);
  ev1::ReadSeriesResponse response;
  while (stream->Read(&response)) {
    scan.values += response.value_milli_size();
    if (response.known().empty()) scan.known += response.value_milli_size();
    for (const char byte : response.known()) {
      scan.known += __builtin_popcount(static_cast<unsigned char>(byte));
    }
  }
  Check(stream->Finish(), "ReadSeries");
  scan.wall_seconds = Since(begin);
  scan.server_cpu_seconds = server.process().CpuSeconds() - cpu;
  return scan;
}

// Merges all levels, as RocksDB does by itself in time.
void Compact(const std::string& folder) {
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), folder, &names).ok()) std::exit(1);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) {
    rocksdb::ColumnFamilyOptions options;
    options.compression = rocksdb::kZSTD;
    families.emplace_back(name, options);
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  if (!rocksdb::DB::Open(rocksdb::DBOptions(), folder, families, &handles, &raw).ok()) std::exit(1);
  const std::unique_ptr<rocksdb::DB> db(raw);
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    if (!db->CompactRange(options, handle, nullptr, nullptr).ok()) std::exit(1);
    db->DestroyColumnFamilyHandle(handle);
  }
}

// Background folding is done when the server has been idle for two seconds.
void AwaitIdle(Server& server) {
  double last = server.process().CpuSeconds();
  for (int i = 0; i < 120; ++i) {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    const double now = server.process().CpuSeconds();
    if (now - last < 0.1) return;
    last = now;
  }
}

}  // namespace

void M5() {
  const M5Folder m5 = OpenM5();
  const TemporaryFolder folder;
  double rows = 0.0;
  {
    Server server(folder.path());
    AdmitFirm(server.target(), "bench");
    const Clock::time_point begin = Clock::now();
    RunClient(server.target(), "sales import --format m5 --data " + m5.path);
    const double seconds = Since(begin);
    const Scan fresh = ReadAll(server);
    rows = fresh.known;
    Print({.name = Named("m5_import" + m5.suffix),
           .value = seconds,
           .unit = "s",
           .goal = 45.0,
           .better = Better::kLower,
           .note =
               std::to_string(static_cast<long>(rows)) + " rows, registers and prices with them"});
    AwaitIdle(server);
    const Scan scan = ReadAll(server);
    Print({.name = Named("m5_scan" + m5.suffix),
           .value = scan.values / scan.server_cpu_seconds / 1e6,
           .unit = "million values/s/core",
           .goal = 20.0,
           .note = "over gRPC, by the server's CPU time; by the wall " +
                   std::to_string(scan.values / scan.wall_seconds / 1e6)});
  }
  {
    const Clock::time_point begin = Clock::now();
    Server server(folder.path());
    Print({.name = Named("restart" + m5.suffix),
           .value = Since(begin),
           .unit = "s",
           .goal = 2.0,
           .better = Better::kLower,
           .note = "from exec to serving, with that history"});
  }
  Compact(folder.path() + "/data/store");
  Print({.name = Named("m5_size" + m5.suffix),
         .value = FolderBytes(folder.path() + "/data") / rows,
         .unit = "bytes/row",
         .goal = 1.5,
         .better = Better::kLower,
         .note = "log, state and write-ahead log, after compaction"});
}

}  // namespace tandem::bench
