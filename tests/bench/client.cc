#include "tests/bench/client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tandem/governance/v1/governance.grpc.pb.h"
#include "tests/bench/network.h"

namespace tandem::bench {
namespace {

auto Governance(const Client& client) {
  return governance::v1::GovernanceService::NewStub(client.channel());
}
auto Exchange(const Client& client) {
  return exchange::v1::ExchangeService::NewStub(client.channel());
}

}  // namespace

Client::Client(const std::string& target, std::string firm) : firm_(std::move(firm)) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A connection of its own.
  arguments.SetMaxReceiveMessageSize(-1);
  channel_ = grpc::CreateCustomChannel(target, TheNetwork().ClientCredentials(firm_), arguments);
  // gRPC 1.51 frees its callback queue twice now and then when the last channel that used it goes:
  // so none goes before the program does.
  static std::mutex mutex;
  static auto* const kept = new std::vector<std::shared_ptr<grpc::Channel>>();
  const std::lock_guard lock(mutex);  // Clients are made on several threads at once.
  kept->push_back(channel_);
}

Client::~Client() = default;

std::unique_ptr<grpc::ClientContext> Client::Context() const {
  auto context = std::make_unique<grpc::ClientContext>();
  if (!TheNetwork().tls()) {  // With TLS the certificate says it.
    context->AddMetadata("tandem-firm", firm_);
    context->AddMetadata("tandem-principal", "bench");
  }
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  return context;
}

void Check(const grpc::Status& status, const std::string& what) {
  if (status.ok()) return;
  std::fprintf(stderr, "bench: %s: %d %s\n", what.c_str(), static_cast<int>(status.error_code()),
               status.error_message().c_str());
  std::exit(1);
}

std::string NewRequestId() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  char text[40];
  const std::uint64_t a = generator();
  const std::uint64_t b = generator();
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-a%03x-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>(a >> 16 & 0xffff), static_cast<unsigned>(a & 0xfff),
                static_cast<unsigned>(b >> 52 & 0xfff),
                static_cast<unsigned long long>(b & 0xffffffffffff));
  return text;
}

Server::Server(const std::string& folder) {
  const std::string port_file = folder + "/port";
  std::remove(port_file.c_str());
  const char* program = std::getenv("TANDEM_PROGRAM");
  std::vector<std::string> command{
      program != nullptr ? program : BuildFolder() + "/../../services/tandem/tandem",
      "serve",
      "--data",
      folder + "/data",
      "--listen",
      "127.0.0.1:0",
      "--port-file",
      port_file,
      "--log-level",
      "warning"};
  for (const std::string& flag : TheNetwork().ServeFlags()) command.push_back(flag);
  process_ = std::make_unique<Process>(command);
  target_ = "127.0.0.1:" + AwaitLine(port_file);
}

PeerServer::PeerServer(Keeps keeps) {
  const std::string port_file = folder_.path() + "/port";
  TheNetwork().AuthorityOf("bench");  // Made, so that the peer knows it.
  process_ = std::make_unique<Process>(
      std::vector<std::string>{BuildFolder() + "/bench", "--peer", port_file, TheNetwork().path(),
                               keeps == Keeps::kSyncedRows ? folder_.path() + "/db" : ""});
  target_ = "127.0.0.1:" + AwaitLine(port_file);
}

namespace {

// A new authority counts within a second or two; until then handshakes are refused.
void WaitUntilAdmitted(const std::string& target, const std::string& firm) {
  governance::v1::GetFirmRequest own;
  own.set_name("firms/" + firm);
  governance::v1::Firm answer;
  grpc::Status status;
  for (int i = 0; i < 200; ++i) {
    const Client fresh(target, firm);
    status = Governance(fresh)->GetFirm(fresh.Context().get(), own, &answer);
    if (status.ok()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  Check(status, "GetFirm as the new firm");
}

}  // namespace

void AdmitFirm(const std::string& target, const std::string& firm) { AdmitFirms(target, {firm}); }

void AdmitFirms(const std::string& target, const std::vector<std::string>& firms) {
  const Client client(target, "operator");
  governance::v1::Firm answer;
  for (const std::string& firm : firms) {
    governance::v1::AdmitFirmRequest request;
    request.set_firm_id(firm);
    request.mutable_firm()->set_display_name(firm);
    request.set_admin_principal("bench");
    if (TheNetwork().tls()) {
      request.mutable_firm()->add_authority_pems(TheNetwork().AuthorityOf(firm));
    }
    request.set_request_id(NewRequestId());
    Check(Governance(client)->AdmitFirm(client.Context().get(), request, &answer), "AdmitFirm");
  }
  for (const std::string& firm : firms) WaitUntilAdmitted(target, firm);
}

std::string ItemId(int index) {
  char text[16];
  std::snprintf(text, sizeof text, "I%05d", index);
  return text;
}

std::string LocationId(int index) { return "L" + std::to_string(index); }

void Register(Client& client, int items, int locations) {
  for (int first = 0; first < items; first += 5000) {
    exchange::v1::RegisterItemsRequest request;
    request.set_parent("firms/" + client.firm());
    request.set_request_id(NewRequestId());
    for (int i = first; i < items && i < first + 5000; ++i) {
      exchange::v1::Item& item = *request.add_items();
      item.set_name("firms/" + client.firm() + "/items/" + ItemId(i));
      item.set_unit_code("C62");
    }
    exchange::v1::RegisterItemsResponse answer;
    Check(Exchange(client)->RegisterItems(client.Context().get(), request, &answer),
          "RegisterItems");
  }
  exchange::v1::RegisterLocationsRequest request;
  request.set_parent("firms/" + client.firm());
  request.set_request_id(NewRequestId());
  for (int i = 0; i < locations; ++i) {
    exchange::v1::Location& location = *request.add_locations();
    location.set_name("firms/" + client.firm() + "/locations/" + LocationId(i));
    location.set_kind(exchange::v1::LOCATION_KIND_STORE);
  }
  exchange::v1::RegisterLocationsResponse answer;
  Check(Exchange(client)->RegisterLocations(client.Context().get(), request, &answer),
        "RegisterLocations");
}

std::string Agree(Client& owner, Client& reader, const std::vector<std::string>& items,
                  const std::vector<std::string>& locations) {
  governance::v1::OfferAgreementRequest offer;
  governance::v1::Terms& terms = *offer.mutable_terms();
  terms.add_parties("firms/" + owner.firm());
  terms.add_parties("firms/" + reader.firm());
  governance::v1::Scope& scope = *terms.add_scopes();
  scope.set_owner("firms/" + owner.firm());
  *scope.mutable_items() = {items.begin(), items.end()};
  *scope.mutable_locations() = {locations.begin(), locations.end()};
  governance::v1::Grant& grant = *terms.add_grants();
  grant.set_owner("firms/" + owner.firm());
  grant.set_reader("firms/" + reader.firm());
  for (int kind = governance::v1::DATA_KIND_ITEMS; kind <= governance::v1::DATA_KIND_FORECASTS;
       ++kind) {
    grant.add_kinds(static_cast<governance::v1::DataKind>(kind));
  }
  grant.add_derivations("forecast");
  terms.set_horizon_days(28);
  terms.set_bucket_days(1);
  offer.set_request_id(NewRequestId());
  governance::v1::Agreement agreement;
  Check(Governance(owner)->OfferAgreement(owner.Context().get(), offer, &agreement),
        "OfferAgreement");
  governance::v1::SignAgreementRequest sign;
  sign.set_name(agreement.name());
  sign.set_terms_hash(agreement.offered_terms_hash());
  sign.set_request_id(NewRequestId());
  Check(Governance(reader)->SignAgreement(reader.Context().get(), sign, &agreement),
        "SignAgreement");
  return agreement.name();
}

}  // namespace tandem::bench
