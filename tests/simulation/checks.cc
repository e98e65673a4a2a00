#include "tests/simulation/checks.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/exchange/domain.h"
#include "services/forecast/api_domain.h"
#include "services/governance/api_domain.h"
#include "tandem/exchange/v1/facts.pb.h"

namespace tandem::simulation {
namespace {

namespace ev1 = exchange::v1;
namespace fv1 = forecast::v1;
namespace gv1 = governance::v1;

constexpr std::int32_t kFirstDay = 20'000;

// All facts of a domain's slots, by a reader that begins at the first.
void AddFacts(Instance& instance, base::DomainId domain, std::uint16_t slots, Facts& facts,
              Report& report) {
  for (std::uint16_t index = 0; index < slots; ++index) {
    const base::SlotId slot{.domain = domain, .index = index};
    std::vector<base::FactRecord>& all = facts[slot];
    while (true) {
      const auto groups = instance.log()->Read(slot, all.size() + 1, 1 << 20);
      report.Expect(groups.ok(), absl::StrCat("the log of ", slot.ToString(),
                                              " can be read: ", groups.status().ToString()));
      if (!groups.ok() || groups->empty()) break;
      for (const auto& group : *groups) {
        for (const base::FactRecord& record : group->facts) {
          if (record.number == all.size() + 1) all.push_back(record);
        }
      }
    }
  }
}

// Each command against what the log says of its request id.
void CheckCommands(const Journal& journal, const Facts& facts, Report& report) {
  std::map<std::pair<std::string, std::string>, std::map<absl::Time, std::uint64_t>> accepted;
  for (const auto& [slot, records] : facts) {
    for (const base::FactRecord& record : records) {
      if (record.request_id.empty()) continue;
      // One command's facts share an instant, and no other has it.
      accepted[{record.actor.firm, record.request_id}].emplace(record.instant, record.number);
    }
  }
  std::map<std::string, std::uint64_t> lanes;
  for (const Sent& sent : journal.sent) {
    const auto& there = accepted[{sent.firm, sent.request_id}];
    const std::string what = absl::StrCat("command ", sent.request_id, " of ", sent.firm,
                                          " is there ", there.size(), " times");
    switch (sent.fate) {
      case Fate::kAccepted:
        report.Expect(there.size() == 1 || (!sent.makes_fact && there.empty()),
                      absl::StrCat("acknowledged ", what));
        break;
      case Fate::kRefused:
        report.Expect(there.empty(), absl::StrCat("refused ", what));
        break;
      case Fate::kUnanswered:
        report.Expect(there.size() <= 1, absl::StrCat("unanswered ", what));
        break;
    }
    if (sent.fate == Fate::kAccepted && !sent.lane.empty() && there.size() == 1) {
      std::uint64_t& last = lanes[sent.lane];
      report.Expect(there.begin()->second > last,
                    absl::StrCat("commands of lane ", sent.lane, " are out of order"));
      last = there.begin()->second;
    }
  }
}

// How many blocks of each stream the log has; they must be 1, 2, 3 … once each.
std::map<std::string, std::size_t> CheckStreams(const Facts& facts, Report& report) {
  std::map<std::string, std::size_t> blocks;
  for (const auto& [slot, records] : facts) {
    if (slot.domain != base::DomainId::kExchange) continue;
    for (const base::FactRecord& record : records) {
      if (record.fact.kind != ev1::Fact::kSeriesReportedFieldNumber) continue;
      ev1::SeriesReported reported;
      report.Expect(reported.ParseFromString(record.fact.payload), "a fact parses");
      if (reported.stream().empty()) continue;  // A single report.
      const auto next = static_cast<std::int64_t>(++blocks[reported.location()]);
      report.Expect(reported.block() == next,
                    absl::StrCat("block ", reported.block(), " of ", reported.location(),
                                 " stands where ", next, " should"));
    }
  }
  return blocks;
}

using Cells = std::map<std::pair<int, int>, std::int64_t>;

// What the closed batches of the first `count` blocks say.
Cells VisibleCells(const std::vector<SentBlock>& blocks, std::size_t count) {
  while (count > 0 && !blocks[count - 1].closes) --count;
  Cells cells;
  for (std::size_t b = 0; b < count; ++b) {
    for (const auto& [cell, value] : blocks[b].rows) cells[cell] = value;
  }
  return cells;
}

Cells CellsOf(const ev1::ReadSeriesResponse& page) {
  Cells cells;
  for (int i = 0; i < page.items_size(); ++i) {
    for (int d = 0; d < page.day_count(); ++d) {
      const int at = i * page.day_count() + d;
      const auto bit = static_cast<std::size_t>(at);
      if (page.known().empty() || (page.known()[bit / 8] >> (bit % 8) & 1) != 0) {
        cells[{page.items(i).back() - '0', page.first_day() + d - kFirstDay}] =
            page.value_milli(at);
      }
    }
  }
  return cells;
}

// The retailer reads its own sales back.
void CheckSales(const Ended& ended, const std::map<std::string, std::size_t>& blocks,
                Report& report) {
  for (const auto& [location, sent] : ended.journal->streams) {
    const auto found = blocks.find(location);
    const Cells want = VisibleCells(sent, found == blocks.end() ? 0 : found->second);
    ev1::ReadSeriesRequest request;
    request.set_owner(absl::StrCat("firms/", kRetailer));
    request.add_locations(location);
    request.set_measure(ev1::MEASURE_SALES);
    request.mutable_start_date()->set_year(2024);
    request.mutable_start_date()->set_month(10);
    request.mutable_start_date()->set_day(4);
    request.mutable_end_date()->set_year(2024);
    request.mutable_end_date()->set_month(11);
    request.mutable_end_date()->set_day(30);
    Cells have;
    runtime::Call call;
    call.caller = CallerOf(kRetailer);
    ended.exchanging->exchange()->ReadSeries(
        call, request,
        [&](absl::StatusOr<std::unique_ptr<runtime::Pages<ev1::ReadSeriesResponse>>> pages) {
          report.Expect(pages.ok(), absl::StrCat("ReadSeries: ", pages.status().ToString()));
          while (pages.ok()) {
            const auto page = (*pages)->Next();
            if (!page.ok() || !page->has_value()) break;
            have.merge(CellsOf(**page));
          }
        });
    ended.world->RunFor(absl::Seconds(1));
    report.Expect(have == want,
                  absl::StrCat("the sales of ", location, ": ", have.size(), " days read, ",
                               want.size(), " sent, or other values"));
    report.counts["days of sales compared"] += want.size();
  }
}

// Both parties read the same agreement and the same published versions.
void CheckJointRecords(const Ended& ended, Report& report) {
  runtime::Call retailer;
  retailer.caller = CallerOf(kRetailer);
  runtime::Call maker;
  for (int m = 0; m < 2; ++m) {
    maker.caller = CallerOf(kMakers[m]);
    gv1::GetAgreementRequest request;
    request.set_name(ended.trade->relation(m).name);
    std::vector<std::string> answers;
    for (const runtime::Call& call : {retailer, maker}) {
      ended.governing->governance()->GetAgreement(
          call, request, [&](absl::StatusOr<runtime::Answer<gv1::Agreement>> answer) {
            report.Expect(answer.ok(), absl::StrCat("GetAgreement: ", answer.status().ToString()));
            if (answer.ok()) answers.push_back(answer->message.SerializeAsString());
          });
    }
    ended.world->RunFor(absl::Seconds(1));
    report.Expect(answers.size() == 2 && answers[0] == answers[1],
                  absl::StrCat("both sides hold agreement ", m));
  }
  maker.caller = CallerOf(kMakers[0]);
  for (const std::string& name : ended.trade->published()) {
    fv1::ReadVersionRequest request;
    request.set_name(name);
    std::vector<std::string> answers;
    for (const runtime::Call& call : {retailer, maker}) {
      ended.forecasting->forecast()->ReadVersion(
          call, request,
          [&](absl::StatusOr<std::unique_ptr<runtime::Pages<fv1::ReadVersionResponse>>> pages) {
            report.Expect(pages.ok(), absl::StrCat("ReadVersion: ", pages.status().ToString()));
            std::string all;
            while (pages.ok()) {
              const auto page = (*pages)->Next();
              if (!page.ok() || !page->has_value()) break;
              absl::StrAppend(&all, (*page)->SerializeAsString());
            }
            answers.push_back(all);
          });
    }
    ended.world->RunFor(absl::Milliseconds(100));
    report.Expect(answers.size() == 2 && !answers[0].empty() && answers[0] == answers[1],
                  absl::StrCat("both sides read ", name));
  }
}

// What a firm may see at the end, fact by fact, against what its feed brought.
void CheckFeed(const Follower& follower, Instance& instance, const Facts& facts, const Trade& trade,
               Report& report) {
  const bool revoked = follower.firm() == kMakers[1] && trade.relation(1).revoking;
  std::set<std::pair<base::SlotId, std::uint64_t>> seen;
  for (const Follower::Seen& one : follower.seen()) {
    seen.emplace(one.slot, one.number);
    const bool late = revoked && trade.relation(1).revoked.has_value() &&
                      one.at > *trade.relation(1).revoked + absl::Milliseconds(1010);
    report.Expect(!late || one.slot.domain != base::DomainId::kExchange,
                  absl::StrCat(follower.firm(), " got ", one.fact.type_name,
                               " more than a second after the revocation"));
  }
  for (const auto& [slot, records] : facts) {
    const runtime::Domain* const domain = instance.domain(slot.domain);
    if (domain == nullptr) continue;
    for (const base::FactRecord& record : records) {
      if (record.fact.kind < base::kDomainKindFirst) continue;
      const auto view = domain->View(record, follower.firm(), *instance.grants());
      report.Expect(view.ok(), absl::StrCat("View: ", view.status().ToString()));
      if (!view.ok()) return;
      const bool has = seen.contains({slot, record.number});
      // What was seen before a revocation is hidden after it.
      if (!revoked) {
        report.Expect(has || !view->has_value(),
                      absl::StrCat("the feed of ", follower.firm(), " missed ", slot.ToString(),
                                   " ", record.number));
        report.Expect(!has || view->has_value(),
                      absl::StrCat("the feed of ", follower.firm(), " leaked ", slot.ToString(),
                                   " ", record.number));
      }
    }
  }
}

}  // namespace

void CheckRun(const Ended& ended, Report& report) {
  const bool up =
      ended.governing->serving() && ended.exchanging->serving() && ended.forecasting->serving();
  report.Expect(up, "every instance serves after all is healed");
  if (!up) return;
  Facts facts;
  AddFacts(*ended.governing, base::DomainId::kGovernance, 1, facts, report);
  AddFacts(*ended.exchanging, base::DomainId::kExchange, exchange::ExchangeDomain::kSlots, facts,
           report);
  AddFacts(*ended.forecasting, base::DomainId::kForecast, forecast::kForecastSlots, facts, report);
  CheckCommands(*ended.journal, facts, report);
  CheckSales(ended, CheckStreams(facts, report), report);
  CheckJointRecords(ended, report);
  for (const auto& follower : *ended.followers) {
    CheckFeed(*follower, follower->instance(), facts, *ended.trade, report);
  }
  CheckRuns(ended, facts, report);
  CheckGlasses(ended, report);
}

}  // namespace tandem::simulation
