#include "services/runtime/audit.h"

#include "services/base/reason.h"

namespace tandem::runtime {

std::string AuditReason(const absl::Status& status) {
  if (status.ok()) return "";
  const base::Reason reason = base::ReasonOf(status);
  if (reason == base::Reason::kNone) return absl::StatusCodeToString(status.code());
  return std::string(base::ReasonName(reason));
}

Asked AskedIn(const Call& call, Asked asked) {
  if (call.break_glass.empty()) return asked;
  return {asked.method, "break-glass " + call.break_glass + ": " + asked.resource};
}

void Audit::Line(const base::Caller& caller, const Asked& asked, const absl::Status& status) const {
  sink_.Add(domain_, caller.firm,
            {.caller = caller,
             .method = asked.method,
             .resource = asked.resource,
             .reason = AuditReason(status)});
}

}  // namespace tandem::runtime
