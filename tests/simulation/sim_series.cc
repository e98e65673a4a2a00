#include "tests/simulation/sim_series.h"

#include <memory>
#include <utility>

namespace tandem::simulation {
namespace {

// `done`, called at most once: by the answer, or by the node itself where none comes.
template <typename Read>
std::function<void(absl::StatusOr<Read>)> AnswerOnce(
    Node& own, absl::AnyInvocable<void(absl::StatusOr<Read>)> done) {
  const auto once =
      std::make_shared<absl::AnyInvocable<void(absl::StatusOr<Read>)>>(std::move(done));
  const auto answer = [once](absl::StatusOr<Read> read) {
    if (auto call = std::exchange(*once, nullptr); call) call(std::move(read));
  };
  own.RunAfter(absl::Seconds(5),
               [answer] { answer(absl::UnavailableError("the exchange did not answer")); });
  return answer;
}

// What the other node calls when it has read: the answer goes back over the network.
template <typename Read>
auto SendBack(Network* network, Node* own, std::function<void(absl::StatusOr<Read>)> answer) {
  return [network, own, answer, life = own->life()](const absl::StatusOr<Read>& read) {
    network->Answer(*own, life, [answer, read] { answer(read); });
  };
}

}  // namespace

SimSeries::SimSeries(Network& network, Node& own, Node& exchanging,
                     std::function<forecast::SeriesSource*()> source)
    : network_(&network), own_(&own), exchanging_(&exchanging), source_(std::move(source)) {}

void SimSeries::ReadGroups(const base::Caller& on_behalf_of, std::string owner, GroupsDone done) {
  const auto answer = AnswerOnce<forecast::GroupsRead>(*own_, std::move(done));
  network_->Send(*exchanging_, [source = source_, caller = on_behalf_of, owner,
                                back = SendBack(network_, own_, answer)] {
    if (forecast::SeriesSource* there = source(); there != nullptr) {
      there->ReadGroups(caller, owner, back);
    }
  });
}

void SimSeries::Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request, Done done) {
  const auto answer = AnswerOnce<forecast::SeriesColumnsRead>(*own_, std::move(done));
  network_->Send(*exchanging_, [source = source_, caller = on_behalf_of, request,
                                back = SendBack(network_, own_, answer)] {
    if (forecast::SeriesSource* there = source(); there != nullptr) {
      there->Read(caller, request, back);
    }
  });
}

}  // namespace tandem::simulation
