// The operator of a simulated trade: breaks the glass of agreements, and reads under it.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "tests/simulation/trade.h"

namespace tandem::simulation {

namespace ev1 = exchange::v1;
namespace gv1 = governance::v1;
using base::Reason;
using governance::GovernanceApi;

namespace {

constexpr char kOperator[] = "operator";
// The shortest there is: some end by themselves before the run does.
constexpr absl::Duration kDuration = absl::Minutes(1);

std::string IdOf(const std::string& name) { return name.substr(name.rfind('/') + 1); }

}  // namespace

// Opens one now and then, reads, and has it closed by the operator, by a party, or not at all.
void Trade::BreakGlass(Next done) {
  SeededRandom& random = wire_.world->random();
  ReadAsOperator();
  std::vector<std::string> standing;
  for (const auto& [id, glass] : glasses_) {
    if (!glass.closed.has_value() && wire_.world->now() < glass.expires) standing.push_back(id);
  }
  if (!standing.empty() && random.OneIn(12)) return CloseGlass(standing.back(), std::move(done));
  // Never while one stands: that refusal does not last, so a copy of the request that is still
  // under way could be accepted once that one has ended, and no caller can tell by its answer.
  if (standing.empty() && random.OneIn(8)) {
    return OpenGlass(static_cast<int>(random.Below(2)), std::move(done));
  }
  wire_.clients->RunAfter(absl::Milliseconds(200), std::move(done));
}

void Trade::OpenGlass(int maker, Next done) {
  gv1::OpenBreakGlassRequest request;
  request.set_parent(relations_[maker].name);
  request.set_explanation("ticket 7");
  request.mutable_duration()->set_seconds(absl::ToInt64Seconds(kDuration));
  const absl::Duration sent = wire_.world->now();
  Command(
      Question(*governing_, &Instance::governance, &GovernanceApi::OpenBreakGlass, kOperator,
               request),
      "", true,
      [this, maker, sent, done = std::move(done)](const absl::StatusOr<gv1::BreakGlass>& opened) {
        if (!opened.ok()) {
          CheckRefusedGlass(maker, opened.status());
          return done();
        }
        for (const auto& [id, glass] : glasses_) {
          report_->Expect(glass.maker != maker || !glass.by_party || !glass.closed.has_value() ||
                              *glass.closed > sent,
                          "a break-glass was opened that a party had refused for a day");
        }
        glasses_[IdOf(opened->name())] = {
            .maker = maker, .sent = sent, .expires = wire_.world->now() + kDuration};
        ++report_->counts["break-glasses"];
        done();
      });
}

// A refusal has its cause: one stands, a party has closed one, or the agreement has ended.
void Trade::CheckRefusedGlass(int maker, const absl::Status& refused) {
  const Reason reason = base::ReasonOf(refused);
  const bool any = std::ranges::any_of(
      glasses_, [](const auto& entry) { return !entry.second.closed.has_value(); });
  const bool by_party = std::ranges::any_of(glasses_, [maker](const auto& entry) {
    return entry.second.maker == maker && entry.second.by_party;
  });
  const bool right = (reason == Reason::kBreakGlassStands && any) ||
                     (reason == Reason::kBreakGlassRefused && by_party) ||
                     (reason == Reason::kAgreementRevoked && relations_[maker].revoking);
  report_->Expect(right, absl::StrCat("OpenBreakGlass: ", refused.ToString()));
}

void Trade::CloseGlass(const std::string& id, Next done) {
  const Glass& glass = glasses_.at(id);
  const std::string closers[] = {kOperator, kRetailer, kMakers[glass.maker]};
  const std::string& closer = closers[wire_.world->random().Below(3)];
  gv1::CloseBreakGlassRequest request;
  request.set_name(absl::StrCat(relations_[glass.maker].name, "/breakGlasses/", id));
  Command(Question(*governing_, &Instance::governance, &GovernanceApi::CloseBreakGlass, closer,
                   request),
          "", true,
          [this, id, by_party = closer != kOperator,
           done = std::move(done)](const absl::StatusOr<gv1::BreakGlass>& answer) {
            // It ends with its agreement, and at its time, too.
            report_->Expect(
                answer.ok() || base::ReasonOf(answer.status()) == Reason::kBreakGlassEnded,
                absl::StrCat("CloseBreakGlass: ", answer.status().ToString()));
            glasses_.at(id).closed = wire_.world->now();
            glasses_.at(id).by_party = by_party && answer.ok();
            if (answer.ok()) ++report_->counts["break-glasses closed"];
            done();
          });
}

void Trade::ReadAsOperator() {
  ev1::ReadSeriesRequest request;
  request.set_owner(absl::StrCat("firms/", kRetailer));
  request.set_measure(ev1::MEASURE_SALES);
  request.mutable_start_date()->set_year(2024);
  request.mutable_start_date()->set_month(10);
  request.mutable_start_date()->set_day(4);
  request.mutable_end_date()->set_year(2024);
  request.mutable_end_date()->set_month(11);
  request.mutable_end_date()->set_day(12);
  wire_.network->Send(exchanging_->node(), [this, request] {
    if (exchanging_->exchange() == nullptr) return;
    runtime::Call call;
    call.caller = CallerOf(kOperator);
    call.break_glass = exchanging_->grants()->BreakGlassOf(call.caller.principal);  // As the door.
    exchanging_->exchange()->ReadSeries(
        call, request,
        [this, glass = call.break_glass](
            absl::StatusOr<std::unique_ptr<runtime::Pages<ev1::ReadSeriesResponse>>> pages) {
          while (pages.ok()) {
            const auto page = (*pages)->Next();
            if (!page.ok() || !page->has_value()) break;
            glass_reads_.push_back({.glass = glass,
                                    .at = wire_.world->now(),
                                    .items = {(*page)->items().begin(), (*page)->items().end()}});
            ++report_->counts["pages read under a break-glass"];
          }
        });
  });
}

}  // namespace tandem::simulation
