// What every benchmark needs of the service: a network with firms, registers and agreements, made
// through the public API.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/process.h"

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace tandem::bench {

// One principal's connection.
class Client {
 public:
  Client(const std::string& target, std::string firm);
  ~Client();
  // A context with a deadline of a minute, and without TLS the caller's metadata.
  std::unique_ptr<grpc::ClientContext> Context() const;
  // For the generated stubs, which stay out of headers: Service::NewStub(client.channel()).
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const std::string& firm() const { return firm_; }

 private:
  std::string firm_;
  std::shared_ptr<grpc::Channel> channel_;
};

// Ends the benchmark with the error unless the call went well.
void Check(const grpc::Status& status, const std::string& what);

// A random UUID.
std::string NewRequestId();

// `tandem serve` on embedded storage in a folder, on a free loopback port.
class Server {
 public:
  explicit Server(const std::string& folder);
  const std::string& target() const { return target_; }
  Process& process() { return *process_; }
  const Process& process() const { return *process_; }

 private:
  std::string target_;
  std::unique_ptr<Process> process_;
};

// The bare server of the same methods (peer.h), in a process of its own.
class PeerServer {
 public:
  enum class Keeps { kNothing, kSyncedRows };
  explicit PeerServer(Keeps keeps = Keeps::kNothing);
  const std::string& target() const { return target_; }
  const Process& process() const { return *process_; }

 private:
  TemporaryFolder folder_;
  std::string target_;
  std::unique_ptr<Process> process_;
};

// Admits them, and waits until the server lets each of them in.
void AdmitFirms(const std::string& target, const std::vector<std::string>& firms);
void AdmitFirm(const std::string& target, const std::string& firm);
// Items "I00000" ... of the firm, and locations "L0" ...
void Register(Client& client, int items, int locations);
std::string ItemId(int index);
std::string LocationId(int index);
// An agreement in force between owner and reader over these items and locations, all kinds of data.
std::string Agree(Client& owner, Client& reader, const std::vector<std::string>& items,
                  const std::vector<std::string>& locations);

}  // namespace tandem::bench
