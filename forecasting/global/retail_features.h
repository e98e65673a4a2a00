// What boosted trees see of a daily retail panel: one row a (series, day of the horizon), made of
// what was known at the origin alone. Of the days after it only the calendar is read; the price of
// the origin is carried forward. Numbers are relative to a base forecast, so that one model serves
// fast and slow sellers. Reference: Makridakis, Spiliotis and Assimakopoulos, "M5 accuracy
// competition: results, findings, and conclusions", Int. J. of Forecasting 38 (2022), for what the
// best entries gave their trees.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/price_step.h"
#include "forecasting/profile/calendar.h"

namespace tandem::forecasting {

struct FeatureSeries {
  std::span<const float> history_units{};  // From the calendar's first day up to the origin.
  std::span<const PriceStep> prices{};     // Ascending; those after the origin are not read.
  std::size_t listed_day = 0;
  int item = 0;
  int department = 0;
  int category = 0;
  int store = 0;
  int region = 0;  // Of the calendar's.
};

// Views: what they show must outlive the features.
struct FeaturePanel {
  std::vector<FeatureSeries> series{};
  const RetailCalendar* calendar = nullptr;
  std::size_t horizon_days = 28;
};

// The columns, in order. A rate is units a day; a "log" is of (rate + 0.02) / (base + 0.02), base
// the mean of the base forecast over the horizon. A window that a series has not been listed for
// half of is missing (NaN).
inline constexpr std::array kRetailColumns = std::to_array<std::string_view>({
    "base_log_units",  // Of the base itself, over one unit.
    "rate_7_log",
    "rate_14_log",
    "rate_28_log",  // Rates of the newest days.
    "rate_56_log",
    "rate_91_log",
    "rate_182_log",
    "rate_364_log",
    "zero_share_28",
    "zero_share_91",
    "zero_share_364",  // Of days without a sale.
    "zero_run_days",
    "zero_run_units",  // Since the last sale; times rate_182.
    "variation_56",
    "highest_28",     // Deviation / mean; largest day / base.
    "age_days_log",   // Since the listing or first sale.
    "last_year_log",  // The horizon a year ago over the days before.
    "price_log",
    "price_to_mean_log",
    "price_to_max_log",  // Against its own 364 days.
    "price_age_days",
    "price_step_log",           // Since and of its last change, in 91 days.
    "price_to_department_log",  // Against the store-department's mean.
    "item_7_to_56_log",
    "item_28_to_182_log",  // The item in all stores.
    "item_sold_share_7",   // Of the stores, that sold it in 7 days.
    "group_7_to_56_log",
    "group_28_to_182_log",  // Its store-department.
    "department",
    "category",
    "store",
    "region",  // Identifiers.
    "day_of_horizon",
    "weekday",
    "day_of_month",
    "day_of_year",
    "regional",
    "event",
    "event_tomorrow",  // 1 + the first event's number, 0 for none.
    "base_day_log",    // The day's base over its mean.
    "weekday_56_log",
    "weekday_364_log",  // The item's own weekday over its mean.
    "regional_log",     // Its regional days over its others.
});
inline constexpr std::size_t kRetailColumnCount = kRetailColumns.size();

class RetailFeatures {
 public:
  // Reads the panel once: O(series * 400 days). kInvalidArgument, naming the series, where the
  // panel is empty, histories differ in length or hold a negative or non-finite value, an
  // identifier is negative, a region unknown, prices do not ascend or are not positive, or the
  // calendar ends before the horizon.
  static absl::StatusOr<RetailFeatures> Make(const FeaturePanel& panel);

  std::size_t series_count() const { return series_.size(); }

  // The rows of one series and all its days of the horizon: horizon_days * kRetailColumnCount
  // values, given the base forecast of each day (0 or more, units). O(horizon * columns), no
  // allocation. Spans of other sizes are a bug of the caller's.
  void FillSeries(std::size_t series, std::span<const double> base_units,
                  std::span<float> rows) const;

  // Units a day that a series sold newly: the newest 28 days drawn to the newest 182, the simplest
  // base. 0 for one that has never sold.
  double SimpleRate(std::size_t series) const;

 private:
  struct Group;
  // One series' facts that do not change over the horizon.
  struct State {
    std::array<double, 7> rates{};  // Of kWindows; NaN where missing.
    std::array<double, 3> zero_shares{};
    double zero_run_days = 0.0;
    double variation = 0.0;
    double highest_units = 0.0;
    double age_days = 0.0;
    double last_year_log = 0.0;
    std::array<double, 6> prices{};  // In the columns' order.
    std::array<double, 3> item{};
    std::array<double, 2> group{};
    std::array<double, 7> weekday_recent{};
    std::array<double, 7> weekday_year{};
    double regional_log = 0.0;
  };

  explicit RetailFeatures(const FeaturePanel& panel)
      : series_(panel.series), calendar_(panel.calendar), horizon_days_(panel.horizon_days) {}
  void ReadSeries(std::size_t series);
  void ReadPrices(std::size_t series);
  void ReadWeekdays(std::size_t series, std::size_t first);
  void ReadGroups();
  void ReadDepartmentPrices();
  void FillState(std::size_t series, double base_units, std::span<float> row) const;
  void FillDay(std::size_t series, std::size_t h, double base_ratio, std::span<float> row) const;

  std::vector<FeatureSeries> series_;
  const RetailCalendar* calendar_;
  std::size_t horizon_days_;
  std::size_t days_ = 0;
  std::vector<State> states_;
};

}  // namespace tandem::forecasting
