// forecast_accuracy_freshretail_profile_…: what a `local` run of the service knows of fresh food:
// the pooled profile over each shop's items, a week ahead, with prices, marketing and empty shelves
// and without, from the last five weeks' evenings. Nothing is chosen. Scored where the shelf was
// full. The limit is the mean of the same weekday in the last four weeks.
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "forecasting/profile/profile.h"
#include "tests/bench/forecasting_effects/bench.h"
#include "tests/bench/forecasting_effects/fresh_retail.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

namespace fc = forecasting;

constexpr std::size_t kWeek = 7;
constexpr std::size_t kOrigins = 5;
constexpr std::size_t kLogPrice = 6;  // Among a day's drivers.
constexpr std::size_t kActivity = 7;

struct Known {
  bool prices = false;
  bool promotions = false;
  bool empty_shelves = false;
};

// The sales begin on 2024-03-28.
fc::CalendarDay DayOf(std::size_t t) {
  using std::chrono::days;
  constexpr std::chrono::sys_days kFirst =
      std::chrono::year{2024} / std::chrono::March / std::chrono::day{28};
  const std::chrono::sys_days day = kFirst + days(t);
  const std::chrono::year_month_day date(day);
  const std::chrono::sys_days january = date.year() / std::chrono::January / std::chrono::day{1};
  return {.weekday = static_cast<int>(std::chrono::weekday(day).iso_encoding()) - 1,
          .day_of_month = static_cast<int>(static_cast<unsigned>(date.day())),
          .day_of_year = static_cast<int>((day - january).count()) + 1};
}

// A shop's items up to an origin, as the profile is shown them.
class Shop {
 public:
  Shop(const std::vector<const FreshSeries*>& items, std::size_t origin, const Known& known)
      : origin_(origin), parts_(items.size()) {
    calendar_.days.reserve(origin + kWeek);
    for (std::size_t t = 0; t < origin + kWeek; ++t) calendar_.days.push_back(DayOf(t));
    calendar_.regional.emplace_back(calendar_.days.size(), 0.0F);
    for (std::size_t i = 0; i < items.size(); ++i) Add(*items[i], known, parts_[i]);
  }

  // Series by series, the week's days.
  std::vector<double> Forecast() const {
    fc::ProfilePanel panel{.groups = {{}}, .pool_count = 1, .calendar = &calendar_};
    for (const Part& part : parts_) {
      panel.series.push_back({.history_units = part.units,
                              .knowledge = part.knowledge,
                              .prices = part.prices,
                              .promotions = part.promotions});
    }
    auto profile = fc::Profile::Make(panel, {.horizon_days = kWeek});
    if (!profile.ok()) Fail(std::string(profile.status().message()));
    const auto seasons = [&profile] {
      return profile->FitPool(0).ok() && profile->FitGroup(0).ok();
    };
    bool fits = seasons() && profile->FitResponse(0).ok();
    if (profile->TakeOutPromotions()) fits = fits && seasons();
    for (std::size_t i = 0; i < parts_.size(); ++i) fits = fits && profile->FitSeries(i).ok();
    if (!fits) Fail("freshretail: a shop has no profile");
    profile->Align();
    std::vector<double> forecast(parts_.size() * kWeek);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      profile->Forecast(i, std::span(forecast).subspan(i * kWeek, kWeek));
    }
    return forecast;
  }

 private:
  struct Part {
    std::vector<float> units{};
    std::vector<fc::Knowledge> knowledge{};
    std::vector<fc::PriceStep> prices{};
    std::vector<fc::PromotionDays> promotions{};
  };

  void Add(const FreshSeries& series, const Known& known, Part& part) const {
    for (std::size_t t = 0; t < origin_; ++t) {
      part.units.push_back(static_cast<float>(series.units[t]));
      const bool empty = known.empty_shelves && series.empty_hours[t] > 0;
      part.knowledge.push_back(empty ? fc::Knowledge::kLowerBound : fc::Knowledge::kKnown);
    }
    for (std::size_t t = 0; t < origin_ + kWeek; ++t) {
      const double price = std::exp(series.drivers[t * kFreshDrivers + kLogPrice]);
      if (known.prices && (part.prices.empty() || price != part.prices.back().price)) {
        part.prices.push_back({.first_day = t, .price = price});
      }
      if (!known.promotions || series.drivers[t * kFreshDrivers + kActivity] == 0.0) continue;
      if (part.promotions.empty() || part.promotions.back().end_day != t) {
        part.promotions.push_back({.first_day = t});
      }
      part.promotions.back().end_day = t + 1;
    }
  }

  std::size_t origin_;
  fc::RetailCalendar calendar_;
  std::vector<Part> parts_;
};

using Shops = std::map<int, std::vector<const FreshSeries*>>;

FreshErrors ErrorsOf(const Shops& shops, std::size_t last_origin, const Known& known) {
  FreshErrors errors;
  for (std::size_t back = 0; back < kOrigins; ++back) {
    const std::size_t origin = last_origin - kWeek * back;
    for (const auto& [number, items] : shops) {
      const std::vector<double> forecast = Shop(items, origin, known).Forecast();
      for (std::size_t i = 0; i < items.size(); ++i) {
        for (std::size_t h = 0; h < kWeek; ++h) {
          if (items[i]->empty_hours[origin + h] != 0) continue;
          errors.Add(forecast[i * kWeek + h], items[i]->units[origin + h]);
        }
      }
    }
  }
  return errors;
}

FreshErrors ErrorsOfWeekdayMean(const Shops& shops, std::size_t last_origin) {
  FreshErrors errors;
  for (std::size_t back = 0; back < kOrigins; ++back) {
    const std::size_t origin = last_origin - kWeek * back;
    for (const auto& [number, items] : shops) {
      for (const FreshSeries* item : items) {
        for (std::size_t t = origin; t < origin + kWeek; ++t) {
          if (item->empty_hours[t] != 0) continue;
          errors.Add(WeekdayMean(item->units, t), item->units[t]);
        }
      }
    }
  }
  return errors;
}

}  // namespace

void FreshProfile() {
  const std::vector<FreshSeries> fresh = ReadFreshRetail(DataFolder("freshretail"));
  Shops shops;
  for (const FreshSeries& series : fresh) shops[series.store].push_back(&series);
  const std::size_t origin = fresh.front().units.size() - kWeek;
  const FreshErrors naive = ErrorsOfWeekdayMean(shops, origin);
  const struct {
    const char* name;
    Known known;
  } kChoices[] = {{"nothing", {}},
                  {"prices", {.prices = true}},
                  {"promotions", {.promotions = true}},
                  {"empty_shelves", {.empty_shelves = true}},
                  {"prices_and_empty_shelves", {.prices = true, .empty_shelves = true}},
                  {"all", {.prices = true, .promotions = true, .empty_shelves = true}}};
  for (const auto& [name, known] : kChoices) {
    const FreshErrors errors = ErrorsOf(shops, origin, known);
    const bool all = known.prices && known.promotions && known.empty_shelves;
    Print({.name = std::string("forecast_accuracy_freshretail_profile_") + name,
           .value = 100.0 * errors.Wape(),
           .unit = "% WAPE in stock",
           .limit = 100.0 * naive.Wape(),
           .goal = all ? std::optional<double>(0.9) : std::nullopt,
           .better = Better::kLower,
           .note = "a week ahead of five evenings; the limit is the weekday mean of four weeks"});
    Print({.name = std::string("forecast_accuracy_freshretail_profile_") + name + "_bias",
           .value = 100.0 * std::abs(errors.Bias()),
           .unit = "% |bias| in stock",
           .goal = all ? std::optional<double>(2.0) : std::nullopt,
           .better = Better::kLower,
           .note = errors.signed_units > 0.0 ? "forecast too much" : "forecast too little"});
  }
}

}  // namespace tandem::bench
