// The first thing wrong in a file.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "services/base/reason.h"
#include "services/exchange/csv/row.h"

namespace tandem::cli {

// Remembers the first reject, of a file that is read whole or not at all.
class FirstReject {
 public:
  explicit FirstReject(std::string path) : path_(std::move(path)) {}
  exchange::csv::OnReject Taker() {
    return [this](exchange::csv::Reject reject) {
      if (!first_.has_value()) first_ = std::move(reject);
    };
  }
  absl::Status status() const {
    if (!first_.has_value()) return absl::OkStatus();
    return base::Refuse(base::Reason::kFileMalformed, first_->message,
                        {{"file", path_},
                         {"line", first_->line},
                         {"column", first_->column},
                         {"rule", first_->rule},
                         {"value", first_->value}});
  }

 private:
  std::string path_;
  std::optional<exchange::csv::Reject> first_;
};

}  // namespace tandem::cli
