// One run under way: its plan, its reads and fits, its upload. Internal to worker.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/forecast/model.h"
#include "services/forecast/run_method.h"
#include "services/forecast/worker.h"

namespace tandem::forecast {

// A part of a run: some items of one location.
struct Batch {
  std::string owner{};
  std::string location{};
  std::vector<std::string> items{};
  // What is read of them beside sales, and of which of them.
  std::map<base::DataKind, std::vector<std::string>> more{};
};

// Series of a batch as they are uploaded.
struct Chunk {
  v1::SeriesColumns series{};
  v1::QuantileColumns quantiles{};  // None where the method has none.
};

// The first day of history that the run looks at.
base::Day FirstDayOf(const Run& run);
// A run was accepted with a method that there is.
const RunMethod& MethodOf(const Run& run);

// An item of a batch of which no day is known, and that will be sold nevertheless.
struct Launch {
  std::string item{};
  base::Day day{};  // The first on which it is, after the run's origin.
};

struct FittedBatch {
  std::vector<Chunk> chunks{};
  std::vector<Launch> launches{};
};

// The chunks that a batch's series make, in the order of the batch's items; none for what was never
// known. Launches (launches.h) are found where the method has quantiles. `groups` are those of the
// owner's items. Pure. kOutOfRange naming the series whose forecast is beyond Quantity; kInternal
// where the columns do not fit together.
absl::StatusOr<FittedBatch> FitBatch(const Batch& batch, const Run& run,
                                     const SeriesColumnsRead& read, const ItemGroups& groups);

// Each series once: all of the agreement's scope whose sales the firm may read, in the order of the
// scopes, a batch for each scope's location. Checks anew what StartRun checked, since a restart
// lies between.
absl::StatusOr<std::vector<Batch>> PlanBatches(const ForecastSeams& seams, const Run& run);

using GroupsByOwner = std::map<std::string, ItemGroups>;
// Those of an owner's items; none where none were read.
const ItemGroups& GroupsOf(const GroupsByOwner& groups, const std::string& owner);
// The batches cut to at most `items_max` items. Where the owner's items have groups, a batch's are
// put in the order of these, those without first, and are cut between two groups wherever a part
// that is at least half full ends there. Pure.
std::vector<Batch> CutBatches(std::vector<Batch> batches, const GroupsByOwner& groups,
                              std::size_t items_max);

// Finds of which of the batches' items the firm may read prices, promotions and stock. The grants'
// errors.
absl::Status AddDrivers(const ForecastSeams& seams, const Run& run, std::vector<Batch>& batches);

// OK while the firm may still read and derive from all that the batches name: what was computed
// from data that was withdrawn meanwhile is not shown. NOT_GRANTED naming the first item otherwise,
// and PlanBatches' errors.
absl::Status CheckStillGranted(const ForecastSeams& seams, const Run& run,
                               const std::vector<Batch>& batches);

class Job : public std::enable_shared_from_this<Job> {
 public:
  using Ended = std::function<void()>;
  Job(ForecastApi& api, SeriesSource& source, runtime::Executor& executor, WorkerOptions options,
      Run run, Ended ended);
  void Begin();
  RunQueue::Progress progress() const;

 private:
  using Step = void (Job::*)();

  void Plan();
  // Of the owners of what is planned, one after the other.
  void ReadGroups();
  // Keeps the positions that a read saw; what they were sealed for must be this run's firm.
  absl::Status NoteCuts(const std::vector<std::string>& sealed);
  void OnGroups(const std::string& owner, absl::StatusOr<GroupsRead> read);
  void BeginReads();
  void ReadMore();
  void Read(std::size_t batch, int tries);
  void OnRead(std::size_t batch, absl::StatusOr<SeriesColumnsRead> read, int tries);
  void Fit(std::size_t batch, const SeriesColumnsRead& read);
  void Gather();
  void Stage();
  void UploadNext();
  void Publish();
  void GiveUp(const absl::Status& status);
  void End();

  // Tries `step` again later if the status is one that passes; else fails the run.
  void Retry(const absl::Status& status, Step step);
  // Whether the items of a group are fitted together.
  bool IsGrouped() const;
  void Go(Step step);
  runtime::Call CallNow() const;
  std::string RequestId(std::string_view what) const;

  ForecastApi& api_;
  SeriesSource& source_;
  runtime::Executor& executor_;
  const WorkerOptions options_;
  const Run run_;
  const Ended ended_;

  mutable std::mutex mutex_;  // Over what reads and fits on several threads share.
  RunQueue::Progress progress_;
  std::size_t next_batch_ = 0;
  std::size_t open_batches_ = 0;
  bool failed_ = false;
  std::vector<base::Position> cuts_;
  std::vector<FittedBatch> fitted_;  // By batch.

  // One step at a time touches these.
  std::vector<Batch> batches_;
  GroupsByOwner groups_;
  std::vector<Chunk> chunks_;
  base::Position basis_;
  std::string content_;  // The content hash that the chunks make.
  std::string version_;  // Its name, once it is staged.
  std::size_t uploaded_ = 0;
  int tries_ = 0;
  std::string result_;  // The published version's id.
  std::string error_;
};

}  // namespace tandem::forecast
