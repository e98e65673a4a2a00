// What forecast's tests share: grants as a table, and forecast over a real slot on a map. Header
// only; not linked into the library.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/forecast/api.h"
#include "services/forecast/api_domain.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/map_store.h"
#include "services/runtime/router.h"
#include "services/runtime/seal.h"
#include "tests/support/fake_time.h"

namespace tandem::forecast {

// Agreements with their terms. A party reads every item of every scope, unless `blind` names it or
// `hidden` the item; an owner grants the derivation unless `underivable` names it.
class GrantTable final : public base::Grants {
 public:
  std::map<std::string, base::AgreementTerms> terms{};
  std::set<std::string> blind{};
  std::map<base::DataKind, std::set<std::string, std::less<>>> hidden{};
  std::set<std::string> underivable{};
  bool stale = false;
  bool ended = false;   // The parties' retention.
  std::string glass{};  // A viewer whose break-glass stands on every relation.

  absl::Status Check(std::string_view, std::string_view, base::DataKind, std::string_view,
                     std::string_view) const override {
    return absl::UnimplementedError("forecast does not ask");
  }
  absl::StatusOr<std::shared_ptr<const base::GrantedItems>> ItemsAt(
      std::string_view viewer, std::string_view, base::DataKind kind,
      std::string_view) const override {
    if (stale) return base::Refuse(base::Reason::kGrantsStale, "not known to be current");
    const auto items = hidden.find(kind);
    return std::make_shared<AllButHidden>(
        !blind.contains(std::string(viewer)),
        items == hidden.end() ? std::set<std::string, std::less<>>() : items->second);
  }
  absl::Status CheckJoint(std::string_view viewer, std::string_view relation) const override {
    const auto found = terms.find(std::string(relation));
    const bool party =
        found != terms.end() && std::ranges::count(found->second.parties, viewer) > 0;
    if (party && ended) return base::Refuse(base::Reason::kRetentionEnded, "it is over");
    if (party || viewer == glass) return absl::OkStatus();
    if (stale) return base::Refuse(base::Reason::kGrantsStale, "not known to be current");
    return base::Refuse(base::Reason::kNotGranted, "not a party");
  }
  absl::StatusOr<std::shared_ptr<const base::AgreementTerms>> TermsOf(
      std::string_view viewer, std::string_view relation) const override {
    if (stale) return base::Refuse(base::Reason::kGrantsStale, "not known to be current");
    TANDEM_RETURN_IF_ERROR(CheckJoint(viewer, relation));
    return std::make_shared<base::AgreementTerms>(terms.at(std::string(relation)));
  }
  absl::Status CheckDerivation(std::string_view, std::string_view owner,
                               std::string_view) const override {
    if (!underivable.contains(std::string(owner))) return absl::OkStatus();
    return base::Refuse(base::Reason::kNotGranted, "no derivation");
  }
  std::vector<std::string> ViewersOf(std::string_view, base::DataKind,
                                     std::string_view) const override {
    return {};
  }
  std::vector<std::string> PartiesOf(std::string_view relation) const override {
    const auto found = terms.find(std::string(relation));
    return found == terms.end() ? std::vector<std::string>() : found->second.parties;
  }
  std::uint64_t version() const override { return 1; }

 private:
  class AllButHidden final : public base::GrantedItems {
   public:
    AllButHidden(bool all, std::set<std::string, std::less<>> hidden)
        : all_(all), hidden_(std::move(hidden)) {}
    bool Contains(std::string_view item) const override { return all_ && !hidden_.contains(item); }
    bool empty() const override { return !all_; }

   private:
    bool all_;
    std::set<std::string, std::less<>> hidden_;
  };
};

// The agreement "deal": retailer "shop" and makers "maker" and "rival"; two items at two locations.
inline base::AgreementTerms DealTerms() {
  base::AgreementTerms terms;
  terms.relation = "deal";
  terms.version = 3;
  terms.parties = {"maker", "rival", "shop"};
  terms.scopes.push_back({"shop", {"bread", "milk"}, {"east", "west"}});
  terms.horizon_days = 28;
  terms.bucket_days = 1;
  return terms;
}

class FixedRandom final : public runtime::Random {
 public:
  std::uint64_t Next() override {
    const std::lock_guard lock(mutex_);
    return ++last_;
  }

 private:
  std::mutex mutex_;
  std::uint64_t last_ = 0;
};

// Forecast over an embedded log. Restart is a crash of all but the store. The test runs the
// executor.
class ForecastWorld {
 public:
  ForecastWorld(runtime::Clock& clock, runtime::Executor& executor)
      : clock_(clock), executor_(executor), store_(executor) {
    grants.terms["deal"] = DealTerms();
    Restart();
  }
  // Then run the executor: `ready` tells.
  void Restart() {
    api.reset();
    router.reset();
    log_.reset();
    log_ = std::make_unique<runtime::EmbeddedLog>(store_, executor_, 7);
    router = std::make_unique<runtime::Router>(*log_, clock_, executor_, runtime::SlotOptions{});
    router->Serve(domain_, [this](absl::Status status) { ready = std::move(status); });
    api = std::make_unique<ForecastApi>(ForecastSeams{
        router.get(), &grants, &sealer,
        [this](std::string_view firm, std::string_view principal, std::string_view role) {
          if (firm == suspended) return base::Refuse(base::Reason::kFirmSuspended, "suspended");
          const bool has = firm != "stranger" && (principal == "bot" || role == "reader");
          return has ? absl::OkStatus() : base::Refuse(base::Reason::kRoleMissing, "no such role");
        }});
  }
  // 32 hex digits of `n`, as a UUID.
  static std::string Id(int n) {
    return absl::StrCat("00000000-0000-4000-8000-", absl::Dec(n, absl::kZeroPad12));
  }
  Call CallOf(const std::string& firm, const std::string& principal = "bot") const {
    Call call;
    call.caller = {.firm = firm, .principal = principal};
    call.caller.operator_role = firm == "operator";
    if (call.caller.operator_role) call.break_glass = break_glass;
    call.deadline = clock_.Now() + absl::Seconds(30);
    return call;
  }
  std::string Token(const std::string& firm, std::uint64_t number, std::uint16_t slot = 0) const {
    base::Position position;
    position.Set({base::DomainId::kExchange, slot}, number);
    return runtime::SealPosition(sealer, firm, position);
  }

 private:
  runtime::Clock& clock_;
  runtime::Executor& executor_;
  FixedRandom random_;

 public:
  GrantTable grants{};
  runtime::Sealer sealer{std::string(32, 'k'), random_};
  absl::Status ready = absl::UnknownError("not yet");
  std::string break_glass{};  // Of the operator's calls.
  std::string suspended{};    // A firm.

 private:
  runtime::MapStore store_;
  ForecastDomain domain_;
  std::unique_ptr<runtime::EmbeddedLog> log_;

 public:
  std::unique_ptr<runtime::Router> router{};
  std::unique_ptr<ForecastApi> api{};
};

// Tests that ask forecast's handlers as the shell would.
class ForecastWorldTest : public ::testing::Test {
 protected:
  ForecastWorldTest() {
    executor_.RunDue();
    EXPECT_TRUE(world_.ready.ok()) << world_.ready;
  }
  // The answer of one handler.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Ask(void (ForecastApi::*method)(const Call&, const Request&,
                                                           Reply<Response>),
                               const Request& request, const std::string& firm,
                               const std::string& principal = "bot") {
    std::optional<absl::StatusOr<Response>> answer;
    (world_.api.get()->*method)(world_.CallOf(firm, principal), request,
                                [&answer](absl::StatusOr<runtime::Answer<Response>> got) {
                                  EXPECT_FALSE(answer.has_value());
                                  answer = got.ok() ? absl::StatusOr<Response>(got->message)
                                                    : got.status();
                                });
    executor_.RunDue();
    if (!answer.has_value()) return absl::UnknownError("no answer");
    return *answer;
  }

  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  ForecastWorld world_{clock_, executor_};
};

}  // namespace tandem::forecast
