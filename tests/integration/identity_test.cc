// Goal: who is let in under mutual TLS, and as whom, with real certificates over real loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "services/base/reason.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tests/integration/loopback.h"
#include "tests/support/status.h"

namespace tandem::testing {
namespace {

using Stub = exchange_v1::ExchangeService::Stub;

using base::Reason;
using runtime::ReadWholeFile;
using runtime::TlsFiles;

// Runs deploy/certs, which these tests prove along the way.
void Certs(const std::string& arguments) {
  const std::string command = std::string(TANDEM_SOURCE_DIR) + "/deploy/certs " + arguments;
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

class IdentityTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = ::testing::TempDir() + "/tandem-identity-" + std::to_string(getpid());
    std::filesystem::remove_all(directory_);
    const std::string ours = directory_ + "/ours";
    Certs(ours + " init");
    Certs(ours + " instance node1");
    Certs(ours + " operator root");
    for (const char* firm : {"acme", "rival", "newcomer"}) {
      Certs(ours + " firm " + firm);
      Certs(ours + " principal " + firm + " planner");
    }
    // The rival's authority signs certificates that name acme, an instance, and the operator.
    const std::string forged = directory_ + "/forged";
    std::filesystem::create_directories(forged);
    std::ofstream(forged + "/network") << "tandem\n";
    for (const char* as : {"/firms/acme", "/operator"}) {
      std::filesystem::create_directories(forged + as);
      for (const char* file : {"/ca.pem", "/ca.key"}) {
        std::filesystem::copy(ours + "/firms/rival" + file, forged + as + file);
      }
    }
    Certs(forged + " principal acme planner");
    Certs(forged + " instance node1");
    Certs(forged + " operator root");
    // Another network, with firms of the same names.
    const std::string strange = directory_ + "/strange";
    Certs(strange + " init elsewhere");
    Certs(strange + " firm acme");
    Certs(strange + " principal acme planner");
    // Acme's own authority, but naming another network.
    const std::string mixed = directory_ + "/mixed";
    std::filesystem::create_directories(mixed + "/firms");
    std::filesystem::copy(ours + "/firms/acme", mixed + "/firms/acme");
    std::ofstream(mixed + "/network") << "elsewhere\n";
    Certs(mixed + " principal acme planner");
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(directory_); }

  void SetUp() override {
    for (const char* firm : {"acme", "rival"}) Register(firm);
    const std::string operator_pem = *ReadWholeFile(File("ours/operator/ca.pem"));
    identity_ = std::make_unique<runtime::CertificateIdentity>(
        runtime::CertificateIdentity::Options{.network = "tandem",
                                              .operator_authority_pem = operator_pem},
        loopback_.book, loopback_.clock);
    WriteBundle();
    loopback_.api.on_list = [this](const runtime::Call& call, const auto&, auto reply) {
      seen_ = call.caller;
      reply(runtime::Answer<exchange_v1::ListItemsResponse>{});
    };
    ASSERT_THAT(loopback_.Start(*identity_, {},
                                TlsFiles{.certificate = File("ours/instances/node1.pem"),
                                         .key = File("ours/instances/node1.key"),
                                         .root_bundle = File("bundle.pem")}),
                IsOk());
  }

  static std::string File(const std::string& name) { return directory_ + "/" + name; }
  void Register(const std::string& firm) {
    loopback_.book.Put(
        {.firm = firm, .ca_pems = {*ReadWholeFile(File("ours/firms/" + firm + "/ca.pem"))}});
  }
  void WriteBundle() {
    const std::string operator_pem = *ReadWholeFile(File("ours/operator/ca.pem"));
    ASSERT_THAT(runtime::WriteFileWhole(File("bundle.pem"),
                                        runtime::RootBundle(operator_pem, loopback_.book)),
                IsOk());
  }
  std::unique_ptr<Stub> StubAs(const std::string& leaf) {
    return exchange_v1::ExchangeService::NewStub(runtime::ChannelTo(
        loopback_.address(), TlsFiles{.certificate = File(leaf + ".pem"),
                                      .key = File(leaf + ".key"),
                                      .root_bundle = File("ours/operator/ca.pem")}));
  }
  absl::Status CallAs(const std::string& leaf) { return List(*StubAs(leaf), *ContextOf("", "")); }

  static std::string directory_;
  Loopback loopback_;
  std::unique_ptr<runtime::CertificateIdentity> identity_;
  base::Caller seen_;
};
std::string IdentityTest::directory_;

TEST_F(IdentityTest, TakesTheCallerFromTheCertificate) {
  ASSERT_THAT(CallAs("ours/firms/acme/planner"), IsOk());
  EXPECT_EQ(seen_, (base::Caller{.firm = "acme", .principal = "planner"}));
  ASSERT_THAT(CallAs("ours/operator/root"), IsOk());
  EXPECT_EQ(seen_, (base::Caller{.firm = "operator", .principal = "root", .operator_role = true}));
}

// No authority that we know has signed it: the handshake ends it.
TEST_F(IdentityTest, KeepsAStrangersCertificateOut) {
  seen_ = {};
  EXPECT_THAT(CallAs("strange/firms/acme/planner"), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_EQ(seen_, base::Caller{});
}

// The handshake takes it, since the rival is registered; but not as acme, nor as an instance.
TEST_F(IdentityTest, RefusesAFirmsCertificateUnderAnotherFirmsAuthority) {
  for (const char* leaf :
       {"forged/firms/acme/planner", "forged/instances/node1", "forged/operator/root"}) {
    seen_ = {};
    EXPECT_THAT(CallAs(leaf), HasReason(Reason::kUnknownCaller)) << leaf;
    EXPECT_EQ(seen_, base::Caller{}) << leaf;
  }
  // The audit has what they claim, and no actor.
  EXPECT_THAT(loopback_.TakeAudited(),
              ::testing::ElementsAre(
                  "/ ListItems UNKNOWN_CALLER tandem://tandem/firms/acme/principals/planner",
                  "/ ListItems UNKNOWN_CALLER tandem://tandem/instances/node1",
                  "/ ListItems UNKNOWN_CALLER tandem://tandem/firms/operator/principals/root"));
}

// A peer holds the key of its leaf alone; what it sends along proves nothing.
TEST_F(IdentityTest, TakesNoCallerFromTheRestOfTheChain) {
  std::ofstream(File("both.pem")) << *ReadWholeFile(File("ours/firms/rival/planner.pem"))
                                  << *ReadWholeFile(File("ours/firms/acme/planner.pem"));
  std::filesystem::copy(File("ours/firms/rival/planner.key"), File("both.key"));
  ASSERT_THAT(CallAs("both"), IsOk());
  EXPECT_EQ(seen_.firm, "rival");
}

TEST_F(IdentityTest, RefusesACertificateOfAnotherNetwork) {
  EXPECT_THAT(CallAs("mixed/firms/acme/planner"), HasReason(Reason::kUnknownCaller));
}

TEST_F(IdentityTest, LetsOnlyAnInstanceForwardACaller) {
  for (const char* leaf : {"ours/firms/acme/planner", "ours/operator/root"}) {
    const auto context = ContextOf("", "");
    context->AddMetadata(runtime::kForwardedFirmKey, "rival");
    context->AddMetadata(runtime::kForwardedPrincipalKey, "planner");
    EXPECT_THAT(List(*StubAs(leaf), *context), HasReason(Reason::kUnknownCaller)) << leaf;
  }
  const auto context = ContextOf("", "");
  context->AddMetadata(runtime::kForwardedFirmKey, "rival");
  context->AddMetadata(runtime::kForwardedPrincipalKey, "planner");
  ASSERT_THAT(List(*StubAs("ours/instances/node1"), *context), IsOk());
  EXPECT_EQ(seen_, (base::Caller{.firm = "rival", .principal = "planner"}));
  // By itself an instance is no firm.
  EXPECT_THAT(CallAs("ours/instances/node1"), HasReason(Reason::kRoleMissing));
}

TEST_F(IdentityTest, BelievesNoMetadataAgainstTheCertificate) {
  const auto stub = StubAs("ours/firms/acme/planner");
  EXPECT_THAT(List(*stub, *ContextOf("acme", "planner")), IsOk());
  EXPECT_THAT(List(*stub, *ContextOf("rival", "planner")), HasReason(Reason::kUnknownCaller));
  EXPECT_THAT(List(*stub, *ContextOf("acme", "boss")), HasReason(Reason::kUnknownCaller));
  const auto instance = ContextOf("", "");
  instance->AddMetadata(runtime::kInstanceKey, "node1");
  EXPECT_THAT(List(*stub, *instance), HasReason(Reason::kUnknownCaller));
  const auto twice = ContextOf("acme", "planner");
  twice->AddMetadata(runtime::kFirmKey, "rival");
  EXPECT_THAT(List(*stub, *twice), HasReason(Reason::kUnknownCaller));
}

// On a connection that is open already: the next call sees what has changed.
TEST_F(IdentityTest, ForgetsAFirmsCertificatesWithItsAuthority) {
  const auto stub = StubAs("ours/firms/acme/planner");
  ASSERT_THAT(List(*stub, *ContextOf("", "")), IsOk());
  runtime::KnownFirm acme = *loopback_.book.Firm("acme");
  const std::vector<std::string> before = acme.ca_pems;
  acme.suspended = true;
  loopback_.book.Put(acme);
  EXPECT_THAT(List(*stub, *ContextOf("", "")), HasReason(Reason::kFirmSuspended));
  EXPECT_THAT(loopback_.TakeAudited(),
              ::testing::ElementsAre("acme/planner ListItems FIRM_SUSPENDED "));
  acme.suspended = false;
  acme.ca_pems = {*ReadWholeFile(File("ours/firms/rival/ca.pem"))};
  loopback_.book.Put(acme);
  EXPECT_THAT(List(*stub, *ContextOf("", "")), HasReason(Reason::kUnknownCaller));
  acme.ca_pems = before;
  loopback_.book.Put(acme);
  EXPECT_THAT(List(*stub, *ContextOf("", "")), IsOk());
}

// Hot reload: a firm that is admitted while the server runs gets through the handshake soon.
TEST_F(IdentityTest, LetsANewFirmInWithoutARestart) {
  EXPECT_THAT(CallAs("ours/firms/newcomer/planner"), HasCode(absl::StatusCode::kUnavailable));
  Register("newcomer");
  WriteBundle();
  const absl::Time limit = absl::Now() + absl::Seconds(15);
  absl::Status status = absl::UnavailableError("");
  while (!status.ok() && absl::Now() < limit) {
    const auto context = ContextOf("", "");
    context->set_wait_for_ready(true);
    context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(1)));
    status = List(*StubAs("ours/firms/newcomer/planner"), *context);
  }
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(seen_.firm, "newcomer");
}

// Goal: what a partner registers cannot spoil the bundle for others.
TEST_F(IdentityTest, WritesABundleOfCertificatesAlone) {
  const std::string acme = *ReadWholeFile(File("ours/firms/acme/ca.pem"));
  loopback_.book.Put(
      {.firm = "broken", .ca_pems = {"-----BEGIN CERTIFICATE-----\nAAAA\n", acme + "noise", acme}});
  const std::string bundle =
      runtime::RootBundle(*ReadWholeFile(File("ours/operator/ca.pem")), loopback_.book);
  EXPECT_EQ(runtime::CertificatesIn(bundle).size(), 3U);  // The operator, acme, rival.
  EXPECT_EQ(bundle.find("noise"), std::string::npos);
}

}  // namespace
}  // namespace tandem::testing
