#include "forecasting/backtest/long_panel.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "forecasting/backtest/long_run.h"
#include "forecasting/local/history.h"
#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kShortBuckets = 16;  // Fewer tell little of their own spread,
constexpr double kPriorBuckets = 8.0;      // which is drawn to the class's as if by so many.
constexpr double kUnknownVariation = 0.5;  // Error over level, where no series tells.
constexpr double kTypicalShare = 0.1;      // A series' spread is no less of the typical one,
constexpr double kLaterShare = 0.25;       // of its own by the panel's origin,
constexpr double kSumShare = 0.1;  // a sum's of that of series that know nothing of another.

std::size_t LongestOf(const LongPanel& panel, std::size_t season_buckets) {
  std::size_t longest = 0;
  for (const LongSeries& series : panel.series) {
    const std::size_t n = series.units.size();
    longest = std::max(longest, n - ForgottenBuckets(series, n, season_buckets));
  }
  return longest;
}

std::size_t YearOf(BucketLength bucket) {
  switch (bucket) {
    case BucketLength::kDay:
      return 364;  // Whole weeks.
    case BucketLength::kWeek:
      return 52;
    case BucketLength::kMonth:
      return 12;
    case BucketLength::kQuarter:
      return 4;
    case BucketLength::kHour:
    case BucketLength::kYear:
      return 0;
  }
  return 0;
}

// In which buckets something was sold of the series of a sum, newest first.
class SumHistory {
 public:
  void Add(const ReadySeries& ready) {
    const std::size_t n = ready.units.size();
    if (sold_.size() < n) {
      sold_.resize(n);
      known_.resize(n);
    }
    for (std::size_t t = 0; t < n; ++t) {
      if (ready.knowledge[t] == Knowledge::kGap) continue;
      known_[n - 1 - t] = true;
      if (ready.units[t] != 0.0) sold_[n - 1 - t] = true;
    }
  }
  bool IsIntermittent() const {
    return forecasting::IsIntermittent(static_cast<std::size_t>(std::ranges::count(known_, true)),
                                       static_cast<std::size_t>(std::ranges::count(sold_, true)));
  }

 private:
  std::vector<bool> sold_;
  std::vector<bool> known_;
};

absl::Status CheckSeries(const LongPanel& panel, std::size_t i, std::size_t horizon) {
  const LongSeries& series = panel.series[i];
  const auto wrong = [i](const absl::AlphaNum& why) {
    return absl::InvalidArgumentError(absl::StrCat("series ", i, ": ", why));
  };
  if (series.units.empty()) return wrong("it has no bucket");
  if (series.knowledge.size() != series.units.size()) {
    return wrong(absl::StrCat(series.units.size(), " buckets, but ", series.knowledge.size(),
                              " are marked known or not"));
  }
  if (!AllFinite(std::span<const double>(series.units))) {
    return wrong("a value is a NaN or an infinity");
  }
  if (std::ranges::all_of(series.knowledge, [](Knowledge k) { return k == Knowledge::kGap; })) {
    return wrong("all of it is a gap");
  }
  if (series.drivers.size() != (series.units.size() + horizon) * panel.driver_count) {
    return wrong(absl::StrCat(series.drivers.size(), " driver values for ", series.units.size(),
                              " buckets and a horizon of ", horizon));
  }
  if (!AllFinite(std::span<const float>(series.drivers))) {
    return wrong("a driver is a NaN or an infinity");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckPanel(const LongPanel& panel, const LongOptions& options) {
  if (panel.series.empty()) return absl::InvalidArgumentError("the panel has no series");
  if (options.horizon_buckets == 0 || options.horizon_buckets > kHorizonBucketsMax) {
    return absl::InvalidArgumentError(absl::StrCat("a horizon of ", options.horizon_buckets,
                                                   " buckets; it must be 1 to ",
                                                   kHorizonBucketsMax));
  }
  if (panel.driver_count > kLongDriversMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(panel.driver_count, " drivers; at most ", kLongDriversMax, " are taken"));
  }
  for (const LongLevel& grouping : panel.groupings) {
    const auto& nodes = grouping.node_of_series;
    if (nodes.size() != panel.series.size() ||
        std::ranges::any_of(nodes, [&](std::size_t n) { return n >= grouping.node_count; })) {
      return absl::InvalidArgumentError("a grouping does not fit the series");
    }
  }
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    absl::Status status = CheckSeries(panel, i, options.horizon_buckets);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::vector<LongLevel> LevelsOf(const LongPanel& panel) {
  const std::size_t count = panel.series.size();
  std::vector<LongLevel> levels;
  levels.push_back({.node_of_series = std::vector<std::size_t>(count, 0), .node_count = 1});
  levels.insert(levels.end(), panel.groupings.begin(), panel.groupings.end());
  LongLevel& bottom = levels.emplace_back();
  bottom.node_of_series.resize(count);
  bottom.node_count = count;
  std::iota(bottom.node_of_series.begin(), bottom.node_of_series.end(), std::size_t{0});
  return levels;
}

std::vector<std::size_t> EarlierOrigins(const LongPanel& panel, const LongOptions& options) {
  const std::size_t longest = LongestOf(panel, MainSeasonOf(options.bucket));
  const std::size_t step = std::min(options.horizon_buckets, std::max<std::size_t>(1, longest / 8));
  const std::size_t before = std::max(longest / 2, MainSeasonOf(options.bucket) + 2);
  std::vector<std::size_t> backs;
  for (std::size_t k = 1; k <= options.origins && before + k * step <= longest; ++k) {
    backs.push_back(k * step);
  }
  const std::size_t year = YearOf(options.bucket);
  if (year > 0 && longest >= 3 * year && !backs.empty() && backs.back() < year) {
    backs.push_back(year);
  }
  return backs;
}

LongPanel SampleOf(const LongPanel& panel, std::size_t count) {
  if (panel.series.size() <= count) return panel;
  LongPanel sample{.driver_count = panel.driver_count};
  for (const LongLevel& grouping : panel.groupings) {
    sample.groupings.push_back({.node_count = grouping.node_count});
  }
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = k * panel.series.size() / count;
    sample.series.push_back(panel.series[i]);
    for (std::size_t g = 0; g < panel.groupings.size(); ++g) {
      sample.groupings[g].node_of_series.push_back(panel.groupings[g].node_of_series[i]);
    }
  }
  return sample;
}

std::vector<NodeForecasts> LevelBuilder::Nodes(const LongLevel& level, const LongOrigin& origin,
                                               const LongOrigin& now,
                                               std::span<const double> mean_units) const {
  std::vector<NodeForecasts> nodes(level.node_count);
  const std::size_t seen = origin.back == 0 ? horizon_ : std::min(horizon_, origin.back);
  const std::span<const LongSeason> seasons = SeasonsOf(origin.bucket);
  const std::size_t season = seasons.empty() ? 1 : seasons.back().period_buckets;
  for (NodeForecasts& node : nodes) {
    node.mean_units.assign(seen, 0.0);
    if (origin.back == 0) continue;
    node.actual_units.assign(seen, 0.0);
    node.known.assign(seen, 0);
  }
  for (std::size_t i = 0; i < panel_.series.size(); ++i) {
    if (!origin.Has(i)) continue;
    NodeForecasts& node = nodes[level.node_of_series[i]];
    node.depth = std::max(node.depth, DepthOf(origin.ready[i].units.size(), season));
    for (std::size_t h = 0; h < seen; ++h) {
      if (origin.back > 0) {
        const LongOutcome outcome = OutcomeAt(panel_.series[i], origin.back, h);
        if (!outcome.known) continue;
        node.actual_units[h] += outcome.units;
        node.known[h] = 1;
      }
      node.mean_units[h] += mean_units[i * horizon_ + h];
    }
  }
  if (IsBottom(level)) {
    FillSpreads(level, origin, now, nodes);
  } else {
    FillSumSpreads(level, origin, KindsOf(level, now), nodes);
  }
  return nodes;
}

std::vector<LongClass> LevelBuilder::KindsOf(const LongLevel& level, const LongOrigin& now) const {
  std::vector<LongClass> kinds(level.node_count, LongClass::kSmooth);
  std::vector<SumHistory> histories(IsBottom(level) ? 0 : level.node_count);
  for (std::size_t i = 0; i < panel_.series.size(); ++i) {
    LongClass& kind = kinds[level.node_of_series[i]];
    if (IsBottom(level) || now.ready[i].kind == LongClass::kSigned) kind = now.ready[i].kind;
    if (!IsBottom(level)) histories[level.node_of_series[i]].Add(now.ready[i]);
  }
  for (std::size_t n = 0; n < histories.size(); ++n) {
    if (kinds[n] == LongClass::kSmooth && histories[n].IsIntermittent()) {
      kinds[n] = LongClass::kIntermittent;
    }
  }
  return kinds;
}

void LevelBuilder::FillSumSpreads(const LongLevel& level, const LongOrigin& origin,
                                  std::span<const LongClass> kinds,
                                  std::vector<NodeForecasts>& nodes) const {
  std::vector<double> squares(nodes.size(), 0.0);
  for (std::size_t i = 0; i < panel_.series.size(); ++i) {
    if (!origin.Has(i)) continue;
    const double error = origin.levels[i].error_units;
    squares[level.node_of_series[i]] += error * error;
  }
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    NodeForecasts& node = nodes[n];
    const bool now = node.known.empty();
    const auto count = now ? static_cast<double>(node.mean_units.size())
                           : static_cast<double>(std::ranges::count(node.known, 1));
    for (const double mean : node.mean_units) {  // 0 where nothing is known.
      node.spread_units += std::abs(mean) / std::max(1.0, count);
    }
    const double apart = std::sqrt(squares[n]);
    // Of what seldom sells the mean beside the error tells how often, and so how much is zero.
    if (kinds[n] == LongClass::kIntermittent && apart > 0.0) node.spread_units = apart;
    // Signed series may add up to nearly nothing.
    node.spread_units = std::max(node.spread_units, kSumShare * apart);
  }
}

void LevelBuilder::FillSpreads(const LongLevel& level, const LongOrigin& origin,
                               const LongOrigin& now, std::vector<NodeForecasts>& nodes) const {
  std::vector<double> variations;
  for (std::size_t i = 0; i < panel_.series.size(); ++i) {
    if (!origin.Has(i) || origin.ready[i].units.size() < kShortBuckets) continue;
    const double size = std::abs(origin.levels[i].level_units);
    if (size > 0.0) variations.push_back(origin.levels[i].error_units / size);
  }
  std::ranges::sort(variations);
  const double typical = variations.empty() ? kUnknownVariation : variations[variations.size() / 2];
  for (std::size_t i = 0; i < panel_.series.size(); ++i) {
    if (!origin.Has(i)) continue;
    double& spread = nodes[level.node_of_series[i]].spread_units;
    const auto n = static_cast<double>(origin.ready[i].units.size());
    const double own = origin.levels[i].error_units;
    const double size = std::abs(origin.levels[i].level_units);
    const double prior = typical * size;
    spread = own;
    if (origin.ready[i].units.size() < kShortBuckets) {
      spread = std::sqrt((n * own * own + kPriorBuckets * prior * prior) / (n + kPriorBuckets));
    }
    // A series that was exact until then tells of rounding alone, and what it missed later would be
    // any number of that: it spreads a part of what the others do, and of what it does by now.
    const double size_now = std::abs(now.levels[i].level_units);
    const double grown = size_now > size ? size / size_now : 1.0;
    spread =
        std::max({spread, kTypicalShare * prior, kLaterShare * grown * now.levels[i].error_units});
  }
}

void LevelBuilder::Describe(const LongLevel& level, const LongOrigin& now,
                            LevelForecasts& forecasts) const {
  forecasts.kinds = KindsOf(level, now);
  forecasts.non_negative.assign(level.node_count, true);
  forecasts.counts.assign(level.node_count, true);
  forecasts.farthest_units.assign(level.node_count, std::vector<double>(horizon_, 0.0));
  for (std::size_t i = 0; i < panel_.series.size(); ++i) {
    const std::size_t node = level.node_of_series[i];
    if (!now.ready[i].non_negative) forecasts.non_negative[node] = false;
    if (!AreCounts(panel_.series[i])) forecasts.counts[node] = false;
    const double farthest = FarthestOf(now.ready[i]);
    for (std::size_t h = 0; h < horizon_; ++h) {
      forecasts.farthest_units[node][h] += farthest * now.Uplift(i, h, horizon_);
    }
  }
}

}  // namespace tandem::forecasting
