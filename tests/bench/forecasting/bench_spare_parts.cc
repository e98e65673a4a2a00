// forecast_accuracy_spare_parts_…: scaled pinball loss of nine quantiles, intermittent demand of
// spare parts, mean over series. The limit is the best of SBA and TSB, each with the library's own
// quantiles for them and with a negative binomial of its mean and the history's dispersion.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forecasting/accuracy/interval.h"
#include "forecasting/local/choice.h"
#include "forecasting/uncertainty/negative_binomial.h"
#include "tests/bench/forecasting/bench.h"
#include "tests/bench/packed_file.h"

namespace tandem::bench {
namespace {

namespace fc = forecasting;
using Values = std::vector<double>;

struct PartSet {
  const char* name;
  const char* path;
  std::size_t horizon;  // Months or weeks at the end, unseen: a quarter to half a year.
};

constexpr PartSet kSets[] = {{"auto", "spareparts/AUTO.csv.zst", 6},
                             {"man", "spareparts/MAN.csv.zst", 13},
                             {"sim1", "spareparts/SIM1.csv.zst", 12},
                             {"sim2", "spareparts/SIM2.csv.zst", 12}};

void Require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "bench_forecasting: %s failed\n", what);
  std::exit(1);
}

// Rows of item, price, and a demand a bucket, oldest first.
std::vector<Values> ReadParts(const std::string& path) {
  const std::string text = ReadPacked(path);
  std::vector<Values> parts;
  for (std::size_t at = text.find('\n') + 1; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::size_t comma = text.find(',', text.find(',', at) + 1);
    Values& part = parts.emplace_back();
    for (; comma < end; comma = text.find(',', comma + 1)) {
      part.push_back(std::strtod(text.data() + comma + 1, nullptr));
    }
    at = end + 1;
  }
  return parts;
}

enum Rival { kOurs, kSba, kTsb, kSbaCounts, kTsbCounts, kRivals };
constexpr const char* kRivalNames[kRivals] = {"ours", "SBA", "TSB", "SBA as counts",
                                              "TSB as counts"};

fc::QuantileBand BandOf(fc::LocalMethod method, std::span<const double> history, double& mean,
                        fc::LocalScratch& scratch) {
  fc::QuantileBand band{};
  Require(fc::ForecastLocal(method, history, {}, {{&mean, 1}, band}, scratch).ok(), "a forecast");
  return band;
}

fc::QuantileBand CountBand(double mean, double dispersion) {
  fc::QuantileBand band{};
  for (std::size_t q = 0; q < fc::kQuantiles; ++q) {
    const auto value = fc::CountQuantile({mean, mean * dispersion}, fc::kQuantileLevels[q]);
    Require(value.ok(), "a negative binomial");
    band[q] = *value;
  }
  return band;
}

// Variance over mean.
double DispersionOf(std::span<const double> history) {
  const auto n = static_cast<double>(history.size());
  double mean = 0.0;
  for (const double y : history) mean += y / n;
  double variance = 0.0;
  for (const double y : history) variance += (y - mean) * (y - mean) / (n - 1.0);
  return mean > 0.0 ? variance / mean : 0.0;
}

std::array<fc::QuantileBand, kRivals> BandsOf(std::span<const double> history,
                                              fc::LocalScratch& scratch) {
  std::array<fc::QuantileBand, kRivals> bands;
  double mean = 0.0;
  bands[kOurs] = BandOf(fc::LocalMethod::kDiscountedDemand, history, mean, scratch);
  const double dispersion = DispersionOf(history);
  bands[kSba] = BandOf(fc::LocalMethod::kSba, history, mean, scratch);
  bands[kSbaCounts] = CountBand(mean, dispersion);
  bands[kTsb] = BandOf(fc::LocalMethod::kTsb, history, mean, scratch);
  bands[kTsbCounts] = CountBand(mean, dispersion);
  return bands;
}

void Measure(const PartSet& set, const std::vector<Values>& parts) {
  fc::LocalScratch scratch;
  std::array<double, kRivals> losses{};
  std::size_t count = 0;
  Values quantiles(set.horizon * fc::kQuantiles);
  for (const Values& part : parts) {
    Require(part.size() > set.horizon + 2, "a series' length");
    const auto history = std::span(part).first(part.size() - set.horizon);
    const auto actual = std::span(part).last(set.horizon);
    if (!fc::AbsoluteStepScale(history).has_value()) continue;
    ++count;
    const auto bands = BandsOf(history, scratch);
    for (std::size_t rival = 0; rival < kRivals; ++rival) {
      for (std::size_t i = 0; i < quantiles.size(); ++i) {
        quantiles[i] = bands[rival][i / set.horizon];
      }
      const auto loss = fc::ScaledPinball(history, actual, quantiles);
      Require(loss.ok() && loss->has_value(), "the measure");
      losses[rival] += **loss;
    }
  }
  Require(count > 0, "the set");
  std::string note = std::to_string(count) + " series, the last " + std::to_string(set.horizon) +
                     " buckets unseen";
  for (std::size_t rival = 1; rival < kRivals; ++rival) {
    char text[64];
    std::snprintf(text, sizeof text, "; %s %.4f", kRivalNames[rival],
                  losses[rival] / static_cast<double>(count));
    note += text;
  }
  Print({.name = std::string("forecast_accuracy_spare_parts_") + set.name,
         .value = losses[kOurs] / static_cast<double>(count),
         .unit = "scaled pinball",
         .limit = *std::min_element(losses.begin() + 1, losses.end()) / static_cast<double>(count),
         .goal = 1.0,
         .better = Better::kLower,
         .note = note});
}

}  // namespace

void SpareParts() {
  const char* folder = std::getenv("TANDEM_FORECASTING");
  if (folder == nullptr) return;
  for (const PartSet& set : kSets) Measure(set, ReadParts(std::string(folder) + "/" + set.path));
}

}  // namespace tandem::bench
