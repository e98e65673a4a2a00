// What the operator sees: Prometheus metrics. Numbers of calls, never of trade.
//
//   Telemetry telemetry;
//   telemetry.CountCall("SignAgreement", status, took);
//   telemetry.Watch("tandem_feed_subscribers", "Open feeds.", [&] { return feed.subscriptions();
//   }); auto metrics = MetricsServer::Start("127.0.0.1:9420", telemetry);
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/base/fact.h"
#include "services/runtime/slot.h"

namespace tandem::runtime {

// One slot and its counters, as the scrape asks for them.
struct SlotReport {
  base::SlotId slot{};
  SlotCounters counters{};
};

// Safe on any thread.
class Telemetry {
 public:
  Telemetry();
  ~Telemetry();

  // A call or stream has ended: counted by method and code, its time by method, and a refusal by
  // its reason. About half a microsecond.
  void CountCall(std::string_view method, const absl::Status& status, absl::Duration took);
  // A call came in, or went: the gauge of what is in flight.
  void CallBegan();
  void CallEnded();

  // A gauge that is read when it is scraped. What `read` uses must outlive the metrics server.
  void Watch(std::string name, std::string help, std::function<double()> read);
  // The same for the slots: commands, refusals, repeats, groups, bytes, queue depth, last number.
  void WatchSlots(std::function<std::vector<SlotReport>()> read);

  // All metrics in Prometheus' text format.
  std::string Text() const;

 private:
  friend class MetricsServer;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Serves GET /metrics over HTTP on threads of its own.
class MetricsServer {
 public:
  // kUnavailable / NOT_SERVING if the address cannot be listened on; the message names it.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(std::string_view address,
                                                              Telemetry& telemetry);
  ~MetricsServer();
  int port() const;

 private:
  struct Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::runtime
