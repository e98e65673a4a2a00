#include "services/tandem/cli/known.h"

#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/tandem/cli/import.h"

namespace tandem::cli {
namespace {

namespace csv = exchange::csv;
namespace v1 = exchange::v1;

// One of the two registers, and what is said of its entries.
struct Register {
  const LastDays& entries;
  base::Reason unknown;
  std::string_view what;
};

absl::Status Check(const Register& among, const csv::Row& row, std::size_t field,
                   std::string_view id, const RowDay& last) {
  const auto found = among.entries.find(absl::string_view(id.data(), id.size()));
  if (found == among.entries.end()) {
    const std::string which = row.Text(field) == id ? "" : "'" + std::string(id) + "' ";
    return row.Refused(field, base::Refuse(among.unknown, which + "is not in the register"));
  }
  if (last.day <= found->second) return absl::OkStatus();
  return row.Refused(
      last.field,
      base::Refuse(base::Reason::kEntryClosed,
                   "the " + std::string(among.what) + " '" + std::string(id) +
                       "' is closed by then, its last day is " + found->second.ToString()));
}

// Adds an item or a location to what is known.
template <typename Entry>
absl::Status Add(const Entry& entry, LastDays& days) {
  base::Day last = base::Day::FromNumber(base::Day::kLast);
  if (entry.has_last_date()) {
    const auto& date = entry.last_date();
    const auto day = base::Day::FromCivil(date.year(), date.month(), date.day());
    if (!day.ok()) {
      return absl::InternalError("the last date of " + entry.name() + " is no day");
    }
    last = *day;
  }
  days.emplace(csv::IdOf(entry.name()), last);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Known> LoadKnown(Client& client) {
  Known known;
  TANDEM_ASSIGN_OR_RETURN(const auto items, AllItems(client, client.firm_name()));
  for (const v1::Item& item : items) TANDEM_RETURN_IF_ERROR(Add(item, known.items));
  TANDEM_ASSIGN_OR_RETURN(const auto locations, AllLocations(client, client.firm_name()));
  for (const v1::Location& location : locations) {
    TANDEM_RETURN_IF_ERROR(Add(location, known.locations));
  }
  return known;
}

absl::Status CheckLocation(const Known& known, const csv::Row& row, std::size_t field,
                           std::string_view location, const RowDay& last) {
  return Check({known.locations, base::Reason::kUnknownLocation, "location"}, row, field, location,
               last);
}

absl::Status CheckItem(const Known& known, const csv::Row& row, std::size_t field,
                       std::string_view item, const RowDay& last) {
  return Check({known.items, base::Reason::kUnknownItem, "item"}, row, field, item, last);
}

}  // namespace tandem::cli
