// The exchange's series as forecast's worker reads them (forecast/worker.h): from the handlers in
// this process, or over gRPC from where the exchange runs.
#pragma once

#include <memory>
#include <string>

#include "services/exchange/api.h"
#include "services/forecast/worker.h"
#include "services/runtime/seal.h"
#include "services/runtime/seams.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tandem::program {

// Reads in tasks of the executor. Handlers, clock, executor and sealer must outlive it and every
// read.
class LocalSeries final : public forecast::SeriesSource {
 public:
  LocalSeries(exchange::ExchangeApi& api, const runtime::Clock& clock, runtime::Executor& executor,
              const runtime::Sealer& sealer)
      : api_(api), clock_(clock), executor_(executor), sealer_(sealer) {}
  void Read(const base::Caller& on_behalf_of, forecast::SeriesRequest request, Done done) override;
  void ReadGroups(const base::Caller& on_behalf_of, std::string owner, GroupsDone done) override;

 private:
  exchange::ExchangeApi& api_;
  const runtime::Clock& clock_;
  runtime::Executor& executor_;
  const runtime::Sealer& sealer_;
};

// `instance` names this instance where the channel has no TLS; the caller is forwarded.
std::unique_ptr<forecast::SeriesSource> MakeRemoteSeries(std::shared_ptr<grpc::Channel> channel,
                                                         std::string instance);

}  // namespace tandem::program
