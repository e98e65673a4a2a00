#include "tests/bench/forecasting_effects/replay_sets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "tests/bench/forecasting_effects/bench.h"
#include "tests/bench/forecasting_effects/orange_juice.h"
#include "tests/bench/forecasting_effects/table.h"

namespace tandem::bench {
namespace {

// Log of a price over the highest of the last 13 buckets: 0 at the regular price, below it at a
// cut.
double Cut(const std::vector<double>& log_prices, std::size_t t) {
  const std::size_t from = t < 12 ? 0 : t - 12;
  double regular = log_prices[t];
  for (std::size_t u = from; u < t; ++u) {
    if (std::isfinite(log_prices[u])) regular = std::max(regular, log_prices[u]);
  }
  return std::isfinite(regular) ? log_prices[t] - regular : 0.0;
}

using PlaceAndItem = std::pair<std::string, std::string>;

ReplaySeries& SeriesOf(ReplaySet& set, std::map<PlaceAndItem, std::size_t>& indexes,
                       const PlaceAndItem& key) {
  const auto [found, added] = indexes.emplace(key, set.series.size());
  if (added) {
    set.series.push_back({.units = std::vector<double>(set.buckets, kNoRecord),
                          .promotions = std::vector<double>(set.buckets * set.promotions)});
  }
  return set.series[found->second];
}

std::vector<std::string> DatesOf(const TextTable& table, std::size_t column) {
  std::vector<std::string> dates;
  for (std::size_t row = 0; row < table.rows(); ++row) dates.emplace_back(table.At(row, column));
  std::ranges::sort(dates);
  dates.erase(std::unique(dates.begin(), dates.end()), dates.end());
  return dates;
}

std::size_t IndexOf(const std::vector<std::string>& dates, std::string_view date) {
  return static_cast<std::size_t>(std::ranges::lower_bound(dates, date) - dates.begin());
}

}  // namespace

ReplaySet JuiceSet() {
  constexpr int kFirstWeek = 40;
  ReplaySet set{.name = "orangejuice",
                .promotions = 4,
                .buckets = 121,
                .short_buckets = 13,
                .first_origin = 60,
                .scored_from = 76,
                .lead_buckets = 2};
  for (const JuiceSeries& juice : ReadJuice(DataFolder("orangejuice"))) {
    ReplaySeries& series = set.series.emplace_back();
    series.group = static_cast<std::size_t>(juice.brand);
    series.units.assign(set.buckets, kNoRecord);
    series.promotions.assign(set.buckets * set.promotions, 0.0);
    std::vector<double> prices(set.buckets, kNoRecord);
    for (const JuiceWeek& week : juice.weeks) {
      const auto t = static_cast<std::size_t>(week.week - kFirstWeek);
      if (t >= set.buckets) Fail("orangejuice: a week is not 40 to 160");
      prices[t] = week.log_prices[static_cast<std::size_t>(juice.brand - 1)];
      series.units[t] = week.units;
      double* drivers = &series.promotions[t * set.promotions];
      drivers[0] = Cut(prices, t);
      drivers[1] = week.deal;
      drivers[2] = week.feature;
      drivers[3] = week.deal * week.feature;
    }
  }
  return set;
}

ReplaySet StallionSet() {
  const TextTable table(DataFolder("stallion") + "/stallion_dev.csv");
  const std::vector<std::string> months = DatesOf(table, table.Column("date"));
  constexpr std::array kEvents = {"easter_day", "christmas", "new_year", "football_gold_cup",
                                  "music_fest"};
  ReplaySet set{.name = "stallion",
                .promotions = 1 + kEvents.size(),
                .buckets = months.size(),
                .season_buckets = 12.0,
                .short_buckets = 12,
                .first_origin = 30,
                .scored_from = 40};
  std::map<PlaceAndItem, std::size_t> indexes;
  std::map<std::string, std::size_t> products;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string product(table.At(row, table.Column("sku")));
    ReplaySeries& series =
        SeriesOf(set, indexes, {std::string(table.At(row, table.Column("agency"))), product});
    series.group = products.emplace(product, products.size()).first->second;
    const std::size_t t = IndexOf(months, table.At(row, table.Column("date")));
    series.units[t] = table.Number(row, table.Column("volume"), kNoRecord);
    double* drivers = &series.promotions[t * set.promotions];
    const double regular = table.Number(row, table.Column("price_regular"), 0.0);
    const double actual = table.Number(row, table.Column("price_actual"), 0.0);
    drivers[0] = regular > 0.0 && actual > 0.0 ? std::log(actual / regular) : 0.0;
    for (std::size_t e = 0; e < kEvents.size(); ++e) {
      drivers[1 + e] = table.Number(row, table.Column(kEvents[e]), 0.0);
    }
  }
  return set;
}

ReplaySet WalmartSet() {
  constexpr std::size_t kMarkdowns = 5;
  const std::string folder = DataFolder("walmart2014");
  const TextTable sales(folder + "/train_stores_1_30.csv");
  const TextTable features(folder + "/features.csv");
  const std::vector<std::string> weeks = DatesOf(sales, sales.Column("Date"));
  ReplaySet set{.name = "walmart2014",
                .promotions = 1 + kMarkdowns,
                .buckets = weeks.size(),
                .short_buckets = 13,
                .first_origin = 100,
                .scored_from = 112};
  std::map<std::pair<std::string, std::string>, std::array<double, 1 + kMarkdowns>> known;
  for (std::size_t row = 0; row < features.rows(); ++row) {
    auto& drivers = known[{std::string(features.At(row, features.Column("Store"))),
                           std::string(features.At(row, features.Column("Date")))}];
    drivers[0] = features.At(row, features.Column("IsHoliday")) == "TRUE" ? 1.0 : 0.0;
    for (std::size_t m = 0; m < kMarkdowns; ++m) {
      const std::size_t column = features.Column("MarkDown" + std::to_string(m + 1));
      drivers[1 + m] = std::log1p(std::max(0.0, features.Number(row, column, 0.0)) / 1000.0);
    }
  }
  std::map<PlaceAndItem, std::size_t> indexes;
  for (std::size_t row = 0; row < sales.rows(); ++row) {
    const std::string store(sales.At(row, sales.Column("Store")));
    const std::string department(sales.At(row, sales.Column("Dept")));
    const std::string date(sales.At(row, sales.Column("Date")));
    ReplaySeries& series = SeriesOf(set, indexes, {store, department});
    series.group = static_cast<std::size_t>(std::stoi(department));
    const std::size_t t = IndexOf(weeks, date);
    const double units = sales.Number(row, sales.Column("Weekly_Sales"), kNoRecord);
    series.units[t] = units > 0.0 ? units : kNoRecord;  // Returns exceeded sales: no demand.
    std::ranges::copy(known[{store, date}], &series.promotions[t * set.promotions]);
  }
  return set;
}

}  // namespace tandem::bench
