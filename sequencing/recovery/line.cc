#include "sequencing/recovery/line.h"

namespace tandem::sequencing {

WorkingTime::WorkingTime(std::span<const LineRun> runs) : runs_(runs.begin(), runs.end()) {
  std::int64_t worked_ms = 0;
  for (const LineRun& run : runs_) {
    before_ms_.push_back(worked_ms);
    worked_ms += run.to_ms - run.from_ms;
  }
}

std::int64_t WorkingTime::Until(std::int64_t instant_ms) const {
  const auto after = std::ranges::upper_bound(runs_, instant_ms, {}, &LineRun::from_ms);
  if (after == runs_.begin()) return 0;
  const auto run = static_cast<std::size_t>(after - runs_.begin()) - 1;
  const std::int64_t into_ms = instant_ms - runs_[run].from_ms;
  if (after == runs_.end()) return before_ms_[run] + into_ms;
  return before_ms_[run] + std::min(into_ms, runs_[run].to_ms - runs_[run].from_ms);
}

Lates WorkingTime::Late(const Quantiles& ready, std::int64_t need_ms) const {
  Lates late{};
  if (ready.p90_ms <= need_ms) return late;
  const std::int64_t need = Until(need_ms);
  late[0] = std::max<std::int64_t>(0, Until(ready.p10_ms) - need);
  late[1] = std::max<std::int64_t>(0, Until(ready.p50_ms) - need);
  late[2] = std::max<std::int64_t>(0, Until(ready.p90_ms) - need);
  return late;
}

}  // namespace tandem::sequencing
