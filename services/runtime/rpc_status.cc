#include "services/runtime/rpc_status.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/base/reason.h"
#include "services/runtime/firm_rates.h"

namespace tandem::runtime {
namespace {

// Clients take 8 KiB of headers by default, and gRPC sends the message twice: in clear and in the
// details.
constexpr std::size_t kMessageBytesMax = 1024;
constexpr std::size_t kDetailBytesMax = 256;
constexpr std::size_t kDetailsMax = 12;

// At most `size_max` bytes, cut between UTF-8 characters: a proto string must be valid UTF-8.
std::string Cut(std::string_view text, std::size_t size_max) {
  if (text.size() <= size_max) return std::string(text);
  std::size_t size = size_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
  return std::string(text.substr(0, size));
}

bool AsksForRetry(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kResourceExhausted;
}

// At least kRetryDelay; what the refusal says where it says more.
absl::Duration RetryDelayOf(const std::optional<base::Refusal>& refusal) {
  absl::Duration delay = kRetryDelay;
  if (!refusal.has_value()) return delay;
  for (const auto& [key, value] : refusal->details) {
    std::int64_t millis = 0;
    if (key == kRetryMillis && absl::SimpleAtoi(value, &millis)) {
      delay = std::max(delay, absl::Milliseconds(millis));
    }
  }
  return delay;
}

void AddRefusal(const base::Refusal& refusal, const std::string& message,
                google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(base::ReasonName(refusal.reason)));
  info.set_domain(kErrorDomain);
  for (const auto& [key, value] : refusal.details) {
    if (info.metadata().size() == kDetailsMax) break;
    (*info.mutable_metadata())[Cut(key, kDetailBytesMax)] = Cut(value, kDetailBytesMax);
  }
  status.add_details()->PackFrom(info);
  if (refusal.field.empty()) return;
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field(Cut(refusal.field, kDetailBytesMax));
  violation->set_description(Cut(message, kDetailBytesMax));
  status.add_details()->PackFrom(bad_request);
}

std::optional<base::Reason> ReasonNamed(std::string_view name) {
  const int last = static_cast<int>(base::Reason::kStoredBytesDamaged);
  for (int i = 1; i <= last; ++i) {
    if (base::ReasonName(static_cast<base::Reason>(i)) == name) return static_cast<base::Reason>(i);
  }
  return std::nullopt;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const absl::string_view text = status.message();
  const std::string message = Cut({text.data(), text.size()}, kMessageBytesMax);
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(message);
  const std::optional<base::Refusal> refusal = base::RefusalOf(status);
  if (refusal.has_value()) AddRefusal(*refusal, message, wire);
  // What a firm has stored does not go away by waiting.
  const bool stays = refusal.has_value() && refusal->reason == base::Reason::kStorageExceeded;
  if (AsksForRetry(status.code()) && !stays) {
    google::rpc::RetryInfo retry;
    const std::int64_t nanos = absl::ToInt64Nanoseconds(RetryDelayOf(refusal));
    retry.mutable_retry_delay()->set_seconds(nanos / 1'000'000'000);
    retry.mutable_retry_delay()->set_nanos(static_cast<std::int32_t>(nanos % 1'000'000'000));
    wire.add_details()->PackFrom(retry);
  }
  return {static_cast<grpc::StatusCode>(status.code()), message, wire.SerializeAsString()};
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status plain(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status wire;
  if (!wire.ParseFromString(status.error_details())) return plain;
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  for (const google::protobuf::Any& detail : wire.details()) {
    if (detail.Is<google::rpc::ErrorInfo>() && !detail.UnpackTo(&info)) return plain;
    if (detail.Is<google::rpc::BadRequest>() && !detail.UnpackTo(&bad_request)) return plain;
  }
  const std::optional<base::Reason> reason = ReasonNamed(info.reason());
  if (info.domain() != kErrorDomain || !reason.has_value() ||
      base::CodeOf(*reason) != plain.code()) {
    return plain;
  }
  std::string message = status.error_message();
  absl::Status refused = base::Refuse(*reason, message);
  if (bad_request.field_violations_size() > 0) {
    const std::string& field = bad_request.field_violations(0).field();
    const std::string prefix = field + ": ";
    if (message.starts_with(prefix)) message.erase(0, prefix.size());
    refused = base::RefuseField(*reason, field, message);
  }
  for (const auto& [key, value] : info.metadata()) {
    refused = base::WithDetail(refused, {key, value});
  }
  return refused;
}

}  // namespace tandem::runtime
