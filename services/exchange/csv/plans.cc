#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"

namespace tandem::exchange::csv {
namespace {

using base::Reason;

constexpr std::int32_t kBucketsMax = 1000;

absl::Status NotABucket(const std::string& plan, std::int32_t day) {
  return base::Refuse(Reason::kFieldOutOfRange,
                      "a plan's dates are first days of at most 1000 buckets in a row",
                      {{"plan", plan}, {"date", base::Day::FromNumber(day).ToString()}});
}

base::Day DayOf(const google::type::Date& date) {
  return base::Day::FromCivil(date.year(), date.month(), date.day()).value_or(base::Day());
}

}  // namespace

absl::Status PlanBuilder::Add(const Row& row) {
  enum { kPlan, kLocation, kItem, kDate, kQuantity, kBucketDays, kRevision };
  TANDEM_ASSIGN_OR_RETURN(const std::string_view plan, row.Id(kPlan));
  TANDEM_ASSIGN_OR_RETURN(const std::string_view location, row.Id(kLocation));
  TANDEM_ASSIGN_OR_RETURN(const std::string_view item, row.Id(kItem));
  TANDEM_ASSIGN_OR_RETURN(const base::Day day, row.Date(kDate));
  TANDEM_ASSIGN_OR_RETURN(const base::Quantity quantity, row.Amount(kQuantity));
  if (quantity.milli() < 0) {
    return row.Refused(kQuantity,
                       base::Refuse(Reason::kQuantityOutOfRange, "a plan's quantity is from 0"));
  }
  TANDEM_ASSIGN_OR_RETURN(const std::int64_t days,
                          row.Whole(kBucketDays, {.least = 1, .most = 366, .if_empty = 7}));
  TANDEM_ASSIGN_OR_RETURN(const std::int64_t revision,
                          row.Whole(kRevision, {.least = 0, .most = 1'000'000'000}));
  Draft& draft = drafts_[std::string(plan)];
  if (draft.bucket_days == 0) {
    draft.location = std::string(location);
    draft.bucket_days = static_cast<std::int32_t>(days);
    draft.revision = static_cast<std::int32_t>(revision);
  }
  if (draft.location != location || draft.bucket_days != days || draft.revision != revision) {
    return row.Refused(kPlan, base::Refuse(Reason::kFieldOutOfRange,
                                           "a plan has one location, bucket_days and revision"));
  }
  const bool is_new = draft.items[std::string(item)].emplace(day.number(), quantity.milli()).second;
  if (is_new) return absl::OkStatus();
  return row.Refused(kDate, base::Refuse(Reason::kDuplicateRow, "the bucket stands above already"));
}

absl::StatusOr<std::vector<v1::Plan>> PlanBuilder::Build(std::string_view firm) const {
  std::vector<v1::Plan> plans;
  for (const auto& [id, draft] : drafts_) {
    std::int32_t first = base::Day::kLast;
    std::int32_t last = base::Day::kFirst;
    for (const auto& [item, days] : draft.items) {
      first = std::min(first, days.begin()->first);
      last = std::max(last, days.rbegin()->first);
    }
    const std::int32_t buckets = (last - first) / draft.bucket_days + 1;
    if (buckets > kBucketsMax) return NotABucket(id, last);
    v1::Plan& plan = plans.emplace_back();
    plan.set_name(
        absl::StrCat("firms/", absl::string_view(firm.data(), firm.size()), "/plans/", id));
    plan.set_location(draft.location);
    const auto start = base::Day::FromNumber(first).ToString();
    plan.mutable_start_date()->set_year(std::stoi(start.substr(0, 4)));
    plan.mutable_start_date()->set_month(std::stoi(start.substr(5, 2)));
    plan.mutable_start_date()->set_day(std::stoi(start.substr(8, 2)));
    plan.set_bucket_days(draft.bucket_days);
    plan.set_bucket_count(buckets);
    plan.set_revision(draft.revision);
    for (const auto& [item, days] : draft.items) {
      const int base_index = plan.quantity_milli_size();
      plan.add_items(item);
      for (std::int32_t b = 0; b < buckets; ++b) plan.add_quantity_milli(0);
      for (const auto& [day, milli] : days) {
        if ((day - first) % draft.bucket_days != 0) return NotABucket(id, day);
        plan.set_quantity_milli(base_index + (day - first) / draft.bucket_days, milli);
      }
    }
  }
  return plans;
}

void WritePlan(const v1::Plan& plan, Writer& out) {
  const base::Day start = DayOf(plan.start_date());
  for (int i = 0; i < plan.items_size(); ++i) {
    for (std::int32_t b = 0; b < plan.bucket_count(); ++b) {
      const int at = i * plan.bucket_count() + b;
      if (at >= plan.quantity_milli_size()) return;
      out.Text(IdOf(plan.name())).Text(plan.location()).Text(plan.items(i));
      out.Text((start + b * plan.bucket_days()).ToString());
      out.Amount(base::Quantity::FromMilli(plan.quantity_milli(at)));
      out.Number(plan.bucket_days()).Number(plan.revision()).EndRecord();
    }
  }
}

}  // namespace tandem::exchange::csv
