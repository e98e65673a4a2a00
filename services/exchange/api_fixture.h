// For tests of the handlers and the worker, on a real router and log in memory, on one thread under
// the test's clock. Headers only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/exchange/api.h"
#include "services/exchange/domain.h"
#include "services/exchange/testing.h"
#include "services/exchange/worker.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/map_store.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"

namespace tandem::exchange {

class CountingRandom final : public runtime::Random {
 public:
  std::uint64_t Next() override { return ++last_; }

 private:
  std::uint64_t last_ = 0;
};

inline google::type::Date DateAt(std::int32_t day) { return DateOf(testing::kDay + day); }

// A shop with three items and two locations; "maker" may see i1 at l1.
class ExchangeApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Open();
    grants_.table["maker/shop/l1"] = {"i1"};
    v1::RegisterItemsRequest items;
    items.set_parent("firms/shop");
    for (const char* id : {"i1", "i2", "i3"}) {
      v1::Item& item = *items.add_items();
      item.set_name("firms/shop/items/" + std::string(id));
      item.set_unit_code("C62");
    }
    items.set_request_id(NextId());
    ASSERT_THAT(Ask(&ExchangeApi::RegisterItems, "shop", items), tandem::testing::IsOk());
    v1::RegisterLocationsRequest locations;
    locations.set_parent("firms/shop");
    for (const char* id : {"l1", "l2"}) {
      v1::Location& location = *locations.add_locations();
      location.set_name("firms/shop/locations/" + std::string(id));
      location.set_kind(v1::LOCATION_KIND_STORE);
    }
    locations.set_request_id(NextId());
    ASSERT_THAT(Ask(&ExchangeApi::RegisterLocations, "shop", locations), tandem::testing::IsOk());
  }

  // Starts, or starts again, on what the store holds.
  void Open() {
    api_.reset();
    worker_.reset();
    router_.reset();
    registers_.reset();
    log_ = std::make_unique<runtime::EmbeddedLog>(store_, executor_, 77);
    std::vector<base::SlotId> slots;
    for (std::uint16_t i = 0; i < ExchangeDomain::kSlots; ++i) {
      slots.push_back({base::DomainId::kExchange, i});
    }
    registers_ = std::make_unique<RegisterReplica>(*log_, executor_, slots);
    domain_ = std::make_unique<ExchangeDomain>(*registers_);
    router_ = std::make_unique<runtime::Router>(*log_, clock_, executor_, runtime::SlotOptions{});
    std::optional<absl::Status> ready;
    router_->Serve(*domain_, [&](const absl::Status& status) { ready = status; });
    executor_.Advance(absl::ZeroDuration());
    ASSERT_TRUE(ready.has_value());
    ASSERT_THAT(*ready, tandem::testing::IsOk());
    ASSERT_THAT(registers_->Start(), tandem::testing::IsOk());
    executor_.Advance(absl::ZeroDuration());
    api_ = std::make_unique<ExchangeApi>(
        ExchangeSeams{.router = router_.get(),
                      .grants = &grants_,
                      .registers = registers_.get(),
                      .sealer = &sealer_,
                      .check_role = [this](auto...) { return role_; }});
    worker_ = std::make_unique<FoldWorker>(*router_, executor_, fold_options_);
  }

  Call CallOf(const std::string& firm) const {
    Call call{.caller = {.firm = firm, .principal = "p"},
              .deadline = clock_.Now() + absl::Hours(1)};
    call.caller.operator_role = firm == "operator";
    if (call.caller.operator_role) call.break_glass = break_glass_;
    return call;
  }

  std::string NextId() {
    return "00000000-0000-4000-8000-" + absl::StrCat(absl::Dec(++ids_, absl::kZeroPad12));
  }

  template <typename Request, typename Response>
  absl::StatusOr<Response> Ask(void (ExchangeApi::*method)(const Call&, const Request&,
                                                           Reply<Response>),
                               const std::string& firm, const Request& request) {
    std::optional<absl::StatusOr<runtime::Answer<Response>>> answer;
    ((*api_).*method)(CallOf(firm), request, [&](absl::StatusOr<runtime::Answer<Response>> got) {
      answer = std::move(got);
    });
    executor_.Advance(absl::ZeroDuration());
    if (!answer.has_value()) return absl::UnknownError("not answered");
    if (!answer->ok()) return answer->status();
    return (*answer)->message;
  }

  template <typename Request, typename Message>
  absl::StatusOr<std::vector<Message>> Pull(void (ExchangeApi::*method)(const Call&, const Request&,
                                                                        PagesReply<Message>),
                                            const std::string& firm, const Request& request) {
    std::optional<absl::StatusOr<std::unique_ptr<Pages<Message>>>> pages;
    ((*api_).*method)(
        CallOf(firm), request,
        [&](absl::StatusOr<std::unique_ptr<Pages<Message>>> got) { pages = std::move(got); });
    executor_.Advance(absl::ZeroDuration());
    if (!pages.has_value()) return absl::UnknownError("not answered");
    if (!pages->ok()) return pages->status();
    std::vector<Message> all;
    while (true) {
      auto next = (**pages)->Next();
      if (!next.ok()) return next.status();
      if (!next->has_value()) return all;
      all.push_back(**std::move(next));
    }
  }

  // One block of `rows`, pushed on its own call.
  absl::StatusOr<v1::IngestResponse> Ingest(std::int64_t block,
                                            const std::vector<testing::Row>& rows, bool close,
                                            std::uint32_t revision = 1) {
    auto session = api_->OpenIngest(CallOf("shop"));
    std::optional<absl::StatusOr<v1::IngestResponse>> got;
    session->Push(BlockOf(block, rows, close, revision),
                  [&](absl::StatusOr<v1::IngestResponse> response) { got = std::move(response); });
    executor_.Advance(absl::ZeroDuration());
    return got.value_or(absl::UnknownError("not answered"));
  }

  static v1::IngestRequest BlockOf(std::int64_t block, const std::vector<testing::Row>& rows,
                                   bool close, std::uint32_t revision = 1) {
    v1::IngestRequest request;
    request.set_location("firms/shop/locations/l1");
    request.set_stream("pos");
    request.set_block(block);
    *request.mutable_series() = testing::WireBlock(rows, revision, 3);
    request.set_close_batch(close);
    return request;
  }

  v1::ReadSeriesRequest WholeRange() const {
    v1::ReadSeriesRequest request;
    request.set_owner("firms/shop");
    request.set_measure(v1::MEASURE_SALES);
    *request.mutable_start_date() = DateAt(0);
    *request.mutable_end_date() = DateAt(1);
    return request;
  }

  absl::StatusOr<std::vector<v1::ReadSeriesResponse>> Sales(const std::string& firm) {
    return Pull(&ExchangeApi::ReadSeries, firm, WholeRange());
  }

  tandem::testing::FakeClock clock_;
  tandem::testing::ManualExecutor executor_{clock_};
  runtime::MapStore store_{executor_};
  CountingRandom random_;
  runtime::Sealer sealer_{std::string(32, 'k'), random_};
  testing::TableGrants grants_;
  std::unique_ptr<runtime::EmbeddedLog> log_;
  std::unique_ptr<RegisterReplica> registers_;
  std::unique_ptr<ExchangeDomain> domain_;
  std::unique_ptr<runtime::Router> router_;
  std::unique_ptr<ExchangeApi> api_;
  std::unique_ptr<FoldWorker> worker_;
  FoldWorkerOptions fold_options_{.fold = {.all = true}};
  std::string break_glass_;  // Of the operator's calls.
  absl::Status role_{};      // What the check of the role says.
  int ids_ = 0;
};

}  // namespace tandem::exchange
