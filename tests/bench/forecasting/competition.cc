#include "tests/bench/forecasting/competition.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "forecasting/accuracy/point.h"
#include "forecasting/local/decomposition.h"
#include "tests/bench/packed_file.h"

namespace tandem::bench {
namespace {

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "bench: %s\n", what);
  std::exit(1);
}

std::vector<std::string_view> Split(std::string_view line, char by) {
  std::vector<std::string_view> fields;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    at = line.find(by);
    fields.push_back(line.substr(0, at));
    line.remove_prefix(at == std::string_view::npos ? line.size() : at + 1);
  }
  return fields;
}

std::vector<double> NumbersOf(std::string_view text) {
  std::vector<double> numbers;
  for (const std::string_view field : Split(text, ';')) {
    numbers.push_back(std::strtod(std::string(field).c_str(), nullptr));
  }
  return numbers;
}

}  // namespace

std::vector<CompetitionSeries> ReadCompetition(const std::string& path) {
  const char* folder = std::getenv("TANDEM_FORECASTING");
  if (folder == nullptr) return {};
  const std::string text = ReadPacked(std::string(folder) + "/" + path);
  std::vector<CompetitionSeries> all;
  std::size_t freq = std::string::npos;
  std::size_t train = 0;
  for (const std::string_view line : Split(text, '\n')) {
    const std::vector<std::string_view> fields = Split(line, ',');
    if (fields.front() == "id") {
      for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i] == "freq") freq = i;
        if (fields[i] == "train") train = i;
      }
    } else if (fields.size() > train + 1) {
      CompetitionSeries& series = all.emplace_back();
      series.history = NumbersOf(fields[train]);
      series.actual = NumbersOf(fields[train + 1]);
      // M4's weekly series have no season by the competition's rules, and the file no column.
      if (freq != std::string::npos) {
        series.season = std::strtoul(std::string(fields[freq]).c_str(), nullptr, 10);
      }
    }
  }
  return all;
}

CompetitionError ErrorOf(std::span<const CompetitionSeries> series, const Forecaster& forecaster) {
  CompetitionError error;
  double scaled = 0.0;
  for (const CompetitionSeries& one : series) {
    std::vector<double> mean(one.actual.size());
    forecaster(one, mean);
    const auto smape = forecasting::Smape(one.actual, mean);
    const auto mase = forecasting::Mase(one.history, one.season, one.actual, mean);
    if (!smape.ok() || !smape->has_value() || !mase.ok()) Fail("a forecast cannot be measured");
    error.smape += **smape / static_cast<double>(series.size());
    if (!mase->has_value()) continue;
    error.mase += **mase;
    scaled += 1.0;
  }
  if (scaled > 0.0) error.mase /= scaled;
  return error;
}

void Naive2(const CompetitionSeries& series, std::span<double> mean) {
  const std::size_t n = series.history.size();
  const std::size_t m = series.season;
  std::vector<double> factors(m, 1.0);
  if (n >= 3 * m && m >= 4 && forecasting::IsSeasonal(series.history, m)) {
    forecasting::SeasonFactors(series.history, forecasting::SeasonKind::kMultiplicative, factors);
  }
  const double level = series.history.back() / factors[(n - 1) % m];
  for (std::size_t h = 0; h < mean.size(); ++h) mean[h] = level * factors[(n + h) % m];
}

}  // namespace tandem::bench
