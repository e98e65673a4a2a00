// Forecasts as the chunks in which a version is uploaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/quantity.h"
#include "services/forecast/fit_local.h"
#include "services/forecast/worker_job.h"

namespace tandem::forecast {

// Puts series of a batch's owner and location into chunks of a bounded size.
class ChunkBuilder {
 public:
  // The batch must outlive the builder.
  ChunkBuilder(const Batch& batch, std::int32_t bucket_days)
      : batch_(batch), bucket_days_(static_cast<std::size_t>(bucket_days)) {}

  // Daily forecasts of whole buckets. kOutOfRange naming the item if a bucket's sum does not fit.
  absl::Status AddDays(const std::string& item, const std::vector<base::Quantity>& days);
  // Forecasts by bucket, with quantiles or without.
  void Add(const std::string& item, const LocalForecast& forecast);
  std::vector<Chunk> Take() { return std::move(chunks_); }

 private:
  absl::StatusOr<std::vector<base::Quantity>> InBuckets(
      const std::string& item, const std::vector<base::Quantity>& days) const;

  const Batch& batch_;
  const std::size_t bucket_days_;
  std::vector<Chunk> chunks_;
  std::size_t bytes_ = 0;
};

}  // namespace tandem::forecast
