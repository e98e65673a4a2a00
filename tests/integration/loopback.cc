#include "tests/integration/loopback.h"

#include "services/runtime/rpc.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::testing {
namespace {

class ScriptService final : public exchange_v1::ExchangeService::CallbackService {
 public:
  // A row each; the bytes of its values as they lie in memory.
  static runtime::Load RowEach(const exchange_v1::IngestRequest& request) {
    return {.rows = 1,
            .bytes = 1 + 8 * static_cast<std::uint64_t>(request.series().value_milli_size())};
  }
  ScriptService(runtime::Door& door, ScriptApi& api) : shell_(door, api) {}
  grpc::ServerUnaryReactor* ListItems(grpc::CallbackServerContext* context,
                                      const exchange_v1::ListItemsRequest* request,
                                      exchange_v1::ListItemsResponse* response) override {
    return shell_.Unary({"ListItems", runtime::Role::kReader}, context, request, response,
                        &ScriptApi::ListItems);
  }
  grpc::ServerWriteReactor<exchange_v1::ReadSeriesResponse>* ReadSeries(
      grpc::CallbackServerContext* context,
      const exchange_v1::ReadSeriesRequest* request) override {
    return shell_.Stream<exchange_v1::ReadSeriesResponse>({"ReadSeries", runtime::Role::kReader},
                                                          context, request, &ScriptApi::ReadSeries);
  }
  grpc::ServerBidiReactor<exchange_v1::IngestRequest, exchange_v1::IngestResponse>* Ingest(
      grpc::CallbackServerContext* context) override {
    return shell_.Converse<exchange_v1::IngestRequest, exchange_v1::IngestResponse>(
        {"Ingest", runtime::Role::kEditor}, context, &ScriptApi::OpenIngest, &RowEach);
  }

 private:
  runtime::Shell<ScriptApi> shell_;
};

}  // namespace

std::thread SendBlocks(IngestStream& stream, std::int64_t blocks,
                       exchange_v1::IngestRequest request) {
  return std::thread([&stream, blocks, request = std::move(request)]() mutable {
    for (std::int64_t block = 1; block <= blocks; ++block) {
      request.set_block(block);
      if (!stream.Write(request)) return;
    }
    stream.WritesDone();
  });
}

std::unique_ptr<grpc::Service> MakeScriptService(runtime::Door& door, ScriptApi& api) {
  return std::make_unique<ScriptService>(door, api);
}

}  // namespace tandem::testing
