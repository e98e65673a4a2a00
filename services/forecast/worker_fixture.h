// The exchange as a test's table: what a worker reads, when the test lets it.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/forecast/worker.h"
#include "services/runtime/seal.h"

namespace tandem::forecast {

// Where a TableSource says that the owner's register is.
inline constexpr base::SlotId kRegister{base::DomainId::kExchange, 5};

// Sales in memory, answered in whatever order the test wants.
class TableSource final : public SeriesSource {
 public:
  explicit TableSource(const runtime::Sealer& sealer) : sealer_(sealer) {}
  void Read(const base::Caller& caller, SeriesRequest request, Done done) override {
    ++reads;
    callers.push_back(caller);
    waiting_.push_back({std::move(request), std::move(done), caller.firm});
    if (!hold) Answer(waiting_.size() - 1);
  }
  void ReadGroups(const base::Caller& caller, std::string owner, GroupsDone done) override {
    callers.push_back(caller);
    owners.push_back(std::move(owner));
    if (!group_errors.empty()) {
      const absl::Status error = group_errors.front();
      group_errors.pop_front();
      return done(error);
    }
    done(GroupsRead{groups, group_cuts(caller.firm)});
  }
  void Answer(std::size_t index) {
    auto [request, done, firm] = std::move(waiting_[index]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(index));
    if (!errors.empty()) {
      const absl::Status error = errors.front();
      errors.pop_front();
      return done(error);
    }
    SeriesColumnsRead read;
    read.items = request.items;
    std::ranges::reverse(read.items);  // The order is the source's own.
    read.first_day = request.first_day;
    read.day_count = request.last_day - request.first_day + 1;
    const std::size_t cells = read.items.size() * static_cast<std::size_t>(read.day_count);
    read.value_milli.assign(cells, 0);
    read.known.assign((cells + 7) / 8, '\0');
    std::size_t cell = 0;
    for (const std::string& item : read.items) {
      for (std::int32_t day = 0; day < read.day_count; ++day, ++cell) {
        const auto found =
            sales.find({item + "@" + request.location, request.first_day.number() + day});
        if (found == sales.end()) continue;
        read.value_milli[cell] = found->second;
        read.known[cell / 8] = static_cast<char>(read.known[cell / 8] | 1 << (cell % 8));
      }
    }
    base::Position cut;
    cut.Set({base::DomainId::kExchange,
             request.location == "east" ? std::uint16_t{0} : std::uint16_t{1}},
            position);
    read.cuts = {runtime::SealPosition(sealer_, firm, cut)};
    for (const std::string& item : request.promoted_items) {
      const auto found = promotions.find(item);
      if (found != promotions.end()) read.drivers[item].promotions = found->second;
    }
    requests.push_back(std::move(request));
    done(std::move(read));
  }
  std::size_t waiting() const { return waiting_.size(); }
  // Of the slot with the owner's register, where it was read at a position.
  std::vector<std::string> group_cuts(const std::string& firm) const {
    if (register_position == 0) return {};
    base::Position cut;
    cut.Set(kRegister, register_position);
    return {runtime::SealPosition(sealer_, firm, cut)};
  }

  std::map<std::pair<std::string, std::int32_t>, std::int64_t> sales{};
  std::deque<absl::Status> errors{};
  std::map<std::string, std::vector<ItemPromotion>> promotions{};
  std::vector<SeriesRequest> requests{};  // Those answered.
  ItemGroups groups{};
  std::deque<absl::Status> group_errors{};
  std::vector<std::string> owners{};  // Whose groups were read.
  std::uint64_t position = 10;
  std::uint64_t register_position = 0;  // 0: groups come without one.
  bool hold = false;
  int reads = 0;
  std::vector<base::Caller> callers{};

 private:
  struct Waiting {
    SeriesRequest request{};
    Done done{};
    std::string firm{};
  };
  const runtime::Sealer& sealer_;
  std::vector<Waiting> waiting_;
};

}  // namespace tandem::forecast
