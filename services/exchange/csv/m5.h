// The files of the M5 forecasting competition as they are: sales in the wide form (a row a series,
// a column a day), prices and first listings by store and item, and the calendar. Days before an
// item was first listed in a store are left out: a row that is missing is unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "services/base/day.h"
#include "services/exchange/csv/series.h"
#include "services/exchange/csv/source.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::exchange::csv {

// Which day each d_ is, and in which week; d counts from 1.
struct M5Calendar {
  base::Day first{};        // d_1.
  std::vector<int> week{};  // wm_yr_wk of each day, d_1 first; ascending.
  struct Named {
    int d = 0;
    std::string name{};  // "SuperBowl"
    std::string type{};  // "Sporting"
  };
  std::vector<Named> named{};
  std::map<std::string, std::vector<int>> snap{};  // State: days on which food stamps are paid.

  int day_count() const { return static_cast<int>(week.size()); }
  base::Day DayOf(int d) const { return first + (d - 1); }
};

// calendar.csv. FILE_MALFORMED where days are missing or out of order.
absl::StatusOr<M5Calendar> ReadM5Calendar(Source& source);

// Events of the calendar; SNAP days in a row are one event at the stores of their state.
std::vector<v1::Event> M5Events(
    const M5Calendar& calendar,
    const std::map<std::string, std::set<std::string>>& stores_by_state);

// The first d on which each (store, item) was listed, from first_listed*.csv.
class M5Listings {
 public:
  absl::Status Read(Source& source);
  // 1 where nothing is known.
  int FirstListed(std::string_view store, std::string_view item) const;

 private:
  absl::flat_hash_map<std::string, absl::flat_hash_map<std::string, int>> first_;  // Store, item.
};

// One row of sales*.csv; the views hold during the call only.
struct M5Series {
  std::string_view item{};
  std::string_view department{};
  std::string_view category{};
  std::string_view store{};
  std::string_view state{};
  std::span<const std::int32_t> units{};  // d_1 first.
  std::int64_t line = 0;
};

// Calls `use` for every row in the file's order. An unreadable row is given to `on_reject`; `use`'s
// error ends the reading. Columns may stand in any order, days must be d_1, d_2, … in a row. A cell
// that is no number rejects its row, but behind the first `needed_days` it only ends it.
absl::Status ReadM5Sales(Source& source, const std::function<absl::Status(const M5Series&)>& use,
                         const OnReject& on_reject, std::size_t needed_days = SIZE_MAX);

// Days d_first to d_last as blocks of one location each, `series` after series: AddSeries in the
// file's order, Finish at its end. Blocks are cut between series.
class M5Blocks {
 public:
  struct Days {
    int first = 1;
    int last = 0;
  };
  using Emit = std::function<absl::Status(const std::string& location, v1::SeriesBlock)>;
  M5Blocks(const M5Calendar& calendar, const M5Listings& listings, const Days& days,
           const BlockLimits& limits, Emit emit)
      : calendar_(calendar),
        listings_(listings),
        days_(days),
        limits_(limits),
        emit_(std::move(emit)) {}
  absl::Status Add(const M5Series& series);
  absl::Status Finish();

 private:
  const M5Calendar& calendar_;
  const M5Listings& listings_;
  Days days_;
  BlockLimits limits_;
  Emit emit_;
  std::string store_;
  v1::SeriesBlock block_;
};

// prices*.csv, weeks turned into days, US dollars. The days before a first price are not covered,
// nor those after the last week. A row of weeks that are all after the calendar's is passed over.
absl::Status ReadM5Prices(Source& source, const M5Calendar& calendar,
                          const std::function<absl::Status(const PriceRow&)>& use,
                          const OnReject& on_reject);

// The IANA zone of a state of M5 ("CA", "TX", "WI"); "" for others.
std::string_view M5TimeZone(std::string_view state);

}  // namespace tandem::exchange::csv
