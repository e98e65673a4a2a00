#include "services/forecast/series.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "services/base/bytes.h"
#include "services/base/name.h"
#include "services/base/quantity.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/forecast/decide.h"
#include "services/forecast/model.h"

namespace tandem::forecast {
namespace {

using base::Reason;
using Ids = google::protobuf::RepeatedPtrField<std::string>;

absl::Status BadColumns(std::string_view field, std::string_view rule, std::int64_t row) {
  return base::RefuseField(Reason::kBadColumns, field, rule, {{"row", row}});
}

absl::Status CheckIds(const char* field, const Ids& ids) {
  absl::flat_hash_set<absl::string_view> seen;
  for (int i = 0; i < ids.size(); ++i) {
    const std::string path = absl::StrCat("series.", field, "[", i, "]");
    TANDEM_RETURN_IF_ERROR(base::CheckId(path, ids[i]));
    if (!seen.insert(ids[i]).second) {
      return base::RefuseField(Reason::kDuplicateRow, path, "an id stands once", {{"id", ids[i]}});
    }
  }
  return absl::OkStatus();
}

absl::Status CheckIndexes(const v1::SeriesColumns& series) {
  absl::flat_hash_set<std::uint64_t> seen;
  for (int row = 0; row < series.item_index_size(); ++row) {
    const std::uint32_t item = series.item_index(row);
    const std::uint32_t location = series.location_index(row);
    if (item >= static_cast<std::uint32_t>(series.items_size())) {
      return BadColumns("series.item_index", "an index must be within items", row);
    }
    if (location >= static_cast<std::uint32_t>(series.locations_size())) {
      return BadColumns("series.location_index", "an index must be within locations", row);
    }
    if (!seen.insert(std::uint64_t{item} << 32 | location).second) {
      return base::RefuseField(Reason::kDuplicateRow, "series.item_index",
                               "a series stands once in a chunk",
                               {{"row", row},
                                {"item", series.items(static_cast<int>(item))},
                                {"location", series.locations(static_cast<int>(location))}});
    }
  }
  return absl::OkStatus();
}

// Looks up an id of the chunk's dictionary in a scope's ascending list, once an id.
std::vector<char> InList(const Ids& ids, const std::vector<std::string>& list) {
  std::vector<char> in;
  for (const std::string& id : ids) in.push_back(std::ranges::binary_search(list, id) ? 1 : 0);
  return in;
}

bool IsAll(const SeriesChoice& choice) { return choice.items.empty() && choice.locations.empty(); }

bool IsChosen(const v1::SeriesColumns& series, int row, const SeriesChoice& choice) {
  const std::string& item = series.items(static_cast<int>(series.item_index(row)));
  const std::string& location = series.locations(static_cast<int>(series.location_index(row)));
  return (choice.items.empty() || choice.items.contains(item)) &&
         (choice.locations.empty() || choice.locations.contains(location));
}

}  // namespace

absl::Status CheckSeries(const v1::SeriesColumns& series) {
  TANDEM_RETURN_IF_ERROR(base::ParseName("series.owner", "firms/*", series.owner()).status());
  const int rows = series.item_index_size();
  if (rows < 1 || rows > kSeriesMax) {
    return base::RefuseField(Reason::kBadColumns, "series.item_index", "1 to 4,000 series a chunk",
                             {{"series", rows}});
  }
  if (series.ByteSizeLong() > kChunkBytesMax) {
    return base::RefuseField(Reason::kBlockTooLarge, "series", "a chunk is at most 512 KiB",
                             {{"bytes", series.ByteSizeLong()}});
  }
  if (series.location_index_size() != rows) {
    return BadColumns("series.location_index", "as long as item_index",
                      series.location_index_size());
  }
  if (series.mean_milli_size() == 0 || series.mean_milli_size() % rows != 0) {
    return BadColumns("series.mean_milli", "as many values for each series",
                      series.mean_milli_size());
  }
  TANDEM_RETURN_IF_ERROR(CheckIds("items", series.items()));
  TANDEM_RETURN_IF_ERROR(CheckIds("locations", series.locations()));
  TANDEM_RETURN_IF_ERROR(CheckIndexes(series));
  for (int i = 0; i < series.mean_milli_size(); ++i) {
    const std::int64_t value = series.mean_milli(i);
    if (value >= -base::Quantity::kMilliMax && value <= base::Quantity::kMilliMax) continue;
    return base::RefuseField(Reason::kQuantityOutOfRange, "series.mean_milli",
                             "at most 9,000,000,000,000 thousandths",
                             {{"value_index", i}, {"value", value}});
  }
  return absl::OkStatus();
}

absl::Status CheckQuantiles(const v1::SeriesColumns& series, const v1::QuantileColumns& quantiles) {
  const int values = series.mean_milli_size();
  const int count = quantiles.value_milli_size();
  if (count == 0) return absl::OkStatus();
  if (count % values != 0 || count / values > static_cast<int>(kQuantileLevelsMax)) {
    return base::RefuseField(Reason::kBadColumns, "quantiles.value_milli",
                             "as many quantiles for each value, at most 19",
                             {{"quantiles", count}, {"values", values}});
  }
  const std::size_t bytes = series.ByteSizeLong() + quantiles.ByteSizeLong();
  if (bytes > kChunkBytesMax) {
    return base::RefuseField(Reason::kBlockTooLarge, "quantiles",
                             "a chunk is at most 512 KiB with its quantiles", {{"bytes", bytes}});
  }
  const int levels = count / values;
  for (int i = 0; i < count; ++i) {
    const std::int64_t value = quantiles.value_milli(i);
    if (value < -base::Quantity::kMilliMax || value > base::Quantity::kMilliMax) {
      return base::RefuseField(Reason::kQuantityOutOfRange, "quantiles.value_milli",
                               "at most 9,000,000,000,000 thousandths",
                               {{"value_index", i}, {"value", value}});
    }
    if (i % levels > 0 && value < quantiles.value_milli(i - 1)) {
      return base::RefuseField(Reason::kBadColumns, "quantiles.value_milli",
                               "a quantile is no less than that of the level before",
                               {{"row", i / levels / (values / series.item_index_size())},
                                {"value_index", i},
                                {"value", value}});
    }
  }
  return absl::OkStatus();
}

absl::Status CheckScope(const v1::SeriesColumns& series, const base::AgreementTerms& terms) {
  const std::string owner = series.owner().substr(std::string_view("firms/").size());
  std::vector<std::pair<std::vector<char>, std::vector<char>>> scopes;
  for (const base::AgreementTerms::ItemScope& scope : terms.scopes) {
    if (scope.owner != owner) continue;
    scopes.emplace_back(InList(series.items(), scope.items),
                        InList(series.locations(), scope.locations));
  }
  for (int row = 0; row < series.item_index_size(); ++row) {
    const std::uint32_t item = series.item_index(row);
    const std::uint32_t location = series.location_index(row);
    const bool inside = std::ranges::any_of(scopes, [item, location](const auto& scope) {
      return scope.first[item] && scope.second[location];
    });
    if (inside) continue;
    return base::Refuse(Reason::kNotGranted, "a series is outside the agreement's scope",
                        {{"row", row},
                         {"owner", owner},
                         {"item", series.items(static_cast<int>(item))},
                         {"location", series.locations(static_cast<int>(location))}});
  }
  return absl::OkStatus();
}

v1::SeriesColumns Chosen(const v1::SeriesColumns& series, const SeriesChoice& choice) {
  if (IsAll(choice)) return series;
  v1::SeriesColumns chosen;
  chosen.set_owner(series.owner());
  const int buckets =
      series.item_index_size() == 0 ? 0 : series.mean_milli_size() / series.item_index_size();
  absl::flat_hash_map<std::uint32_t, std::uint32_t> items;
  absl::flat_hash_map<std::uint32_t, std::uint32_t> locations;
  const auto place = [](auto& places, std::uint32_t index, const Ids& from, Ids& to) {
    const auto [at, is_new] = places.try_emplace(index, static_cast<std::uint32_t>(to.size()));
    if (is_new) *to.Add() = from[static_cast<int>(index)];
    return at->second;
  };
  for (int row = 0; row < series.item_index_size(); ++row) {
    const std::uint32_t item = series.item_index(row);
    const std::uint32_t location = series.location_index(row);
    if (!IsChosen(series, row, choice)) continue;
    chosen.add_item_index(place(items, item, series.items(), *chosen.mutable_items()));
    chosen.add_location_index(
        place(locations, location, series.locations(), *chosen.mutable_locations()));
    for (int bucket = 0; bucket < buckets; ++bucket) {
      chosen.add_mean_milli(series.mean_milli(row * buckets + bucket));
    }
  }
  return chosen;
}

v1::QuantileColumns ChosenQuantiles(const v1::SeriesColumns& series,
                                    const v1::QuantileColumns& quantiles,
                                    const SeriesChoice& choice) {
  if (IsAll(choice)) return quantiles;
  v1::QuantileColumns chosen;
  const int rows = series.item_index_size();
  const int each = rows == 0 ? 0 : quantiles.value_milli_size() / rows;
  for (int row = 0; row < rows; ++row) {
    if (!IsChosen(series, row, choice)) continue;
    for (int i = 0; i < each; ++i) chosen.add_value_milli(quantiles.value_milli(row * each + i));
  }
  return chosen;
}

absl::Status DistinctSeries::Add(std::int64_t chunk, const v1::SeriesColumns& series) {
  for (int row = 0; row < series.item_index_size(); ++row) {
    const std::string& item = series.items(static_cast<int>(series.item_index(row)));
    const std::string& location = series.locations(static_cast<int>(series.location_index(row)));
    const std::string hash =
        Sha256(absl::StrCat(series.owner(), "/locations/", location, "/items/", item));
    base::ByteReader in(hash);
    const std::uint64_t high = in.BigEndian64();
    if (seen_.insert(absl::MakeUint128(high, in.BigEndian64())).second) continue;
    return base::RefuseField(Reason::kDuplicateRow, "series", "a series stands once in a version",
                             {{"chunk", chunk}, {"item", item}, {"location", location}});
  }
  return absl::OkStatus();
}

}  // namespace tandem::forecast
