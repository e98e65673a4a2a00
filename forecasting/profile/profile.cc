#include "forecasting/profile/profile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

constexpr std::size_t kWeek = 7;

// The last known days of one weekday, at most four.
class WeekdayMean {
 public:
  void Add(double units) {
    units_[count_ % units_.size()] = units;
    ++count_;
  }
  // 0 if none is known yet.
  double Mean() const {
    const std::size_t kept = std::min(count_, units_.size());
    if (kept == 0) return 0.0;
    return std::accumulate(units_.begin(), units_.begin() + static_cast<std::ptrdiff_t>(kept),
                           0.0) /
           static_cast<double>(kept);
  }

 private:
  std::array<double, 4> units_{};
  std::size_t count_ = 0;
};

absl::Status CheckSeries(const ProfilePanel& panel, std::size_t i, std::size_t days) {
  const ProfileSeries& series = panel.series[i];
  if (series.group >= panel.groups.size()) {
    return absl::InvalidArgumentError(absl::StrCat("series ", i, ": no such group"));
  }
  for (std::size_t k = 0; k < series.prices.size(); ++k) {
    const PriceStep& step = series.prices[k];
    if (!(step.price > 0.0) || !std::isfinite(step.price) ||
        (k > 0 && step.first_day <= series.prices[k - 1].first_day)) {
      return absl::InvalidArgumentError(absl::StrCat("series ", i, ": price ", k, " is ",
                                                     step.price, " or not after the one before"));
    }
  }
  for (std::size_t k = 0; k < series.promotions.size(); ++k) {
    const PromotionDays& promotion = series.promotions[k];
    if (promotion.first_day >= promotion.end_day || promotion.kind >= kPromotionKinds ||
        !std::isfinite(promotion.log_expected)) {
      return absl::InvalidArgumentError(
          absl::StrCat("series ", i, ": promotion ", k,
                       " ends before it begins, is of no kind or expects what is not finite"));
    }
  }
  if (!series.knowledge.empty() && series.knowledge.size() != days) {
    return absl::InvalidArgumentError(absl::StrCat("series ", i, ": what is known of ",
                                                   series.knowledge.size(), " days, not ", days));
  }
  if (series.history_units.size() != days) {
    return absl::InvalidArgumentError(absl::StrCat("series ", i, ": ", series.history_units.size(),
                                                   " days of history, not ", days));
  }
  return absl::OkStatus();
}

absl::Status Check(const ProfilePanel& panel, const ProfileOptions& options) {
  if (panel.series.empty()) return absl::InvalidArgumentError("the panel has no series");
  if (panel.calendar == nullptr) return absl::InvalidArgumentError("the panel has no calendar");
  absl::Status status = CheckCalendar(*panel.calendar);
  if (!status.ok()) return status;
  for (std::size_t g = 0; g < panel.groups.size(); ++g) {
    if (panel.groups[g].pool >= panel.pool_count ||
        panel.groups[g].region >= panel.calendar->regional.size()) {
      return absl::InvalidArgumentError(absl::StrCat("group ", g, ": no such pool or region"));
    }
  }
  const std::size_t days = panel.series.front().history_units.size();
  if (days == 0) return absl::InvalidArgumentError("the histories are empty");
  if (days + options.horizon_days > panel.calendar->days.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the calendar's ", panel.calendar->days.size(), " days end before the ", days,
                     " of history and ", options.horizon_days, " ahead"));
  }
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    status = CheckSeries(panel, i, days);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Within(const char* part, std::size_t number, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(part, " ", number, ": ", status.message()));
}

}  // namespace

absl::StatusOr<Profile> Profile::Make(ProfilePanel panel, const ProfileOptions& options) {
  const absl::Status status = Check(panel, options);
  if (!status.ok()) return status;
  Profile profile(std::move(panel), options);
  profile.pool_seasons_.resize(profile.pool_count());
  profile.group_seasons_.resize(profile.group_count());
  profile.responses_.resize(profile.pool_count());
  profile.own_uplifts_.resize(profile.series_count());
  profile.levels_.resize(profile.series_count());
  profile.scales_.assign(profile.group_count(), 1.0);
  profile.AddUp();
  profile.AddUpRegions();
  return profile;
}

// Adds to the group's sum what the series sells without promotions; what is not known is guessed.
void Profile::AddSeries(std::size_t series, std::vector<double>& room,
                        std::vector<double>& sum) const {
  const ProfileSeries& known = panel_.series[series];
  room.assign(sum.size(), 1.0);
  MultiplyByPromotions(known.promotions, responses_[panel_.groups[known.group].pool],
                       own_uplifts_[series], options_.response, room);
  std::array<WeekdayMean, kWeek> means;
  for (std::size_t t = 0; t < sum.size(); ++t) {
    const double units = static_cast<double>(known.history_units[t]) / room[t];
    if (known.knowledge.empty() || known.knowledge[t] == Knowledge::kKnown) {
      sum[t] += units;
      means[t % kWeek].Add(units);
    } else {
      const double usual = means[t % kWeek].Mean();
      sum[t] += known.knowledge[t] == Knowledge::kGap ? usual : std::max(usual, units);
    }
  }
}

void Profile::AddUp() {
  const std::size_t days = panel_.series.front().history_units.size();
  group_units_.assign(panel_.groups.size(), std::vector<double>(days, 0.0));
  std::vector<double> room;
  for (std::size_t i = 0; i < panel_.series.size(); ++i) {
    const ProfileSeries& series = panel_.series[i];
    std::vector<double>& sum = group_units_[series.group];
    if (!series.promotions.empty() || !series.knowledge.empty()) {
      AddSeries(i, room, sum);
      continue;
    }
    for (std::size_t t = 0; t < days; ++t) sum[t] += static_cast<double>(series.history_units[t]);
  }
  pool_units_.assign(panel_.pool_count, std::vector<double>(days, 0.0));
  for (std::size_t g = 0; g < panel_.groups.size(); ++g) {
    std::vector<double>& sum = pool_units_[panel_.groups[g].pool];
    for (std::size_t t = 0; t < days; ++t) sum[t] += group_units_[g][t];
  }
}

void Profile::AddUpRegions() {
  pool_regional_.assign(panel_.pool_count, std::vector<float>(panel_.calendar->days.size(), 0.0F));
  std::vector<float> members(panel_.pool_count, 0.0F);
  std::vector<bool> used(panel_.groups.size(), false);  // A group without a series is not there.
  for (const ProfileSeries& series : panel_.series) used[series.group] = true;
  for (std::size_t g = 0; g < panel_.groups.size(); ++g) {
    const ProfileGroup& group = panel_.groups[g];
    if (!used[g]) continue;
    members[group.pool] += 1.0F;
    const std::vector<float>& regional = panel_.calendar->regional[group.region];
    for (std::size_t t = 0; t < regional.size(); ++t) {
      pool_regional_[group.pool][t] += regional[t];
    }
  }
  for (std::size_t p = 0; p < panel_.pool_count; ++p) {
    for (float& value : pool_regional_[p]) value /= members[p] > 0.0F ? members[p] : 1.0F;
  }
}

bool Profile::TakeOutPromotions() {
  const bool any = std::ranges::any_of(
      panel_.series, [](const ProfileSeries& series) { return !series.promotions.empty(); });
  if (any) AddUp();
  return any;
}

absl::Status Profile::FitPool(std::size_t pool) {
  absl::StatusOr<Season> season = FitSeason({.history_units = pool_units_[pool],
                                             .calendar = panel_.calendar,
                                             .regional = pool_regional_[pool],
                                             .horizon_days = options_.horizon_days},
                                            options_.season);
  if (!season.ok()) return Within("pool", pool, season.status());
  pool_seasons_[pool] = *std::move(season);
  return absl::OkStatus();
}

absl::Status Profile::FitGroup(std::size_t group) {
  const ProfileGroup& known = panel_.groups[group];
  absl::StatusOr<Season> season =
      FitSeason({.history_units = group_units_[group],
                 .calendar = panel_.calendar,
                 .regional = panel_.calendar->regional[known.region],
                 .horizon_days = options_.horizon_days,
                 .pool_coefficients = pool_seasons_[known.pool].coefficients},
                options_.season);
  if (!season.ok()) return Within("group", group, season.status());
  group_seasons_[group] = *std::move(season);
  return absl::OkStatus();
}

absl::Status Profile::FitResponse(std::size_t pool) {
  std::vector<DemandChange> changes;
  std::vector<std::size_t> members;
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < panel_.series.size(); ++i) {
    const ProfileSeries& series = panel_.series[i];
    if (panel_.groups[series.group].pool != pool) continue;
    if (series.prices.size() < 2 && series.promotions.empty()) continue;
    AppendDemandChanges({.history_units = series.history_units,
                         .index = group_seasons_[series.group].index,
                         .knowledge = series.knowledge,
                         .first_day = series.first_day,
                         .prices = series.prices,
                         .promotions = series.promotions},
                        options_.response, changes);
    members.push_back(i);
    ends.push_back(changes.size());
  }
  const absl::StatusOr<DemandResponse> response = FitDemandResponse(changes, options_.response);
  if (!response.ok()) return Within("pool", pool, response.status());
  responses_[pool] = *response;
  const std::vector<double> own = OwnUplifts(changes, ends, *response);
  for (std::size_t k = 0; k < members.size(); ++k) own_uplifts_[members[k]] = own[k];
  return absl::OkStatus();
}

// The season's index, by the item's price and promotions too; `room` where it is another.
std::span<const double> Profile::IndexOf(std::size_t series, std::vector<double>& room) const {
  const ProfileSeries& known = panel_.series[series];
  const std::vector<double>& season = group_seasons_[known.group].index;
  const DemandResponse& response = responses_[panel_.groups[known.group].pool];
  const bool priced = known.prices.size() >= 2 && response.elasticity != 0.0;
  if (!priced && known.promotions.empty()) return season;
  room.assign(season.size(), 1.0);
  if (priced) {
    PriceFactors(known.prices, known.history_units.size(), response.elasticity, room);
  }
  MultiplyByPromotions(known.promotions, response, own_uplifts_[series], options_.response, room);
  for (std::size_t t = 0; t < room.size(); ++t) room[t] *= season[t];
  return room;
}

absl::Status Profile::FitSeries(std::size_t series) {
  const ProfileSeries& known = panel_.series[series];
  std::vector<double> room;
  const std::span<const double> index = IndexOf(series, room);
  const absl::StatusOr<ItemLevel> level =
      FitItemLevel({.units = known.history_units,
                    .index = index.first(known.history_units.size()),
                    .knowledge = known.knowledge,
                    .first_day = known.first_day},
                   options_.item);
  if (!level.ok()) return Within("series", series, level.status());
  levels_[series] = *level;
  return absl::OkStatus();
}

void Profile::Align() {
  std::vector<double> sums(panel_.groups.size(), 0.0);
  for (std::size_t i = 0; i < panel_.series.size(); ++i) {
    sums[panel_.series[i].group] += levels_[i].level_units;
  }
  for (std::size_t g = 0; g < sums.size(); ++g) {
    scales_[g] = sums[g] > 0.0 ? group_seasons_[g].level_units / sums[g] : 1.0;
  }
}

void Profile::Forecast(std::size_t series, std::span<double> forecast_units) const {
  const ProfileSeries& known = panel_.series[series];
  std::vector<double> room;
  const std::span<const double> index = IndexOf(series, room);
  const double level = levels_[series].level_units * scales_[known.group];
  for (std::size_t h = 0; h < forecast_units.size(); ++h) {
    forecast_units[h] = level * index[known.history_units.size() + h];
  }
}

}  // namespace tandem::forecasting
