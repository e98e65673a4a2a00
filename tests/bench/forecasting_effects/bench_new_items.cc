// new_items_…: M5's items that came to a shop after the first year, forecast a week ahead from the
// day of their listing on and after each of their first three weeks. Options are chosen on the
// items listed up to d_1000, by absolute error; those listed later are forecast once. The limits
// are the mean of the shop's department and, from the second week on, the item's own last week.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forecasting/effects/new_item.h"
#include "tests/bench/forecasting_effects/bench.h"
#include "tests/bench/forecasting_effects/table.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

namespace fc = forecasting;

constexpr std::size_t kWeek = 7;
constexpr std::size_t kWeeks = 4;
constexpr std::size_t kLaunchDays = 28;
constexpr std::size_t kFirstNew = 400;
constexpr std::size_t kLastChosenOn = 1000;

struct ListedItem {
  std::array<std::uint32_t, 2> traits{};  // Item and shop, as codes.
  std::string department{};
  std::size_t listed = 0;       // Day index.
  std::vector<double> until{};  // Sales before each day: n + 1 running sums.

  double Sold(std::size_t from, std::size_t to) const { return until[to] - until[from]; }
};

// The only file of the folder whose name begins so, without ".zst".
std::string PathOf(const std::string& folder, std::string_view begin) {
  std::set<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    std::string path = entry.path().string();
    if (!entry.path().filename().string().starts_with(begin)) continue;
    if (path.ends_with(".zst")) path.resize(path.size() - 4);
    paths.insert(path);
  }
  if (paths.empty()) Fail(folder + " has no " + std::string(begin) + "…");
  return *paths.begin();
}

using ListedKey = std::pair<std::string, std::string>;  // Shop and item.
ListedKey KeyOf(std::string_view store, std::string_view item) {
  return {std::string(store), std::string(item)};
}

std::vector<ListedItem> ReadListed(const std::string& folder) {
  const TextTable listed(PathOf(folder, "first_listed"));
  std::map<ListedKey, std::size_t> first;
  for (std::size_t row = 0; row < listed.rows(); ++row) {
    first[KeyOf(listed.At(row, listed.Column("store_id")),
                listed.At(row, listed.Column("item_id")))] =
        static_cast<std::size_t>(listed.Number(row, listed.Column("first_listed_d"), 1.0));
  }
  const TextTable sales(PathOf(folder, "sales"));
  const std::size_t begin = sales.Column("d_1");
  std::map<std::string, std::uint32_t> codes;
  std::vector<ListedItem> items;
  for (std::size_t row = 0; row < sales.rows(); ++row) {
    const std::string item(sales.At(row, sales.Column("item_id")));
    const std::string store(sales.At(row, sales.Column("store_id")));
    const auto code = [&](const std::string& name) {
      return codes.emplace(name, static_cast<std::uint32_t>(codes.size())).first->second;
    };
    ListedItem one{.traits = {code(item), code(store)},
                   .department = std::string(sales.At(row, sales.Column("dept_id")))};
    const auto found = first.find(KeyOf(store, item));
    if (found == first.end()) Fail("m5: an item is not in first_listed");
    one.listed = std::max<std::size_t>(found->second, 1) - 1;
    one.until.push_back(0.0);
    for (std::size_t column = begin; column < sales.columns(); ++column) {
      one.until.push_back(one.until.back() + sales.Number(row, column, 0.0));
    }
    items.push_back(std::move(one));
  }
  return items;
}

struct LaunchChoice {
  double item_distance = 3.0;
  double store_distance = 1.0;
  double dispersion = 3.0;
  double half_life_days = 28.0;
};

struct LaunchErrors {
  std::array<double, kWeeks> analogs{};
  std::array<double, kWeeks> department{};
  std::array<double, kWeeks> own{};
  std::array<double, kWeeks> units{};
  double inside = 0.0;  // Of the 80 % interval.
  double count = 0.0;
};

using Department = std::vector<const ListedItem*>;

// What was known of a department when an item was listed: the launches that were over, and how the
// same item sold elsewhere in the last weeks.
std::vector<fc::Analog> AnalogsOf(const ListedItem& item, const Department& department) {
  std::vector<fc::Analog> analogs;
  for (const ListedItem* other : department) {
    if (other == &item || other->listed + kLaunchDays > item.listed) continue;
    const bool same = other->traits[0] == item.traits[0];
    const std::size_t from = same ? item.listed - kLaunchDays : other->listed;
    if (!same && other->listed == 0) continue;  // Its launch was before the data begin.
    analogs.push_back({.traits = {.attributes = other->traits},
                       .units = other->Sold(from, from + kLaunchDays),
                       .buckets = kLaunchDays});
  }
  return analogs;
}

// Units a week of the department's items in the item's shop, on the four weeks before `day`.
double DepartmentMean(const ListedItem& item, const Department& department, std::size_t day) {
  double sold = 0.0;
  double count = 0.0;
  for (const ListedItem* other : department) {
    if (other->traits[1] != item.traits[1] || other->listed + kLaunchDays > day) continue;
    sold += other->Sold(day - kLaunchDays, day);
    count += 1.0;
  }
  return count > 0.0 ? sold / count / 4.0 : 0.0;
}

template <typename T>
T OrFail(absl::StatusOr<T> result) {
  if (!result.ok()) Fail(std::string(result.status().message()));
  return *std::move(result);
}

void ForecastLaunch(const ListedItem& item, const Department& department,
                    const LaunchChoice& choice, LaunchErrors& errors) {
  const std::vector<fc::Analog> analogs = AnalogsOf(item, department);
  const double distances[] = {choice.item_distance, choice.store_distance};
  const fc::NewItemOptions options{.dispersion = choice.dispersion,
                                   .half_life_buckets = choice.half_life_days};
  if (analogs.empty()) return;
  auto prior = fc::PriorFromAnalogs({.attributes = item.traits}, analogs, {.attributes = distances},
                                    options);
  if (!prior.ok()) return;  // Nothing like it ever sold.
  fc::GammaRate rate = *prior;
  for (std::size_t week = 0; week < kWeeks; ++week) {
    const std::size_t day = item.listed + kWeek * week;
    if (week > 0) {
      const absl::Status status = rate.Observe(item.Sold(day - kWeek, day), kWeek, options);
      if (!status.ok()) Fail(std::string(status.message()));
    }
    const fc::NegativeBinomial next = OrFail(rate.Forecast(kWeek, options));
    const double actual = item.Sold(day, day + kWeek);
    const double mean = DepartmentMean(item, department, day);
    const double own = week > 0 ? item.Sold(day - kWeek, day) : mean;
    errors.analogs[week] += std::abs(next.mean_units - actual);
    errors.department[week] += std::abs(mean - actual);
    errors.own[week] += std::abs(own - actual);
    errors.units[week] += actual;
    const bool inside = actual >= OrFail(fc::CountQuantile(next, 0.1)) &&
                        actual <= OrFail(fc::CountQuantile(next, 0.9));
    errors.inside += inside ? 1.0 : 0.0;
    errors.count += 1.0;
  }
}

// Every `step`-th of the items that were listed on days from..to.
LaunchErrors ForecastLaunches(const std::vector<ListedItem>& items,
                              const std::map<std::string, Department>& departments,
                              const LaunchChoice& choice, std::array<std::size_t, 3> days) {
  const auto [from, to, step] = days;
  LaunchErrors errors;
  std::size_t number = 0;
  for (const ListedItem& item : items) {
    const bool whole = item.listed + kWeek * kWeeks < item.until.size();
    if (item.listed < from || item.listed >= to || !whole) continue;
    if (number++ % step == 0) {
      ForecastLaunch(item, departments.at(item.department), choice, errors);
    }
  }
  return errors;
}

double Sum(const std::array<double, kWeeks>& weeks) {
  double sum = 0.0;
  for (const double week : weeks) sum += week;
  return sum;
}

LaunchChoice ChooseLaunch(const std::vector<ListedItem>& items,
                          const std::map<std::string, Department>& departments) {
  LaunchChoice best;
  double least = std::numeric_limits<double>::infinity();
  for (const double item : {2.0, 5.0, 9.0}) {
    for (const double store : {0.5, 2.0, 4.0}) {
      for (const double dispersion : {2.0, 4.0, 8.0}) {
        for (const double half_life : {7.0, 14.0, 28.0}) {
          const LaunchChoice choice{item, store, dispersion, half_life};
          const LaunchErrors errors =
              ForecastLaunches(items, departments, choice, {kFirstNew, kLastChosenOn, 8});
          if (Sum(errors.analogs) >= least) continue;
          least = Sum(errors.analogs);
          best = choice;
        }
      }
    }
  }
  return best;
}

}  // namespace

void NewItems() {
  const std::vector<ListedItem> items = ReadListed(DataFolder("m5"));
  std::map<std::string, Department> departments;
  for (const ListedItem& item : items) departments[item.department].push_back(&item);
  const LaunchChoice choice = ChooseLaunch(items, departments);
  const LaunchErrors errors =
      ForecastLaunches(items, departments, choice, {kLastChosenOn, items.front().until.size(), 1});
  const std::string chosen = "; chosen: distances " + std::to_string(choice.item_distance) + ", " +
                             std::to_string(choice.store_distance) + ", dispersion " +
                             std::to_string(choice.dispersion) + ", half-life " +
                             std::to_string(choice.half_life_days) + " days";
  for (std::size_t week = 0; week < kWeeks; ++week) {
    const double better = std::min(errors.department[week], errors.own[week]);
    Print({.name = "new_items_week_" + std::to_string(week + 1),
           .value = 100.0 * errors.analogs[week] / errors.units[week],
           .unit = "% WMAPE of a week's units",
           .limit = 100.0 * better / errors.units[week],
           .goal = 1.0,
           .better = Better::kLower,
           .note = "the department's mean " +
                   std::to_string(100.0 * errors.department[week] / errors.units[week]) +
                   ", own last week " +
                   std::to_string(100.0 * errors.own[week] / errors.units[week]) +
                   (week == 0 ? chosen : "")});
  }
  Print({.name = "new_items_coverage",
         .value = 100.0 * errors.inside / errors.count,
         .unit = "% in the 80 % interval",
         .note = std::to_string(static_cast<long>(errors.count)) +
                 " forecasts; counts lie on the interval's ends, so 80 % is the least"});
}

}  // namespace tandem::bench
