#include "services/tandem/cli/m5_panel.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/first_reject.h"

namespace tandem::cli {
namespace {

namespace csv = exchange::csv;
using base::Reason;

constexpr std::size_t kWeightDays = 28;

struct Row {
  std::string item{};
  std::string department{};
  std::string category{};
  std::string store{};
  std::string state{};
  std::vector<float> history{};
  std::vector<float> actual{};
  std::vector<M5PanelPrice> prices{};
};

std::string KeyOf(std::string_view store, std::string_view item) {
  std::string key(store);
  key += '/';
  key += item;
  return key;
}

// An error of reading a file: it names the file and a rule, and is a file's, not a request's.
absl::Status InFile(const absl::Status& status, const std::string& path) {
  const auto refusal = base::RefusalOf(status);
  if (status.ok() || !refusal.has_value() || !refusal->field.empty()) return status;
  const absl::string_view message = status.message();
  absl::Status whole =
      base::Refuse(Reason::kFileMalformed, {message.data(), message.size()}, {{"file", path}});
  bool ruled = false;
  for (const auto& [key, value] : refusal->details) {
    if (key == "file") continue;
    whole = base::WithDetail(whole, {key, value});
    ruled = ruled || key == "rule";
  }
  if (ruled) return whole;
  const std::string_view rule = base::ReasonName(refusal->reason);
  return base::WithDetail(whole, {"rule", absl::string_view(rule.data(), rule.size())});
}

// Numbers for names, in the order of names once all are known.
class Names {
 public:
  void See(const std::string& name) { numbers_.emplace(name, 0); }
  std::vector<std::string> Number() {
    std::vector<std::string> names;
    for (auto& [name, number] : numbers_) {
      number = static_cast<int>(names.size());
      names.push_back(name);
    }
    return names;
  }
  int Of(const std::string& name) const { return numbers_.find(name)->second; }

 private:
  std::map<std::string, int> numbers_;
};

class Loader {
 public:
  Loader(std::string folder, const M5PanelOptions& options)
      : folder_(std::move(folder)), options_(options) {
    panel_.history_days = static_cast<std::size_t>(std::max(0, options.origin_d));
    panel_.horizon_days = static_cast<std::size_t>(std::max(0, options.horizon_days));
  }

  absl::StatusOr<M5Panel> Load() {
    TANDEM_RETURN_IF_ERROR(ReadCalendar());
    TANDEM_RETURN_IF_ERROR(
        ForEachFile("sales", [this](const std::string& path) { return ReadSales(path); }));
    // Without prices nothing can be weighed, without listings all are from the first day on.
    TANDEM_RETURN_IF_ERROR(
        ForEachFileIfAny("prices", [this](const std::string& path) { return ReadPrices(path); }));
    TANDEM_RETURN_IF_ERROR(
        ForEachFileIfAny("first_listed", [this](const std::string& path) -> absl::Status {
          TANDEM_ASSIGN_OR_RETURN(const auto source, OpenSource(path));
          return InFile(listings_.Read(*source), path);
        }));
    Assemble();
    return std::move(panel_);
  }

 private:
  absl::Status ForEachFile(const std::string& prefix,
                           const std::function<absl::Status(const std::string&)>& use) {
    TANDEM_ASSIGN_OR_RETURN(const std::vector<std::string> paths, AllInFolder(folder_, prefix));
    for (const std::string& path : paths) TANDEM_RETURN_IF_ERROR(use(path));
    return absl::OkStatus();
  }

  absl::Status ForEachFileIfAny(const std::string& prefix,
                                const std::function<absl::Status(const std::string&)>& use) {
    const auto paths = AllInFolder(folder_, prefix);
    if (!paths.ok()) {
      return base::ReasonOf(paths.status()) == Reason::kUnknownRecord ? absl::OkStatus()
                                                                      : paths.status();
    }
    for (const std::string& path : *paths) TANDEM_RETURN_IF_ERROR(use(path));
    return absl::OkStatus();
  }

  absl::Status ReadCalendar() {
    TANDEM_ASSIGN_OR_RETURN(const std::string path, FindInFolder(folder_, "calendar"));
    TANDEM_ASSIGN_OR_RETURN(const auto source, OpenSource(path));
    auto calendar = csv::ReadM5Calendar(*source);
    if (!calendar.ok()) return InFile(calendar.status(), path);
    panel_.calendar = *std::move(calendar);
    const int days = panel_.calendar.day_count();
    if (options_.origin_d < 2 || options_.horizon_days < 1 ||
        options_.horizon_days > days - options_.origin_d) {
      return base::RefuseField(Reason::kFieldOutOfRange, "--origin",
                               "the calendar has no such days: the origin is at least 2, the "
                               "horizon at least 1, and both together end within it",
                               {{"origin", options_.origin_d},
                                {"horizon", options_.horizon_days},
                                {"calendar_days", days}});
    }
    return absl::OkStatus();
  }

  absl::Status ReadSales(const std::string& path) {
    FirstReject reject(path);
    const std::size_t before = rows_.size();
    TANDEM_ASSIGN_OR_RETURN(const auto source, OpenSource(path));
    TANDEM_RETURN_IF_ERROR(
        InFile(csv::ReadM5Sales(
                   *source, [&](const csv::M5Series& series) { return Take(path, series); },
                   reject.Taker(), panel_.history_days),
               path));
    TANDEM_RETURN_IF_ERROR(reject.status());
    if (rows_.size() > before) return absl::OkStatus();
    return base::Refuse(Reason::kFileMalformed, "the file has no rows",
                        {{"file", path}, {"rule", "FILE_MALFORMED"}});
  }

  absl::Status Take(const std::string& path, const csv::M5Series& series) {
    const std::size_t origin = panel_.history_days;
    if (series.units.size() < origin) {
      return base::RefuseField(
          Reason::kFieldOutOfRange, "--origin", "the sales end before the origin",
          {{"file", path}, {"sales_days", static_cast<std::int64_t>(series.units.size())}});
    }
    std::string key = KeyOf(series.store, series.item);
    if (!places_.emplace(std::move(key), rows_.size()).second) {
      return base::Refuse(Reason::kFileMalformed, "the series stands in the sales twice",
                          {{"file", path},
                           {"line", series.line},
                           {"rule", "DUPLICATE_ROW"},
                           {"item", std::string(series.item)},
                           {"store", std::string(series.store)}});
    }
    Row& row = rows_.emplace_back();
    row.item = series.item;
    row.department = series.department;
    row.category = series.category;
    row.store = series.store;
    row.state = series.state;
    const auto known = series.units.first(origin);
    row.history.assign(known.begin(), known.end());
    if (series.units.size() >= origin + panel_.horizon_days) {
      const auto after = series.units.subspan(origin, panel_.horizon_days);
      row.actual.assign(after.begin(), after.end());
    } else {
      NameUnmeasured(path, series);
    }
    if (options_.on_progress) options_.on_progress(static_cast<std::int64_t>(rows_.size()));
    return absl::OkStatus();
  }

  // Of the series whose file, or whose cells that are numbers, end before the horizon does.
  void NameUnmeasured(const std::string& path, const csv::M5Series& series) {
    M5Unmeasured& unmeasured = panel_.unmeasured;
    if (unmeasured.series++ > 0) return;
    unmeasured.path = path;
    unmeasured.line = series.line;
    unmeasured.item = std::string(series.item);
    unmeasured.store = std::string(series.store);
    unmeasured.first_d = static_cast<int>(series.units.size()) + 1;
  }

  absl::Status ReadPrices(const std::string& path) {
    FirstReject reject(path);
    TANDEM_ASSIGN_OR_RETURN(const auto source, OpenSource(path));
    const auto take = [this](const csv::PriceRow& price) {
      const int first = price.first_day - panel_.calendar.first;
      const auto found = places_.find(KeyOf(price.location, price.item));
      if (found == places_.end() || first >= options_.origin_d) return absl::OkStatus();
      double units = static_cast<double>(price.price.value);
      units *= std::pow(10.0, -price.price.scale);
      rows_[found->second].prices.push_back({.first_day = first, .price = units});
      return absl::OkStatus();
    };
    TANDEM_RETURN_IF_ERROR(
        InFile(csv::ReadM5Prices(*source, panel_.calendar, take, reject.Taker()), path));
    return reject.status();
  }

  // What sold was listed, whatever the listing says: a listing that is later is of another launch.
  std::size_t ListedDayOf(const Row& row) const {
    const auto sold = std::ranges::find_if(row.history, [](auto units) { return units > 0; });
    const auto listed =
        static_cast<std::size_t>(std::max(0, listings_.FirstListed(row.store, row.item) - 1));
    if (sold == row.history.end()) return listed;
    return std::min(listed, static_cast<std::size_t>(sold - row.history.begin()));
  }

  double DollarsOf(Row& row) const {
    std::ranges::stable_sort(row.prices, {}, &M5PanelPrice::first_day);
    if (row.prices.empty()) return 0.0;
    const std::size_t days = panel_.history_days;
    double dollars = 0.0;
    for (std::size_t t = days - std::min(days, kWeightDays); t < days; ++t) {
      double price = row.prices.front().price;
      for (const M5PanelPrice& range : row.prices) {
        if (range.first_day <= static_cast<int>(t)) price = range.price;
      }
      dollars += static_cast<double>(row.history[t]) * price;
    }
    return dollars;
  }

  void Assemble() {
    Names items;
    Names departments;
    Names categories;
    Names stores;
    Names states;
    bool has_actuals = !rows_.empty();
    for (const Row& row : rows_) {
      items.See(row.item);
      departments.See(row.department);
      categories.See(row.category);
      stores.See(row.store);
      states.See(row.state);
      has_actuals = has_actuals && !row.actual.empty();
    }
    panel_.items = items.Number();
    panel_.departments = departments.Number();
    panel_.categories = categories.Number();
    panel_.stores = stores.Number();
    panel_.states = states.Number();
    std::vector<std::size_t> order(rows_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {},
                      [this](std::size_t i) { return std::tie(rows_[i].store, rows_[i].item); });
    panel_.units.reserve(rows_.size() * panel_.history_days);
    for (const std::size_t i : order) {
      Row& row = rows_[i];
      panel_.series.push_back({.item = items.Of(row.item),
                               .department = departments.Of(row.department),
                               .category = categories.Of(row.category),
                               .store = stores.Of(row.store),
                               .state = states.Of(row.state),
                               .listed_day = ListedDayOf(row),
                               .dollars = DollarsOf(row)});
      panel_.prices.push_back(std::move(row.prices));
      panel_.units.insert(panel_.units.end(), row.history.begin(), row.history.end());
      if (has_actuals) {
        panel_.actual_units.insert(panel_.actual_units.end(), row.actual.begin(), row.actual.end());
      }
      row.history = {};  // Its memory, before the next is copied.
    }
  }

  std::string folder_;
  const M5PanelOptions& options_;
  M5Panel panel_;
  csv::M5Listings listings_;
  std::vector<Row> rows_;
  absl::flat_hash_map<std::string, std::size_t> places_;  // By store/item.
};

}  // namespace

absl::StatusOr<M5Panel> LoadM5Panel(const std::string& folder, const M5PanelOptions& options) {
  return Loader(folder, options).Load();
}

}  // namespace tandem::cli
