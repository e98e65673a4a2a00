#include "services/tandem/cli/session.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/runtime/server.h"
#include "services/tandem/cli/commands.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"
#include "tests/support/status.h"

namespace tandem::cli {
namespace {

TEST(ExitCodeTest, TellsWhatKindOfErrorItWas) {
  using base::Reason;
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), kDone);
  EXPECT_EQ(ExitCodeOf(base::Refuse(Reason::kNotGranted, "")), kRefused);
  EXPECT_EQ(ExitCodeOf(base::Refuse(Reason::kBadName, "")), kRefused);
  EXPECT_EQ(ExitCodeOf(base::Refuse(Reason::kFileMalformed, "")), kUsage);
  EXPECT_EQ(ExitCodeOf(base::Refuse(Reason::kLogAway, "")), kUnavailable);
  EXPECT_EQ(ExitCodeOf(RowsRejected("3 rows")), kRowsRejected);
  EXPECT_EQ(ExitCodeOf(base::Refuse(Reason::kStoredBytesDamaged, "")), kDamaged);
}

// Every verb shows an example, and says it with its own noun.
TEST(HelpTest, EveryVerbHasAnExample) {
  CLI::App app("Tandem", "tandem");
  int exit_code = 0;
  AddClientCommands(app, exit_code);
  int verbs = 0;
  for (const CLI::App* noun : app.get_subcommands([](const CLI::App*) { return true; })) {
    for (const CLI::App* verb : noun->get_subcommands([](const CLI::App*) { return true; })) {
      const std::string want = "tandem " + noun->get_name() + " " + verb->get_name();
      EXPECT_NE(verb->get_footer().find(want), std::string::npos) << want;
      EXPECT_NE(noun->get_footer().find(want), std::string::npos) << want;
      EXPECT_FALSE(verb->get_description().empty()) << want;
      ++verbs;
    }
  }
  EXPECT_GT(verbs, 35);
}

TEST(HelpTest, NamesTheWordThatIsNoCommandAndThoseThatAre) {
  struct Case {
    const char* line;
    const char* want;  // In the answer; "": the error says enough itself.
  };
  const Case cases[] = {
      {"", "`tandem` takes one of: firm, agreement"},
      {"frim", "'frim' is none; `tandem` takes one of: firm"},
      {"firm", "`tandem firm` takes one of: admit, list"},
      {"firm admitt acme", "'admitt' is none; `tandem firm` takes one of: admit, list"},
      {"firm admit", ""},
      {"firm list --output xml", ""},
      {"stock import absent.csv", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    CLI::App app("Tandem", "tandem");
    app.require_subcommand(1);
    int exit_code = 0;
    AddClientCommands(app, exit_code);
    std::string said;
    bool failed = false;
    try {
      app.parse(c.line);
    } catch (const CLI::ParseError& error) {
      failed = true;
      said = CommandError(app, error);
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(said.empty(), *c.want == '\0') << said;
    EXPECT_NE(said.find(c.want), std::string::npos) << said;
  }
}

TEST(CommandsTest, SayWhatIsMissingBeforeAnyCall) {
  CLI::App app("Tandem", "tandem");
  int exit_code = 0;
  AddClientCommands(app, exit_code);
  app.parse("firm list --server 127.0.0.1:1");
  EXPECT_EQ(exit_code, kUsage);  // Neither TLS nor --insecure.
}

TEST(RequestIdTest, IsAFreshUuid) {
  std::set<std::string> seen;
  for (int k = 0; k < 100; ++k) {
    const std::string id = NewRequestId();
    EXPECT_TRUE(base::CheckRequestId(id).ok()) << id;
    EXPECT_TRUE(seen.insert(id).second);
  }
}

// Environment variables of a test, taken back with it.
class Variables {
 public:
  explicit Variables(const std::vector<std::pair<const char*, std::string>>& variables) {
    for (const auto& [name, value] : variables) {
      setenv(name, value.c_str(), 1);
      names_.emplace_back(name);
    }
  }
  ~Variables() {
    for (const std::string& name : names_) unsetenv(name.c_str());
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;

 private:
  std::vector<std::string> names_;
};

// Says who called.
class CallerService : public exchange::v1::ExchangeService::Service {
 public:
  grpc::Status ListItems(grpc::ServerContext* context, const exchange::v1::ListItemsRequest*,
                         exchange::v1::ListItemsResponse*) override {
    const auto& metadata = context->client_metadata();
    const auto firm = metadata.find("tandem-firm");
    if (firm != metadata.end()) caller.assign(firm->second.data(), firm->second.size());
    return grpc::Status::OK;
  }
  std::string caller{};
};

// A flag wins over the environment, in every verb; the environment over the default.
TEST(ConnectionTest, FlagsWinOverTheEnvironment) {
  CallerService service;
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto server,
                              runtime::Server::Start({.listen = "127.0.0.1:0"}, {&service}));
  const std::string here = "127.0.0.1:" + std::to_string(server->port());
  const std::string nowhere = "127.0.0.1:1";
  struct Case {
    const char* name;
    std::vector<std::pair<const char*, std::string>> environment;
    std::string line;
    int want_code;
    const char* want_caller;
  };
  const Case cases[] = {
      {"flags alone", {}, "--insecure --as acme/ann --server " + here, kDone, "acme"},
      {"both say who",
       {{"TANDEM_AS", "shop/bob"}},
       "--insecure --as acme/ann --server " + here,
       kDone,
       "acme"},
      {"both say where",
       {{"TANDEM_SERVER", nowhere}},
       "--insecure --as acme/ann --server " + here,
       kDone,
       "acme"},
      {"the environment alone",
       {{"TANDEM_SERVER", here}, {"TANDEM_AS", "shop/bob"}, {"TANDEM_INSECURE", "1"}},
       "",
       kDone,
       "shop"},
      {"the environment has nothing to say",
       {{"TANDEM_INSECURE", "0"}, {"TANDEM_AS", "shop/bob"}},
       "--server " + here,
       kUsage,
       ""},
      {"a certificate by flag, no TLS by the environment",
       {{"TANDEM_INSECURE", "1"}, {"TANDEM_AS", "shop/bob"}},
       "--cert /absent.pem --key /absent.key --ca /absent.pem --server " + here,
       kUsage,
       ""},
      {"no TLS by flag, a certificate by the environment",
       {{"TANDEM_CERT", "/absent.pem"}, {"TANDEM_KEY", "k"}, {"TANDEM_CA", "c"}},
       "--insecure --as acme/ann --server " + here,
       kDone,
       "acme"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Variables variables(c.environment);
    CLI::App app("Tandem", "tandem");
    int exit_code = -1;
    AddClientCommands(app, exit_code);
    service.caller.clear();
    app.parse("item list --retry-for 0 " + c.line);
    EXPECT_EQ(exit_code, c.want_code);
    EXPECT_EQ(service.caller, c.want_caller);
  }
}

// A variable that makes no sense is an error of the verb that needs it, and of no other.
TEST(ConnectionTest, AVariableCountsWhereItIsUsed) {
  const std::vector<std::pair<const char*, std::string>> environment = {
      {"TANDEM_INSECURE", "perhaps"}};
  const Variables variables(environment);
  CLI::App app("Tandem", "tandem");
  int exit_code = -1;
  AddClientCommands(app, exit_code);
  EXPECT_THROW(app.parse("item list --as acme/ann"), CLI::ParseError);
  app.parse("audit show --data /absent");
  EXPECT_EQ(exit_code, kUsage);  // No such folder, which --data names.
}

}  // namespace
}  // namespace tandem::cli
