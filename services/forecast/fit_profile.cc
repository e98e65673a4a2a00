#include "services/forecast/fit_profile.h"

#include <algorithm>
#include <cmath>
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

using forecasting::Knowledge;

namespace {

constexpr double kMilli = 1000.0;
constexpr double kYearDays = 365.25;

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

std::vector<ProfileFit::Price> ProfileFit::PricesOf(const ItemDrivers& drivers) const {
  std::vector<Price> prices;
  prices.reserve(drivers.prices.size());
  for (const ItemPrice& price : drivers.prices) {
    if (price.price > 0.0 && std::isfinite(price.price)) {
      prices.push_back({price.first - first_, price.price});
    }
  }
  std::ranges::stable_sort(prices, {}, &Price::first);
  const auto same_day = [](const Price& a, const Price& b) { return a.first == b.first; };
  prices.erase(std::unique(prices.begin(), prices.end(), same_day), prices.end());
  return prices;
}

std::vector<ProfileFit::Promotion> ProfileFit::PromotionsOf(const ItemDrivers& drivers) {
  std::vector<Promotion> promotions;
  promotions.reserve(drivers.promotions.size());
  for (const ItemPromotion& told : drivers.promotions) {
    const bool expected = told.expected_uplift > 0.0 && std::isfinite(told.expected_uplift);
    const auto kind = kinds_.try_emplace({told.mechanism, expected}, kinds_.size()).first;
    kind_counts_.resize(kinds_.size());
    Promotion promotion{.first = std::max(told.first - first_, 0),
                        .end = told.last - first_ + 1,
                        .kind = kind->second,
                        .log_expected = expected ? std::log(told.expected_uplift) : 0.0};
    if (promotion.first >= promotion.end) continue;
    ++kind_counts_[promotion.kind];
    promotions.push_back(promotion);
  }
  std::ranges::stable_sort(promotions, {}, &Promotion::first);
  return promotions;
}

void ProfileFit::AddDays(const DailySeries& series) {
  for (std::size_t t = 0; t < days_; ++t) {
    const double units = static_cast<double>(series.value_milli[t]) / kMilli;
    units_.push_back(series.IsKnown(t) ? static_cast<float>(std::max(units, 0.0)) : 0.0F);
    const Knowledge told = series.IsShelfEmpty(t) ? Knowledge::kLowerBound : Knowledge::kKnown;
    knowledge_.push_back(series.IsKnown(t) ? told : Knowledge::kGap);
  }
}

bool ProfileFit::Add(const DailySeries& series, std::string_view group,
                     const ItemDrivers& drivers) {
  const auto known = std::ranges::find_if(series.known, [](char is) { return is != 0; });
  if (known == series.known.end()) return false;
  Series added{.first_known = static_cast<std::size_t>(known - series.known.begin()),
               .group = groups_.try_emplace(std::string(group), groups_.size()).first->second,
               .prices = PricesOf(drivers),
               .promotions = PromotionsOf(drivers)};
  if (!added.prices.empty()) {
    price_days_ = std::max(price_days_, added.prices.back().first + 1);
  }
  for (const Promotion& promotion : added.promotions) {
    promotion_days_ = std::max(promotion_days_, promotion.end);
  }
  AddDays(series);
  series_.push_back(std::move(added));
  return true;
}

std::vector<std::size_t> ProfileFit::KindNumbers() const {
  std::vector<std::size_t> by_count(kind_counts_.size());
  std::iota(by_count.begin(), by_count.end(), std::size_t{0});
  std::ranges::stable_sort(by_count, std::ranges::greater(),
                           [this](std::size_t kind) { return kind_counts_[kind]; });
  std::vector<std::size_t> numbers(by_count.size());
  for (std::size_t rank = 0; rank < by_count.size(); ++rank) {
    numbers[by_count[rank]] = std::min(rank, forecasting::kPromotionKinds - 1);
  }
  return numbers;
}

// What the profile is shown: spans into `fit` and into itself.
struct ProfileFit::View {
  std::vector<std::size_t> members{};  // Series that were known then.
  forecasting::RetailCalendar calendar{};
  std::vector<std::vector<forecasting::PriceStep>> prices{};          // By member.
  std::vector<std::vector<forecasting::PromotionDays>> promotions{};  // Likewise.
  forecasting::ProfilePanel panel{};
};

ProfileFit::View ProfileFit::ViewFrom(std::size_t known_days) const {
  View view;
  std::size_t skipped = days_;  // To the first day that any knows: what nobody knows is no season.
  for (std::size_t i = 0; i < series_.size(); ++i) {
    skipped = std::min(skipped, series_[i].first_known);
    if (series_[i].first_known < known_days) view.members.push_back(i);
  }
  if (view.members.empty()) return view;
  const std::size_t days = known_days - skipped;
  const auto begin = static_cast<std::int32_t>(skipped);
  view.calendar = CalendarFrom(events_, first_ + begin, days + horizon_days_);
  view.panel.groups.resize(groups_.size());
  view.panel.pool_count = 1;
  view.prices.resize(view.members.size());
  view.promotions.resize(view.members.size());
  // As far ahead as now.
  const auto origin = static_cast<std::int32_t>(known_days);
  const auto now = static_cast<std::int32_t>(days_);
  const std::int32_t price_end = origin + std::max(0, price_days_ - now);
  const std::int32_t promotion_end = origin + std::max(0, promotion_days_ - now);
  const std::vector<std::size_t> kinds = KindNumbers();
  for (std::size_t k = 0; k < view.members.size(); ++k) {
    const Series& series = series_[view.members[k]];
    for (const Price& price : series.prices) {
      if (price.first >= price_end) break;
      // Of those before the first day the last one holds.
      if (price.first <= begin) view.prices[k].clear();
      view.prices[k].push_back(
          {static_cast<std::size_t>(std::max(price.first - begin, 0)), price.price});
    }
    for (const Promotion& promotion : series.promotions) {
      const std::int32_t first = std::max(promotion.first, begin);
      const std::int32_t end = std::min(promotion.end, promotion_end);
      if (first >= end) continue;
      view.promotions[k].push_back({.first_day = static_cast<std::size_t>(first - begin),
                                    .end_day = static_cast<std::size_t>(end - begin),
                                    .kind = kinds[promotion.kind],
                                    .log_expected = promotion.log_expected});
    }
    view.panel.series.push_back(
        {.group = series.group,
         .history_units = std::span(units_).subspan(view.members[k] * days_ + skipped, days),
         .knowledge = std::span(knowledge_).subspan(view.members[k] * days_ + skipped, days),
         .first_day = series.first_known - skipped});
  }
  return view;
}

absl::StatusOr<std::vector<double>> ProfileFit::UnitsFrom(std::size_t back) const {
  std::vector<double> units(series_.size() * horizon_days_, 0.0);
  View view = ViewFrom(days_ - back);
  const std::vector<std::size_t>& members = view.members;
  if (members.empty()) return units;
  // Here, since what it points to has now found its place.
  view.panel.calendar = &view.calendar;
  for (std::size_t k = 0; k < members.size(); ++k) {
    view.panel.series[k].prices = view.prices[k];
    view.panel.series[k].promotions = view.promotions[k];
  }
  TANDEM_ASSIGN_OR_RETURN(
      forecasting::Profile profile,
      forecasting::Profile::Make(std::move(view.panel), {.horizon_days = horizon_days_}));
  const auto fit_seasons = [&profile]() -> absl::Status {
    TANDEM_RETURN_IF_ERROR(profile.FitPool(0));
    for (std::size_t group = 0; group < profile.group_count(); ++group) {
      TANDEM_RETURN_IF_ERROR(profile.FitGroup(group));
    }
    return absl::OkStatus();
  };
  TANDEM_RETURN_IF_ERROR(fit_seasons());
  TANDEM_RETURN_IF_ERROR(profile.FitResponse(0));
  if (profile.TakeOutPromotions()) TANDEM_RETURN_IF_ERROR(fit_seasons());
  for (std::size_t k = 0; k < members.size(); ++k) {
    TANDEM_RETURN_IF_ERROR(profile.FitSeries(k));
  }
  profile.Align();
  for (std::size_t k = 0; k < members.size(); ++k) {
    profile.Forecast(k, std::span(units).subspan(members[k] * horizon_days_, horizon_days_));
  }
  return units;
}

absl::StatusOr<std::vector<std::vector<base::Quantity>>> ProfileFit::Run() const {
  TANDEM_ASSIGN_OR_RETURN(const std::vector<double> units, UnitsFrom(0));
  std::vector<std::vector<base::Quantity>> forecasts;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    TANDEM_ASSIGN_OR_RETURN(
        std::vector<base::Quantity> forecast,
        InQuantities(std::span(units).subspan(i * horizon_days_, horizon_days_)));
    forecasts.push_back(std::move(forecast));
  }
  return forecasts;
}

}  // namespace tandem::forecast
