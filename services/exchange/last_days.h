// Nothing new is said of an item or a location after the last day that it was closed with. Included
// by decide.cc alone.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "services/base/bug.h"
#include "services/base/day.h"
#include "services/base/reason.h"
#include "services/base/rows.h"
#include "services/base/status.h"
#include "services/exchange/codec.h"
#include "services/exchange/decide.h"
#include "services/exchange/registers.h"

namespace tandem::exchange {

// FAILED_PRECONDITION / ENTRY_CLOSED with `field`, the id, the day and the last date. `what` is
// "item" or "location".
inline absl::Status EntryClosed(std::string_view field, const std::string& what,
                                std::string_view id, base::Day last, base::Day closed) {
  return base::RefuseField(
      base::Reason::kEntryClosed, field, "the " + what + " is closed by then",
      {{what, std::string(id)}, {"day", last.ToString()}, {"last_date", closed.ToString()}});
}

// OK if `last` is no later than the last day of the table's entry; unknown ids are refused
// elsewhere.
inline absl::Status CheckOpen(const EntryTable& table, std::string_view id, base::Day last,
                              std::string_view field, const std::string& what) {
  const std::int32_t closed = table.LastDay(table.NumberOf(id));
  if (last.number() <= closed) return absl::OkStatus();
  return EntryClosed(field, what, id, last, base::Day::FromNumber(closed));
}

// The same by the owner's own rows; `Entry` is v1::Item or v1::Location.
template <typename Entry>
absl::Status CheckOpen(const base::RowReader& rows, std::string_view owner, std::string_view id,
                       base::Day last, std::string_view field) {
  constexpr bool kItem = std::is_same_v<Entry, v1::Item>;
  constexpr RowKind kIds = kItem ? RowKind::kItemId : RowKind::kLocationId;
  constexpr RowKind kEntries = kItem ? RowKind::kItem : RowKind::kLocation;
  const auto number = NumberIn(rows, IdKey(OwnerPrefix(kIds, owner), id));
  if (!number.has_value()) return absl::OkStatus();  // Refused as unknown elsewhere.
  const auto bytes =
      rows.Get(RegisterKey(OwnerPrefix(kEntries, owner), static_cast<std::uint32_t>(*number)));
  Entry entry;
  base::Require(bytes.has_value() && entry.ParseFromString(*bytes), "an entry's row is damaged");
  if (!entry.has_last_date()) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const base::Day closed, DayFrom("last_date", entry.last_date()));
  return last > closed ? EntryClosed(field, kItem ? "item" : "location", id, last, closed)
                       : absl::OkStatus();
}

}  // namespace tandem::exchange
