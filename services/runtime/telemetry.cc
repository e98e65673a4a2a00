#include "services/runtime/telemetry.h"

#include <exception>
#include <map>
#include <mutex>
#include <utility>

#include "prometheus/collectable.h"
#include "prometheus/counter.h"
#include "prometheus/exposer.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"
#include "services/base/reason.h"

namespace tandem::runtime {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// From what an in-process answer takes to a slow bulk read, in seconds.
const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30};

// Read at scrape time, so that nothing polls.
class Watches final : public prometheus::Collectable {
 public:
  void Add(std::string name, std::string help, std::function<double()> read) {
    const std::lock_guard lock(mutex_);
    gauges_.push_back({std::move(name), std::move(help), std::move(read)});
  }
  void SetSlots(std::function<std::vector<SlotReport>()> read) {
    const std::lock_guard lock(mutex_);
    slots_ = std::move(read);
  }

  std::vector<MetricFamily> Collect() const override {
    const std::lock_guard lock(mutex_);
    std::vector<MetricFamily> families;
    for (const Gauge& gauge : gauges_) {
      ClientMetric metric;
      metric.gauge.value = gauge.read();
      families.push_back({gauge.name, gauge.help, MetricType::Gauge, {metric}});
    }
    if (slots_) AddSlots(slots_(), families);
    return families;
  }

 private:
  struct Gauge {
    std::string name;
    std::string help;
    std::function<double()> read;
  };
  struct SlotFamily {
    const char* name;
    const char* help;
    MetricType type;
    std::uint64_t SlotCounters::*value;
  };

  static void AddSlots(const std::vector<SlotReport>& reports,
                       std::vector<MetricFamily>& families) {
    static constexpr SlotFamily kFamilies[] = {
        {"tandem_slot_commands_total", "Commands decided.", MetricType::Counter,
         &SlotCounters::commands},
        {"tandem_slot_refusals_total", "Commands refused.", MetricType::Counter,
         &SlotCounters::refusals},
        {"tandem_slot_repeats_total", "Repeats of a request id.", MetricType::Counter,
         &SlotCounters::repeats},
        {"tandem_slot_groups_total", "Groups appended.", MetricType::Counter,
         &SlotCounters::groups},
        {"tandem_slot_group_bytes_total", "Bytes of groups appended.", MetricType::Counter,
         &SlotCounters::group_bytes},
        {"tandem_slot_queue_depth", "Commands waiting.", MetricType::Gauge,
         &SlotCounters::queue_depth},
        {"tandem_slot_last_number", "The last durable fact.", MetricType::Gauge,
         &SlotCounters::last_number},
    };
    for (const SlotFamily& family : kFamilies) {
      std::vector<ClientMetric> metrics;
      for (const SlotReport& report : reports) {
        ClientMetric metric;
        metric.label = {{"slot", report.slot.ToString()}};
        const auto value = static_cast<double>(report.counters.*family.value);
        (family.type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = value;
        metrics.push_back(std::move(metric));
      }
      families.push_back({family.name, family.help, family.type, std::move(metrics)});
    }
  }

  mutable std::mutex mutex_;
  std::vector<Gauge> gauges_;
  std::function<std::vector<SlotReport>()> slots_;
};

}  // namespace

struct Telemetry::Impl {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  std::shared_ptr<Watches> watches = std::make_shared<Watches>();
  prometheus::Family<prometheus::Counter>& calls =
      prometheus::BuildCounter()
          .Name("tandem_calls_total")
          .Help("Calls and streams ended, by method and code.")
          .Register(*registry);
  prometheus::Family<prometheus::Counter>& refusals = prometheus::BuildCounter()
                                                          .Name("tandem_refusals_total")
                                                          .Help("Calls refused, by reason.")
                                                          .Register(*registry);
  prometheus::Family<prometheus::Histogram>& seconds =
      prometheus::BuildHistogram()
          .Name("tandem_call_seconds")
          .Help("From a call's start at the door to its answer, by method.")
          .Register(*registry);
  prometheus::Gauge& in_flight = prometheus::BuildGauge()
                                     .Name("tandem_calls_in_flight")
                                     .Help("Calls and streams not yet ended.")
                                     .Register(*registry)
                                     .Add({});

  // prometheus-cpp finds a metric by building and hashing its labels; these remember it.
  std::mutex mutex;
  std::map<std::pair<std::string, int>, prometheus::Counter*, std::less<>> calls_by;
  std::map<std::string, prometheus::Histogram*, std::less<>> seconds_by;
  std::map<base::Reason, prometheus::Counter*> refusals_by;

  prometheus::Counter& Calls(const std::string& method, absl::StatusCode code) {
    prometheus::Counter*& found = calls_by[{method, static_cast<int>(code)}];
    if (found == nullptr) {
      found = &calls.Add({{"method", method}, {"code", absl::StatusCodeToString(code)}});
    }
    return *found;
  }
  prometheus::Histogram& Seconds(const std::string& method) {
    prometheus::Histogram*& found = seconds_by[method];
    if (found == nullptr) found = &seconds.Add({{"method", method}}, kSeconds);
    return *found;
  }
  prometheus::Counter& Refusals(base::Reason reason) {
    prometheus::Counter*& found = refusals_by[reason];
    if (found == nullptr) {
      found = &refusals.Add({{"reason", std::string(base::ReasonName(reason))}});
    }
    return *found;
  }
};

Telemetry::Telemetry() : impl_(std::make_shared<Impl>()) {}
Telemetry::~Telemetry() = default;

void Telemetry::CountCall(std::string_view method, const absl::Status& status,
                          absl::Duration took) {
  const std::string name(method);
  prometheus::Histogram* seconds = nullptr;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->Calls(name, status.code()).Increment();
    seconds = &impl_->Seconds(name);
    if (!status.ok()) impl_->Refusals(base::ReasonOf(status)).Increment();
  }
  seconds->Observe(absl::ToDoubleSeconds(took));
}

void Telemetry::CallBegan() { impl_->in_flight.Increment(); }
void Telemetry::CallEnded() { impl_->in_flight.Decrement(); }

void Telemetry::Watch(std::string name, std::string help, std::function<double()> read) {
  impl_->watches->Add(std::move(name), std::move(help), std::move(read));
}

void Telemetry::WatchSlots(std::function<std::vector<SlotReport>()> read) {
  impl_->watches->SetSlots(std::move(read));
}

std::string Telemetry::Text() const {
  std::vector<MetricFamily> families = impl_->registry->Collect();
  for (MetricFamily& family : impl_->watches->Collect()) families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

struct MetricsServer::Impl {
  std::shared_ptr<Telemetry::Impl> telemetry;  // The exposer holds weak pointers alone.
  std::unique_ptr<prometheus::Exposer> exposer;
};

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsServer::~MetricsServer() = default;

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(std::string_view address,
                                                                    Telemetry& telemetry) {
  auto impl = std::make_unique<Impl>();
  impl->telemetry = telemetry.impl_;
  try {
    impl->exposer = std::make_unique<prometheus::Exposer>(std::string(address));
  } catch (const std::exception& error) {  // civetweb's wrapper throws; it ends here.
    return base::Refuse(base::Reason::kNotServing,
                        absl::StrCat("cannot serve metrics on ", std::string(address),
                                     ": the address is taken or not this machine's; choose another "
                                     "with --metrics"),
                        {{"address", std::string(address)}, {"cause", error.what()}});
  }
  impl->exposer->RegisterCollectable(impl->telemetry->registry);
  impl->exposer->RegisterCollectable(impl->telemetry->watches);
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
}

int MetricsServer::port() const {
  const std::vector<int> ports = impl_->exposer->GetListeningPorts();
  return ports.empty() ? 0 : ports.front();
}

}  // namespace tandem::runtime
