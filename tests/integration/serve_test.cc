// Goal: `tandem serve` as its operator runs it: a process, its ports, its errors, its end.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "grpcpp/grpcpp.h"
#include "services/base/reason.h"
#include "services/runtime/identity.h"
#include "services/runtime/rpc_status.h"
#include "services/runtime/server.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tandem/feed/v1/feed.grpc.pb.h"
#include "tandem/governance/v1/governance.grpc.pb.h"
#include "tests/support/status.h"

namespace tandem::testing {
namespace {

using base::Reason;
using ::testing::HasSubstr;

// One run of the program, with what it prints.
class Program {
 public:
  Program(const std::string& folder, std::vector<std::string> arguments)
      : out_(folder + "/out"), error_(folder + "/error"), port_(folder + "/port") {
    std::filesystem::create_directories(folder);
    std::filesystem::remove(port_);
    arguments.insert(arguments.begin(), {TANDEM_PROGRAM, "serve"});
    arguments.insert(arguments.end(), {"--port-file", port_});
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, 1, out_.c_str(), kFlags, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, error_.c_str(), kFlags, 0600);
    EXPECT_EQ(posix_spawn(&pid_, TANDEM_PROGRAM, &actions, nullptr, pointers.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Program() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    Wait();
  }

  // The address once it serves; "" if it ended before.
  std::string Address() {
    for (int i = 0; i < 3000 && pid_ > 0; ++i) {
      std::ifstream file(port_);
      int port = 0;
      if (file >> port) return "127.0.0.1:" + std::to_string(port);
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = 0;
        code_ = WEXITSTATUS(status);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return "";
  }
  int Stop(int signal_number = SIGTERM) {
    if (pid_ > 0) kill(pid_, signal_number);
    return Wait();
  }
  // The exit code, 1000 and the signal if one ended it.
  int Wait() {
    if (pid_ <= 0) return code_;
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  std::string out() const { return *runtime::ReadWholeFile(out_); }
  std::string error() const { return *runtime::ReadWholeFile(error_); }

 private:
  const std::string out_;
  const std::string error_;
  const std::string port_;
  pid_t pid_ = 0;
  int code_ = -1;
};

std::shared_ptr<grpc::Channel> ChannelFor(const std::string& address) {
  return runtime::ChannelTo(address, std::nullopt);
}

std::unique_ptr<grpc::ClientContext> ContextOf(const std::string& firm,
                                               const std::string& principal) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->AddMetadata(runtime::kFirmKey, firm);
  context->AddMetadata(runtime::kPrincipalKey, principal);
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  return context;
}

absl::Status Admit(const std::string& address, const std::string& firm) {
  const auto stub = governance::v1::GovernanceService::NewStub(ChannelFor(address));
  governance::v1::AdmitFirmRequest request;
  request.set_firm_id(firm);
  request.mutable_firm()->set_display_name(firm);
  request.set_admin_principal("boss");
  request.set_request_id("0b5c2f5e-7f0a-4c63-9c56-5a1e5d3c0001");
  governance::v1::Firm response;
  const auto context = ContextOf("operator", "root");
  return runtime::FromGrpcStatus(stub->AdmitFirm(context.get(), request, &response));
}

absl::Status ListItems(const std::string& address, const std::string& firm) {
  const auto stub = exchange::v1::ExchangeService::NewStub(ChannelFor(address));
  exchange::v1::ListItemsRequest request;
  request.set_parent("firms/" + firm);
  exchange::v1::ListItemsResponse response;
  const auto context = ContextOf(firm, "boss");
  return runtime::FromGrpcStatus(stub->ListItems(context.get(), request, &response));
}

class ServeTest : public ::testing::Test {
 protected:
  ServeTest() { std::filesystem::remove_all(folder_); }
  ~ServeTest() override { std::filesystem::remove_all(folder_); }
  std::string File(const std::string& name) const { return folder_ + "/" + name; }
  std::vector<std::string> Arguments(const std::string& data = "data") const {
    return {"--data", File(data), "--insecure", "--listen", "127.0.0.1:0"};
  }
  const std::string folder_ = ::testing::TempDir() + "/tandem-serve-" + std::to_string(getpid());
};

TEST_F(ServeTest, ServesSaysSoAndStopsInOrder) {
  Program program(File("run"), Arguments());
  const std::string address = program.Address();
  ASSERT_NE(address, "") << program.error();
  EXPECT_THAT(Admit(address, "acme"), IsOk());
  // The firm's own call comes right after: nobody who was admitted is a stranger.
  EXPECT_THAT(ListItems(address, "acme"), IsOk());
  EXPECT_THAT(ListItems(address, "nobody"), HasReason(Reason::kUnknownCaller));
  // An open feed does not keep it up, and learns why it ends.
  const auto feeds = feed::v1::FeedService::NewStub(ChannelFor(address));
  const auto context = ContextOf("acme", "boss");
  feed::v1::FollowRequest request;
  request.set_from_start(true);
  const auto reader = feeds->Follow(context.get(), request);
  feed::v1::FollowResponse response;
  ASSERT_TRUE(reader->Read(&response)) << reader->Finish().error_message();
  EXPECT_EQ(program.Stop(), 0) << program.error();
  while (reader->Read(&response)) {
  }
  EXPECT_THAT(runtime::FromGrpcStatus(reader->Finish()), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_EQ(program.out(), "tandem: serving governance, exchange, forecast on " + address + "\n");
  EXPECT_THAT(program.error(), HasSubstr(R"("event":"stopped")"));
}

TEST_F(ServeTest, KeepsWhatItAcknowledgedOverRestartsAndKills) {
  for (const int signal_number : {SIGKILL, SIGINT}) {
    Program program(File("run"), Arguments());
    const std::string address = program.Address();
    ASSERT_NE(address, "") << program.error();
    EXPECT_THAT(Admit(address, "acme"), IsOk());  // The second time, a repeat of the first.
    EXPECT_THAT(ListItems(address, "acme"), IsOk());
    EXPECT_EQ(program.Stop(signal_number), signal_number == SIGKILL ? 1000 + SIGKILL : 0);
  }
}

TEST_F(ServeTest, EachErrorSaysWhatToDo) {
  Program first(File("first"), Arguments());
  const std::string address = first.Address();
  ASSERT_NE(address, "") << first.error();
  std::filesystem::create_directories(File("files"));
  std::ofstream(File("files/bad.toml")) << "lisen = \"x\"\n";
  struct Case {
    const char* name;
    std::vector<std::string> arguments;
    int want_code;
    std::string want_error;
  };
  const Case cases[] = {
      {"port taken", {"--data", File("other"), "--insecure", "--listen", address}, 1, address},
      {"folder in use", Arguments(), 1, "in use"},
      {"not loopback", {"--data", File("x"), "--insecure", "--listen", "0.0.0.0:0"}, 2, "loopback"},
      {"no TLS", {"--data", File("x")}, 2, "tls_cert"},
      {"unknown key", {"--config", File("files/bad.toml")}, 2, "lisen"},
      {"no certificate",
       {"--data", File("x"), "--listen", "127.0.0.1:0", "--tls-cert", "absent.pem", "--tls-key",
        "absent.key", "--operator-ca", "absent-ca.pem"},
       1,
       "absent-ca.pem"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Program program(File("second"), c.arguments);
    EXPECT_EQ(program.Wait(), c.want_code);
    EXPECT_THAT(program.error(), HasSubstr(c.want_error));
  }
  EXPECT_EQ(first.Stop(), 0);
}

// Under TLS, from nothing: the operator admits a firm with its authority, and the firm's own people
// are let in soon, by a server that was never restarted.
TEST_F(ServeTest, LetsAFirmInUnderTlsOnceItIsAdmitted) {
  const std::string certs = File("certs");
  const std::string script = std::string(TANDEM_SOURCE_DIR) + "/deploy/certs " + certs + " ";
  for (const char* step :
       {"init", "instance node1", "operator root", "firm acme", "principal acme boss"}) {
    ASSERT_EQ(std::system((script + step).c_str()), 0) << step;
  }
  const auto files = [&](const std::string& leaf) {
    return runtime::TlsFiles{.certificate = certs + leaf + ".pem",
                             .key = certs + leaf + ".key",
                             .root_bundle = certs + "/operator/ca.pem"};
  };
  const runtime::TlsFiles own = files("/instances/node1");
  Program program(File("run"),
                  {"--data", File("data"), "--listen", "127.0.0.1:0", "--tls-cert", own.certificate,
                   "--tls-key", own.key, "--operator-ca", own.root_bundle});
  const std::string address = program.Address();
  ASSERT_NE(address, "") << program.error();

  const auto operators = governance::v1::GovernanceService::NewStub(
      runtime::ChannelTo(address, files("/operator/root")));
  governance::v1::AdmitFirmRequest request;
  request.set_firm_id("acme");
  request.mutable_firm()->set_display_name("acme");
  request.mutable_firm()->add_authority_pems(*runtime::ReadWholeFile(certs + "/firms/acme/ca.pem"));
  request.set_admin_principal("boss");
  request.set_request_id("0b5c2f5e-7f0a-4c63-9c56-5a1e5d3c0003");
  governance::v1::Firm firm;
  grpc::ClientContext context;
  ASSERT_THAT(runtime::FromGrpcStatus(operators->AdmitFirm(&context, request, &firm)), IsOk());

  const auto stub = exchange::v1::ExchangeService::NewStub(
      runtime::ChannelTo(address, files("/firms/acme/boss")));
  exchange::v1::ListItemsRequest list;
  list.set_parent("firms/acme");
  exchange::v1::ListItemsResponse items;
  grpc::ClientContext patient;
  patient.set_wait_for_ready(true);
  patient.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  EXPECT_THAT(runtime::FromGrpcStatus(stub->ListItems(&patient, list, &items)), IsOk());
  EXPECT_EQ(program.Stop(), 0) << program.error();
}

// What the program prints, both ways, and its exit code.
std::pair<int, std::string> Ask(const std::string& arguments) {
  FILE* pipe = popen((std::string(TANDEM_PROGRAM) + " " + arguments + " 2>&1").c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    text.push_back(static_cast<char>(c));
  }
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

// The head that a feed carries once something has come after the first.
feed::v1::AuditHead LaterHead(const std::string& address, const std::string& firm) {
  const auto feeds = feed::v1::FeedService::NewStub(ChannelFor(address));
  const auto context = ContextOf(firm, "boss");
  feed::v1::FollowRequest request;
  request.set_from_start(true);
  const auto reader = feeds->Follow(context.get(), request);
  std::string first;
  for (feed::v1::FollowResponse response; reader->Read(&response);) {
    if (!response.has_audit_head()) continue;
    if (first.empty()) first = response.audit_head().hash();
    if (response.audit_head().hash() != first) return response.audit_head();
  }
  return {};
}

// Goal: what a partner was given tells its log from an older or another one, offline.
TEST_F(ServeTest, AHeadFromTheFeedHoldsForItsOwnDataAlone) {
  for (const char* data : {"data", "other"}) {
    Program program(File("run"), Arguments(data));
    const std::string address = program.Address();
    ASSERT_NE(address, "") << program.error();
    EXPECT_THAT(Admit(address, "acme"), IsOk());
    EXPECT_EQ(program.Stop(), 0);
  }
  std::filesystem::copy(File("data"), File("old"), std::filesystem::copy_options::recursive);
  Program program(File("run"), Arguments());
  const std::string address = program.Address();
  ASSERT_NE(address, "") << program.error();
  EXPECT_THAT(ListItems(address, "nobody"), HasReason(Reason::kUnknownCaller));
  const feed::v1::AuditHead head = LaterHead(address, "acme");
  ASSERT_EQ(head.hash().size(), 32u);
  const auto backup = Ask("backup create --insecure --as operator/root --server " + address +
                          " --to " + File("backup"));
  EXPECT_EQ(backup.first, 0) << backup.second;
  EXPECT_EQ(program.Stop(), 0);

  const std::string hash = absl::BytesToHexString(head.hash());
  const std::string proof = " --head " + hash + " --seal " + absl::WebSafeBase64Escape(head.seal());
  const std::string verify = "audit verify --data ";
  auto [code, text] = Ask(verify + File("data") + proof);
  EXPECT_EQ(code, 0) << text;
  EXPECT_THAT(text, HasSubstr("the head holds"));
  std::tie(code, text) = Ask(verify + File("backup") + proof);
  EXPECT_EQ(code, 0) << text;
  std::tie(code, text) = Ask(verify + File("old"));
  EXPECT_EQ(code, 0) << text;  // Whole in itself, and yet:
  std::tie(code, text) = Ask(verify + File("old") + proof);
  EXPECT_NE(code, 0);
  EXPECT_THAT(text, HasSubstr("restored from an older state"));
  std::tie(code, text) = Ask(verify + File("other") + proof);
  EXPECT_NE(code, 0);
  EXPECT_THAT(text, HasSubstr("BAD_TOKEN"));  // Another network's key.
  std::string wrong = proof;
  wrong[8] = wrong[8] == '0' ? '1' : '0';
  std::tie(code, text) = Ask(verify + File("data") + wrong);
  EXPECT_NE(code, 0);
  EXPECT_THAT(text, HasSubstr("another head"));
  // And the audit can be read: the stranger by its claim, the firm by its name.
  std::tie(code, text) = Ask("audit show --output csv --data " + File("data"));
  EXPECT_EQ(code, 0) << text;
  EXPECT_THAT(text, HasSubstr(",,,ListItems,,UNKNOWN_CALLER,firms/nobody/principals/boss,"));
  EXPECT_THAT(text, HasSubstr(",acme,boss,Follow,domains all types all,served,"));
  EXPECT_THAT(text, HasSubstr(",operator,root,CreateCheckpoint,"));
}

// Services apart: the exchange follows governance over gRPC, and survives its absence.
TEST_F(ServeTest, RunsServicesApart) {
  std::filesystem::create_directories(folder_);
  std::ofstream(File("seal.key")) << std::string(64, 'a') << "\n";
  std::vector<std::string> arguments = Arguments("governance");
  arguments.insert(arguments.end(), {"--services", "governance", "--seal-key", File("seal.key")});
  auto governance = std::make_unique<Program>(File("governance-run"), arguments);
  const std::string governance_address = governance->Address();
  ASSERT_NE(governance_address, "") << governance->error();

  arguments = Arguments("exchange");
  arguments.insert(arguments.end(), {"--services", "exchange", "--seal-key", File("seal.key"),
                                     "--peers", "governance=" + governance_address});
  Program exchange(File("exchange-run"), arguments);
  const std::string exchange_address = exchange.Address();
  ASSERT_NE(exchange_address, "") << exchange.error();

  EXPECT_THAT(Admit(governance_address, "acme"), IsOk());
  EXPECT_THAT(ListItems(exchange_address, "acme"), IsOk());
  EXPECT_THAT(ListItems(governance_address, "acme"), HasCode(absl::StatusCode::kUnimplemented));

  // Governance comes back on the same port with another firm, and the exchange hears of it.
  EXPECT_EQ(governance->Stop(), 0);
  EXPECT_THAT(ListItems(exchange_address, "acme"), IsOk());  // Its own data stays readable.
  arguments = {"--data",     File("governance"), "--insecure", "--listen",      governance_address,
               "--services", "governance",       "--seal-key", File("seal.key")};
  governance = std::make_unique<Program>(File("governance-run"), arguments);
  ASSERT_EQ(governance->Address(), governance_address) << governance->error();
  const auto context = ContextOf("operator", "root");
  const auto stub = governance::v1::GovernanceService::NewStub(ChannelFor(governance_address));
  governance::v1::AdmitFirmRequest request;
  request.set_firm_id("fresh");
  request.mutable_firm()->set_display_name("fresh");
  request.set_admin_principal("boss");
  request.set_request_id("0b5c2f5e-7f0a-4c63-9c56-5a1e5d3c0002");
  governance::v1::Firm firm;
  ASSERT_TRUE(stub->AdmitFirm(context.get(), request, &firm).ok());
  absl::Status heard;
  for (int i = 0; i < 100; ++i) {
    heard = ListItems(exchange_address, "fresh");
    if (heard.ok()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_THAT(heard, IsOk());
  EXPECT_EQ(exchange.Stop(), 0);
  EXPECT_EQ(governance->Stop(), 0);
}

}  // namespace
}  // namespace tandem::testing
