#include "tests/bench/network.h"

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>

#include "tests/bench/process.h"

namespace tandem::bench {
namespace {

Network* the_network = nullptr;

constexpr char kOperator[] = "operator";
constexpr char kPrincipal[] = "bench";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void MakeCertificates(const std::string& folder, const std::string& arguments) {
  const std::string command =
      std::string(TANDEM_SOURCE) + "/deploy/certs '" + folder + "' " + arguments;
  if (std::system(command.c_str()) == 0) return;
  std::fprintf(stderr, "bench: failed: %s\n", command.c_str());
  std::exit(1);
}

}  // namespace

Network::Network(bool tls) {
  the_network = this;
  if (!tls) return;
  folder_ = std::make_unique<TemporaryFolder>();
  MakeCertificates(path(), "init");
  MakeCertificates(path(), "instance node");
  MakeCertificates(path(), std::string("operator ") + kPrincipal);
}

Network::~Network() { the_network = nullptr; }

std::string Network::path() const { return tls() ? folder_->path() : ""; }

std::string Network::Leaf(const std::string& firm) {
  if (firm == kOperator) return path() + "/operator/" + kPrincipal;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::string leaf = path() + "/firms/" + firm + "/" + kPrincipal;
  if (!std::filesystem::exists(leaf + ".pem")) {
    MakeCertificates(path(), "firm " + firm);
    MakeCertificates(path(), "principal " + firm + " " + kPrincipal);
  }
  return leaf;
}

std::shared_ptr<grpc::ChannelCredentials> Network::ClientCredentials(const std::string& firm) {
  if (!tls()) return grpc::InsecureChannelCredentials();
  const std::string leaf = Leaf(firm);
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadFile(path() + "/operator/ca.pem");
  options.pem_private_key = ReadFile(leaf + ".key");
  options.pem_cert_chain = ReadFile(leaf + ".pem");
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::ServerCredentials> Network::PeerCredentialsIn(const std::string& path) {
  if (path.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  for (const auto& entry : std::filesystem::directory_iterator(path + "/firms")) {
    options.pem_root_certs += ReadFile(entry.path().string() + "/ca.pem");
  }
  options.pem_key_cert_pairs.push_back(
      {ReadFile(path + "/instances/node.key"), ReadFile(path + "/instances/node.pem")});
  return grpc::SslServerCredentials(options);
}

std::string Network::AuthorityOf(const std::string& firm) {
  if (!tls()) return "";
  Leaf(firm);
  return ReadFile(path() + "/firms/" + firm + "/ca.pem");
}

std::vector<std::string> Network::ServeFlags() const {
  if (!tls()) return {"--insecure"};
  return {"--tls-cert",    path() + "/instances/node.pem",
          "--tls-key",     path() + "/instances/node.key",
          "--operator-ca", path() + "/operator/ca.pem"};
}

std::string Network::ClientFlags(const std::string& firm) {
  if (!tls()) return "--insecure --as " + firm + "/" + kPrincipal;
  const std::string leaf = Leaf(firm);
  return "--cert " + leaf + ".pem --key " + leaf + ".key --ca " + path() + "/operator/ca.pem";
}

Network& TheNetwork() { return *the_network; }

std::string Named(const std::string& name) {
  return TheNetwork().tls() ? name : name + "_insecure";
}

}  // namespace tandem::bench
