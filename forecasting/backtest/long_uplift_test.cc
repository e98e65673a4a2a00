#include "forecasting/backtest/long_uplift.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace tandem::forecasting {
namespace {

constexpr std::size_t kDays = 120;
constexpr std::size_t kHorizon = 10;

// One in five days is promoted, which doubles what twelve series sell; four more sell six times,
// by chance always on a promoted day.
LongPanel MadePanel() {
  std::mt19937 random(21);
  LongPanel panel{.driver_count = 1};
  for (std::size_t i = 0; i < 16; ++i) {
    LongSeries series;
    for (std::size_t t = 0; t < kDays + kHorizon; ++t) {
      const bool promoted = (t + i) % 5 == 0;
      series.drivers.push_back(promoted ? 1.0F : 0.0F);
      if (t >= kDays) continue;
      std::gamma_distribution<double> demand(20.0, (promoted ? 2.0 : 1.0) / 2.0);
      const bool sells = promoted && t % 20 < 5;
      series.units.push_back(i < 12 ? demand(random) : sells ? 1.0 : 0.0);
    }
    series.knowledge.assign(kDays, Knowledge::kKnown);
    panel.series.push_back(std::move(series));
  }
  return panel;
}

// A promoted bucket of the horizon over one that is not.
double UpliftOf(const LongPanel& panel, std::size_t series) {
  const DriverForm form = DriverForm::Of(panel);
  std::vector<ReadySeries> ready;
  for (const LongSeries& one : panel.series) ready.push_back(MakeReady(one, kDays, 7));
  SerialExecutor executor;
  const SeasonIndices indices = SeasonIndices::Make({}, ready, {}, 0, executor);
  const LongUplifts::Input input{.panel = panel,
                                 .form = form,
                                 .ready = ready,
                                 .indices = indices,
                                 .half_life_buckets = 182.0,
                                 .horizon_buckets = kHorizon};
  const auto uplifts = LongUplifts::Fit(input, executor);
  EXPECT_TRUE(uplifts.ok()) << uplifts.status();
  if (!uplifts.ok()) return 0.0;
  std::vector<double> multipliers;
  uplifts->Fill(input, series, multipliers);
  const std::size_t n = ready[series].units.size();
  std::size_t promoted = 0;
  while (panel.series[series].drivers[kDays + promoted] == 0.0F) ++promoted;
  // Neither promoted nor behind a promotion.
  return multipliers[n + promoted] / multipliers[n + promoted + 3];
}

TEST(LongUpliftsTest, SmoothSeriesKeepTheirOwn) {
  const LongPanel panel = MadePanel();
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(UpliftOf(panel, i), 2.0, 0.5) << i;
}

TEST(LongUpliftsTest, IntermittentSeriesHaveWhatTheOthersHaveInCommon) {
  const LongPanel panel = MadePanel();
  for (std::size_t i = 12; i < 16; ++i) EXPECT_NEAR(UpliftOf(panel, i), 2.0, 0.5) << i;
}

}  // namespace
}  // namespace tandem::forecasting
