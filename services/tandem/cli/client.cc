#include "services/tandem/cli/client.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/certificate.h"
#include "services/runtime/rpc_status.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/patience.h"

namespace tandem::cli {
namespace {

constexpr char kFirmKey[] = "tandem-firm";
constexpr char kPrincipalKey[] = "tandem-principal";
constexpr char kPositionKey[] = "tandem-position-bin";
constexpr int kAnswerBytesMax = 64 << 20;

absl::Status Missing(std::string_view flag) {
  return base::RefuseField(base::Reason::kFieldMissing, flag,
                           "give --cert, --key and --ca for TLS, or --insecure --as FIRM/PRINCIPAL "
                           "for a service on loopback");
}

// Firm and principal of "tandem://{network}/firms/{firm}/principals/{principal}".
absl::StatusOr<std::vector<std::string>> CallerIn(const std::string& certificate_pem) {
  TANDEM_ASSIGN_OR_RETURN(const runtime::Leaf leaf, runtime::ReadLeaf(certificate_pem));
  for (const std::string& uri : leaf.uris) {
    const std::size_t network = uri.find("://");
    const std::size_t path = network == std::string::npos ? network : uri.find('/', network + 3);
    if (path == std::string::npos) continue;
    auto ids = base::ParseName("--cert", "firms/*/principals/*", uri.substr(path + 1));
    if (ids.ok()) return ids;
  }
  return base::RefuseField(base::Reason::kUnknownCaller, "--cert",
                           "the certificate names no firm and principal in its URI SAN");
}

std::shared_ptr<grpc::Channel> Channel(const std::string& server,
                                       const std::shared_ptr<grpc::ChannelCredentials>& how) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kAnswerBytesMax);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A socket a channel.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  return grpc::CreateCustomChannel(server, how, arguments);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(const ClientOptions& options) {
  std::unique_ptr<Client> client(new Client());
  client->options_ = options;
  std::vector<std::string> caller;
  if (options.insecure) {
    auto ids = base::ParseName("--as", "*/*", options.as);
    if (!ids.ok()) return Missing("--as");
    caller = *std::move(ids);
    client->credentials_ = grpc::InsecureChannelCredentials();
  } else {
    if (options.cert.empty()) return Missing("--cert");
    if (options.key.empty()) return Missing("--key");
    if (options.ca.empty()) return Missing("--ca");
    grpc::SslCredentialsOptions tls;
    TANDEM_ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadWholeFile(options.cert));
    TANDEM_ASSIGN_OR_RETURN(tls.pem_private_key, ReadWholeFile(options.key));
    TANDEM_ASSIGN_OR_RETURN(tls.pem_root_certs, ReadWholeFile(options.ca));
    TANDEM_ASSIGN_OR_RETURN(caller, CallerIn(tls.pem_cert_chain));
    const absl::Status fits = runtime::CheckKey(tls.pem_cert_chain, tls.pem_private_key);
    if (!fits.ok()) {
      const std::string why(fits.message());
      return base::RefuseField(base::Reason::kFieldOutOfRange, "--key", why,
                               {{"key", options.key}, {"cert", options.cert}});
    }
    client->credentials_ = grpc::SslCredentials(tls);
  }
  client->firm_ = caller[0];
  client->principal_ = caller[1];
  client->channel_ = Channel(options.server, client->credentials_);
  return client;
}

absl::Status Client::WithAdvice(const absl::Status& status) const {
  if (!absl::IsUnavailable(status) || base::RefusalOf(status).has_value()) return status;
  constexpr std::string_view kBroken[] = {"handshake",          "Handshake",        "Socket closed",
                                          "empty address list", "Connection reset", "GOAWAY"};
  const std::string message(status.message());
  const bool broken = std::ranges::any_of(
      kBroken, [&](std::string_view words) { return message.find(words) != std::string::npos; });
  if (!broken) return status;
  return absl::UnavailableError(absl::StrCat(
      "no connection to ", options_.server, " (", message, "). ",
      options_.insecure
          ? "If it is there, it may want TLS: --cert, --key and --ca in place of --insecure"
          : "If it is there, one side may not take the other's certificate: --ca must be the "
            "authority of the service's, --cert of an authority that your firm is registered with "
            "and within its dates, and the service one that has TLS"));
}

std::unique_ptr<Client> Client::Another() const {
  std::unique_ptr<Client> client(new Client());
  client->options_ = options_;
  client->firm_ = firm_;
  client->principal_ = principal_;
  client->credentials_ = credentials_;
  client->channel_ = Channel(options_.server, credentials_);
  return client;
}

absl::Status Client::WaitUntilReady(absl::Duration timeout) {
  const auto deadline = absl::ToChronoTime(absl::Now() + timeout);
  if (channel_->WaitForConnected(deadline)) return absl::OkStatus();
  return absl::UnavailableError("no service answers at " + options_.server);
}

void Client::Identify(grpc::ClientContext* context) const {
  if (!options_.insecure) return;
  context->AddMetadata(kFirmKey, firm_);
  context->AddMetadata(kPrincipalKey, principal_);
}

void Client::Remember(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(kPositionKey);
  if (found == trailers.end()) return;
  const std::lock_guard lock(mutex_);
  position_.assign(found->second.data(), found->second.size());
}

std::string Client::position() const {
  const std::lock_guard lock(mutex_);
  return position_;
}

absl::Status Client::Retry(const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  Patience patience(absl::Seconds(options_.retry_seconds));
  for (;;) {
    grpc::ClientContext context;
    Identify(&context);
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(options_.timeout_seconds)));
    absl::Status status = StatusOfCall(call(&context));
    if (status.ok()) {
      Remember(context);
      return status;
    }
    if (!MayRetry(status)) return status;
    if (!patience.Wait(*this, status)) return WithAdvice(status);
  }
}

// While nobody waits for it, gRPC connects in steps of five seconds.
void Client::WaitToRetry(Backoff& backoff) {
  if (channel_->GetState(true) == GRPC_CHANNEL_READY) return backoff.Wait();
  channel_->WaitForConnected(absl::ToChronoTime(absl::Now() + backoff.Next()));
}

absl::Status StatusOfCall(const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::CANCELLED) return runtime::FromGrpcStatus(status);
  return absl::UnavailableError("the service ended the call before it was done");
}

std::string NewRequestId() {
  std::random_device device;
  const auto word = [&] { return static_cast<std::uint64_t>(device()) << 32 | device(); };
  const std::uint64_t a = word();
  const std::uint64_t b = word();
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%012x", a >> 32, a >> 16 & 0xffff, a & 0xfff,
                         (b >> 48 & 0x3fff) | 0x8000, b & 0xffffffffffff);
}

absl::Duration Backoff::Next() {
  return std::exchange(next_, std::min(2 * next_, absl::Seconds(3)));
}
void Backoff::Wait() { absl::SleepFor(Next()); }

}  // namespace tandem::cli
