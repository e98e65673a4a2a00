#include "forecasting/global/retail_features.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tandem::forecasting {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kRateFloorUnits = 0.02;
constexpr double kPriorUnits = 2.0;  // What ratios of few sales are drawn to 1 by.
constexpr std::array<std::size_t, 7> kWindows = {7, 14, 28, 56, 91, 182, 364};
constexpr std::array<std::size_t, 3> kZeroWindows = {28, 91, 364};
constexpr std::size_t kRate182 = 5;
constexpr std::size_t kYearDays = 364;
constexpr std::size_t kMonthDays = 28;
constexpr std::size_t kChangeDays = 91;
constexpr double kSimplePriorDays = 14.0;  // What the half year weighs beside the newest month.

absl::Status Refuse(std::size_t series, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("series ", series, ": ", what));
}

absl::Status CheckSeries(const FeaturePanel& panel, std::size_t i) {
  const FeatureSeries& series = panel.series[i];
  if (series.history_units.size() != panel.series.front().history_units.size()) {
    return Refuse(i, "its history has another length");
  }
  for (const float units : series.history_units) {
    if (!(units >= 0.0F) || !std::isfinite(units)) {
      return Refuse(i, "a value is negative, a NaN or an infinity");
    }
  }
  const int least = std::min({series.item, series.department, series.category, series.store});
  if (least < 0) return Refuse(i, "an identifier is negative");
  if (series.region < 0 ||
      static_cast<std::size_t>(series.region) >= panel.calendar->regional.size()) {
    return Refuse(i, "no such region");
  }
  for (std::size_t k = 0; k < series.prices.size(); ++k) {
    if (!(series.prices[k].price > 0.0) || !std::isfinite(series.prices[k].price)) {
      return Refuse(i, absl::StrCat("price ", k, " is not positive"));
    }
    if (k > 0 && series.prices[k].first_day < series.prices[k - 1].first_day) {
      return Refuse(i, absl::StrCat("price ", k, " begins before the one before it"));
    }
  }
  return absl::OkStatus();
}

absl::Status Check(const FeaturePanel& panel) {
  if (panel.series.empty()) return absl::InvalidArgumentError("the panel has no series");
  if (panel.calendar == nullptr) return absl::InvalidArgumentError("the panel has no calendar");
  absl::Status status = CheckCalendar(*panel.calendar);
  if (!status.ok()) return status;
  const std::size_t days = panel.series.front().history_units.size();
  if (days == 0) return absl::InvalidArgumentError("the histories are empty");
  if (days + panel.horizon_days > panel.calendar->days.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the calendar's ", panel.calendar->days.size(), " days end before the ", days,
                     " of history and ", panel.horizon_days, " ahead"));
  }
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    status = CheckSeries(panel, i);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

double SumOf(std::span<const float> units) {
  double sum = 0.0;
  for (const float value : units) sum += static_cast<double>(value);
  return sum;
}

// log of `units` a window over what `days` of the rate would sell, both drawn together.
double RatioLog(double units, double expected) {
  return std::log((units + kPriorUnits) / (expected + kPriorUnits));
}

std::size_t FirstDay(const FeatureSeries& series) {
  const std::size_t days = series.history_units.size();
  std::size_t first = std::min(series.listed_day, days);
  while (first < days && series.history_units[first] == 0.0F) ++first;
  return first;
}

// Sums over the newest 7, 28, 56 and 182 days of what belongs together.
struct Sums {
  std::array<double, 4> units{};
  double members = 0.0;
  double sold = 0.0;  // Members that sold within 7 days.

  void Add(std::span<const float> history) {
    constexpr std::array<std::size_t, 4> kDays = {7, 28, 56, 182};
    for (std::size_t k = 0; k < kDays.size(); ++k) {
      const double sum = SumOf(history.last(std::min(kDays[k], history.size())));
      units[k] += sum;
      if (k == 0 && sum > 0.0) sold += 1.0;
    }
    members += 1.0;
  }
  double Log7To56() const { return RatioLog(units[0], units[2] / 8.0); }
  double Log28To182() const { return RatioLog(units[1], units[3] / 6.5); }
};

}  // namespace

absl::StatusOr<RetailFeatures> RetailFeatures::Make(const FeaturePanel& panel) {
  const absl::Status status = Check(panel);
  if (!status.ok()) return status;
  RetailFeatures features(panel);
  features.days_ = panel.series.front().history_units.size();
  features.states_.resize(panel.series.size());
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    features.ReadSeries(i);
    features.ReadPrices(i);
  }
  features.ReadGroups();
  features.ReadDepartmentPrices();
  return features;
}

void RetailFeatures::ReadSeries(std::size_t series) {
  const std::span<const float> units = series_[series].history_units;
  State& state = states_[series];
  const std::size_t first = FirstDay(series_[series]);
  const std::size_t age = days_ - first;
  state.age_days = static_cast<double>(age);
  for (std::size_t k = 0; k < kWindows.size(); ++k) {
    const std::size_t used = std::min(kWindows[k], age);
    state.rates[k] = 2 * used < kWindows[k] || used == 0
                         ? kNan
                         : SumOf(units.last(used)) / static_cast<double>(used);
  }
  for (std::size_t k = 0; k < kZeroWindows.size(); ++k) {
    const std::size_t used = std::min(kZeroWindows[k], age);
    const auto zeros = std::ranges::count(units.last(used), 0.0F);
    state.zero_shares[k] =
        2 * used < kZeroWindows[k] ? kNan : static_cast<double>(zeros) / static_cast<double>(used);
  }
  std::size_t run = 0;
  while (run < age && units[days_ - 1 - run] == 0.0F) ++run;
  state.zero_run_days = static_cast<double>(run);
  double squares = 0.0;
  const auto recent = units.last(std::min<std::size_t>(56, age));
  const double mean = recent.empty() ? 0.0 : SumOf(recent) / static_cast<double>(recent.size());
  for (const float value : recent) squares += std::pow(static_cast<double>(value) - mean, 2);
  state.variation =
      mean > 0.0 ? std::sqrt(squares / static_cast<double>(recent.size())) / mean : kNan;
  for (const float value : units.last(std::min(kMonthDays, age))) {
    state.highest_units = std::max(state.highest_units, static_cast<double>(value));
  }
  state.last_year_log = kNan;
  if (age >= kYearDays + kMonthDays) {
    const std::size_t then = days_ - kYearDays;
    state.last_year_log = RatioLog(SumOf(units.subspan(then, kMonthDays)),
                                   SumOf(units.subspan(then - kMonthDays, kMonthDays)));
  }
  ReadWeekdays(series, first);
}

void RetailFeatures::ReadWeekdays(std::size_t series, std::size_t first) {
  const std::span<const float> units = series_[series].history_units;
  State& state = states_[series];
  const auto read = [&](std::size_t window, std::array<double, 7>& logs) {
    std::array<double, 7> sums{};
    std::array<double, 7> counts{};
    const std::size_t from = std::max(first, days_ - std::min(window, days_));
    const double days = static_cast<double>(days_ - from);
    const double mean = days > 0.0 ? SumOf(units.subspan(from)) / days : 0.0;
    for (std::size_t t = from; t < days_; ++t) {
      const auto weekday = static_cast<std::size_t>(calendar_->days[t].weekday);
      sums[weekday] += static_cast<double>(units[t]);
      counts[weekday] += 1.0;
    }
    for (std::size_t d = 0; d < 7; ++d) logs[d] = RatioLog(sums[d], mean * counts[d]);
  };
  read(56, state.weekday_recent);
  read(kYearDays, state.weekday_year);
  const std::vector<float>& regional =
      calendar_->regional[static_cast<std::size_t>(series_[series].region)];
  std::array<double, 2> sums{};
  std::array<double, 2> counts{};
  for (std::size_t t = std::max(first, days_ - std::min<std::size_t>(182, days_)); t < days_; ++t) {
    const std::size_t on = regional[t] > 0.0F ? 1 : 0;
    sums[on] += static_cast<double>(units[t]);
    counts[on] += 1.0;
  }
  const double days = counts[0] + counts[1];
  const double mean = days > 0.0 ? (sums[0] + sums[1]) / days : 0.0;
  state.regional_log = RatioLog(sums[1], mean * counts[1]) - RatioLog(sums[0], mean * counts[0]);
}

void RetailFeatures::ReadPrices(std::size_t series) {
  State& state = states_[series];
  state.prices.fill(kNan);
  const std::span<const PriceStep> steps = series_[series].prices;
  const auto known = static_cast<std::size_t>(
      std::ranges::lower_bound(steps, days_, {}, &PriceStep::first_day) - steps.begin());
  if (known == 0) return;
  const PriceStep& now = steps[known - 1];
  const std::size_t from = days_ - std::min(kYearDays, days_);
  double weighed = 0.0;
  double days = 0.0;
  double highest = now.price;
  for (std::size_t k = known, end = days_; k-- > 0 && end > from;) {
    const std::size_t begin = std::max(steps[k].first_day, from);
    weighed += steps[k].price * static_cast<double>(end - begin);
    days += static_cast<double>(end - begin);
    if (end > begin) highest = std::max(highest, steps[k].price);
    end = begin;
  }
  const std::size_t age = days_ - now.first_day;
  state.prices[0] = std::log(now.price);
  state.prices[1] = std::log(now.price * days / weighed);
  state.prices[2] = std::log(now.price / highest);
  state.prices[3] = static_cast<double>(std::min(age, kChangeDays));
  state.prices[4] =
      known > 1 && age < kChangeDays ? std::log(now.price / steps[known - 2].price) : 0.0;
}

void RetailFeatures::ReadGroups() {
  std::map<int, Sums> items;
  std::map<std::pair<int, int>, Sums> groups;
  for (const FeatureSeries& series : series_) {
    if (FirstDay(series) == days_) continue;  // Has never sold.
    items[series.item].Add(series.history_units);
    groups[{series.store, series.department}].Add(series.history_units);
  }
  for (std::size_t i = 0; i < series_.size(); ++i) {
    const Sums& item = items[series_[i].item];
    const Sums& group = groups[{series_[i].store, series_[i].department}];
    states_[i].item = {item.Log7To56(), item.Log28To182(),
                       item.members > 0.0 ? item.sold / item.members : kNan};
    states_[i].group = {group.Log7To56(), group.Log28To182()};
  }
}

void RetailFeatures::ReadDepartmentPrices() {
  std::map<std::pair<int, int>, std::pair<double, double>> means;  // Sum of logs, number.
  for (std::size_t i = 0; i < series_.size(); ++i) {
    if (std::isnan(states_[i].prices[0])) continue;
    auto& [sum, number] = means[{series_[i].store, series_[i].department}];
    sum += states_[i].prices[0];
    number += 1.0;
  }
  for (std::size_t i = 0; i < series_.size(); ++i) {
    if (std::isnan(states_[i].prices[0])) continue;
    const auto& [sum, number] = means[{series_[i].store, series_[i].department}];
    states_[i].prices[5] = states_[i].prices[0] - sum / number;
  }
}

double RetailFeatures::SimpleRate(std::size_t series) const {
  const State& state = states_[series];
  if (state.age_days == 0.0) return 0.0;
  const std::span<const float> units = series_[series].history_units;
  const auto age = static_cast<std::size_t>(state.age_days);
  const auto month = units.last(std::min(kMonthDays, age));
  const auto half = units.last(std::min<std::size_t>(182, age));
  const double rate = SumOf(half) / static_cast<double>(half.size());
  return (SumOf(month) + kSimplePriorDays * rate) /
         (static_cast<double>(month.size()) + kSimplePriorDays);
}

void RetailFeatures::FillState(std::size_t series, double base_units, std::span<float> row) const {
  const State& state = states_[series];
  const FeatureSeries& known = series_[series];
  std::size_t column = 0;
  const auto add = [&](double value) { row[column++] = static_cast<float>(value); };
  const double floored = base_units + kRateFloorUnits;
  add(std::log(floored));
  for (const double rate : state.rates) add(std::log((rate + kRateFloorUnits) / floored));
  for (const double share : state.zero_shares) add(share);
  add(state.zero_run_days);
  add(state.zero_run_days * state.rates[kRate182]);
  add(state.variation);
  add(state.highest_units / floored);
  add(std::log1p(state.age_days));
  add(state.last_year_log);
  for (const double price : state.prices) add(price);
  for (const double value : state.item) add(value);
  for (const double value : state.group) add(value);
  add(known.department);
  add(known.category);
  add(known.store);
  add(known.region);
}

void RetailFeatures::FillDay(std::size_t series, std::size_t h, double base_ratio,
                             std::span<float> row) const {
  const State& state = states_[series];
  const std::size_t t = days_ + h;
  const CalendarDay& day = calendar_->days[t];
  const auto event = [&](std::size_t d) {
    const bool any = d < calendar_->days.size() && !calendar_->days[d].events.empty();
    return any ? 1.0 + calendar_->days[d].events.front() : 0.0;
  };
  const auto weekday = static_cast<std::size_t>(day.weekday);
  const std::array<double, 11> values = {
      static_cast<double>(h),
      static_cast<double>(day.weekday),
      static_cast<double>(day.day_of_month),
      static_cast<double>(day.day_of_year),
      static_cast<double>(calendar_->regional[static_cast<std::size_t>(series_[series].region)][t]),
      event(t),
      event(t + 1),
      std::log(std::max(base_ratio, 1e-3)),
      state.weekday_recent[weekday],
      state.weekday_year[weekday],
      state.regional_log};
  for (std::size_t k = 0; k < values.size(); ++k) {
    row[kRetailColumnCount - values.size() + k] = static_cast<float>(values[k]);
  }
}

void RetailFeatures::FillSeries(std::size_t series, std::span<const double> base_units,
                                std::span<float> rows) const {
  double mean = 0.0;
  for (const double units : base_units) mean += units / static_cast<double>(base_units.size());
  for (std::size_t h = 0; h < base_units.size(); ++h) {
    const auto row = rows.subspan(h * kRetailColumnCount, kRetailColumnCount);
    if (h == 0) {
      FillState(series, mean, row);
    } else {
      std::ranges::copy(rows.first(kRetailColumnCount), row.begin());
    }
    FillDay(series, h, mean > 0.0 ? base_units[h] / mean : 1.0, row);
  }
}

}  // namespace tandem::forecasting
