// A door, a server on 127.0.0.1 and a service of three methods, one of each shape, whose handlers a
// test sets: what the tests of rpc and identity run over real loopback.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "services/runtime/door.h"
#include "services/runtime/executor.h"
#include "services/runtime/rpc_status.h"
#include "services/runtime/server.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::testing {

// Firms by hand. Every principal has every role but those of "reader-only".
class TableBook final : public runtime::FirmBook {
 public:
  void Put(runtime::KnownFirm firm) {
    const std::lock_guard lock(mutex_);
    firms_[firm.firm] = std::move(firm);
    ++version_;
  }
  std::optional<runtime::KnownFirm> Firm(std::string_view firm) const override {
    const std::lock_guard lock(mutex_);
    const auto found = firms_.find(firm);
    if (found == firms_.end()) return std::nullopt;
    return found->second;
  }
  std::vector<runtime::KnownFirm> Firms() const override {
    const std::lock_guard lock(mutex_);
    std::vector<runtime::KnownFirm> firms;
    for (const auto& [name, firm] : firms_) firms.push_back(firm);
    return firms;
  }
  bool HasRole(std::string_view /*firm*/, std::string_view principal,
               std::string_view role) const override {
    return role == "reader" || principal != "reader-only";
  }
  std::uint64_t version() const override {
    const std::lock_guard lock(mutex_);
    return version_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, runtime::KnownFirm, std::less<>> firms_;
  std::uint64_t version_ = 0;
};

namespace exchange_v1 = ::tandem::exchange::v1;

// Answers by functions. ListItems stands for unary calls, ReadSeries for pages, Ingest for
// sessions.
class ScriptApi {
 public:
  using Session = class ScriptSession;

  std::function<void(const runtime::Call&, const exchange_v1::ListItemsRequest&,
                     runtime::Reply<exchange_v1::ListItemsResponse>)>
      on_list = [](const runtime::Call&, const exchange_v1::ListItemsRequest&,
                   runtime::Reply<exchange_v1::ListItemsResponse> reply) {
        reply(runtime::Answer<exchange_v1::ListItemsResponse>{});
      };
  std::function<absl::StatusOr<std::optional<exchange_v1::ReadSeriesResponse>>(int page)> on_page;
  std::function<void()> on_pages_gone;  // Optional.
  std::function<void(exchange_v1::IngestRequest,
                     absl::AnyInvocable<void(absl::StatusOr<exchange_v1::IngestResponse>)>)>
      on_push;

  void ListItems(const runtime::Call& call, const exchange_v1::ListItemsRequest& request,
                 runtime::Reply<exchange_v1::ListItemsResponse> reply) {
    on_list(call, request, std::move(reply));
  }
  void ReadSeries(const runtime::Call& call, const exchange_v1::ReadSeriesRequest& request,
                  runtime::PagesReply<exchange_v1::ReadSeriesResponse> reply);
  std::unique_ptr<ScriptSession> OpenIngest(const runtime::Call& call);
};

class ScriptSession {
 public:
  explicit ScriptSession(ScriptApi& api) : api_(api) {}
  void Push(exchange_v1::IngestRequest request,
            absl::AnyInvocable<void(absl::StatusOr<exchange_v1::IngestResponse>)> done) {
    api_.on_push(std::move(request), std::move(done));
  }

 private:
  ScriptApi& api_;
};

class ScriptPages final : public runtime::Pages<exchange_v1::ReadSeriesResponse> {
 public:
  explicit ScriptPages(ScriptApi& api) : api_(api) {}
  ~ScriptPages() override {
    if (api_.on_pages_gone) api_.on_pages_gone();
  }
  absl::StatusOr<std::optional<exchange_v1::ReadSeriesResponse>> Next() override {
    return api_.on_page(page_++);
  }

 private:
  ScriptApi& api_;
  int page_ = 0;
};

inline void ScriptApi::ReadSeries(const runtime::Call& /*call*/,
                                  const exchange_v1::ReadSeriesRequest& /*request*/,
                                  runtime::PagesReply<exchange_v1::ReadSeriesResponse> reply) {
  reply(std::make_unique<ScriptPages>(*this));
}
inline std::unique_ptr<ScriptSession> ScriptApi::OpenIngest(const runtime::Call& /*call*/) {
  return std::make_unique<ScriptSession>(*this);
}

// A session's answer to its request `block`.
inline exchange_v1::IngestResponse Durable(std::int64_t block) {
  exchange_v1::IngestResponse response;
  response.set_durable_block(block);
  return response;
}

using IngestStream =
    grpc::ClientReaderWriter<exchange_v1::IngestRequest, exchange_v1::IngestResponse>;

// Sends requests 1 to `blocks`, alike but for their number, and the end, on a thread of its own;
// stops where the stream has ended. The stream has to outlive the thread. (loopback.cc)
std::thread SendBlocks(IngestStream& stream, std::int64_t blocks,
                       exchange_v1::IngestRequest request = {});

// The handlers as a service's shell serves them, with the roles of readers and editors
// (loopback.cc).
std::unique_ptr<grpc::Service> MakeScriptService(runtime::Door& door, ScriptApi& api);

// All of it together. Set `api` and `book` as the test needs, then Start.
class Loopback {
 public:
  Loopback() : sealer_(std::string(32, 'k'), random_) {}
  ~Loopback() {
    if (server_ != nullptr) server_->Shutdown(absl::Seconds(5));
  }

  absl::Status Start(runtime::Identity& identity, runtime::DoorOptions options = {},
                     std::optional<runtime::TlsFiles> tls = std::nullopt) {
    runtime::Door::Parts parts{.identity = &identity,
                               .book = &book,
                               .sealer = &sealer_,
                               .clock = &clock,
                               .random = &random_,
                               .telemetry = &telemetry,
                               .stored = &stored,
                               .catch_up = catch_up,
                               .break_glass = break_glass,
                               .audit = [this](runtime::AuditEntry entry) {
                                 const std::lock_guard lock(audited_mutex_);
                                 audited_.push_back(std::move(entry));
                               }};
    door_ = std::make_unique<runtime::Door>(std::move(parts), options);
    service_ = MakeScriptService(*door_, api);
    std::vector<grpc::Service*> services = {service_.get()};
    if (make_more) more_ = make_more(*door_);
    if (more_ != nullptr) services.push_back(more_.get());
    auto server =
        runtime::Server::Start({.listen = "127.0.0.1:0", .tls = std::move(tls)}, services);
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    return absl::OkStatus();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  runtime::Server& server() { return *server_; }
  runtime::Door& door() { return *door_; }
  const runtime::Sealer& sealer() const { return sealer_; }
  // The lines that the door has left since the last call: "firm/principal Method REASON claim".
  std::vector<std::string> TakeAudited() {
    const std::lock_guard lock(audited_mutex_);
    std::vector<std::string> lines;
    for (const runtime::AuditEntry& entry : std::exchange(audited_, {})) {
      lines.push_back(entry.caller.firm + "/" + entry.caller.principal + " " + entry.method + " " +
                      entry.reason + " " + entry.claimed);
    }
    return lines;
  }

  ScriptApi api;
  TableBook book;
  runtime::SystemClock clock;
  runtime::Telemetry telemetry;
  runtime::StoredBytes stored;
  runtime::Door::CatchUp catch_up;
  std::function<std::string(std::string_view principal)> break_glass;
  // Another service at the same door.
  std::function<std::unique_ptr<grpc::Service>(runtime::Door&)> make_more;

 private:
  runtime::SystemRandom random_;
  runtime::Sealer sealer_;
  std::mutex audited_mutex_;
  std::vector<runtime::AuditEntry> audited_;
  std::unique_ptr<runtime::Door> door_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Service> more_;
  std::unique_ptr<runtime::Server> server_;
};

// A context that names a caller, as a client without TLS does, with a deadline far away.
inline std::unique_ptr<grpc::ClientContext> ContextOf(const std::string& firm,
                                                      const std::string& principal) {
  auto context = std::make_unique<grpc::ClientContext>();
  if (!firm.empty()) context->AddMetadata(runtime::kFirmKey, firm);
  if (!principal.empty()) context->AddMetadata(runtime::kPrincipalKey, principal);
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  return context;
}

template <typename Stub>
absl::Status List(Stub& stub, grpc::ClientContext& context,
                  const exchange_v1::ListItemsRequest& request = {}) {
  exchange_v1::ListItemsResponse response;
  return runtime::FromGrpcStatus(stub.ListItems(&context, request, &response));
}

}  // namespace tandem::testing
