#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/tandem/cli/export.h"
#include "services/tandem/cli/import.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/readable_file.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = exchange::v1;

struct Args {
  ImportOptions import{};
  ExportOptions out{};
  std::string id{};
  std::string last_date{};
};
using ArgsPtr = std::shared_ptr<Args>;
using Import = absl::Status (*)(Client&, const ImportOptions&);
using Exporter = absl::Status (*)(Client&, const ExportOptions&);

struct Kind {
  std::string noun{};
  std::string description{};
  std::string columns{};
  Import import = nullptr;
  Exporter exporter = nullptr;
};

CLI::App* AddKind(CLI::App& app, const SessionPtr& session, const Kind& kind, const ArgsPtr& args) {
  CLI::App* noun = AddNoun(app, kind.noun, kind.description);
  CLI::App* import =
      AddVerb(noun, session,
              {"import", absl::StrCat("A CSV file into the service. Columns: ", kind.columns),
               absl::StrCat("tandem ", kind.noun, " import ", kind.noun, "s.csv --map acme.toml")},
              [args, kind, session](Client& client) {
                args->import.output = session->output;
                return kind.import(client, args->import);
              });
  import->add_option("file", args->import.file, "CSV file (.zst too)")
      ->required()
      ->check(CheckReadable, "FILE");
  import->add_option("--map", args->import.mapping, "Mapping file: which column is which field");
  import->add_option("--rejects", args->import.rejects, "Where bad rows are named");
  import->add_flag("--keep-good", args->import.keep_good, "Send the good rows of a bad file");
  CLI::App* out = AddVerb(
      noun, session,
      {"export", "What you may see, as a CSV file",
       absl::StrCat("tandem ", kind.noun, " export --owner acme --to ", kind.noun, "s.csv")},
      [args, kind](Client& client) { return kind.exporter(client, args->out); });
  out->add_option("--owner", args->out.owner, "Whose; your own firm's where not said");
  out->add_option("--to", args->out.to, "A file; standard output where not said");
  return noun;
}

absl::Status ListItems(Client& client, const ExportOptions& options, const std::string& output) {
  const std::string owner = options.owner.empty() ? client.firm_name() : "firms/" + options.owner;
  TANDEM_ASSIGN_OR_RETURN(const auto items, AllItems(client, owner));
  PrintMessages(output, items, {"ITEM", "UNIT", "GTIN", "HIERARCHY", "DISPLAY NAME", "LAST DATE"},
                [](const v1::Item& item) -> std::vector<std::string> {
                  return {std::string(exchange::csv::IdOf(item.name())),
                          item.unit_code(),
                          item.gtin(),
                          absl::StrJoin(item.hierarchy(), "/"),
                          item.display_name(),
                          DateText(item.last_date())};
                });
  return absl::OkStatus();
}

absl::Status ListLocations(Client& client, const ExportOptions& options,
                           const std::string& output) {
  const std::string owner = options.owner.empty() ? client.firm_name() : "firms/" + options.owner;
  TANDEM_ASSIGN_OR_RETURN(const auto locations, AllLocations(client, owner));
  PrintMessages(output, locations,
                {"LOCATION", "KIND", "GLN", "HIERARCHY", "TIME ZONE", "DISPLAY NAME", "LAST DATE"},
                [](const v1::Location& location) -> std::vector<std::string> {
                  return {std::string(exchange::csv::IdOf(location.name())),
                          v1::LocationKind_Name(location.kind()).substr(14),
                          location.gln(),
                          absl::StrJoin(location.hierarchy(), "/"),
                          location.time_zone(),
                          location.display_name(),
                          DateText(location.last_date())};
                });
  return absl::OkStatus();
}

// Closes an item or a location: `Request` is the call's, `Entry` what it answers.
template <typename Request, typename Entry>
absl::Status Close(Client& client, const std::string& name, const std::string& last_date,
                   grpc::Status (v1::ExchangeService::Stub::*call)(grpc::ClientContext*,
                                                                   const Request&, Entry*),
                   const std::string& output) {
  Request request;
  request.set_name(name);
  TANDEM_ASSIGN_OR_RETURN(*request.mutable_last_date(), ParseDate("--last-date", last_date));
  request.set_request_id(NewRequestId());
  Entry answer;
  TANDEM_RETURN_IF_ERROR(client.Call(call, request, &answer));
  PrintMessage(output, answer);
  return absl::OkStatus();
}

void AddClose(CLI::App* noun, const SessionPtr& session, const ArgsPtr& args,
              const std::string& example, Action run) {
  const std::string& what = noun->get_name();
  CLI::App* close =
      AddVerb(noun, session,
              {"close", absl::StrCat("Nothing of the ", what, " is accepted after a day; for ever"),
               absl::StrCat("tandem ", what, " close ", example, " --last-date 2026-11-30")},
              std::move(run));
  close->add_option(what, args->id, absl::StrCat("The ", what, "'s id"))->required();
  close->add_option("--last-date", args->last_date, "The last day of which data is accepted")
      ->required();
}

}  // namespace

void AddRegisterCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<Args>();
  CLI::App* item = AddKind(
      app, session,
      {"item", "Items of your register",
       "item, unit_code; gtin, display_name, hierarchy, partner_numbers", ImportItems, ExportItems},
      args);
  AddVerb(item, session, {"list", "Items that you may see", "tandem item list --owner acme"},
          [args, session](Client& client) { return ListItems(client, args->out, session->output); })
      ->add_option("--owner", args->out.owner, "Whose");
  AddClose(item, session, args, "4711", [args, session](Client& client) {
    return Close(client, absl::StrCat(client.firm_name(), "/items/", args->id), args->last_date,
                 &v1::ExchangeService::Stub::CloseItem, session->output);
  });
  CLI::App* location = AddKind(
      app, session,
      {"location", "Locations of your register",
       "location, kind; gln, display_name, time_zone, hierarchy", ImportLocations, ExportLocations},
      args);
  AddVerb(
      location, session,
      {"list", "Locations that you may see", "tandem location list --owner acme"},
      [args, session](Client& client) { return ListLocations(client, args->out, session->output); })
      ->add_option("--owner", args->out.owner, "Whose");
  AddClose(location, session, args, "CA_1", [args, session](Client& client) {
    return Close(client, absl::StrCat(client.firm_name(), "/locations/", args->id), args->last_date,
                 &v1::ExchangeService::Stub::CloseLocation, session->output);
  });
  AddKind(
      app, session,
      {"event", "Calendar events of your firm",
       "event, first_date; last_date, display_name, kind, locations", ImportEvents, ExportEvents},
      args);
  AddKind(
      app, session,
      {"promotion", "Promotions by location",
       "location, promotion, items, first_date, last_date; mechanism, uplift_permille, revision",
       ImportPromotions, ExportPromotions},
      args);
  AddKind(app, session,
          {"plan", "Production plans",
           "plan, location, item, date, quantity; bucket_days, revision", ImportPlans, ExportPlans},
          args);
}

}  // namespace tandem::cli
