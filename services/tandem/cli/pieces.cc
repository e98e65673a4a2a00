#include "services/tandem/cli/pieces.h"

#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/base/reason.h"

namespace tandem::cli {

absl::Status WithAccepted(const absl::Status& status, std::size_t accepted) {
  if (base::RefusalOf(status).has_value()) {
    return base::WithDetail(status, {"accepted_before", accepted});
  }
  return {status.code(),
          absl::StrCat(status.message(), "; ", accepted, " records were accepted before")};
}

std::size_t RefusedIndex(const absl::Status& status, std::size_t count) {
  const std::optional<base::Refusal> refusal = base::RefusalOf(status);
  if (!refusal.has_value()) return count;
  const std::string& field = refusal->field;
  const std::size_t open = field.find('[');
  const std::size_t close = field.find(']', open);
  std::size_t index = 0;
  if (open == std::string::npos || close == std::string::npos ||
      !absl::SimpleAtoi(field.substr(open + 1, close - open - 1), &index)) {
    return count;
  }
  return std::min(index, count);
}

bool Names(const absl::Status& status, const std::string& text) {
  const std::optional<base::Refusal> refusal = base::RefusalOf(status);
  if (!refusal.has_value()) return false;
  return std::any_of(refusal->details.begin(), refusal->details.end(),
                     [&](const auto& detail) { return detail.second == text; });
}

absl::Status WithLine(const absl::Status& status, std::int64_t line) {
  return base::WithDetail(status, {"line", line});
}

}  // namespace tandem::cli
