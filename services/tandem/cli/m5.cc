#include "services/tandem/cli/m5.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/first_reject.h"
#include "services/tandem/cli/import.h"
#include "services/tandem/cli/ingest.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"

namespace tandem::cli {
namespace {

namespace csv = exchange::csv;
namespace v1 = exchange::v1;

absl::Status ReadSales(const std::string& path,
                       const std::function<absl::Status(const csv::M5Series&)>& use) {
  FirstReject reject(path);
  TANDEM_ASSIGN_OR_RETURN(const auto source, OpenSource(path));
  TANDEM_RETURN_IF_ERROR(csv::ReadM5Sales(*source, use, reject.Taker()));
  return reject.status();
}

absl::Status Survey(M5Folder* folder) {
  absl::flat_hash_set<std::string> seen;
  return ReadSales(folder->sales_path, [&](const csv::M5Series& series) {
    ++folder->series_count;
    folder->day_count = static_cast<int>(series.units.size());
    const int first = folder->listings.FirstListed(series.store, series.item);
    folder->row_count += std::max(0, folder->day_count - first + 1);
    folder->stores_by_state[std::string(series.state)].emplace(series.store);
    if (seen.emplace(series.item).second) {
      folder->items.push_back(
          {std::string(series.item), std::string(series.department), std::string(series.category)});
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<M5Folder> LoadM5(const std::string& folder) {
  M5Folder m5;
  TANDEM_ASSIGN_OR_RETURN(m5.sales_path, FindInFolder(folder, "sales"));
  TANDEM_ASSIGN_OR_RETURN(m5.prices_path, FindInFolder(folder, "prices"));
  TANDEM_ASSIGN_OR_RETURN(const std::string listed_path, FindInFolder(folder, "first_listed"));
  TANDEM_ASSIGN_OR_RETURN(const std::string calendar_path, FindInFolder(folder, "calendar"));
  TANDEM_ASSIGN_OR_RETURN(const auto calendar, OpenSource(calendar_path));
  auto days = csv::ReadM5Calendar(*calendar);
  if (!days.ok()) return base::WithDetail(days.status(), {"file", calendar_path});
  m5.calendar = *std::move(days);
  TANDEM_ASSIGN_OR_RETURN(const auto listed, OpenSource(listed_path));
  const absl::Status listings = m5.listings.Read(*listed);
  if (!listings.ok()) return base::WithDetail(listings, {"file", listed_path});
  TANDEM_ASSIGN_OR_RETURN(m5.digest, DigestOfFiles({m5.sales_path, listed_path}, ""));
  TANDEM_RETURN_IF_ERROR(Survey(&m5));
  if (m5.day_count > m5.calendar.day_count()) {
    return base::Refuse(base::Reason::kFileMalformed, "the calendar ends before the sales",
                        {{"file", calendar_path}, {"days", m5.calendar.day_count()}});
  }
  return m5;
}

absl::StatusOr<std::string> SendM5Registers(Client& client, const M5Folder& folder) {
  std::vector<v1::Location> locations;
  for (const auto& [state, stores] : folder.stores_by_state) {
    for (const std::string& store : stores) {
      v1::Location& location = locations.emplace_back();
      location.set_name(client.firm_name() + "/locations/" + store);
      location.set_kind(v1::LOCATION_KIND_STORE);
      location.set_time_zone(std::string(csv::M5TimeZone(state)));
      location.add_hierarchy(state);
    }
  }
  TANDEM_RETURN_IF_ERROR(SendLocations(client, locations).status());
  std::vector<v1::Item> items;
  for (const M5Folder::Item& known : folder.items) {
    v1::Item& item = items.emplace_back();
    item.set_name(client.firm_name() + "/items/" + known.item);
    item.set_unit_code("C62");
    item.add_hierarchy(known.category);
    item.add_hierarchy(known.department);
  }
  TANDEM_ASSIGN_OR_RETURN(std::string position, SendItems(client, items));
  TANDEM_RETURN_IF_ERROR(
      SendEvents(client, csv::M5Events(folder.calendar, folder.stores_by_state)));
  return position;
}

absl::StatusOr<std::int64_t> SendM5Prices(Client& client, const M5Folder& folder,
                                          const M5Send& send) {
  const base::Day first = folder.calendar.DayOf(send.first_day);
  const base::Day last = folder.calendar.DayOf(send.last_day);
  IngestSender sender(client, {.stream = absl::StrCat("m5-prices-d", send.first_day, "-",
                                                      send.last_day, "-", folder.digest),
                               .file_id = "m5-" + folder.digest,
                               .register_position = send.register_position});
  csv::PriceBlocks blocks({}, [&](const std::string& location, v1::PriceBlock block) {
    if (send.on_progress) send.on_progress(sender.durable_rows());
    v1::IngestRequest request;
    request.mutable_prices()->Swap(&block);
    return sender.Add(location, std::move(request));
  });
  FirstReject reject(folder.prices_path);
  TANDEM_ASSIGN_OR_RETURN(const auto source, OpenSource(folder.prices_path));
  const auto within = [&](csv::PriceRow row) {
    row.first_day = std::max(row.first_day, first);
    row.last_day = std::min(row.last_day, last);
    return row.first_day > row.last_day ? absl::OkStatus() : blocks.Add(row);
  };
  TANDEM_RETURN_IF_ERROR(csv::ReadM5Prices(*source, folder.calendar, within, reject.Taker()));
  TANDEM_RETURN_IF_ERROR(reject.status());
  TANDEM_RETURN_IF_ERROR(blocks.Finish());
  TANDEM_RETURN_IF_ERROR(sender.Finish());
  return sender.durable_rows();
}

absl::StatusOr<std::int64_t> SendM5Sales(Client& client, const M5Folder& folder,
                                         const M5Send& send) {
  IngestSender sender(client, {.stream = absl::StrCat("m5-d", send.first_day, "-", send.last_day,
                                                      "-", folder.digest),
                               .file_id = "m5-" + folder.digest,
                               .register_position = send.register_position});
  std::string open;
  csv::M5Blocks blocks(folder.calendar, folder.listings,
                       {.first = send.first_day, .last = send.last_day}, {},
                       [&](const std::string& location, v1::SeriesBlock block) {
                         if (send.on_progress) send.on_progress(sender.durable_rows());
                         if (open != location) sender.CloseLocation(open);
                         open = location;
                         v1::IngestRequest request;
                         request.mutable_series()->Swap(&block);
                         return sender.Add(location, std::move(request));
                       });
  TANDEM_RETURN_IF_ERROR(ReadSales(
      folder.sales_path, [&](const csv::M5Series& series) { return blocks.Add(series); }));
  TANDEM_RETURN_IF_ERROR(blocks.Finish());
  TANDEM_RETURN_IF_ERROR(sender.Finish());
  return sender.durable_rows();
}

absl::Status ImportM5(Client& client, const std::string& path, const std::string& output) {
  TANDEM_ASSIGN_OR_RETURN(const M5Folder folder, LoadM5(path));
  M5Send send;
  TANDEM_ASSIGN_OR_RETURN(send.register_position, SendM5Registers(client, folder));
  send.last_day = folder.calendar.day_count();  // Prices may be announced beyond the sales.
  TANDEM_ASSIGN_OR_RETURN(const std::int64_t ranges, SendM5Prices(client, folder, send));
  Progress progress("sales", "rows", folder.row_count);
  const absl::Time begin = absl::Now();
  send.last_day = folder.day_count;
  send.on_progress = [&](std::int64_t rows) { progress.Set(rows); };
  TANDEM_ASSIGN_OR_RETURN(const std::int64_t rows, SendM5Sales(client, folder, send));
  progress.Finish();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  PrintCounts(output,
              absl::StrCat(folder.items.size(), " items, ", ranges, " price ranges, ", rows,
                           " rows of sales durable, ", Count(static_cast<double>(rows) / seconds),
                           " rows/s\n"),
              {{"items", static_cast<std::int64_t>(folder.items.size())},
               {"price_ranges", ranges},
               {"rows", rows}});
  return absl::OkStatus();
}

}  // namespace tandem::cli
