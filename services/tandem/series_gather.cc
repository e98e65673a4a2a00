#include "services/tandem/series_gather.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "google/type/date.pb.h"

namespace tandem::program {
namespace {

constexpr std::int32_t kPageSize = 10'000;  // The most that a page may have.

absl::StatusOr<base::Day> DayFrom(const google::type::Date& date) {
  return base::Day::FromCivil(date.year(), date.month(), date.day());
}

void SetDate(base::Day day, google::type::Date& date) {
  const absl::CivilDay civil = absl::CivilDay(1970, 1, 1) + day.number();
  date.set_year(static_cast<std::int32_t>(civil.year()));
  date.set_month(civil.month());
  date.set_day(civil.day());
}

bool IsSet(const std::string& bits, std::size_t bit) {
  return (static_cast<unsigned char>(bits[bit / 8]) >> (bit % 8) & 1U) != 0;
}

// Appends the first `count` bits of `more` (all set if it is empty) to `bits`, which holds `size`.
void AppendBits(std::string& bits, std::size_t size, const std::string& more, std::size_t count) {
  bits.resize((size + count + 7) / 8, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    if (!more.empty() && !IsSet(more, i)) continue;
    const std::size_t to = size + i;
    bits[to / 8] = static_cast<char>(static_cast<unsigned char>(bits[to / 8]) | (1U << (to % 8)));
  }
}

// Whether a page's columns fill each other.
bool Fits(const exchange::v1::ReadSeriesResponse& page) {
  const auto values = static_cast<std::size_t>(page.value_milli_size());
  const auto days = static_cast<std::size_t>(std::max(page.day_count(), 0));
  return values == static_cast<std::size_t>(page.items_size()) * days &&
         (page.known().empty() || page.known().size() >= (values + 7) / 8);
}

std::string LocationName(const forecast::SeriesRequest& request) {
  return absl::StrCat("firms/", request.owner, "/locations/", request.location);
}

exchange::v1::ReadSeriesRequest SeriesRequestFrom(const forecast::SeriesRequest& request,
                                                  exchange::v1::Measure measure,
                                                  const std::vector<std::string>& items) {
  exchange::v1::ReadSeriesRequest out;
  out.set_owner("firms/" + request.owner);
  out.set_measure(measure);
  out.add_locations(request.location);
  out.mutable_items()->Assign(items.begin(), items.end());
  SetDate(request.first_day, *out.mutable_start_date());
  SetDate(request.last_day, *out.mutable_end_date());
  return out;
}

}  // namespace

void SeriesGather::NoteCut(std::string sealed) {
  if (!sealed.empty()) read_.cuts.push_back(std::move(sealed));
}

absl::Status SeriesGather::Add(const exchange::v1::ReadSeriesResponse& page) {
  if (!any_) {
    any_ = true;
    read_.first_day = base::Day::FromNumber(page.first_day());
    read_.day_count = page.day_count();
    first_cut_ = page.position();
  }
  if (page.first_day() != read_.first_day.number() || page.day_count() != read_.day_count ||
      !Fits(page)) {
    return absl::InternalError("a page of series does not fit those before it");
  }
  NoteCut(page.position());
  const auto values = static_cast<std::size_t>(page.value_milli_size());
  const std::size_t before = read_.value_milli.size();
  if (!page.known().empty() && read_.known.empty()) AppendBits(read_.known, 0, "", before);
  if (!page.known().empty() || !read_.known.empty()) {
    AppendBits(read_.known, before, page.known(), values);
  }
  read_.items.insert(read_.items.end(), page.items().begin(), page.items().end());
  read_.value_milli.insert(read_.value_milli.end(), page.value_milli().begin(),
                           page.value_milli().end());
  return absl::OkStatus();
}

absl::Status SeriesGather::AddStock(const exchange::v1::ReadSeriesResponse& page) {
  if (!Fits(page)) return absl::InternalError("a page of stock does not fit together");
  NoteCut(page.position());
  if (rows_.empty()) {
    for (std::size_t row = 0; row < read_.items.size(); ++row) rows_.emplace(read_.items[row], row);
  }
  const std::int32_t offset = page.first_day() - read_.first_day.number();
  for (int i = 0; i < page.items_size(); ++i) {
    const auto row = rows_.find(page.items(i));
    if (row == rows_.end()) continue;  // It has not sold.
    for (std::int32_t d = 0; d < page.day_count(); ++d) {
      const int from = i * page.day_count() + d;
      const bool known =
          page.known().empty() || IsSet(page.known(), static_cast<std::size_t>(from));
      const std::int32_t day = offset + d;
      if (!known || page.value_milli(from) > 0 || day < 0 || day >= read_.day_count) continue;
      const std::size_t bit =
          row->second * static_cast<std::size_t>(read_.day_count) + static_cast<std::size_t>(day);
      if (read_.shelf_empty.empty()) read_.shelf_empty.resize((read_.value_milli.size() + 7) / 8);
      char& byte = read_.shelf_empty[bit / 8];
      byte = static_cast<char>(static_cast<unsigned char>(byte) | (1U << (bit % 8)));
    }
  }
  return absl::OkStatus();
}

absl::Status SeriesGather::AddPrices(const exchange::v1::ReadPricesResponse& page) {
  const exchange::v1::PriceBlock& block = page.prices();
  if (block.first_day_size() != block.item_size() || block.value_size() != block.item_size()) {
    return absl::InternalError("a page of prices does not fit together");
  }
  NoteCut(page.position());
  for (int r = 0; r < block.item_size(); ++r) {
    if (block.item(r) >= static_cast<std::uint32_t>(block.items_size())) {
      return absl::InternalError("a page of prices does not fit together");
    }
    const std::string& item = block.items(static_cast<int>(block.item(r)));
    const auto currency = currency_.try_emplace(item, block.currency_code()).first;
    if (currency->second != block.currency_code()) mixed_.insert(item);
    read_.drivers[item].prices.push_back(
        {.first = base::Day::FromNumber(block.first_day(r)),
         .price = static_cast<double>(block.value(r)) * std::pow(10.0, -block.scale())});
  }
  return absl::OkStatus();
}

void SeriesGather::AddPromotions(const exchange::v1::ListPromotionsResponse& page,
                                 const forecast::SeriesRequest& request) {
  const absl::flat_hash_set<std::string> asked(request.promoted_items.begin(),
                                               request.promoted_items.end());
  for (const exchange::v1::Promotion& promotion : page.promotions()) {
    const auto first = DayFrom(promotion.start_date());
    const auto last = DayFrom(promotion.end_date());
    if (!first.ok() || !last.ok()) continue;  // Promotions were checked when they came.
    for (const std::string& item : promotion.items()) {
      if (!asked.contains(item)) continue;
      read_.drivers[item].promotions.push_back(
          {.first = *first,
           .last = *last,
           .mechanism = promotion.mechanism(),
           .expected_uplift = static_cast<double>(promotion.uplift_permille()) / 1000.0});
    }
  }
}

forecast::SeriesColumnsRead SeriesGather::Take() {
  for (const std::string& item : mixed_) read_.drivers[item].prices.clear();
  return std::move(read_);
}

void SeriesGather::AddEvents(const exchange::v1::ListEventsResponse& page,
                             const std::string& location) {
  for (const exchange::v1::Event& event : page.events()) {
    const auto& places = event.locations();
    if (!places.empty() && std::find(places.begin(), places.end(), location) == places.end()) {
      continue;
    }
    const auto first = DayFrom(event.start_date());
    const auto last = DayFrom(event.end_date());
    if (!first.ok() || !last.ok()) continue;  // Events were checked when they came.
    read_.events.push_back(
        {.name = event.display_name().empty() ? event.event() : event.display_name(),
         .first = *first,
         .last = *last});
  }
}

exchange::v1::ListEventsRequest EventsRequestFrom(const forecast::SeriesRequest& request,
                                                  const std::string& page_token) {
  exchange::v1::ListEventsRequest out;
  out.set_parent("firms/" + request.owner);
  out.set_page_size(kPageSize);
  out.set_page_token(page_token);
  return out;
}

exchange::v1::ListItemsRequest ItemsRequestFrom(const std::string& owner,
                                                const std::string& page_token) {
  exchange::v1::ListItemsRequest out;
  out.set_parent("firms/" + owner);
  out.set_page_size(kPageSize);
  out.set_page_token(page_token);
  return out;
}

void AddGroups(const exchange::v1::ListItemsResponse& page, forecast::ItemGroups& groups) {
  for (const exchange::v1::Item& item : page.items()) {
    if (item.hierarchy().empty()) continue;
    groups.emplace(item.name().substr(item.name().rfind('/') + 1),
                   absl::StrJoin(item.hierarchy(), "/"));
  }
}

exchange::v1::ReadSeriesRequest SalesRequestFrom(const forecast::SeriesRequest& request) {
  return SeriesRequestFrom(request, exchange::v1::MEASURE_SALES, request.items);
}

exchange::v1::ReadSeriesRequest StockRequestFrom(const forecast::SeriesRequest& request) {
  return SeriesRequestFrom(request, exchange::v1::MEASURE_STOCK, request.stocked_items);
}

exchange::v1::ReadPricesRequest PricesRequestFrom(const forecast::SeriesRequest& request) {
  exchange::v1::ReadPricesRequest out;
  out.set_location(LocationName(request));
  out.mutable_items()->Assign(request.priced_items.begin(), request.priced_items.end());
  return out;
}

exchange::v1::ListPromotionsRequest PromotionsRequestFrom(const forecast::SeriesRequest& request,
                                                          const std::string& page_token) {
  exchange::v1::ListPromotionsRequest out;
  out.set_parent(LocationName(request));
  out.set_page_size(kPageSize);
  out.set_page_token(page_token);
  return out;
}

}  // namespace tandem::program
