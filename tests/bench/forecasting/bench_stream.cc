// forecast_speed_stream_…: weekly series made one after the other, each forecast by the method
// chosen for it, with nine quantiles, and forgotten. TANDEM_BENCH_SERIES says how many (10000000
// for the goal's ten million); memory is read after a tenth of them and at the end.

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "forecasting/local/choice.h"
#include "tests/bench/forecasting/bench.h"

namespace tandem::bench {
namespace {

namespace fc = forecasting;

constexpr std::size_t kSeriesDefault = 50'000;
constexpr std::size_t kWeeksMin = 104;
constexpr std::size_t kWeeksMax = 156;
constexpr std::size_t kYear = 52;
constexpr std::size_t kHorizon = 13;

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "bench_forecasting: %s\n", what);
  std::exit(1);
}

// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): any series can be made by itself.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U) {}

  std::uint64_t Next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  double Uniform() { return static_cast<double>(Next() >> 11U) * 0x1p-53; }
  // Of mean 0 and deviation 1: twelve uniforms would do, four are near enough for demand.
  double Noise() { return (Uniform() + Uniform() + Uniform() + Uniform() - 2.0) * std::sqrt(3.0); }

 private:
  std::uint64_t state_;
};

// A third of the series sells now and then, a third has a year's season, a third walks.
void MakeSeries(std::size_t index, std::vector<double>& history) {
  Random random(index + 1);
  history.resize(kWeeksMin + random.Next() % (kWeeksMax - kWeeksMin + 1));
  const double mean = std::exp(1.0 + 4.0 * random.Uniform());
  const double one_in = 2.0 + 8.0 * random.Uniform();
  const double swing = 0.6 * random.Uniform();
  const double slope = 0.004 * random.Noise();
  double level = mean;
  for (std::size_t t = 0; t < history.size(); ++t) {
    double y = 0.0;
    if (index % 3 == 0) {
      if (random.Uniform() * one_in < 1.0) y = 1.0 + mean * random.Uniform();
    } else {
      level *= 1.0 + slope + (index % 3 == 1 ? 0.0 : 0.03 * random.Noise());
      const double angle = 2.0 * M_PI * static_cast<double>(t % kYear) / kYear;
      const double season = index % 3 == 1 ? 1.0 + swing * std::sin(angle) : 1.0;
      y = level * season * (1.0 + 0.2 * random.Noise());
    }
    history[t] = std::max(0.0, std::round(y));
  }
}

double ResidentMegabytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  unsigned long total = 0;
  unsigned long resident = 0;
  if (file == nullptr || std::fscanf(file, "%lu %lu", &total, &resident) != 2) Fail("no statm");
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

struct Stream {
  std::array<std::size_t, 16> chosen{};  // By method.
  double seconds = 0.0;
  double tenth_megabytes = 0.0;
  double end_megabytes = 0.0;
  double checked = 0.0;
};

Stream Run(std::size_t count) {
  Stream stream;
  fc::LocalScratch scratch;
  std::vector<double> history;
  std::vector<double> mean(kHorizon);
  std::vector<double> band(kHorizon * fc::kQuantiles);
  const fc::ChoiceOptions options = {.local = {.season_buckets = kYear}, .origins = 2};
  const double begin = CpuSeconds();
  for (std::size_t i = 0; i < count; ++i) {
    MakeSeries(i, history);
    const auto method =
        fc::ForecastBest(history, fc::MethodsFor(history), options, {mean, band}, scratch);
    if (!method.ok()) Fail("a series of the stream was refused");
    ++stream.chosen.at(static_cast<std::size_t>(*method));
    stream.checked += mean.back() + band.back();
    if (i == count / 10) stream.tenth_megabytes = ResidentMegabytes();
  }
  stream.seconds = CpuSeconds() - begin;
  stream.end_megabytes = ResidentMegabytes();
  return stream;
}

std::string ChosenText(const Stream& stream) {
  constexpr struct {
    fc::LocalMethod method;
    const char* name;
  } kNames[] = {{fc::LocalMethod::kDynamicOptimizedTheta, "DOTM"},
                {fc::LocalMethod::kSeasonalNaive, "seasonal naive"},
                {fc::LocalMethod::kDiscountedDemand, "discounted demand"},
                {fc::LocalMethod::kTsb, "TSB"},
                {fc::LocalMethod::kAdida, "ADIDA"}};
  std::string text = "; chosen over two origins";
  for (const auto& [method, name] : kNames) {
    text += std::string(", ") + name + ' ' +
            std::to_string(stream.chosen.at(static_cast<std::size_t>(method)));
  }
  return text;
}

}  // namespace

void ForecastStream() {
  std::size_t count = kSeriesDefault;
  if (const char* text = std::getenv("TANDEM_BENCH_SERIES"); text != nullptr) {
    count = std::strtoul(text, nullptr, 10);
    if (count < 10) Fail("TANDEM_BENCH_SERIES must be a number from 10 on");
  }
  const Stream stream = Run(count);
  if (!std::isfinite(stream.checked)) Fail("a forecast is no number");
  Print({.name = "forecast_speed_stream_" + std::to_string(count),
         .value = static_cast<double>(count) / stream.seconds,
         .unit = "series/s/core",
         .goal = 2000.0,
         .note = "weekly series of 104 to 156, made in the same time; horizon 13, nine quantiles" +
                 ChosenText(stream) +
                 "; published: statsforecast, nine methods over seven windows of series of 20 to "
                 "100, 27 series/s/core"});
  char text[96];
  std::snprintf(text, sizeof text, "resident %.2f MB after a tenth of the series, %.2f at the end",
                stream.tenth_megabytes, stream.end_megabytes);
  Print({.name = "forecast_speed_stream_growth_" + std::to_string(count),
         .value = stream.end_megabytes - stream.tenth_megabytes,
         .unit = "MB",
         .goal = 1.0,
         .better = Better::kLower,
         .note = text});
}

}  // namespace tandem::bench
