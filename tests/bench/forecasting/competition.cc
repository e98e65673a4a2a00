#include "tests/bench/forecasting/competition.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

#include "forecasting/local/decomposition.h"
#include "zstd.h"

namespace tandem::bench {
namespace {

[[noreturn]] void Fail(const std::string& path) {
  std::fprintf(stderr, "bench_forecasting: cannot read %s\n", path.c_str());
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

double Smape(std::span<const double> actual, std::span<const double> mean) {
  double sum = 0.0;
  for (std::size_t h = 0; h < actual.size(); ++h) {
    const double size = std::abs(actual[h]) + std::abs(mean[h]);
    if (size > 0.0) sum += 200.0 * std::abs(actual[h] - mean[h]) / size;
  }
  return sum / static_cast<double>(actual.size());
}

// Mean absolute step over a season; 0 if there is none.
double StepScale(const CompetitionSeries& series) {
  const std::size_t n = series.history.size();
  double sum = 0.0;
  for (std::size_t t = series.season; t < n; ++t) {
    sum += std::abs(series.history[t] - series.history[t - series.season]);
  }
  return n > series.season ? sum / static_cast<double>(n - series.season) : 0.0;
}

}  // namespace

std::string ReadPacked(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) Fail(path);
  std::string packed(std::istreambuf_iterator<char>(file), {});
  if (!path.ends_with(".zst")) return packed;
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     ZSTD_freeDCtx);
  std::string text;
  std::string chunk(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  while (in.pos < in.size) {
    ZSTD_outBuffer out{chunk.data(), chunk.size(), 0};
    if (ZSTD_isError(ZSTD_decompressStream(context.get(), &out, &in)) != 0) Fail(path);
    text.append(chunk, 0, out.pos);
  }
  return text;
}

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
    error.smape += Smape(one.actual, mean) / static_cast<double>(series.size());
    const double scale = StepScale(one);
    if (!(scale > 0.0)) continue;
    double absolute = 0.0;
    for (std::size_t h = 0; h < mean.size(); ++h) absolute += std::abs(one.actual[h] - mean[h]);
    error.mase += absolute / static_cast<double>(mean.size()) / scale;
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
