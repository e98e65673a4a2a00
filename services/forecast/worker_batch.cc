#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/forecast/chunk_builder.h"
#include "services/forecast/fit.h"
#include "services/forecast/fit_local.h"
#include "services/forecast/fit_profile.h"
#include "services/forecast/launches.h"
#include "services/forecast/worker_job.h"

namespace tandem::forecast {
namespace {

// An item of the batch that has data, and its row there.
using Found = std::pair<const std::string*, std::size_t>;

// A series' days from the first to the origin, whatever days were read: what was not is not known.
class Window {
 public:
  Window(base::Day first, base::Day last)
      : first_(first),
        values_(static_cast<std::size_t>(last - first + 1)),
        known_(values_.size()),
        shelf_empty_(values_.size()) {}

  // Valid until the next call.
  DailySeries Of(const SeriesColumnsRead& read, std::size_t row) {
    std::ranges::fill(known_, 0);
    for (std::int32_t day = 0; day < read.day_count; ++day) {
      const std::int32_t at = read.first_day + day - first_;
      if (at < 0 || at >= static_cast<std::int32_t>(values_.size())) continue;
      const std::size_t bit =
          row * static_cast<std::size_t>(read.day_count) + static_cast<std::size_t>(day);
      const auto to = static_cast<std::size_t>(at);
      known_[to] = read.known.empty() || IsSet(read.known, bit) ? 1 : 0;
      shelf_empty_[to] = !read.shelf_empty.empty() && IsSet(read.shelf_empty, bit) ? 1 : 0;
      values_[to] = read.value_milli[bit];
    }
    return {values_, known_, shelf_empty_};
  }

 private:
  static bool IsSet(const std::string& bits, std::size_t bit) {
    return (static_cast<unsigned char>(bits[bit / 8]) >> (bit % 8) & 1U) != 0;
  }

  const base::Day first_;
  std::vector<std::int64_t> values_;
  std::vector<char> known_;
  std::vector<char> shelf_empty_;
};

absl::Status CheckColumns(const SeriesColumnsRead& read) {
  const std::size_t days = static_cast<std::size_t>(std::max(read.day_count, 0));
  const std::size_t values = read.items.size() * days;
  if (read.value_milli.size() != values ||
      (!read.known.empty() && read.known.size() < (values + 7) / 8) ||
      (!read.shelf_empty.empty() && read.shelf_empty.size() < (values + 7) / 8)) {
    return absl::InternalError("the series that were read do not fit together");
  }
  return absl::OkStatus();
}

absl::string_view NameOf(base::DataKind kind) {
  switch (kind) {
    case base::DataKind::kPrices:
      return "prices";
    case base::DataKind::kPromotions:
      return "promotions";
    case base::DataKind::kStock:
      return "stock numbers";
    default:
      return "sales";
  }
}

// "" where it has none.
std::string_view GroupOf(const ItemGroups& groups, const std::string& item) {
  const auto found = groups.find(item);
  return found == groups.end() ? std::string_view() : std::string_view(found->second);
}

// How many of the items from `begin` on make a part.
std::size_t PartOf(const std::vector<std::string>& items, std::size_t begin,
                   const ItemGroups& groups, std::size_t items_max) {
  const std::size_t most = items.size() - begin;
  if (most <= items_max) return most;
  for (std::size_t part = items_max; 2 * part >= items_max; --part) {
    const std::string& next = items[begin + part];
    if (GroupOf(groups, items[begin + part - 1]) != GroupOf(groups, next)) return part;
  }
  return items_max;
}

// What a batch is fitted from.
struct Fitting {
  const Batch& batch;
  const Run& run;
  const SeriesColumnsRead& read;
  const ItemGroups& groups;
  std::vector<Found> found{};
};

absl::Status FitApart(const Fitting& fitting, ChunkBuilder& builder) {
  const auto& [batch, run, read, groups, found] = fitting;
  Window window(FirstDayOf(run), base::Day::FromNumber(run.origin_day));
  for (const auto& [item, row] : found) {
    const auto forecast = FitSeries(run.method, window.Of(read, row), run.horizon_days);
    if (!forecast.ok()) {
      return absl::Status(
          forecast.status().code(),
          absl::StrCat("item ", *item, " at ", batch.location, ": ", forecast.status().message()));
    }
    if (forecast->has_value()) TANDEM_RETURN_IF_ERROR(builder.AddDays(*item, **forecast));
  }
  return absl::OkStatus();
}

const ItemDrivers& DriversOf(const SeriesColumnsRead& read, const std::string& item) {
  static const ItemDrivers kNone;
  const auto found = read.drivers.find(item);
  return found == read.drivers.end() ? kNone : found->second;
}

// All found at once; `put` takes an item and its forecast.
template <typename Fit, typename Put>
absl::Status FitTogether(const Fitting& fitting, Fit fit, Put put) {
  const auto& [batch, run, read, groups, found] = fitting;
  Window window(FirstDayOf(run), base::Day::FromNumber(run.origin_day));
  std::vector<const std::string*> items;
  for (const auto& [item, row] : found) {
    if (fit.Add(window.Of(read, row), GroupOf(groups, *item), DriversOf(read, *item))) {
      items.push_back(item);
    }
  }
  const auto forecasts = fit.Run();
  if (!forecasts.ok()) {
    return absl::Status(forecasts.status().code(),
                        absl::StrCat("at ", batch.location, ": ", forecasts.status().message()));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    TANDEM_RETURN_IF_ERROR(put(*items[i], (*forecasts)[i]));
  }
  return absl::OkStatus();
}

absl::Status FitBy(std::string_view method, const Fitting& fitting, ChunkBuilder& builder) {
  const Run& run = fitting.run;
  const base::Day first = FirstDayOf(run);
  const std::int32_t days = run.origin_day - first.number() + 1;
  const std::vector<CalendarEvent>& events = fitting.read.events;
  if (method == kPooledProfile) {
    return FitTogether(fitting, ProfileFit(first, days, run.horizon_days, events),
                       [&](const std::string& item, const std::vector<base::Quantity>& forecast) {
                         return builder.AddDays(item, forecast);
                       });
  }
  if (method == kLocal) {
    const LocalFit::Span span{.first = first,
                              .days = days,
                              .bucket_days = run.bucket_days,
                              .bucket_count = run.horizon_days / run.bucket_days};
    return FitTogether(fitting, LocalFit(span, events),
                       [&](const std::string& item, const LocalForecast& forecast) {
                         builder.Add(item, forecast);
                         return absl::OkStatus();
                       });
  }
  return FitApart(fitting, builder);
}

std::vector<Launch> LaunchesOf(const Fitting& fitting, const std::vector<Chunk>& chunks) {
  absl::flat_hash_set<std::string_view> forecast;
  for (const Chunk& chunk : chunks) {
    forecast.insert(chunk.series.items().begin(), chunk.series.items().end());
  }
  std::vector<Launch> launches;
  for (const std::string& item : fitting.batch.items) {
    if (forecast.contains(item)) continue;
    const std::optional<base::Day> day = LaunchDay(DriversOf(fitting.read, item), fitting.run);
    if (day.has_value()) launches.push_back({item, *day});
  }
  return launches;
}

}  // namespace

const RunMethod& MethodOf(const Run& run) {
  const RunMethod* const method = FindRunMethod(run.method);
  base::Require(method != nullptr, "a run was accepted with a method that there is not");
  return *method;
}

base::Day FirstDayOf(const Run& run) {
  const std::int32_t days = MethodOf(run).history_days;
  return std::max(base::Day::FromNumber(run.origin_day) - (days - 1),
                  base::Day::FromNumber(base::Day::kFirst));
}

absl::StatusOr<FittedBatch> FitBatch(const Batch& batch, const Run& run,
                                     const SeriesColumnsRead& read, const ItemGroups& groups) {
  TANDEM_RETURN_IF_ERROR(CheckColumns(read));
  absl::flat_hash_map<std::string, std::size_t> rows;
  for (std::size_t row = 0; row < read.items.size(); ++row) rows.emplace(read.items[row], row);
  Fitting fitting{.batch = batch, .run = run, .read = read, .groups = groups};
  for (const std::string& item : batch.items) {
    const auto row = rows.find(item);
    if (row != rows.end()) fitting.found.emplace_back(&item, row->second);
  }
  ChunkBuilder builder(batch, run.bucket_days);
  TANDEM_RETURN_IF_ERROR(FitBy(run.method, fitting, builder));
  FittedBatch fitted{.chunks = builder.Take()};
  if (MethodOf(run).has_quantiles) fitted.launches = LaunchesOf(fitting, fitted.chunks);
  return fitted;
}

absl::StatusOr<std::vector<Batch>> PlanBatches(const ForecastSeams& seams, const Run& run) {
  TANDEM_ASSIGN_OR_RETURN(const auto terms, seams.grants->TermsOf(run.firm, run.relation));
  if (terms->revoked) {
    return base::Refuse(base::Reason::kAgreementRevoked, "the agreement was revoked",
                        {{"agreement", run.relation}});
  }
  std::vector<Batch> batches;
  // Scopes may overlap; a series is forecast once.
  std::map<std::pair<std::string, std::string>, std::set<std::string>> seen;
  for (const base::AgreementTerms::ItemScope& scope : terms->scopes) {
    bool checked = scope.owner == run.firm;
    for (const std::string& location : scope.locations) {
      TANDEM_ASSIGN_OR_RETURN(
          const auto granted,
          seams.grants->ItemsAt(run.firm, scope.owner, base::DataKind::kSales, location));
      std::set<std::string>& known = seen[{scope.owner, location}];
      Batch batch{scope.owner, location, {}};
      for (const std::string& item : scope.items) {
        if (!granted->Contains(item) || !known.insert(item).second) continue;
        batch.items.push_back(item);
      }
      if (!batch.items.empty()) batches.push_back(std::move(batch));
      if (checked || known.empty()) continue;
      TANDEM_RETURN_IF_ERROR(seams.grants->CheckDerivation(run.relation, scope.owner, "forecast"));
      checked = true;
    }
  }
  return batches;
}

const ItemGroups& GroupsOf(const GroupsByOwner& groups, const std::string& owner) {
  static const ItemGroups kNone;
  const auto found = groups.find(owner);
  return found == groups.end() ? kNone : found->second;
}

std::vector<Batch> CutBatches(std::vector<Batch> batches, const GroupsByOwner& groups,
                              std::size_t items_max) {
  std::vector<Batch> cut;
  for (Batch& batch : batches) {
    const ItemGroups& of_items = GroupsOf(groups, batch.owner);
    if (!of_items.empty()) {
      std::ranges::stable_sort(batch.items, {},
                               [&](const std::string& item) { return GroupOf(of_items, item); });
    }
    for (std::size_t begin = 0; begin < batch.items.size();) {
      const std::size_t part = PartOf(batch.items, begin, of_items, items_max);
      const auto first = batch.items.begin() + static_cast<std::ptrdiff_t>(begin);
      cut.push_back({batch.owner,
                     batch.location,
                     {std::make_move_iterator(first),
                      std::make_move_iterator(first + static_cast<std::ptrdiff_t>(part))}});
      begin += part;
    }
  }
  return cut;
}

absl::Status AddDrivers(const ForecastSeams& seams, const Run& run, std::vector<Batch>& batches) {
  constexpr base::DataKind kDrivers[] = {base::DataKind::kPrices, base::DataKind::kPromotions,
                                         base::DataKind::kStock};
  for (Batch& batch : batches) {
    for (const base::DataKind kind : kDrivers) {
      std::vector<std::string>& items = batch.more[kind];
      items.clear();
      TANDEM_ASSIGN_OR_RETURN(const auto granted,
                              seams.grants->ItemsAt(run.firm, batch.owner, kind, batch.location));
      std::ranges::copy_if(batch.items, std::back_inserter(items),
                           [&](const std::string& item) { return granted->Contains(item); });
    }
  }
  return absl::OkStatus();
}

namespace {

absl::Status CheckReadable(const ForecastSeams& seams, const Run& run, const Batch& batch,
                           base::DataKind kind) {
  const std::vector<std::string>& items =
      kind == base::DataKind::kSales ? batch.items : batch.more.at(kind);
  if (items.empty()) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const auto granted,
                          seams.grants->ItemsAt(run.firm, batch.owner, kind, batch.location));
  for (const std::string& item : items) {
    if (granted->Contains(item)) continue;
    return base::Refuse(
        base::Reason::kNotGranted,
        absl::StrCat(NameOf(kind),
                     " that were read are no longer shared with you: start a new run"),
        {{"owner", batch.owner}, {"location", batch.location}, {"item", item}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckStillGranted(const ForecastSeams& seams, const Run& run,
                               const std::vector<Batch>& batches) {
  // The owners' word on what may be derived, and that the agreement stands.
  TANDEM_RETURN_IF_ERROR(PlanBatches(seams, run).status());
  for (const Batch& batch : batches) {
    TANDEM_RETURN_IF_ERROR(CheckReadable(seams, run, batch, base::DataKind::kSales));
    for (const auto& [kind, items] : batch.more) {
      TANDEM_RETURN_IF_ERROR(CheckReadable(seams, run, batch, kind));
    }
  }
  return absl::OkStatus();
}

}  // namespace tandem::forecast
