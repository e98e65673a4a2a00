#include "services/exchange/time_zones.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"

namespace tandem::exchange {
namespace {

TEST(TimeZonesTest, KnowsTheNamesOfTheDatabaseAlone) {
  for (const char* name :
       {"Europe/Berlin", "America/Los_Angeles", "America/Argentina/Buenos_Aires", "Asia/Calcutta",
        "Asia/Kolkata", "Etc/GMT+5", "Pacific/Apia", "UTC", "Africa/Abidjan", "Zulu"}) {
    EXPECT_TRUE(IsTimeZone(name)) << name;
  }
  for (const char* name :
       {"", "Berlin", "Europe/berlin", "EUROPE/BERLIN", "Europe/Berlin ", "Europe", "Europe/",
        "+01:00", "GMT+5", "CEST", "Mars/Olympus", "localtime", "posixrules", "posix/Europe/Berlin",
        "right/UTC", "Factory", "/etc/localtime", "../../etc/passwd", "Fixed/UTC+01:00:00"}) {
    EXPECT_FALSE(IsTimeZone(name)) << name;
  }
}

// The machine's own database, of whatever release: a name that it does not have would be of no use.
TEST(TimeZonesTest, EveryNameIsAZone) {
  absl::TimeZone zone;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &zone)) << "no time zones here: install tzdata";
  int missing = 0;
  for (const std::string_view name : TimeZoneNames()) {
    if (!absl::LoadTimeZone(absl::string_view(name.data(), name.size()), &zone)) ++missing;
  }
  // An older release lacks the newest few.
  EXPECT_LE(missing, 5) << "of " << TimeZoneNames().size();
}

}  // namespace
}  // namespace tandem::exchange
