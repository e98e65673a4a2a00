// What every benchmark needs of the service: a network with firms, registers and agreements, made
// through the public API.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tandem/feed/v1/feed.grpc.pb.h"
#include "tandem/governance/v1/governance.grpc.pb.h"
#include "tests/bench/process.h"

namespace tandem::bench {

// One principal's connection.
class Client {
 public:
  Client(const std::string& target, std::string firm);
  // A context with the caller's metadata and a deadline of a minute.
  std::unique_ptr<grpc::ClientContext> Context() const;
  exchange::v1::ExchangeService::Stub& exchange() { return *exchange_; }
  governance::v1::GovernanceService::Stub& governance() { return *governance_; }
  feed::v1::FeedService::Stub& feed() { return *feed_; }
  const std::string& firm() const { return firm_; }

 private:
  std::string firm_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<exchange::v1::ExchangeService::Stub> exchange_;
  std::unique_ptr<governance::v1::GovernanceService::Stub> governance_;
  std::unique_ptr<feed::v1::FeedService::Stub> feed_;
};

// Ends the benchmark with the error unless the call went well.
void Check(const grpc::Status& status, const std::string& what);

// A random UUID.
std::string NewRequestId();

// `tandem serve` on embedded storage in a folder, on a free loopback port, without TLS.
class Server {
 public:
  explicit Server(const std::string& folder);
  const std::string& target() const { return target_; }
  Process& process() { return *process_; }

 private:
  std::string target_;
  std::unique_ptr<Process> process_;
};

// The bare server of the same methods (peer.h), in a process of its own.
class PeerServer {
 public:
  PeerServer();
  const std::string& target() const { return target_; }

 private:
  TemporaryFolder folder_;
  std::string target_;
  std::unique_ptr<Process> process_;
};

void AdmitFirm(const std::string& target, const std::string& firm);
// Items "I00000" ... of the firm, and locations "L0" ...
void Register(Client& client, int items, int locations);
std::string ItemId(int index);
std::string LocationId(int index);
// An agreement in force between owner and reader over these items and locations, all kinds of data.
std::string Agree(Client& owner, Client& reader, const std::vector<std::string>& items,
                  const std::vector<std::string>& locations);

}  // namespace tandem::bench
