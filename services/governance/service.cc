#include "services/governance/service.h"

#include "services/runtime/rpc.h"
#include "tandem/governance/v1/governance.grpc.pb.h"

namespace tandem::governance {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using runtime::Role;

// gRPC's threads run this, so nothing here waits. Roles are asked for at the door, and again by
// what a handler knows of the resource.
class Service final : public v1::GovernanceService::CallbackService {
 public:
  Service(runtime::Door& door, GovernanceApi& api) : shell_(door, api) {}

  ServerUnaryReactor* AdmitFirm(CallbackServerContext* context, const v1::AdmitFirmRequest* request,
                                v1::Firm* response) override {
    return shell_.Unary({"AdmitFirm", Role::kOperator}, context, request, response,
                        &GovernanceApi::AdmitFirm);
  }
  ServerUnaryReactor* SetFirmAuthorities(CallbackServerContext* context,
                                         const v1::SetFirmAuthoritiesRequest* request,
                                         v1::Firm* response) override {
    return shell_.Unary({"SetFirmAuthorities", Role::kAdmin}, context, request, response,
                        &GovernanceApi::SetFirmAuthorities);
  }
  ServerUnaryReactor* SetFirmSuspended(CallbackServerContext* context,
                                       const v1::SetFirmSuspendedRequest* request,
                                       v1::Firm* response) override {
    return shell_.Unary({"SetFirmSuspended", Role::kOperator}, context, request, response,
                        &GovernanceApi::SetFirmSuspended);
  }
  ServerUnaryReactor* SetPrincipal(CallbackServerContext* context,
                                   const v1::SetPrincipalRequest* request,
                                   v1::Principal* response) override {
    return shell_.Unary({"SetPrincipal", Role::kAdmin}, context, request, response,
                        &GovernanceApi::SetPrincipal);
  }
  ServerUnaryReactor* GetFirm(CallbackServerContext* context, const v1::GetFirmRequest* request,
                              v1::Firm* response) override {
    return shell_.Unary({"GetFirm", Role::kReader}, context, request, response,
                        &GovernanceApi::GetFirm);
  }
  ServerUnaryReactor* ListFirms(CallbackServerContext* context, const v1::ListFirmsRequest* request,
                                v1::ListFirmsResponse* response) override {
    return shell_.Unary({"ListFirms", Role::kReader}, context, request, response,
                        &GovernanceApi::ListFirms);
  }
  ServerUnaryReactor* OfferAgreement(CallbackServerContext* context,
                                     const v1::OfferAgreementRequest* request,
                                     v1::Agreement* response) override {
    return shell_.Unary({"OfferAgreement", Role::kSigner}, context, request, response,
                        &GovernanceApi::OfferAgreement);
  }
  ServerUnaryReactor* SignAgreement(CallbackServerContext* context,
                                    const v1::SignAgreementRequest* request,
                                    v1::Agreement* response) override {
    return shell_.Unary({"SignAgreement", Role::kSigner}, context, request, response,
                        &GovernanceApi::SignAgreement);
  }
  ServerUnaryReactor* RevokeAgreement(CallbackServerContext* context,
                                      const v1::RevokeAgreementRequest* request,
                                      v1::Agreement* response) override {
    return shell_.Unary({"RevokeAgreement", Role::kSigner}, context, request, response,
                        &GovernanceApi::RevokeAgreement);
  }
  ServerUnaryReactor* GetAgreement(CallbackServerContext* context,
                                   const v1::GetAgreementRequest* request,
                                   v1::Agreement* response) override {
    return shell_.Unary({"GetAgreement", Role::kReader}, context, request, response,
                        &GovernanceApi::GetAgreement);
  }
  ServerUnaryReactor* ListAgreements(CallbackServerContext* context,
                                     const v1::ListAgreementsRequest* request,
                                     v1::ListAgreementsResponse* response) override {
    return shell_.Unary({"ListAgreements", Role::kReader}, context, request, response,
                        &GovernanceApi::ListAgreements);
  }
  ServerUnaryReactor* OpenBreakGlass(CallbackServerContext* context,
                                     const v1::OpenBreakGlassRequest* request,
                                     v1::BreakGlass* response) override {
    return shell_.Unary({"OpenBreakGlass", Role::kOperator}, context, request, response,
                        &GovernanceApi::OpenBreakGlass);
  }
  // The operator's, or a signer's: Decide asks which.
  ServerUnaryReactor* CloseBreakGlass(CallbackServerContext* context,
                                      const v1::CloseBreakGlassRequest* request,
                                      v1::BreakGlass* response) override {
    return shell_.Unary({"CloseBreakGlass", Role::kReader}, context, request, response,
                        &GovernanceApi::CloseBreakGlass);
  }
  ServerUnaryReactor* ListBreakGlasses(CallbackServerContext* context,
                                       const v1::ListBreakGlassesRequest* request,
                                       v1::ListBreakGlassesResponse* response) override {
    return shell_.Unary({"ListBreakGlasses", Role::kReader}, context, request, response,
                        &GovernanceApi::ListBreakGlasses);
  }

 private:
  runtime::Shell<GovernanceApi> shell_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeGovernanceService(runtime::Door& door, GovernanceApi& api) {
  return std::make_unique<Service>(door, api);
}

}  // namespace tandem::governance
