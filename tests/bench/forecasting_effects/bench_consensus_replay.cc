// consensus_replay_…: two partners who each know half, made of real sales. The retailer knows its
// promotions and has a short history; the maker has a long one and sees the year in it, but no
// promotion. At each origin both forecast, the consensus is made of what they say and of their
// records so far, and later the actual goes into the records. The limit is the better of the two.
#include <algorithm>
#include <array>
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

struct ReplayErrors {
  double retailer = 0.0;
  double maker = 0.0;
  double equal = 0.0;   // Of the mean of the baselines with the event as announced,
  double record = 0.0;  // of the consensus by each group's record alone
  double together = 0.0;
  double units = 0.0;
  double forecasts = 0.0;
};

// A consensus that waits for its actual.
struct Open {
  Said said{};
  fc::Learnt learnt{};
  fc::Consensus consensus{};
};

class Replay {
 public:
  explicit Replay(const ReplaySet& set)
      : set_(set), joint_(*fc::JointRecord::Make(2, {.errors = fc::ErrorKind::kLogRatio})) {
    std::map<std::size_t, double> members;
    for (const ReplaySeries& series : set.series) members[series.group] += 1.0;
    for (const auto& [group, count] : members) {
      // A bucket brings one observation a series.
      groups_.emplace(group,
                      Group{*fc::TrackRecord::Make(2, {.errors = fc::ErrorKind::kLogRatio,
                                                       .half_life_observations = 26.0 * count})});
    }
  }

  ReplayErrors Run() {
    std::map<std::size_t, std::vector<Open>> open;  // By bucket.
    for (std::size_t origin = set_.first_origin; origin - 1 + set_.lead_buckets < set_.buckets;
         ++origin) {
      // Buckets before the origin are known now.
      while (!open.empty() && open.begin()->first < origin) {
        Observe(open.begin()->first, open.begin()->second);
        open.erase(open.begin());
      }
      const std::size_t bucket = origin - 1 + set_.lead_buckets;
      for (const Said& said : SayAll(set_, origin)) {
        const std::size_t group = set_.series[said.series].group;
        Open& one = open[bucket].emplace_back();
        one.said = said;
        one.learnt = joint_.Of({.group = group, .item = said.series});
        one.consensus = Together(said, &one.learnt);
        if (origin >= set_.scored_from) Score(bucket, one);
      }
    }
    return errors_;
  }

 private:
  struct Group {
    fc::TrackRecord record;
    fc::UpliftRecord uplifts{};
  };

  // A log ratio needs an actual above 0; buckets without one are not scored either.
  bool Usable(std::size_t series, std::size_t bucket) const {
    return std::isfinite(set_.series[series].units[bucket]) &&
           set_.series[series].units[bucket] > 0.0;
  }

  fc::Consensus Together(const Said& said, const fc::Learnt* learnt) const {
    const Group& group = groups_.at(set_.series[said.series].group);
    const fc::PartyForecast parties[] = {
        {.units = said.retailer_units, .event_units = said.event_units, .uplifts = group.uplifts},
        {.units = said.maker_units}};
    auto consensus =
        fc::Combine({.record = group.record, .parties = parties, .learnt = learnt}, {});
    if (!consensus.ok()) Fail(std::string(consensus.status().message()));
    return *std::move(consensus);
  }

  void Score(std::size_t bucket, const Open& one) {
    const Said& said = one.said;
    if (!Usable(said.series, bucket)) return;
    const double actual = set_.series[said.series].units[bucket];
    const double without = said.retailer_units - said.event_units;
    const double equal = std::sqrt(without * said.maker_units) * said.retailer_units / without;
    errors_.retailer += std::abs(said.retailer_units - actual);
    errors_.maker += std::abs(said.maker_units - actual);
    errors_.equal += std::abs(equal - actual);
    errors_.record += std::abs(Together(said, nullptr).weighted_units - actual);
    errors_.together += std::abs(one.consensus.weighted_units - actual);
    errors_.units += actual;
    errors_.forecasts += 1.0;
  }

  // The actuals of a bucket become known: what the events came to, and how good the rest was.
  void Observe(std::size_t bucket, const std::vector<Open>& all) {
    std::vector<std::array<fc::PartyWord, 2>> words;
    words.reserve(all.size());
    std::vector<fc::JointObserved> joint;
    std::map<std::size_t, std::vector<Known>> known;
    for (const Open& one : all) {
      const std::size_t series = one.said.series;
      if (!Usable(series, bucket)) continue;
      const double actual = set_.series[series].units[bucket];
      const std::span<const fc::PartyShare> shares(one.consensus.shares);
      words.push_back({{{shares[kRetailer].unbiased_units, shares[kRetailer].announced},
                        {shares[kMaker].unbiased_units, 0.0}}});
      joint.push_back({.group = set_.series[series].group,
                       .item = series,
                       .words = words.back(),
                       .missed = one.learnt.missed,
                       .actual_units = actual});
      known[set_.series[series].group].push_back(KnownOf(one, actual));
    }
    Check(joint_.ObserveBucket(joint));
    for (const auto& [number, of_group] : known) {
      std::vector<fc::Observed> observed;
      observed.reserve(of_group.size());
      for (const Known& one : of_group) {
        observed.push_back({.forecasts_units = one.said, .actual_units = one.actual_units});
      }
      Check(groups_.at(number).record.ObserveBucket(observed));
    }
  }

  // What the parties' baselines are measured by: the actual without what the event came to.
  struct Known {
    std::array<std::optional<double>, 2> said{};
    double actual_units = 0.0;
  };
  Known KnownOf(const Open& one, double actual) {
    Group& group = groups_.at(set_.series[one.said.series].group);
    const fc::PartyShare& share = one.consensus.shares[kRetailer];
    if (share.announced != 0.0) {
      const double baseline = one.consensus.weighted_units - share.event_units;
      Check(group.uplifts.Observe(
          {.announced = share.announced, .realised = std::log(actual / baseline)}));
    }
    const double credit = std::clamp(one.learnt.credits[kRetailer], 0.0, 2.0);
    return {.said = {one.said.retailer_units - one.said.event_units, one.said.maker_units},
            .actual_units = actual * std::exp(-share.announced * credit)};
  }

  static void Check(const absl::Status& status) {
    if (!status.ok()) Fail(std::string(status.message()));
  }

  const ReplaySet& set_;
  fc::JointRecord joint_;
  std::map<std::size_t, Group> groups_{};
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
                   ", the maker's " + std::to_string(100.0 * errors.maker / errors.units) +
                   ", equal weights' " + std::to_string(100.0 * errors.equal / errors.units) +
                   ", each group's record alone " +
                   std::to_string(100.0 * errors.record / errors.units) + "; " +
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
