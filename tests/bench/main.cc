// tests/bench/run starts this: `bench NAME…` runs the benchmarks named, all without a name; under
// mutual TLS, or with --insecure first without.

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/synchronization/mutex.h"
#include "tests/bench/bench.h"
#include "tests/bench/network.h"
#include "tests/bench/peer.h"

namespace {

struct Entry {
  const char* name;
  void (*run)();
};

constexpr Entry kEntries[] = {
    {"command_rate", tandem::bench::CommandRate},
    {"command_latency", tandem::bench::CommandLatency},
    {"feed_latency", tandem::bench::FeedLatency},
    {"feed_fanout", tandem::bench::FeedFanout},
    {"sales_ingest", tandem::bench::SalesIngest},
    {"m5", tandem::bench::M5},
    {"grant_check", tandem::bench::GrantCheck},
};

const Entry* Find(const char* name) {
  for (const Entry& entry : kEntries) {
    // m5_import, m5_size and m5_scan are one run; so are sales_ingest and sales_daily, and the two
    // of command_rate.
    if (std::strcmp(entry.name, name) == 0) return &entry;
    if (std::strncmp(name, "m5_", 3) == 0 && std::strcmp(entry.name, "m5") == 0) return &entry;
    if (std::strcmp(name, "restart") == 0 && std::strcmp(entry.name, "m5") == 0) return &entry;
    if (std::strcmp(name, "command_rate_kept") == 0 &&
        std::strcmp(entry.name, "command_rate") == 0) {
      return &entry;
    }
    if (std::strcmp(name, "sales_daily") == 0 && std::strcmp(entry.name, "sales_ingest") == 0) {
      return &entry;
    }
  }
  return nullptr;
}

int Usage() {
  std::fprintf(stderr, "usage: bench [--insecure] [NAME…], where NAME is one of");
  for (const Entry& entry : kEntries) std::fprintf(stderr, " %s", entry.name);
  std::fprintf(stderr,
               "\n(m5_import, m5_size, m5_scan and restart are one run, m5; sales_daily comes with "
               "sales_ingest, command_rate_kept with command_rate)\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  // As the server does (services/tandem/serve.cc): Debian's Abseil looks for deadlocks at each lock
  // of gRPC's. Clients and the bare echo would pay for it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  if (argc == 5 && std::strcmp(argv[1], "--peer") == 0) {
    return tandem::bench::RunPeer(argv[2], argv[3], argv[4]);
  }
  int first = 1;
  const bool tls = argc <= first || std::strcmp(argv[first], "--insecure") != 0;
  if (!tls) ++first;
  for (int i = first; i < argc; ++i) {
    if (Find(argv[i]) == nullptr) return Usage();
  }
  {
    const tandem::bench::Network network(tls);
    for (int i = first; i < argc; ++i) Find(argv[i])->run();
    if (argc == first) {
      for (const Entry& entry : kEntries) entry.run();
    }
  }
  std::fflush(stdout);
  std::_Exit(
      0);  // Without taking gRPC 1.51's globals down, which frees a queue twice now and then.
}
