#include "services/tandem/series.h"

#include <memory>
#include <utility>

#include "services/tandem/series_gather.h"

namespace tandem::program {
namespace {

// A worker's read holds no caller up, and is tried again.
constexpr absl::Duration kReadTimeout = absl::Minutes(2);

// One read under way: sales, then what else was asked for, one after the other. Each step ends in
// the next one or in `done`.
struct LocalRead {
  exchange::ExchangeApi& api;
  runtime::Executor& executor;
  const runtime::Call call;
  const forecast::SeriesRequest request;
  forecast::SeriesSource::Done done;
  const runtime::Sealer& sealer;
  SeriesGather gather{};

  void Note(const base::Position& position) {
    gather.NoteCut(runtime::SealPosition(sealer, call.caller.firm, position));
  }
};
using LocalReadPtr = std::shared_ptr<LocalRead>;

void Finish(const LocalReadPtr& read) { read->done(read->gather.Take()); }

// Takes all pages by `add` and goes on with `next`: decoding takes milliseconds, so not on the
// thread that the answer came on.
template <typename Response>
runtime::PagesReply<Response> TakeAll(const LocalReadPtr& read,
                                      absl::Status (SeriesGather::*add)(const Response&),
                                      void (*next)(const LocalReadPtr&)) {
  using Pages = std::shared_ptr<runtime::Pages<Response>>;
  return [read, add, next](absl::StatusOr<std::unique_ptr<runtime::Pages<Response>>> pages) {
    if (!pages.ok()) return read->done(pages.status());
    read->executor.Run([read, add, next, pages = Pages(*std::move(pages))] {
      while (true) {
        auto page = pages->Next();
        if (!page.ok()) return read->done(page.status());
        if (!page->has_value()) return next(read);
        const absl::Status added = (read->gather.*add)(**page);
        if (!added.ok()) return read->done(added);
      }
    });
  };
}

void ListEventPage(const LocalReadPtr& read, const std::string& page_token) {
  read->api.ListEvents(read->call, EventsRequestFrom(read->request, page_token),
                       [read](auto answer) {
                         if (absl::IsPermissionDenied(answer.status())) return Finish(read);
                         if (!answer.ok()) return read->done(answer.status());
                         read->gather.AddEvents(answer->message, read->request.location);
                         read->Note(answer->position);
                         const std::string next = answer->message.next_page_token();
                         if (next.empty()) return Finish(read);
                         read->executor.Run([read, next] { ListEventPage(read, next); });
                       });
}

void ListEvents(const LocalReadPtr& read) {
  if (!read->request.with_events) return Finish(read);
  ListEventPage(read, "");
}

void ListPromotionPage(const LocalReadPtr& read, const std::string& page_token) {
  read->api.ListPromotions(read->call,
                           AsNewAs(read->gather, PromotionsRequestFrom(read->request, page_token)),
                           [read](auto answer) {
                             if (!answer.ok()) return read->done(answer.status());
                             read->gather.AddPromotions(answer->message, read->request);
                             read->Note(answer->position);
                             const std::string next = answer->message.next_page_token();
                             read->executor.Run([read, next] {
                               if (next.empty()) return ListEvents(read);
                               ListPromotionPage(read, next);
                             });
                           });
}

void ListPromotions(const LocalReadPtr& read) {
  if (read->request.promoted_items.empty()) return ListEvents(read);
  ListPromotionPage(read, "");
}

void ReadPrices(const LocalReadPtr& read) {
  if (read->request.priced_items.empty()) return ListPromotions(read);
  read->api.ReadPrices(read->call, AsNewAs(read->gather, PricesRequestFrom(read->request)),
                       TakeAll(read, &SeriesGather::AddPrices, ListPromotions));
}

void ReadStock(const LocalReadPtr& read) {
  if (read->request.stocked_items.empty()) return ReadPrices(read);
  read->api.ReadSeries(read->call, AsNewAs(read->gather, StockRequestFrom(read->request)),
                       TakeAll(read, &SeriesGather::AddStock, ReadPrices));
}

void ReadSales(const LocalReadPtr& read) {
  read->api.ReadSeries(read->call, SalesRequestFrom(read->request),
                       TakeAll(read, &SeriesGather::Add, ReadStock));
}

// The pages of items, one after the other.
struct LocalGroups {
  exchange::ExchangeApi& api;
  runtime::Executor& executor;
  const runtime::Call call;
  const std::string owner;
  forecast::SeriesSource::GroupsDone done;
  const runtime::Sealer& sealer;
  forecast::GroupsRead read{};
};

void ListItems(const std::shared_ptr<LocalGroups>& read, const std::string& page_token) {
  read->api.ListItems(read->call, ItemsRequestFrom(read->owner, page_token), [read](auto answer) {
    if (absl::IsPermissionDenied(answer.status())) return read->done(std::move(read->read));
    if (!answer.ok()) return read->done(answer.status());
    AddGroups(answer->message, read->read.groups);
    read->read.cuts.push_back(
        runtime::SealPosition(read->sealer, read->call.caller.firm, answer->position));
    const std::string next = answer->message.next_page_token();
    if (next.empty()) return read->done(std::move(read->read));
    read->executor.Run([read, next] { ListItems(read, next); });
  });
}

}  // namespace

void LocalSeries::ReadGroups(const base::Caller& on_behalf_of, std::string owner, GroupsDone done) {
  const runtime::Call call{.caller = on_behalf_of, .deadline = clock_.Now() + kReadTimeout};
  ListItems(std::shared_ptr<LocalGroups>(
                new LocalGroups{api_, executor_, call, std::move(owner), std::move(done), sealer_}),
            "");
}

void LocalSeries::Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request,
                       Done done) {
  const runtime::Call call{.caller = on_behalf_of, .deadline = clock_.Now() + kReadTimeout};
  ReadSales(LocalReadPtr(
      new LocalRead{api_, executor_, call, std::move(request), std::move(done), sealer_}));
}

}  // namespace tandem::program
