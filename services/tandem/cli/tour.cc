#include "services/tandem/cli/tour.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "services/base/status.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"

namespace tandem::cli {
namespace {

struct Args {
  std::string folder{};
  std::uint64_t seed = 2026;
};

absl::Status RunTour(const ClientOptions& options, const Args& args) {
  Tour tour;
  tour.options = options;
  tour.options.insecure = true;  // It speaks for five firms, which certificates would not let it.
  if (args.folder.empty()) {
    tour.data = MakeDemoData(args.seed);
  } else {
    TANDEM_ASSIGN_OR_RETURN(tour.data, OpenM5Data(args.folder));
  }
  struct Named {
    const char* name;
    StepResult (*step)(Tour&);
    bool needed;  // Nothing later makes sense without it.
  };
  const Named steps[] = {
      {"Reach the service", ConnectAll, true},
      {"Admit a retailer, two makers and a carrier", AdmitFirms, true},
      {"Offer and sign agreements", SignAgreements, true},
      {"Every firm follows its feed", StartFeeds, true},
      {"Register items, locations and events", SendRegisters, true},
      {"Send the history, all durable", SendHistory, true},
      {"Forecast every shared series, publish", RunForecasts, true},
      {"Both sides read the same numbers", CompareNumbers, false},
      {"The next 28 days arrive", SendLaterDays, true},
      {"How accurate were the forecasts?", MeasureAccuracy, false},
      {"Try what is not granted", TryForbidden, false},
      {"Revoke an agreement before your eyes", RevokeBeforeTheReader, false},
      {"Feeds: no gap, no leak", CheckFeeds, false},
  };
  for (const Named& each : steps) {
    const bool done = tour.report.Step(each.name, [&] { return each.step(tour); });
    if (!done && each.needed) break;
  }
  tour.watchers.clear();
  if (!tour.data->lacks().empty()) PrintText("\n" + tour.data->lacks() + "\n");
  tour.report.Summary();
  return tour.report.all_done() ? absl::OkStatus()
                                : absl::InternalError("a step of the tour failed, see above");
}

}  // namespace

void AddTourCommand(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<Args>();
  CLI::App* tour =
      app.add_subcommand("tour", "Show the main job on a service that was started with --insecure");
  tour->footer(
      "Example:\n  tandem tour --data m5/\n"
      "Exit codes: 0 every step succeeded, 1 one did not, 2 usage, 3 unavailable");
  tour->add_option("--data", args->folder, "Folder of M5's files; made-up data where not said");
  tour->add_option("--seed", args->seed, "Of the made-up data")->capture_default_str();
  const auto connection = std::make_shared<Connection>();
  connection->AddServer(tour);
  tour->callback([args, connection, session] {
    absl::Status status = RunTour(connection->Options(), *args);
    if (status.ok()) status = FlushPrinted();
    if (!status.ok()) PrintError(status);
    *session->exit_code = ExitCodeOf(status);
  });
}

}  // namespace tandem::cli
