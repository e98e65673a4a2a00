// Made-up trade of three years, the same for the same seed: a weekly and a yearly season, a trend,
// prices, promotions, holidays, and stock that sometimes runs out (sales stop then).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "services/base/status.h"
#include "services/exchange/csv/series.h"
#include "services/tandem/cli/export.h"
#include "services/tandem/cli/import.h"
#include "services/tandem/cli/ingest.h"
#include "services/tandem/cli/tour.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = exchange::v1;

constexpr int kItems = 200;
constexpr int kStores = 10;
constexpr int kDays = 156 * 7;
constexpr int kDepartmentItems = 25;
constexpr int kPromotionDays = 7;
constexpr std::int32_t kFirstDay = 19359;  // 2023-01-02, a Monday.
constexpr double kPi = 3.14159265358979323846;

// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): small, and the same on every machine.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  int Below(int limit) { return static_cast<int>(Next() % static_cast<std::uint64_t>(limit)); }
  // Poisson by Knuth's product; above 30 the normal distribution is as good.
  int Poisson(double mean) {
    if (mean > 30.0) {
      const double normal = std::sqrt(-2.0 * std::log(1.0 - Unit())) * std::cos(2.0 * kPi * Unit());
      return std::max(0, static_cast<int>(std::lround(mean + std::sqrt(mean) * normal)));
    }
    const double limit = std::exp(-mean);
    int count = 0;
    for (double product = Unit(); product > limit; product *= Unit()) ++count;
    return count;
  }

 private:
  std::uint64_t state_;
};

struct DemoItem {
  double base_units = 0.0;  // A day and store.
  double trend_year = 0.0;
  double season = 0.0;  // Of the yearly wave.
  int season_day = 0;
  std::array<double, 7> weekday{};
  std::vector<std::pair<int, std::int64_t>> prices_cents{};  // From which day on.
  std::vector<std::pair<int, double>> promotions{};          // First day, uplift.
};

struct Holiday {
  const char* id;
  const char* name;
  int month;
  int day;
  double factor;  // Of sales on the day.
};
constexpr Holiday kHolidays[] = {
    {"newyear", "New Year", 1, 1, 0.2},       {"labour", "Labour Day", 5, 1, 0.6},
    {"national", "National Day", 10, 3, 0.5}, {"xmas-eve", "Christmas Eve", 12, 24, 1.8},
    {"xmas", "Christmas Day", 12, 25, 0.0},   {"eve", "New Year's Eve", 12, 31, 1.5}};

std::string ItemId(int item) { return absl::StrFormat("SKU-%04d", 1000 + item); }
std::string StoreId(int store) { return absl::StrFormat("store-%02d", store + 1); }
std::string OwnId(int maker, int item) {
  return absl::StrFormat("%s-%03d", maker == 0 ? "NM" : "HV", item);
}
int MakerOf(int item) { return item / kDepartmentItems % kMakers; }

class DemoData final : public TourData {
 public:
  explicit DemoData(std::uint64_t seed) : seed_(seed) {
    Draw draw(seed);
    for (int i = 0; i < kItems; ++i) {
      items_.push_back({ItemId(i), MakerOf(i)});
      shapes_.push_back(ShapeOf(draw));
    }
    for (int s = 0; s < kStores; ++s) stores_.push_back(StoreId(s));
    for (int d = 0; d < kDays; ++d) holiday_.push_back(HolidayFactor(d));
  }

  const std::vector<Item>& items() const override { return items_; }
  const std::vector<std::string>& stores() const override { return stores_; }
  base::Day first_day() const override { return base::Day::FromNumber(kFirstDay); }
  base::Day origin() const override { return first_day() + (kDays - kHorizonDays - 1); }
  std::int64_t history_rows() const override {
    return std::int64_t{kItems} * kStores * (kDays - kHorizonDays) * 2;
  }
  std::string lacks() const override { return ""; }

  absl::Status SendRegisters(Client& retailer) override {
    std::vector<v1::Item> items;
    for (int i = 0; i < kItems; ++i) {
      v1::Item& item = items.emplace_back();
      item.set_name(absl::StrCat(retailer.firm_name(), "/items/", ItemId(i)));
      item.set_unit_code("C62");
      item.set_display_name(absl::StrFormat("Article %d", 1000 + i));
      item.add_hierarchy(i / kDepartmentItems < 4 ? "FOODS" : "HOUSEHOLD");
      item.add_hierarchy(absl::StrFormat("DEPT_%d", i / kDepartmentItems + 1));
      v1::PartnerNumber& number = *item.add_partner_numbers();
      number.set_firm(absl::StrCat("firms/", kMakerIds[MakerOf(i)]));
      number.set_number(OwnId(MakerOf(i), i));
    }
    TANDEM_ASSIGN_OR_RETURN(position_, SendItems(retailer, items));
    std::vector<v1::Location> locations;
    for (int s = 0; s < kStores; ++s) {
      v1::Location& location = locations.emplace_back();
      location.set_name(absl::StrCat(retailer.firm_name(), "/locations/", StoreId(s)));
      location.set_kind(v1::LOCATION_KIND_STORE);
      location.set_time_zone("Europe/Berlin");
      location.add_hierarchy(s < 6 ? "NORTH" : "SOUTH");
    }
    TANDEM_RETURN_IF_ERROR(SendLocations(retailer, locations).status());
    return SendEvents(retailer, Events());
  }

  absl::StatusOr<std::vector<Sent>> SendHistory(Client& retailer, const OnRows& on_rows) override {
    std::vector<Sent> sent;
    TANDEM_RETURN_IF_ERROR(
        SendSeries(retailer, {.first = 0, .last = kDays - kHorizonDays - 1}, on_rows, &sent));
    TANDEM_RETURN_IF_ERROR(SendPrices(retailer, &sent));
    const absl::Time begin = absl::Now();
    std::int64_t promotions = 0;
    for (const std::string& store : stores_) {
      const std::vector<v1::Promotion> all = Promotions();
      TANDEM_RETURN_IF_ERROR(SendPromotions(retailer, store, all));
      promotions += static_cast<std::int64_t>(all.size());
    }
    sent.push_back({"promotions", promotions, absl::ToDoubleSeconds(absl::Now() - begin)});
    return sent;
  }

  absl::StatusOr<Sent> SendLater(Client& retailer) override {
    std::vector<Sent> sent;
    TANDEM_RETURN_IF_ERROR(
        SendSeries(retailer, {.first = kDays - kHorizonDays, .last = kDays - 1}, {}, &sent));
    return sent.front();
  }

  absl::Status SendMaker(Client& maker, int index) override {
    std::vector<v1::Item> items;
    for (int i = 0; i < kItems; ++i) {
      if (MakerOf(i) != index) continue;
      v1::Item& item = items.emplace_back();
      item.set_name(absl::StrCat(maker.firm_name(), "/items/", OwnId(index, i)));
      item.set_unit_code("C62");
    }
    TANDEM_RETURN_IF_ERROR(SendItems(maker, items).status());
    v1::Location plant;
    plant.set_name(maker.firm_name() + "/locations/plant-1");
    plant.set_kind(v1::LOCATION_KIND_PLANT);
    TANDEM_RETURN_IF_ERROR(SendLocations(maker, {plant}).status());
    return SendPlan(maker, index);
  }

  governance::v1::Scope MakerScope(int index) const override {
    governance::v1::Scope scope;
    scope.set_owner(absl::StrCat("firms/", kMakerIds[index]));
    for (int i = 0; i < kItems; ++i) {
      if (MakerOf(i) == index) scope.add_items(OwnId(index, i));
    }
    scope.add_locations("plant-1");
    return scope;
  }

 private:
  struct Days {
    int first = 0;
    int last = 0;
  };

  static DemoItem ShapeOf(Draw& draw) {
    DemoItem item;
    item.base_units = std::exp(std::log(0.4) + draw.Unit() * std::log(30.0));
    item.trend_year = -0.08 + 0.2 * draw.Unit();
    item.season = 0.35 * draw.Unit();
    item.season_day = draw.Below(365);
    const double weekend = 1.1 + 0.7 * draw.Unit();
    item.weekday = {0.85, 0.85, 0.9, 0.95, 1.15, weekend, 0.8 * weekend};
    std::int64_t cents = 99 + std::int64_t{50} * draw.Below(30);
    for (int day = 0; day < kDays; day += 120 + draw.Below(120)) {
      item.prices_cents.emplace_back(day, cents);
      cents += std::int64_t{10} * draw.Below(3);
    }
    for (int day = 30 + draw.Below(60); day < kDays - kPromotionDays; day += 60 + draw.Below(90)) {
      item.promotions.emplace_back(day / 7 * 7, 1.3 + 0.9 * draw.Unit());
    }
    return item;
  }

  static double HolidayFactor(int day) {
    const std::string date = base::Day::FromNumber(kFirstDay + day).ToString();
    for (const Holiday& holiday : kHolidays) {
      if (date.substr(5) == absl::StrFormat("%02d-%02d", holiday.month, holiday.day)) {
        return holiday.factor;
      }
    }
    return 1.0;
  }

  double MeanOf(const DemoItem& item, int store, int day) const {
    double mean = item.base_units * (0.6 + 0.1 * store);
    mean *= item.weekday[static_cast<std::size_t>(day % 7)];
    mean *= 1.0 + item.trend_year * day / 365.0;
    mean *= 1.0 + item.season * std::sin(2.0 * kPi * (day - item.season_day) / 365.25);
    for (const auto& [first, uplift] : item.promotions) {
      if (day >= first && day < first + kPromotionDays) mean *= uplift;
    }
    return mean * holiday_[static_cast<std::size_t>(day)];
  }

  // Sales and closing stock of one series over all days: what is not there is not sold.
  void Simulate(int item, int store, std::vector<int>* sales, std::vector<int>* stock) const {
    const DemoItem& shape = shapes_[static_cast<std::size_t>(item)];
    Draw draw(seed_ ^ (std::uint64_t{1} << 40) ^
              (static_cast<std::uint64_t>(item) * kStores + static_cast<std::uint64_t>(store)) *
                  0x9e3779b97f4a7c15);
    const int daily = std::max(1, static_cast<int>(std::ceil(shape.base_units * 1.3)));
    int on_hand = 14 * daily;
    int arriving = 0;
    int arrival_day = -1;
    for (int day = 0; day < kDays; ++day) {
      if (day == arrival_day) {
        on_hand += arriving;
        arrival_day = -1;
      }
      const int demand = draw.Poisson(MeanOf(shape, store, day));
      const int sold = std::min(demand, on_hand);
      on_hand -= sold;
      sales->push_back(sold);
      stock->push_back(on_hand);
      if (arrival_day < 0 && on_hand < 6 * daily) {
        arriving = 14 * daily - on_hand;
        arrival_day = day + (draw.Below(25) == 0 ? 12 : 3);  // Some deliveries are late.
      }
    }
  }

  std::vector<v1::Event> Events() const {
    std::vector<v1::Event> events;
    for (int day = 0; day < kDays; ++day) {
      const std::string date = base::Day::FromNumber(kFirstDay + day).ToString();
      for (const Holiday& holiday : kHolidays) {
        if (date.substr(5) != absl::StrFormat("%02d-%02d", holiday.month, holiday.day)) continue;
        v1::Event& event = events.emplace_back();
        event.set_event(absl::StrCat(holiday.id, "-", date.substr(0, 4)));
        event.set_display_name(holiday.name);
        event.set_kind("National");
        *event.mutable_start_date() = *ParseDate("date", date);
        *event.mutable_end_date() = event.start_date();
      }
    }
    return events;
  }

  std::vector<v1::Promotion> Promotions() const {
    std::vector<v1::Promotion> promotions;
    for (int i = 0; i < kItems; ++i) {
      for (const auto& [first, uplift] : shapes_[static_cast<std::size_t>(i)].promotions) {
        v1::Promotion& promotion = promotions.emplace_back();
        promotion.set_promotion(absl::StrCat("promo-", i, "-", first));
        promotion.add_items(ItemId(i));
        const base::Day day = first_day() + first;
        *promotion.mutable_start_date() = *ParseDate("date", day.ToString());
        *promotion.mutable_end_date() = *ParseDate("date", (day + (kPromotionDays - 1)).ToString());
        promotion.set_mechanism("price");
        promotion.set_uplift_permille(std::llround(1000.0 * uplift));
      }
    }
    return promotions;
  }

  // Sales, then stock, of the days.
  absl::Status SendSeries(Client& retailer, const Days& days, const OnRows& on_rows,
                          std::vector<Sent>* sent) {
    std::int64_t before = 0;
    for (const v1::Measure measure : {v1::MEASURE_SALES, v1::MEASURE_STOCK}) {
      const bool stock = measure == v1::MEASURE_STOCK;
      const absl::Time begin = absl::Now();
      IngestSender sender(retailer, {.stream = absl::StrCat(stock ? "stock" : "sales", "-",
                                                            days.first, "-", days.last),
                                     .file_id = absl::StrCat("demo-", seed_),
                                     .register_position = position_});
      for (int s = 0; s < kStores; ++s) {
        for (int first = 0; first < kItems; first += kDepartmentItems) {
          if (on_rows) on_rows(before + sender.durable_rows());
          TANDEM_RETURN_IF_ERROR(sender.Add(StoreId(s), BlockOf(measure, s, first, days)));
        }
        sender.CloseLocation(StoreId(s));
      }
      TANDEM_RETURN_IF_ERROR(sender.Finish());
      before += sender.durable_rows();
      sent->push_back({stock ? "rows of stock" : "rows of sales", sender.durable_rows(),
                       absl::ToDoubleSeconds(absl::Now() - begin)});
    }
    return absl::OkStatus();
  }

  v1::IngestRequest BlockOf(v1::Measure measure, int store, int first_item,
                            const Days& days) const {
    const bool stock = measure == v1::MEASURE_STOCK;
    v1::IngestRequest request;
    v1::SeriesBlock& block = *request.mutable_series();
    block.set_measure(measure);
    if (stock) block.set_stock_status(v1::STOCK_STATUS_FREE);
    for (int i = first_item; i < first_item + kDepartmentItems; ++i) {
      std::vector<int> sold;
      std::vector<int> on_hand;
      Simulate(i, store, &sold, &on_hand);
      block.add_run_item(static_cast<std::uint32_t>(block.items_size()));
      block.add_items(ItemId(i));
      block.add_run_first_day(kFirstDay + days.first);
      block.add_run_length(static_cast<std::uint32_t>(days.last - days.first + 1));
      const std::vector<int>& values = stock ? on_hand : sold;
      for (int d = days.first; d <= days.last; ++d) {
        block.add_value_milli(std::int64_t{1000} * values[static_cast<std::size_t>(d)]);
      }
    }
    return request;
  }

  absl::Status SendPrices(Client& retailer, std::vector<Sent>* sent) {
    const absl::Time begin = absl::Now();
    IngestSender sender(retailer, {.stream = "prices",
                                   .file_id = absl::StrCat("demo-", seed_),
                                   .register_position = position_});
    for (const std::string& store : stores_) {
      v1::IngestRequest request;
      v1::PriceBlock& block = *request.mutable_prices();
      block.set_currency_code("EUR");
      block.set_scale(2);
      for (int i = 0; i < kItems; ++i) {
        block.add_items(ItemId(i));
        const auto& prices = shapes_[static_cast<std::size_t>(i)].prices_cents;
        for (std::size_t k = 0; k < prices.size(); ++k) {
          const int end = k + 1 < prices.size() ? prices[k + 1].first : kDays;
          block.add_item(static_cast<std::uint32_t>(i));
          block.add_first_day(kFirstDay + prices[k].first);
          block.add_last_day(kFirstDay + end - 1);
          block.add_value(prices[k].second);
        }
      }
      TANDEM_RETURN_IF_ERROR(sender.Add(store, std::move(request)));
    }
    TANDEM_RETURN_IF_ERROR(sender.Finish());
    sent->push_back(
        {"price ranges", sender.durable_rows(), absl::ToDoubleSeconds(absl::Now() - begin)});
    return absl::OkStatus();
  }

  // What the maker means to build in the next thirteen weeks.
  absl::Status SendPlan(Client& maker, int index) const {
    v1::PutPlanRequest request;
    v1::Plan& plan = *request.mutable_plan();
    plan.set_name(maker.firm_name() + "/plans/next-quarter");
    plan.set_location("plant-1");
    TANDEM_ASSIGN_OR_RETURN(*plan.mutable_start_date(),
                            ParseDate("date", (origin() + 1).ToString()));
    plan.set_bucket_days(7);
    plan.set_bucket_count(13);
    for (int i = 0; i < kItems; ++i) {
      if (MakerOf(i) != index) continue;
      plan.add_items(OwnId(index, i));
      const double weekly = shapes_[static_cast<std::size_t>(i)].base_units * 7 * kStores;
      for (int week = 0; week < plan.bucket_count(); ++week) {
        plan.add_quantity_milli(std::int64_t{1000} * std::llround(weekly));
      }
    }
    plan.set_revision(1);
    request.set_request_id(NewRequestId());
    v1::Plan answer;
    return maker.Call(&v1::ExchangeService::Stub::PutPlan, request, &answer);
  }

  std::uint64_t seed_;
  std::vector<Item> items_;
  std::vector<std::string> stores_;
  std::vector<DemoItem> shapes_;
  std::vector<double> holiday_;
  std::string position_;
};

}  // namespace

std::unique_ptr<TourData> MakeDemoData(std::uint64_t seed) {
  return std::make_unique<DemoData>(seed);
}

}  // namespace tandem::cli
