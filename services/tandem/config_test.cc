#include "services/tandem/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/status.h"

namespace tandem::program {
namespace {

using base::DomainId;
using base::Reason;
using testing::HasCode;
using testing::HasReason;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::SizeIs;

const ConfigValues kLeast = {{"data", "d"}, {"insecure", "true"}};

ConfigValues With(ConfigValues values, const std::string& key, const std::string& value) {
  values[key] = value;
  return values;
}

class ConfigFileTest : public ::testing::Test {
 protected:
  ~ConfigFileTest() override { std::filesystem::remove(path_); }
  absl::StatusOr<ConfigValues> Read(const std::string& text) {
    std::ofstream(path_) << text;
    return ReadConfigFile(path_);
  }
  const std::string path_ =
      ::testing::TempDir() + "/tandem-config-" + std::to_string(getpid()) + ".toml";
};

TEST(MakeConfigTest, TakesTheFirstSourceThatHasAKey) {
  TANDEM_ASSERT_OK_AND_ASSIGN(
      const Config config, MakeConfig({{{"listen", "127.0.0.1:1"}},
                                       {{"listen", "127.0.0.1:2"}, {"threads", "2"}},
                                       With(With(kLeast, "threads", "3"), "drain_seconds", "4")}));
  EXPECT_EQ(config.listen, "127.0.0.1:1");
  EXPECT_EQ(config.threads, 2);
  EXPECT_EQ(config.drain_max, absl::Seconds(4));
  EXPECT_THAT(config.services, SizeIs(3));
}

// As the client commands take TANDEM_INSECURE, so that one environment suits both.
TEST(MakeConfigTest, ASwitchIsAWordOrADigit) {
  const ConfigValues tls = {
      {"data", "d"}, {"tls_cert", "c"}, {"tls_key", "k"}, {"operator_ca", "o"}};
  for (const char* on : {"true", "1"}) {
    TANDEM_ASSERT_OK_AND_ASSIGN(const Config config,
                                MakeConfig({{{"insecure", on}, {"data", "d"}}}));
    EXPECT_TRUE(config.insecure) << on;
  }
  for (const char* off : {"false", "0"}) {
    TANDEM_ASSERT_OK_AND_ASSIGN(const Config config, MakeConfig({{{"insecure", off}}, tls}));
    EXPECT_FALSE(config.insecure) << off;
  }
}

TEST(MakeConfigTest, NamesTheKeyThatIsWrong) {
  struct Case {
    const char* key;
    const char* value;
  };
  const Case cases[] = {{"listen", "7420"},
                        {"listen", "127.0.0.1:x"},
                        {"insecure", "yes"},
                        {"services", "exchange,billing"},
                        {"services", ""},
                        {"peers", "exchange"},
                        {"peers", "exchange=host"},
                        {"metrics", "host"},
                        {"threads", "-1"},
                        {"threads", "many"},
                        {"deadline_seconds", "0"},
                        {"read_stall_seconds", "0"},
                        {"drain_seconds", "3601"},
                        {"calls_firm_max", "0"},
                        {"streams_firm_max", "1e9"},
                        {"rows_per_second_firm_max", "0"},
                        {"bytes_per_second_firm_max", "9999999999"},
                        {"read_bytes_per_second_firm_max", "0"},
                        {"stored_bytes_firm_max", "-1"},
                        {"stored_bytes_firm_max", "100GB"},
                        {"network", "a/b"},
                        {"instance", ""},
                        {"log_level", "loud"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.key) + "=" + c.value);
    const auto config = MakeConfig({With(kLeast, c.key, c.value)});
    ASSERT_THAT(config, HasCode(absl::StatusCode::kInvalidArgument));
    EXPECT_EQ(base::RefusalOf(config.status())->field, c.key);
  }
}

TEST(MakeConfigTest, NamesWhatIsMissing) {
  struct Case {
    const char* name;
    ConfigValues values;
    const char* field;
  };
  const Case cases[] = {
      {"no data", {{"insecure", "true"}}, "data"},
      {"no TLS", {{"data", "d"}}, "tls_cert"},
      {"no key", {{"data", "d"}, {"tls_cert", "c"}}, "tls_key"},
      {"no authority", {{"data", "d"}, {"tls_cert", "c"}, {"tls_key", "k"}}, "operator_ca"},
      {"both", With(kLeast, "tls_cert", "c"), "insecure"},
      {"no governance", With(kLeast, "services", "exchange"), "peers"},
      {"no exchange", With(With(kLeast, "services", "forecast"), "peers", "governance=127.0.0.1:1"),
       "peers"},
      {"no common key",
       With(With(kLeast, "services", "exchange"), "peers", "governance=127.0.0.1:1"), "seal_key"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto config = MakeConfig({c.values});
    ASSERT_THAT(config, HasCode(absl::StatusCode::kInvalidArgument));
    EXPECT_EQ(base::RefusalOf(config.status())->field, c.field);
  }
}

TEST(MakeConfigTest, LetsServicesFindTheOthersByAddress) {
  ConfigValues values = kLeast;
  values["services"] = "forecast";
  values["peers"] = "governance=127.0.0.1:1,exchange=[::1]:2";
  values["seal_key"] = "key";
  TANDEM_ASSERT_OK_AND_ASSIGN(const Config config, MakeConfig({values}));
  EXPECT_TRUE(config.Serves(DomainId::kForecast));
  EXPECT_FALSE(config.Serves(DomainId::kExchange));
  EXPECT_EQ(config.peers.at(DomainId::kExchange), "[::1]:2");
}

TEST(ConfigFromEnvironmentTest, ReadsEveryKeyInCapitals) {
  const ConfigValues values =
      ConfigFromEnvironment([](const std::string& name) -> std::optional<std::string> {
        if (name == "TANDEM_TLS_CERT") return "node1.pem";
        return std::nullopt;
      });
  EXPECT_EQ(values, (ConfigValues{{"tls_cert", "node1.pem"}}));
}

TEST_F(ConfigFileTest, ReadsTextNumbersListsAndTables) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const ConfigValues values, Read(R"(
data = "/var/lib/tandem"
insecure = true
threads = 4
services = ["exchange", "forecast"]
seal_key = "seal.key"
[peers]
governance = "127.0.0.1:1"
)"));
  EXPECT_EQ(values, (ConfigValues{{"data", "/var/lib/tandem"},
                                  {"insecure", "true"},
                                  {"threads", "4"},
                                  {"services", "exchange,forecast"},
                                  {"seal_key", "seal.key"},
                                  {"peers", "governance=127.0.0.1:1"}}));
  EXPECT_THAT(MakeConfig({values}), IsOk());
}

TEST_F(ConfigFileTest, NamesLineOrKeyOfWhatIsWrong) {
  const auto unknown = Read("data = \"d\"\nlisen = \"127.0.0.1:1\"\n");
  EXPECT_THAT(unknown, HasReason(Reason::kFieldOutOfRange));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("lisen"));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr(".toml:2"));
  const auto malformed = Read("data = \"d\"\nlisten = \n");
  EXPECT_THAT(malformed, HasReason(Reason::kFileMalformed));
  EXPECT_THAT(std::string(malformed.status().message()), HasSubstr(".toml:2"));
  for (const char* text : {"threads = 1.5\n", "data = [\"d\"]\n", "services = [1]\n",
                           "[peers]\nexchange = 3\n", "[data]\nx = 1\n"}) {
    EXPECT_THAT(Read(text), HasReason(Reason::kFieldOutOfRange)) << text;
  }
  EXPECT_THAT(ReadConfigFile(path_ + ".absent"), HasCode(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace tandem::program
