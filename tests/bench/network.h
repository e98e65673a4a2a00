// Whom servers, peers and clients are to one another while the benchmarks run: mutual TLS under a
// development network's certificates (deploy/certs), as firms connect, or no TLS, as on a laptop.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace grpc {
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace tandem::bench {

class TemporaryFolder;

// One at a time; made in main before anything that connects, and gone after it.
class Network {
 public:
  explicit Network(bool tls);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  bool tls() const { return folder_ != nullptr; }
  // Of the principal "bench" of a firm, whose authority is made at the first call. Any thread.
  std::shared_ptr<grpc::ChannelCredentials> ClientCredentials(const std::string& firm);
  // In PEM, for AdmitFirm; "" without TLS.
  std::string AuthorityOf(const std::string& firm);
  // What `tandem serve` and the client's commands are told.
  std::vector<std::string> ServeFlags() const;
  std::string ClientFlags(const std::string& firm);
  // The folder of certificates, "" without TLS; a peer in a process of its own opens it again.
  std::string path() const;
  // A peer's: certificates that are there.
  static std::shared_ptr<grpc::ServerCredentials> PeerCredentialsIn(const std::string& path);

 private:
  // The files of firm's principal "bench" without their suffix.
  std::string Leaf(const std::string& firm);
  std::unique_ptr<TemporaryFolder> folder_;
};

// The one that is.
Network& TheNetwork();
// A result's name; it ends in "_insecure" where the network has no TLS.
std::string Named(const std::string& name);

}  // namespace tandem::bench
