// Computes runs: reads the series of a cut, fits them on the executor in steps that never wait, and
// publishes the result as the firm that asked, by the same handlers as everyone. The result does
// not depend on how many threads there are or which is faster.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "services/base/day.h"
#include "services/base/fact.h"
#include "services/forecast/api.h"
#include "services/forecast/drivers.h"
#include "services/runtime/seams.h"

namespace tandem::forecast {

// Daily sales of one location, as columns.
struct SeriesRequest {
  std::string owner{};     // Firm id.
  std::string location{};  // Id in the owner's register.
  std::vector<std::string> items{};
  base::Day first_day{};
  base::Day last_day{};      // Included.
  bool with_events = false;  // The owner's calendar at the location too, of all days.
  // Of which of the items more is read, of all days; the caller may read it.
  std::vector<std::string> priced_items{};
  std::vector<std::string> promoted_items{};
  std::vector<std::string> stocked_items{};  // The location's firm's free stock.
};

struct SeriesColumnsRead {
  std::vector<std::string> items{};  // Of those asked for, in any order; one left out has no data.
  base::Day first_day{};
  std::int32_t day_count = 0;
  std::vector<std::int64_t> value_milli{};  // [item * day_count + day]; 0 where it is not known.
  std::string known{};  // Bit item * day_count + day, least significant first; "": all are known.
  // What was read: positions sealed for the firm on whose behalf it was, of each slot at least one.
  std::vector<std::string> cuts{};
  // Bit item * day_count + day: the shelf was empty at the day's end, so that what sold is the
  // least that was wanted; "": never, or stock was not asked for.
  std::string shelf_empty{};
  // Where they were asked for, by the owner's id; none where the caller may not read them.
  std::vector<CalendarEvent> events{};
  // Where they were asked for, by item. An item priced in several currencies has no prices.
  absl::flat_hash_map<std::string, ItemDrivers> drivers{};
};

// By item: its levels in the owner's hierarchy, from the root down, joined by '/'. None for an item
// without.
using ItemGroups = absl::flat_hash_map<std::string, std::string>;

struct GroupsRead {
  ItemGroups groups{};
  std::vector<std::string> cuts{};  // As of SeriesColumnsRead.
};

// The exchange as the worker reads it: in the same process or over gRPC. The shell implements it.
class SeriesSource {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<SeriesColumnsRead>)>;
  virtual ~SeriesSource() = default;
  // Reads what the caller may read; `done` runs once, on any thread, also inside the call. Errors
  // as ExchangeService.ReadSeries, ReadPrices, ListPromotions and ListEvents; UNAVAILABLE and
  // RESOURCE_EXHAUSTED are tried again.
  virtual void Read(const base::Caller& on_behalf_of, SeriesRequest request, Done done) = 0;

  using GroupsDone = absl::AnyInvocable<void(absl::StatusOr<GroupsRead>)>;
  // The groups of the owner's items; none where the caller may not read the owner's register.
  // `done` and errors as Read.
  virtual void ReadGroups(const base::Caller& on_behalf_of, std::string owner, GroupsDone done) = 0;
};

struct WorkerOptions {
  std::size_t items_per_read = 1'000;  // With 1,461 days, about 12 MB.
  std::size_t reads_at_once = 3;       // A run's; bounds its memory.
  int tries_max = 60;                  // Of one step; the wait doubles from 100 ms to 5 s.
};

// Runs survive a restart: Start finds those that have not ended and begins them anew. The worker's
// executor must have been shut down before what the worker was given is destroyed.
class Worker final : public RunQueue {
 public:
  Worker(ForecastApi& api, SeriesSource& source, runtime::Executor& executor,
         WorkerOptions options);
  ~Worker() override;

  // Begins what a crash or a restart left. Once, after the router serves forecast's slots.
  void Start();

  void Begin(std::string_view relation, std::string_view run) override;
  std::optional<Progress> ProgressOf(std::string_view relation,
                                     std::string_view run) const override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tandem::forecast
