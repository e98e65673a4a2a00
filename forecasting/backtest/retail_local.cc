#include "forecasting/backtest/retail_local.h"

#include <algorithm>
#include <span>

#include "forecasting/profile/profile.h"

namespace tandem::forecasting {

namespace {

ProfilePanel PanelOf(const RetailHistory& history, const RetailGroups& groups, std::size_t days) {
  ProfilePanel panel{.pool_count = groups.departments, .calendar = history.calendar};
  panel.groups.resize(groups.count);
  for (std::size_t i = 0; i < history.ids.size(); ++i) {
    const RetailIds& ids = history.ids[i];
    const std::size_t group = groups.of_series[i];
    panel.groups[group] = {.pool = static_cast<std::size_t>(ids.department),
                           .region = static_cast<std::size_t>(ids.state)};
    panel.series.push_back(
        {.group = group, .history_units = history.Of(i, days), .first_day = history.listed_day[i]});
    if (history.prices.empty()) continue;
    // Those of days after the origin are not known then.
    const std::vector<PriceStep>& prices = history.prices[i];
    const auto known = std::ranges::lower_bound(prices, days, {}, &PriceStep::first_day);
    panel.series.back().prices = std::span(prices.begin(), known);
  }
  return panel;
}

}  // namespace

RetailGroups GroupsOf(const RetailHistory& history) {
  RetailGroups groups;
  std::size_t stores = 0;
  for (const RetailIds& ids : history.ids) {
    groups.departments = std::max(groups.departments, static_cast<std::size_t>(ids.department) + 1);
    stores = std::max(stores, static_cast<std::size_t>(ids.store) + 1);
  }
  groups.count = groups.departments * stores;
  for (const RetailIds& ids : history.ids) {
    groups.of_series.push_back(static_cast<std::size_t>(ids.store) * groups.departments +
                               static_cast<std::size_t>(ids.department));
  }
  return groups;
}

absl::StatusOr<LocalForecast> ForecastLocally(const RetailHistory& history, std::size_t days,
                                              const ProfileOptions& options, Executor& executor) {
  absl::StatusOr<Profile> profile =
      Profile::Make(PanelOf(history, GroupsOf(history), days), options);
  if (!profile.ok()) return profile.status();
  absl::Status status =
      RunAll(executor, profile->pool_count(), [&](std::size_t p) { return profile->FitPool(p); });
  if (!status.ok()) return status;
  status =
      RunAll(executor, profile->group_count(), [&](std::size_t g) { return profile->FitGroup(g); });
  if (!status.ok()) return status;
  status = RunAll(executor, profile->pool_count(),
                  [&](std::size_t p) { return profile->FitResponse(p); });
  if (!status.ok()) return status;
  status = RunAll(executor, profile->series_count(),
                  [&](std::size_t i) { return profile->FitSeries(i); });
  if (!status.ok()) return status;
  profile->Align();
  const std::size_t horizon = options.horizon_days;
  LocalForecast forecast{.mean_units = std::vector<double>(history.ids.size() * horizon)};
  for (std::size_t i = 0; i < history.ids.size(); ++i) {
    profile->Forecast(i, std::span(forecast.mean_units).subspan(i * horizon, horizon));
  }
  for (std::size_t g = 0; g < profile->group_count(); ++g) {
    forecast.season_index.push_back(profile->season_of_group(g).index);
  }
  return forecast;
}

}  // namespace tandem::forecasting
