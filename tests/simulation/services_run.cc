#include "tests/simulation/services_run.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/checks.h"
#include "tests/simulation/follower.h"
#include "tests/simulation/instance.h"
#include "tests/simulation/trade.h"

namespace tandem::simulation {
namespace {

class Run {
 public:
  explicit Run(std::uint64_t seed)
      : world_(seed), network_(world_, {}), clients_(world_, "clients") {
    wire_ = {.world = &world_, .network = &network_, .clients = &clients_};
    MakeInstances();
  }

  Report Do() {
    for (auto& instance : instances_) instance->Boot();
    if (SetUp()) {
      Follow();
      trade_->Begin();
      Trouble();
      Heal();
      CheckRun({.world = &world_,
                .wire = wire_,
                .governing = governing_,
                .exchanging = exchanging_,
                .forecasting = forecasting_,
                .trade = trade_.get(),
                .journal = &journal_,
                .followers = &followers_,
                .clocks_set = clocks_set_},
               report_);
    }
    // Nobody is called back any more; the world goes first, then what ran in it.
    for (auto& instance : instances_) instance->Crash();
    report_.digest = world_.digest();
    return std::move(report_);
  }

 private:
  // One process with all services, two, or three.
  void MakeInstances() {
    const std::uint64_t shape = world_.random().Below(3);
    const auto add = [this](const char* name, Instance::Roles roles) {
      instances_.push_back(std::make_unique<Instance>(world_, network_, name, roles));
      return instances_.back().get();
    };
    if (shape == 0) {
      governing_ = exchanging_ = forecasting_ = add("all", {});
    } else {
      governing_ = add("governance", {.governance = true, .exchange = false, .forecast = false});
      exchanging_ =
          add("exchange", {.governance = false, .exchange = true, .forecast = shape == 1});
      forecasting_ =
          shape == 1 ? exchanging_ : add("forecast", {.governance = false, .exchange = false});
    }
    for (auto& instance : instances_) instance->Join(governing_, exchanging_);
    trade_ =
        std::make_unique<Trade>(wire_, *governing_, *exchanging_, *forecasting_, journal_, report_);
  }

  bool SetUp() {
    bool done = false;
    clients_.RunAfter(absl::Seconds(1), [this, &done] { trade_->SetUp([&done] { done = true; }); });
    for (int i = 0; i < 120 && !done; ++i) world_.RunFor(absl::Seconds(1));
    report_.Expect(done, "the firms were admitted and the agreements signed within two minutes");
    world_.RunFor(absl::Seconds(2));
    return done && report_.broken.empty();
  }

  // Every firm follows every instance.
  void Follow() {
    for (auto& instance : instances_) {
      for (const std::string firm : {kRetailer, kMakers[0], kMakers[1], kCarrier}) {
        followers_.push_back(std::make_unique<Follower>(wire_, *instance, firm, report_));
        followers_.back()->Start();
      }
    }
  }

  void Trouble() {
    const std::uint64_t blows = 5 + world_.random().Below(15);
    for (std::uint64_t i = 0; i < blows; ++i) {
      Blow();
      world_.RunFor(world_.random().Between(absl::Milliseconds(100), absl::Seconds(4)));
    }
  }

  void Blow() {
    Instance& instance = *instances_[world_.random().Below(instances_.size())];
    switch (world_.random().Below(5)) {
      case 0:
      case 1:
        ++report_.counts["crashes"];
        instance.Crash();
        world_.RunFor(world_.random().Between(absl::ZeroDuration(), absl::Seconds(2)));
        return instance.Boot();
      case 2:
        ++report_.counts["pauses"];
        return instance.node().Pause(
            world_.random().Between(absl::Milliseconds(100), absl::Seconds(5)));
      case 3:
        clocks_set_ = true;
        return instance.node().SetClock(-world_.random().Between(absl::Seconds(1), absl::Hours(1)));
      default:
        ++report_.counts["storms"];
        return network_.set_faults({.drop_one_in = 3 + world_.random().Below(20),
                                    .repeat_one_in = 3 + world_.random().Below(20),
                                    .delay_max = absl::Milliseconds(20),
                                    .slow_one_in = 10,
                                    .slow_max = absl::Seconds(3)});
    }
  }

  void Heal() {
    network_.set_faults({});
    world_.RunFor(absl::Seconds(10));
    trade_->Stop();
    for (int i = 0; i < 120 && !trade_->Ended(); ++i) world_.RunFor(absl::Seconds(1));
    report_.Expect(trade_->Ended(), "every client got an answer after all was healed");
    world_.RunFor(absl::Seconds(15));
  }

  World world_;
  Network network_;
  Node clients_;
  Wire wire_;
  Journal journal_;
  Report report_;
  bool clocks_set_ = false;
  std::vector<std::unique_ptr<Instance>> instances_;
  Instance* governing_ = nullptr;
  Instance* exchanging_ = nullptr;
  Instance* forecasting_ = nullptr;
  std::unique_ptr<Trade> trade_;
  std::vector<std::unique_ptr<Follower>> followers_;
};

}  // namespace

Report RunServices(std::uint64_t seed) { return Run(seed).Do(); }

}  // namespace tandem::simulation
