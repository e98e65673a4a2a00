#include "services/tandem/cli/known.h"

#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/tandem/cli/import.h"

namespace tandem::cli {
namespace {

namespace csv = exchange::csv;
namespace v1 = exchange::v1;

absl::Status Check(const absl::flat_hash_set<std::string>& ids, const csv::Row& row,
                   std::size_t field, std::string_view id, base::Reason reason) {
  if (ids.contains(absl::string_view(id.data(), id.size()))) return absl::OkStatus();
  const std::string which = row.Text(field) == id ? "" : "'" + std::string(id) + "' ";
  return row.Refused(field, base::Refuse(reason, which + "is not in the register"));
}

}  // namespace

absl::StatusOr<Known> LoadKnown(Client& client) {
  Known known;
  TANDEM_ASSIGN_OR_RETURN(const auto items, AllItems(client, client.firm_name()));
  for (const v1::Item& item : items) known.items.emplace(csv::IdOf(item.name()));
  TANDEM_ASSIGN_OR_RETURN(const auto locations, AllLocations(client, client.firm_name()));
  for (const v1::Location& location : locations) {
    known.locations.emplace(csv::IdOf(location.name()));
  }
  return known;
}

absl::Status CheckLocation(const Known& known, const csv::Row& row, std::size_t field,
                           std::string_view location) {
  return Check(known.locations, row, field, location, base::Reason::kUnknownLocation);
}

absl::Status CheckItem(const Known& known, const csv::Row& row, std::size_t field,
                       std::string_view item) {
  return Check(known.items, row, field, item, base::Reason::kUnknownItem);
}

}  // namespace tandem::cli
