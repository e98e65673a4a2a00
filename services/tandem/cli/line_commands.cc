// Building orders, planned on this machine: no service is called.
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "sequencing/lineorder/csplib.h"
#include "sequencing/lineorder/roadef.h"
#include "sequencing/lineorder/score.h"
#include "sequencing/lineorder/timed_search.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/interrupt.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"

namespace tandem::cli {
namespace {

struct Args {
  std::string roadef{};
  std::string csplib{};
  double seconds = 60.0;
  std::uint64_t seed = 1;
  std::int64_t iterations = 0;  // 0: as many as the seconds allow.
  std::string out{};
};

// A problem, and what is written for each vehicle of its day.
struct Instance {
  sequencing::LineProblem problem{};
  std::vector<std::string> names{};
};

struct Planned {
  sequencing::TimedResult search{};
  sequencing::LineScore score{};
};

// What is wrong in a file is about the option that names it.
absl::Status InFile(const std::string& field, const std::string& path, const absl::Status& status) {
  return base::RefuseField(base::Reason::kFileMalformed, field,
                           std::string_view(status.message().data(), status.message().size()),
                           {{"path", path}});
}

absl::StatusOr<Instance> ReadRoadef(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return base::RefuseField(base::Reason::kUnknownRecord, "--roadef", "there is no such folder",
                             {{"folder", folder}});
  }
  TANDEM_ASSIGN_OR_RETURN(const std::string vehicles, ReadWholeFile(folder + "/vehicles.txt"));
  TANDEM_ASSIGN_OR_RETURN(const std::string ratios, ReadWholeFile(folder + "/ratios.txt"));
  TANDEM_ASSIGN_OR_RETURN(const std::string limit,
                          ReadWholeFile(folder + "/paint_batch_limit.txt"));
  TANDEM_ASSIGN_OR_RETURN(const std::string objectives,
                          ReadWholeFile(folder + "/optimization_objectives.txt"));
  absl::StatusOr<sequencing::LineProblem> problem =
      sequencing::ParseRoadef({vehicles, ratios, limit, objectives});
  if (!problem.ok()) return InFile("--roadef", folder, problem.status());
  Instance instance{.problem = *std::move(problem), .names = {}};
  for (const auto& vehicle : instance.problem.day) instance.names.push_back(vehicle.ident);
  return instance;
}

absl::StatusOr<Instance> ReadCsplib(const std::string& path) {
  TANDEM_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path));
  absl::StatusOr<sequencing::CsplibProblem> parsed = sequencing::ParseCsplib(text);
  if (!parsed.ok()) return InFile("--csplib", path, parsed.status());
  Instance instance{.problem = std::move(parsed->problem), .names = {}};
  for (const int number : parsed->class_of) instance.names.push_back(absl::StrCat(number));
  return instance;
}

absl::StatusOr<Planned> Plan(const Args& args, const Instance& instance) {
  Progress progress("planning", "moves", args.iterations);
  const Interrupt interrupt;  // What is best so far is an order too.
  const absl::Time begin = absl::Now();
  absl::StatusOr<sequencing::TimedResult> search = sequencing::SearchFor(
      instance.problem,
      {.seed = args.seed,
       .iterations = args.iterations,
       .seconds = args.seconds,
       .now_seconds = [begin] { return absl::ToDoubleSeconds(absl::Now() - begin); },
       .stop = [&interrupt] { return interrupt.came(); },
       .on_progress =
           [&progress](std::int64_t done, std::int64_t all) {
             progress.SetTotal(all);
             progress.Set(done);
           }});
  if (!search.ok()) return search.status();
  Planned planned{.search = *std::move(search), .score = {}};
  TANDEM_ASSIGN_OR_RETURN(planned.score,
                          sequencing::ScoreOf(instance.problem, planned.search.order));
  return planned;
}

// The objectives by their names, in the instance's order; then what came of it.
Table TableOf(const Args& args, const Instance& instance, const Planned& planned, double seconds) {
  Table table{.columns = {}, .rows = {{}}};
  const auto add = [&table](const std::string& column, const std::string& value) {
    table.columns.push_back(column);
    table.rows[0].push_back(value);
  };
  for (const sequencing::Objective objective : instance.problem.objectives) {
    switch (objective) {
      case sequencing::Objective::kHighRatios:
        add("HIGH_PRIO_VIOLATIONS", absl::StrCat(planned.score.high_violations));
        break;
      case sequencing::Objective::kLowRatios:
        add("LOW_PRIO_VIOLATIONS", absl::StrCat(planned.score.low_violations));
        break;
      case sequencing::Objective::kColourChanges:
        add("COLOUR_CHANGES", absl::StrCat(planned.score.colour_changes));
        break;
    }
  }
  if (args.csplib.empty()) add("SCORE", absl::StrCat(planned.score.score));
  add("OPTIMAL", planned.search.optimal ? "yes" : "unknown");
  add("ITERATIONS", absl::StrCat(planned.search.iterations));
  add("DONE", absl::StrCat(planned.search.done));
  add("SECONDS", absl::StrFormat("%.3f", seconds));
  return table;
}

std::string JsonOf(const Table& table) {
  std::string json = "{";
  for (std::size_t k = 0; k < table.columns.size(); ++k) {
    const std::string& cell = table.rows[0][k];
    const bool number = cell.find_first_not_of("0123456789.") == std::string::npos;
    std::string name = table.columns[k];
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    absl::StrAppend(&json, k == 0 ? "" : ",", "\"", name, "\":", number ? "" : "\"", cell,
                    number ? "" : "\"");
  }
  return json + "}\n";
}

// What is wrong with a seed; empty: nothing. The parser itself would turn -1 into the largest.
std::string SeedFault(const std::string& text) {
  std::uint64_t seed = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, seed);
  if (error == std::errc() && read == end) return "";
  return absl::StrCat(text, " is no whole number from 0 to 2^64 - 1");
}

absl::Status RunPlan(const Args& args, const std::string& output) {
  const absl::Time begin = absl::Now();
  if (args.roadef.empty() == args.csplib.empty()) {
    return base::RefuseField(base::Reason::kFieldMissing, "--roadef",
                             "the day comes from either --roadef DIR or --csplib FILE");
  }
  TANDEM_ASSIGN_OR_RETURN(const Instance instance,
                          args.csplib.empty() ? ReadRoadef(args.roadef) : ReadCsplib(args.csplib));
  TANDEM_ASSIGN_OR_RETURN(const auto file, OutputFile::Open(args.out));
  TANDEM_ASSIGN_OR_RETURN(const Planned planned, Plan(args, instance));
  for (const int vehicle : planned.search.order) {
    file->Write(instance.names[static_cast<std::size_t>(vehicle)] + "\n");
  }
  TANDEM_RETURN_IF_ERROR(file->Finish());
  const Table table = TableOf(args, instance, planned, absl::ToDoubleSeconds(absl::Now() - begin));
  PrintText(output == "json" ? JsonOf(table) : output == "csv" ? CsvText(table) : TableText(table));
  return absl::OkStatus();
}

}  // namespace

void AddLineCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<Args>();
  CLI::App* line = AddNoun(app, "line", "The building order of a day's vehicles");
  CLI::App* plan = AddLocalVerb(
      line, session,
      {"plan", "Search the order with the fewest ratio violations and colour changes",
       "tandem line plan --roadef ./022_3_4_EP_RAF_ENP --seconds 60 --seed 1 --out order.txt"},
      [args, session] { return RunPlan(*args, session->output); });
  CLI::Option* roadef = plan->add_option("--roadef", args->roadef,
                                         "A folder in the form of the ROADEF challenge 2005");
  plan->add_option("--csplib", args->csplib, "A file in the form of CSPLib's prob001")
      ->excludes(roadef);
  plan->add_option("--seconds", args->seconds, "Stop after so many")
      ->check(CLI::Range(0.001, 1e6))
      ->capture_default_str();
  plan->add_option("--seed", args->seed, "Another seed is another search")
      ->check(SeedFault)
      ->capture_default_str();
  plan->add_option("--iterations", args->iterations,
                   "Moves to draw; with the seed they fix the order, unless the seconds stop it. "
                   "Without: as many as the seconds allow")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 50));
  plan->add_option("--out", args->out,
                   "File for the order: idents (of CSPLib, classes), one a line; - prints it")
      ->required();
  AddOutput(plan, session);
}

}  // namespace tandem::cli
