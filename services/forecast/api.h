// Forecast's handlers below the gRPC shell (runtime/call.h has their shape): who asks, what they
// ask, one decision, one answer. They run on the caller's thread and never wait.
//
// Writing needs a party's editor and an agreement that is not revoked. Published versions are joint
// records: whoever was ever a party keeps reading them for as long as the agreement's retention
// says.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/base/grants.h"
#include "services/forecast/decide.h"
#include "services/runtime/audit.h"
#include "services/runtime/call.h"
#include "services/runtime/router.h"
#include "services/runtime/seal.h"
#include "tandem/forecast/v1/forecast.pb.h"

namespace tandem::forecast {

struct PublishVersion;  // decide.h

using runtime::Call;
using runtime::Pages;
using runtime::PagesReply;
using runtime::Reply;

struct ForecastSeams {
  runtime::Router* router = nullptr;  // Serves forecast's slots.
  const base::Grants* grants = nullptr;
  const runtime::Sealer* sealer = nullptr;
  // OK if a principal has a role: GrantsReplica::CheckRole.
  std::function<absl::Status(std::string_view firm, std::string_view principal,
                             std::string_view role)>
      check_role{};
};

// Who computes what StartRun accepts: the worker (worker.h).
class RunQueue {
 public:
  struct Progress {
    std::int64_t done = 0;
    std::int64_t total = 0;  // 0: not yet known.
  };
  virtual ~RunQueue() = default;
  // Begins the run, unless it is under way. Never waits.
  virtual void Begin(std::string_view relation, std::string_view run) = 0;
  // nullopt for a run that is not under way here.
  virtual std::optional<Progress> ProgressOf(std::string_view relation,
                                             std::string_view run) const = 0;
};

// Safe on any thread. What it is given must outlive it and every call.
class ForecastApi {
 public:
  explicit ForecastApi(ForecastSeams seams);

  // Names who computes; null: nobody (a run waits until somebody does). Worker's constructor and
  // destructor call it.
  void UseRuns(RunQueue* runs);

  void StageVersion(const Call& call, const v1::StageVersionRequest& request,
                    Reply<v1::Version> reply);
  void UploadChunk(const Call& call, const v1::UploadChunkRequest& request,
                   Reply<v1::Version> reply);
  void PublishVersion(const Call& call, const v1::PublishVersionRequest& request,
                      Reply<v1::Version> reply);
  void DropVersion(const Call& call, const v1::DropVersionRequest& request,
                   Reply<v1::Version> reply);
  void GetVersion(const Call& call, const v1::GetVersionRequest& request, Reply<v1::Version> reply);
  void ListVersions(const Call& call, const v1::ListVersionsRequest& request,
                    Reply<v1::ListVersionsResponse> reply);
  void ReadVersion(const Call& call, const v1::ReadVersionRequest& request,
                   PagesReply<v1::ReadVersionResponse> reply);
  void StartRun(const Call& call, const v1::StartRunRequest& request, Reply<v1::Run> reply);
  void GetRun(const Call& call, const v1::GetRunRequest& request, Reply<v1::Run> reply);

  const ForecastSeams& seams() const { return seams_; }

 private:
  using Terms = std::shared_ptr<const base::AgreementTerms>;

  absl::StatusOr<Terms> CheckWriter(const Call& call, std::string_view relation) const;
  absl::Status CheckReader(const Call& call, std::string_view relation) const;
  absl::Status CheckInputs(const Call& call, const base::AgreementTerms& terms) const;
  base::SlotId SlotOf(std::string_view relation) const;
  absl::StatusOr<bool> Distinct(const forecast::PublishVersion& command, std::string_view firm,
                                const base::AgreementTerms& terms) const;
  runtime::Audit audit() const { return {*seams_.router, base::DomainId::kForecast}; }
  // Submits and answers with the version as its row is then.
  void SubmitForVersion(runtime::Command command, std::string relation, std::string version,
                        Reply<v1::Version> reply);
  // Reads the relation's slot once it has reached the token's position.
  void ReadAt(const Call& call, std::string_view relation, std::string_view min_position,
              absl::AnyInvocable<void(absl::StatusOr<runtime::Log::Rows>)> done);

  ForecastSeams seams_;
  std::atomic<RunQueue*> runs_{nullptr};
};

}  // namespace tandem::forecast
