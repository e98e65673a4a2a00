// What is small: items, locations, events, promotions and plans. A kind has its fields, a reader of
// one row, and a writer of one record; what is written is read back the same. Lists stand in one
// cell with ';' between, levels of a hierarchy with '/'.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/exchange/csv/row.h"
#include "services/exchange/csv/writer.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::exchange::csv {

// item, unit_code ("C62" is a piece); gtin, display_name, hierarchy ("FOODS/FOODS_1"),
// partner_numbers ("acme=4711;harvest=12").
inline constexpr std::array<Field, 6> kItemFields = {{{"item", true},
                                                      {"unit_code", true},
                                                      {"gtin", false},
                                                      {"display_name", false},
                                                      {"hierarchy", false},
                                                      {"partner_numbers", false}}};
// location, kind (STORE, DISTRIBUTION_CENTER, PLANT); gln, display_name, time_zone, hierarchy.
inline constexpr std::array<Field, 6> kLocationFields = {{{"location", true},
                                                          {"kind", true},
                                                          {"gln", false},
                                                          {"display_name", false},
                                                          {"time_zone", false},
                                                          {"hierarchy", false}}};
// event, first_date; last_date (empty: the first), display_name, kind, locations (empty: all).
inline constexpr std::array<Field, 6> kEventFields = {{{"event", true},
                                                       {"first_date", true},
                                                       {"last_date", false},
                                                       {"display_name", false},
                                                       {"kind", false},
                                                       {"locations", false}}};
// location, promotion, items, first_date, last_date; mechanism, uplift_permille, revision.
inline constexpr std::array<Field, 8> kPromotionFields = {{{"location", true},
                                                           {"promotion", true},
                                                           {"items", true},
                                                           {"first_date", true},
                                                           {"last_date", true},
                                                           {"mechanism", false},
                                                           {"uplift_permille", false},
                                                           {"revision", false}}};
// A row a plan, item and bucket: plan, location, item, date (the bucket's first day), quantity;
// bucket_days (empty: 7), revision. Buckets without a row are 0.
inline constexpr std::array<Field, 7> kPlanFields = {{{"plan", true},
                                                      {"location", true},
                                                      {"item", true},
                                                      {"date", true},
                                                      {"quantity", true},
                                                      {"bucket_days", false},
                                                      {"revision", false}}};

// A header record of the fields, with its line end.
std::string HeaderOf(std::span<const Field> fields);

// Each returns kInvalidArgument naming the file's column: FIELD_MISSING, BAD_NAME, BAD_GTIN,
// BAD_GLN, UNKNOWN_UNIT, UNKNOWN_ENUM, BAD_DATE, DAY_OUT_OF_RANGE, FIELD_OUT_OF_RANGE. `firm` is
// the owner's id.
absl::StatusOr<v1::Item> ParseItem(const Row& row, std::string_view firm);
absl::StatusOr<v1::Location> ParseLocation(const Row& row, std::string_view firm);
absl::StatusOr<v1::Event> ParseEvent(const Row& row);
struct LocatedPromotion {
  std::string location{};  // Its id.
  v1::Promotion promotion{};
};
absl::StatusOr<LocatedPromotion> ParsePromotion(const Row& row);

void WriteItem(const v1::Item& item, Writer& out);
void WriteLocation(const v1::Location& location, Writer& out);
void WriteEvent(const v1::Event& event, Writer& out);
void WritePromotion(std::string_view location, const v1::Promotion& promotion, Writer& out);
// A row for each item and bucket, 0 too: what is read back has as many buckets.
void WritePlan(const v1::Plan& plan, Writer& out);

// Puts plans together from rows in any order.
class PlanBuilder {
 public:
  // DUPLICATE_ROW for a bucket that is there; QUANTITY_OUT_OF_RANGE for a negative quantity;
  // FIELD_OUT_OF_RANGE where location, bucket_days or
  // revision differ from the plan's first row; other errors as above.
  absl::Status Add(const Row& row);
  // The plans by id. FIELD_OUT_OF_RANGE where a date is no bucket's first day, or the buckets reach
  // over more than 1,000.
  absl::StatusOr<std::vector<v1::Plan>> Build(std::string_view firm) const;

 private:
  struct Draft {
    std::string location{};
    std::int32_t bucket_days = 0;
    std::int32_t revision = 0;
    std::map<std::string, std::map<std::int32_t, std::int64_t>> items{};  // Item, day: milli.
  };
  std::map<std::string, Draft> drafts_;
};

// The last part of a name: "4711" of "firms/acme/items/4711".
std::string_view IdOf(std::string_view name);

}  // namespace tandem::exchange::csv
