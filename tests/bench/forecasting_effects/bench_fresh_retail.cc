// forecast_accuracy_freshretail_…: fresh food in the shops' last week, from sales of which nearly
// half were cut short by empty shelves. Scored where the shelf was full, since only there the sale
// is the demand. The options are chosen on the three weeks before, by VN1's score, (sum |e| + |sum
// e|) / sum y; the last week is forecast once. Two protocols:
//   day_ahead   each day from all before it, coefficients as fitted before the week
//   week_ahead  the seven days from the evening before the week
// The limit is the mean of the same weekday in the last four weeks.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "forecasting/effects/shelf_demand.h"
#include "tests/bench/forecasting_effects/bench.h"
#include "tests/bench/forecasting_effects/fresh_retail.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

namespace fc = forecasting;

constexpr std::size_t kWeek = 7;
constexpr double kPulsePriorUnits = 50.0;

struct Errors : FreshErrors {
  double Score() const { return Wape() + std::abs(Bias()); }
};

struct Choice {
  double half_life_days = 5.0;
  double pulse_half_life_days = 0.0;  // 0: no pulse.
  bool correct = true;
};

struct Measured {
  Errors day_ahead{};
  Errors week_ahead{};
};

fc::ShelfOptions OptionsOf(const Choice& choice) {
  return {.drivers = kFreshDrivers,
          .half_life_days = choice.half_life_days,
          .learn_open_shares = choice.correct};
}

// The panel fitted to the days before `origin`. The pulse has no part in it.
fc::ShelfModel Fit(const std::vector<FreshSeries>& fresh, std::size_t origin,
                   const Choice& choice) {
  std::vector<fc::ShelfSeries> train;
  train.reserve(fresh.size());
  for (const FreshSeries& one : fresh) {
    train.push_back({.units = std::span(one.units).first(origin),
                     .empty_hours = std::span(one.empty_hours).first(origin),
                     .drivers = std::span(one.drivers).first(origin * kFreshDrivers),
                     .group = static_cast<std::size_t>(one.second_category)});
  }
  auto model = fc::FitShelfDemand(train, OptionsOf(choice));
  if (!model.ok()) Fail(std::string(model.status().message()));
  return *std::move(model);
}

// Walks through the days with a fitted panel.
class Walk {
 public:
  Walk(const std::vector<FreshSeries>& fresh, std::size_t origin, const Choice& choice,
       fc::ShelfModel model)
      : fresh_(fresh),
        origin_(origin),
        choice_(choice),
        options_(OptionsOf(choice)),
        model_(std::move(model)) {
    std::map<std::pair<int, int>, std::size_t> pulses;
    for (const FreshSeries& one : fresh) {
      pulse_of_.push_back(
          pulses.emplace(std::pair(one.city, one.first_category), pulses.size()).first->second);
    }
    pulses_.resize(pulses.size());
  }

  Measured Run() {
    for (fc::ShelfLevel& level : model_.levels) level = {.prior_units = level.prior_units};
    Measured measured;
    for (std::size_t t = 0; t < origin_ + kWeek; ++t) {
      if (t == origin_) {
        for (std::size_t day = t; day < t + kWeek; ++day) Forecast(day, measured.week_ahead);
      }
      if (t >= origin_) Forecast(t, measured.day_ahead);
      Observe(t);
    }
    return measured;
  }

 private:
  double Factor(std::size_t s, std::size_t t) const {
    const fc::ShelfGroup* group =
        fc::FindGroup(model_, static_cast<std::size_t>(fresh_[s].second_category));
    return fc::FactorOf(*group,
                        std::span(fresh_[s].drivers).subspan(t * kFreshDrivers, kFreshDrivers));
  }

  void Forecast(std::size_t t, Errors& errors) const {
    for (std::size_t s = 0; s < fresh_.size(); ++s) {
      if (fresh_[s].empty_hours[t] != 0) continue;
      const double pulse =
          choice_.pulse_half_life_days > 0.0 ? pulses_[pulse_of_[s]].Factor(kPulsePriorUnits) : 1.0;
      errors.Add(model_.levels[s].Level(options_) * Factor(s, t) * pulse, fresh_[s].units[t]);
    }
  }

  void Observe(std::size_t t) {
    std::vector<double> sold(pulses_.size());
    std::vector<double> expected(pulses_.size());
    for (std::size_t s = 0; s < fresh_.size(); ++s) {
      const double exposure = Factor(s, t) * model_.open_shares[fresh_[s].empty_hours[t]];
      sold[pulse_of_[s]] += fresh_[s].units[t];
      expected[pulse_of_[s]] += model_.levels[s].Level(options_) * exposure;
      model_.levels[s].Add(fresh_[s].units[t], exposure, options_);
    }
    for (std::size_t p = 0; p < pulses_.size(); ++p) {
      pulses_[p].Add(sold[p], expected[p], std::max(choice_.pulse_half_life_days, 1.0));
    }
  }

  const std::vector<FreshSeries>& fresh_;
  std::size_t origin_;
  Choice choice_;
  fc::ShelfOptions options_;
  fc::ShelfModel model_;
  std::vector<std::size_t> pulse_of_{};
  std::vector<fc::DailyPulse> pulses_{};
};

using Naive = std::function<double(const std::vector<double>& units, std::size_t day)>;

Errors ErrorsOf(const std::vector<FreshSeries>& fresh, std::size_t origin, const Naive& naive) {
  Errors errors;
  for (const FreshSeries& one : fresh) {
    for (std::size_t t = origin; t < origin + kWeek; ++t) {
      if (one.empty_hours[t] == 0) errors.Add(naive(one.units, t), one.units[t]);
    }
  }
  return errors;
}

// The best of the grid on the three weeks before `origin`.
Choice Choose(const std::vector<FreshSeries>& fresh, std::size_t origin, bool correct) {
  constexpr double kPulses[] = {0.0, 1.0, 2.0, 4.0};
  Choice best;
  double best_score = std::numeric_limits<double>::infinity();
  for (const double half_life : {3.0, 5.0, 8.0}) {
    double scores[std::size(kPulses)] = {};
    for (std::size_t back = 1; back <= 3; ++back) {
      const std::size_t before = origin - kWeek * back;
      const fc::ShelfModel model = Fit(fresh, before, {half_life, 0.0, correct});
      for (std::size_t p = 0; p < std::size(kPulses); ++p) {
        const Choice choice{half_life, kPulses[p], correct};
        scores[p] += Walk(fresh, before, choice, model).Run().day_ahead.Score();
      }
    }
    for (std::size_t p = 0; p < std::size(kPulses); ++p) {
      if (scores[p] >= best_score) continue;
      best_score = scores[p];
      best = {half_life, kPulses[p], correct};
    }
  }
  return best;
}

Measured Measure(const std::vector<FreshSeries>& fresh, std::size_t origin, const Choice& choice) {
  return Walk(fresh, origin, choice, Fit(fresh, origin, choice)).Run();
}

std::string Percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.2f %%", 100.0 * share);
  return text;
}

// The bias a week ahead of the weeks before `origin`, oldest first: whether the last week's is the
// model's or the week's.
void ReportWeeksBefore(const std::vector<FreshSeries>& fresh, std::size_t origin,
                       const Choice& choice) {
  constexpr std::size_t kWeeks = 5;
  double absolute = 0.0;
  std::string note = "signed, oldest week first:";
  for (std::size_t back = kWeeks; back >= 1; --back) {
    const std::size_t before = origin - kWeek * back;
    const double bias = Measure(fresh, before, choice).week_ahead.Bias();
    const double naive = ErrorsOf(fresh, before, WeekdayMean).Bias();
    absolute += std::abs(bias) / static_cast<double>(kWeeks);
    note += " " + Percent(bias) + " (weekday mean " + Percent(naive) + ")";
  }
  Print({.name = "forecast_accuracy_freshretail_week_ahead_bias_before",
         .value = 100.0 * absolute,
         .unit = "% |bias| in stock, mean of the weeks before",
         .better = Better::kLower,
         .note = note});
}

void Report(const std::string& name, const Errors& with, const Errors& without,
            const Errors& naive) {
  Print({.name = name,
         .value = 100.0 * with.Wape(),
         .unit = "% WAPE in stock",
         .limit = 100.0 * naive.Wape(),
         .goal = 0.9,
         .better = Better::kLower,
         .note = "the limit is the weekday mean of four weeks"});
  Print(
      {.name = name + "_bias",
       .value = 100.0 * std::abs(with.Bias()),
       .unit = "% |bias| in stock",
       .goal = 2.0,
       .better = Better::kLower,
       .note = "signed " + Percent(with.Bias()) + "; the weekday mean's " + Percent(naive.Bias())});
  Print({.name = name + "_correction",
         .value = 100.0 * with.Score(),
         .unit = "% WAPE + |bias|",
         .limit = 100.0 * without.Score(),
         .goal = 1.0,
         .better = Better::kLower,
         .note = "the limit takes sales as demand: WAPE " + Percent(without.Wape()) + ", bias " +
                 Percent(without.Bias())});
}

}  // namespace

void FreshRetail() {
  const std::vector<FreshSeries> fresh = ReadFreshRetail(DataFolder("freshretail"));
  const std::size_t origin = fresh.front().units.size() - kWeek;
  const Choice choice = Choose(fresh, origin, true);
  const Measured with = Measure(fresh, origin, choice);
  const Measured without = Measure(fresh, origin, Choose(fresh, origin, false));
  const Errors naive = ErrorsOf(fresh, origin, WeekdayMean);
  Report("forecast_accuracy_freshretail_day_ahead", with.day_ahead, without.day_ahead, naive);
  Report("forecast_accuracy_freshretail_week_ahead", with.week_ahead, without.week_ahead, naive);
  ReportWeeksBefore(fresh, origin, choice);
  const Errors last_week =
      ErrorsOf(fresh, origin, [](const std::vector<double>& units, std::size_t day) {
        double sum = 0.0;
        for (std::size_t back = 1; back <= kWeek; ++back) sum += units[day - back];
        return sum / static_cast<double>(kWeek);
      });
  Print({.name = "forecast_accuracy_freshretail_day_ahead_of_last_days",
         .value = 100.0 * with.day_ahead.Wape(),
         .unit = "% WAPE in stock",
         .limit = 100.0 * last_week.Wape(),
         .better = Better::kLower,
         .note = "the limit is the mean of the seven days before; chosen: half-lives " +
                 std::to_string(choice.half_life_days) + " and " +
                 std::to_string(choice.pulse_half_life_days) + " days"});
}

}  // namespace tandem::bench
