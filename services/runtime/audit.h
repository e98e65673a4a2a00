// The audit lines of a service's handlers: one for every read, served or refused, and one for every
// change that was refused (an accepted one is a fact). A handler wraps its reply before anything
// else, so that no way out of it goes without:
//
//   reply = AuditOf(seams_).Read(call, {"ListItems", request.parent()}, std::move(reply));
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "services/runtime/call.h"
#include "services/runtime/router.h"

namespace tandem::runtime {

// What a handler was asked. No payload and no quantities.
struct Asked {
  // "ListItems", and the names and ranges asked for: outside text, of which the beginning is kept.
  Asked(std::string_view the_method, std::string_view the_resource)
      : method(the_method), resource(the_resource.substr(0, kResourceBytesMax)) {}

  static constexpr std::size_t kResourceBytesMax = 512;  // The collector cuts again, at its bound.
  std::string method{};
  std::string resource{};
};

// "items all" for no ids, "items a,b,c" for few, "items a,b,c,+17" for more.
template <typename Ids>
std::string AskedIds(std::string_view what, const Ids& ids) {
  constexpr int kShown = 3;
  std::string text(what);
  text += ids.empty() ? " all" : " ";
  int left = static_cast<int>(ids.size());
  for (const auto& id : ids) {
    if (static_cast<int>(ids.size()) - left == kShown) break;
    text.append(id, 0, 64);
    if (--left > 0) text += ",";
  }
  return left > 0 ? text + "+" + std::to_string(left) : text;
}

// A status as an audit line's reason: "" for OK, a refusal's reason, else the code's name.
std::string AuditReason(const absl::Status& status);

// What the line says was asked: under a break-glass, its id first.
Asked AskedIn(const Call& call, Asked asked);

// One service's. The lines of one firm lie in one slot of the service, in order; the collector
// merges what is alike and bounds what one firm can make it write (slot_audit.h). Safe on any
// thread; lines that come after the router's end are dropped.
class Audit {
 public:
  Audit(const Router& router, base::DomainId domain)
      : sink_(router.audit_sink()), domain_(domain) {}

  void Line(const base::Caller& caller, const Asked& asked, const absl::Status& status) const;

  // `reply`, which leaves a line first, whatever it is called with.
  template <typename T>
  absl::AnyInvocable<void(absl::StatusOr<T>)> Read(
      const Call& call, Asked asked, absl::AnyInvocable<void(absl::StatusOr<T>)> reply) const {
    return [audit = *this, caller = call.caller, asked = AskedIn(call, std::move(asked)),
            reply = std::move(reply)](absl::StatusOr<T> answer) mutable {
      audit.Line(caller, asked, answer.status());
      reply(std::move(answer));
    };
  }
  // `reply`, which leaves a line first where it is called with an error.
  template <typename T>
  absl::AnyInvocable<void(absl::StatusOr<T>)> Change(
      const Call& call, Asked asked, absl::AnyInvocable<void(absl::StatusOr<T>)> reply) const {
    return [audit = *this, caller = call.caller, asked = AskedIn(call, std::move(asked)),
            reply = std::move(reply)](absl::StatusOr<T> answer) mutable {
      if (!answer.ok()) audit.Line(caller, asked, answer.status());
      reply(std::move(answer));
    };
  }
  // As Read, and a second line where the pages end in an error: a grant that went meanwhile.
  template <typename Message>
  PagesReply<Message> ReadPages(const Call& call, Asked asked, PagesReply<Message> reply) const;

 private:
  template <typename Message>
  class AuditedPages;

  Router::AuditSink sink_;
  base::DomainId domain_;
};

template <typename Message>
class Audit::AuditedPages final : public Pages<Message> {
 public:
  AuditedPages(const Audit& audit, base::Caller caller, Asked asked,
               std::unique_ptr<Pages<Message>> pages)
      : audit_(audit),
        caller_(std::move(caller)),
        asked_(std::move(asked)),
        pages_(std::move(pages)) {}
  absl::StatusOr<std::optional<Message>> Next() override {
    absl::StatusOr<std::optional<Message>> next = pages_->Next();
    if (!next.ok()) audit_.Line(caller_, asked_, next.status());
    return next;
  }

 private:
  const Audit audit_;
  const base::Caller caller_;
  const Asked asked_;
  const std::unique_ptr<Pages<Message>> pages_;
};

template <typename Message>
PagesReply<Message> Audit::ReadPages(const Call& call, Asked asked,
                                     PagesReply<Message> reply) const {
  return [audit = *this, caller = call.caller, asked = AskedIn(call, std::move(asked)),
          reply = std::move(reply)](absl::StatusOr<std::unique_ptr<Pages<Message>>> pages) mutable {
    audit.Line(caller, asked, pages.status());
    if (pages.ok()) {
      pages = std::make_unique<AuditedPages<Message>>(audit, std::move(caller), std::move(asked),
                                                      *std::move(pages));
    }
    reply(std::move(pages));
  };
}

}  // namespace tandem::runtime
