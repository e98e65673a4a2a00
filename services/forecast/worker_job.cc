#include "services/forecast/worker_job.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/forecast/api_messages.h"
#include "services/forecast/fit_local.h"
#include "services/forecast/launches.h"

namespace tandem::forecast {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(30);

bool Passes(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kResourceExhausted ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

absl::Duration WaitBefore(int tries) {
  return std::min(absl::Milliseconds(100) * (1 << std::min(tries, 10)), absl::Seconds(5));
}

std::vector<std::string> MoreOf(const Batch& batch, base::DataKind kind) {
  const auto found = batch.more.find(kind);
  return found == batch.more.end() ? std::vector<std::string>() : found->second;
}

// What every read of a slot saw at least: the forecast rests on nothing older.
base::Position LeastOf(const std::vector<base::Position>& cuts) {
  base::Position least;
  for (const base::Position& cut : cuts) {
    for (const auto& [slot, number] : cut.numbers()) {
      const std::uint64_t before = least.At(slot);
      if (before == 0 || number < before) least.Set(slot, number);
    }
  }
  return least;
}

}  // namespace

Job::Job(ForecastApi& api, SeriesSource& source, runtime::Executor& executor, WorkerOptions options,
         Run run, Ended ended)
    : api_(api),
      source_(source),
      executor_(executor),
      options_(options),
      run_(std::move(run)),
      ended_(std::move(ended)) {}

void Job::Begin() { Go(&Job::Plan); }

RunQueue::Progress Job::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

void Job::Go(Step step) {
  tries_ = 0;
  executor_.Run([self = shared_from_this(), step] { (self.get()->*step)(); });
}

void Job::Retry(const absl::Status& status, Step step) {
  if (!Passes(status) || tries_ >= options_.tries_max) return GiveUp(status);
  executor_.RunAfter(WaitBefore(tries_++),
                     [self = shared_from_this(), step] { (self.get()->*step)(); });
}

runtime::Call Job::CallNow() const {
  runtime::Call call;
  call.caller = {.firm = run_.firm, .principal = run_.principal};
  call.deadline = api_.seams().router->clock().Now() + kCallTimeout;
  return call;
}

// The same for the same run, basis and content: a run that was begun anew on the same data finds
// what it had staged, and on newer data begins another version. The content is in it since the
// basis is what was read at least: of one slot some may have been newer.
std::string Job::RequestId(std::string_view what) const {
  return RequestIdFor(absl::StrCat(run_.id, "/", absl::string_view(what.data(), what.size()), "/",
                                   basis_.Encode(), content_));
}

void Job::Plan() {
  auto batches = PlanBatches(api_.seams(), run_);
  if (!batches.ok()) return Retry(batches.status(), &Job::Plan);
  if (batches->empty()) {
    return GiveUp(base::Refuse(base::Reason::kNotGranted, "the agreement lets you read no sales"));
  }
  batches_ = *std::move(batches);
  Go(IsGrouped() ? &Job::ReadGroups : &Job::BeginReads);
}

bool Job::IsGrouped() const { return MethodOf(run_).together; }

void Job::ReadGroups() {
  const auto next = std::ranges::find_if(
      batches_, [this](const Batch& batch) { return !groups_.contains(batch.owner); });
  if (next == batches_.end()) return Go(&Job::BeginReads);
  source_.ReadGroups(
      CallNow().caller, next->owner,
      [self = shared_from_this(), owner = next->owner](absl::StatusOr<GroupsRead> read) mutable {
        self->executor_.Run([self, owner, read = std::move(read)]() mutable {
          self->OnGroups(owner, std::move(read));
        });
      });
}

void Job::OnGroups(const std::string& owner, absl::StatusOr<GroupsRead> read) {
  if (!read.ok()) return Retry(read.status(), &Job::ReadGroups);
  const absl::Status noted = NoteCuts(read->cuts);
  if (!noted.ok()) return GiveUp(noted);
  groups_.emplace(owner, std::move(read->groups));
  Go(&Job::ReadGroups);
}

void Job::BeginReads() {
  batches_ = CutBatches(std::move(batches_), groups_, options_.items_per_read);
  if (IsGrouped()) {
    const absl::Status added = AddDrivers(api_.seams(), run_, batches_);
    if (!added.ok()) return Retry(added, &Job::BeginReads);
  }
  {
    const std::lock_guard lock(mutex_);
    fitted_.resize(batches_.size());
    for (const Batch& batch : batches_) {
      progress_.total += static_cast<std::int64_t>(batch.items.size());
    }
  }
  for (std::size_t i = 0; i < options_.reads_at_once; ++i) ReadMore();
}

void Job::ReadMore() {
  std::size_t batch = 0;
  {
    const std::lock_guard lock(mutex_);
    if (failed_ || next_batch_ == batches_.size()) return;
    batch = next_batch_++;
    ++open_batches_;
  }
  Read(batch, 0);
}

void Job::Read(std::size_t batch, int tries) {
  const base::Day origin = base::Day::FromNumber(run_.origin_day);
  const Batch& asked = batches_[batch];
  source_.Read(
      CallNow().caller,
      {.owner = asked.owner,
       .location = asked.location,
       .items = asked.items,
       .first_day = FirstDayOf(run_),
       .last_day = origin,
       .with_events = IsGrouped(),
       .priced_items = MoreOf(asked, base::DataKind::kPrices),
       .promoted_items = MoreOf(asked, base::DataKind::kPromotions),
       .stocked_items = MoreOf(asked, base::DataKind::kStock)},
      [self = shared_from_this(), batch, tries](absl::StatusOr<SeriesColumnsRead> read) mutable {
        // Not on the source's thread: fitting takes milliseconds.
        self->executor_.Run([self, batch, tries, read = std::move(read)]() mutable {
          self->OnRead(batch, std::move(read), tries);
        });
      });
}

void Job::OnRead(std::size_t batch, absl::StatusOr<SeriesColumnsRead> read, int tries) {
  if (read.ok()) return Fit(batch, *read);
  bool failed = false;
  {
    const std::lock_guard lock(mutex_);
    failed = failed_;
  }
  if (!failed && Passes(read.status()) && tries < options_.tries_max) {
    executor_.RunAfter(WaitBefore(tries),
                       [self = shared_from_this(), batch, tries] { self->Read(batch, tries + 1); });
    return;
  }
  GiveUp(read.status());
}

absl::Status Job::NoteCuts(const std::vector<std::string>& sealed) {
  for (const std::string& each : sealed) {
    TANDEM_ASSIGN_OR_RETURN(base::Position cut,
                            runtime::OpenPosition(*api_.seams().sealer, run_.firm, each));
    const std::lock_guard lock(mutex_);
    cuts_.push_back(std::move(cut));
  }
  return absl::OkStatus();
}

void Job::Fit(std::size_t batch, const SeriesColumnsRead& read) {
  const absl::Status noted = NoteCuts(read.cuts);
  if (!noted.ok()) return GiveUp(noted);
  auto fitted = FitBatch(batches_[batch], run_, read, GroupsOf(groups_, batches_[batch].owner));
  if (!fitted.ok()) return GiveUp(fitted.status());
  bool all = false;
  {
    const std::lock_guard lock(mutex_);
    if (failed_) return;
    fitted_[batch] = *std::move(fitted);
    progress_.done += static_cast<std::int64_t>(batches_[batch].items.size());
    --open_batches_;
    all = open_batches_ == 0 && next_batch_ == batches_.size();
  }
  if (all) return Gather();
  ReadMore();
}

void Job::Gather() {
  std::vector<FittedBatch> fitted;
  {
    const std::lock_guard lock(mutex_);
    fitted.swap(fitted_);
    basis_ = LeastOf(cuts_);
  }
  const absl::Status added = AddLaunches(run_, batches_, groups_, fitted);
  if (!added.ok()) return GiveUp(added);
  for (FittedBatch& batch : fitted) {
    std::move(batch.chunks.begin(), batch.chunks.end(), std::back_inserter(chunks_));
  }
  content_.assign(kHashBytes, '\0');
  for (const Chunk& chunk : chunks_) {
    std::string hash = Sha256(chunk.series.SerializeAsString());
    if (chunk.quantiles.value_milli_size() > 0) {
      hash += Sha256(chunk.quantiles.SerializeAsString());
    }
    content_ = NextContentHash(content_, hash);
  }
  if (chunks_.empty()) {
    return GiveUp(base::Refuse(base::Reason::kUnknownRecord, "no series has a day that is known"));
  }
  Go(&Job::Stage);
}

void Job::Stage() {
  v1::StageVersionRequest request;
  request.set_parent(absl::StrCat("agreements/", run_.relation));
  request.set_request_id(RequestId("stage"));
  v1::Version& version = *request.mutable_version();
  version.set_purpose(v1::PURPOSE_SALES);
  version.set_method(run_.method);
  version.set_basis(runtime::SealPosition(*api_.seams().sealer, run_.firm, basis_));
  version.set_reason(ReasonOfRun(run_.id));  // Its end drops what else it has staged.
  *version.mutable_start_date() = DateOf(base::Day::FromNumber(run_.origin_day) + 1);
  version.set_bucket_count(run_.horizon_days / run_.bucket_days);
  version.set_bucket_days(run_.bucket_days);
  if (MethodOf(run_).has_quantiles) {
    for (const std::int32_t level : LocalQuantileLevels()) {
      version.add_quantile_level_millionths(level);
    }
  }
  api_.StageVersion(CallNow(), request, [self = shared_from_this()](auto answer) {
    if (!answer.ok()) return self->Retry(answer.status(), &Job::Stage);
    self->version_ = answer->message.name();
    self->Go(&Job::UploadNext);
  });
}

void Job::UploadNext() {
  if (uploaded_ == chunks_.size()) return Go(&Job::Publish);
  v1::UploadChunkRequest request;
  request.set_name(version_);
  request.set_chunk(static_cast<std::int64_t>(uploaded_) + 1);
  *request.mutable_series() = chunks_[uploaded_].series;
  *request.mutable_quantiles() = chunks_[uploaded_].quantiles;
  api_.UploadChunk(CallNow(), request, [self = shared_from_this()](auto answer) {
    if (!answer.ok()) return self->Retry(answer.status(), &Job::UploadNext);
    ++self->uploaded_;
    self->Go(&Job::UploadNext);
  });
}

void Job::Publish() {
  const absl::Status granted = CheckStillGranted(api_.seams(), run_, batches_);
  if (!granted.ok()) return Retry(granted, &Job::Publish);
  v1::PublishVersionRequest request;
  request.set_name(version_);
  request.set_chunk_count(static_cast<std::int64_t>(chunks_.size()));
  request.set_request_id(RequestId("publish"));
  api_.PublishVersion(CallNow(), request, [self = shared_from_this()](auto answer) {
    if (!answer.ok()) return self->Retry(answer.status(), &Job::Publish);
    if (answer->message.state() != v1::Version::STATE_PUBLISHED) {
      return self->GiveUp(base::Refuse(base::Reason::kBasisStale,
                                       "a version from newer data was published meanwhile"));
    }
    self->result_ = self->version_.substr(self->version_.rfind('/') + 1);
    self->Go(&Job::End);
  });
}

void Job::GiveUp(const absl::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(failed_, true)) return;
  }
  const base::Reason reason = base::ReasonOf(status);
  const std::string_view name = base::ReasonName(reason);
  error_ = reason == base::Reason::kNone
               ? std::string(status.message())
               : absl::StrCat(absl::string_view(name.data(), name.size()), ": ", status.message());
  Go(&Job::End);
}

void Job::End() {
  EndRun command{run_.relation, run_.id, result_, error_};
  runtime::Command submitted;
  submitted.caller = CallNow().caller;
  submitted.method = "EndRun";
  submitted.deadline = CallNow().deadline;
  submitted.decide = [command = std::move(command)](const base::RowReader& rows,
                                                    const base::Stamp& stamp) {
    return Decide(rows, command, stamp);
  };
  runtime::Router& router = *api_.seams().router;
  router.Submit(router.SlotOf(base::DomainId::kForecast, run_.relation), std::move(submitted),
                [self = shared_from_this()](const absl::StatusOr<runtime::Outcome>& outcome) {
                  // However long it takes: else the run would be done again after a restart.
                  if (outcome.ok() || !Passes(outcome.status())) return self->ended_();
                  self->executor_.RunAfter(WaitBefore(self->tries_++), [self] { self->End(); });
                });
}

}  // namespace tandem::forecast
