#include "services/exchange/csv/registers.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/limits.h"
#include "services/exchange/time_zones.h"
#include "services/exchange/units.h"

namespace tandem::exchange::csv {
namespace {

using base::Reason;

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

// Parts of `text` between separators; none of an empty text.
std::vector<std::string> Parts(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t stop = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, stop));
    text.remove_prefix(std::min(text.size(), stop + 1));
  }
  return parts;
}

template <typename Range>
std::string Joined(const Range& parts, char separator) {
  std::string out;
  for (const auto& part : parts) {
    if (!out.empty()) out.push_back(separator);
    out.append(part);
  }
  return out;
}

google::type::Date DateOf(base::Day day) {
  google::type::Date date;
  const std::string text = day.ToString();  // YYYY-MM-DD
  date.set_year(std::stoi(text.substr(0, 4)));
  date.set_month(std::stoi(text.substr(5, 2)));
  date.set_day(std::stoi(text.substr(8, 2)));
  return date;
}

std::string TextOf(const google::type::Date& date) {
  const auto day = base::Day::FromCivil(date.year(), date.month(), date.day());
  return day.ok() ? day->ToString() : "";
}

// One of several texts in a cell.
absl::Status CheckPart(const Row& row, std::size_t field, std::string_view part) {
  if (part.size() <= kTextBytesMax) return absl::OkStatus();
  return row.Refused(
      field, base::Refuse(Reason::kFieldOutOfRange, "a part of it is longer than 200 bytes"));
}

// Copies the levels of a hierarchy cell.
template <typename Message>
absl::Status SetHierarchy(const Row& row, std::size_t field, Message* message) {
  TANDEM_ASSIGN_OR_RETURN(const std::string text, row.Utf8(field));
  for (std::string& level : Parts(text, '/')) {
    TANDEM_RETURN_IF_ERROR(CheckPart(row, field, level));
    message->add_hierarchy(std::move(level));
  }
  if (message->hierarchy_size() <= kHierarchyMax) return absl::OkStatus();
  return row.Refused(field, base::Refuse(Reason::kFieldOutOfRange, "at most eight levels"));
}

absl::Status SetPartnerNumbers(const Row& row, std::size_t field, v1::Item* item) {
  TANDEM_ASSIGN_OR_RETURN(const std::string text, row.Utf8(field));
  for (const std::string& pair : Parts(text, ';')) {
    const std::size_t equals = pair.find('=');
    const std::string firm = pair.substr(0, equals);
    if (equals == std::string::npos || !base::CheckId("firm", firm).ok()) {
      return row.Refused(field,
                         base::Refuse(Reason::kBadName, "pairs firm=number with ';' between"));
    }
    v1::PartnerNumber& number = *item->add_partner_numbers();
    number.set_firm("firms/" + firm);
    number.set_number(pair.substr(equals + 1));
    TANDEM_RETURN_IF_ERROR(CheckPart(row, field, number.number()));
  }
  if (item->partner_numbers_size() <= kPartnerNumbersMax) return absl::OkStatus();
  return row.Refused(field, base::Refuse(Reason::kFieldOutOfRange, "more than a hundred"));
}

// `ids` of a list cell are not too many.
absl::Status CheckList(const Row& row, std::size_t field, const std::vector<std::string>& ids) {
  if (ids.size() <= static_cast<std::size_t>(kListMax)) return absl::OkStatus();
  return row.Refused(field, base::Refuse(Reason::kFieldOutOfRange, "more than ten thousand"));
}

absl::Status SetDates(const Row& row, std::size_t first, google::type::Date* start,
                      google::type::Date* end) {
  TANDEM_ASSIGN_OR_RETURN(const base::Day first_day, row.Date(first));
  base::Day last_day = first_day;
  if (!row.Text(first + 1).empty()) {
    TANDEM_ASSIGN_OR_RETURN(last_day, row.Date(first + 1));
  }
  if (last_day < first_day) {
    return row.Refused(first + 1, base::Refuse(Reason::kFieldOutOfRange, "ends before it begins"));
  }
  *start = DateOf(first_day);
  *end = DateOf(last_day);
  return absl::OkStatus();
}

absl::StatusOr<v1::LocationKind> KindOf(const Row& row, std::size_t field) {
  const std::string_view text = row.Text(field);
  for (const auto& [name, kind] :
       {std::pair<std::string_view, v1::LocationKind>{"STORE", v1::LOCATION_KIND_STORE},
        {"DISTRIBUTION_CENTER", v1::LOCATION_KIND_DISTRIBUTION_CENTER},
        {"PLANT", v1::LOCATION_KIND_PLANT}}) {
    if (text == name) return kind;
  }
  return row.Refused(field,
                     base::Refuse(Reason::kUnknownEnum, "STORE, DISTRIBUTION_CENTER or PLANT"));
}

std::string_view NameOf(v1::LocationKind kind) {
  const std::string& name = v1::LocationKind_Name(kind);
  return std::string_view(name).substr(
      std::min(name.size(), std::string_view("LOCATION_KIND_").size()));
}

}  // namespace

std::string_view IdOf(std::string_view name) { return name.substr(name.rfind('/') + 1); }

std::string HeaderOf(std::span<const Field> fields) {
  std::string out;
  Writer writer(out);
  for (const Field& field : fields) writer.Text(field.name);
  writer.EndRecord();
  return out;
}

absl::StatusOr<v1::Item> ParseItem(const Row& row, std::string_view firm) {
  enum { kItem, kUnitCode, kGtin, kDisplayName, kHierarchy, kPartnerNumbers };
  v1::Item item;
  TANDEM_ASSIGN_OR_RETURN(const std::string_view id, row.Id(kItem));
  item.set_name(absl::StrCat("firms/", Abseil(firm), "/items/", Abseil(id)));
  if (!IsUnitCode(row.Text(kUnitCode))) {
    return row.Refused(
        kUnitCode,
        base::Refuse(Reason::kUnknownUnit,
                     "is not a code of UN/ECE Recommendation 20 that the service knows"));
  }
  item.set_unit_code(std::string(row.Text(kUnitCode)));
  if (const std::string_view gtin = row.Text(kGtin); !gtin.empty()) {
    const auto normal = base::NormalizeGtin("gtin", gtin);
    if (!normal.ok()) return row.Refused(kGtin, normal.status());
    item.set_gtin(std::string(gtin));
  }
  TANDEM_ASSIGN_OR_RETURN(*item.mutable_display_name(), row.Label(kDisplayName));
  TANDEM_RETURN_IF_ERROR(SetHierarchy(row, kHierarchy, &item));
  TANDEM_RETURN_IF_ERROR(SetPartnerNumbers(row, kPartnerNumbers, &item));
  return item;
}

absl::StatusOr<v1::Location> ParseLocation(const Row& row, std::string_view firm) {
  enum { kLocation, kKind, kGln, kDisplayName, kTimeZone, kHierarchy };
  v1::Location location;
  TANDEM_ASSIGN_OR_RETURN(const std::string_view id, row.Id(kLocation));
  location.set_name(absl::StrCat("firms/", Abseil(firm), "/locations/", Abseil(id)));
  TANDEM_ASSIGN_OR_RETURN(const v1::LocationKind kind, KindOf(row, kKind));
  location.set_kind(kind);
  if (const std::string_view gln = row.Text(kGln); !gln.empty()) {
    const absl::Status status = base::CheckGln("gln", gln);
    if (!status.ok()) return row.Refused(kGln, status);
    location.set_gln(std::string(gln));
  }
  TANDEM_ASSIGN_OR_RETURN(*location.mutable_display_name(), row.Label(kDisplayName));
  const std::string_view zone = row.Text(kTimeZone);
  if (!zone.empty() && !IsTimeZone(zone)) {
    return row.Refused(kTimeZone,
                       base::Refuse(Reason::kUnknownEnum,
                                    "is no zone of the IANA database, such as Europe/Berlin"));
  }
  location.set_time_zone(std::string(zone));
  TANDEM_RETURN_IF_ERROR(SetHierarchy(row, kHierarchy, &location));
  return location;
}

absl::StatusOr<v1::Event> ParseEvent(const Row& row) {
  enum { kEvent, kFirstDate, kLastDate, kDisplayName, kKind, kLocations };
  v1::Event event;
  TANDEM_ASSIGN_OR_RETURN(const std::string_view id, row.Id(kEvent));
  event.set_event(std::string(id));
  TANDEM_RETURN_IF_ERROR(
      SetDates(row, kFirstDate, event.mutable_start_date(), event.mutable_end_date()));
  TANDEM_ASSIGN_OR_RETURN(*event.mutable_display_name(), row.Label(kDisplayName));
  TANDEM_ASSIGN_OR_RETURN(*event.mutable_kind(), row.Label(kKind));
  TANDEM_ASSIGN_OR_RETURN(const std::vector<std::string> locations, row.Ids(kLocations));
  TANDEM_RETURN_IF_ERROR(CheckList(row, kLocations, locations));
  for (const std::string& location : locations) event.add_locations(location);
  return event;
}

absl::StatusOr<LocatedPromotion> ParsePromotion(const Row& row) {
  enum { kLocation, kPromotion, kItems, kFirstDate, kLastDate, kMechanism, kUplift, kRevision };
  LocatedPromotion located;
  v1::Promotion& promotion = located.promotion;
  TANDEM_ASSIGN_OR_RETURN(const std::string_view location, row.Id(kLocation));
  located.location = std::string(location);
  TANDEM_ASSIGN_OR_RETURN(const std::string_view id, row.Id(kPromotion));
  promotion.set_promotion(std::string(id));
  TANDEM_ASSIGN_OR_RETURN(const std::vector<std::string> items, row.Ids(kItems));
  if (items.empty()) {
    return row.Refused(kItems, base::Refuse(Reason::kFieldMissing, "a promotion has items"));
  }
  TANDEM_RETURN_IF_ERROR(CheckList(row, kItems, items));
  for (const std::string& item : items) promotion.add_items(item);
  TANDEM_RETURN_IF_ERROR(
      SetDates(row, kFirstDate, promotion.mutable_start_date(), promotion.mutable_end_date()));
  TANDEM_ASSIGN_OR_RETURN(*promotion.mutable_mechanism(), row.Label(kMechanism));
  TANDEM_ASSIGN_OR_RETURN(const std::int64_t uplift,
                          row.Whole(kUplift, {.least = 0, .most = kUpliftMax}));
  promotion.set_uplift_permille(uplift);
  TANDEM_ASSIGN_OR_RETURN(const std::int64_t revision,
                          row.Whole(kRevision, {.least = 0, .most = 1'000'000'000}));
  promotion.set_revision(static_cast<std::int32_t>(revision));
  return located;
}

void WriteItem(const v1::Item& item, Writer& out) {
  std::vector<std::string> numbers;
  for (const v1::PartnerNumber& number : item.partner_numbers()) {
    numbers.push_back(absl::StrCat(Abseil(IdOf(number.firm())), "=", number.number()));
  }
  out.Text(IdOf(item.name())).Text(item.unit_code()).Text(item.gtin()).Text(item.display_name());
  out.Text(Joined(item.hierarchy(), '/')).Text(Joined(numbers, ';')).EndRecord();
}

void WriteLocation(const v1::Location& location, Writer& out) {
  out.Text(IdOf(location.name())).Text(NameOf(location.kind())).Text(location.gln());
  out.Text(location.display_name()).Text(location.time_zone());
  out.Text(Joined(location.hierarchy(), '/')).EndRecord();
}

void WriteEvent(const v1::Event& event, Writer& out) {
  out.Text(event.event()).Text(TextOf(event.start_date())).Text(TextOf(event.end_date()));
  out.Text(event.display_name())
      .Text(event.kind())
      .Text(Joined(event.locations(), ';'))
      .EndRecord();
}

void WritePromotion(std::string_view location, const v1::Promotion& promotion, Writer& out) {
  out.Text(location).Text(promotion.promotion()).Text(Joined(promotion.items(), ';'));
  out.Text(TextOf(promotion.start_date())).Text(TextOf(promotion.end_date()));
  out.Text(promotion.mechanism()).Number(promotion.uplift_permille()).Number(promotion.revision());
  out.EndRecord();
}

}  // namespace tandem::exchange::csv
