// Who calls. With TLS the certificate's URI SAN says so, and it counts only under the authorities
// registered for the firm it names (design, section 6); without, on loopback, the metadata does.
//
//   tandem://{network}/firms/{firm}/principals/{principal}   a partner's people and programs
//   tandem://{network}/firms/operator/principals/{principal} the operator's, under the operator's
//   CA tandem://{network}/instances/{instance}                  an instance's own, under the
//   operator's CA
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/runtime/certificate.h"
#include "services/runtime/grants.h"
#include "services/runtime/seams.h"

namespace grpc {
class ServerContextBase;
}  // namespace grpc

namespace tandem::runtime {

// Metadata keys. Without TLS a caller names itself by these …
inline constexpr char kFirmKey[] = "tandem-firm";  // "operator" for the operator.
inline constexpr char kPrincipalKey[] = "tandem-principal";
inline constexpr char kInstanceKey[] = "tandem-instance";
// … and an instance names, with or without TLS, the firm that it calls for.
inline constexpr char kForwardedFirmKey[] = "tandem-forwarded-firm";
inline constexpr char kForwardedPrincipalKey[] = "tandem-forwarded-principal";

// The firm id that stands for the network's operator.
inline constexpr char kOperatorFirm[] = "operator";

// What a method asks of its caller. The operator's principals are operators alone; an administrator
// has every role of its firm.
enum class Role { kReader, kEditor, kSigner, kAdmin, kOperator, kInstance };
std::string_view RoleName(Role role);  // "reader"

// The firms as the door knows them.
class FirmBook {
 public:
  virtual ~FirmBook() = default;
  virtual std::optional<KnownFirm> Firm(std::string_view firm) const = 0;
  virtual std::vector<KnownFirm> Firms() const = 0;
  virtual bool HasRole(std::string_view firm, std::string_view principal,
                       std::string_view role) const = 0;
  // Changes whenever any answer may have.
  virtual std::uint64_t version() const = 0;
};

// The replica as a book; it must outlive this.
class ReplicaFirmBook final : public FirmBook {
 public:
  explicit ReplicaFirmBook(const GrantsReplica& replica) : replica_(replica) {}
  std::optional<KnownFirm> Firm(std::string_view firm) const override {
    return replica_.Firm(firm);
  }
  std::vector<KnownFirm> Firms() const override { return replica_.Firms(); }
  bool HasRole(std::string_view firm, std::string_view principal,
               std::string_view role) const override {
    return replica_.HasRole(firm, principal, role);
  }
  std::uint64_t version() const override { return replica_.version(); }

 private:
  const GrantsReplica& replica_;
};

// What the transport says of the other side.
struct Peer {
  std::string chain_pem{};  // Leaf first; "" without TLS.
  std::string firm{};
  std::string principal{};
  std::string instance{};
  std::string forwarded_firm{};
  std::string forwarded_principal{};
  bool ambiguous = false;  // One of the keys came twice.
};
Peer PeerOf(const grpc::ServerContextBase& context);

// What a peer that could not prove who it is says of itself, for the audit: "firms/acme/principals/
// bot", with TLS from its certificate, and whom it says it calls for. Letters, digits and '._:/-'
// alone, others as '?'; short. Never to be believed.
std::string ClaimOf(const Peer& peer);

// Safe on any thread; never waits.
class Identity {
 public:
  virtual ~Identity() = default;
  // The caller of a call. UNAUTHENTICATED / UNKNOWN_CALLER for who cannot prove a firm of this
  // network, and for anyone but an instance that forwards another's identity;
  // FAILED_PRECONDITION / FIRM_SUSPENDED for a suspended firm's.
  virtual absl::StatusOr<base::Caller> CallerOf(const Peer& peer) = 0;
};
// Who was refused with FIRM_SUSPENDED by CallerOf: it is sure of that by then.
base::Caller SuspendedCaller(const absl::Status& status);

// Believes the metadata. For a server on loopback alone.
class MetadataIdentity final : public Identity {
 public:
  explicit MetadataIdentity(const FirmBook& book) : book_(book) {}
  absl::StatusOr<base::Caller> CallerOf(const Peer& peer) override;

 private:
  const FirmBook& book_;
};

// Believes certificates. A chain is verified once and again when the book has changed.
class CertificateIdentity final : public Identity {
 public:
  struct Options {
    std::string network{};
    std::string operator_authority_pem{};
  };
  CertificateIdentity(Options options, const FirmBook& book, const Clock& clock)
      : options_(std::move(options)), book_(book), clock_(clock) {}
  absl::StatusOr<base::Caller> CallerOf(const Peer& peer) override;

 private:
  struct Known {
    std::uint64_t version = 0;  // Of the book it was verified against.
    absl::Time not_after{};
    absl::StatusOr<base::Caller> caller{};
  };
  Known Verify(const std::string& chain_pem) const;
  absl::StatusOr<base::Caller> Owner(const std::string& chain_pem);

  const Options options_;
  const FirmBook& book_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Known, std::less<>> known_;  // By the chain's PEM.
};

// OK, or PERMISSION_DENIED / ROLE_MISSING. What an instance may do is kInstance alone: what it
// forwards, it forwards as the firm's caller.
absl::Status CheckRole(const FirmBook& book, const base::Caller& caller, Role role);

// The root bundle of the TLS handshake: the operator's authority first, then every firm's, each
// certificate encoded anew. gRPC takes one bundle for all; which firm an authority speaks for is
// decided after the handshake by CertificateIdentity.
std::string RootBundle(std::string_view operator_authority_pem, const FirmBook& book);

}  // namespace tandem::runtime
