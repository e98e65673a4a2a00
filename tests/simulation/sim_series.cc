#include "tests/simulation/sim_series.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tandem::simulation {
namespace {

namespace ev1 = exchange::v1;

void SetDate(base::Day day, google::type::Date& date) {
  const std::string text = day.ToString();
  date.set_year(std::stoi(text.substr(0, 4)));
  date.set_month(std::stoi(text.substr(5, 2)));
  date.set_day(std::stoi(text.substr(8, 2)));
}

ev1::ReadSeriesRequest RequestOf(const forecast::SeriesRequest& asked) {
  ev1::ReadSeriesRequest request;
  request.set_owner(absl::StrCat("firms/", asked.owner));
  request.set_measure(ev1::MEASURE_SALES);
  request.add_locations(asked.location);
  *request.mutable_items() = {asked.items.begin(), asked.items.end()};
  SetDate(asked.first_day, *request.mutable_start_date());
  SetDate(asked.last_day, *request.mutable_end_date());
  return request;
}

// Adds a page's rows; pages of one request have the same days.
void Add(const ev1::ReadSeriesResponse& page, forecast::SeriesColumnsRead& read) {
  read.first_day = base::Day::FromNumber(page.first_day());
  read.day_count = page.day_count();
  if (!page.position().empty()) read.cut = page.position();
  const std::size_t before = read.value_milli.size();
  read.items.insert(read.items.end(), page.items().begin(), page.items().end());
  read.value_milli.insert(read.value_milli.end(), page.value_milli().begin(),
                          page.value_milli().end());
  read.known.resize((read.value_milli.size() + 7) / 8);
  for (std::size_t i = 0; i < static_cast<std::size_t>(page.value_milli_size()); ++i) {
    const bool known = page.known().empty() || (page.known()[i / 8] >> (i % 8) & 1) != 0;
    const std::size_t bit = before + i;
    if (known) read.known[bit / 8] = static_cast<char>(read.known[bit / 8] | 1 << (bit % 8));
  }
}

using SeriesRead = forecast::SeriesColumnsRead;

// With the owner's events at the location, one page of them: no simulated firm has more.
void AddEvents(exchange::ExchangeApi& api, const runtime::Call& call,
               const forecast::SeriesRequest& asked, const SeriesRead& read,
               std::function<void(const absl::StatusOr<SeriesRead>&)> send) {
  ev1::ListEventsRequest request;
  request.set_parent(absl::StrCat("firms/", asked.owner));
  api.ListEvents(call, request,
                 [read = SeriesRead(read), asked, send = std::move(send)](auto answer) mutable {
                   if (absl::IsPermissionDenied(answer.status())) return send(read);
                   if (!answer.ok()) return send(answer.status());
                   for (const ev1::Event& event : answer->message.events()) {
                     const auto& at = event.locations();
                     if (!at.empty() && std::ranges::find(at, asked.location) == at.end()) continue;
                     const auto day = [](const google::type::Date& date) {
                       return base::Day::FromCivil(date.year(), date.month(), date.day()).value();
                     };
                     read.events.push_back(
                         {event.display_name(), day(event.start_date()), day(event.end_date())});
                   }
                   send(read);
                 });
}

absl::StatusOr<forecast::SeriesColumnsRead> ReadAll(
    runtime::Pages<ev1::ReadSeriesResponse>& pages) {
  forecast::SeriesColumnsRead read;
  while (true) {
    absl::StatusOr<std::optional<ev1::ReadSeriesResponse>> page = pages.Next();
    if (!page.ok()) return page.status();
    if (!page->has_value()) return read;
    Add(**page, read);
  }
}

// `done`, called at most once: by the answer, or by the node itself where none comes.
template <typename Read>
std::function<void(absl::StatusOr<Read>)> AnswerOnce(
    Node& own, absl::AnyInvocable<void(absl::StatusOr<Read>)> done) {
  const auto once =
      std::make_shared<absl::AnyInvocable<void(absl::StatusOr<Read>)>>(std::move(done));
  const auto answer = [once](absl::StatusOr<Read> read) {
    if (auto call = std::exchange(*once, nullptr); call) call(std::move(read));
  };
  own.RunAfter(absl::Seconds(5),
               [answer] { answer(absl::UnavailableError("the exchange did not answer")); });
  return answer;
}

}  // namespace

SimSeries::SimSeries(Network& network, Node& own, Node& exchanging,
                     std::function<exchange::ExchangeApi*()> exchange)
    : network_(&network), own_(&own), exchanging_(&exchanging), exchange_(std::move(exchange)) {}

void SimSeries::ReadGroups(const base::Caller& on_behalf_of, std::string owner, GroupsDone done) {
  const auto answer = AnswerOnce<forecast::ItemGroups>(*own_, std::move(done));
  ev1::ListItemsRequest request;
  request.set_parent(absl::StrCat("firms/", owner));
  network_->Send(*exchanging_, [exchange = exchange_, network = network_, own = own_, answer,
                                caller = on_behalf_of, request, life = own_->life()] {
    exchange::ExchangeApi* api = exchange();
    if (api == nullptr) return;
    runtime::Call call;
    call.caller = caller;
    api->ListItems(call, request, [network, own, answer, life](auto items) {
      absl::StatusOr<forecast::ItemGroups> groups = forecast::ItemGroups();
      if (!items.ok()) {
        if (!absl::IsPermissionDenied(items.status())) groups = items.status();
      } else {
        for (const ev1::Item& item : items->message.items()) {
          if (item.hierarchy().empty()) continue;
          groups->emplace(item.name().substr(item.name().rfind('/') + 1),
                          absl::StrJoin(item.hierarchy(), "/"));
        }
      }
      network->Answer(*own, life, [answer, groups] { answer(groups); });
    });
  });
}

void SimSeries::Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request, Done done) {
  const auto answer = AnswerOnce<SeriesRead>(*own_, std::move(done));
  network_->Send(*exchanging_, [exchange = exchange_, network = network_, own = own_, answer,
                                caller = on_behalf_of, request, life = own_->life()] {
    exchange::ExchangeApi* api = exchange();
    if (api == nullptr) return;
    runtime::Call call;
    call.caller = caller;
    api->ReadSeries(
        call, RequestOf(request),
        [network, own, answer, life, exchange, call,
         request](absl::StatusOr<std::unique_ptr<runtime::Pages<ev1::ReadSeriesResponse>>> pages) {
          const absl::StatusOr<forecast::SeriesColumnsRead> read =
              pages.ok() ? ReadAll(**pages) : pages.status();
          const auto send = [network, own, answer, life](const absl::StatusOr<SeriesRead>& all) {
            network->Answer(*own, life, [answer, all] { answer(all); });
          };
          exchange::ExchangeApi* again = exchange();
          if (!read.ok() || !request.with_events || again == nullptr) return send(read);
          AddEvents(*again, call, request, *read, send);
        });
  });
}

}  // namespace tandem::simulation
