#include "services/tandem/instance.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/service_type.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/api.h"
#include "services/exchange/domain.h"
#include "services/exchange/register_replica.h"
#include "services/exchange/service.h"
#include "services/exchange/worker.h"
#include "services/forecast/api.h"
#include "services/forecast/api_domain.h"
#include "services/forecast/service.h"
#include "services/forecast/worker.h"
#include "services/governance/api.h"
#include "services/governance/api_domain.h"
#include "services/governance/service.h"
#include "services/governance/service_replica.h"
#include "services/runtime/checkpoints.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/executor.h"
#include "services/runtime/feed_service.h"
#include "services/runtime/local_governance.h"
#include "services/runtime/logging.h"
#include "services/runtime/network.h"
#include "services/runtime/operator_service.h"
#include "services/runtime/remote_governance.h"
#include "services/runtime/rocks_store.h"
#include "services/runtime/server.h"
#include "services/runtime/stored_bytes.h"
#include "services/runtime/telemetry.h"
#include "services/tandem/root_bundle.h"
#include "services/tandem/series.h"

namespace tandem::program {
namespace {

using base::DomainId;
using runtime::LogLevel;

// How long a start waits for governance elsewhere before it serves without: then reads of other
// firms' data are UNAVAILABLE until it is heard from.
constexpr absl::Duration kGovernanceWait = absl::Seconds(10);
// A stranger's call waits this long for the replica before it is refused.
constexpr absl::Duration kCatchUpWait = absl::Milliseconds(500);

// Forecasts are computed in what time commands and reads leave.
constexpr int kFitNiceness = 10;

// For answers that are on their way out when the last call has ended.
constexpr absl::Duration kLastAnswers = absl::Milliseconds(200);

// Waits for a completion. At start and stop alone: nothing else in the program waits.
template <typename Result, typename Begin>
Result Await(Begin begin) {
  std::promise<Result> promise;
  std::future<Result> result = promise.get_future();
  begin([&promise](Result value) { promise.set_value(std::move(value)); });
  return result.get();
}

int ThreadsOf(const Config& config) {
  if (config.threads > 0) return config.threads;
  return std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
}

runtime::RocksStoreOptions StoreOptionsOf(const Config& config) {
  runtime::RocksStoreOptions options{.path = config.data + "/store"};
  options.on_warning = [](std::string_view message) {
    runtime::LogLine(runtime::LogLevel::kWarning, "storage", {{"message", std::string(message)}});
  };
  return options;
}

absl::StatusOr<std::string> SealKeyOf(const Config& config, const runtime::Network& network) {
  if (config.seal_key.empty()) return network.key;
  TANDEM_ASSIGN_OR_RETURN(const std::string text, runtime::ReadWholeFile(config.seal_key));
  const absl::string_view digits = absl::StripTrailingAsciiWhitespace(text);
  const bool hex = digits.find_first_not_of("0123456789abcdefABCDEF") == absl::string_view::npos;
  if (digits.size() != 64 || !hex) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "seal_key",
                             "the file holds 64 hex digits: openssl rand -hex 32");
  }
  return absl::HexStringToBytes(digits);
}

}  // namespace

// Members in the order they are made; destroyed in the other.
struct Instance::Impl {
  explicit Impl(Config settings)
      : config(std::move(settings)),
        executor(ThreadsOf(config)),
        feeding(std::max(1, ThreadsOf(config) / 2)),
        fits(ThreadsOf(config), kFitNiceness) {}

  absl::Status OpenStorage();
  absl::Status FollowGovernance();
  absl::Status ServeDomains();
  absl::Status OpenIdentity();
  absl::Status OpenDoor();
  absl::Status Listen();
  absl::Status StartMetrics();
  absl::Status WritePortFile() const;
  std::shared_ptr<grpc::Channel> PeerChannel(DomainId service) const;
  std::optional<runtime::TlsFiles> PeerTls() const;
  void Stop();

  const Config config;
  runtime::Telemetry telemetry;
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  runtime::ThreadExecutor executor;
  runtime::ThreadExecutor feeding;  // Followers leave half of the processors to writers.
  runtime::ThreadExecutor fits;  // Takes seconds a task: the executor's tasks must not wait for it.
  std::unique_ptr<runtime::RocksStore> store;
  std::unique_ptr<runtime::Checkpoints> checkpoints;
  std::unique_ptr<runtime::Sealer> sealer;
  std::unique_ptr<runtime::EmbeddedLog> log;
  std::unique_ptr<runtime::GovernanceSource> governance_source;
  std::unique_ptr<runtime::GrantsReplica> grants;
  std::unique_ptr<runtime::ReplicaFirmBook> book;
  std::unique_ptr<RootBundleFile> root_bundle;

  governance::GovernanceDomain governance_domain;
  std::unique_ptr<exchange::RegisterReplica> registers;
  std::unique_ptr<exchange::ExchangeDomain> exchange_domain;
  forecast::ForecastDomain forecast_domain;
  std::unique_ptr<runtime::Router> router;

  std::unique_ptr<governance::GovernanceApi> governance_api;
  std::unique_ptr<exchange::ExchangeApi> exchange_api;
  std::unique_ptr<exchange::FoldWorker> fold_worker;
  std::unique_ptr<forecast::ForecastApi> forecast_api;
  std::unique_ptr<forecast::SeriesSource> series;
  std::unique_ptr<forecast::Worker> worker;
  std::unique_ptr<runtime::Feed> feed;

  std::unique_ptr<runtime::Identity> identity;
  std::unique_ptr<runtime::Door> door;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<runtime::Server> server;
  std::unique_ptr<runtime::MetricsServer> metrics;
  bool stopped = false;
};

absl::Status Instance::Impl::OpenStorage() {
  std::error_code error;
  std::filesystem::create_directories(config.data, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot make the data folder ", config.data, ": ", error.message()));
  }
  TANDEM_ASSIGN_OR_RETURN(store, runtime::RocksStore::Open(StoreOptionsOf(config)));
  checkpoints = std::make_unique<runtime::Checkpoints>(*store, config.data + "/checkpoints", clock);
  TANDEM_ASSIGN_OR_RETURN(const runtime::Network network,
                          Await<absl::StatusOr<runtime::Network>>([&](auto done) {
                            runtime::OpenNetwork(*store, random, std::move(done));
                          }));
  TANDEM_ASSIGN_OR_RETURN(const std::string key, SealKeyOf(config, network));
  sealer = std::make_unique<runtime::Sealer>(key, random);
  log = std::make_unique<runtime::EmbeddedLog>(*store, executor, network.log_id);
  router = std::make_unique<runtime::Router>(*log, clock, executor, runtime::SlotOptions{});
  return absl::OkStatus();
}

std::optional<runtime::TlsFiles> Instance::Impl::PeerTls() const {
  if (config.insecure) return std::nullopt;
  return runtime::TlsFiles{
      .certificate = config.tls_cert, .key = config.tls_key, .root_bundle = config.operator_ca};
}

std::shared_ptr<grpc::Channel> Instance::Impl::PeerChannel(DomainId service) const {
  return runtime::ChannelTo(config.peers.at(service), PeerTls());
}

absl::Status Instance::Impl::ServeDomains() {
  const auto serve = [this](const runtime::Domain& domain) {
    return Await<absl::Status>([&](auto done) { router->Serve(domain, std::move(done)); });
  };
  const auto check_role = [this](std::string_view firm, std::string_view principal,
                                 std::string_view role) {
    return grants->CheckRole(firm, principal, role);
  };
  if (config.Serves(DomainId::kGovernance)) {
    TANDEM_RETURN_IF_ERROR(serve(governance_domain));
    std::string authority;
    if (!config.insecure) {
      TANDEM_ASSIGN_OR_RETURN(authority, runtime::ReadWholeFile(config.operator_ca));
    }
    governance_api = std::make_unique<governance::GovernanceApi>(*router, *sealer, authority);
  }
  if (config.Serves(DomainId::kExchange)) {
    std::vector<base::SlotId> slots;
    for (std::uint16_t i = 0; i < exchange::ExchangeDomain::kSlots; ++i) {
      slots.push_back({.domain = DomainId::kExchange, .index = i});
    }
    registers = std::make_unique<exchange::RegisterReplica>(*log, executor, std::move(slots));
    exchange_domain = std::make_unique<exchange::ExchangeDomain>(*registers);
    TANDEM_RETURN_IF_ERROR(serve(*exchange_domain));
    TANDEM_RETURN_IF_ERROR(registers->Start());
    exchange_api = std::make_unique<exchange::ExchangeApi>(
        exchange::ExchangeSeams{.router = router.get(),
                                .grants = grants.get(),
                                .registers = registers.get(),
                                .sealer = sealer.get(),
                                .check_role = check_role});
    fold_worker =
        std::make_unique<exchange::FoldWorker>(*router, executor, exchange::FoldWorkerOptions{});
  }
  if (config.Serves(DomainId::kForecast)) {
    TANDEM_RETURN_IF_ERROR(serve(forecast_domain));
    forecast_api =
        std::make_unique<forecast::ForecastApi>(forecast::ForecastSeams{.router = router.get(),
                                                                        .grants = grants.get(),
                                                                        .sealer = sealer.get(),
                                                                        .check_role = check_role});
    if (exchange_api != nullptr) {
      series = std::make_unique<LocalSeries>(*exchange_api, clock, executor, *sealer);
    } else {
      series = MakeRemoteSeries(PeerChannel(DomainId::kExchange),
                                config.insecure ? config.instance : "");
    }
    worker =
        std::make_unique<forecast::Worker>(*forecast_api, *series, fits, forecast::WorkerOptions{});
  }
  return absl::OkStatus();
}

absl::Status Instance::Impl::FollowGovernance() {
  if (config.Serves(DomainId::kGovernance)) {
    governance_source = std::make_unique<runtime::LocalGovernance>(*log);
  } else {
    governance_source = std::make_unique<runtime::RemoteGovernance>(
        PeerChannel(DomainId::kGovernance), config.insecure ? config.instance : "", executor);
  }
  grants = std::make_unique<runtime::GrantsReplica>(*governance_source, clock, executor);
  grants->OnAnotherLog([this] {
    runtime::LogLine(LogLevel::kError,
                     "governance's log is not the one that was followed: restart this instance",
                     {{"followed", grants->version()}});
  });
  book = std::make_unique<runtime::ReplicaFirmBook>(*grants);
  return absl::OkStatus();
}

absl::Status Instance::Impl::OpenIdentity() {
  if (config.insecure) {
    identity = std::make_unique<runtime::MetadataIdentity>(*book);
    return absl::OkStatus();
  }
  TANDEM_ASSIGN_OR_RETURN(const std::string pem, runtime::ReadWholeFile(config.operator_ca));
  root_bundle = std::make_unique<RootBundleFile>(config.data + "/root-bundle.pem", pem, *book);
  TANDEM_RETURN_IF_ERROR(root_bundle->Refresh());
  grants->OnFold([this](std::uint64_t) {
    executor.Run([this] {
      const absl::Status status = root_bundle->Refresh();
      if (!status.ok()) {
        runtime::LogLine(LogLevel::kError, "firms' authorities were not written",
                         {{"cause", status.message()}});
      }
    });
  });
  identity = std::make_unique<runtime::CertificateIdentity>(
      runtime::CertificateIdentity::Options{.network = config.network,
                                            .operator_authority_pem = pem},
      *book, clock);
  return absl::OkStatus();
}

absl::Status Instance::Impl::OpenDoor() {
  grants->Start();
  const absl::Time limit = clock.Now() + kGovernanceWait;
  const absl::StatusOr<std::uint64_t> number = Await<absl::StatusOr<std::uint64_t>>(
      [&](auto done) { governance_source->AskPosition(std::move(done)); });
  absl::Status current = number.status();
  if (number.ok()) {
    current =
        Await<absl::Status>([&](auto done) { grants->WaitFor(*number, limit, std::move(done)); });
  }
  if (!current.ok()) {
    runtime::LogLine(LogLevel::kWarning, "governance is away, serving without its news",
                     {{"cause", current.message()}});
  }
  TANDEM_RETURN_IF_ERROR(OpenIdentity());
  const base::SlotId audit_slot = router->slots().front();  // Governance's, where it is served.
  runtime::Door::Parts parts{
      .identity = identity.get(),
      .book = book.get(),
      .sealer = sealer.get(),
      .clock = &clock,
      .random = &random,
      .telemetry = &telemetry,
      .stored = &router->stored(),
      .catch_up =
          [this](absl::AnyInvocable<void(absl::Status)> done) {
            governance_source->AskPosition(
                [this, done = std::move(done)](absl::StatusOr<std::uint64_t> asked) mutable {
                  if (!asked.ok()) return done(asked.status());
                  grants->WaitFor(*asked, clock.Now() + kCatchUpWait, std::move(done));
                });
          },
      .break_glass = [this](std::string_view principal) { return grants->BreakGlassOf(principal); },
      .audit = [this, audit_slot](
                   runtime::AuditEntry entry) { router->Audit(audit_slot, std::move(entry)); }};
  door = std::make_unique<runtime::Door>(
      std::move(parts),
      runtime::DoorOptions{.deadline_default = config.deadline_default,
                           .read_stall_max = config.read_stall_max,
                           .calls_firm_max = static_cast<std::size_t>(config.calls_firm_max),
                           .streams_firm_max = static_cast<std::size_t>(config.streams_firm_max),
                           .rates = {.rows_per_second = config.rows_per_second_firm_max,
                                     .bytes_per_second = config.bytes_per_second_firm_max},
                           .read_rates = {.bytes_per_second = config.read_bytes_per_second_firm_max,
                                          .verb = "reads"},
                           .stored_bytes_firm_max = config.stored_bytes_firm_max});
  return absl::OkStatus();
}

absl::Status Instance::Impl::Listen() {
  feed = std::make_unique<runtime::Feed>(*router, *grants, *sealer, clock, feeding,
                                         runtime::FeedOptions{});
  feed->Start();
  services.push_back(runtime::MakeFeedService(*door, *feed));
  services.push_back(runtime::MakeOperatorService(*door, *checkpoints));
  if (governance_api != nullptr) {
    services.push_back(governance::MakeGovernanceService(*door, *governance_api));
    services.push_back(governance::MakeGovernanceReplicaService(*door, *log));
  }
  if (exchange_api != nullptr) {
    services.push_back(exchange::MakeExchangeService(*door, *exchange_api));
  }
  if (forecast_api != nullptr) {
    services.push_back(forecast::MakeForecastService(*door, *forecast_api));
  }
  std::vector<grpc::Service*> all;
  for (const auto& service : services) all.push_back(service.get());
  runtime::ServerOptions options{.listen = config.listen};
  if (!config.insecure) {
    options.tls = runtime::TlsFiles{
        .certificate = config.tls_cert, .key = config.tls_key, .root_bundle = root_bundle->path()};
  }
  TANDEM_ASSIGN_OR_RETURN(server, runtime::Server::Start(options, all));
  if (fold_worker != nullptr) fold_worker->Start();
  if (worker != nullptr) worker->Start();
  return absl::OkStatus();
}

absl::Status Instance::Impl::StartMetrics() {
  telemetry.Watch("tandem_feed_subscribers", "Open feeds.",
                  [this] { return static_cast<double>(feed->subscriptions()); });
  telemetry.Watch("tandem_grants_number", "The last fact of governance that is in the replica.",
                  [this] { return static_cast<double>(grants->version()); });
  telemetry.Watch("tandem_grants_fresh", "1 while the replica may be relied on.",
                  [this] { return grants->Fresh().ok() ? 1.0 : 0.0; });
  telemetry.Watch("tandem_stored_bytes", "Bytes of facts that firms have stored here.",
                  [this] { return static_cast<double>(router->stored().total()); });
  telemetry.Watch("tandem_stored_bytes_firm_most",
                  "The same of the firm that has most; the bound is stored_bytes_firm_max.",
                  [this] { return static_cast<double>(router->stored().most()); });
  telemetry.WatchSlots([this] {
    std::vector<runtime::SlotReport> reports;
    for (const base::SlotId slot : router->slots()) {
      reports.push_back({.slot = slot, .counters = router->counters(slot)});
    }
    return reports;
  });
  if (config.metrics.empty()) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(metrics, runtime::MetricsServer::Start(config.metrics, telemetry));
  return absl::OkStatus();
}

absl::Status Instance::Impl::WritePortFile() const {
  if (config.port_file.empty()) return absl::OkStatus();
  return runtime::WriteFileWhole(config.port_file, absl::StrCat(server->port(), "\n"));
}

void Instance::Impl::Stop() {
  if (std::exchange(stopped, true)) return;
  metrics.reset();
  if (feed != nullptr) feed->Drain();
  if (door != nullptr) {
    door->Drain();
    if (!door->WaitUntilEmpty(config.drain_max)) {
      runtime::LogLine(LogLevel::kWarning, "calls in flight were cut off");
    }
  }
  // Idle clients may take seconds to hang up, and are not waited for.
  if (server != nullptr) server->Shutdown(kLastAnswers);
  if (router != nullptr) {
    Await<bool>(
        [this](auto done) { router->Drain([done = std::move(done)]() mutable { done(true); }); });
  }
  // Tasks that run now are the last; what is destroyed next is not called.
  feeding.Shutdown();
  executor.Shutdown();
  fits.Shutdown();
}

Instance::Instance(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Instance::~Instance() { Stop(); }
void Instance::Stop() { impl_->Stop(); }
int Instance::port() const { return impl_->server->port(); }

absl::StatusOr<std::unique_ptr<Instance>> Instance::Start(const Config& config) {
  auto impl = std::make_unique<Impl>(config);
  const auto start = [&impl]() -> absl::Status {
    TANDEM_RETURN_IF_ERROR(impl->OpenStorage());
    TANDEM_RETURN_IF_ERROR(impl->FollowGovernance());
    TANDEM_RETURN_IF_ERROR(impl->ServeDomains());
    TANDEM_RETURN_IF_ERROR(impl->OpenDoor());
    TANDEM_RETURN_IF_ERROR(impl->Listen());
    TANDEM_RETURN_IF_ERROR(impl->StartMetrics());
    return impl->WritePortFile();
  };
  const absl::Status started = start();
  if (!started.ok()) {
    impl->Stop();
    return started;
  }
  return std::unique_ptr<Instance>(new Instance(std::move(impl)));
}

std::string Instance::ready_line() const {
  std::vector<std::string> names;
  for (const DomainId service : impl_->config.services) {
    names.emplace_back(base::DomainName(service));
  }
  const absl::StatusOr<runtime::HostPort> address =
      runtime::ParseHostPort("listen", impl_->config.listen);
  const bool v6 = address.ok() && address->host.find(':') != std::string::npos;
  const std::string host = address.ok() ? address->host : "";
  return absl::StrCat("serving ", absl::StrJoin(names, ", "), " on ", v6 ? "[" : "", host,
                      v6 ? "]:" : ":", port());
}

}  // namespace tandem::program
