// WRMSSE and WMAPE of the published versions, from what the retailer reads back through the API.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "forecasting/accuracy/accuracy.h"
#include "forecasting/accuracy/wrmsse.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/runtime/rpc_status.h"
#include "services/tandem/cli/export.h"
#include "services/tandem/cli/forecast_client.h"
#include "services/tandem/cli/import.h"
#include "services/tandem/cli/progress.h"
#include "services/tandem/cli/tour.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = exchange::v1;
using forecasting::RetailPanel;
using forecasting::RetailSeries;

// Small numbers for names.
class Numbers {
 public:
  int Of(const std::string& name) {
    return numbers_.emplace(name, static_cast<int>(numbers_.size())).first->second;
  }

 private:
  absl::flat_hash_map<std::string, int> numbers_;
};

struct PriceRange {
  std::int32_t first_day = 0;
  double price = 0.0;
};

struct Series {
  std::string item{};
  std::string store{};
  std::vector<float> history{};
  std::vector<double> actual{};
  std::vector<double> forecast{};
  std::vector<double> lower{};       // The 2.5 % quantile, where the version has quantiles.
  std::vector<double> upper{};       // The 97.5 % quantile.
  std::vector<PriceRange> prices{};  // By first day.
};

class Scorer {
 public:
  explicit Scorer(Tour& tour) : tour_(tour), retailer_(tour.client(kRetailer)) {
    history_days_ = tour.data->origin() - tour.data->first_day() + 1;
  }

  // Sales up to the end of the horizon, and prices.
  absl::Status Load() {
    v1::ReadSeriesRequest request;
    request.set_owner(retailer_.firm_name());
    request.set_measure(v1::MEASURE_SALES);
    const TourData& data = *tour_.data;
    TANDEM_ASSIGN_OR_RETURN(*request.mutable_start_date(),
                            ParseDate("date", data.first_day().ToString()));
    TANDEM_ASSIGN_OR_RETURN(*request.mutable_end_date(),
                            ParseDate("date", (data.origin() + kHorizonDays).ToString()));
    const absl::Time begin = absl::Now();
    Progress progress("reading back", "values", 0);
    TANDEM_RETURN_IF_ERROR(
        ReadSeries(retailer_, request, [&](const v1::ReadSeriesResponse& answer) {
          Take(answer);
          values_ += answer.value_milli_size();
          progress.Set(values_);
          return absl::OkStatus();
        }));
    progress.Finish();
    tour_.report.Rate("values read back as columns", static_cast<double>(values_),
                      absl::ToDoubleSeconds(absl::Now() - begin));
    for (const std::string& store : data.stores()) TANDEM_RETURN_IF_ERROR(LoadPrices(store));
    return LoadHierarchy();
  }

  absl::StatusOr<double> Score(const std::string& method) {
    for (Series& series : series_) {
      series.forecast.assign(kHorizonDays, 0.0);
      series.lower.clear();
      series.upper.clear();
    }
    for (const std::string& version : tour_.versions.at(method)) {
      TANDEM_RETURN_IF_ERROR(LoadVersion(version));
    }
    TANDEM_ASSIGN_OR_RETURN(const forecasting::WrmsseResult result, forecasting::Wrmsse(Panel()));
    forecasting::Ratio wmape;
    for (const Series& series : series_) {
      TANDEM_ASSIGN_OR_RETURN(const forecasting::Ratio one,
                              forecasting::Wmape(series.actual, series.forecast));
      wmape += one;
    }
    tour_.report.Accuracy(method, "WRMSSE, 12 levels", absl::StrFormat("%.4f", result.mean));
    tour_.report.Accuracy(method, "WMAPE, item and store and day",
                          absl::StrFormat("%.4f", wmape.value().value_or(0.0)));
    const std::optional<double> within = ShareWithin();
    if (within.has_value()) {
      tour_.report.Accuracy(method, "outcomes within its 95 % interval",
                            absl::StrFormat("%.1f %%", 100.0 * *within));
    }
    return result.mean;
  }

  std::int64_t series_count() const { return static_cast<std::int64_t>(series_.size()); }

 private:
  // Of the outcomes of series with quantiles; nullopt if no series has any.
  std::optional<double> ShareWithin() const {
    std::int64_t within = 0;
    std::int64_t all = 0;
    for (const Series& series : series_) {
      for (std::size_t day = 0; day < series.lower.size(); ++day) {
        ++all;
        const double came = series.actual[day];
        if (came >= series.lower[day] && came <= series.upper[day]) ++within;
      }
    }
    if (all == 0) return std::nullopt;
    return static_cast<double>(within) / static_cast<double>(all);
  }

  Series* Find(const std::string& item, const std::string& store) {
    const auto found = places_.find(std::pair(item, store));
    return found == places_.end() ? nullptr : &series_[found->second];
  }

  void Take(const v1::ReadSeriesResponse& answer) {
    const std::string store(exchange::csv::IdOf(answer.location()));
    const std::int32_t offset = answer.first_day() - tour_.data->first_day().number();
    for (int i = 0; i < answer.items_size(); ++i) {
      const auto [found, is_new] =
          places_.emplace(std::pair(answer.items(i), store), series_.size());
      if (is_new) {
        Series& added = series_.emplace_back();
        added.item = answer.items(i);
        added.store = store;
        added.history.assign(static_cast<std::size_t>(history_days_), 0.0F);
        added.actual.assign(kHorizonDays, 0.0);
      }
      Series& series = series_[found->second];
      for (int d = 0; d < answer.day_count(); ++d) {
        const int day = offset + d;
        const auto at = i * answer.day_count() + d;
        if (day < 0 || day >= history_days_ + kHorizonDays || at >= answer.value_milli_size()) {
          continue;  // A day that is not known is 0 in the answer: nothing was sold.
        }
        const double units = static_cast<double>(answer.value_milli(at)) / 1000.0;
        if (day < history_days_) {
          series.history[static_cast<std::size_t>(day)] = static_cast<float>(units);
        } else {
          series.actual[static_cast<std::size_t>(day - history_days_)] = units;
        }
      }
    }
  }

  absl::Status LoadPrices(const std::string& store) {
    v1::ReadPricesRequest request;
    request.set_location(retailer_.firm_name() + "/locations/" + store);
    const auto stub = v1::ExchangeService::NewStub(retailer_.channel());
    grpc::ClientContext context;
    retailer_.Identify(&context);
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Minutes(2)));
    const auto call = stub->ReadPrices(&context, request);
    std::vector<std::string> items;
    for (v1::ReadPricesResponse answer; call->Read(&answer);) {
      const v1::PriceBlock& block = answer.prices();
      double unit = 1.0;
      for (int k = 0; k < block.scale(); ++k) unit /= 10.0;
      if (block.items_size() > 0) items.assign(block.items().begin(), block.items().end());
      for (int r = 0; r < block.item_size() && r < block.value_size(); ++r) {
        if (block.item(r) >= items.size()) continue;
        Series* series = Find(items[block.item(r)], store);
        if (series == nullptr) continue;
        series->prices.push_back({block.first_day(r), static_cast<double>(block.value(r)) * unit});
      }
    }
    return runtime::FromGrpcStatus(call->Finish());
  }

  absl::Status LoadHierarchy() {
    TANDEM_ASSIGN_OR_RETURN(const auto items, AllItems(retailer_, retailer_.firm_name()));
    for (const v1::Item& item : items) {
      if (item.hierarchy_size() < 2) continue;
      hierarchy_[std::string(exchange::csv::IdOf(item.name()))] = {item.hierarchy(0),
                                                                   item.hierarchy(1)};
    }
    TANDEM_ASSIGN_OR_RETURN(const auto stores, AllLocations(retailer_, retailer_.firm_name()));
    for (const v1::Location& store : stores) {
      if (store.hierarchy_size() == 0) continue;
      states_[std::string(exchange::csv::IdOf(store.name()))] = store.hierarchy(0);
    }
    return absl::OkStatus();
  }

  absl::Status LoadVersion(const std::string& version) {
    forecast::v1::ReadVersionRequest request;
    request.set_name(version);
    request.set_with_quantiles(true);
    TANDEM_ASSIGN_OR_RETURN(const forecast::v1::Version made, GetVersion(retailer_, version));
    const auto& levels = made.quantile_level_millionths();
    const auto place = [&levels](std::int32_t level) {
      return static_cast<int>(std::ranges::find(levels, level) - levels.begin());
    };
    const int lower = place(25'000);
    const int upper = place(975'000);
    return ReadVersion(retailer_, request, [&](const forecast::v1::ReadVersionResponse& chunk) {
      const forecast::v1::SeriesColumns& columns = chunk.series();
      const auto& quantiles = chunk.quantiles().value_milli();
      const bool has_interval = lower < levels.size() && upper < levels.size() &&
                                quantiles.size() == columns.mean_milli_size() * levels.size();
      for (int s = 0; s < columns.item_index_size(); ++s) {
        Series* series = Find(columns.items(static_cast<int>(columns.item_index(s))),
                              columns.locations(static_cast<int>(columns.location_index(s))));
        for (int b = 0; series != nullptr && b < kHorizonDays; ++b) {
          series->forecast[static_cast<std::size_t>(b)] =
              static_cast<double>(columns.mean_milli(s * kHorizonDays + b)) / 1000.0;
          if (!has_interval) continue;
          const int at = (s * kHorizonDays + b) * levels.size();
          series->lower.push_back(static_cast<double>(quantiles[at + lower]) / 1000.0);
          series->upper.push_back(static_cast<double>(quantiles[at + upper]) / 1000.0);
        }
      }
      return absl::OkStatus();
    });
  }

  // Money of the last 28 days of history, at the day's price: the newest range that has begun, or
  // the first where none has.
  double Dollars(Series& series) const {
    std::sort(series.prices.begin(), series.prices.end(),
              [](const PriceRange& a, const PriceRange& b) { return a.first_day < b.first_day; });
    if (series.prices.empty()) return 0.0;
    double dollars = 0.0;
    for (int day = history_days_ - kHorizonDays; day < history_days_; ++day) {
      double price = series.prices.front().price;
      for (const PriceRange& range : series.prices) {
        if (range.first_day <= tour_.data->first_day().number() + day) price = range.price;
      }
      dollars += static_cast<double>(series.history[static_cast<std::size_t>(day)]) * price;
    }
    return dollars;
  }

  RetailPanel Panel() {
    RetailPanel panel;
    Numbers numbers;
    // In the order of names, so that sums do not depend on the order of arrival.
    std::map<std::pair<std::string, std::string>, std::size_t> ordered(places_.begin(),
                                                                       places_.end());
    for (const auto& [names, at] : ordered) {
      Series& series = series_[at];
      const auto& [category, department] = hierarchy_[series.item];
      RetailSeries& out = panel.series.emplace_back();
      out.item = numbers.Of("item/" + series.item);
      out.department = numbers.Of("department/" + department);
      out.category = numbers.Of("category/" + category);
      out.store = numbers.Of("store/" + series.store);
      out.state = numbers.Of("state/" + states_[series.store]);
      out.history_units = series.history;
      out.actual_units = series.actual;
      out.forecast_units = series.forecast;
      out.dollars = Dollars(series);
    }
    return panel;
  }

  Tour& tour_;
  Client& retailer_;
  int history_days_ = 0;
  std::int64_t values_ = 0;
  std::vector<Series> series_;
  absl::flat_hash_map<std::pair<std::string, std::string>, std::size_t> places_;
  std::map<std::string, std::pair<std::string, std::string>> hierarchy_;
  std::map<std::string, std::string> states_;
};

}  // namespace

StepResult MeasureAccuracy(Tour& tour) {
  Scorer scorer(tour);
  TANDEM_RETURN_IF_ERROR(scorer.Load());
  std::string text = absl::StrCat(scorer.series_count(), " series");
  for (const auto& [method, versions] : tour.versions) {
    TANDEM_ASSIGN_OR_RETURN(const double wrmsse, scorer.Score(method));
    absl::StrAppend(&text, ", WRMSSE ", method, " ", absl::StrFormat("%.4f", wrmsse));
  }
  return text;
}

}  // namespace tandem::cli
