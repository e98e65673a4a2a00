// consensus_replay_…: two partners who each know half, made of real sales. The retailer knows its
// promotions and has a short history; the maker has a long one and sees the year in it, but no
// promotion. At each origin both forecast, the consensus is made of what they say and of their
// records so far, and later the actual goes into the records. The limit is the better of the two.
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "forecasting/consensus/combine.h"
#include "forecasting/effects/uplift.h"
#include "tests/bench/forecasting_effects/bench.h"
#include "tests/bench/forecasting_effects/replay_sets.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

namespace fc = forecasting;

constexpr std::size_t kRetailer = 0;
constexpr std::size_t kMaker = 1;
constexpr double kErrorMax = 1.0;   // Of a logarithm: errors beyond a factor of e are no measure.
constexpr double kUnitsMin = 1e-3;  // A forecast of less is of that: log ratios need one.

// What the partners say of one series' bucket.
struct Said {
  std::size_t series = 0;
  double retailer_units = 0.0;  // With its promotion,
  double event_units = 0.0;     // which is so much of it.
  double maker_units = 0.0;
};

// Sine and cosine of the year; from two years of history on also of half of it.
std::vector<double> Waves(const ReplaySet& set, std::size_t origin, std::size_t bucket) {
  std::vector<double> waves;
  const bool two_years = static_cast<double>(origin) >= 2.0 * set.season_buckets;
  for (const double times : {1.0, 2.0}) {
    if (times > 1.0 && !two_years) break;
    const double angle =
        2.0 * std::numbers::pi * times * static_cast<double>(bucket) / set.season_buckets;
    waves.push_back(std::sin(angle));
    waves.push_back(std::cos(angle));
  }
  return waves;
}

// A partner's model, fitted to buckets from..origin-1; an index of -1: it knows no such series.
struct PartnerModel {
  fc::UpliftModel model{};
  std::vector<std::ptrdiff_t> index{};
};

PartnerModel FitPartner(const ReplaySet& set, std::size_t party, std::size_t origin) {
  const bool retailer = party == kRetailer;
  const std::size_t from = retailer && origin > set.short_buckets ? origin - set.short_buckets : 0;
  std::vector<std::vector<double>> units(set.series.size());
  std::vector<std::vector<double>> drivers(set.series.size());
  std::vector<fc::PromotedSeries> known;
  PartnerModel fitted;
  for (std::size_t s = 0; s < set.series.size(); ++s) {
    const ReplaySeries& series = set.series[s];
    for (std::size_t t = from; t < origin; ++t) {
      if (!(series.units[t] > 0.0)) continue;  // No logarithm.
      units[s].push_back(series.units[t]);
      const std::vector<double> waves = Waves(set, origin, t);
      const std::span<const double> promotions =
          std::span(series.promotions).subspan(t * set.promotions, set.promotions);
      if (retailer) drivers[s].insert(drivers[s].end(), promotions.begin(), promotions.end());
      if (!retailer) drivers[s].insert(drivers[s].end(), waves.begin(), waves.end());
    }
    const bool speaks = units[s].size() >= 4;
    fitted.index.push_back(speaks ? static_cast<std::ptrdiff_t>(known.size()) : -1);
    if (speaks) {
      known.push_back({.units = units[s], .drivers = drivers[s], .group = series.group});
    }
  }
  auto model =
      fc::FitUplifts(known, {.drivers = retailer ? set.promotions : Waves(set, origin, 0).size(),
                             .half_life_buckets = retailer ? 26.0 : 104.0,
                             .lead_buckets = set.lead_buckets,
                             .tail_freedom = 4.0});
  if (!model.ok()) Fail(std::string(model.status().message()));
  fitted.model = *std::move(model);
  return fitted;
}

// The mean of a series' promotion drivers over the retailer's history. An event is what differs
// from it: the usual promotions are in the maker's history too, so that both baselines mean the
// same.
std::vector<double> Usual(const ReplaySet& set, std::size_t s, std::size_t origin) {
  const std::size_t from = origin > set.short_buckets ? origin - set.short_buckets : 0;
  std::vector<double> usual(set.promotions);
  double count = 0.0;
  for (std::size_t t = from; t < origin; ++t) {
    if (!(set.series[s].units[t] > 0.0)) continue;
    count += 1.0;
    for (std::size_t p = 0; p < set.promotions; ++p) {
      usual[p] += set.series[s].promotions[t * set.promotions + p];
    }
  }
  for (double& driver : usual) driver /= std::max(count, 1.0);
  return usual;
}

std::vector<Said> SayAll(const ReplaySet& set, std::size_t origin) {
  const PartnerModel retailer = FitPartner(set, kRetailer, origin);
  const PartnerModel maker = FitPartner(set, kMaker, origin);
  const std::size_t bucket = origin - 1 + set.lead_buckets;
  const std::vector<double> waves = Waves(set, origin, bucket);
  std::vector<Said> said;
  for (std::size_t s = 0; s < set.series.size(); ++s) {
    if (retailer.index[s] < 0 || maker.index[s] < 0) continue;
    const auto& by_retailer = retailer.model.series[static_cast<std::size_t>(retailer.index[s])];
    const auto& by_maker = maker.model.series[static_cast<std::size_t>(maker.index[s])];
    const std::span<const double> promotions =
        std::span(set.series[s].promotions).subspan(bucket * set.promotions, set.promotions);
    const auto at_least = [](double units) { return std::max(units, kUnitsMin); };
    const double with = at_least(by_retailer.Forecast(promotions, fc::Point::kMedian));
    const double without =
        at_least(by_retailer.Forecast(Usual(set, s, origin), fc::Point::kMedian));
    said.push_back({.series = s,
                    .retailer_units = with,
                    .event_units = with - without,
                    .maker_units = at_least(by_maker.Forecast(waves, fc::Point::kMedian))});
  }
  return said;
}

// What is known of a group's partners.
struct GroupRecord {
  fc::TrackRecord record;
  double members = 0.0;  // Observations that a bucket brings.
  fc::UpliftRecord uplifts{};
};

struct ReplayErrors {
  double retailer = 0.0;
  double maker = 0.0;
  double together = 0.0;
  double units = 0.0;
  double forecasts = 0.0;
};

class Replay {
 public:
  explicit Replay(const ReplaySet& set) : set_(set) {
    std::map<std::size_t, double> members;
    for (const ReplaySeries& series : set.series) members[series.group] += 1.0;
    for (const auto& [group, count] : members) {
      // A record counts observations, of which a bucket brings one a series: so it fades, and so
      // the prior below is worth eight buckets.
      records_.emplace(
          group, GroupRecord{*fc::TrackRecord::Make(2, {.errors = fc::ErrorKind::kLogRatio,
                                                        .half_life_observations = 26.0 * count,
                                                        .error_max = kErrorMax}),
                             count});
    }
  }

  ReplayErrors Run() {
    std::map<std::size_t, std::vector<Said>> open;  // By bucket: its actual is not known yet.
    for (std::size_t origin = set_.first_origin; origin - 1 + set_.lead_buckets < set_.buckets;
         ++origin) {
      // Buckets before the origin are known now.
      while (!open.empty() && open.begin()->first < origin) {
        Observe(open.begin()->first, open.begin()->second);
        open.erase(open.begin());
      }
      std::vector<Said> said = SayAll(set_, origin);
      const std::size_t bucket = origin - 1 + set_.lead_buckets;
      if (origin >= set_.scored_from) Score(bucket, said);
      open.emplace(bucket, std::move(said));
    }
    return errors_;
  }

 private:
  // A log ratio needs an actual above 0; buckets without one are not scored either.
  bool Usable(std::size_t series, std::size_t bucket) const {
    return std::isfinite(set_.series[series].units[bucket]) &&
           set_.series[series].units[bucket] > 0.0;
  }

  fc::Consensus Together(const Said& said) const {
    const GroupRecord& group = records_.at(set_.series[said.series].group);
    const fc::PartyForecast parties[] = {
        {.units = said.retailer_units, .event_units = said.event_units, .uplifts = group.uplifts},
        {.units = said.maker_units}};
    auto consensus = fc::Combine({.record = group.record, .parties = parties},
                                 {.prior_count = 8.0 * group.members});
    if (!consensus.ok()) Fail(std::string(consensus.status().message()));
    return *std::move(consensus);
  }

  void Score(std::size_t bucket, const std::vector<Said>& all) {
    for (const Said& said : all) {
      if (!Usable(said.series, bucket)) continue;
      const double actual = set_.series[said.series].units[bucket];
      errors_.retailer += std::abs(said.retailer_units - actual);
      errors_.maker += std::abs(said.maker_units - actual);
      errors_.together += std::abs(Together(said).weighted_units - actual);
      errors_.units += actual;
      errors_.forecasts += 1.0;
    }
  }

  // The actual of a bucket becomes known: what the events came to, and how good the rest was.
  void Observe(std::size_t bucket, const std::vector<Said>& all) {
    for (const Said& said : all) {
      if (!Usable(said.series, bucket)) continue;
      const double actual = set_.series[said.series].units[bucket];
      GroupRecord& group = records_.at(set_.series[said.series].group);
      const fc::Consensus consensus = Together(said);
      const double baseline = consensus.weighted_units - consensus.shares[kRetailer].event_units;
      const double said_without = said.retailer_units - said.event_units;
      const double announced = std::log(said.retailer_units / said_without);
      if (announced != 0.0) {
        const double beyond = std::log(actual / baseline) - announced;
        Check(group.uplifts.Observe(
            {.announced = announced,
             .realised = announced + std::clamp(beyond, -kErrorMax, kErrorMax)}));
      }
      const double without = actual * std::exp(-announced * group.uplifts.Credit({}));
      const std::optional<double> forecasts[] = {said_without, said.maker_units};
      Check(group.record.Observe({.forecasts_units = forecasts, .actual_units = without}));
    }
  }

  static void Check(const absl::Status& status) {
    if (!status.ok()) Fail(std::string(status.message()));
  }

  const ReplaySet& set_;
  std::map<std::size_t, GroupRecord> records_{};
  ReplayErrors errors_{};
};

}  // namespace

void ConsensusReplay() {
  double ratios = 0.0;
  double sets = 0.0;
  for (const auto make : {WalmartSet, StallionSet, JuiceSet}) {
    const ReplaySet set = make();
    const ReplayErrors errors = Replay(set).Run();
    const double better = std::min(errors.retailer, errors.maker);
    ratios += errors.together / better;
    sets += 1.0;
    Print({.name = "consensus_replay_" + set.name,
           .value = 100.0 * errors.together / errors.units,
           .unit = "% WMAPE",
           .limit = 100.0 * better / errors.units,
           .goal = 0.97,
           .better = Better::kLower,
           .note = "the retailer's " + std::to_string(100.0 * errors.retailer / errors.units) +
                   ", the maker's " + std::to_string(100.0 * errors.maker / errors.units) + "; " +
                   std::to_string(static_cast<long>(errors.forecasts)) + " forecasts"});
  }
  Print({.name = "consensus_replay",
         .value = ratios / sets,
         .unit = "of the better partner's error",
         .goal = 0.97,
         .better = Better::kLower,
         .note = "the mean of the sets' ratios"});
}

}  // namespace tandem::bench
