// Golden cases are files: each .json or .jsonl in the folder named by TANDEM_GOLDEN (else the
// project's) holds cases: {"source": ..., "method": ..., its inputs, "want": ..., "tolerance":
// ...}; README.md there has the form.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/accuracy/accuracy.h"
#include "forecasting/accuracy/golden_models_fixture.h"
#include "forecasting/accuracy/interval.h"
#include "forecasting/accuracy/point.h"
#include "forecasting/accuracy/wrmsse.h"
#include "forecasting/local/seasonal_naive.h"
#include "forecasting/local/smoothing.h"
#include "gmock/gmock.h"
#include "gtest/gtest-spi.h"
#include "nlohmann/json.hpp"

namespace tandem::forecasting {
namespace {

using nlohmann::json;
using Values = std::vector<double>;

Values NumbersOf(const json& file, const char* name) { return file.at(name).get<Values>(); }

// Appends ratio's numerator and denominator, and its value where it is defined.
Values ListOf(const Ratio& ratio) {
  Values list = {ratio.numerator, ratio.denominator};
  if (ratio.value().has_value()) list.push_back(*ratio.value());
  return list;
}

Values RunWrmsse(const json& file) {
  RetailPanel panel;
  std::vector<std::vector<float>> histories;
  std::vector<Values> actuals;
  std::vector<Values> forecasts;
  for (const json& s : file.at("series")) {
    histories.push_back(s.at("history").get<std::vector<float>>());
    actuals.push_back(NumbersOf(s, "actual"));
    forecasts.push_back(NumbersOf(s, "forecast"));
  }
  for (std::size_t i = 0; i < histories.size(); ++i) {
    const json& s = file.at("series").at(i);
    panel.series.push_back({.item = s.at("item"),
                            .department = s.at("department"),
                            .category = s.at("category"),
                            .store = s.at("store"),
                            .state = s.at("state"),
                            .history_units = histories[i],
                            .actual_units = actuals[i],
                            .forecast_units = forecasts[i],
                            .dollars = s.at("dollars")});
  }
  const WrmsseResult result = Wrmsse(panel).value();
  Values list(result.by_level.begin(), result.by_level.end());
  list.push_back(result.mean);
  return list;
}

Values ListOf(const std::optional<double>& value) {
  return value.has_value() ? Values{*value} : Values{};
}

Values RunWspl(const json& file) {
  std::vector<std::array<Values, 3>> values;
  for (const json& s : file.at("series")) {
    values.push_back({NumbersOf(s, "history"), NumbersOf(s, "actual"), NumbersOf(s, "quantiles")});
  }
  std::vector<WeightedSeries> level;
  for (std::size_t i = 0; i < values.size(); ++i) {
    level.push_back({.history_units = values[i][0],
                     .actual_units = values[i][1],
                     .quantile_units = values[i][2],
                     .weight = file.at("series").at(i).at("weight")});
  }
  return ListOf(WeightedScaledPinball(level).value());
}

// The measures of intervals and quantiles.
std::optional<Values> RunInterval(const json& file, const std::string& method) {
  const auto numbers = [&](const char* name) { return NumbersOf(file, name); };
  if (method == "pinball") {
    return ListOf(Pinball(numbers("actual"), numbers("quantile"), file.at("probability")).value());
  }
  if (method == "spl") {
    return ListOf(
        ScaledPinball(numbers("history"), numbers("actual"), numbers("quantiles")).value());
  }
  if (method == "wspl") return RunWspl(file);
  if (method == "pit") {
    return Values{
        RandomisedPit({.below = file.at("below"), .at = file.at("at")}, file.at("v")).value()};
  }
  if (method == "wql") {
    return ListOf(
        WeightedQuantileLoss(numbers("actual"), numbers("quantile"), file.at("probability"))
            .value());
  }
  if (method != "coverage" && method != "msis") return std::nullopt;
  const Values lower = numbers("lower");
  const Values upper = numbers("upper");
  const Interval interval{.lower_units = lower, .upper_units = upper};
  if (method == "coverage") return ListOf(Coverage(numbers("actual"), interval).value());
  return ListOf(
      Msis(numbers("history"), numbers("actual"), interval,
           {.season_buckets = file.at("season_buckets"), .miss_share = file.at("miss_share")})
          .value());
}

// The further measures of point forecasts.
std::optional<Values> RunPoint(const json& file, const std::string& method) {
  const auto numbers = [&](const char* name) { return NumbersOf(file, name); };
  if (method == "tracking_signal") {
    return ListOf(TrackingSignal(numbers("actual"), numbers("forecast")).value());
  }
  if (method == "mase") {
    return ListOf(
        Mase(numbers("history"), file.at("season_buckets"), numbers("actual"), numbers("forecast"))
            .value());
  }
  if (method == "mape") return ListOf(Mape(numbers("actual"), numbers("forecast")).value());
  if (method == "smape") return ListOf(Smape(numbers("actual"), numbers("forecast")).value());
  if (method == "smape_decayed") {
    return ListOf(DecayedSmape(numbers("actual"), numbers("forecast")).value());
  }
  if (method == "owa") {
    return ListOf(Owa({.smape = file.at("smape"), .mase = file.at("mase")},
                      {.smape = file.at("naive2_smape"), .mase = file.at("naive2_mase")}));
  }
  if (method == "error_and_bias") {
    return ListOf(ErrorAndBias(numbers("actual"), numbers("forecast")).value());
  }
  if (method == "weighted_mae") {
    return ListOf(WeightedMae(numbers("actual"), numbers("forecast"), numbers("weights")).value());
  }
  if (method == "stability") return ListOf(Stability(numbers("old"), numbers("new")).value());
  if (method != "fva") return std::nullopt;
  const StepGain added =
      ForecastValueAdded(numbers("actual"), numbers("before"), numbers("after")).value();
  Values list = ListOf(added.wmape);
  list.push_back(added.improved.numerator);
  list.push_back(added.improved.denominator);
  return list;
}

// What the method returns for the case's inputs, as one list of numbers.
Values ResultOf(const json& file) {
  const std::string method = file.at("method");
  if (method == "wrmsse") return RunWrmsse(file);
  if (method == "seasonal_naive") {
    return SeasonalNaive(NumbersOf(file, "history"),
                         {.season_buckets = file.at("season_buckets"),
                          .horizon_buckets = file.at("horizon_buckets")})
        .value();
  }
  if (method == "level") {
    const auto fit = FitLevel(NumbersOf(file, "history"), {.alpha = file.at("alpha")}).value();
    return {fit.level_units, fit.rmse_units};
  }
  if (method == "best_level") {
    const BestLevel best = FitBestLevel(NumbersOf(file, "history")).value();
    return {best.alpha, best.fit.level_units, best.fit.rmse_units};
  }
  if (method == "wmape") {
    return ListOf(Wmape(NumbersOf(file, "actual"), NumbersOf(file, "forecast")).value());
  }
  if (method == "bias") {
    return ListOf(Bias(NumbersOf(file, "actual"), NumbersOf(file, "forecast")).value());
  }
  if (method == "rmsse") {
    const auto rmsse =
        Rmsse(NumbersOf(file, "history"), NumbersOf(file, "actual"), NumbersOf(file, "forecast"))
            .value();
    return ListOf(rmsse);
  }
  if (const auto list = RunPoint(file, method); list.has_value()) return *list;
  if (const auto list = RunInterval(file, method); list.has_value()) return *list;
  ADD_FAILURE() << "no such method: " << method;
  return {};
}

// A number, a list, or null for what is not defined.
Values ValuesOf(const json& some) {
  if (some.is_null()) return {};
  return some.is_number() ? Values{some.get<double>()} : some.get<Values>();
}

// The tolerance is in units; "tolerance_share" is of the value wanted, the larger holds.
void ExpectNear(const Values& got, const json& want, const json& one) {
  const Values values = ValuesOf(want);
  ASSERT_EQ(got.size(), values.size());
  const double share = one.value("tolerance_share", 0.0);
  const double least =
      share > 0.0 ? one.value("tolerance", 0.0) : one.at("tolerance").get<double>();
  for (std::size_t k = 0; k < values.size(); ++k) {
    EXPECT_NEAR(got[k], values[k], std::max(least, share * std::abs(values[k]))) << "value " << k;
  }
}

// A model's "want" is its mean, or what is wanted by name; a text is compared as it is.
void ExpectModel(const json& got, const json& want, const json& one) {
  if (!want.is_object()) return ExpectNear(ValuesOf(got.at("mean")), want, one);
  ASSERT_FALSE(want.empty());
  for (const auto& [name, value] : want.items()) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(got.contains(name)) << "the method has no such result";
    if (value.is_string()) {
      EXPECT_EQ(got.at(name), value);
    } else {
      ExpectNear(ValuesOf(got.at(name)), value, one);
    }
  }
}

// A mean is wanted as the last of a ratio's three numbers where "want" is one number alone.
void ExpectMeasure(const Values& got, const json& want, const json& one) {
  if (want.is_number() && got.size() == 3) return ExpectNear({got.back()}, want, one);
  if (want.is_null() && got.size() == 2) return;  // A ratio without a value.
  ExpectNear(got, want, one);
}

// One case; "want" is null for what is not defined, or "error" for what must be refused.
void RunCase(const json& one) {
  const json& want = one.at("want");
  const std::string method = one.at("method");
  if (want == "error") {
    EXPECT_THROW(
        {
          if (!RunModel(one, method).has_value()) ResultOf(one);
        },
        absl::BadStatusOrAccess);
    return;
  }
  if (const auto got = RunModel(one, method); got.has_value()) {
    ExpectModel(*got, want, one);
  } else {
    ExpectMeasure(ResultOf(one), want, one);
  }
}

// The cases of a file: one, a list of them, or (.jsonl) one a line.
std::vector<json> CasesOf(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<json> cases;
  if (path.extension() == ".jsonl") {
    for (std::string line; std::getline(file, line);) {
      if (!line.empty()) cases.push_back(json::parse(line));
    }
    return cases;
  }
  json whole = json::parse(file);
  if (!whole.is_array()) return {std::move(whole)};
  return whole.get<std::vector<json>>();
}

// What one case throws fails that case, and the others are run.
int RunFile(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  int cases = 0;
  try {
    for (const json& one : CasesOf(path)) {
      SCOPED_TRACE("case " + std::to_string(++cases));
      try {
        RunCase(one);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  return cases;
}

// The cases of all files of a folder, run; false where the folder holds no file at all. Files
// without a case are a failure.
bool RunFolder(const std::filesystem::path& folder) {
  std::set<std::filesystem::path> files;
  bool empty = true;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    empty = empty && !entry.is_regular_file();
    const auto extension = entry.path().extension();
    if (extension == ".json" || extension == ".jsonl") files.insert(entry.path());
  }
  int cases = 0;
  for (const std::filesystem::path& path : files) cases += RunFile(path);
  EXPECT_TRUE(empty || cases > 0) << "no case in " << folder;
  return !empty;
}

TEST(GoldenTest, EveryCaseOfTheFolderHolds) {
  const char* other = std::getenv("TANDEM_GOLDEN");
  const std::filesystem::path folder = other != nullptr ? other : TANDEM_GOLDEN_FOLDER;
  // A folder without a file is a wrong name, not a pass.
  EXPECT_TRUE(RunFolder(folder)) << "no file in " << folder;
}

struct FolderCase {
  const char* name;
  const char* file;
  const char* text;
  bool holds;
};

// What the reader makes of a folder with one file.
TEST(GoldenReaderTest, FailsWhereACaseDoesNotHoldOrThereIsNone) {
  const FolderCase cases[] = {
      {"no case in a list", "a.json", "[]", false},
      {"no line", "a.jsonl", "\n", false},
      {"no file of cases", "README.md", "text", false},
      {"one number for a ratio", "a.json",
       R"({"method":"wmape","actual":[10,10],"forecast":[12,10],"want":0.1,"tolerance":1e-12})",
       true},
      {"another number", "a.json",
       R"({"method":"bias","actual":[10,10],"forecast":[12,10],"want":0.2,"tolerance":1e-12})",
       false},
      {"a ratio without a value", "a.json",
       R"({"method":"wmape","actual":[0],"forecast":[1],"want":null,"tolerance":0})", true},
      {"a ratio with one", "a.json",
       R"({"method":"wmape","actual":[1],"forecast":[1],"want":null,"tolerance":0})", false},
      {"no actuals", "a.json",
       R"({"method":"rmsse","history":[1,2],"actual":[],"forecast":[],"want":null,"tolerance":0})",
       true},
      {"a model's mean", "a.json",
       R"({"method":"ses","alpha":0.5,"history":[4,8,6],"want":6,"tolerance":1e-12})", true},
      {"a model's other mean", "a.json",
       R"({"method":"ses","alpha":0.5,"history":[4,8,6],"want":{"mean":7},"tolerance":0.5})",
       false},
      {"a share of the value", "a.json",
       R"({"method":"ses","alpha":0.5,"history":[4,8,6],"want":{"mean":7},"tolerance_share":0.2})",
       true},
      {"no such result", "a.json",
       R"({"method":"ses","alpha":0.5,"history":[4,8,6],"want":{"bands":[]},"tolerance":0})",
       false},
      {"no such method", "a.json", R"({"method":"oracle","want":1,"tolerance":0})", false},
  };
  const auto folder = std::filesystem::path(testing::TempDir()) / "golden_reader";
  for (const FolderCase& c : cases) {
    SCOPED_TRACE(c.name);
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    std::ofstream(folder / c.file) << c.text;
    testing::TestPartResultArray failures;
    {
      const testing::ScopedFakeTestPartResultReporter reporter(
          testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
      EXPECT_TRUE(RunFolder(folder));
    }
    EXPECT_EQ(failures.size() == 0, c.holds);
  }
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  EXPECT_FALSE(RunFolder(folder));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tandem::forecasting
