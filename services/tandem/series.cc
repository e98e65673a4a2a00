#include "services/tandem/series.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "google/type/date.pb.h"

namespace tandem::program {
namespace {

// A worker's read holds no caller up, and is tried again.
constexpr absl::Duration kReadTimeout = absl::Minutes(2);
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

// Appends the first `count` bits of `more` (all set if it is empty) to `bits`, which holds `size`.
void AppendBits(std::string& bits, std::size_t size, const std::string& more, std::size_t count) {
  bits.resize((size + count + 7) / 8, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    const bool set =
        more.empty() || ((static_cast<unsigned char>(more[i / 8]) >> (i % 8)) & 1U) != 0;
    if (!set) continue;
    const std::size_t to = size + i;
    bits[to / 8] = static_cast<char>(static_cast<unsigned char>(bits[to / 8]) | (1U << (to % 8)));
  }
}

}  // namespace

absl::Status SeriesGather::Add(const exchange::v1::ReadSeriesResponse& page) {
  if (!any_) {
    any_ = true;
    read_.first_day = base::Day::FromNumber(page.first_day());
    read_.day_count = page.day_count();
    read_.cut = page.position();
  }
  const auto values = static_cast<std::size_t>(page.value_milli_size());
  const std::size_t days = static_cast<std::size_t>(page.day_count());
  if (page.first_day() != read_.first_day.number() || page.day_count() != read_.day_count ||
      values != static_cast<std::size_t>(page.items_size()) * days ||
      (!page.known().empty() && page.known().size() < (values + 7) / 8)) {
    return absl::InternalError("a page of series does not fit those before it");
  }
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

exchange::v1::ReadSeriesRequest RequestFrom(const forecast::SeriesRequest& request) {
  exchange::v1::ReadSeriesRequest out;
  out.set_owner("firms/" + request.owner);
  out.set_measure(exchange::v1::MEASURE_SALES);
  out.add_locations(request.location);
  out.mutable_items()->Assign(request.items.begin(), request.items.end());
  SetDate(request.first_day, *out.mutable_start_date());
  SetDate(request.last_day, *out.mutable_end_date());
  return out;
}

namespace {

// One read under way: series, then the pages of events.
struct LocalRead {
  exchange::ExchangeApi& api;
  runtime::Executor& executor;
  const runtime::Call call;
  const forecast::SeriesRequest request;
  forecast::SeriesSource::Done done;
  SeriesGather gather{};
};
using LocalReadPtr = std::shared_ptr<LocalRead>;

void ListEvents(const LocalReadPtr& read, const std::string& page_token) {
  read->api.ListEvents(read->call, EventsRequestFrom(read->request, page_token),
                       [read](auto answer) {
                         if (absl::IsPermissionDenied(answer.status())) {
                           return read->done(read->gather.Take());
                         }
                         if (!answer.ok()) return read->done(answer.status());
                         read->gather.AddEvents(answer->message, read->request.location);
                         const std::string next = answer->message.next_page_token();
                         if (next.empty()) return read->done(read->gather.Take());
                         read->executor.Run([read, next] { ListEvents(read, next); });
                       });
}

void Decode(const LocalReadPtr& read, runtime::Pages<exchange::v1::ReadSeriesResponse>& pages) {
  while (true) {
    auto page = pages.Next();
    if (!page.ok()) return read->done(page.status());
    if (!page->has_value()) break;
    const absl::Status added = read->gather.Add(**page);
    if (!added.ok()) return read->done(added);
  }
  if (!read->request.with_events) return read->done(read->gather.Take());
  ListEvents(read, "");
}

// The pages of items, one after the other.
struct LocalGroups {
  exchange::ExchangeApi& api;
  runtime::Executor& executor;
  const runtime::Call call;
  const std::string owner;
  forecast::SeriesSource::GroupsDone done;
  forecast::ItemGroups groups{};
};

void ListItems(const std::shared_ptr<LocalGroups>& read, const std::string& page_token) {
  read->api.ListItems(read->call, ItemsRequestFrom(read->owner, page_token), [read](auto answer) {
    if (absl::IsPermissionDenied(answer.status())) return read->done(std::move(read->groups));
    if (!answer.ok()) return read->done(answer.status());
    AddGroups(answer->message, read->groups);
    const std::string next = answer->message.next_page_token();
    if (next.empty()) return read->done(std::move(read->groups));
    read->executor.Run([read, next] { ListItems(read, next); });
  });
}

}  // namespace

void LocalSeries::ReadGroups(const base::Caller& on_behalf_of, std::string owner, GroupsDone done) {
  const runtime::Call call{.caller = on_behalf_of, .deadline = clock_.Now() + kReadTimeout};
  ListItems(std::shared_ptr<LocalGroups>(
                new LocalGroups{api_, executor_, call, std::move(owner), std::move(done)}),
            "");
}

void LocalSeries::Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request,
                       Done done) {
  using Response = exchange::v1::ReadSeriesResponse;
  using Pages = std::shared_ptr<runtime::Pages<Response>>;
  const runtime::Call call{.caller = on_behalf_of, .deadline = clock_.Now() + kReadTimeout};
  const exchange::v1::ReadSeriesRequest series = RequestFrom(request);
  const LocalReadPtr read(
      new LocalRead{api_, executor_, call, std::move(request), std::move(done)});
  api_.ReadSeries(call, series, [read](auto pages) {
    if (!pages.ok()) return read->done(pages.status());
    // Decoding takes milliseconds: not on the thread that the answer came on.
    read->executor.Run([read, pages = Pages(*std::move(pages))] { Decode(read, *pages); });
  });
}

}  // namespace tandem::program
