// The loops of a simulated trade that send streams, read, and change agreements and forecasts.

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "tests/simulation/trade.h"

namespace tandem::simulation {

namespace ev1 = exchange::v1;
namespace fv1 = forecast::v1;
namespace gv1 = governance::v1;
using forecast::ForecastApi;
using governance::GovernanceApi;

namespace {

constexpr std::int32_t kFirstDay = 20'000;
constexpr int kDays = 40;
constexpr std::int64_t kNeverSent = 99'000;  // Values are below 30 units.

std::string Location(int location) {
  return absl::StrCat("firms/", kRetailer, "/locations/", LocationId(location));
}

}  // namespace

// Random rows: mostly days not yet reported, now and then a correction of all that came before.
void Trade::MakeBlock(int location) {
  std::vector<SentBlock>& blocks = journal_->streams[LocationId(location)];
  SeededRandom& random = wire_.world->random();
  SentBlock block;
  // Revisions rise with the blocks, so that no block conflicts with an earlier one.
  block.revision = static_cast<std::uint32_t>(blocks.size());
  std::set<std::pair<int, int>> cells;
  for (std::uint64_t i = 0; i < 1 + random.Below(20); ++i) {
    cells.emplace(static_cast<int>(random.Below(kItems)), static_cast<int>(random.Below(kDays)));
  }
  for (const auto& cell : cells) {
    const auto value = static_cast<std::int64_t>(random.Below(30)) * 1000;
    block.rows.emplace_back(cell, value);
    values_[{location, cell}].insert(value);
  }
  block.closes = random.OneIn(3);
  blocks.push_back(std::move(block));
}

ev1::IngestRequest Trade::RequestOf(int location, std::size_t number, const SentBlock& block) {
  ev1::IngestRequest request;
  request.set_location(Location(location));
  request.set_stream("pos");
  request.set_block(static_cast<std::int64_t>(number));
  request.set_close_batch(block.closes);
  ev1::SeriesBlock& series = *request.mutable_series();
  series.set_measure(ev1::MEASURE_SALES);
  series.set_revision(block.revision);
  for (int i = 0; i < kItems; ++i) series.add_items(ItemId(i));
  for (const auto& [cell, value] : block.rows) {
    series.add_run_item(static_cast<std::uint32_t>(cell.first));
    series.add_run_first_day(kFirstDay + cell.second);
    series.add_value_milli(value);
  }
  return request;
}

void Trade::Push(int location, const ev1::IngestRequest& request,
                 std::function<void(absl::StatusOr<ev1::IngestResponse>)> answered) {
  const auto once = std::make_shared<decltype(answered)>(std::move(answered));
  const auto answer_once = [once](const absl::StatusOr<ev1::IngestResponse>& answer) {
    const auto call = std::exchange(*once, nullptr);
    if (call != nullptr) call(answer);
  };
  const std::string key = LocationId(location);
  wire_.network->Send(exchanging_->node(), [this, key, request, answer_once] {
    exchange::IngestSession* const session = exchanging_->Session(kRetailer, key);
    if (session == nullptr) return;
    session->Push(
        request, [this, key, answer_once](const absl::StatusOr<ev1::IngestResponse>& answer) {
          if (!answer.ok()) {
            exchanging_->node().Run([this, key] { exchanging_->EndSession(key); });
          }
          wire_.network->Send(*wire_.clients, [answer_once, answer] { answer_once(answer); });
        });
  });
  wire_.clients->RunAfter(
      wire_.patience, [answer_once] { answer_once(absl::UnavailableError("no answer in time")); });
}

// The stream's next block, again and again until it is durable; now and then one that is.
void Trade::SendBlock(int location, Next done) {
  std::vector<SentBlock>& blocks = journal_->streams[LocationId(location)];
  const std::size_t durable = durable_blocks_[location];
  if (durable > 0 && wire_.world->random().OneIn(6)) return SendAgain(location, std::move(done));
  if (durable == blocks.size()) MakeBlock(location);
  const std::size_t number = durable + 1;
  Push(location, RequestOf(location, number, blocks[number - 1]),
       [this, location, number, done = std::move(done)](auto answer) {
         if (answer.ok()) {
           report_->Expect(answer->durable_block() >= static_cast<std::int64_t>(number),
                           "a block was answered before it was durable");
           durable_blocks_[location] = number;
           ++report_->counts["blocks"];
         } else {
           report_->Expect(MayRetry(answer.status()),
                           absl::StrCat("Ingest: ", answer.status().ToString()));
         }
         done();
       });
}

// A durable block's number once more, by a sender that repeats itself, or that counts anew and has
// other rows: those are refused, and nobody ever reads them.
void Trade::SendAgain(int location, Next done) {
  SeededRandom& random = wire_.world->random();
  const std::size_t number = 1 + random.Below(durable_blocks_[location]);
  SentBlock block = journal_->streams[LocationId(location)][number - 1];
  const bool differs = random.OneIn(2);
  if (differs) block.rows.back().second = kNeverSent;
  Push(location, RequestOf(location, number, block),
       [this, differs, done = std::move(done)](auto answer) {
         if (!differs) {
           report_->Expect(answer.ok() || MayRetry(answer.status()),
                           absl::StrCat("a repeated block: ", answer.status().ToString()));
           ++report_->counts["blocks repeated"];
         } else if (!MayRetry(answer.status())) {
           report_->Expect(
               base::ReasonOf(answer.status()) == base::Reason::kContentDiffers,
               absl::StrCat("a durable block with other rows: ", answer.status().ToString()));
           ++report_->counts["blocks with other rows refused"];
         }
         done();
       });
}

void Trade::CheckPage(int maker, absl::Duration read_at, const ev1::ReadSeriesResponse& page) {
  const Relation& relation = relations_[maker];
  report_->Expect(!relation.revoked.has_value() || read_at <= *relation.revoked + absl::Seconds(1),
                  absl::StrCat(kMakers[maker], " read more than a second after the revocation"));
  ++report_->counts["pages read by makers"];
  const int location = page.location() == Location(0) ? 0 : 1;
  for (int i = 0; i < page.items_size(); ++i) {
    const int item = page.items(i).back() - '0';
    report_->Expect(relation.items.contains(item),
                    absl::StrCat(kMakers[maker], " was shown ", page.items(i)));
    for (int d = 0; d < page.day_count(); ++d) {
      const int bit = i * page.day_count() + d;
      const bool known = page.known().empty() ||
                         (page.known()[static_cast<std::size_t>(bit) / 8] >> (bit % 8) & 1) != 0;
      if (!known) continue;
      const auto& sent = values_[{location, {item, page.first_day() + d - kFirstDay}}];
      report_->Expect(sent.contains(page.value_milli(bit)), "a value was read that nobody sent");
    }
  }
}

// A maker reads the retailer's sales: its own items, and nothing after the revocation.
void Trade::ReadAsMaker(int maker, Next done) {
  ev1::ReadSeriesRequest request;
  request.set_owner(absl::StrCat("firms/", kRetailer));
  request.set_measure(ev1::MEASURE_SALES);
  request.mutable_start_date()->set_year(2024);
  request.mutable_start_date()->set_month(10);
  request.mutable_start_date()->set_day(4);  // kFirstDay
  request.mutable_end_date()->set_year(2024);
  request.mutable_end_date()->set_month(11);
  request.mutable_end_date()->set_day(12);
  wire_.network->Send(exchanging_->node(), [this, maker, request] {
    if (exchanging_->exchange() == nullptr) return;
    runtime::Call call;
    call.caller = CallerOf(kMakers[maker]);
    exchanging_->exchange()->ReadSeries(
        call, request,
        [this,
         maker](absl::StatusOr<std::unique_ptr<runtime::Pages<ev1::ReadSeriesResponse>>> pages) {
          while (pages.ok()) {
            const auto page = (*pages)->Next();
            if (!page.ok() || !page->has_value()) break;
            CheckPage(maker, wire_.world->now(), **page);
          }
        });
  });
  wire_.clients->RunAfter(absl::Milliseconds(300), std::move(done));
}

// Maker 2's agreement is revoked once in a run, by one of its parties.
void Trade::ReviseAgreements(Next done) {
  Relation& relation = relations_[1];
  if (relation.name.empty() || relation.revoking || !wire_.world->random().OneIn(20)) {
    return wire_.clients->RunAfter(absl::Milliseconds(500), std::move(done));
  }
  relation.revoking = true;
  gv1::RevokeAgreementRequest request;
  request.set_name(relation.name);
  request.set_explanation("the season is over");
  const std::string firm = wire_.world->random().OneIn(2) ? kRetailer : kMakers[1];
  Command(
      Question(*governing_, &Instance::governance, &GovernanceApi::RevokeAgreement, firm, request),
      "", true, [this, done = std::move(done)](const absl::StatusOr<gv1::Agreement>& answer) {
        report_->Expect(answer.ok(), absl::StrCat("RevokeAgreement: ", answer.status().ToString()));
        // Durable when it was answered, at the latest.
        relations_[1].revoked = wire_.world->now();
        ++report_->counts["revocations"];
        done();
      });
}

// The retailer publishes a small plan into maker 1's agreement: stage, one chunk, publish. At times
// it is an order forecast, which the maker leads and the retailer may not publish, or one of weeks,
// which the agreement does not know.
void Trade::PublishVersion(Next done) {
  const std::uint64_t which = wire_.world->random().Below(8);
  const bool order = which < 2;
  const bool weeks = which == 2;
  const std::string firm = which == 0 ? kMakers[0] : kRetailer;
  fv1::StageVersionRequest request;
  request.set_parent(relations_[0].name);
  fv1::Version& version = *request.mutable_version();
  version.set_purpose(order ? fv1::PURPOSE_ORDER : fv1::PURPOSE_SALES);
  version.set_method("planner");
  version.set_reason("weekly plan");
  version.mutable_start_date()->set_year(2026);
  version.mutable_start_date()->set_month(1);
  version.mutable_start_date()->set_day(5);
  version.set_bucket_count(weeks ? 1 : 7);
  version.set_bucket_days(weeks ? 7 : 1);
  base::Reason want = weeks ? base::Reason::kFieldOutOfRange : base::Reason::kNone;
  if (order && firm == kRetailer) want = base::Reason::kNotLead;
  Command(Question(*forecasting_, &Instance::forecast, &ForecastApi::StageVersion, firm, request),
          "", true,
          [this, firm, want, done = std::move(done)](const absl::StatusOr<fv1::Version>& staged) {
            report_->Expect(MayRetry(staged.status()) || base::ReasonOf(staged.status()) == want,
                            absl::StrCat("StageVersion: ", staged.status().ToString()));
            if (!staged.ok()) return done();
            UploadAndPublish(staged->name(), firm, done);
          });
}

void Trade::UploadAndPublish(const std::string& name, const std::string& firm, Next done) {
  fv1::UploadChunkRequest upload;
  upload.set_name(name);
  upload.set_chunk(1);
  fv1::SeriesColumns& series = *upload.mutable_series();
  series.set_owner(absl::StrCat("firms/", kRetailer));
  for (const int item : relations_[0].items) {
    series.add_item_index(static_cast<std::uint32_t>(series.items_size()));
    series.add_items(ItemId(item));
    series.add_location_index(0);
    for (int b = 0; b < 7; ++b) {
      series.add_mean_milli(static_cast<std::int64_t>(wire_.world->random().Below(9000)));
    }
  }
  series.add_locations(LocationId(0));
  Insist(
      wire_, Question(*forecasting_, &Instance::forecast, &ForecastApi::UploadChunk, firm, upload),
      [] { return false; },
      [this, name, firm, done = std::move(done)](const absl::StatusOr<fv1::Version>& uploaded) {
        report_->Expect(uploaded.ok(), absl::StrCat("UploadChunk: ", uploaded.status().ToString()));
        fv1::PublishVersionRequest publish;
        publish.set_name(name);
        publish.set_chunk_count(1);
        Command(Question(*forecasting_, &Instance::forecast, &ForecastApi::PublishVersion, firm,
                         publish),
                "", true, [this, name, done](const absl::StatusOr<fv1::Version>& published) {
                  report_->Expect(published.ok(),
                                  absl::StrCat("PublishVersion: ", published.status().ToString()));
                  if (published.ok()) published_.push_back(name);
                  ++report_->counts["versions"];
                  done();
                });
      });
}

}  // namespace tandem::simulation
