// How a service's handlers (its api.h) look: they take a call and a request, never wait, and answer
// through a completion. The gRPC shell, the simulator and the tests call them alike.
//
//   void GovernanceApi::SignAgreement(const Call& call, const v1::SignAgreementRequest& request,
//                                     Reply<v1::Agreement> reply);
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "services/base/fact.h"
#include "services/base/grants.h"
#include "services/runtime/envelope.h"
#include "services/runtime/slot.h"

namespace tandem::runtime {

// One call as it came through the door: who, until when, and the trace it belongs to.
struct Call {
  base::Caller caller{};
  absl::Time deadline = absl::InfiniteFuture();
  std::string trace_id{};  // 32 hex digits from `traceparent`, or drawn at the door.
  // The operator's principals: the id of the break-glass that stands for them; "" for all others.
  std::string break_glass{};
};

// Whom the grants are asked about for this call.
inline std::string ViewerOf(const Call& call) {
  return call.break_glass.empty() ? call.caller.firm : base::BreakGlassViewer(call.break_glass);
}

// A message and the position that covers all it shows; the shell seals the position into the
// answer's metadata ("tandem-position-bin").
template <typename Message>
struct Answer {
  Message message{};
  base::Position position{};
};

// Called exactly once, on any thread.
template <typename Message>
using Reply = absl::AnyInvocable<void(absl::StatusOr<Answer<Message>>)>;

// What a server stream sends, pulled one by one when the transport has room, so that grants are
// checked in the step that hands the message over.
template <typename Message>
class Pages {
 public:
  virtual ~Pages() = default;
  // The next message, nullopt at the end, or the error that ends the stream. Never waits.
  virtual absl::StatusOr<std::optional<Message>> Next() = 0;
};
template <typename Message>
using PagesReply = absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<Pages<Message>>>)>;

// 16 bytes over method and request: what a request id stands for (design, section 7). The first 4
// are the method's alone, so that one id under two methods is two ids.
inline std::string DigestOf(std::string_view method, std::string_view request_bytes) {
  std::string all(method);
  all.push_back('\0');
  const Hash of_method = HashOf(all);
  all.append(request_bytes);
  const Hash of_all = HashOf(all);
  std::string digest(reinterpret_cast<const char*>(of_method.data()), 4);
  digest.append(reinterpret_cast<const char*>(of_all.data()), 12);
  return digest;
}

// The slot's command for a request that has a request_id (checked by the caller of this).
template <typename Request>
Command CommandFor(const Call& call, std::string_view method, const Request& request,
                   DecideFunction decide) {
  // A UUID is the same in upper and lower case (RFC 9562, section 4), and so is what it asks for.
  std::string id = absl::AsciiStrToLower(request.request_id());
  std::string bytes;
  if (id == request.request_id()) {
    bytes = request.SerializeAsString();
  } else {
    Request lower = request;
    lower.set_request_id(id);
    bytes = lower.SerializeAsString();
  }
  Command command;
  command.caller = call.caller;
  command.method = std::string(method);
  command.request_id = std::move(id);
  command.request_digest = DigestOf(method, bytes);
  command.deadline = call.deadline;
  command.byte_size = bytes.size();
  command.decide = std::move(decide);
  return command;
}

}  // namespace tandem::runtime
