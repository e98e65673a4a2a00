#include "services/forecast/launches.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "forecasting/backtest/long_newcomers.h"
#include "forecasting/quantile_levels.h"
#include "services/base/status.h"
#include "services/forecast/chunk_builder.h"
#include "services/forecast/fit.h"
#include "services/forecast/fit_local.h"

namespace tandem::forecast {
namespace {

using forecasting::kQuantiles;

constexpr double kMilli = 1000.0;
constexpr std::size_t kLevelsMax = 8;  // Of a hierarchy; what lies deeper is not told apart.

// What series of one owner can agree in.
class Likeness {
 public:
  explicit Likeness(const ItemGroups& groups) : groups_(groups) {
    for (const auto& [item, path] : groups) {
      const auto levels = static_cast<std::size_t>(std::ranges::count(path, '/')) + 1;
      levels_ = std::clamp(levels, levels_, kLevelsMax);
    }
    nodes_.resize(3 + levels_);
  }

  // The series' names in each grouping: item, location, lowest level at the location, levels.
  std::vector<std::string> NamesOf(const std::string& item, const std::string& location) const {
    const auto found = groups_.find(item);
    const std::string path = found == groups_.end() ? std::string() : found->second;
    std::vector<std::string> names = {item, location, absl::StrCat(location, "/", path)};
    std::size_t end = 0;
    for (std::size_t level = 0; level < levels_; ++level) {
      end = std::min(path.find('/', end), path.size());
      names.push_back(path.substr(0, end));
      end = std::min(end + 1, path.size());
    }
    return names;
  }

  void Add(const std::string& item, const std::string& location,
           std::vector<forecasting::LongLevel>& groupings) {
    const std::vector<std::string> names = NamesOf(item, location);
    groupings.resize(names.size());
    for (std::size_t g = 0; g < names.size(); ++g) {
      forecasting::LongLevel& grouping = groupings[g];
      const auto node = nodes_[g].try_emplace(names[g], grouping.node_count).first->second;
      grouping.node_count = std::max(grouping.node_count, node + 1);
      grouping.node_of_series.push_back(node);
    }
  }

  forecasting::LongNewcomer Of(const std::string& item, const std::string& location) const {
    forecasting::LongNewcomer newcomer;
    const std::vector<std::string> names = NamesOf(item, location);
    for (std::size_t g = 0; g < names.size(); ++g) {
      const auto found = nodes_[g].find(names[g]);
      newcomer.nodes.push_back(found == nodes_[g].end() ? std::nullopt
                                                        : std::optional(found->second));
    }
    return newcomer;
  }

 private:
  const ItemGroups& groups_;
  std::size_t levels_ = 1;
  std::vector<absl::flat_hash_map<std::string, std::size_t>> nodes_;  // By grouping.
};

// What was fitted of one owner, as the library forecasts newcomers from.
class Market {
 public:
  Market(const Run& run, const ItemGroups& groups)
      : likeness_(groups), buckets_(static_cast<std::size_t>(run.horizon_days / run.bucket_days)) {
    forecast_.horizon_buckets = buckets_;
    forecast_.quantile_units.resize(1);
  }

  void Add(const Batch& batch, const std::vector<Chunk>& chunks) {
    for (const Chunk& chunk : chunks) {
      for (const std::uint32_t index : chunk.series.item_index()) {
        likeness_.Add(chunk.series.items(static_cast<int>(index)), batch.location,
                      panel_.groupings);
        panel_.series.emplace_back();
      }
      for (const std::int64_t milli : chunk.series.mean_milli()) {
        forecast_.mean_units.push_back(static_cast<double>(milli) / kMilli);
      }
      for (const std::int64_t milli : chunk.quantiles.value_milli()) {
        forecast_.quantile_units[0].push_back(
            static_cast<float>(static_cast<double>(milli) / kMilli));
      }
    }
  }

  absl::StatusOr<std::vector<forecasting::LongNewcomerForecast>> Forecast(
      const Batch& batch, const std::vector<Launch>& launches) const {
    std::vector<forecasting::LongNewcomer> newcomers;
    newcomers.reserve(launches.size());
    for (const Launch& launch : launches) {
      newcomers.push_back(likeness_.Of(launch.item, batch.location));
    }
    return forecasting::ForecastNewcomers(panel_, forecast_, newcomers);
  }

  bool empty() const { return panel_.series.empty(); }

 private:
  Likeness likeness_;
  std::size_t buckets_;
  forecasting::LongPanel panel_;
  forecasting::LongForecast forecast_;
};

absl::StatusOr<LocalForecast> From(const Run& run, const Launch& launch,
                                   forecasting::LongNewcomerForecast made) {
  std::vector<double> quantiles(made.quantile_units.begin(), made.quantile_units.end());
  for (std::size_t bucket = 0; bucket < made.mean_units.size(); ++bucket) {
    const auto end = run.origin_day + 1 + (static_cast<std::int32_t>(bucket) + 1) * run.bucket_days;
    const std::int32_t left = std::clamp(end - launch.day.number(), 0, run.bucket_days);
    const double share = static_cast<double>(left) / run.bucket_days;
    made.mean_units[bucket] *= share;
    for (std::size_t k = 0; k < kQuantiles; ++k) quantiles[bucket * kQuantiles + k] *= share;
  }
  LocalForecast forecast;
  TANDEM_ASSIGN_OR_RETURN(forecast.mean, InQuantities(made.mean_units));
  TANDEM_ASSIGN_OR_RETURN(forecast.quantiles, InQuantities(quantiles));
  return forecast;
}

absl::StatusOr<std::vector<Chunk>> ChunksOf(const Run& run, const Batch& batch,
                                            const Market& market,
                                            const std::vector<Launch>& launches) {
  TANDEM_ASSIGN_OR_RETURN(auto made, market.Forecast(batch, launches));
  ChunkBuilder builder(batch, run.bucket_days);
  for (std::size_t k = 0; k < launches.size(); ++k) {
    absl::StatusOr<LocalForecast> forecast = From(run, launches[k], std::move(made[k]));
    if (!forecast.ok()) {
      return absl::Status(forecast.status().code(),
                          absl::StrCat("item ", launches[k].item, " at ", batch.location, ": ",
                                       forecast.status().message()));
    }
    builder.Add(launches[k].item, *forecast);
  }
  return builder.Take();
}

}  // namespace

std::optional<base::Day> LaunchDay(const ItemDrivers& drivers, const Run& run) {
  std::optional<base::Day> first;
  const auto take = [&first](base::Day day) {
    first = first.has_value() ? std::min(*first, day) : day;
  };
  for (const ItemPrice& price : drivers.prices) {
    if (price.price > 0.0 && std::isfinite(price.price)) take(price.first);
  }
  for (const ItemPromotion& promotion : drivers.promotions) take(promotion.first);
  const base::Day next = base::Day::FromNumber(run.origin_day) + 1;
  if (!first.has_value() || next - *first >= kLaunchDays) return std::nullopt;
  const base::Day day = std::max(*first, next);
  if (day - next >= run.horizon_days) return std::nullopt;
  return day;
}

absl::Status AddLaunches(const Run& run, const std::vector<Batch>& batches,
                         const GroupsByOwner& groups, std::vector<FittedBatch>& fitted) {
  std::map<std::string, Market> markets;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (fitted[i].launches.empty()) continue;
    markets.try_emplace(batches[i].owner, run, GroupsOf(groups, batches[i].owner));
  }
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const auto market = markets.find(batches[i].owner);
    if (market != markets.end()) market->second.Add(batches[i], fitted[i].chunks);
  }
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (fitted[i].launches.empty()) continue;
    const Market& market = markets.at(batches[i].owner);
    if (market.empty()) continue;
    TANDEM_ASSIGN_OR_RETURN(std::vector<Chunk> chunks,
                            ChunksOf(run, batches[i], market, fitted[i].launches));
    std::move(chunks.begin(), chunks.end(), std::back_inserter(fitted[i].chunks));
  }
  return absl::OkStatus();
}

}  // namespace tandem::forecast
