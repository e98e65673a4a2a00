#include "services/forecast/chunk_builder.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "services/base/status.h"
#include "services/forecast/series.h"

namespace tandem::forecast {
namespace {

// Well below what a chunk may have, so that framing never decides.
constexpr std::size_t kChunkBytes = kChunkBytesMax / 4 * 3;

std::size_t BytesOf(base::Quantity quantity) {
  return google::protobuf::io::CodedOutputStream::VarintSize64(
      static_cast<std::uint64_t>(quantity.milli()) << 1);
}

}  // namespace

absl::Status ChunkBuilder::AddDays(const std::string& item,
                                   const std::vector<base::Quantity>& days) {
  TANDEM_ASSIGN_OR_RETURN(std::vector<base::Quantity> mean, InBuckets(item, days));
  Add(item, {.mean = std::move(mean)});
  return absl::OkStatus();
}

void ChunkBuilder::Add(const std::string& item, const LocalForecast& forecast) {
  std::size_t bytes = item.size() + 16;
  for (const base::Quantity quantity : forecast.mean) bytes += BytesOf(quantity);
  for (const base::Quantity quantity : forecast.quantiles) bytes += BytesOf(quantity);
  if (chunks_.empty() || bytes_ + bytes > kChunkBytes ||
      chunks_.back().series.item_index_size() == kSeriesMax) {
    v1::SeriesColumns& series = chunks_.emplace_back().series;
    series.set_owner(absl::StrCat("firms/", batch_.owner));
    series.add_locations(batch_.location);
    bytes_ = 0;
  }
  bytes_ += bytes;
  v1::SeriesColumns& chunk = chunks_.back().series;
  chunk.add_item_index(static_cast<std::uint32_t>(chunk.items_size()));
  chunk.add_location_index(0);
  chunk.add_items(item);
  for (const base::Quantity quantity : forecast.mean) chunk.add_mean_milli(quantity.milli());
  for (const base::Quantity quantity : forecast.quantiles) {
    chunks_.back().quantiles.add_value_milli(quantity.milli());
  }
}

absl::StatusOr<std::vector<base::Quantity>> ChunkBuilder::InBuckets(
    const std::string& item, const std::vector<base::Quantity>& days) const {
  std::vector<base::Quantity> buckets;
  buckets.reserve(days.size() / bucket_days_);
  for (std::size_t begin = 0; begin + bucket_days_ <= days.size(); begin += bucket_days_) {
    std::int64_t milli = 0;
    for (std::size_t day = begin; day < begin + bucket_days_; ++day) milli += days[day].milli();
    if (milli > base::Quantity::kMilliMax) {
      return absl::OutOfRangeError(
          absl::StrCat("item ", item, " at ", batch_.location, ": a week's forecast is too large"));
    }
    buckets.push_back(base::Quantity::FromMilli(milli));
  }
  return buckets;
}

}  // namespace tandem::forecast
