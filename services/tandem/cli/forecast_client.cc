#include "services/tandem/cli/forecast_client.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "services/base/status.h"
#include "tandem/forecast/v1/forecast.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = forecast::v1;
using v1::ForecastService;

constexpr absl::Duration kRunLongest = absl::Minutes(30);

bool IndexesFit(const v1::SeriesColumns& columns) {
  const auto below = [](const auto& indexes, int size) {
    return std::all_of(indexes.begin(), indexes.end(), [&](std::uint32_t index) {
      return index < static_cast<std::uint32_t>(size);
    });
  };
  return columns.item_index_size() == columns.location_index_size() &&
         below(columns.item_index(), columns.items_size()) &&
         below(columns.location_index(), columns.locations_size());
}

bool QuantilesFit(const v1::ReadVersionResponse& answer) {
  const int values = answer.series().mean_milli_size();
  const int quantiles = answer.quantiles().value_milli_size();
  return quantiles == 0 || (values > 0 && quantiles % values == 0);
}

}  // namespace

std::string AgreementName(const std::string& agreement) {
  return agreement.starts_with("agreements/") ? agreement : "agreements/" + agreement;
}

absl::StatusOr<v1::Run> RunAndWait(Client& client, const RunOptions& options) {
  v1::StartRunRequest request;
  request.set_parent(options.agreement);
  request.mutable_run()->set_method(options.method);
  *request.mutable_run()->mutable_origin_date() = options.origin;
  request.mutable_run()->set_horizon_days(options.horizon_days);
  request.set_request_id(NewRequestId());
  v1::Run run;
  TANDEM_RETURN_IF_ERROR(client.Call(&ForecastService::Stub::StartRun, request, &run));
  v1::GetRunRequest ask;
  ask.set_name(run.name());
  const absl::Time give_up = absl::Now() + kRunLongest;
  while (run.state() == v1::Run::STATE_RUNNING) {
    if (absl::Now() > give_up) return absl::DeadlineExceededError("the run takes too long");
    absl::SleepFor(absl::Milliseconds(50));
    TANDEM_RETURN_IF_ERROR(client.Call(&ForecastService::Stub::GetRun, ask, &run));
    if (options.on_progress) options.on_progress(run);
  }
  if (run.state() == v1::Run::STATE_SUCCEEDED) return run;
  return absl::AbortedError("the run failed: " + run.error());
}

absl::StatusOr<v1::Version> GetVersion(Client& client, const std::string& name) {
  v1::GetVersionRequest request;
  request.set_name(name);
  v1::Version version;
  TANDEM_RETURN_IF_ERROR(client.Call(&ForecastService::Stub::GetVersion, request, &version));
  return version;
}

absl::StatusOr<std::vector<v1::Version>> AllVersions(Client& client, const std::string& agreement) {
  std::vector<v1::Version> versions;
  v1::ListVersionsRequest request;
  request.set_parent(agreement);
  do {
    v1::ListVersionsResponse answer;
    TANDEM_RETURN_IF_ERROR(client.Call(&ForecastService::Stub::ListVersions, request, &answer));
    versions.insert(versions.end(), answer.versions().begin(), answer.versions().end());
    request.set_page_token(answer.next_page_token());
  } while (!request.page_token().empty());
  return versions;
}

absl::Status ReadVersion(Client& client, const v1::ReadVersionRequest& request,
                         const std::function<absl::Status(const v1::ReadVersionResponse&)>& use) {
  const auto stub = ForecastService::NewStub(client.channel());
  grpc::ClientContext context;
  client.Identify(&context);
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Minutes(10)));
  const auto call = stub->ReadVersion(&context, request);
  absl::Status status;
  for (v1::ReadVersionResponse answer; status.ok() && call->Read(&answer);) {
    if (!IndexesFit(answer.series())) {
      status = absl::DataLossError("a chunk's index is outside its dictionary");
    } else if (!QuantilesFit(answer)) {
      status = absl::DataLossError("a chunk's quantiles do not fit its values");
    } else {
      status = use(answer);
    }
  }
  if (!status.ok()) context.TryCancel();
  const absl::Status finished = client.WithAdvice(StatusOfCall(call->Finish()));
  return status.ok() ? finished : status;
}

}  // namespace tandem::cli
