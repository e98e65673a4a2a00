// Real series on which two partners' forecasts are replayed.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace tandem::bench {

// A series in buckets 0..n-1 of its set.
struct ReplaySeries {
  std::size_t group = 0;
  std::vector<double> units{};       // A NaN: no record.
  std::vector<double> promotions{};  // `promotions` a bucket, all 0 without a promotion.
};

struct ReplaySet {
  std::string name{};
  std::size_t promotions = 0;  // Drivers a bucket that only the retailer knows.
  std::size_t buckets = 0;
  double season_buckets = 52.18;  // A year.
  std::size_t short_buckets = 0;  // All that the retailer's history reaches back.
  std::size_t first_origin = 0;   // Buckets known at the first origin.
  std::size_t scored_from = 0;    // Origins from here on count; before, records only grow.
  std::size_t lead_buckets = 1;   // Bucket origin - 1 + lead is forecast.
  std::vector<ReplaySeries> series{};
};

inline constexpr double kNoRecord = std::numeric_limits<double>::quiet_NaN();

ReplaySet JuiceSet();     // Weeks of a brand in a shop; price cut, deal, feature.
ReplaySet StallionSet();  // Months of a product at an agency; price cut, holidays.
ReplaySet WalmartSet();   // Weeks of a department of a shop; markdowns, holiday week.

}  // namespace tandem::bench
