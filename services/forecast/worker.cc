#include "services/forecast/worker.h"

#include <map>
#include <mutex>
#include <utility>

#include "services/forecast/codec.h"
#include "services/forecast/worker_job.h"

namespace tandem::forecast {

struct Worker::Impl : std::enable_shared_from_this<Worker::Impl> {
  using Key = std::pair<std::string, std::string>;  // Relation, run.

  Impl(ForecastApi& a, SeriesSource& s, runtime::Executor& e, WorkerOptions o)
      : api(a), source(s), executor(e), options(o) {}

  void Begin(const Key& key) {
    runtime::Router& router = *api.seams().router;
    const auto rows = router.Read(router.SlotOf(base::DomainId::kForecast, key.first));
    if (!rows.ok()) return BeginLater(key);
    const std::optional<Run> run = RunIn(*rows->rows, key.first, key.second);
    if (!rows->rows->status().ok()) return BeginLater(key);
    if (!run.has_value() || run->state != v1::Run::STATE_RUNNING) return;
    std::shared_ptr<Job> job;
    {
      const std::lock_guard lock(mutex);
      if (jobs.contains(key)) return;
      job = std::make_shared<Job>(api, source, executor, options, *run,
                                  [weak = weak_from_this(), key] {
                                    const auto self = weak.lock();
                                    if (self == nullptr) return;
                                    const std::lock_guard ended(self->mutex);
                                    self->jobs.erase(key);
                                  });
      jobs.emplace(key, job);
    }
    job->Begin();
  }
  void BeginLater(const Key& key) {
    executor.RunAfter(absl::Seconds(1), [weak = weak_from_this(), key] {
      if (const auto self = weak.lock()) self->Begin(key);
    });
  }
  void BeginOpen(base::SlotId slot) {
    const auto rows = api.seams().router->Read(slot);
    if (!rows.ok() || !rows->rows->status().ok()) {
      executor.RunAfter(absl::Seconds(1), [weak = weak_from_this(), slot] {
        if (const auto self = weak.lock()) self->BeginOpen(slot);
      });
      return;
    }
    for (const Key& key : OpenRunsIn(*rows->rows)) Begin(key);
  }

  ForecastApi& api;
  SeriesSource& source;
  runtime::Executor& executor;
  const WorkerOptions options;
  mutable std::mutex mutex;
  std::map<Key, std::shared_ptr<Job>> jobs;
};

Worker::Worker(ForecastApi& api, SeriesSource& source, runtime::Executor& executor,
               WorkerOptions options)
    : impl_(std::make_shared<Impl>(api, source, executor, options)) {
  api.UseRuns(this);
}

Worker::~Worker() { impl_->api.UseRuns(nullptr); }

void Worker::Start() {
  for (const base::SlotId slot : impl_->api.seams().router->slots()) {
    if (slot.domain == base::DomainId::kForecast) impl_->BeginOpen(slot);
  }
}

void Worker::Begin(std::string_view relation, std::string_view run) {
  impl_->Begin({std::string(relation), std::string(run)});
}

std::optional<RunQueue::Progress> Worker::ProgressOf(std::string_view relation,
                                                     std::string_view run) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->jobs.find({std::string(relation), std::string(run)});
  if (found == impl_->jobs.end()) return std::nullopt;
  return found->second->progress();
}

}  // namespace tandem::forecast
