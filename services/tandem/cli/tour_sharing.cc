// The steps about data: what goes in, forecasts, and whether both sides read the same.
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "services/base/status.h"
#include "services/tandem/cli/export.h"
#include "services/tandem/cli/forecast_client.h"
#include "services/tandem/cli/progress.h"
#include "services/tandem/cli/tour.h"

namespace tandem::cli {
namespace {

namespace v1 = forecast::v1;

// Seasonal naive and the engine's own by the retailer, smoothing by the maker: both are parties,
// both may publish.
struct Method {
  const char* name;
  bool by_retailer;
};
constexpr Method kMethods[] = {{"seasonal-naive", true}, {"ses", false}, {"local", true}};

// A version's values by owner, item, location: what a reader has in its hands.
using Values =
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<std::int64_t>>;

absl::StatusOr<Values> ValuesOf(Client& reader, const std::string& version, int buckets) {
  Values values;
  v1::ReadVersionRequest request;
  request.set_name(version);
  TANDEM_RETURN_IF_ERROR(ReadVersion(reader, request, [&](const v1::ReadVersionResponse& chunk) {
    const v1::SeriesColumns& columns = chunk.series();
    for (int s = 0; s < columns.item_index_size(); ++s) {
      auto& row = values[{columns.owner(), columns.items(static_cast<int>(columns.item_index(s))),
                          columns.locations(static_cast<int>(columns.location_index(s)))}];
      for (int b = 0; b < buckets; ++b) row.push_back(columns.mean_milli(s * buckets + b));
    }
    return absl::OkStatus();
  }));
  return values;
}

}  // namespace

StepResult SendRegisters(Tour& tour) {
  TANDEM_RETURN_IF_ERROR(tour.data->SendRegisters(tour.client(kRetailer)));
  for (int maker = 0; maker < kMakers; ++maker) {
    TANDEM_RETURN_IF_ERROR(tour.data->SendMaker(tour.client(kMakerIds[maker]), maker));
  }
  return absl::StrCat(tour.data->items().size(), " items, ", tour.data->stores().size(), " stores");
}

StepResult SendHistory(Tour& tour) {
  Progress progress("sending history", "rows", tour.data->history_rows());
  TANDEM_ASSIGN_OR_RETURN(const std::vector<Sent> sent,
                          tour.data->SendHistory(tour.client(kRetailer),
                                                 [&](std::int64_t rows) { progress.Set(rows); }));
  progress.Finish();
  std::string text;
  for (const Sent& each : sent) {
    tour.report.Rate(each.kind + " sent, durable", static_cast<double>(each.count), each.seconds);
    absl::StrAppend(&text, text.empty() ? "" : ", ", each.count, " ", each.kind);
  }
  return text;
}

StepResult RunForecasts(Tour& tour) {
  TANDEM_ASSIGN_OR_RETURN(const google::type::Date origin,
                          ParseDate("origin", tour.data->origin().ToString()));
  for (const Method& method : kMethods) {
    const absl::Time begin = absl::Now();
    std::int64_t series = 0;
    for (int maker = 0; maker < kMakers; ++maker) {
      Client& author = tour.client(method.by_retailer ? kRetailer : kMakerIds[maker]);
      Progress progress(absl::StrCat(method.name, " with ", kMakerIds[maker]), "series", 0);
      TANDEM_ASSIGN_OR_RETURN(const v1::Run run,
                              RunAndWait(author, {.agreement = tour.agreements.at(kMakerIds[maker]),
                                                  .method = method.name,
                                                  .origin = origin,
                                                  .horizon_days = kHorizonDays,
                                                  .on_progress = [&](const v1::Run& state) {
                                                    progress.SetTotal(state.series_total_count());
                                                    progress.Set(state.series_done_count());
                                                  }}));
      series += run.series_total_count();
      tour.versions[method.name].push_back(run.version());
    }
    tour.report.Rate(absl::StrCat("series forecast, ", method.name), static_cast<double>(series),
                     absl::ToDoubleSeconds(absl::Now() - begin));
  }
  return absl::StrCat("origin ", tour.data->origin().ToString(), ", ", kHorizonDays,
                      " days ahead, ", std::size(kMethods) * kMakers, " versions published");
}

StepResult CompareNumbers(Tour& tour) {
  std::int64_t compared = 0;
  std::size_t hashes = 0;
  for (const auto& [method, versions] : tour.versions) {
    for (int maker = 0; maker < kMakers; ++maker) {
      const std::string& name = versions.at(static_cast<std::size_t>(maker));
      Client& left = tour.client(kRetailer);
      Client& right = tour.client(kMakerIds[maker]);
      TANDEM_ASSIGN_OR_RETURN(const v1::Version left_version, GetVersion(left, name));
      TANDEM_ASSIGN_OR_RETURN(const v1::Version right_version, GetVersion(right, name));
      const int buckets = left_version.bucket_count();
      TANDEM_ASSIGN_OR_RETURN(const Values left_values, ValuesOf(left, name, buckets));
      TANDEM_ASSIGN_OR_RETURN(const Values right_values, ValuesOf(right, name, buckets));
      const bool same = left_version.content_hash() == right_version.content_hash() &&
                        !left_values.empty() && left_values == right_values;
      if (!same) return absl::InternalError(absl::StrCat(name, " differs between its parties"));
      ++hashes;
      compared += static_cast<std::int64_t>(left_values.size()) * buckets;
    }
  }
  return absl::StrCat(compared, " values and ", hashes, " content hashes compared, none differs");
}

StepResult SendLaterDays(Tour& tour) {
  TANDEM_ASSIGN_OR_RETURN(const Sent sent, tour.data->SendLater(tour.client(kRetailer)));
  tour.report.Rate(sent.kind + " sent later, durable", static_cast<double>(sent.count),
                   sent.seconds);
  return absl::StrCat(sent.count, " ", sent.kind);
}

}  // namespace tandem::cli
