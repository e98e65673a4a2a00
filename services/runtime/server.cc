#include "services/runtime/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.pb.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/certificate.h"

namespace tandem::runtime {
namespace {

using grpc::experimental::FileWatcherCertificateProvider;

// gRPC's least: how soon renewed certificates and new firms' authorities count.
constexpr unsigned int kCertificateRefreshSeconds = 1;

struct AddressFreer {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, AddressFreer>;

Addresses Resolve(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return nullptr;
  return Addresses(found);
}

bool IsLoopbackAddress(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& ip = reinterpret_cast<const sockaddr_in&>(address);
    return ntohl(ip.sin_addr.s_addr) >> 24 == 127;
  }
  if (address.sa_family != AF_INET6) return false;
  const auto& ip = reinterpret_cast<const sockaddr_in6&>(address);
  return IN6_IS_ADDR_LOOPBACK(&ip.sin6_addr) != 0;
}

// gRPC says only that it failed: ask the system why.
absl::Status WhyNot(const std::string& listen, const HostPort& address) {
  const Addresses addresses = Resolve(address.host, address.port);
  std::string cause = "the host has no address";
  std::string advice = "choose another with --listen";
  if (addresses != nullptr) {
    const int descriptor = socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int bound = bind(descriptor, addresses->ai_addr, addresses->ai_addrlen);
    cause = bound == 0 ? "it could not be listened on" : std::strerror(errno);
    if (bound != 0 && errno == EADDRINUSE) {
      cause = "the port is taken by another program";
      advice = "stop it, or choose another port with --listen (port 0: any free one)";
    } else if (bound != 0 && errno == EACCES) {
      advice = "choose a port from 1024 up with --listen, or grant CAP_NET_BIND_SERVICE";
    }
    if (descriptor >= 0) close(descriptor);
  }
  return base::Refuse(base::Reason::kNotServing,
                      absl::StrCat("cannot listen on ", listen, ": ", cause, "; ", advice),
                      {{"address", listen}, {"cause", cause}});
}

// What gRPC would find out at the first handshake, and then tell nobody.
absl::Status CheckFiles(const TlsFiles& files) {
  TANDEM_ASSIGN_OR_RETURN(const std::string certificate, ReadWholeFile(files.certificate));
  TANDEM_ASSIGN_OR_RETURN(const std::string key, ReadWholeFile(files.key));
  TANDEM_RETURN_IF_ERROR(ReadWholeFile(files.root_bundle).status());
  if (CertificatesIn(certificate).empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(files.certificate, " holds no certificate in PEM; see deploy/certs"));
  }
  const absl::Status fits = CheckKey(certificate, key);
  if (!fits.ok()) {
    return absl::FailedPreconditionError(absl::StrCat("tls_key: ", files.key, " ", fits.message(),
                                                      "; tls_cert is ", files.certificate));
  }
  return absl::OkStatus();
}

std::shared_ptr<FileWatcherCertificateProvider> Watch(const TlsFiles& files) {
  return std::make_shared<FileWatcherCertificateProvider>(
      files.key, files.certificate, files.root_bundle, kCertificateRefreshSeconds);
}

std::shared_ptr<grpc::ServerCredentials> CredentialsFor(const std::optional<TlsFiles>& tls) {
  if (!tls.has_value()) return grpc::InsecureServerCredentials();
  grpc::experimental::TlsServerCredentialsOptions options(Watch(*tls));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

void Configure(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // A taken port must be an error.
  // A dead peer's streams end within half a minute; live clients may ping every ten seconds.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

// gRPC 1.51 frees its queue of callbacks twice, now and then, when the last server and channel that
// use it are gone, which would end an orderly stop with a crash. A server that was shut down holds
// the queue and nothing of ours, so it stays to the end of the process.
void KeepForever(std::unique_ptr<grpc::Server> server) {
  struct Kept {
    std::mutex mutex{};
    std::vector<std::unique_ptr<grpc::Server>> servers{};
  };
  static auto* const kept = new Kept();  // Never destroyed.
  const std::lock_guard lock(kept->mutex);
  kept->servers.push_back(std::move(server));
}

}  // namespace

absl::StatusOr<HostPort> ParseHostPort(std::string_view field, std::string_view text) {
  const auto refuse = [&] {
    return base::RefuseField(base::Reason::kFieldOutOfRange, field,
                             "is HOST:PORT, such as 127.0.0.1:7420",
                             {{"value", absl::string_view(text.data(), text.size())}});
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return refuse();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse();
  }
  HostPort parsed{.host = std::string(host)};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), parsed.port);
  if (error != std::errc{} || end != digits.data() + digits.size() || host.empty() ||
      parsed.port < 0 || parsed.port > 65535) {
    return refuse();
  }
  return parsed;
}

bool IsLoopback(const std::string& host) {
  const Addresses addresses = Resolve(host, 0);
  if (addresses == nullptr) return false;
  for (const addrinfo* next = addresses.get(); next != nullptr; next = next->ai_next) {
    if (!IsLoopbackAddress(*next->ai_addr)) return false;
  }
  return true;
}

struct Server::Impl {
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { Shutdown(absl::ZeroDuration()); }
int Server::port() const { return impl_->port; }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const std::vector<grpc::Service*>& services) {
  TANDEM_ASSIGN_OR_RETURN(const HostPort address, ParseHostPort("listen", options.listen));
  if (!options.tls.has_value() && !IsLoopback(address.host)) {
    return base::RefuseField(
        base::Reason::kFieldOutOfRange, "listen",
        "without TLS the server binds to loopback only; use 127.0.0.1, or give --tls-cert, "
        "--tls-key and --operator-ca",
        {{"address", options.listen}});
  }
  if (options.tls.has_value()) TANDEM_RETURN_IF_ERROR(CheckFiles(*options.tls));
  grpc::EnableDefaultHealthCheckService(true);
  // gRPC answers for health, but has no descriptor of it that reflection could show: this links
  // ours.
  google::protobuf::LinkMessageReflection<grpc::health::v1::HealthCheckRequest>();
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  Configure(builder);
  auto impl = std::make_unique<Impl>();
  builder.AddListeningPort(options.listen, CredentialsFor(options.tls), &impl->port);
  for (grpc::Service* service : services) builder.RegisterService(service);
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr || impl->port == 0) return WhyNot(options.listen, address);
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::Shutdown(absl::Duration grace) {
  if (impl_->server == nullptr) return;
  if (auto* health = impl_->server->GetHealthCheckService(); health != nullptr) {
    health->Shutdown();
  }
  impl_->server->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
  impl_->server->Wait();
  KeepForever(std::move(impl_->server));
}

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address,
                                         const std::optional<TlsFiles>& tls) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  if (!tls.has_value()) {
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Watch(*tls));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  return grpc::CreateCustomChannel(address, grpc::experimental::TlsCredentials(options), arguments);
}

absl::Status WriteFileWhole(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  {
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.flush();
    if (!file) return absl::FailedPreconditionError(absl::StrCat("cannot write ", fresh));
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  }
  return bytes;
}

}  // namespace tandem::runtime
