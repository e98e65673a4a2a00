// Items that are about to be sold and were not yet: what a run forecasts of them, from what it
// forecasts of the others (forecasting/backtest/long_newcomers.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "services/base/day.h"
#include "services/forecast/drivers.h"
#include "services/forecast/worker_job.h"

namespace tandem::forecast {

// An item priced or promoted for longer, up to the origin, without a day that is known is taken for
// one whose sales are not told.
inline constexpr std::int32_t kLaunchDays = 28;

// Of an item of which no day is known: the first day from which it has a price or a promotion, or
// the day after the origin where that is later. nullopt where it has neither, where the first is
// kLaunchDays or more before the day after the origin, or the day lies beyond the horizon.
std::optional<base::Day> LaunchDay(const ItemDrivers& drivers, const Run& run);

// Forecasts all launches of the batches, each from the owner's series that were fitted, and puts
// them behind the chunks of their batch. Items, locations, the levels of the items' hierarchy, and
// its lowest at each location are what series agree in. Before its day a launch is zero; of the
// bucket in which that lies it has the share of the days that are left, its quantiles likewise.
// Where none of an owner's series was fitted there is nothing to forecast from, and its launches
// are left out. `fitted` is by batch. Pure. kOutOfRange if a result does not fit a Quantity.
absl::Status AddLaunches(const Run& run, const std::vector<Batch>& batches,
                         const GroupsByOwner& groups, std::vector<FittedBatch>& fitted);

}  // namespace tandem::forecast
