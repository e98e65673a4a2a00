// The published errors of M5's simplest benchmarks, recomputed from the competition's own files
// (the states CA and WI). Runs where TANDEM_M5 names their folder.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "forecasting/accuracy/wrmsse.h"
#include "forecasting/local/seasonal_naive.h"
#include "gmock/gmock.h"
#include "zstd.h"

namespace tandem::forecasting {
namespace {

using Fields = std::vector<std::string_view>;

constexpr std::size_t kHorizonDays = 28;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string ReadZstd(const std::string& path) {
  const std::string packed = ReadFile(path);
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     ZSTD_freeDCtx);
  std::string text;
  std::string chunk(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  while (in.pos < in.size) {
    ZSTD_outBuffer out{chunk.data(), chunk.size(), 0};
    const std::size_t rest = ZSTD_decompressStream(context.get(), &out, &in);
    EXPECT_FALSE(ZSTD_isError(rest)) << path;
    if (ZSTD_isError(rest)) break;
    text.append(chunk, 0, out.pos);
  }
  return text;
}

// Calls `use` with every line's fields but the header's. The files hold no quotes.
template <typename Use>
void ForEachLine(std::string_view text, Use use) {
  Fields fields;
  text.remove_prefix(text.find('\n') + 1);
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    fields.clear();
    for (std::size_t comma = 0; comma != std::string_view::npos;) {
      comma = line.find(',');
      fields.push_back(line.substr(0, comma));
      line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
    }
    use(fields);
  }
}

double NumberOf(std::string_view text) {
  double number = 0.0;
  EXPECT_TRUE(absl::SimpleAtod(absl::string_view(text.data(), text.size()), &number)) << text;
  return number;
}

struct PriceRun {
  int first_week = 0;
  int last_week = 0;
  double price = 0.0;
};

struct M5 {
  std::vector<RetailSeries> ids;              // Without values.
  std::vector<std::vector<float>> units;      // d_1 first.
  std::vector<std::vector<PriceRun>> prices;  // In order of weeks.
  std::vector<int> weeks;                     // Of each day.

  // Units times price of the 28 days up to `origin`. Weeks before the first known price, or after
  // the last, take the nearest run.
  double Dollars(std::size_t series, std::size_t origin) const {
    double dollars = 0.0;
    for (std::size_t t = origin - 28; t < origin; ++t) {
      const PriceRun* run = &prices[series].front();
      for (const PriceRun& next : prices[series]) {
        if (next.first_week <= weeks[t]) run = &next;
      }
      dollars += static_cast<double>(units[series][t]) * run->price;
    }
    return dollars;
  }
};

M5 ReadM5(const std::string& folder) {
  M5 m5;
  std::map<std::string, int, std::less<>> numbers;
  const auto number = [&](std::string_view name) {
    return numbers.emplace(name, static_cast<int>(numbers.size())).first->second;
  };
  std::map<std::pair<int, int>, std::size_t> rows;  // By (store, item).
  const std::string sales = ReadZstd(folder + "/sales_CA_WI_d1_d1941.csv.zst");
  ForEachLine(sales, [&](const Fields& f) {
    m5.ids.push_back({.item = number(f[0]),
                      .department = number(f[1]),
                      .category = number(f[2]),
                      .store = number(f[3]),
                      .state = number(f[4])});
    rows[{m5.ids.back().store, m5.ids.back().item}] = m5.ids.size() - 1;
    std::vector<float>& units = m5.units.emplace_back();
    for (std::size_t k = 5; k < f.size(); ++k) units.push_back(static_cast<float>(NumberOf(f[k])));
  });
  m5.prices.resize(m5.ids.size());
  const std::string prices = ReadZstd(folder + "/prices_CA_WI.csv.zst");
  ForEachLine(prices, [&](const Fields& f) {
    m5.prices[rows.at({number(f[0]), number(f[1])})].push_back(
        {.first_week = static_cast<int>(NumberOf(f[2])),
         .last_week = static_cast<int>(NumberOf(f[3])),
         .price = NumberOf(f[4])});
  });
  const std::string calendar = ReadFile(folder + "/calendar.csv");
  ForEachLine(calendar,
              [&](const Fields& f) { m5.weeks.push_back(static_cast<int>(NumberOf(f[1]))); });
  return m5;
}

WrmsseResult Score(const M5& m5, std::size_t origin, std::size_t season) {
  std::vector<std::vector<double>> actuals(m5.ids.size());
  std::vector<std::vector<double>> forecasts(m5.ids.size());
  RetailPanel panel{.series = m5.ids};
  for (std::size_t i = 0; i < m5.ids.size(); ++i) {
    const std::vector<float>& units = m5.units[i];
    const auto begin = units.begin();
    const auto at = static_cast<std::ptrdiff_t>(origin);
    actuals[i].assign(begin + at, begin + at + kHorizonDays);
    forecasts[i] = SeasonalNaive(std::vector<double>(begin, begin + at),
                                 {.season_buckets = season, .horizon_buckets = kHorizonDays})
                       .value();
    panel.series[i].history_units = std::span(units).first(origin);
    panel.series[i].actual_units = actuals[i];
    panel.series[i].forecast_units = forecasts[i];
    panel.series[i].dollars = m5.Dollars(i, origin);
  }
  return Wrmsse(panel).value();
}

TEST(M5Test, NaiveForecastsHaveTheKnownErrors) {
  const char* folder = std::getenv("TANDEM_M5");
  if (folder == nullptr) GTEST_SKIP() << "TANDEM_M5 names no folder with M5's files";
  const M5 m5 = ReadM5(folder);
  ASSERT_EQ(m5.ids.size(), 21'343U);
  struct Case {
    std::size_t origin;
    double want_seasonal;
    double want_naive;
  };
  // Computed by an independent program (Python) on the same files; six decimals were kept.
  const Case cases[] = {
      {1857, 0.929657, 1.802089}, {1885, 0.987615, 1.518976}, {1913, 0.862255, 1.610391}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.origin);
    EXPECT_NEAR(Score(m5, c.origin, 7).mean, c.want_seasonal, 1e-6);
    EXPECT_NEAR(Score(m5, c.origin, 1).mean, c.want_naive, 1e-6);
  }
  const double want_levels[] = {.74415, .72956, .76745, .76569,  .83258,  .75419,
                                .80975, .81088, .88051, 1.06147, 1.08266, 1.10816};
  const WrmsseResult seasonal = Score(m5, 1913, 7);
  for (std::size_t level = 0; level < kWrmsseLevels; ++level) {
    EXPECT_NEAR(seasonal.by_level[level], want_levels[level], 1e-5) << kWrmsseLevelNames[level];
  }
}

}  // namespace
}  // namespace tandem::forecasting
