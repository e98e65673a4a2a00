#include "services/forecast/fit_profile.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "absl/time/civil_time.h"
#include "forecasting/profile/profile.h"
#include "services/base/status.h"

namespace tandem::forecast {
namespace {

constexpr std::size_t kWeek = 7;
constexpr double kMilli = 1000.0;
constexpr double kYearDays = 365.25;

// The last known days of one weekday, at most four.
class WeekdayMean {
 public:
  void Add(float units) {
    units_[count_ % units_.size()] = units;
    ++count_;
  }
  // 0 if none is known yet.
  float Mean() const {
    const std::size_t kept = std::min(count_, units_.size());
    if (kept == 0) return 0.0F;
    return std::accumulate(units_.begin(), units_.begin() + static_cast<std::ptrdiff_t>(kept),
                           0.0F) /
           static_cast<float>(kept);
  }

 private:
  std::array<float, 4> units_{};
  std::size_t count_ = 0;
};

forecasting::RetailCalendar EmptyCalendar(base::Day first, std::size_t days) {
  forecasting::RetailCalendar calendar;
  calendar.days.reserve(days);
  for (std::size_t t = 0; t < days; ++t) {
    const base::Day day = first + static_cast<std::int32_t>(t);
    const absl::CivilDay civil = absl::CivilDay(1970, 1, 1) + day.number();
    calendar.days.push_back({.weekday = day.Weekday(),
                             .day_of_month = civil.day(),
                             .day_of_year = absl::GetYearDay(civil)});
  }
  calendar.regional.emplace_back(days, 0.0F);
  return calendar;
}

// Each name's days from `first` on, ascending, none twice.
std::map<std::string, std::set<std::size_t>> DaysByName(const std::vector<CalendarEvent>& events,
                                                        base::Day first, std::size_t days) {
  std::map<std::string, std::set<std::size_t>> by_name;
  for (const CalendarEvent& event : events) {
    const std::int32_t begin = std::max(0, event.first - first);
    const std::int32_t end = std::min(static_cast<std::int32_t>(days), event.last - first + 1);
    for (std::int32_t t = begin; t < end; ++t) {
      by_name[event.name].insert(static_cast<std::size_t>(t));
    }
  }
  return by_name;
}

forecasting::RetailCalendar CalendarFrom(const std::vector<CalendarEvent>& events, base::Day first,
                                         std::size_t days) {
  forecasting::RetailCalendar calendar = EmptyCalendar(first, days);
  const double regular = kRegularDays * std::max(1.0, static_cast<double>(days) / kYearDays);
  std::vector<std::set<std::size_t>> named;
  for (auto& [name, on] : DaysByName(events, first, days)) {
    if (static_cast<double>(on.size()) <= regular) {
      named.push_back(std::move(on));
      continue;
    }
    for (const std::size_t t : on) calendar.regional[0][t] = 1.0F;
  }
  std::ranges::stable_sort(named, std::ranges::greater(), &std::set<std::size_t>::size);
  named.resize(std::min(named.size(), kNamedMax));
  for (const std::set<std::size_t>& on : named) {
    for (const std::size_t t : on) calendar.days[t].events.push_back(calendar.event_count);
    ++calendar.event_count;
  }
  return calendar;
}

}  // namespace

ProfileFit::ProfileFit(base::Day first, std::int32_t days, std::int32_t horizon_days,
                       std::vector<CalendarEvent> events)
    : first_(first),
      days_(static_cast<std::size_t>(days)),
      horizon_days_(static_cast<std::size_t>(horizon_days)),
      events_(std::move(events)) {}

bool ProfileFit::Add(const DailySeries& series, std::string_view group) {
  const auto known = std::ranges::find_if(series.known, [](char is) { return is != 0; });
  if (known == series.known.end()) return false;
  first_known_.push_back(static_cast<std::size_t>(known - series.known.begin()));
  group_of_.push_back(groups_.try_emplace(std::string(group), groups_.size()).first->second);
  std::array<WeekdayMean, kWeek> means;
  for (std::size_t t = 0; t < days_; ++t) {
    WeekdayMean& mean = means[t % kWeek];
    if (series.known[t] == 0) {
      units_.push_back(mean.Mean());
      continue;
    }
    const double units = static_cast<double>(series.value_milli[t]) / kMilli;
    units_.push_back(static_cast<float>(std::max(units, 0.0)));
    mean.Add(units_.back());
  }
  return true;
}

absl::StatusOr<std::vector<double>> ProfileFit::UnitsFrom(std::size_t back) const {
  std::vector<double> units(first_known_.size() * horizon_days_, 0.0);
  const std::size_t known_days = days_ - back;
  std::vector<std::size_t> members;  // Those that were known then.
  for (std::size_t i = 0; i < first_known_.size(); ++i) {
    if (first_known_[i] < known_days) members.push_back(i);
  }
  if (members.empty()) return units;
  // From the first day that any knows: what nobody knows is no season without sales.
  const std::size_t skipped = *std::ranges::min_element(first_known_);
  const std::size_t days = known_days - skipped;
  const forecasting::RetailCalendar calendar =
      CalendarFrom(events_, first_ + static_cast<std::int32_t>(skipped), days + horizon_days_);
  forecasting::ProfilePanel panel{.groups = std::vector<forecasting::ProfileGroup>(groups_.size()),
                                  .pool_count = 1,
                                  .calendar = &calendar};
  for (const std::size_t i : members) {
    panel.series.push_back({.group = group_of_[i],
                            .history_units = std::span(units_).subspan(i * days_ + skipped, days),
                            .first_day = first_known_[i] - skipped});
  }
  TANDEM_ASSIGN_OR_RETURN(
      forecasting::Profile profile,
      forecasting::Profile::Make(std::move(panel), {.horizon_days = horizon_days_}));
  TANDEM_RETURN_IF_ERROR(profile.FitPool(0));
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    TANDEM_RETURN_IF_ERROR(profile.FitGroup(group));
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    TANDEM_RETURN_IF_ERROR(profile.FitSeries(i));
  }
  profile.Align();
  for (std::size_t i = 0; i < members.size(); ++i) {
    profile.Forecast(i, std::span(units).subspan(members[i] * horizon_days_, horizon_days_));
  }
  return units;
}

absl::StatusOr<std::vector<std::vector<base::Quantity>>> ProfileFit::Run() const {
  TANDEM_ASSIGN_OR_RETURN(const std::vector<double> units, UnitsFrom(0));
  std::vector<std::vector<base::Quantity>> forecasts;
  for (std::size_t i = 0; i < first_known_.size(); ++i) {
    TANDEM_ASSIGN_OR_RETURN(
        std::vector<base::Quantity> forecast,
        InQuantities(std::span(units).subspan(i * horizon_days_, horizon_days_)));
    forecasts.push_back(std::move(forecast));
  }
  return forecasts;
}

}  // namespace tandem::forecast
