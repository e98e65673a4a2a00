// The long form of `tandem forecast backtest`: forecast.csv and metrics.json.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "forecasting/global/xgboost_trees.h"
#include "forecasting/local/history.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/backtest.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/long_folder.h"
#include "services/tandem/cli/long_report.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"
#include "services/tandem/cli/thread_executor.h"

namespace tandem::cli {
namespace {

using forecasting::BucketLength;

// Those of the M4 competition, and M5's for days.
int HorizonOf(BucketLength bucket) {
  switch (bucket) {
    case BucketLength::kHour:
      return 48;
    case BucketLength::kDay:
      return 28;
    case BucketLength::kWeek:
      return 13;
    case BucketLength::kMonth:
      return 18;
    case BucketLength::kQuarter:
      return 8;
    case BucketLength::kYear:
      return 6;
  }
  return 28;
}

absl::StatusOr<LongFolder> Load(const BacktestArgs& args, LongFolderOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(options.bucket, BucketLengthOf(args.frequency));
  const int horizon = args.horizon.value_or(HorizonOf(options.bucket));
  if (horizon < 1 || static_cast<std::size_t>(horizon) > forecasting::kHorizonBucketsMax) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "--horizon", "is 1 to 10,000 buckets",
                             {{"horizon", horizon}});
  }
  options.horizon_buckets = static_cast<std::size_t>(horizon);
  options.origin = args.origin;
  options.stockout = args.stockout;
  Progress progress("reading", "rows", 0);
  options.on_progress = [&progress](std::int64_t rows) { progress.Set(rows); };
  auto folder = LoadLongFolder(args.data, options);
  options.on_progress = {};
  return folder;
}

// What was left out, said where a person looks.
void Tell(const LongRun& run) {
  const LongFolder& folder = run.folder;
  const std::string_view used = EngineName(run.forecast.engine_used);
  if (used != run.args.engine) {
    std::fprintf(stderr, "tandem: engine %s was used: %s\n", std::string(used).c_str(),
                 run.forecast.too_few_rows
                     ? "the history before earlier origins is too short or small for trees"
                     : "trees did not forecast earlier origins better");
  }
  if (!folder.unlearnt.empty()) {
    std::fprintf(stderr, "tandem: no value up to the origin, so left out: %s\n",
                 absl::StrJoin(folder.unlearnt, ", ").c_str());
  }
  if (!folder.without_history.empty()) {
    std::fprintf(stderr,
                 "tandem: %zu series without a value up to the origin are forecast as those most "
                 "like them; sums and metrics are without them\n",
                 folder.without_history.size());
  }
}

void PrintRun(const LongRun& run, const std::string& output, absl::Time begin) {
  if (output == "json") return PrintText(LongMetricsJson(run));
  if (run.errors.has_value()) {
    const Table table = LongTableOf(run);
    PrintText(output == "csv" ? CsvText(table) : TableText(table));
  }
  if (output != "table") return;
  PrintText(absl::StrFormat("%d series, %d buckets from %s on%s, %.1f s\n", run.folder.names.size(),
                            run.forecast.horizon_buckets,
                            run.folder.calendar.TextOf(run.folder.origin + 1),
                            run.errors.has_value() ? "" : "; no actuals, so no metrics",
                            absl::ToDoubleSeconds(absl::Now() - begin)));
}

}  // namespace

absl::Status RunLongBacktest(const BacktestArgs& args, const std::string& output) {
  const absl::Time begin = absl::Now();
  LongFolderOptions folder_options;
  TANDEM_ASSIGN_OR_RETURN(const LongFolder folder, Load(args, folder_options));
  TANDEM_ASSIGN_OR_RETURN(const BacktestOutputs outputs,
                          OpenOutputs(args.out, {"forecast.csv", "metrics.json"}));
  ThreadExecutor executor(args.threads);
  Progress progress("forecasting", "%", 100);
  const auto trainer = forecasting::MakeXgboostTrainer();
  forecasting::LongOptions options{.bucket = folder_options.bucket,
                                   .horizon_buckets = folder_options.horizon_buckets,
                                   .engine = EngineOf(args.engine),
                                   .trainer = trainer.get()};
  options.on_progress = [&](double share) { progress.Set(static_cast<std::int64_t>(share * 100)); };
  TANDEM_ASSIGN_OR_RETURN(const forecasting::LongForecast forecast,
                          forecasting::ForecastLong(folder.panel, options, executor));
  TANDEM_ASSIGN_OR_RETURN(const std::vector<forecasting::LongNewcomerForecast> newcomers,
                          forecasting::ForecastNewcomers(folder.panel, forecast, folder.newcomers));
  LongRun run{.args = args, .folder = folder, .forecast = forecast, .newcomers = newcomers};
  if (folder.has_actuals) {
    TANDEM_ASSIGN_OR_RETURN(run.errors, forecasting::MeasureLong(folder.panel, folder.actuals,
                                                                 forecast, options.bucket));
  }
  progress.Finish();
  WriteLongForecast(run, outputs[0].get());
  outputs[1]->Write(LongMetricsJson(run));
  TANDEM_RETURN_IF_ERROR(OutputFile::FinishTogether(outputs));
  Tell(run);
  PrintRun(run, output, begin);
  return absl::OkStatus();
}

}  // namespace tandem::cli
