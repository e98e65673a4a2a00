// What the makers' runs left behind.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tandem/forecast/v1/facts.pb.h"
#include "tests/simulation/checks.h"

namespace tandem::simulation {
namespace {

namespace fv1 = forecast::v1;

constexpr std::int64_t kSoldMilliMax = 29'000;  // Trade::MakeBlock.

// All pages of a version as the firm reads them.
std::vector<fv1::ReadVersionResponse> ReadVersion(const Ended& ended, const std::string& name,
                                                  const std::string& firm, Report& report) {
  fv1::ReadVersionRequest request;
  request.set_name(name);
  request.set_with_quantiles(true);
  runtime::Call call;
  call.caller = CallerOf(firm);
  std::vector<fv1::ReadVersionResponse> chunks;
  ended.forecasting->forecast()->ReadVersion(
      call, request,
      [&](absl::StatusOr<std::unique_ptr<runtime::Pages<fv1::ReadVersionResponse>>> pages) {
        report.Expect(
            pages.ok(),
            absl::StrCat(firm, " reads the version of a run: ", pages.status().ToString()));
        while (pages.ok()) {
          const auto page = (*pages)->Next();
          if (!page.ok() || !page->has_value()) break;
          chunks.push_back(**page);
        }
      });
  ended.world->RunFor(absl::Milliseconds(100));
  return chunks;
}

// Every item is shared with the maker, and every number lies within what was sold.
void CheckNumbers(const Ended& ended, const MakersRun& run, const fv1::ReadVersionResponse& read,
                  Report& report) {
  const fv1::SeriesColumns& chunk = read.series();
  const int levels = run.method == "local" ? 9 : 0;
  report.Expect(read.quantiles().value_milli_size() == levels * chunk.mean_milli_size(),
                absl::StrCat(run.method, " has ", read.quantiles().value_milli_size(),
                             " quantiles of ", chunk.mean_milli_size(), " values"));
  const Relation& relation = ended.trade->relation(run.maker);
  const int buckets = chunk.mean_milli_size() / chunk.item_index_size();
  for (int row = 0; row < chunk.item_index_size(); ++row) {
    const std::string& item = chunk.items(static_cast<int>(chunk.item_index(row)));
    report.Expect(relation.items.contains(item.back() - '0'),
                  absl::StrCat("a run of ", kMakers[run.maker], " has forecast ", item));
    for (int bucket = 0; bucket < buckets; ++bucket) {
      const std::int64_t milli = chunk.mean_milli(row * buckets + bucket);
      // The first two only ever average what was sold.
      const bool averages = run.method == "seasonal-naive" || run.method == "ses";
      const bool may = milli >= 0 && (milli <= kSoldMilliMax || !averages);
      report.Expect(may, absl::StrCat(run.method, " forecasts ", milli, " of ", item));
    }
  }
}

// A version is in the agreement's buckets, and an order forecast its lead's.
void CheckTerms(const Ended& ended, const fv1::VersionPublished& version, Report& report) {
  for (int maker = 0; maker < 2; ++maker) {
    if (ended.trade->relation(maker).name != absl::StrCat("agreements/", version.agreement())) {
      continue;
    }
    const bool order = version.purpose() == fv1::PURPOSE_ORDER;
    const std::string lead = order ? kMakers[maker] : kRetailer;
    report.Expect(version.bucket_days() == 1 && version.lead() == lead &&
                      (!order || version.author() == lead),
                  absl::StrCat("a version of ", version.author(), " was published in buckets of ",
                               version.bucket_days(), " days, led by ", version.lead()));
    if (order) ++report.counts["order forecasts"];
  }
}

// Versions that are staged and not yet published or dropped: what each says as its reason.
class StagedVersions {
 public:
  void Take(const base::Fact& fact) {
    fv1::VersionStaged staged;
    fv1::VersionPublished published;
    fv1::VersionDropped dropped;
    if (fact.kind == fv1::Fact::kVersionStagedFieldNumber && staged.ParseFromString(fact.payload)) {
      reasons_[{staged.agreement(), staged.version()}] = staged.reason();
    }
    if (fact.kind == fv1::Fact::kVersionPublishedFieldNumber &&
        published.ParseFromString(fact.payload)) {
      reasons_.erase({published.agreement(), published.version()});
    }
    if (fact.kind == fv1::Fact::kVersionDroppedFieldNumber &&
        dropped.ParseFromString(fact.payload)) {
      reasons_.erase({dropped.agreement(), dropped.version()});
    }
  }
  std::int64_t OfRuns() const {
    return std::ranges::count_if(
        reasons_, [](const auto& entry) { return entry.second.starts_with("run "); });
  }

 private:
  std::map<std::pair<std::string, std::string>, std::string> reasons_;
};

// Each run ended once, as its firm was told, and left nothing staged; what is published after a
// revocation came within a second of it.
void CheckFacts(const Ended& ended, const Facts& facts, Report& report) {
  std::map<std::string, int> ends;
  StagedVersions staged;
  const absl::Time beginning = ended.forecasting->node().Now() - ended.world->now();
  for (const auto& [slot, records] : facts) {
    if (slot.domain != base::DomainId::kForecast) continue;
    for (const base::FactRecord& record : records) {
      staged.Take(record.fact);
      fv1::RunEnded run;
      fv1::VersionPublished version;
      if (record.fact.kind == fv1::Fact::kRunEndedFieldNumber) {
        report.Expect(run.ParseFromString(record.fact.payload), "a fact parses");
        ++ends[absl::StrCat("agreements/", run.agreement(), "/runs/", run.run())];
      }
      if (record.fact.kind != fv1::Fact::kVersionPublishedFieldNumber) continue;
      report.Expect(version.ParseFromString(record.fact.payload), "a fact parses");
      CheckTerms(ended, version, report);
      if (ended.clocks_set) continue;
      const Relation& relation = ended.trade->relation(1);
      if (relation.name != absl::StrCat("agreements/", version.agreement())) continue;
      report.Expect(
          !relation.revoked.has_value() ||
              record.instant - beginning <= *relation.revoked + absl::Seconds(1),
          absl::StrCat("a version of ", version.author(), " was published at ",
                       absl::FormatDuration(record.instant - beginning),
                       ", more than a second after the revocation at ",
                       absl::FormatDuration(relation.revoked.value_or(absl::ZeroDuration()))));
    }
  }
  report.Expect(staged.OfRuns() == 0,
                absl::StrCat("runs that ended left ", staged.OfRuns(), " versions staged"));
  for (const MakersRun& run : ended.trade->runs()) {
    report.Expect(run.ended && ends[run.name] == 1,
                  absl::StrCat("the run ", run.name, " ended ", ends[run.name], " times"));
  }
}

}  // namespace

void CheckRuns(const Ended& ended, const Facts& facts, Report& report) {
  CheckFacts(ended, facts, report);
  for (const MakersRun& run : ended.trade->runs()) {
    if (run.version.empty()) {
      const bool revoked = ended.trade->relation(run.maker).revoking;
      const bool ours =
          run.error.starts_with("BASIS_STALE") || run.error.starts_with("NOT_GRANTED");
      report.Expect(!run.error.empty() && (revoked || !ours),
                    absl::StrCat("a run failed with ", run.error));
      continue;
    }
    const auto chunks = ReadVersion(ended, run.version, kMakers[run.maker], report);
    const auto theirs = ReadVersion(ended, run.version, kRetailer, report);
    report.Expect(!chunks.empty() && chunks.size() == theirs.size(),
                  absl::StrCat("both sides read ", run.version));
    for (std::size_t i = 0; i < std::min(chunks.size(), theirs.size()); ++i) {
      report.Expect(chunks[i].SerializeAsString() == theirs[i].SerializeAsString(),
                    absl::StrCat("both sides read the same of ", run.version));
      CheckNumbers(ended, run, chunks[i], report);
    }
  }
}

}  // namespace tandem::simulation
