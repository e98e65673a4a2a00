#include "services/tandem/cli/m5_retail.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"

namespace tandem::cli {

forecasting::RetailCalendar RetailCalendarOf(const M5Panel& panel) {
  forecasting::RetailCalendar calendar;
  std::map<std::string, int> events;
  for (const auto& named : panel.calendar.named) events.emplace(named.name, 0);
  for (auto& [name, number] : events) number = calendar.event_count++;
  const int days = panel.calendar.day_count();
  for (int d = 1; d <= days; ++d) {
    const base::Day day = panel.calendar.DayOf(d);
    const absl::CivilDay civil = absl::CivilDay(1970, 1, 1) + day.number();
    calendar.days.push_back({.weekday = day.Weekday(),
                             .day_of_month = civil.day(),
                             .day_of_year = absl::GetYearDay(civil)});
  }
  for (const auto& named : panel.calendar.named) {
    calendar.days[static_cast<std::size_t>(named.d - 1)].events.push_back(events[named.name]);
  }
  for (const std::string& state : panel.states) {
    std::vector<float>& regional =
        calendar.regional.emplace_back(static_cast<std::size_t>(days), 0.0F);
    const auto snap = panel.calendar.snap.find(state);
    if (snap == panel.calendar.snap.end()) continue;
    for (const int d : snap->second) regional[static_cast<std::size_t>(d - 1)] = 1.0F;
  }
  return calendar;
}

forecasting::RetailHistory RetailHistoryOf(const M5Panel& panel,
                                           const forecasting::RetailCalendar& calendar) {
  forecasting::RetailHistory history{.days = panel.history_days,
                                     .units = panel.units,
                                     .calendar = &calendar,
                                     .region_count = panel.states.size()};
  for (const M5PanelSeries& series : panel.series) {
    history.ids.push_back({.item = series.item,
                           .department = series.department,
                           .category = series.category,
                           .store = series.store,
                           .state = series.state});
    history.listed_day.push_back(series.listed_day);
    history.dollars.push_back(series.dollars);
  }
  for (const std::vector<M5PanelPrice>& prices : panel.prices) {
    std::vector<forecasting::PriceStep>& steps = history.prices.emplace_back();
    for (const M5PanelPrice& price : prices) {
      if (!(price.price > 0.0)) continue;  // Given away: no ratio to another price.
      const auto first = static_cast<std::size_t>(std::max(0, price.first_day));
      // Of two of one day, as where two files overlap, the later in the files counts.
      if (!steps.empty() && steps.back().first_day == first) steps.pop_back();
      steps.push_back({.first_day = first, .price = price.price});
    }
  }
  return history;
}

}  // namespace tandem::cli
