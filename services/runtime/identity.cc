#include "services/runtime/identity.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/auth_context.h"
#include "grpcpp/server_context.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/slot_audit.h"

namespace tandem::runtime {
namespace {

// A bound on what strangers can make us remember.
constexpr std::size_t kKnownMax = 10'000;

absl::Status Unknown(std::string_view why) {
  return base::Refuse(base::Reason::kUnknownCaller, why);
}

std::string Property(const grpc::AuthContext& context, const char* name) {
  const std::vector<grpc::string_ref> values = context.FindPropertyValues(name);
  return values.empty() ? "" : std::string(values.front().data(), values.front().size());
}

// A firm's caller, once it is sure that it is one.
absl::StatusOr<base::Caller> Admitted(const FirmBook& book, std::string firm,
                                      std::string principal) {
  TANDEM_RETURN_IF_ERROR(base::CheckId("principal", principal));
  if (firm == kOperatorFirm) {
    return base::Caller{
        .firm = std::move(firm), .principal = std::move(principal), .operator_role = true};
  }
  const std::optional<KnownFirm> known = book.Firm(firm);
  if (!known.has_value()) {
    return base::Refuse(base::Reason::kUnknownCaller, "no firm of this network", {{"firm", firm}});
  }
  if (known->suspended) {
    return base::Refuse(base::Reason::kFirmSuspended, "the operator has suspended the firm",
                        {{"firm", firm}, {"principal", principal}});
  }
  return base::Caller{.firm = std::move(firm), .principal = std::move(principal)};
}

// Whom the caller calls for, once it is sure who it is.
absl::StatusOr<base::Caller> Forwarded(const FirmBook& book, base::Caller owner, const Peer& peer) {
  if (peer.forwarded_firm.empty() && peer.forwarded_principal.empty()) return owner;
  if (!owner.instance) {
    return Unknown("only an instance's own certificate may forward a caller's identity");
  }
  return Admitted(book, peer.forwarded_firm, peer.forwarded_principal);
}

}  // namespace

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kReader:
      return "reader";
    case Role::kEditor:
      return "editor";
    case Role::kSigner:
      return "signer";
    case Role::kAdmin:
      return "admin";
    case Role::kOperator:
      return "operator";
    case Role::kInstance:
      return "instance";
  }
  return "";
}

Peer PeerOf(const grpc::ServerContextBase& context) {
  Peer peer;
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth != nullptr) {
    // The leaf whose key the peer has proven to hold, and only then what else it sent: on a server
    // OpenSSL's chain has no leaf, and its first certificate may be anybody's.
    peer.chain_pem = Property(*auth, GRPC_X509_PEM_CERT_PROPERTY_NAME);
    if (!peer.chain_pem.empty()) {
      peer.chain_pem += Property(*auth, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
    }
  }
  const auto& metadata = context.client_metadata();
  const auto take = [&](const char* key, std::string& value) {
    auto [found, end] = metadata.equal_range(key);
    if (found == end) return;
    value.assign(found->second.data(), found->second.size());
    if (++found != end) peer.ambiguous = true;
  };
  take(kFirmKey, peer.firm);
  take(kPrincipalKey, peer.principal);
  take(kInstanceKey, peer.instance);
  take(kForwardedFirmKey, peer.forwarded_firm);
  take(kForwardedPrincipalKey, peer.forwarded_principal);
  return peer;
}

std::string ClaimOf(const Peer& peer) {
  std::string claim = peer.instance.empty() ? "" : absl::StrCat("instances/", peer.instance);
  if (!peer.firm.empty() || !peer.principal.empty()) {
    claim = absl::StrCat("firms/", peer.firm, "/principals/", peer.principal);
  }
  if (!peer.chain_pem.empty()) {
    const absl::StatusOr<Leaf> leaf = ReadLeaf(peer.chain_pem);
    claim = leaf.ok() && !leaf->uris.empty() ? leaf->uris.front() : "a certificate without a name";
  }
  if (!peer.forwarded_firm.empty() || !peer.forwarded_principal.empty()) {
    absl::StrAppend(&claim, " for firms/", peer.forwarded_firm, "/principals/",
                    peer.forwarded_principal);
  }
  claim.resize(std::min(claim.size(), AuditCollector::kClaimedBytesMax));
  for (char& c : claim) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        absl::ascii_isalnum(byte) || std::string_view("._:/- ").find(c) != std::string_view::npos;
    if (!plain) c = '?';
  }
  return claim;
}

base::Caller SuspendedCaller(const absl::Status& status) {
  base::Caller caller;
  const std::optional<base::Refusal> refusal = base::RefusalOf(status);
  if (!refusal.has_value()) return caller;
  for (const auto& [key, value] : refusal->details) {
    if (key == "firm") caller.firm = value;
    if (key == "principal") caller.principal = value;
  }
  return caller;
}

absl::StatusOr<base::Caller> MetadataIdentity::CallerOf(const Peer& peer) {
  if (peer.ambiguous) return Unknown("a key of the caller's identity came twice");
  if (!peer.instance.empty()) {
    TANDEM_RETURN_IF_ERROR(base::CheckId(kInstanceKey, peer.instance));
    return Forwarded(book_, base::Caller{.principal = peer.instance, .instance = true}, peer);
  }
  if (peer.firm.empty() || peer.principal.empty()) {
    return Unknown("without TLS a call names its caller in tandem-firm and tandem-principal");
  }
  TANDEM_ASSIGN_OR_RETURN(base::Caller owner, Admitted(book_, peer.firm, peer.principal));
  return Forwarded(book_, std::move(owner), peer);
}

CertificateIdentity::Known CertificateIdentity::Verify(const std::string& chain_pem) const {
  Known known{.version = book_.version(),
              .not_after = absl::InfiniteFuture(),
              .caller = Unknown("the certificate names no principal of this network")};
  const absl::StatusOr<Leaf> leaf = ReadLeaf(chain_pem);
  if (!leaf.ok()) return known;
  known.not_after = leaf->not_after;
  const std::string ours = "tandem://" + options_.network + "/";
  std::string name;
  for (const std::string& uri : leaf->uris) {
    if (!uri.starts_with("tandem://")) continue;
    // Two names, or another network's: nobody is guessed.
    if (!name.empty() || !uri.starts_with(ours)) return known;
    name = uri.substr(ours.size());
  }
  const std::vector<std::string> operator_authority = {options_.operator_authority_pem};
  if (const auto instance = base::ParseName("uri", "instances/*", name); instance.ok()) {
    const absl::Status verified = VerifyLeaf(chain_pem, operator_authority, clock_.Now());
    known.caller = base::Caller{.principal = (*instance)[0], .instance = true};
    if (!verified.ok()) known.caller = verified;
    return known;
  }
  const auto parts = base::ParseName("uri", "firms/*/principals/*", name);
  if (!parts.ok()) return known;
  const std::string& firm = (*parts)[0];
  const std::optional<KnownFirm> registered = book_.Firm(firm);
  const bool is_operator = firm == kOperatorFirm;
  const absl::Status verified = VerifyLeaf(chain_pem,
                                           is_operator              ? operator_authority
                                           : registered.has_value() ? registered->ca_pems
                                                                    : std::vector<std::string>{},
                                           clock_.Now());
  // A stranger learns nothing of which firms there are, nor which are suspended.
  if (!verified.ok()) {
    known.caller = verified;
  } else {
    known.caller = Admitted(book_, firm, (*parts)[1]);
  }
  return known;
}

absl::StatusOr<base::Caller> CertificateIdentity::Owner(const std::string& chain_pem) {
  const std::uint64_t version = book_.version();
  const absl::Time now = clock_.Now();
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(chain_pem);
    if (found != known_.end() && found->second.version == version) {
      if (now <= found->second.not_after) return found->second.caller;
    }
  }
  Known known = Verify(chain_pem);  // About 0.1 ms, outside the lock.
  absl::StatusOr<base::Caller> caller = known.caller;
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kKnownMax) known_.clear();
  known_.insert_or_assign(chain_pem, std::move(known));
  return caller;
}

absl::StatusOr<base::Caller> CertificateIdentity::CallerOf(const Peer& peer) {
  if (peer.ambiguous) return Unknown("a key of the caller's identity came twice");
  if (peer.chain_pem.empty()) return Unknown("a call needs a certificate");
  TANDEM_ASSIGN_OR_RETURN(base::Caller owner, Owner(peer.chain_pem));
  // A client that believes to be someone else is told so, not served as whom it is not.
  if ((!peer.firm.empty() && peer.firm != owner.firm) ||
      (!peer.principal.empty() && peer.principal != owner.principal) || !peer.instance.empty()) {
    return Unknown("the metadata names another caller than the certificate");
  }
  return Forwarded(book_, std::move(owner), peer);
}

absl::Status CheckRole(const FirmBook& book, const base::Caller& caller, Role role) {
  const auto refuse = [&] {
    return base::Refuse(base::Reason::kRoleMissing, "the caller lacks the role for this method",
                        {{"role", absl::string_view(RoleName(role).data(), RoleName(role).size())},
                         {"principal", caller.principal}});
  };
  if (role == Role::kInstance) return caller.instance ? absl::OkStatus() : refuse();
  if (caller.instance) return refuse();
  if (role == Role::kOperator) return caller.operator_role ? absl::OkStatus() : refuse();
  // The operator reads firms and health; the services grant it nothing of what firms share.
  if (caller.operator_role) return role == Role::kReader ? absl::OkStatus() : refuse();
  return book.HasRole(caller.firm, caller.principal, RoleName(role)) ? absl::OkStatus() : refuse();
}

std::string RootBundle(std::string_view operator_authority_pem, const FirmBook& book) {
  std::string bundle;
  std::set<std::string> seen;
  const auto add = [&](std::string_view pem) {
    for (std::string& certificate : CertificatesIn(pem)) {
      if (seen.insert(certificate).second) bundle += certificate;
    }
  };
  add(operator_authority_pem);
  for (const KnownFirm& firm : book.Firms()) {
    for (const std::string& pem : firm.ca_pems) add(pem);
  }
  return bundle;
}

}  // namespace tandem::runtime
