#include "tests/simulation/instance.h"

#include <map>
#include <utility>

#include "services/base/bug.h"
#include "services/exchange/domain.h"
#include "services/exchange/register_replica.h"
#include "services/exchange/worker.h"
#include "services/forecast/api_domain.h"
#include "services/forecast/worker.h"
#include "services/governance/api_domain.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/local_governance.h"
#include "services/runtime/seal.h"
#include "services/tandem/series.h"
#include "tests/simulation/remote_governance.h"
#include "tests/simulation/sim_series.h"

namespace tandem::simulation {
namespace {

constexpr std::uint64_t kLogId = 7;
constexpr char kNetworkKey[] = "0123456789abcdef0123456789abcdef";

}  // namespace

// What runs between a boot and a crash, in the order in which it is made.
struct Instance::Life {
  explicit Life(Instance& instance)
      : store(instance.node_, instance.disk_),
        log(store, instance.node_, kLogId),
        router(log, instance.node_, instance.node_, {}),
        sealer(std::string_view(kNetworkKey, 32), instance.world_->random()) {}

  SimStore store;
  runtime::EmbeddedLog log;
  governance::GovernanceDomain governance_domain;
  forecast::ForecastDomain forecast_domain;
  std::unique_ptr<exchange::ExchangeDomain> exchange_domain;
  runtime::Router router;
  runtime::Sealer sealer;
  std::unique_ptr<runtime::GovernanceSource> source;
  std::unique_ptr<runtime::GrantsReplica> grants;
  std::unique_ptr<exchange::RegisterReplica> registers;
  std::unique_ptr<governance::GovernanceApi> governance;
  std::unique_ptr<exchange::ExchangeApi> exchange;
  std::unique_ptr<program::LocalSeries> local_series;  // What its exchange holds.
  std::unique_ptr<exchange::FoldWorker> folds;
  std::unique_ptr<forecast::ForecastApi> forecast;
  std::unique_ptr<forecast::SeriesSource> series;  // What its worker reads.
  std::unique_ptr<forecast::Worker> worker;
  std::unique_ptr<runtime::Feed> feed;
  std::map<std::string, std::unique_ptr<runtime::Feed::Subscription>> subscriptions;
  std::map<std::string, std::unique_ptr<exchange::IngestSession>> sessions;
  int opening = 0;
  bool serving = false;
};

Instance::Instance(World& world, Network& network, std::string name, Roles roles)
    : world_(&world),
      network_(&network),
      node_(world, std::move(name)),
      roles_(roles),
      disk_(std::make_shared<Disk>(world)) {}

Instance::~Instance() = default;

void Instance::Join(Instance* governing, Instance* exchanging) {
  governing_ = governing;
  exchanging_ = exchanging;
}

void Instance::Boot() {
  const auto life = std::make_shared<Life>(*this);
  life_ = life;
  executor_ = std::make_shared<LifeExecutor>(node_);
  world_->Keep(executor_);
  if (roles_.governance) {
    life->source = std::make_unique<runtime::LocalGovernance>(life->log);
  } else {
    life->source = std::make_unique<RemoteGovernance>(*network_, node_, governing_->node(),
                                                      [peer = governing_] { return peer->log(); });
  }
  life->grants = std::make_unique<runtime::GrantsReplica>(*life->source, node_, node_);
  std::vector<base::SlotId> slots;
  for (std::uint16_t i = 0; i < exchange::ExchangeDomain::kSlots; ++i) {
    slots.push_back({.domain = base::DomainId::kExchange, .index = i});
  }
  life->registers = std::make_unique<exchange::RegisterReplica>(life->log, node_, slots);
  life->exchange_domain = std::make_unique<exchange::ExchangeDomain>(*life->registers);
  std::vector<const runtime::Domain*> domains;
  if (roles_.governance) domains.push_back(&life->governance_domain);
  if (roles_.exchange) domains.push_back(life->exchange_domain.get());
  if (roles_.forecast) domains.push_back(&life->forecast_domain);
  life->opening = static_cast<int>(domains.size());
  for (const runtime::Domain* domain : domains) {
    life->router.Serve(*domain, [this, weak = std::weak_ptr(life)](const absl::Status& status) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      base::Require(status.ok(), status.ToString());
      if (--self->opening == 0) node_.Run([this, weak] { Serve(weak.lock()); });
    });
  }
}

void Instance::Serve(const std::shared_ptr<Life>& life) {
  if (life == nullptr || life != life_) return;
  life->grants->Start();
  const auto check_role = [grants = life->grants.get()](std::string_view firm,
                                                        std::string_view principal,
                                                        std::string_view role) {
    return grants->CheckRole(firm, principal, role);
  };
  if (roles_.governance) {
    life->governance = std::make_unique<governance::GovernanceApi>(life->router, life->sealer);
  }
  if (roles_.exchange) {
    base::Require(life->registers->Start().ok(), "the registers can be read");
    life->exchange = std::make_unique<exchange::ExchangeApi>(
        exchange::ExchangeSeams{.router = &life->router,
                                .grants = life->grants.get(),
                                .registers = life->registers.get(),
                                .sealer = &life->sealer,
                                .check_role = check_role});
    life->local_series =
        std::make_unique<program::LocalSeries>(*life->exchange, node_, *executor_, life->sealer);
    life->folds =
        std::make_unique<exchange::FoldWorker>(life->router, node_, exchange::FoldWorkerOptions{});
    life->folds->Start();
  }
  if (roles_.forecast) {
    life->forecast = std::make_unique<forecast::ForecastApi>(
        forecast::ForecastSeams{.router = &life->router,
                                .grants = life->grants.get(),
                                .sealer = &life->sealer,
                                .check_role = check_role});
    Instance* const from = roles_.exchange ? this : exchanging_;
    life->series = std::make_unique<SimSeries>(*network_, node_, from->node(),
                                               [from] { return from->series(); });
    life->worker = std::make_unique<forecast::Worker>(*life->forecast, *life->series, *executor_,
                                                      forecast::WorkerOptions{});
    life->worker->Start();
  }
  life->feed = std::make_unique<runtime::Feed>(life->router, *life->grants, life->sealer, node_,
                                               node_, runtime::FeedOptions{});
  life->feed->Start();
  life->serving = true;
}

void Instance::Crash() {
  node_.Crash();
  if (executor_ != nullptr) executor_->End();
  // Nothing that was handed to the node runs any more: what is destroyed here is not called back.
  life_.reset();
  disk_->Crash();
}

bool Instance::serving() const { return life_ != nullptr && life_->serving; }

governance::GovernanceApi* Instance::governance() {
  return serving() ? life_->governance.get() : nullptr;
}
exchange::ExchangeApi* Instance::exchange() { return serving() ? life_->exchange.get() : nullptr; }
forecast::SeriesSource* Instance::series() {
  return serving() ? life_->local_series.get() : nullptr;
}
forecast::ForecastApi* Instance::forecast() { return serving() ? life_->forecast.get() : nullptr; }
runtime::Feed* Instance::feed() { return serving() ? life_->feed.get() : nullptr; }
runtime::GrantsReplica* Instance::grants() { return serving() ? life_->grants.get() : nullptr; }
runtime::Log* Instance::log() { return life_ == nullptr ? nullptr : &life_->log; }

const runtime::Domain* Instance::domain(base::DomainId id) const {
  return serving() ? life_->router.domain(id) : nullptr;
}

exchange::IngestSession* Instance::Session(const std::string& firm, const std::string& stream) {
  if (exchange() == nullptr) return nullptr;
  auto& session = life_->sessions[stream];
  if (session == nullptr) {
    runtime::Call call;
    call.caller = {.firm = firm, .principal = "robot"};
    session = life_->exchange->OpenIngest(call);
  }
  return session.get();
}

void Instance::EndSession(const std::string& stream) {
  if (serving()) life_->sessions.erase(stream);
}

void Instance::Hold(std::unique_ptr<runtime::Feed::Subscription> subscription,
                    const std::string& firm) {
  life_->subscriptions[firm] = std::move(subscription);
}

}  // namespace tandem::simulation
