// What a local model asks of a history and of a horizon before it computes.
#pragma once

#include <cstddef>
#include <span>

#include "absl/status/status.h"

namespace tandem::forecasting {

inline constexpr std::size_t kHorizonBucketsMax = 10'000;

// kInvalidArgument, naming the bucket, if the history is empty or holds a NaN or an infinity.
absl::Status CheckHistory(std::span<const double> history_units);

// As CheckHistory, and kInvalidArgument where a value is below zero: demand never is.
absl::Status CheckDemand(std::span<const double> history_units);

// kInvalidArgument if the horizon is over kHorizonBucketsMax. 0 is a horizon: nothing is forecast.
absl::Status CheckHorizon(std::size_t horizon_buckets);

// kInvalidArgument unless there is room for no quantiles or for kQuantiles a bucket (quantiles.h).
absl::Status CheckBandRoom(std::size_t horizon_buckets, std::size_t room);

// kOutOfRange unless all values are numbers: what leaves a model is finite.
absl::Status CheckForecast(std::span<const double> forecast_units);

}  // namespace tandem::forecasting
