// One process of the service on a simulated node: the same parts that `tandem serve` puts together,
// below the gRPC shell, on a simulated store.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "services/exchange/api.h"
#include "services/forecast/api.h"
#include "services/forecast/worker.h"
#include "services/governance/api.h"
#include "services/runtime/feed.h"
#include "services/runtime/grants.h"
#include "services/runtime/log.h"
#include "services/runtime/router.h"
#include "tests/simulation/sim_store.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {

// An executor that ends with its instance's life, as the program's does before what runs on it
// goes. What was under way at a crash is answered late, by slots that go last, and would else go on
// in the next life.
class LifeExecutor final : public runtime::Executor {
 public:
  explicit LifeExecutor(Node& node) : node_(&node) {}
  void End() { node_ = nullptr; }
  void Run(runtime::Task task) override {
    if (node_ != nullptr) node_->Run(std::move(task));
  }
  void RunAfter(absl::Duration delay, runtime::Task task) override {
    if (node_ != nullptr) node_->RunAfter(delay, std::move(task));
  }

 private:
  Node* node_;
};

class Instance {
 public:
  struct Roles {
    bool governance = true;
    bool exchange = true;
    bool forecast = true;
  };

  // `governing` is the instance with governance; null: this one. `exchanging` the one with
  // exchange.
  Instance(World& world, Network& network, std::string name, Roles roles);
  ~Instance();
  void Join(Instance* governing, Instance* exchanging);

  // Starts from what is on disk; serves some time later.
  void Boot();
  // The machine loses power.
  void Crash();
  bool serving() const;

  Node& node() { return node_; }
  // Of the life that runs; null where the instance is down, not yet serving, or has no such role.
  governance::GovernanceApi* governance();
  exchange::ExchangeApi* exchange();
  forecast::SeriesSource* series();  // What its exchange holds.
  forecast::ForecastApi* forecast();
  runtime::Feed* feed();
  runtime::GrantsReplica* grants();
  runtime::Log* log();
  // Null for a domain that this instance does not serve.
  const runtime::Domain* domain(base::DomainId id) const;
  // The ingest session of a stream in this life, opened when first asked for; null where exchange
  // does not serve. EndSession drops it, as the shell does after a refused block.
  exchange::IngestSession* Session(const std::string& firm, const std::string& stream);
  void EndSession(const std::string& stream);
  // Keeps a subscription for as long as this life lasts, or until the firm connects again.
  void Hold(std::unique_ptr<runtime::Feed::Subscription> subscription, const std::string& firm);

 private:
  struct Life;
  // All slots are open: the rest starts.
  void Serve(const std::shared_ptr<Life>& life);

  World* world_;
  Network* network_;
  Node node_;
  Roles roles_;
  Instance* governing_ = nullptr;
  Instance* exchanging_ = nullptr;
  std::shared_ptr<Disk> disk_;
  std::shared_ptr<Life> life_;
  std::shared_ptr<LifeExecutor> executor_;  // Of the life that runs, or ran last.
};

}  // namespace tandem::simulation
