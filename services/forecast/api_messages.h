// Rows as the messages that answer a call, and ids from requests. Internal to api.h.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "google/type/date.pb.h"
#include "services/base/day.h"
#include "services/forecast/api.h"
#include "services/forecast/model.h"
#include "services/runtime/seal.h"

namespace tandem::forecast {

// As the viewer sees it: the basis is sealed for its firm.
v1::Version MessageOf(const Version& version, std::string_view viewer,
                      const runtime::Sealer& sealer);
v1::Run MessageOf(const Run& run);

std::string VersionName(std::string_view relation, std::string_view version);
std::string RunName(std::string_view relation, std::string_view run);
google::type::Date DateOf(base::Day day);
// BAD_DATE, DAY_OUT_OF_RANGE naming the field; FIELD_MISSING for one that is not set.
absl::StatusOr<base::Day> DayOf(std::string_view field, const google::type::Date& date);

// The id that a request makes: of firm, method and request id, so that a retry makes the same. 32
// hex digits.
std::string NewId(std::string_view firm, std::string_view method, std::string_view request_id);
// A UUID (version 8) over the bytes: request ids of what the worker asks for.
std::string RequestIdFor(std::string_view bytes);

}  // namespace tandem::forecast
