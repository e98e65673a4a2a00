#include "services/forecast/api_messages.h"

#include <chrono>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::forecast {
namespace {

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

void SetTime(google::protobuf::Timestamp& to, absl::Time time) {
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  to.set_seconds(seconds);
  to.set_nanos(
      static_cast<std::int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

}  // namespace

std::string VersionName(std::string_view relation, std::string_view version) {
  return absl::StrCat("agreements/", Absl(relation), "/versions/", Absl(version));
}

std::string RunName(std::string_view relation, std::string_view run) {
  return absl::StrCat("agreements/", Absl(relation), "/runs/", Absl(run));
}

google::type::Date DateOf(base::Day day) {
  const std::chrono::year_month_day civil(std::chrono::sys_days(std::chrono::days(day.number())));
  google::type::Date date;
  date.set_year(static_cast<int>(civil.year()));
  date.set_month(static_cast<std::int32_t>(static_cast<unsigned>(civil.month())));
  date.set_day(static_cast<std::int32_t>(static_cast<unsigned>(civil.day())));
  return date;
}

absl::StatusOr<base::Day> DayOf(std::string_view field, const google::type::Date& date) {
  if (date.year() == 0 && date.month() == 0 && date.day() == 0) {
    return base::RefuseField(base::Reason::kFieldMissing, field, "a date is needed");
  }
  const absl::StatusOr<base::Day> day = base::Day::FromCivil(date.year(), date.month(), date.day());
  if (day.ok()) return *day;
  return base::RefuseField(base::ReasonOf(day.status()), field,
                           "a date in the calendar from 1990 to 2099",
                           {{"year", date.year()}, {"month", date.month()}, {"day", date.day()}});
}

v1::Version MessageOf(const Version& version, std::string_view viewer,
                      const runtime::Sealer& sealer) {
  v1::Version message;
  message.set_name(VersionName(version.relation, version.id));
  message.set_state(version.state);
  message.set_author(absl::StrCat("firms/", version.author));
  message.set_purpose(version.purpose);
  message.set_method(version.method);
  if (!version.basis.numbers().empty()) {
    message.set_basis(runtime::SealPosition(sealer, viewer, version.basis));
  }
  for (const std::string& parent : version.parents) {
    message.add_parents(VersionName(version.relation, parent));
  }
  message.set_reason(version.reason);
  *message.mutable_start_date() = DateOf(base::Day::FromNumber(version.start_day));
  message.set_bucket_count(version.bucket_count);
  message.set_bucket_days(version.bucket_days);
  message.set_series_count(version.series_count);
  message.set_chunk_count(version.chunk_count);
  message.set_content_hash(absl::BytesToHexString(version.content_hash));
  SetTime(*message.mutable_create_time(), version.create_time);
  if (version.publish_time != absl::InfinitePast()) {
    SetTime(*message.mutable_publish_time(), version.publish_time);
  }
  message.set_agreement_version(static_cast<std::int32_t>(version.agreement_version));
  message.set_etag(absl::StrCat(version.revision));
  message.set_drop_reason(version.drop_reason);
  if (!version.lead.empty()) message.set_lead(absl::StrCat("firms/", version.lead));
  for (const std::int32_t level : version.quantile_levels) {
    message.add_quantile_level_millionths(level);
  }
  return message;
}

v1::Run MessageOf(const Run& run) {
  v1::Run message;
  message.set_name(RunName(run.relation, run.id));
  message.set_state(run.state);
  message.set_method(run.method);
  *message.mutable_origin_date() = DateOf(base::Day::FromNumber(run.origin_day));
  message.set_horizon_days(run.horizon_days);
  message.set_bucket_days(run.bucket_days);
  if (!run.version.empty()) message.set_version(VersionName(run.relation, run.version));
  message.set_error(run.error);
  return message;
}

std::string NewId(std::string_view firm, std::string_view method, std::string_view request_id) {
  const std::string all =
      absl::StrCat(Absl(firm), absl::string_view("\0", 1), Absl(method), absl::string_view("\0", 1),
                   absl::AsciiStrToLower(Absl(request_id)));
  return absl::BytesToHexString(Sha256(all).substr(0, 16));
}

std::string RequestIdFor(std::string_view bytes) {
  std::string hash = Sha256(bytes).substr(0, 16);
  hash[6] = static_cast<char>((hash[6] & 0x0f) | 0x80);  // RFC 9562, version 8 and its variant.
  hash[8] = static_cast<char>((hash[8] & 0x3f) | 0x80);
  const std::string hex = absl::BytesToHexString(hash);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-",
                      hex.substr(16, 4), "-", hex.substr(20));
}

}  // namespace tandem::forecast
