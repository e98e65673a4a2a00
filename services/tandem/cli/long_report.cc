#include "services/tandem/cli/long_report.h"

#include <cstddef>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "forecasting/quantile_levels.h"
#include "services/exchange/csv/writer.h"
#include "services/tandem/cli/files.h"

namespace tandem::cli {
namespace {

using forecasting::LongErrors;

// The text as a JSON string (RFC 8259); names are UTF-8.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string List(const std::vector<std::string>& names) {
  std::string list = "[";
  for (const std::string& name : names) {
    absl::StrAppend(&list, list.size() == 1 ? "" : ",", Quoted(name));
  }
  return list + "]";
}

std::string NumberOrNull(const std::optional<double>& value) {
  return value.has_value() ? absl::StrFormat("%.6f", *value) : "null";
}

std::string LevelName(const LongFolder& folder, std::size_t l) {
  if (l == 0) return "total";
  return l <= folder.groupings.size() ? folder.groupings[l - 1] : "series";
}

// Weights of the methods by class of series, those that are zero left out.
std::string MethodsJson(const forecasting::LongForecast& forecast) {
  std::string json = "{";
  for (std::size_t kind = 0; kind < forecasting::kLongClasses; ++kind) {
    const forecasting::LongMixture& mixture = forecast.mixtures[kind];
    if (mixture.series == 0) continue;
    absl::StrAppend(&json, json.size() == 1 ? "" : ",", Quoted(forecasting::kLongClassNames[kind]),
                    ":{\"series\":", mixture.series, ",\"weights\":{");
    bool first = true;
    for (std::size_t m = 0; m < forecasting::kLongMethods; ++m) {
      if (mixture.weights[m] == 0.0) continue;
      absl::StrAppend(&json, first ? "" : ",", Quoted(forecasting::kLongMethodNames[m]), ":",
                      absl::StrFormat("%.4f", mixture.weights[m]));
      first = false;
    }
    json += "}}";
  }
  return json + "}";
}

// What trees weigh beside them, by class: all, or those that know no local forecast.
std::string TreesJson(const forecasting::LongForecast& forecast, bool alone) {
  std::string json = "{";
  for (std::size_t kind = 0; kind < forecasting::kLongClasses; ++kind) {
    const forecasting::LongTreeShares& shares = forecast.tree_shares[kind];
    absl::StrAppend(&json, json.size() == 1 ? "" : ",", Quoted(forecasting::kLongClassNames[kind]),
                    ":", absl::StrFormat("%.2f", alone ? shares.alone : shares.sum()));
  }
  return json + "}";
}

// What the forecast without drivers weighs in the local one, by class.
std::string DriverlessJson(const forecasting::LongForecast& forecast) {
  std::string json = "{";
  for (std::size_t kind = 0; kind < forecasting::kLongClasses; ++kind) {
    absl::StrAppend(&json, json.size() == 1 ? "" : ",", Quoted(forecasting::kLongClassNames[kind]),
                    ":", absl::StrFormat("%.2f", forecast.driverless_shares[kind]));
  }
  return json + "}";
}

// By level.
std::string SumsJson(const LongRun& run) {
  std::string json = "{";
  for (std::size_t level = 0; level < run.forecast.sum_shares.size(); ++level) {
    absl::StrAppend(&json, json.size() == 1 ? "" : ",", Quoted(LevelName(run.folder, level)), ":",
                    absl::StrFormat("%.2f", run.forecast.sum_shares[level]));
  }
  return json + "}";
}

std::string UpliftJson(const LongRun& run) {
  if (!run.forecast.uplift_grouping.has_value()) return "null";
  return Quoted(LevelName(run.folder, *run.forecast.uplift_grouping));
}

std::string LevelJson(const LongFolder& folder, std::size_t l, const LongErrors& errors) {
  std::string json = absl::StrFormat("{\"level\":%d,\"name\":%s,\"nodes\":%d,\"values\":%d", l + 1,
                                     Quoted(LevelName(folder, l)), errors.nodes, errors.buckets);
  const auto add = [&json](std::string_view name, const std::optional<double>& value) {
    absl::StrAppend(&json, ",", Quoted(name), ":", NumberOrNull(value));
  };
  add("wmape", errors.wmape);
  add("bias", errors.bias);
  add("smape", errors.smape);
  add("mase", errors.mase);
  add("rmsse", errors.rmsse);
  add("wspl", errors.wspl);
  add("pinball", errors.pinball);
  return json + CalibrationJson(errors.calibration) + "}";
}

}  // namespace

std::string_view EngineName(forecasting::BacktestEngine engine) {
  switch (engine) {
    case forecasting::BacktestEngine::kLocal:
      return "local";
    case forecasting::BacktestEngine::kGlobal:
      return "global";
    case forecasting::BacktestEngine::kBest:
      return "best";
  }
  return "local";
}

void WriteLongForecast(const LongRun& run, OutputFile* file) {
  const std::size_t horizon = run.forecast.horizon_buckets;
  std::string line = "series,date,mean";
  for (const double level : forecasting::kQuantileLevels) {
    absl::StrAppendFormat(&line, ",q%g", level);
  }
  file->Write(line + "\n");
  std::vector<std::string> dates;
  for (std::size_t h = 0; h < horizon; ++h) {
    dates.push_back(
        run.folder.calendar.TextOf(run.folder.origin + 1 + static_cast<std::int64_t>(h)));
  }
  const auto write = [&](const std::string& name, const double* mean, const float* quantile) {
    for (std::size_t h = 0; h < horizon; ++h) {
      line.clear();
      exchange::csv::Writer(line).Text(name).Text(dates[h]);
      absl::StrAppendFormat(&line, ",%.9g", *mean++);
      for (std::size_t u = 0; u < forecasting::kQuantiles; ++u) {
        absl::StrAppendFormat(&line, ",%.7g", static_cast<double>(*quantile++));
      }
      line += "\n";
      file->Write(line);
    }
  };
  const float* quantiles = run.forecast.quantile_units.back().data();
  for (std::size_t i = 0; i < run.folder.names.size(); ++i) {
    write(run.folder.names[i], &run.forecast.mean_units[i * horizon],
          quantiles + i * horizon * forecasting::kQuantiles);
  }
  for (std::size_t k = 0; k < run.newcomers.size(); ++k) {
    const forecasting::LongNewcomerForecast& newcomer = run.newcomers[k];
    write(run.folder.without_history[k], newcomer.mean_units.data(),
          newcomer.quantile_units.data());
  }
}

std::string LongMetricsJson(const LongRun& run) {
  const LongFolder& folder = run.folder;
  std::string json = absl::StrFormat(
      "{\"format\":\"long\",\"engine\":\"%s\",\"engine_used\":\"%s\",\"frequency\":\"%s\","
      "\"origin\":\"%s\","
      "\"horizon\":%d,\"series\":%d,\"without_history\":%s,\"drivers\":%s,\"unlearnt\":%s,"
      "\"uplift_pooled_by\":%s,\"driverless_weights\":%s,\"sum_weights\":%s,"
      "\"longest_season\":%s,\"methods\":%s,"
      "\"tree_weights\":%s,\"alone_weights\":%s",
      run.args.engine, EngineName(run.forecast.engine_used), run.args.frequency,
      folder.calendar.TextOf(folder.origin), run.forecast.horizon_buckets, folder.names.size(),
      List(folder.without_history), List(folder.drivers), List(folder.unlearnt), UpliftJson(run),
      DriverlessJson(run.forecast), SumsJson(run), run.forecast.longest_season ? "true" : "false",
      MethodsJson(run.forecast), TreesJson(run.forecast, false), TreesJson(run.forecast, true));
  if (run.errors.has_value()) {
    json += ",\"levels\":[";
    for (std::size_t l = 0; l < run.errors->size(); ++l) {
      absl::StrAppend(&json, l == 0 ? "" : ",", LevelJson(folder, l, (*run.errors)[l]));
    }
    json += "]";
  }
  return json + "}\n";
}

Table LongTableOf(const LongRun& run) {
  Table table{
      .columns = {"LEVEL", "NODES", "WMAPE", "BIAS", "MASE", "RMSSE", "SMAPE", "WSPL", "PINBALL"},
      .rows = {}};
  AddCalibrationColumns(&table.columns);
  const auto cell = [](const std::optional<double>& value, double times) {
    return value.has_value() ? absl::StrFormat("%.4f", *value * times) : std::string("-");
  };
  for (std::size_t l = 0; run.errors.has_value() && l < run.errors->size(); ++l) {
    const LongErrors& errors = (*run.errors)[l];
    std::vector<std::string>& row = table.rows.emplace_back();
    row = {LevelName(run.folder, l), absl::StrCat(errors.nodes), cell(errors.wmape, 1.0),
           cell(errors.bias, 1.0),   cell(errors.mase, 1.0),     cell(errors.rmsse, 1.0),
           cell(errors.smape, 1.0),  cell(errors.wspl, 1.0),     cell(errors.pinball, 1.0)};
    AddCalibrationCells(errors.calibration, &row);
  }
  return table;
}

}  // namespace tandem::cli
