// The M5 form of `tandem forecast backtest`: accuracy.csv, uncertainty.csv and metrics.json.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "forecasting/accuracy/interval.h"
#include "forecasting/accuracy/wrmsse.h"
#include "forecasting/global/xgboost_trees.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/backtest.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/m5_retail.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"
#include "services/tandem/cli/thread_executor.h"

namespace tandem::cli {
namespace {

using base::Reason;
using forecasting::RetailErrors;
using forecasting::RetailForecast;

constexpr int kHorizonDays = 28;  // M5's.
constexpr int kHorizonDaysMax = 365;

// "d_1857" or "1857".
absl::StatusOr<int> OriginOf(std::string_view text) {
  const std::string whole(text);
  if (text.starts_with("d_")) text.remove_prefix(2);
  int origin = 0;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &origin)) {
    return base::RefuseField(Reason::kFieldOutOfRange, "--origin",
                             "the last day known, as M5 numbers it: d_1857", {{"origin", whole}});
  }
  return origin;
}

// The names of a level's node, place before product but for single items, as in M5.
std::string KeyOf(const M5Panel& panel, const M5PanelSeries& series, std::size_t level) {
  const auto name = [](const std::vector<std::string>& names, int number) -> const std::string& {
    return names[static_cast<std::size_t>(number)];
  };
  const std::string& item = name(panel.items, series.item);
  const std::string& department = name(panel.departments, series.department);
  const std::string& category = name(panel.categories, series.category);
  const std::string& store = name(panel.stores, series.store);
  const std::string& state = name(panel.states, series.state);
  switch (level) {
    case 0:
      return "Total";
    case 1:
      return state;
    case 2:
      return store;
    case 3:
      return category;
    case 4:
      return department;
    case 5:
      return state + "_" + category;
    case 6:
      return state + "_" + department;
    case 7:
      return store + "_" + category;
    case 8:
      return store + "_" + department;
    case 9:
      return item;
    case 10:
      return item + "_" + state;
    default:
      return item + "_" + store;
  }
}

std::string DayColumns(std::size_t horizon) {
  std::string columns;
  for (std::size_t h = 1; h <= horizon; ++h) absl::StrAppend(&columns, ",F", h);
  return columns + "\n";
}

void WriteAccuracy(const M5Panel& panel, const RetailForecast& forecast, OutputFile* file) {
  file->Write("id" + DayColumns(forecast.horizon_days));
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    std::string line = KeyOf(panel, panel.series[i], forecasting::kRetailLevels - 1);
    for (std::size_t h = 0; h < forecast.horizon_days; ++h) {
      absl::StrAppendFormat(&line, ",%.6g", forecast.mean_units[i * forecast.horizon_days + h]);
    }
    file->Write(line + "\n");
  }
}

void WriteUncertainty(const M5Panel& panel, const RetailForecast& forecast, OutputFile* file) {
  file->Write("level,key,quantile" + DayColumns(forecast.horizon_days));
  for (std::size_t l = 0; l < forecasting::kRetailLevels; ++l) {
    const float* value = forecast.quantile_units[l].data();
    for (const std::size_t first : forecast.levels[l].first_series_of_node) {
      const std::string key = KeyOf(panel, panel.series[first], l);
      for (const double u : forecasting::kQuantileLevels) {
        std::string line = absl::StrFormat("%d,%s,%.3f", l + 1, key, u);
        for (std::size_t h = 0; h < forecast.horizon_days; ++h) {
          absl::StrAppendFormat(&line, ",%.6g", static_cast<double>(*value++));
        }
        file->Write(line + "\n");
      }
    }
  }
}

// Metrics are left out where the folder ends before the horizon.
std::string MetricsJson(const BacktestArgs& args, const M5Panel& panel,
                        const std::optional<RetailErrors>& errors) {
  std::string json = absl::StrFormat(
      "{\"format\":\"%s\",\"engine\":\"%s\",\"origin\":\"d_%d\",\"horizon\":%d,\"series\":%d",
      args.format, args.engine, panel.history_days, panel.horizon_days, panel.series.size());
  // They are forecast to sell nothing: what is listed after the origin is not known at it.
  absl::StrAppendFormat(&json, ",\"not_yet_listed\":%d",
                        std::ranges::count_if(panel.series, [&panel](const M5PanelSeries& series) {
                          return series.listed_day >= panel.history_days;
                        }));
  if (errors.has_value()) {
    absl::StrAppendFormat(&json, ",\"wrmsse\":%.6f,\"wspl\":%.6f,\"levels\":[", errors->wrmsse,
                          errors->wspl);
    for (std::size_t l = 0; l < forecasting::kRetailLevels; ++l) {
      const std::string_view name = forecasting::kWrmsseLevelNames[l];
      absl::StrAppendFormat(&json, "%s{\"level\":%d,\"name\":\"%s\",\"wrmsse\":%.6f,\"wspl\":%.6f",
                            l == 0 ? "" : ",", l + 1, std::string(name), errors->wrmsse_by_level[l],
                            errors->wspl_by_level[l]);
      json += CalibrationJson(errors->calibration_by_level[l]) + "}";
    }
    json += "]";
  }
  return json + "}\n";
}

Table TableOf(const RetailErrors& errors) {
  Table table{.columns = {"LEVEL", "NAME", "WRMSSE", "WSPL"}, .rows = {}};
  AddCalibrationColumns(&table.columns);
  for (std::size_t l = 0; l < forecasting::kRetailLevels; ++l) {
    std::vector<std::string>& row = table.rows.emplace_back();
    row = {absl::StrCat(l + 1), std::string(forecasting::kWrmsseLevelNames[l]),
           absl::StrFormat("%.4f", errors.wrmsse_by_level[l]),
           absl::StrFormat("%.4f", errors.wspl_by_level[l])};
    AddCalibrationCells(errors.calibration_by_level[l], &row);
  }
  std::vector<std::string>& mean = table.rows.emplace_back();
  mean = {"", "mean", absl::StrFormat("%.4f", errors.wrmsse), absl::StrFormat("%.4f", errors.wspl)};
  mean.resize(table.columns.size());
  return table;
}

absl::StatusOr<M5Panel> Load(const BacktestArgs& args) {
  TANDEM_ASSIGN_OR_RETURN(const int origin, OriginOf(args.origin));
  const int horizon = args.horizon.value_or(kHorizonDays);
  if (horizon < 1 || horizon > kHorizonDaysMax) {
    return base::RefuseField(Reason::kFieldOutOfRange, "--horizon", "is 1 to 365 days",
                             {{"horizon", horizon}});
  }
  Progress progress("reading", "series", 0);
  return LoadM5Panel(args.data,
                     {.origin_d = origin,
                      .horizon_days = horizon,
                      .on_progress = [&](std::int64_t series) { progress.Set(series); }});
}

// Why there are no metrics, or "".
std::string WhyUnmeasured(const M5Panel& panel) {
  if (panel.actual_units.empty()) return "no actuals, so no metrics";
  const bool weighed = std::ranges::any_of(
      panel.series, [](const M5PanelSeries& series) { return series.dollars > 0.0; });
  return weighed ? ""
                 : "nothing sold at a known price before the origin: no weights, so no metrics";
}

// A series without a price weighs nothing, which is no matter of course.
void WarnOfPrices(const M5Panel& panel) {
  const auto without = std::ranges::count_if(panel.prices, &std::vector<M5PanelPrice>::empty);
  if (without == 0) return;
  std::fprintf(stderr,
               "tandem: %lld of %zu series have no price before the origin: they weigh "
               "nothing in the metrics\n",
               static_cast<long long>(without), panel.prices.size());
}

void PrintResult(const BacktestArgs& args, const M5Panel& panel,
                 const std::optional<RetailErrors>& errors, const std::string& output) {
  if (output == "json") {
    PrintText(MetricsJson(args, panel, errors));
  } else if (errors.has_value()) {
    const Table table = TableOf(*errors);
    PrintText(output == "csv" ? CsvText(table) : TableText(table));
  }
}

}  // namespace

absl::Status RunM5Backtest(const BacktestArgs& args, const std::string& output) {
  const absl::Time begin = absl::Now();
  TANDEM_ASSIGN_OR_RETURN(const M5Panel panel, Load(args));
  TANDEM_ASSIGN_OR_RETURN(
      const BacktestOutputs outputs,
      OpenOutputs(args.out, {"accuracy.csv", "uncertainty.csv", "metrics.json"}));
  WarnOfPrices(panel);
  const forecasting::RetailCalendar calendar = RetailCalendarOf(panel);
  const forecasting::RetailHistory history = RetailHistoryOf(panel, calendar);
  ThreadExecutor executor(args.threads);
  Progress progress("forecasting", "%", 100);
  const auto trainer = forecasting::MakeXgboostTrainer();
  forecasting::RetailOptions options{.engine = EngineOf(args.engine), .trainer = trainer.get()};
  options.profile.horizon_days = panel.horizon_days;
  options.on_progress = [&](double share) { progress.Set(static_cast<std::int64_t>(share * 100)); };
  TANDEM_ASSIGN_OR_RETURN(const RetailForecast forecast,
                          forecasting::ForecastRetail(history, options, executor));
  progress.Finish();
  std::optional<RetailErrors> errors;
  const std::string unmeasured = WhyUnmeasured(panel);
  if (unmeasured.empty()) {
    TANDEM_ASSIGN_OR_RETURN(
        errors, forecasting::MeasureRetail(history, panel.actual_units, forecast, executor));
  }
  WriteAccuracy(panel, forecast, outputs[0].get());
  WriteUncertainty(panel, forecast, outputs[1].get());
  outputs[2]->Write(MetricsJson(args, panel, errors));
  TANDEM_RETURN_IF_ERROR(OutputFile::FinishTogether(outputs));
  PrintResult(args, panel, errors, output);
  if (output == "table") {
    PrintText(absl::StrFormat("%d series, %d days from d_%d on%s, %.1f s\n", panel.series.size(),
                              panel.horizon_days, panel.history_days + 1,
                              unmeasured.empty() ? "" : "; " + unmeasured,
                              absl::ToDoubleSeconds(absl::Now() - begin)));
  }
  return absl::OkStatus();
}

}  // namespace tandem::cli
