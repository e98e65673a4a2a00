#include "forecasting/backtest/long_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "forecasting/backtest/long_panel.h"

namespace tandem::forecasting {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<std::size_t, 7> kWindows = {1, 2, 4, 8, 13, 26, 52};  // Units, and one bucket.
constexpr std::array<std::size_t, 3> kZeroWindows = {4, 13, 52};
constexpr std::size_t kSeasonsSeen = 2;
constexpr std::size_t kGroupingsSeen = 6;
constexpr std::size_t kCycles = 4;
constexpr double kSoften = 0.02;  // Of the size, added before a logarithm.
constexpr double kSizeMin = 0.02;
constexpr double kHuge = 1e30;  // Trees take no infinity.
constexpr double kNewShare = 0.9;
constexpr std::size_t kStateColumns = 2 + kWindows.size() + kZeroWindows.size() + 5;
constexpr std::size_t kSeasonColumns = 4;
constexpr std::size_t kLevelColumns = 3;
constexpr std::size_t kDriverColumns = 4;
constexpr std::size_t kBucketColumns = 2;
constexpr std::size_t kSmoothPeriod = 100;  // A season of more is read with three to each side.

// A week of days, a month of weeks, …
std::size_t UnitOf(BucketLength bucket) {
  switch (bucket) {
    case BucketLength::kHour:
      return 24;
    case BucketLength::kDay:
      return 7;
    case BucketLength::kWeek:
      return 4;
    case BucketLength::kMonth:
      return 3;
    case BucketLength::kQuarter:
      return 2;
    case BucketLength::kYear:
      return 1;
  }
  return 1;
}

std::span<const LongSeason> SeenSeasons(BucketLength bucket) {
  const std::span<const LongSeason> seasons = SeasonsOf(bucket);
  return seasons.first(std::min(kSeasonsSeen, seasons.size()));
}

}  // namespace

class LongFeatures::Row {
 public:
  explicit Row(std::span<float> values, std::size_t at = 0) : values_(values), at_(at) {}
  void Add(double value) {
    values_[at_++] = static_cast<float>(std::clamp(value, -kHuge, kHuge));  // A NaN stays.
  }
  std::size_t at() const { return at_; }

 private:
  std::span<float> values_;
  std::size_t at_;
};

std::size_t LongFeatures::ColumnsOf(const Input& input) {
  const std::size_t levels = 1 + std::min(kGroupingsSeen, input.panel.groupings.size());
  return kStateColumns + kLevelColumns * levels + kBucketColumns +
         kSeasonColumns * SeenSeasons(input.options.bucket).size() +
         kDriverColumns * input.panel.driver_count;
}

LongFeatures::LongFeatures(const Input& input, std::size_t back, Executor& executor)
    : input_(input),
      back_(back),
      unit_(UnitOf(input.options.bucket)),
      ready_(input.panel.series.size()),
      facts_(input.panel.series.size()) {
  executor.ForEach(ready_.size(), [&](std::size_t i) { ReadSeries(i); });
  levels_ = LevelsOf(input.panel);
  levels_.pop_back();
  levels_.resize(std::min(levels_.size(), 1 + kGroupingsSeen));
  ReadGroups();
}

void LongFeatures::ReadSeries(std::size_t series) {
  const LongSeries& one = input_.panel.series[series];
  const std::size_t n = one.units.size();
  if (n <= back_) return;
  ready_[series] = MakeReady(one, n - back_, MainSeasonOf(input_.options.bucket));
  const std::vector<double>& units = ready_[series].units;
  if (units.empty()) return;
  Facts& facts = facts_[series];
  for (const double value : units) {
    facts.size += std::abs(value) / static_cast<double>(units.size());
    facts.largest = std::max(facts.largest, std::abs(value));
  }
  facts.size = std::max(facts.size, kSizeMin * facts.largest);
  const std::size_t drivers = input_.panel.driver_count;
  std::vector<double> sums(drivers, 0.0);
  for (std::size_t k = 0; k < (n - back_) * drivers; ++k) {
    sums[k % drivers] += static_cast<double>(one.drivers[k]);
  }
  for (const double sum : sums) {
    facts.driver_means.push_back(sum / static_cast<double>(n - back_));
  }
}

double LongFeatures::MeanOf(std::size_t series, std::size_t age, std::size_t count) const {
  const std::vector<double>& units = ready_[series].units;
  if (count == 0 || units.size() < age + count) return kMissing;
  double sum = 0.0;
  for (std::size_t t = units.size() - age - count; t < units.size() - age; ++t) sum += units[t];
  return sum / static_cast<double>(count);
}

void LongFeatures::ReadGroups() {
  // The newest unit, four and thirteen of every node's sum, of series that are old enough.
  const std::array<std::size_t, 3> windows = {unit_, 4 * unit_, 13 * unit_};
  for (const LongLevel& level : levels_) {
    std::vector<std::array<double, 4>> sums(level.node_count);
    for (std::size_t i = 0; i < ready_.size(); ++i) {
      if (!Has(i)) continue;
      std::array<double, 4>& sum = sums[level.node_of_series[i]];
      const double second = MeanOf(i, 0, windows[1]);
      if (std::isnan(second)) continue;
      sum[0] += std::abs(MeanOf(i, 0, windows[0]));
      sum[1] += std::abs(second);
      const double third = MeanOf(i, 0, windows[2]);
      if (std::isnan(third)) continue;
      sum[2] += std::abs(second);
      sum[3] += std::abs(third);
    }
    std::vector<Trend>& trends = trends_.emplace_back();
    for (const std::array<double, 4>& sum : sums) {
      trends.push_back({.near = sum[0] > 0.0 ? std::log(sum[0] / sum[1]) : kMissing,
                        .far = sum[2] > 0.0 ? std::log(sum[2] / sum[3]) : kMissing});
    }
  }
}

double LongFeatures::SimpleBase(std::size_t series) const {
  const std::size_t n = ready_[series].units.size();
  if (n == 0) return 0.0;
  return kNewShare * MeanOf(series, 0, std::min(n, 4 * unit_)) +
         (1.0 - kNewShare) * MeanOf(series, 0, n);
}

double LongFeatures::Relative(std::size_t series, double value, double to) const {
  const double size = facts_[series].size;
  if (input_.is_signed) return (value - to) / size;
  return std::log((std::max(value, 0.0) + kSoften * size) / (std::max(to, 0.0) + kSoften * size));
}

double LongFeatures::Driver(std::size_t series, std::size_t t, std::size_t j) const {
  const LongSeries& one = input_.panel.series[series];
  return static_cast<double>(one.drivers[t * input_.panel.driver_count + j]);
}

void LongFeatures::FillWindows(std::size_t series, double base, Row& row) const {
  row.Add(Relative(series, ready_[series].units.back(), base));
  for (const std::size_t window : kWindows) {
    row.Add(Relative(series, MeanOf(series, 0, window * unit_), base));
  }
  const std::vector<double>& units = ready_[series].units;
  for (const std::size_t window : kZeroWindows) {
    const std::size_t count = std::min(units.size(), window * unit_);
    const auto zeros =
        std::count(units.end() - static_cast<std::ptrdiff_t>(count), units.end(), 0.0);
    row.Add(static_cast<double>(zeros) / static_cast<double>(count));
  }
}

void LongFeatures::FillState(std::size_t series, double base, Row& row) const {
  const std::vector<double>& units = ready_[series].units;
  const auto n = static_cast<double>(units.size());
  row.Add(Relative(series, base, facts_[series].size));
  FillWindows(series, base, row);
  const auto sold =
      std::ranges::find_if(units.rbegin(), units.rend(), [](double u) { return u != 0.0; });
  row.Add(std::log1p(static_cast<double>(sold - units.rbegin())));
  const std::size_t count = std::min(units.size(), 13 * unit_);
  const double mean = MeanOf(series, 0, count);
  double squares = 0.0;
  double highest = 0.0;
  for (std::size_t t = units.size() - count; t < units.size(); ++t) {
    squares += (units[t] - mean) * (units[t] - mean);
    if (units.size() - t <= 4 * unit_) highest = std::max(highest, units[t]);
  }
  row.Add(std::sqrt(squares / static_cast<double>(count)) / facts_[series].size);
  row.Add(Relative(series, highest, base));
  row.Add(std::log(n));
  const auto seasons = SeenSeasons(input_.options.bucket);
  const std::size_t longest = seasons.empty() ? 1 : seasons.back().period_buckets;
  const std::size_t newest = std::min(4 * unit_, longest);
  row.Add(Relative(series, MeanOf(series, 0, newest), MeanOf(series, longest, newest)));
  for (std::size_t l = 0; l < levels_.size(); ++l) {
    const std::size_t node = levels_[l].node_of_series[series];
    row.Add(trends_[l][node].near);
    row.Add(trends_[l][node].far);
    row.Add(static_cast<double>(node));
  }
  const std::size_t known = input_.panel.series[series].units.size() - back_;
  for (std::size_t j = 0; j < input_.panel.driver_count; ++j) {
    const std::size_t late = std::min(known, unit_);
    double sum = 0.0;
    for (std::size_t k = 1; k <= late; ++k) sum += Driver(series, known - k, j);
    row.Add(sum / static_cast<double>(late) - facts_[series].driver_means[j]);
  }
}

void LongFeatures::FillBucket(std::size_t series, std::size_t h, double base, Row& row) const {
  for (const LongSeason& season : SeenSeasons(input_.options.bucket)) {
    const std::size_t period = season.period_buckets;
    // Phases are counted from the panel's end, so that they are the same at every origin.
    row.Add(static_cast<double>((h + (back_ / period + 1) * period - back_) % period));
    const std::size_t cycles = h / period + 1;
    const std::size_t age = cycles * period - h - 1;  // Buckets that came after it.
    const std::size_t side = period >= kSmoothPeriod ? std::min<std::size_t>(3, age) : 0;
    const double last = MeanOf(series, age - side, 2 * side + 1);
    row.Add(Relative(series, last, base));
    double sum = 0.0;
    std::size_t seen = 0;
    while (seen < kCycles && age + seen * period < ready_[series].units.size()) {
      sum += MeanOf(series, age + seen * period, 1);
      ++seen;
    }
    row.Add(seen == 0 ? kMissing
                      : Relative(series, sum / static_cast<double>(seen),
                                 MeanOf(series, 0,
                                        std::min(ready_[series].units.size(), seen * period))));
    row.Add(Relative(series, last, MeanOf(series, cycles * period, 4 * unit_)));
  }
  const std::size_t known = input_.panel.series[series].units.size() - back_;
  for (std::size_t j = 0; j < input_.panel.driver_count; ++j) {
    const double value = Driver(series, known + h, j);
    row.Add(value);
    row.Add(value - facts_[series].driver_means[j]);
    row.Add(value - Driver(series, known + h - 1, j));
  }
}

void LongFeatures::Fill(std::size_t series, std::span<const double> base_units,
                        std::span<float> rows) const {
  const std::size_t columns = ColumnsOf(input_);
  double mean = 0.0;
  for (const double base : base_units) mean += base / static_cast<double>(base_units.size());
  Row first(rows.first(columns));
  FillState(series, mean, first);
  const std::span<const float> state = rows.first(first.at());
  for (std::size_t h = 0; h < base_units.size(); ++h) {
    const std::span<float> to = rows.subspan(h * columns, columns);
    if (h > 0) std::ranges::copy(state, to.begin());
    Row row(to, state.size());
    row.Add(static_cast<double>(h));
    row.Add(Relative(series, base_units[h], mean));
    FillBucket(series, h, base_units[h], row);
  }
}

}  // namespace tandem::forecasting
