// `tandem forecast backtest`: a forecast of a whole folder from a past day, and how far it was from
// what came. No service is called.
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/base/status.h"
#include "services/tandem/cli/backtest.h"
#include "services/tandem/cli/nouns.h"

namespace tandem::cli {
namespace {

absl::Status RunBacktest(const BacktestArgs& args, const std::string& output) {
  if (args.format == "m5") return RunM5Backtest(args, output);
  return RunLongBacktest(args, output);
}

constexpr char kForms[] =
    "Forms of --data:\n"
    "  m5    sales*.csv, prices*.csv, first_listed*.csv (each may end in .zst) and calendar.csv;\n"
    "        --origin d_1913; writes accuracy.csv, uncertainty.csv, metrics.json\n"
    "  long  sales.csv: series,date,value and past covariates by name; an empty value is a gap\n"
    "        series.csv, if there: series and grouping columns, a level of the metrics each;\n"
    "        a series without a value up to the origin is forecast as those most like it here\n"
    "        future.csv, if there: series,date and covariates known in advance, for every series\n"
    "        and bucket of the horizon; their past stands in sales.csv or here\n"
    "        (each may end in .zst); writes forecast.csv, metrics.json\n"
    "Dates of long, by --frequency, written as the first one read:\n"
    "  H 2016-05-22T14   D 2016-05-22   W 2016-05-20, always the same weekday\n"
    "  M 2016-05 or 2016-05-01   Q 2016Q2 or 2016-04-01   Y 2016 or 2016-01-01\n"
    "All is read and checked before the folder of --out is touched; a run that is stopped leaves "
    "what\n"
    "was there, and metrics.json, which is put there last, stands only beside files of its own "
    "run.\n"
    "Rows after the origin are what the forecast is measured by, and are read for nothing else;\n"
    "without them the forecast is written and metrics are left out.\n";

void AddOptions(CLI::App* backtest, BacktestArgs& args, const SessionPtr& session) {
  backtest->add_option("--format", args.format, "m5 or long")
      ->check(CLI::IsMember({"m5", "long"}))
      ->capture_default_str();
  backtest->add_option("--data", args.data, "The folder")->required();
  backtest->add_option("--origin", args.origin, "Last day known, as d_1913, or a date")->required();
  backtest->add_option("--horizon", args.horizon,
                       "Buckets ahead, 1 to 365 (m5) or 10,000 (long) [28; H 48, W 13, M 18, Q 8, "
                       "Y 6]");
  backtest->add_option("--frequency", args.frequency, "Of long: D, W, M, Q, Y or H")
      ->capture_default_str();
  backtest->add_option("--stockout", args.stockout,
                       "Of long: a past covariate; where it is above 0 the sale is a lower bound");
  backtest
      ->add_option("--engine", args.engine, "local: each series; global: boosted trees; best: both")
      ->check(CLI::IsMember({"local", "global", "best"}))
      ->capture_default_str();
  backtest->add_option("--threads", args.threads, "The result is the same for any number")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1024}))
      ->capture_default_str();
  backtest->add_option("--out", args.out, "Folder for what is written")->required();
  AddOutput(backtest, session);
}

}  // namespace

forecasting::BacktestEngine EngineOf(std::string_view name) {
  if (name == "global") return forecasting::BacktestEngine::kGlobal;
  return name == "best" ? forecasting::BacktestEngine::kBest : forecasting::BacktestEngine::kLocal;
}

absl::StatusOr<BacktestOutputs> OpenOutputs(const std::string& folder,
                                            const std::vector<std::string>& names) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return absl::UnknownError(folder + ": " + error.message());
  BacktestOutputs outputs;
  for (const std::string& name : names) {
    TANDEM_ASSIGN_OR_RETURN(outputs.emplace_back(),
                            OutputFile::Open(absl::StrCat(folder, "/", name)));
  }
  return outputs;
}

void AddBacktestVerb(CLI::App* forecast, const SessionPtr& session) {
  const auto args = std::make_shared<BacktestArgs>();
  args->threads = std::thread::hardware_concurrency();
  CLI::App* backtest =
      AddLocalVerb(forecast, session,
                   {"backtest", "Forecast a folder's series from a past day and measure the errors",
                    "tandem forecast backtest --format m5 --data ./m5 --origin d_1913 --out ./bt"},
                   [args, session] { return RunBacktest(*args, session->output); });
  backtest->footer(kForms + backtest->get_footer());
  AddOptions(backtest, *args, session);
}

}  // namespace tandem::cli
