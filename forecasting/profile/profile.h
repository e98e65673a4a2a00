// The pooled profile: what an item sells in a store is its own level times the season of its
// store-department, which is learnt on the sum, where it can be seen, and drawn to the season of
// the department in all stores. The items' levels are scaled so that they add up to the group's:
// top-down by forecast proportions, which puts the group's newer and surer level under its items.
// Where prices are known, an item also sells by the elasticity of its pool, and where promotions
// are, by their uplift there, its own as far as it shows one.
// Reference: Gross and Sohl, "Disaggregation methods to expedite product line forecasting", J. of
// Forecasting 9 (1990), for the proportions; season.h, demand_response.h and item_level.h for the
// parts.
//
//   auto profile = Profile::Make(panel, {});                  // Sums the groups and pools.
//   for (pool...) profile->FitPool(pool);                     // Each loop may run in parallel:
//   for (group...) profile->FitGroup(group);                  // a call touches its own part only,
//   for (pool...) profile->FitResponse(pool);                 // and the loop before is done.
//   if (profile->TakeOutPromotions()) {                       // Seasons of what sells without
//   them.
//     for (pool...) profile->FitPool(pool);
//     for (group...) profile->FitGroup(group);
//   }
//   for (series...) profile->FitSeries(series);
//   profile->Align();
//   for (series...) profile->Forecast(series, forecast_units);
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/knowledge.h"
#include "forecasting/price_step.h"
#include "forecasting/profile/calendar.h"
#include "forecasting/profile/demand_response.h"
#include "forecasting/profile/item_level.h"
#include "forecasting/profile/season.h"

namespace tandem::forecasting {

struct ProfileSeries {
  std::size_t group = 0;
  std::span<const float> history_units{};  // From the calendar's first day on, up to the origin.
  // Of the same days, or empty: all are known. In sums a day that is not counts as the mean of the
  // last four known ones of its weekday, or as its bound where that is more.
  std::span<const Knowledge> knowledge{};
  std::size_t first_day = 0;  // Of the listing, counted from 0.
  // Ascending, also of the horizon where known in advance; empty: no price is known.
  std::span<const PriceStep> prices{};
  std::span<const PromotionDays> promotions{};  // Also of the horizon where they are planned.
};

struct ProfileGroup {
  std::size_t pool = 0;
  std::size_t region = 0;  // Of the calendar's.
};

// Views: what they show must outlive the profile.
struct ProfilePanel {
  std::vector<ProfileSeries> series{};
  std::vector<ProfileGroup> groups{};
  std::size_t pool_count = 0;
  const RetailCalendar* calendar = nullptr;
};

struct ProfileOptions {
  std::size_t horizon_days = 28;
  SeasonOptions season{};
  ItemLevelOptions item{};
  DemandResponseOptions response{};
};

class Profile {
 public:
  // kInvalidArgument, naming the series or group, where the panel is empty, histories differ in
  // length, a group, pool or region is out of range, a value is negative or not finite, a
  // price is not above 0 or its days do not ascend, a promotion ends before it begins, is of no
  // kind or expects what is not finite, or the calendar ends before the horizon.
  // O(series * days).
  static absl::StatusOr<Profile> Make(ProfilePanel panel, const ProfileOptions& options);

  std::size_t pool_count() const { return panel_.pool_count; }
  std::size_t group_count() const { return panel_.groups.size(); }
  std::size_t series_count() const { return panel_.series.size(); }

  // Errors as FitSeason and FitItemLevel, with the part's number.
  absl::Status FitPool(std::size_t pool);
  absl::Status FitGroup(std::size_t group);
  // After all groups. Without a price in the pool its elasticity is 0.
  absl::Status FitResponse(std::size_t pool);
  // After all pools' responses: takes what promotions sold more out of the sums of pools and
  // groups, whose seasons and levels are then to be fitted anew. False, and nothing is done, where
  // no series has a promotion.
  bool TakeOutPromotions();
  absl::Status FitSeries(std::size_t series);
  // Once, after all series: how the levels of each group's items add up.
  void Align();

  // A value a day of the horizon, after Align.
  void Forecast(std::size_t series, std::span<double> forecast_units) const;

  const Season& season_of_group(std::size_t group) const { return group_seasons_[group]; }
  const DemandResponse& response_of_pool(std::size_t pool) const { return responses_[pool]; }
  // A logarithm, beside its pool's; 0 without promotions.
  double own_uplift_of_series(std::size_t series) const { return own_uplifts_[series]; }
  const ItemLevel& level_of_series(std::size_t series) const { return levels_[series]; }

 private:
  Profile(ProfilePanel panel, const ProfileOptions& options)
      : panel_(std::move(panel)), options_(options) {}
  void AddUp();
  void AddSeries(std::size_t series, std::vector<double>& room, std::vector<double>& sum) const;
  void AddUpRegions();
  std::span<const double> IndexOf(std::size_t series, std::vector<double>& room) const;

  ProfilePanel panel_;
  ProfileOptions options_;
  std::vector<std::vector<double>> pool_units_;
  std::vector<std::vector<double>> group_units_;
  std::vector<std::vector<float>> pool_regional_;
  std::vector<Season> pool_seasons_;
  std::vector<Season> group_seasons_;
  std::vector<DemandResponse> responses_;  // By pool.
  std::vector<double> own_uplifts_;        // By series.
  std::vector<ItemLevel> levels_;
  std::vector<double> scales_;  // By group: its level over the sum of its items'.
};

}  // namespace tandem::forecasting
