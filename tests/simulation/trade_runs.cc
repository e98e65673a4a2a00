// Forecast runs of a simulated trade: each maker computes from the retailer's sales, again and
// again.

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "tests/simulation/trade.h"

namespace tandem::simulation {

namespace fv1 = forecast::v1;
using forecast::ForecastApi;

namespace {

constexpr std::int32_t kHorizonDays = 7;

}  // namespace

void Trade::RunForecast(int maker, Next done) {
  static constexpr const char* kMethods[] = {"seasonal-naive", "ses", "pooled-profile", "local"};
  const std::string method = kMethods[wire_.world->random().Below(4)];
  fv1::StartRunRequest request;
  request.set_parent(relations_[maker].name);
  fv1::Run& run = *request.mutable_run();
  run.set_method(method);
  run.set_horizon_days(kHorizonDays);
  run.mutable_origin_date()->set_year(2024);
  run.mutable_origin_date()->set_month(11);
  run.mutable_origin_date()->set_day(12);
  Command(
      Question(*forecasting_, &Instance::forecast, &ForecastApi::StartRun, kMakers[maker], request),
      "", true,
      [this, maker, method, done = std::move(done)](const absl::StatusOr<fv1::Run>& begun) {
        report_->Expect(begun.ok() || relations_[maker].revoking,
                        absl::StrCat("StartRun: ", begun.status().ToString()));
        if (!begun.ok()) return wire_.clients->RunAfter(absl::Seconds(1), done);
        runs_.push_back({.maker = maker, .name = begun->name(), .method = method});
        AwaitRun(runs_.size() - 1, done);
      });
}

// However long it takes: instances crash meanwhile, and begin it anew.
void Trade::AwaitRun(std::size_t run, Next done) {
  fv1::GetRunRequest request;
  request.set_name(runs_[run].name);
  Insist(
      wire_,
      Question(*forecasting_, &Instance::forecast, &ForecastApi::GetRun, kMakers[runs_[run].maker],
               request),
      [] { return false; },
      [this, run, done = std::move(done)](const absl::StatusOr<fv1::Run>& answer) {
        report_->Expect(answer.ok(), absl::StrCat("GetRun: ", answer.status().ToString()));
        if (!answer.ok()) return done();
        if (answer->state() == fv1::Run::STATE_RUNNING) {
          return wire_.clients->RunAfter(absl::Milliseconds(200),
                                         [this, run, done] { AwaitRun(run, done); });
        }
        MakersRun& ended = runs_[run];
        ended.ended = true;
        ended.version = answer->version();
        ended.error = answer->error();
        ++report_->counts[ended.version.empty() ? "runs failed" : "runs"];
        done();
      });
}

}  // namespace tandem::simulation
