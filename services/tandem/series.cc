#include "services/tandem/series.h"

#include <optional>
#include <utility>

#include "absl/time/civil_time.h"
#include "google/type/date.pb.h"

namespace tandem::program {
namespace {

// A worker's read holds no caller up, and is tried again.
constexpr absl::Duration kReadTimeout = absl::Minutes(2);

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

void LocalSeries::Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request,
                       Done done) {
  using Response = exchange::v1::ReadSeriesResponse;
  using Pages = std::shared_ptr<runtime::Pages<Response>>;
  const runtime::Call call{.caller = on_behalf_of, .deadline = clock_.Now() + kReadTimeout};
  api_.ReadSeries(
      call, RequestFrom(request),
      [this, done = std::move(done)](
          absl::StatusOr<std::unique_ptr<runtime::Pages<Response>>> pages) mutable {
        if (!pages.ok()) return done(pages.status());
        // Decoding takes milliseconds: not on the thread that the answer came on.
        executor_.Run([pages = Pages(*std::move(pages)), done = std::move(done)]() mutable {
          SeriesGather gather;
          while (true) {
            absl::StatusOr<std::optional<Response>> page = pages->Next();
            if (!page.ok()) return done(page.status());
            if (!page->has_value()) break;
            const absl::Status added = gather.Add(**page);
            if (!added.ok()) return done(added);
          }
          done(gather.Take());
        });
      });
}

}  // namespace tandem::program
