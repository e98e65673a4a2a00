#include "forecasting/profile/season.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/profile/ridge.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

constexpr std::size_t kWeekdays = 7;
constexpr double kHuberScales = 2.0;   // Residuals beyond so many robust sigmas count less.
constexpr double kTrendPenalty = 5.0;  // On the change from knot to knot.
constexpr double kFloorUnits = 0.5;    // What a day without sales counts as in logarithms.
constexpr double kClosedIndexMin = 1e-3;
constexpr int kReweightings = 3;
constexpr std::size_t kLevelStartDays = 56;

std::size_t ColumnCount(const RetailCalendar& calendar, const SeasonOptions& options) {
  return kWeekdays + 1 + 2 * static_cast<std::size_t>(calendar.event_count) +
         2 * static_cast<std::size_t>(options.monthly_harmonics + options.yearly_harmonics);
}

void AddHarmonics(SparseRow& row, double phase, int harmonics, std::size_t* column) {
  for (int k = 1; k <= harmonics; ++k) {
    row.Add((*column)++, std::cos(k * phase));
    row.Add((*column)++, std::sin(k * phase));
  }
}

// The season's columns of day t.
SparseRow SeasonRow(const SeasonTask& task, const SeasonOptions& options, std::size_t t) {
  const RetailCalendar& calendar = *task.calendar;
  const CalendarDay& day = calendar.days[t];
  const auto events = static_cast<std::size_t>(calendar.event_count);
  SparseRow row;
  row.Add(static_cast<std::size_t>(day.weekday), 1.0);
  std::size_t column = kWeekdays;
  const float regional = task.regional[t];
  if (regional != 0.0F) row.Add(column, static_cast<double>(regional));
  ++column;
  for (const int event : day.events) row.Add(column + static_cast<std::size_t>(event), 1.0);
  column += events;
  if (t + 1 < calendar.days.size()) {
    for (const int event : calendar.days[t + 1].events) {
      row.Add(column + static_cast<std::size_t>(event), 1.0);
    }
  }
  column += events;
  const double turn = 2.0 * std::numbers::pi;
  AddHarmonics(row, turn * (day.day_of_month - 1) / 30.4, options.monthly_harmonics, &column);
  AddHarmonics(row, turn * day.day_of_year / 365.25, options.yearly_harmonics, &column);
  return row;
}

// Weekdays are in nearly every row and events in few: the penalties of the tuning.
std::vector<double> Penalties(const RetailCalendar& calendar, const SeasonOptions& options,
                              double scale) {
  std::vector<double> penalty(kWeekdays, 0.5);
  penalty.push_back(1.0);
  const auto events = static_cast<std::size_t>(calendar.event_count);
  penalty.insert(penalty.end(), events, 3.0);
  penalty.insert(penalty.end(), events, 6.0);
  penalty.insert(penalty.end(), 2 * static_cast<std::size_t>(options.monthly_harmonics), 3.0);
  for (int k = 1; k <= options.yearly_harmonics; ++k) {
    penalty.insert(penalty.end(), 2, 3.0 * k * k);
  }
  for (double& value : penalty) value *= scale;
  return penalty;
}

// Hats between knots a fixed distance apart, the last knot on the last day.
void AddTrend(SparseRow& row, std::size_t days_back, std::size_t knot_days,
              std::pair<std::size_t, std::size_t> columns) {
  const std::size_t knot = days_back / knot_days;  // 0: the last.
  const double share = static_cast<double>(days_back % knot_days) / static_cast<double>(knot_days);
  const std::size_t last = columns.second - 1;
  row.Add(last - knot, 1.0 - share);
  if (share > 0.0) row.Add(last - knot - 1, share);
}

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

absl::Status Check(const SeasonTask& task, const SeasonOptions& options) {
  const auto refuse = [](const char* what) { return absl::InvalidArgumentError(what); };
  if (task.calendar == nullptr) return refuse("no calendar");
  if (task.history_units.empty()) return refuse("the history is empty");
  if (!AllFinite(task.history_units)) return refuse("the history holds a NaN or an infinity");
  if (std::ranges::any_of(task.history_units, [](double v) { return v < 0.0; })) {
    return refuse("the history holds a negative value");
  }
  if (task.history_units.size() + task.horizon_days > task.calendar->days.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the calendar's ", task.calendar->days.size(), " days end before the ",
                     task.history_units.size(), " of history and ", task.horizon_days, " ahead"));
  }
  if (task.regional.size() != task.calendar->days.size() || !AllFinite(task.regional)) {
    return refuse("the regional days are not the calendar's");
  }
  if (!(options.level_alpha > 0.0 && options.level_alpha <= 1.0)) return refuse("level_alpha");
  if (options.knot_days == 0 || options.history_days_max < 2) return refuse("knot or history days");
  if (options.yearly_harmonics < 0 || options.monthly_harmonics < 0) return refuse("harmonics");
  if (!(options.penalty_scale > 0.0 && options.group_penalty_scale > 0.0)) return refuse("penalty");
  if (!task.pool_coefficients.empty() &&
      task.pool_coefficients.size() != ColumnCount(*task.calendar, options)) {
    return refuse("the pool's coefficients are of another model");
  }
  return absl::OkStatus();
}

// One fit's working parts.
class Fit {
 public:
  Fit(const SeasonTask& task, const SeasonOptions& options)
      : task_(task), options_(options), days_(task.history_units.size()) {}

  absl::StatusOr<Season> Run() {
    season_.index.assign(days_ + task_.horizon_days, 1.0);
    season_.closed.assign(days_, false);
    const std::size_t columns = ColumnCount(*task_.calendar, options_);
    season_.coefficients.assign(columns, 0.0);
    if (!task_.pool_coefficients.empty()) {
      season_.coefficients.assign(task_.pool_coefficients.begin(), task_.pool_coefficients.end());
    }
    first_ = days_ - std::min(days_, options_.history_days_max);
    while (first_ < days_ && task_.history_units[first_] == 0.0) ++first_;
    if (first_ == days_) return std::move(season_);
    MarkClosed();
    const absl::Status solved = Regress(columns);
    if (!solved.ok()) return solved;
    for (std::size_t t = 0; t < season_.index.size(); ++t) {
      season_.index[t] = std::exp(SeasonRow(task_, options_, t).Dot(season_.coefficients));
    }
    SmoothLevel();
    CloseAhead();
    if (!AllFinite(season_.index) || !std::isfinite(season_.level_units)) {
      return absl::OutOfRangeError("a season's index is not finite");
    }
    return std::move(season_);
  }

 private:
  void MarkClosed() {
    const auto sold = task_.history_units.subspan(first_);
    const double median = MedianOf({sold.begin(), sold.end()});
    for (std::size_t t = first_; t < days_; ++t) {
      const double units = task_.history_units[t];
      // Few units beside a median of few are chance, not a shut door: of counts, twice the root's
      // difference is a number of standard deviations (Anscombe 1948).
      const double deviations = 2.0 * (std::sqrt(median) - std::sqrt(units));
      season_.closed[t] =
          units <= options_.closed_share * median && deviations >= options_.closed_deviations;
    }
  }

  absl::Status Regress(std::size_t columns) {
    const std::size_t knots = (days_ - 1 - first_) / options_.knot_days + 2;
    std::vector<SparseRow> rows;
    std::vector<double> logs;
    double mean = 0.0;
    for (std::size_t t = first_; t < days_; ++t) {
      if (season_.closed[t]) continue;
      SparseRow row = SeasonRow(task_, options_, t);
      const double log = std::log(std::max(task_.history_units[t], kFloorUnits));
      logs.push_back(log - row.Dot(season_.coefficients));
      mean += log;
      AddTrend(row, days_ - 1 - t, options_.knot_days, {columns, columns + knots});
      rows.push_back(std::move(row));
    }
    if (rows.empty()) return absl::OkStatus();
    mean /= static_cast<double>(rows.size());
    for (double& log : logs) log -= mean;
    const bool pool = task_.pool_coefficients.empty();
    RidgeProblem problem{
        .rows = rows,
        .targets = logs,
        .penalties = Penalties(*task_.calendar, options_,
                               pool ? options_.penalty_scale : options_.group_penalty_scale)};
    problem.penalties.resize(columns + knots, 1e-3);
    for (std::size_t k = columns; k + 1 < columns + knots; ++k) {
      problem.steps.push_back({.column = k, .penalty = kTrendPenalty});
    }
    const absl::StatusOr<std::vector<double>> solved =
        SolveRobustRidge(problem, {.reweightings = kReweightings, .huber_scales = kHuberScales});
    if (!solved.ok()) return solved.status();
    for (std::size_t c = 0; c < columns; ++c) season_.coefficients[c] += (*solved)[c];
    return absl::OkStatus();
  }

  void SmoothLevel() {
    double sum = 0.0;
    std::size_t count = 0;
    for (std::size_t t = first_; t < days_ && count < kLevelStartDays; ++t) {
      if (season_.closed[t]) continue;
      sum += task_.history_units[t] / season_.index[t];
      ++count;
    }
    double level = count == 0 ? 0.0 : sum / static_cast<double>(count);
    for (std::size_t t = first_; t < days_; ++t) {
      if (season_.closed[t]) continue;
      level += options_.level_alpha * (task_.history_units[t] / season_.index[t] - level);
    }
    season_.level_units = level;
  }

  // Closed days take the share of the level that was sold on such days, past and to come.
  void CloseAhead() {
    const auto sold = task_.history_units.subspan(first_);
    const double median = MedianOf({sold.begin(), sold.end()});
    const auto events = static_cast<std::size_t>(task_.calendar->event_count);
    std::vector<int> open(events, 0);
    std::vector<int> closed(events, 0);
    double closed_units = 0.0;
    double closed_days = 0.0;
    for (std::size_t t = first_; t < days_; ++t) {
      for (const int event : task_.calendar->days[t].events) {
        ++(season_.closed[t] ? closed : open)[static_cast<std::size_t>(event)];
      }
      if (!season_.closed[t]) continue;
      closed_units += task_.history_units[t];
      closed_days += 1.0;
    }
    if (closed_days == 0.0) return;
    const double open_index = MedianOf(
        {season_.index.begin() + static_cast<std::ptrdiff_t>(first_), season_.index.end()});
    const double share =
        open_index * std::max(closed_units / closed_days / median, kClosedIndexMin);
    for (std::size_t t = 0; t < season_.index.size(); ++t) {
      bool shut = t < days_ && season_.closed[t];
      if (t >= days_) {
        for (const int event : task_.calendar->days[t].events) {
          const auto e = static_cast<std::size_t>(event);
          shut = shut || (closed[e] > 0 && open[e] == 0);
        }
      }
      if (shut) season_.index[t] = share;
    }
  }

  const SeasonTask& task_;
  const SeasonOptions& options_;
  std::size_t days_;
  std::size_t first_ = 0;  // The first day that is used.
  Season season_;
};

}  // namespace

absl::StatusOr<Season> FitSeason(const SeasonTask& task, const SeasonOptions& options) {
  const absl::Status status = Check(task, options);
  if (!status.ok()) return status;
  return Fit(task, options).Run();
}

}  // namespace tandem::forecasting
