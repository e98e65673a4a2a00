#include "forecasting/consensus/combine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace tandem::forecasting {
namespace {

using Matrix = std::array<std::array<double, kPartiesMax>, kPartiesMax>;
using Vector = std::array<double, kPartiesMax>;

bool Share(double value) { return value >= 0.0 && value <= 1.0; }
bool Positive(double value) { return std::isfinite(value) && value > 0.0; }
bool NotNegative(double value) { return std::isfinite(value) && value >= 0.0; }

absl::Status CheckOptions(const ConsensusOptions& options) {
  if (!NotNegative(options.prior_count) || !Share(options.covariance_kept) ||
      !NotNegative(options.bias_sigmas) || !Positive(options.disagreement_sigmas) ||
      !NotNegative(options.disagreement_share) || !NotNegative(options.disagreement_count_min)) {
    return absl::InvalidArgumentError("a consensus option is outside its range");
  }
  if (!(options.hurts_confidence > 0.5 && options.hurts_confidence < 1.0)) {
    return absl::InvalidArgumentError("hurts_confidence must lie between 0.5 and 1");
  }
  const CreditOptions& credit = options.credit;
  if (!NotNegative(credit.prior_credit) || !NotNegative(credit.prior_announcements) ||
      !NotNegative(credit.credit_max)) {
    return absl::InvalidArgumentError("a credit option is below 0 or not finite");
  }
  return absl::OkStatus();
}

absl::Status CheckParty(std::size_t index, const PartyForecast& party, ErrorKind errors) {
  if (!party.units.has_value()) return absl::OkStatus();
  if (!NotNegative(*party.units) || !std::isfinite(party.event_units)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the forecast of party ", index, " is below 0 or not finite"));
  }
  if (errors == ErrorKind::kLogRatio && *party.units - party.event_units <= 0.0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "party ", index, " expects nothing without its events: a log ratio needs more"));
  }
  if (errors == ErrorKind::kLogRatio && *party.units <= 0.0) {
    return absl::InvalidArgumentError(
        absl::StrCat("party ", index, " expects nothing: a log ratio needs more"));
  }
  return absl::OkStatus();
}

absl::Status CheckLearnt(const ConsensusInput& input) {
  if (input.learnt == nullptr) return absl::OkStatus();
  const Learnt& learnt = *input.learnt;
  const std::size_t parties = input.record.parties();
  if (learnt.weights.size() != parties || learnt.credits.size() != parties) {
    return absl::InvalidArgumentError("what was learnt is of another number of parties");
  }
  if (!std::ranges::all_of(learnt.weights, NotNegative) ||
      !std::ranges::all_of(learnt.credits, [](double credit) { return std::isfinite(credit); }) ||
      !std::isfinite(learnt.Shift())) {
    return absl::InvalidArgumentError("what was learnt is not finite, or a weight is below 0");
  }
  return absl::OkStatus();
}

absl::Status CheckInput(const ConsensusInput& input) {
  if (input.parties.size() != input.record.parties()) {
    return absl::InvalidArgumentError(absl::StrCat(
        input.parties.size(), " parties' forecasts with a record of ", input.record.parties()));
  }
  if (!Positive(input.scale_units)) {
    return absl::InvalidArgumentError("the scale must be finite and above 0");
  }
  if (absl::Status status = CheckLearnt(input); !status.ok()) return status;
  std::size_t machines = 0;
  std::size_t speaking = 0;
  for (std::size_t p = 0; p < input.parties.size(); ++p) {
    const PartyForecast& party = input.parties[p];
    absl::Status status = CheckParty(p, party, input.record.options().errors);
    if (!status.ok()) return status;
    machines += party.machine ? 1 : 0;
    speaking += party.units.has_value() ? 1 : 0;
  }
  if (machines > 1) return absl::InvalidArgumentError("two parties are called the machine");
  if (speaking == 0) return absl::InvalidArgumentError("no party gave a forecast");
  return absl::OkStatus();
}

// Lower triangle of L with L L' = s over the first n rows; false if s is not positive definite.
bool Cholesky(const Matrix& s, std::size_t n, Matrix& lower) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = s[i][j];
      for (std::size_t k = 0; k < j; ++k) sum -= lower[i][k] * lower[j][k];
      if (i == j) {
        if (!(sum > 1e-12 * s[i][i])) return false;
        lower[i][i] = std::sqrt(sum);
      } else {
        lower[i][j] = sum / lower[j][j];
      }
    }
  }
  return true;
}

// s^-1 1.
Vector SolveOnes(const Matrix& lower, std::size_t n) {
  Vector x{};
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 1.0;
    for (std::size_t k = 0; k < i; ++k) sum -= lower[i][k] * x[k];
    x[i] = sum / lower[i][i];
  }
  for (std::size_t i = n; i-- > 0;) {
    double sum = x[i];
    for (std::size_t k = i + 1; k < n; ++k) sum -= lower[k][i] * x[k];
    x[i] = sum / lower[i][i];
  }
  return x;
}

// One call's work. Indices into `weighed_` run over the parties that get a weight.
class Combiner {
 public:
  Combiner(const ConsensusInput& input, const ConsensusOptions& options)
      : input_(input), record_(input.record), options_(options) {
    result_.shares.resize(input.parties.size());
  }

  Consensus Run() {
    Choose();
    Unbias();
    FillCovariances();
    Weigh();
    Sum();
    Compare();
    return std::move(result_);
  }

 private:
  // n / (n + prior_count): how much an estimate of n observations is worth.
  double Trust(double count) const {
    const double all = count + options_.prior_count;
    return all > 0.0 ? count / all : 0.0;
  }
  bool Log() const { return record_.options().errors == ErrorKind::kLogRatio; }
  const PartyForecast& Of(std::size_t k) const { return input_.parties[weighed_[k]]; }
  // What a party's events add: in units, or to the logarithm.
  double Announced(const PartyForecast& party) const {
    if (!Log() || !party.units.has_value()) return party.event_units;
    return std::log(*party.units / (*party.units - party.event_units));
  }
  // Errors' unit in units of demand, at a forecast.
  double UnitsAt(double units) const { return Log() ? units : input_.scale_units; }

  void Choose() {
    for (std::size_t p = 0; p < input_.parties.size(); ++p) {
      const PartyForecast& party = input_.parties[p];
      const bool hurts =
          !party.machine && party.value_added.Judge(options_.hurts_confidence) == Worth::kHurts;
      PartyShare& share = result_.shares[p];
      share.standing = !party.units.has_value() ? Standing::kSilent
                       : hurts                  ? Standing::kHurts
                                                : Standing::kWeighed;
      if (share.standing == Standing::kWeighed) weighed_.push_back(p);
    }
    if (!weighed_.empty()) return;
    for (std::size_t p = 0; p < input_.parties.size(); ++p) {
      if (result_.shares[p].standing == Standing::kHurts) weighed_.push_back(p);
    }
  }

  double KnownBiasOf(std::size_t p) const {
    const double bias = record_.BiasOf(p) * Trust(record_.BucketCountOf(p));
    const double error = options_.bias_sigmas * record_.BiasErrorOf(p).value_or(0.0);
    if (bias == 0.0) return 0.0;
    const double beyond = error / record_.BiasOf(p);
    return bias * std::max(0.0, 1.0 - beyond * beyond);
  }

  double CreditOf(std::size_t p) const {
    if (input_.learnt == nullptr) return input_.parties[p].uplifts.Credit(options_.credit);
    return std::clamp(input_.learnt->credits[p], 0.0, options_.credit.credit_max);
  }

  void Unbias() {
    for (std::size_t p = 0; p < input_.parties.size(); ++p) {
      const PartyForecast& party = input_.parties[p];
      if (!party.units.has_value()) continue;
      const double bias = KnownBiasOf(p);
      const double said = *party.units - party.event_units;
      PartyShare& share = result_.shares[p];
      share.unbiased_units =
          Log() ? said * std::exp(-bias) : std::max(0.0, said - input_.scale_units * bias);
      share.announced = Announced(party);
      share.event_units = share.announced * CreditOf(p);
    }
  }

  // Variances drawn to their mean, covariances to zero, and what they share. Without any record:
  // the identity.
  void FillCovariances() {
    double sum = 0.0;
    std::size_t known = 0;
    for (const std::size_t p : weighed_) {
      const std::optional<double> variance = record_.CovarianceOf(p, p);
      if (!variance.has_value()) continue;
      sum += *variance;
      ++known;
    }
    const double mean = known > 0 ? sum / static_cast<double>(known) : 1.0;
    any_record_ = known > 0;
    const double least = mean > 0.0 ? 1e-9 * mean : 1.0;  // A party was never wrong so far.
    for (std::size_t i = 0; i < weighed_.size(); ++i) {
      for (std::size_t j = 0; j < weighed_.size(); ++j) {
        const std::size_t a = weighed_[i];
        const std::size_t b = weighed_[j];
        const double trust = Trust(
            std::min({record_.CountOf(a, b), record_.BucketCountOf(a), record_.BucketCountOf(b)}));
        const std::optional<double> covariance = record_.CovarianceOf(a, b);
        covariances_[i][j] =
            i == j ? std::max(least, trust * covariance.value_or(mean) + (1.0 - trust) * mean)
                   : trust * covariance.value_or(0.0);
      }
    }
    const std::size_t n = weighed_.size();
    double shared = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < i; ++j) shared += covariances_[i][j];
    }
    shared_ = n < 2 ? 0.0 : std::max(0.0, 2.0 * shared / static_cast<double>(n * (n - 1)));
  }

  // Without what all errors share, and of the rest off the diagonal only what is kept.
  Matrix Apart() const {
    Matrix apart{};
    for (std::size_t i = 0; i < weighed_.size(); ++i) {
      for (std::size_t j = 0; j < weighed_.size(); ++j) {
        apart[i][j] = (i == j ? 1.0 : options_.covariance_kept) * (covariances_[i][j] - shared_);
      }
    }
    return apart;
  }

  // Factors the covariances that are weighed by. Where a party's variance is below what all are
  // said to share, they share less.
  bool Factor(Matrix& lower) {
    constexpr int kHalvings = 30;
    for (int i = 0; i <= kHalvings; ++i) {
      if (Cholesky(Apart(), weighed_.size(), lower)) return true;
      shared_ = i + 1 < kHalvings ? shared_ / 2.0 : 0.0;
    }
    return false;
  }

  double PriorWeight(std::size_t k) const {
    const bool machine_speaks =
        std::ranges::any_of(weighed_, [&](std::size_t p) { return input_.parties[p].machine; });
    if (options_.prior == Prior::kMachine && machine_speaks) return Of(k).machine ? 1.0 : 0.0;
    return 1.0 / static_cast<double>(weighed_.size());
  }

  // Made to add up to 1; false, and they stay, if they are all 0.
  static bool Normalize(Vector& weights, std::size_t n) {
    double sum = 0.0;
    for (std::size_t k = 0; k < n; ++k) sum += weights[k];
    if (sum <= 0.0) return false;
    for (std::size_t k = 0; k < n; ++k) weights[k] /= sum;
    return true;
  }

  Vector PriorWeights() const {
    Vector weights{};
    for (std::size_t k = 0; k < weighed_.size(); ++k) weights[k] = PriorWeight(k);
    return weights;
  }

  Vector RecordsWeights() {
    const std::size_t n = weighed_.size();
    Matrix lower{};
    Vector weights{};
    if (Factor(lower)) {
      weights = SolveOnes(lower, n);
    } else {  // Records of different observations may contradict each other: variances alone.
      for (std::size_t k = 0; k < n; ++k) weights[k] = 1.0 / covariances_[k][k];
    }
    double count = record_.BucketCountOf(weighed_.front());
    for (std::size_t k = 0; k < n; ++k) {
      weights[k] = std::max(0.0, weights[k]);
      count = std::min(count, record_.BucketCountOf(weighed_[k]));
    }
    Normalize(weights, n);
    const double trust = Trust(count);
    const Vector prior = PriorWeights();
    for (std::size_t k = 0; k < n; ++k) {
      weights[k] = trust * weights[k] + (1.0 - trust) * prior[k];
    }
    return weights;
  }

  void Weigh() {
    Vector weights = RecordsWeights();  // Factors the covariances, which the deviation needs too.
    if (input_.learnt != nullptr) {
      for (std::size_t k = 0; k < weighed_.size(); ++k) {
        weights[k] = input_.learnt->weights[weighed_[k]];
      }
      if (!Normalize(weights, weighed_.size())) weights = PriorWeights();
    }
    for (std::size_t k = 0; k < weighed_.size(); ++k) {
      result_.shares[weighed_[k]].weight = weights[k];
    }
  }

  void Sum() {
    const Matrix apart = Apart();
    double baseline = 0.0;
    double variance = 0.0;
    for (std::size_t i = 0; i < weighed_.size(); ++i) {
      const PartyShare& share = result_.shares[weighed_[i]];
      baseline += share.weight * (Log() ? std::log(share.unbiased_units) : share.unbiased_units);
      for (std::size_t j = 0; j < weighed_.size(); ++j) {
        variance += share.weight * result_.shares[weighed_[j]].weight * (apart[i][j] + shared_);
      }
    }
    const double shift = input_.learnt != nullptr ? input_.learnt->Shift() : 0.0;
    const double plain = Log() ? std::exp(baseline) : baseline;
    baseline =
        Log() ? std::exp(baseline + shift) : std::max(0.0, baseline + input_.scale_units * shift);
    result_.carried_units = baseline - plain;
    const double unit = UnitsAt(baseline);
    variance = std::max(0.0, variance) * unit * unit;
    double events = 0.0;
    double event_variance = 0.0;
    for (std::size_t p = 0; p < input_.parties.size(); ++p) {
      if (!input_.parties[p].units.has_value()) continue;
      const double deviation = Announced(input_.parties[p]) * input_.parties[p].uplifts.Deviation();
      events += result_.shares[p].event_units;
      event_variance += deviation * deviation;
    }
    if (Log()) {
      // From logarithms to units, by the logarithmic mean of the baseline and what it becomes.
      const double factor = std::exp(events);
      const double a_log = std::abs(events) > 1e-9 ? std::expm1(events) / events : 1.0;
      for (PartyShare& share : result_.shares) share.event_units *= baseline * a_log;
      events = baseline * std::expm1(events);
      variance *= factor * factor;
      event_variance *= (baseline + events) * (baseline + events);
    }
    variance += event_variance;
    result_.weighted_units = std::max(0.0, baseline + events);
    if (any_record_) result_.deviation_units = std::sqrt(variance);
  }

  // Pairs of partners, those that hurt too: their word is still to be talked about.
  void Compare() {
    for (std::size_t a = 0; a < input_.parties.size(); ++a) {
      for (std::size_t b = a + 1; b < input_.parties.size(); ++b) {
        if (Partner(a) && Partner(b)) ComparePair(a, b);
      }
    }
    if (result_.disagreements.empty()) result_.units = result_.weighted_units;
  }

  bool Partner(std::size_t p) const {
    return input_.parties[p].units.has_value() && !input_.parties[p].machine;
  }

  void ComparePair(std::size_t a, std::size_t b) {
    const double first = result_.shares[a].unbiased_units;
    const double second = result_.shares[b].unbiased_units;
    const double mean = (first + second) / 2.0;
    const std::optional<double> of_first = record_.CovarianceOf(a, a);
    const std::optional<double> of_second = record_.CovarianceOf(b, b);
    const double count = std::min(record_.CountOf(a), record_.CountOf(b));
    double allowed = options_.disagreement_share * mean;
    if (of_first.has_value() && of_second.has_value() && count >= options_.disagreement_count_min) {
      const double variance =
          *of_first + *of_second - 2.0 * record_.CovarianceOf(a, b).value_or(0.0);
      const double sigmas = options_.disagreement_sigmas * std::sqrt(std::max(0.0, variance));
      // Apart by exp(sigmas) as a ratio is apart by 2 tanh(sigmas / 2) of the mean.
      allowed = Log() ? 2.0 * mean * std::tanh(sigmas / 2.0) : sigmas * input_.scale_units;
    }
    const double apart = first - second;
    // Equal numbers agree, also where both were always right.
    if (std::abs(apart) <= allowed + 1e-12 * mean) return;
    result_.disagreements.push_back(
        {.first = a, .second = b, .difference_units = apart, .allowed_units = allowed});
  }

  const ConsensusInput& input_;
  const TrackRecord& record_;
  const ConsensusOptions& options_;
  Consensus result_{};
  std::vector<std::size_t> weighed_;
  Matrix covariances_{};
  double shared_ = 0.0;  // Of all parties' covariances: the actual's own noise.
  bool any_record_ = false;
};

}  // namespace

absl::StatusOr<Consensus> Combine(const ConsensusInput& input, const ConsensusOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (absl::Status status = CheckInput(input); !status.ok()) return status;
  Consensus result = Combiner(input, options).Run();
  const bool finite = std::isfinite(result.weighted_units) && std::isfinite(result.carried_units) &&
                      std::isfinite(result.deviation_units.value_or(0.0)) &&
                      std::ranges::all_of(result.shares, [](const PartyShare& share) {
                        return std::isfinite(share.weight) && std::isfinite(share.unbiased_units);
                      });
  if (!finite) return absl::OutOfRangeError("the forecasts are too large to combine");
  return result;
}

}  // namespace tandem::forecasting
