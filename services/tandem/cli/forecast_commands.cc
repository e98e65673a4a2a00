#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/base/day.h"
#include "services/base/quantity.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/exchange/csv/writer.h"
#include "services/tandem/cli/export.h"
#include "services/tandem/cli/forecast_client.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"

namespace tandem::cli {
namespace {

namespace v1 = forecast::v1;

struct Args {
  std::string agreement{};
  std::string version{};
  std::string method{"seasonal-naive"};
  std::string origin{};
  int horizon_days = 28;
  std::vector<std::string> items{};
  std::vector<std::string> locations{};
  bool quantiles = false;
};

std::vector<std::string> VersionRow(const v1::Version& version) {
  return {std::string(exchange::csv::IdOf(version.name())),
          v1::Version::State_Name(version.state()).substr(6),
          std::string(exchange::csv::IdOf(version.author())),
          std::string(exchange::csv::IdOf(version.lead())),
          version.method(),
          DateText(version.start_date()),
          absl::StrCat(version.bucket_count(), " x ", version.bucket_days(), " d"),
          absl::StrCat(version.series_count()),
          version.content_hash().substr(0, 12),
          TimeText(version.publish_time())};
}

absl::Status RunForecast(Client& client, const Args& args, const std::string& output) {
  TANDEM_ASSIGN_OR_RETURN(const google::type::Date origin, ParseDate("--origin", args.origin));
  Progress progress("forecasting", "series", 0);
  TANDEM_ASSIGN_OR_RETURN(const v1::Run run,
                          RunAndWait(client, {.agreement = AgreementName(args.agreement),
                                              .method = args.method,
                                              .origin = origin,
                                              .horizon_days = args.horizon_days,
                                              .on_progress = [&](const v1::Run& state) {
                                                progress.SetTotal(state.series_total_count());
                                                progress.Set(state.series_done_count());
                                              }}));
  progress.Finish();
  PrintMessage(output, run);
  return absl::OkStatus();
}

absl::Status List(Client& client, const Args& args, const std::string& output) {
  TANDEM_ASSIGN_OR_RETURN(const auto versions, AllVersions(client, AgreementName(args.agreement)));
  PrintMessages(output, versions,
                {"VERSION", "STATE", "AUTHOR", "LEAD", "METHOD", "FROM", "BUCKETS", "SERIES",
                 "HASH", "PUBLISHED"},
                VersionRow);
  return absl::OkStatus();
}

// Every value of the version: a row a series and bucket.
absl::Status Show(Client& client, const Args& args, const std::string& output) {
  const std::string name = AgreementName(args.agreement) + "/versions/" + args.version;
  TANDEM_ASSIGN_OR_RETURN(const v1::Version version, GetVersion(client, name));
  if (output == "json") {
    PrintMessage(output, version);
    return absl::OkStatus();
  }
  const auto start = base::Day::Parse(DateText(version.start_date()));
  if (!start.ok()) return start.status();
  Table table{.columns = {"LOCATION", "ITEM", "DATE", "QUANTITY"}, .rows = {}};
  v1::ReadVersionRequest request;
  request.set_name(name);
  request.set_with_quantiles(args.quantiles);
  if (args.quantiles && version.quantile_level_millionths().empty()) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "--quantiles",
                             "the version has none; the method local makes them",
                             {{"method", version.method()}});
  }
  const int levels = args.quantiles ? version.quantile_level_millionths_size() : 0;
  for (int l = 0; l < levels; ++l) {
    const double level = version.quantile_level_millionths(l) / 1e6;
    table.columns.push_back(absl::StrFormat("Q%g", level));
  }
  for (const std::string& item : args.items) request.add_items(item);
  for (const std::string& location : args.locations) request.add_locations(location);
  TANDEM_RETURN_IF_ERROR(ReadVersion(client, request, [&](const v1::ReadVersionResponse& chunk) {
    const v1::SeriesColumns& columns = chunk.series();
    const auto& quantiles = chunk.quantiles().value_milli();
    const int buckets = version.bucket_count();
    for (int s = 0; s < columns.item_index_size(); ++s) {
      for (int b = 0; b < buckets && s * buckets + b < columns.mean_milli_size(); ++b) {
        table.rows.push_back(
            {columns.locations(static_cast<int>(columns.location_index(s))),
             columns.items(static_cast<int>(columns.item_index(s))),
             (*start + b * version.bucket_days()).ToString(),
             base::Quantity::FromMilli(columns.mean_milli(s * buckets + b)).ToString()});
        for (int l = 0; l < levels; ++l) {
          const int at = (s * buckets + b) * levels + l;
          table.rows.back().push_back(
              at < quantiles.size() ? base::Quantity::FromMilli(quantiles[at]).ToString() : "");
        }
      }
    }
    return absl::OkStatus();
  }));
  PrintText(output == "csv" ? CsvText(table) : TableText(table));
  return absl::OkStatus();
}

}  // namespace

void AddForecastCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<Args>();
  CLI::App* noun = AddNoun(app, "forecast", "Forecast versions of an agreement");
  CLI::App* run = AddVerb(
      noun, session,
      {"run", "Compute a forecast of every shared series and publish it into the agreement",
       "tandem forecast run 3f2a --method seasonal-naive --origin 2025-12-31 --horizon 28"},
      [args, session](Client& client) { return RunForecast(client, *args, session->output); });
  run->add_option("agreement", args->agreement, "The agreement")->required();
  run->add_option("--method", args->method,
                  "seasonal-naive, ses, pooled-profile or local (the same with quantiles)")
      ->capture_default_str();
  run->add_option(
         "--origin", args->origin,
         "Last day of history, YYYY-MM-DD; a Sunday where the agreement's buckets are weeks")
      ->required();
  run->add_option("--horizon", args->horizon_days, "Days ahead; whole weeks where they are weeks")
      ->capture_default_str();
  CLI::App* list =
      AddVerb(noun, session,
              {"list", "Versions of an agreement, newest first", "tandem forecast list 3f2a"},
              [args, session](Client& client) { return List(client, *args, session->output); });
  list->add_option("agreement", args->agreement, "The agreement")->required();
  CLI::App* show =
      AddVerb(noun, session,
              {"show", "The numbers of a version; with --output json what the version is",
               "tandem forecast show 3f2a 91cc --item 4711 --output csv"},
              [args, session](Client& client) { return Show(client, *args, session->output); });
  show->add_option("agreement", args->agreement, "The agreement")->required();
  show->add_option("version", args->version, "The version's id")->required();
  show->add_option("--item", args->items, "Items; all where not said");
  show->add_option("--location", args->locations, "Locations; all where not said");
  show->add_flag("--quantiles", args->quantiles, "With the quantiles, a column each");
  AddBacktestVerb(noun, session);
}

}  // namespace tandem::cli
