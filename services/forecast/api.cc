#include "services/forecast/api.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/forecast/api_messages.h"
#include "services/forecast/codec.h"
#include "services/forecast/decide.h"
#include "services/forecast/series.h"

namespace tandem::forecast {
namespace {

using runtime::Answer;
using runtime::Command;
using runtime::Outcome;

// The commands of decide.h, whose names the handlers have too.
using StageCommand = StageVersion;
using UploadCommand = UploadChunk;
using PublishCommand = PublishVersion;
using DropCommand = DropVersion;
using RunCommand = StartRun;

base::Position At(base::SlotId slot, std::uint64_t number) {
  base::Position position;
  position.Set(slot, number);
  return position;
}

struct VersionRef {
  std::string relation{};
  std::string version{};
};

absl::StatusOr<VersionRef> VersionRefOf(std::string_view name) {
  TANDEM_ASSIGN_OR_RETURN(const auto ids, base::ParseName("name", "agreements/*/versions/*", name));
  return VersionRef{ids[0], ids[1]};
}

absl::StatusOr<std::string> RelationOf(std::string_view parent) {
  TANDEM_ASSIGN_OR_RETURN(auto ids, base::ParseName("parent", "agreements/*", parent));
  return std::move(ids[0]);
}

// Ids of the versions named, which must be of the same agreement.
absl::StatusOr<std::vector<std::string>> ParentsOf(const v1::Version& version,
                                                   std::string_view relation) {
  std::vector<std::string> parents;
  for (int i = 0; i < version.parents_size(); ++i) {
    const std::string field = absl::StrCat("version.parents[", i, "]");
    TANDEM_ASSIGN_OR_RETURN(auto ids,
                            base::ParseName(field, "agreements/*/versions/*", version.parents(i)));
    if (ids[0] != relation) {
      return base::RefuseField(base::Reason::kBadName, field, "a parent is of the same agreement");
    }
    if (std::ranges::find(parents, ids[1]) != parents.end()) {
      return base::RefuseField(base::Reason::kDuplicateRow, field, "is a parent already",
                               {{"parent", version.parents(i)}});
    }
    parents.push_back(std::move(ids[1]));
  }
  return parents;
}

const base::FactRecord& FirstOf(const Outcome& outcome) {
  base::Require(!outcome.facts.empty(), "a command that makes a fact was accepted without one");
  return outcome.facts.front();
}

// Decides the command, and while `stands` is an error refuses with it all but what is wrong in
// itself. What makes no fact is a repeat, whose first outcome holds whatever has become of the
// agreement since (the slot remembers most of them, and does not ask).
template <typename DecideCommand>
runtime::DecideFunction Deciding(DecideCommand command, absl::Status stands) {
  return [command = std::move(command), stands = std::move(stands)](
             const base::RowReader& rows, const base::Stamp& stamp) -> absl::StatusOr<Facts> {
    absl::StatusOr<Facts> facts = Decide(rows, command, stamp);
    const bool repeat = facts.ok() && facts->empty();
    if (stands.ok() || repeat || absl::IsInvalidArgument(facts.status())) return facts;
    return stands;
  };
}

Leads LeadsOf(const base::AgreementTerms& terms) {
  return {.sales = terms.lead_sales_forecast, .order = terms.lead_order_forecast};
}

// What forbids every new fact of a writer's.
absl::Status CheckStands(const base::AgreementTerms& terms) {
  if (!terms.revoked) return absl::OkStatus();
  return base::Refuse(base::Reason::kAgreementRevoked, "the agreement was revoked",
                      {{"agreement", terms.relation}});
}

}  // namespace

ForecastApi::ForecastApi(ForecastSeams seams) : seams_(std::move(seams)) {}

void ForecastApi::UseRuns(RunQueue* runs) { runs_ = runs; }

base::SlotId ForecastApi::SlotOf(std::string_view relation) const {
  return seams_.router->SlotOf(base::DomainId::kForecast, relation);
}

// Who may is asked first, and whether the state allows it last (Deciding).
absl::StatusOr<ForecastApi::Terms> ForecastApi::CheckWriter(const Call& call,
                                                            std::string_view relation) const {
  TANDEM_RETURN_IF_ERROR(seams_.check_role(call.caller.firm, call.caller.principal, "editor"));
  return seams_.grants->TermsOf(call.caller.firm, relation);
}

absl::Status ForecastApi::CheckReader(const Call& call, std::string_view relation) const {
  // The operator's principals have no roles: a break-glass lets them read, or nothing.
  if (!call.caller.operator_role) {
    TANDEM_RETURN_IF_ERROR(seams_.check_role(call.caller.firm, call.caller.principal, "reader"));
  }
  return seams_.grants->CheckJoint(runtime::ViewerOf(call), relation);
}

// A forecast shows its inputs' shape to all parties, so their owner must have agreed to that. What
// a firm derives from its own data and publishes is its own affair.
absl::Status ForecastApi::CheckInputs(const Call& call, const base::AgreementTerms& terms) const {
  bool readable = false;
  for (const base::AgreementTerms::ItemScope& scope : terms.scopes) {
    if (scope.owner == call.caller.firm) {
      readable = true;
      continue;
    }
    bool any = false;
    for (const std::string& location : scope.locations) {
      TANDEM_ASSIGN_OR_RETURN(
          const auto items,
          seams_.grants->ItemsAt(call.caller.firm, scope.owner, base::DataKind::kSales, location));
      any = std::ranges::any_of(scope.items,
                                [&](const std::string& item) { return items->Contains(item); });
      if (any) break;
    }
    if (!any) continue;
    TANDEM_RETURN_IF_ERROR(seams_.grants->CheckDerivation(terms.relation, scope.owner, "forecast"));
    readable = true;
  }
  if (readable) return absl::OkStatus();
  return base::Refuse(base::Reason::kNotGranted, "the agreement lets you read no sales",
                      {{"agreement", terms.relation}});
}

void ForecastApi::SubmitForVersion(Command command, std::string relation, std::string version,
                                   Reply<v1::Version> reply) {
  const base::SlotId slot = SlotOf(relation);
  const std::string firm = command.caller.firm;
  seams_.router->Submit(
      slot, std::move(command),
      [this, slot, firm, relation = std::move(relation), version = std::move(version),
       reply = std::move(reply)](const absl::StatusOr<Outcome>& outcome) mutable {
        if (!outcome.ok()) return reply(outcome.status());
        const auto rows = seams_.router->Read(slot);
        if (!rows.ok()) return reply(rows.status());
        const std::optional<Version> row = VersionIn(*rows->rows, relation, version);
        if (!rows->rows->status().ok()) return reply(rows->rows->status());
        if (!row.has_value()) {
          return reply(base::Refuse(base::Reason::kUnknownVersion, "there is no such version"));
        }
        reply(Answer<v1::Version>{MessageOf(*row, firm, *seams_.sealer), At(slot, rows->applied)});
      });
}

void ForecastApi::StageVersion(const Call& call, const v1::StageVersionRequest& request,
                               Reply<v1::Version> reply) {
  reply = audit().Change(call, {"StageVersion", request.parent()}, std::move(reply));
  absl::Status stands;
  const auto parse = [&]() -> absl::StatusOr<StageCommand> {
    TANDEM_ASSIGN_OR_RETURN(const std::string relation, RelationOf(request.parent()));
    TANDEM_ASSIGN_OR_RETURN(const Terms terms, CheckWriter(call, relation));
    TANDEM_RETURN_IF_ERROR(base::CheckRequestId(request.request_id()));
    stands = CheckStands(*terms);
    const v1::Version& version = request.version();
    StageCommand command;
    command.relation = relation;
    command.version = NewId(call.caller.firm, "StageVersion", request.request_id());
    command.purpose = version.purpose();
    command.method = version.method();
    TANDEM_ASSIGN_OR_RETURN(
        command.basis, runtime::OpenPosition(*seams_.sealer, call.caller.firm, version.basis()));
    TANDEM_ASSIGN_OR_RETURN(command.parents, ParentsOf(version, relation));
    command.reason = version.reason();
    TANDEM_ASSIGN_OR_RETURN(command.start, DayOf("version.start_date", version.start_date()));
    command.bucket_count = version.bucket_count();
    command.bucket_days = version.bucket_days();
    command.bucket_days_agreed = terms->bucket_days;
    command.horizon_days_max = terms->horizon_days;
    command.leads = LeadsOf(*terms);
    command.parties = terms->parties;
    command.agreement_version = terms->version;
    command.quantile_levels = {version.quantile_level_millionths().begin(),
                               version.quantile_level_millionths().end()};
    return command;
  };
  absl::StatusOr<StageCommand> command = parse();
  if (!command.ok()) return reply(command.status());
  const base::SlotId slot = SlotOf(command->relation);
  // A sealed token differs each time it is made: what the request asks for is the position in it.
  v1::StageVersionRequest asked = request;
  asked.mutable_version()->set_basis(command->basis.Encode());
  seams_.router->Submit(
      slot, runtime::CommandFor(call, "StageVersion", asked, Deciding(*std::move(command), stands)),
      [this, slot, firm = call.caller.firm,
       reply = std::move(reply)](absl::StatusOr<Outcome> outcome) mutable {
        if (!outcome.ok()) return reply(outcome.status());
        // From the fact, not from the row: a repeat gets the version as it was begun.
        const auto fact = DecodeFact(FirstOf(*outcome).fact);
        if (!fact.ok()) return reply(fact.status());
        const Version version = BegunBy(FirstOf(*outcome), fact->version_staged());
        reply(Answer<v1::Version>{MessageOf(version, firm, *seams_.sealer),
                                  At(slot, outcome->number)});
      });
}

void ForecastApi::UploadChunk(const Call& call, const v1::UploadChunkRequest& request,
                              Reply<v1::Version> reply) {
  reply = audit().Change(call, {"UploadChunk", request.name()}, std::move(reply));
  absl::Status stands;
  const auto parse = [&]() -> absl::StatusOr<UploadCommand> {
    TANDEM_ASSIGN_OR_RETURN(const VersionRef ref, VersionRefOf(request.name()));
    TANDEM_ASSIGN_OR_RETURN(const Terms terms, CheckWriter(call, ref.relation));
    TANDEM_RETURN_IF_ERROR(CheckSeries(request.series()));
    TANDEM_RETURN_IF_ERROR(CheckQuantiles(request.series(), request.quantiles()));
    stands = CheckStands(*terms);
    stands.Update(CheckScope(request.series(), *terms));
    UploadCommand command;
    command.relation = ref.relation;
    command.version = ref.version;
    command.chunk = request.chunk();
    command.series = request.series().SerializeAsString();
    command.series_hash = Sha256(command.series);
    command.series_count = request.series().item_index_size();
    command.value_count = request.series().mean_milli_size();
    command.quantile_count = request.quantiles().value_milli_size();
    if (command.quantile_count == 0) return command;
    command.quantiles = request.quantiles().SerializeAsString();
    command.quantiles_hash = Sha256(command.quantiles);
    return command;
  };
  absl::StatusOr<UploadCommand> parsed = parse();
  if (!parsed.ok()) return reply(parsed.status());
  const VersionRef ref{parsed->relation, parsed->version};
  // Its number and its bytes are its idempotence: no request id.
  Command command;
  command.caller = call.caller;
  command.method = "UploadChunk";
  command.deadline = call.deadline;
  command.byte_size = parsed->series.size() + parsed->quantiles.size();
  command.decide = Deciding(*std::move(parsed), std::move(stands));
  SubmitForVersion(std::move(command), ref.relation, ref.version, std::move(reply));
}

// Whether the chunks that are durable are all that the command wants, no series twice in them: they
// never change, so it still holds when the command is decided. Here and not there, since it reads
// them all. What was staged under other terms must be within those that are in force now.
absl::StatusOr<bool> ForecastApi::Distinct(const PublishCommand& command, std::string_view firm,
                                           const base::AgreementTerms& terms) const {
  TANDEM_ASSIGN_OR_RETURN(const runtime::Log::Rows rows,
                          seams_.router->Read(SlotOf(command.relation)));
  const std::optional<Version> version = VersionIn(*rows.rows, command.relation, command.version);
  // What is wrong otherwise is said when it is decided.
  if (!version.has_value() || version->author != firm ||
      version->state != v1::Version::STATE_STAGED) {
    return true;
  }
  if (version->chunk_count != command.chunk_count) return false;
  const bool superseded = version->agreement_version != terms.version;
  if (superseded) {
    TANDEM_RETURN_IF_ERROR(CheckBuckets(version->bucket_days, terms.bucket_days));
    TANDEM_RETURN_IF_ERROR(CheckHorizon(base::Day::FromNumber(version->start_day),
                                        std::int64_t{version->bucket_count} * version->bucket_days,
                                        terms.horizon_days));
  }
  DistinctSeries distinct;
  for (std::int64_t chunk = 1; chunk <= version->chunk_count; ++chunk) {
    const auto bytes = rows.rows->Get(ChunkKey(version->relation, version->id, chunk));
    TANDEM_RETURN_IF_ERROR(rows.rows->status());
    v1::SeriesColumns series;
    base::Require(bytes.has_value() && series.ParseFromString(*bytes), "a chunk is damaged");
    TANDEM_RETURN_IF_ERROR(distinct.Add(chunk, series));
    if (superseded) TANDEM_RETURN_IF_ERROR(CheckScope(series, terms));
  }
  return true;
}

void ForecastApi::PublishVersion(const Call& call, const v1::PublishVersionRequest& request,
                                 Reply<v1::Version> reply) {
  reply = audit().Change(call, {"PublishVersion", request.name()}, std::move(reply));
  const absl::StatusOr<VersionRef> ref = VersionRefOf(request.name());
  if (!ref.ok()) return reply(ref.status());
  const absl::StatusOr<Terms> terms = CheckWriter(call, ref->relation);
  if (!terms.ok()) return reply(terms.status());
  const absl::Status id = base::CheckRequestId(request.request_id());
  if (!id.ok()) return reply(id);
  PublishCommand command{ref->relation, ref->version, request.chunk_count()};
  const absl::StatusOr<bool> distinct = Distinct(command, call.caller.firm, **terms);
  if (!distinct.ok()) return reply(distinct.status());
  command.distinct = *distinct;
  command.leads = LeadsOf(**terms);
  SubmitForVersion(runtime::CommandFor(call, "PublishVersion", request,
                                       Deciding(std::move(command), CheckStands(**terms))),
                   ref->relation, ref->version, std::move(reply));
}

void ForecastApi::DropVersion(const Call& call, const v1::DropVersionRequest& request,
                              Reply<v1::Version> reply) {
  reply = audit().Change(call, {"DropVersion", request.name()}, std::move(reply));
  const absl::StatusOr<VersionRef> ref = VersionRefOf(request.name());
  if (!ref.ok()) return reply(ref.status());
  // Giving up is allowed after a revocation too, and however long after: it shows nothing to
  // anyone.
  const absl::Status reader = CheckReader(call, ref->relation);
  if (!reader.ok() && base::ReasonOf(reader) != base::Reason::kRetentionEnded) return reply(reader);
  const absl::Status editor = seams_.check_role(call.caller.firm, call.caller.principal, "editor");
  if (!editor.ok()) return reply(editor);
  const absl::Status id = base::CheckRequestId(request.request_id());
  if (!id.ok()) return reply(id);
  DropCommand command{ref->relation, ref->version};
  SubmitForVersion(runtime::CommandFor(call, "DropVersion", request,
                                       Deciding(std::move(command), absl::OkStatus())),
                   ref->relation, ref->version, std::move(reply));
}

void ForecastApi::StartRun(const Call& call, const v1::StartRunRequest& request,
                           Reply<v1::Run> reply) {
  reply = audit().Change(call, {"StartRun", request.parent()}, std::move(reply));
  absl::Status stands;
  const auto parse = [&]() -> absl::StatusOr<RunCommand> {
    TANDEM_ASSIGN_OR_RETURN(const std::string relation, RelationOf(request.parent()));
    TANDEM_ASSIGN_OR_RETURN(const Terms terms, CheckWriter(call, relation));
    stands = CheckStands(*terms);
    stands.Update(CheckInputs(call, *terms));
    TANDEM_RETURN_IF_ERROR(base::CheckRequestId(request.request_id()));
    RunCommand command;
    command.relation = relation;
    command.run = NewId(call.caller.firm, "StartRun", request.request_id());
    command.method = request.run().method();
    TANDEM_ASSIGN_OR_RETURN(command.origin, DayOf("run.origin_date", request.run().origin_date()));
    command.horizon_days = request.run().horizon_days();
    command.bucket_days = terms->bucket_days;
    command.horizon_days_max = terms->horizon_days;
    command.agreement_version = terms->version;
    return command;
  };
  absl::StatusOr<RunCommand> command = parse();
  if (!command.ok()) return reply(command.status());
  const base::SlotId slot = SlotOf(command->relation);
  const std::string relation = command->relation;
  const std::string run = command->run;
  seams_.router->Submit(
      slot, runtime::CommandFor(call, "StartRun", request, Deciding(*std::move(command), stands)),
      [this, slot, relation, run,
       reply = std::move(reply)](absl::StatusOr<Outcome> outcome) mutable {
        if (!outcome.ok()) return reply(outcome.status());
        const auto fact = DecodeFact(FirstOf(*outcome).fact);
        if (!fact.ok()) return reply(fact.status());
        RunQueue* const runs = runs_;
        if (runs != nullptr) runs->Begin(relation, run);
        Run begun;
        begun.relation = relation;
        begun.id = run;
        begun.state = v1::Run::STATE_RUNNING;
        begun.method = fact->run_started().method();
        begun.origin_day = fact->run_started().origin_day();
        begun.horizon_days = fact->run_started().horizon_days();
        begun.bucket_days = std::max(1, fact->run_started().bucket_days());
        reply(Answer<v1::Run>{MessageOf(begun), At(slot, outcome->number)});
      });
}

}  // namespace tandem::forecast
