// The exchange as a forecast worker on another node reads it.
#pragma once

#include <functional>
#include <string>

#include "services/forecast/worker.h"
#include "tests/simulation/world.h"

namespace tandem::simulation {

class SimSeries final : public forecast::SeriesSource {
 public:
  // `source` reads on the other node, as the program does there; null while that does not serve.
  SimSeries(Network& network, Node& own, Node& exchanging,
            std::function<forecast::SeriesSource*()> source);
  void Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request, Done done) override;
  void ReadGroups(const base::Caller& on_behalf_of, std::string owner, GroupsDone done) override;

 private:
  Network* network_;
  Node* own_;
  Node* exchanging_;
  std::function<forecast::SeriesSource*()> source_;
};

}  // namespace tandem::simulation
