#include "services/exchange/csv/m5.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "absl/strings/str_cat.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/file.h"
#include "services/exchange/csv/reader.h"

namespace tandem::exchange::csv {
namespace {

using base::Reason;

constexpr int kDaysMax = 20'000;

constexpr std::array<Field, 10> kCalendarFields = {{{"date", true},
                                                    {"wm_yr_wk", true},
                                                    {"d", true},
                                                    {"event_name_1", false},
                                                    {"event_type_1", false},
                                                    {"event_name_2", false},
                                                    {"event_type_2", false},
                                                    {"snap_CA", false},
                                                    {"snap_TX", false},
                                                    {"snap_WI", false}}};
constexpr std::array<std::string_view, 3> kStates = {"CA", "TX", "WI"};
constexpr std::array<Field, 3> kListedFields = {
    {{"store_id", true}, {"item_id", true}, {"first_listed_d", true}}};
constexpr std::array<Field, 5> kM5PriceFields = {{{"store_id", true},
                                                  {"item_id", true},
                                                  {"first_wm_yr_wk", true},
                                                  {"last_wm_yr_wk", true},
                                                  {"sell_price", true}}};

// A whole number without sign; nullopt for anything else or above 10^9.
std::optional<std::int32_t> WholeOf(std::string_view text) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  std::int32_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = 10 * number + (c - '0');
  }
  return number;
}

absl::Status FileMalformed(std::string_view why) {
  return base::Refuse(Reason::kFileMalformed, why);
}

// In files that we read whole, the first bad row ends the reading.
struct FirstReject {
  std::optional<Reject> reject{};
  OnReject Take() {
    return [this](Reject bad) {
      if (!reject.has_value()) reject = std::move(bad);
    };
  }
  absl::Status status() const {
    if (!reject.has_value()) return absl::OkStatus();
    return base::Refuse(Reason::kFileMalformed, reject->message,
                        {{"line", reject->line}, {"column", reject->column}});
  }
};

std::string EventId(std::string_view name, base::Day day) {
  std::string id;
  for (const char c : name.substr(0, 48)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || !id.empty()) id.push_back(plain ? c : '-');
  }
  return absl::StrCat(id, "_", day.ToString());
}

google::type::Date DateOf(base::Day day) {
  const std::string text = day.ToString();
  google::type::Date date;
  date.set_year(std::stoi(text.substr(0, 4)));
  date.set_month(std::stoi(text.substr(5, 2)));
  date.set_day(std::stoi(text.substr(8, 2)));
  return date;
}

absl::Status AddCalendarRow(const Row& row, M5Calendar* calendar) {
  enum { kDate, kWeek, kD, kName1, kType1, kName2, kType2, kSnap };
  TANDEM_ASSIGN_OR_RETURN(const base::Day day, row.Date(kDate));
  const std::optional<std::int32_t> week = WholeOf(row.Text(kWeek));
  const int d = calendar->day_count() + 1;
  if (d == 1) calendar->first = day;
  const bool in_order = row.Text(kD) == absl::StrCat("d_", d) && day == calendar->DayOf(d) &&
                        week.has_value() && (d == 1 || *week >= calendar->week.back());
  if (!in_order || d > kDaysMax) return FileMalformed("days are not d_1, d_2 ... day after day");
  calendar->week.push_back(*week);
  for (const std::size_t name : {kName1, kName2}) {
    if (row.Text(name).empty()) continue;
    TANDEM_ASSIGN_OR_RETURN(std::string label, row.Label(name));
    TANDEM_ASSIGN_OR_RETURN(std::string type, row.Label(name + 1));
    calendar->named.push_back({d, std::move(label), std::move(type)});
  }
  for (std::size_t s = 0; s < kStates.size(); ++s) {
    if (row.Text(kSnap + s) == "1") calendar->snap[std::string(kStates[s])].push_back(d);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<M5Calendar> ReadM5Calendar(Source& source) {
  M5Calendar calendar;
  FirstReject first;
  const auto counts = ForEachRow(
      source, kCalendarFields, {}, [&](const Row& row) { return AddCalendarRow(row, &calendar); },
      first.Take());
  if (!counts.ok()) return counts.status();
  TANDEM_RETURN_IF_ERROR(first.status());
  if (calendar.week.empty()) return FileMalformed("the calendar holds no day");
  return calendar;
}

std::vector<v1::Event> M5Events(
    const M5Calendar& calendar,
    const std::map<std::string, std::set<std::string>>& stores_by_state) {
  std::vector<v1::Event> events;
  for (const M5Calendar::Named& named : calendar.named) {
    const base::Day day = calendar.DayOf(named.d);
    v1::Event& event = events.emplace_back();
    event.set_event(EventId(named.name, day));
    event.set_display_name(named.name);
    event.set_kind(named.type);
    *event.mutable_start_date() = DateOf(day);
    *event.mutable_end_date() = DateOf(day);
  }
  for (const auto& [state, stores] : stores_by_state) {
    const auto snap = calendar.snap.find(state);
    if (snap == calendar.snap.end()) continue;
    int last = 0;
    for (const int d : snap->second) {
      if (d != last + 1 || last == 0) {
        v1::Event& event = events.emplace_back();
        event.set_event(EventId(absl::StrCat("SNAP-", state), calendar.DayOf(d)));
        event.set_display_name(absl::StrCat("SNAP ", state));
        event.set_kind("SNAP");
        *event.mutable_start_date() = DateOf(calendar.DayOf(d));
        for (const std::string& store : stores) event.add_locations(store);
      }
      *events.back().mutable_end_date() = DateOf(calendar.DayOf(d));
      last = d;
    }
  }
  return events;
}

absl::Status M5Listings::Read(Source& source) {
  FirstReject first;
  const auto counts = ForEachRow(
      source, kListedFields, {},
      [&](const Row& row) -> absl::Status {
        const std::optional<std::int32_t> d = WholeOf(row.Text(2));
        if (!d.has_value() || *d < 1) return FileMalformed("first_listed_d counts from 1");
        first_[std::string(row.Text(0))][std::string(row.Text(1))] = *d;
        return absl::OkStatus();
      },
      first.Take());
  if (!counts.ok()) return counts.status();
  return first.status();
}

int M5Listings::FirstListed(std::string_view store, std::string_view item) const {
  const auto items = first_.find(absl::string_view(store.data(), store.size()));
  if (items == first_.end()) return 1;
  const auto found = items->second.find(absl::string_view(item.data(), item.size()));
  return found == items->second.end() ? 1 : found->second;
}

absl::Status M5Blocks::Add(const M5Series& series) {
  if (store_ != series.store) {
    TANDEM_RETURN_IF_ERROR(Finish());
    store_ = std::string(series.store);
  }
  const int last =
      std::min({days_.last, static_cast<int>(series.units.size()), calendar_.day_count()});
  const int first = std::max(days_.first, listings_.FirstListed(series.store, series.item));
  if (first > last) return absl::OkStatus();
  block_.add_run_item(static_cast<std::uint32_t>(block_.items_size()));
  block_.add_items(std::string(series.item));
  block_.add_run_first_day(calendar_.DayOf(first).number());
  const std::size_t length = static_cast<std::size_t>(last) + 1 - static_cast<std::size_t>(first);
  block_.add_run_length(static_cast<std::uint32_t>(length));
  auto& values = *block_.mutable_value_milli();
  const int at = values.size();
  values.Resize(at + static_cast<int>(length), 0);
  std::int64_t* out = values.mutable_data() + at;
  const std::int32_t* in = series.units.data() + (first - 1);
  for (std::size_t k = 0; k < length; ++k) out[k] = std::int64_t{1000} * in[k];
  if (static_cast<std::size_t>(values.size()) + length <= limits_.rows_max) return absl::OkStatus();
  return Finish();
}

absl::Status M5Blocks::Finish() {
  if (block_.run_item_size() == 0) return absl::OkStatus();
  block_.set_measure(v1::MEASURE_SALES);
  v1::SeriesBlock full;
  full.Swap(&block_);
  return emit_(store_, std::move(full));
}

absl::Status ReadM5Prices(Source& source, const M5Calendar& calendar,
                          const std::function<absl::Status(const PriceRow&)>& use,
                          const OnReject& on_reject) {
  const auto parse = [&](const Row& row) -> absl::Status {
    enum { kStore, kItem, kFirst, kLast, kPrice };
    PriceRow out;
    TANDEM_ASSIGN_OR_RETURN(out.location, row.Id(kStore));
    TANDEM_ASSIGN_OR_RETURN(out.item, row.Id(kItem));
    TANDEM_ASSIGN_OR_RETURN(out.price, row.Price(kPrice));
    const std::optional<std::int32_t> first = WholeOf(row.Text(kFirst));
    const std::optional<std::int32_t> last = WholeOf(row.Text(kLast));
    if (!first.has_value() || !last.has_value() || *last < *first) {
      return FileMalformed("weeks are wm_yr_wk numbers, the first not after the last");
    }
    // A price file may reach further than the calendar: what it says of no day of ours is no error.
    if (!calendar.week.empty() && *first > calendar.week.back()) return absl::OkStatus();
    const auto begin = std::lower_bound(calendar.week.begin(), calendar.week.end(), *first);
    const auto end = std::upper_bound(calendar.week.begin(), calendar.week.end(), *last);
    if (begin == end) return FileMalformed("the calendar has no day of these weeks");
    out.first_day = calendar.first + static_cast<std::int32_t>(begin - calendar.week.begin());
    out.last_day = calendar.first + static_cast<std::int32_t>(end - calendar.week.begin() - 1);
    out.currency = "USD";
    return use(out);
  };
  return ForEachRow(source, kM5PriceFields, {}, parse, on_reject).status();
}

std::string_view M5TimeZone(std::string_view state) {
  if (state == "CA") return "America/Los_Angeles";
  if (state == "TX" || state == "WI") return "America/Chicago";
  return "";
}

}  // namespace tandem::exchange::csv
