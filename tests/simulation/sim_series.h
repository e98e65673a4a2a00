// The exchange as a forecast worker on another node reads it.
#pragma once

#include <functional>

#include "services/exchange/api.h"
#include "services/forecast/worker.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {

class SimSeries final : public forecast::SeriesSource {
 public:
  // `exchange` gives the other instance's handlers, or null while it does not serve.
  SimSeries(Network& network, Node& own, Node& exchanging,
            std::function<exchange::ExchangeApi*()> exchange);
  void Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request, Done done) override;
  // One page of items: no simulated firm has more.
  void ReadGroups(const base::Caller& on_behalf_of, std::string owner, GroupsDone done) override;

 private:
  Network* network_;
  Node* own_;
  Node* exchanging_;
  std::function<exchange::ExchangeApi*()> exchange_;
};

}  // namespace tandem::simulation
