#include "tests/bench/peer.h"

#include <grpcpp/grpcpp.h>

#include <csignal>
#include <fstream>
#include <memory>

#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tests/bench/network.h"
#include "tests/bench/synced_write.h"

namespace tandem::bench {
namespace {

namespace ev1 = exchange::v1;

// Reads a block, adds its values up (a store would at least look at them), answers, reads the next.
class IngestReactor final
    : public grpc::ServerBidiReactor<ev1::IngestRequest, ev1::IngestResponse> {
 public:
  IngestReactor() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    for (const std::int64_t value : request_.series().value_milli()) sum_ += value;
    rows_ += request_.series().value_milli_size();
    response_.set_durable_block(request_.block());
    response_.set_row_count(sum_ == -1 ? 0 : rows_);  // Uses the sum, so that it is made.
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  ev1::IngestRequest request_;
  ev1::IngestResponse response_;
  std::int64_t rows_ = 0;
  std::int64_t sum_ = 0;
};

class Peer final : public ev1::ExchangeService::CallbackService {
 public:
  explicit Peer(const std::string& database)
      : rows_(database.empty() ? nullptr : std::make_unique<SyncedQueue>(database)) {}
  grpc::ServerUnaryReactor* ReportStock(grpc::CallbackServerContext* context,
                                        const ev1::ReportStockRequest* request,
                                        ev1::ReportStockResponse* response) override {
    response->mutable_accept_time()->set_seconds(request->on_hand_milli());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const auto answer = [reactor] { reactor->Finish(grpc::Status::OK); };
    if (rows_ == nullptr) {
      answer();
    } else {
      rows_->Put(request->request_id(), request->SerializeAsString(), answer);
    }
    return reactor;
  }
  grpc::ServerBidiReactor<ev1::IngestRequest, ev1::IngestResponse>* Ingest(
      grpc::CallbackServerContext*) override {
    return new IngestReactor();  // Deletes itself in OnDone, as gRPC's reactors do.
  }

 private:
  std::unique_ptr<SyncedQueue> rows_;  // nullptr: answers at once.
};

}  // namespace

int RunPeer(const std::string& port_file, const std::string& certificates,
            const std::string& database) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Peer peer(database);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", Network::PeerCredentialsIn(certificates), &port);
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(&peer);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::ofstream(port_file) << port << "\n";
  int received = 0;
  sigwait(&signals, &received);
  server->Shutdown();
  return 0;
}

}  // namespace tandem::bench
