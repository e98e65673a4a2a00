#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/forecast/codec.h"
#include "services/forecast/decide.h"
#include "services/forecast/run_method.h"

namespace tandem::forecast {
namespace {

using base::Reason;

Facts One(const v1::Fact& fact, std::uint32_t agreement_version) {
  Facts facts;
  facts.push_back(EncodeFact(fact));
  facts.back().agreement_version = agreement_version;
  return facts;
}

absl::Status CheckFields(const StartRun& command) {
  if (FindRunMethod(command.method) == nullptr) {
    return base::RefuseField(Reason::kFieldOutOfRange, "run.method",
                             "the methods are " + RunMethodNames(), {{"method", command.method}});
  }
  if (command.horizon_days < 1 || command.horizon_days > kBucketCountMax ||
      command.horizon_days > command.horizon_days_max) {
    return base::RefuseField(
        Reason::kFieldOutOfRange, "run.horizon_days",
        "1 to 400 days, and no more than the agreement looks ahead",
        {{"horizon_days", command.horizon_days}, {"agreed_days", command.horizon_days_max}});
  }
  if (command.bucket_days == 7 && command.horizon_days % 7 != 0) {
    return base::RefuseField(Reason::kFieldOutOfRange, "run.horizon_days",
                             "the agreement forecasts in weeks: whole weeks, a multiple of 7 days",
                             {{"horizon_days", command.horizon_days}});
  }
  if (!command.origin.InRange() || !(command.origin + command.horizon_days + 1).InRange()) {
    return base::RefuseField(Reason::kDayOutOfRange, "run.origin_date",
                             "the days must lie in 1990 to 2099",
                             {{"day", command.origin.ToString()}});
  }
  if (command.bucket_days == 7 && (command.origin + 1).Weekday() != 0) {
    return base::RefuseField(
        Reason::kFieldOutOfRange, "run.origin_date",
        "the agreement forecasts in weeks from Monday on: the origin is a Sunday",
        {{"day", command.origin.ToString()}});
  }
  return absl::OkStatus();
}

// Its versions that are neither published nor dropped.
std::vector<Version> StagedBy(const base::RowReader& rows, const Run& run) {
  std::vector<Version> versions;
  for (const std::string& id : StagedIn(rows, run.relation, run.firm)) {
    std::optional<Version> version = VersionIn(rows, run.relation, id);
    if (version.has_value() && version->reason == ReasonOfRun(run.id)) {
      versions.push_back(*std::move(version));
    }
  }
  return versions;
}

}  // namespace

std::string ReasonOfRun(std::string_view run) { return "run " + std::string(run); }

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const StartRun& command,
                             const base::Stamp& stamp) {
  TANDEM_RETURN_IF_ERROR(CheckFields(command));
  if (rows.Get(RunKey(command.relation, command.run)).has_value()) {
    return base::Refuse(Reason::kAlreadyExists, "this request id made a run long ago",
                        {{"run", command.run}});
  }
  std::size_t open = 0;
  for (const auto& [relation, run] : OpenRunsIn(rows)) {
    if (relation != command.relation) continue;
    const std::optional<Run> other = RunIn(rows, relation, run);
    if (other.has_value() && other->firm == stamp.caller.firm) ++open;
  }
  if (open >= kOpenRunsMax) {
    return base::Refuse(Reason::kQuotaExceeded, "wait for the runs that are under way",
                        {{"runs", open}});
  }
  v1::Fact fact;
  v1::RunStarted& started = *fact.mutable_run_started();
  started.set_agreement(command.relation);
  started.set_run(command.run);
  started.set_firm(stamp.caller.firm);
  started.set_principal(stamp.caller.principal);
  started.set_method(command.method);
  started.set_origin_day(command.origin.number());
  started.set_horizon_days(command.horizon_days);
  started.set_bucket_days(command.bucket_days);
  return One(fact, command.agreement_version);
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const EndRun& command,
                             const base::Stamp&) {
  const std::optional<Run> run = RunIn(rows, command.relation, command.run);
  if (!run.has_value()) {
    return base::Refuse(Reason::kUnknownRecord, "there is no such run", {{"run", command.run}});
  }
  if (run->state != v1::Run::STATE_RUNNING) return Facts();
  Facts facts;
  for (const Version& version : StagedBy(rows, *run)) {
    facts.push_back(DroppedFact(version, "GIVEN_UP"));
  }
  v1::Fact fact;
  v1::RunEnded& ended = *fact.mutable_run_ended();
  ended.set_agreement(run->relation);
  ended.set_run(run->id);
  ended.set_firm(run->firm);
  ended.set_version(command.version);
  ended.set_error(command.error.substr(0, kErrorBytesMax));
  facts.push_back(EncodeFact(fact));
  return facts;
}

}  // namespace tandem::forecast
