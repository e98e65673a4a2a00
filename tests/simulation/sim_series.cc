#include "tests/simulation/sim_series.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

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

}  // namespace

SimSeries::SimSeries(Network& network, Node& own, Node& exchanging,
                     std::function<exchange::ExchangeApi*()> exchange)
    : network_(&network), own_(&own), exchanging_(&exchanging), exchange_(std::move(exchange)) {}

void SimSeries::Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request, Done done) {
  const auto once = std::make_shared<Done>(std::move(done));
  const auto answer = [once](absl::StatusOr<forecast::SeriesColumnsRead> read) {
    if (Done call = std::exchange(*once, nullptr); call) call(std::move(read));
  };
  network_->Send(*exchanging_, [exchange = exchange_, network = network_, own = own_, answer,
                                caller = on_behalf_of, request, life = own_->life()] {
    exchange::ExchangeApi* api = exchange();
    if (api == nullptr) return;
    runtime::Call call;
    call.caller = caller;
    api->ReadSeries(
        call, RequestOf(request),
        [network, own, answer,
         life](absl::StatusOr<std::unique_ptr<runtime::Pages<ev1::ReadSeriesResponse>>> pages) {
          const absl::StatusOr<forecast::SeriesColumnsRead> read =
              pages.ok() ? ReadAll(**pages) : pages.status();
          network->Answer(*own, life, [answer, read] { answer(read); });
        });
  });
  own_->RunAfter(absl::Seconds(5),
                 [answer] { answer(absl::UnavailableError("the exchange did not answer")); });
}

}  // namespace tandem::simulation
