#include "services/exchange/worker.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "services/exchange/codec.h"

namespace tandem::exchange {

// One task at a time runs for a worker: the next is started by the last one's end, so its fields
// need no lock.
struct FoldWorker::Impl : std::enable_shared_from_this<FoldWorker::Impl> {
  struct Work {
    base::SlotId slot{};
    SeriesName name{};
    bool all = false;
    bool busy = false;  // It grew since the last look.
  };
  // What a series' arrivals were at the last look, and for how many looks since.
  struct Watched {
    std::uint64_t reported = 0;
    std::uint64_t rows = 0;
    int looks = 0;
  };

  runtime::Router& router;
  runtime::Executor& executor;
  const FoldWorkerOptions options;
  std::atomic<bool> stopped = false;
  std::atomic<std::uint64_t> steps = 0;
  std::vector<Work> work;
  std::uint64_t arrived_rows = 0;  // Of all series, from the last look to this one.
  std::map<std::string, Watched> watched;

  Impl(runtime::Router& r, runtime::Executor& e, FoldWorkerOptions o)
      : router(r), executor(e), options(o) {}

  template <typename Then>
  void Later(absl::Duration delay, Then then) {
    executor.RunAfter(delay, [weak = weak_from_this(), then] {
      const auto self = weak.lock();
      if (self != nullptr && !self->stopped) then(*self);
    });
  }

  void Look() {
    work.clear();
    arrived_rows = 0;
    for (const base::SlotId slot : router.slots()) {
      if (slot.domain == base::DomainId::kExchange) LookAt(slot);
    }
    if (arrived_rows >= options.import_rows) {
      for (Work& each : work) each.busy = !each.all;
    }
    Step();
  }

  // Collects the slot's series that have something to fold.
  void LookAt(base::SlotId slot) {
    const auto rows = router.Read(slot);
    if (!rows.ok()) return;  // It moves, or halted: the next look sees.
    const std::string prefix(1, static_cast<char>(RowKind::kSeriesMark));
    rows->rows->ScanPrefix(prefix, [&](std::string_view key, std::string_view value) {
      const SeriesMark mark = DecodeMark(value);
      const std::string name = slot.ToString() + std::string(key);
      if (mark.arrival_blocks == 0 && mark.singles == mark.singles_folded) {
        watched.erase(name);  // What comes next is counted from nothing.
        return true;
      }
      Watched& seen = watched[name];
      const std::uint64_t reported = mark.arrival_blocks + mark.singles;
      seen.looks = seen.reported == reported ? seen.looks + 1 : 0;
      seen.reported = reported;
      const std::uint64_t open_rows = mark.arrival_rows + mark.singles - mark.singles_folded;
      arrived_rows += open_rows - std::min(open_rows, seen.rows);
      seen.rows = open_rows;
      const bool idle = seen.looks >= options.idle_looks;
      if (idle) seen.looks = 0;
      work.push_back({slot, SeriesOfKey(key), idle, seen.looks == 0 && !idle});
      return true;
    });
  }

  // Takes one step of the series at the back, or goes to the next series.
  void Step() {
    while (!work.empty()) {
      const Work current = work.back();
      const auto rows = router.Read(current.slot);
      std::optional<v1::SeriesFolded> step;
      if (rows.ok()) {
        FoldOptions fold = options.fold;
        fold.all = fold.all || current.all;
        if (current.busy && !fold.all) {
          fold.rows_min = std::max(fold.rows_min, options.busy_rows_min);
          fold.blocks_min = std::max(fold.blocks_min, options.busy_blocks_min);
        }
        step =
            NextFold({*rows->rows, rows->applied, current.name.place, current.name.series}, fold);
        if (!rows->rows->status().ok()) step.reset();
      }
      if (step.has_value()) return Submit(current.slot, *std::move(step));
      work.pop_back();
    }
    Later(options.period, [](Impl& self) { self.Look(); });
  }

  void Submit(base::SlotId slot, v1::SeriesFolded step) {
    runtime::Command command;
    command.caller = {.firm = "operator", .principal = "fold", .instance = true};
    command.method = "Fold";
    command.byte_size = step.ByteSizeLong();
    command.decide = [step = std::move(step)](const base::RowReader& rows, const base::Stamp&) {
      return DecideFold(rows, step);
    };
    router.Submit(slot, std::move(command),
                  [weak = weak_from_this()](const absl::StatusOr<runtime::Outcome>& outcome) {
                    const auto self = weak.lock();
                    if (self == nullptr || self->stopped) return;
                    if (outcome.ok()) {
                      ++self->steps;
                    } else if (!self->work.empty()) {
                      self->work.pop_back();  // The next look tries again.
                    }
                    self->Later(absl::ZeroDuration(), [](Impl& worker) { worker.Step(); });
                  });
  }
};

FoldWorker::FoldWorker(runtime::Router& router, runtime::Executor& executor,
                       FoldWorkerOptions options)
    : impl_(std::make_shared<Impl>(router, executor, options)) {}

FoldWorker::~FoldWorker() { impl_->stopped = true; }

void FoldWorker::Start() {
  impl_->Later(absl::ZeroDuration(), [](Impl& self) { self.Look(); });
}

std::uint64_t FoldWorker::steps() const { return impl_->steps; }

}  // namespace tandem::exchange
