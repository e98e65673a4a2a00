#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "forecasting/accuracy/golden_models_fixture.h"
#include "forecasting/accuracy/interval.h"
#include "forecasting/local/adida.h"
#include "forecasting/local/ces.h"
#include "forecasting/local/choice.h"
#include "forecasting/local/combination.h"
#include "forecasting/local/croston.h"
#include "forecasting/local/demand_events.h"
#include "forecasting/local/ets.h"
#include "forecasting/local/imapa.h"
#include "forecasting/local/mstl.h"
#include "forecasting/local/sba.h"
#include "forecasting/local/smoothing.h"
#include "forecasting/local/theta.h"
#include "forecasting/local/theta_fit.h"
#include "forecasting/local/tsb.h"
#include "forecasting/uncertainty/negative_binomial.h"

namespace tandem::forecasting {
namespace {

using nlohmann::json;
using Values = std::vector<double>;

Values HistoryOf(const json& one) { return one.at("history").get<Values>(); }
std::size_t SeasonOf(const json& one) { return one.value("season_buckets", std::size_t{1}); }
std::size_t HorizonOf(const json& one) { return one.value("horizon_buckets", std::size_t{1}); }

// Mean and bands of a fitted model, by its own function.
template <typename Model, typename Forecast>
json AheadOf(const json& one, const Model& model, Forecast forecast) {
  Values mean(HorizonOf(one));
  Values bands(mean.size() * kQuantiles);
  const absl::Status status = forecast(model, mean, bands);
  if (!status.ok()) throw absl::BadStatusOrAccess(status);
  return {{"mean", mean}, {"bands", bands}};
}

json RunSes(const json& one) {
  const Values history = HistoryOf(one);
  double level = 0.0;
  if (one.contains("alpha")) {
    level = FitLevel(history, {.alpha = one.at("alpha")}).value().level_units;
  } else {
    level = FitBestLevel(history).value().fit.level_units;
  }
  return {{"mean", Values(HorizonOf(one), level)}};
}

double OccasionalForecast(const json& one, const std::string& method, const DemandEvents& events,
                          EventScratch& scratch) {
  const double alpha = one.value("alpha", 0.1);  // Of both, where there is no other.
  const double size = one.value("alpha_size", alpha);
  if (method == "tsb") {
    return TsbForecast(FitTsb(
        events, {.alpha_size = size, .alpha_probability = one.value("alpha_probability", alpha)}));
  }
  if (method == "adida") return AdidaForecast(FitAdida(events, scratch));
  if (method == "imapa") return ImapaForecast(events, scratch);
  if (method == "croston_optimized") return CrostonForecast(FitOptimizedCroston(events));
  const CrostonState state = FitCroston(
      events, {.alpha_size = size, .alpha_interval = one.value("alpha_interval", alpha)});
  return method == "sba" ? SbaForecast(state) : CrostonForecast(state);
}

json RunOccasional(const json& one, const std::string& method) {
  EventScratch scratch;
  const DemandEvents events = ReadEvents(HistoryOf(one), scratch).value();
  const double forecast = OccasionalForecast(one, method, events, scratch);
  const QuantileBand band = BandOf(events, forecast);
  Values bands;
  for (std::size_t h = 0; h < HorizonOf(one); ++h) {
    bands.insert(bands.end(), band.begin(), band.end());
  }
  return {{"mean", Values(HorizonOf(one), forecast)}, {"bands", bands}};
}

// As the book writes it: "ANN", "MAdM".
EtsForm EtsFormOf(const std::string& name) {
  const auto bad = [&name] {
    return std::invalid_argument("no form of exponential smoothing: " + name);
  };
  if (name.size() != 3 && !(name.size() == 4 && name[2] == 'd')) throw bad();
  EtsForm form;
  const auto is = [&](char c, char wanted) { return c == wanted; };
  const char error = name.front();
  const char season = name.back();
  if (!is(error, 'A') && !is(error, 'M')) throw bad();
  form.error = is(error, 'A') ? EtsError::kAdditive : EtsError::kMultiplicative;
  if (name.size() == 4 && is(name[1], 'A')) {
    form.trend = EtsTrend::kDamped;
  } else if (name.size() == 3 && (is(name[1], 'A') || is(name[1], 'N'))) {
    form.trend = is(name[1], 'A') ? EtsTrend::kAdditive : EtsTrend::kNone;
  } else {
    throw bad();
  }
  if (!is(season, 'N') && !is(season, 'A') && !is(season, 'M')) throw bad();
  form.season = is(season, 'N')   ? EtsSeason::kNone
                : is(season, 'A') ? EtsSeason::kAdditive
                                  : EtsSeason::kMultiplicative;
  return form;
}

std::string NameOf(const EtsForm& form) {
  const char* const trends[] = {"N", "A", "Ad"};
  return std::string(1, "AM"[static_cast<int>(form.error)]) + trends[static_cast<int>(form.trend)] +
         "NAM"[static_cast<int>(form.season)];
}

// The model at the start and with the weights given, carried over the history.
EtsModel GivenEts(const json& one) {
  EtsModel model{.form = EtsFormOf(one.at("form")),
                 .season_buckets = SeasonOf(one),
                 .parameters = {.alpha = one.at("alpha"),
                                .beta = one.value("beta", 0.0),
                                .gamma = one.value("gamma", 0.0),
                                .phi = one.value("phi", 1.0)},
                 .error_variance = one.value("error_variance", 0.0)};
  const Values history = HistoryOf(one);
  model.non_negative = std::ranges::all_of(history, [](double y) { return y >= 0.0; });
  model.state.level = one.at("level");
  model.state.slope = one.value("slope", 0.0);
  const Values season = one.value("season", Values{});
  if (season.size() != (model.form.season == EtsSeason::kNone ? 0 : model.season_buckets) ||
      season.size() > model.state.season.size()) {
    throw std::invalid_argument("season: not a value a place");
  }
  std::ranges::copy(season, model.state.season.begin());
  model.start = model.state;
  for (const double y : history) UpdateEts(model, y);
  return model;
}

json RunEts(const json& one, bool automatic) {
  EtsScratch scratch;
  EtsModel model;
  const EtsOptions options{.season_buckets = SeasonOf(one),
                           .slope_share_max = one.value("slope_share_max", 0.2)};
  if (automatic) {
    model = FitAutoEts(HistoryOf(one), options, scratch).value();
  } else if (one.contains("alpha")) {
    model = GivenEts(one);
  } else {
    model = FitEts(HistoryOf(one), options, EtsFormOf(one.at("form")), scratch).value();
  }
  json result = AheadOf(one, model, ForecastEts);
  result["form"] = NameOf(model.form);
  result["aicc"] = model.aicc;
  result["error_variance"] = model.error_variance;
  return result;
}

ThetaKind ThetaKindOf(const std::string& name) {
  const char* const names[] = {"STM", "OTM", "DSTM", "DOTM"};
  for (std::size_t k = 0; k < kThetaKinds.size(); ++k) {
    if (name == names[k]) return kThetaKinds[k];
  }
  throw std::invalid_argument("no kind of Theta: " + name);
}

ThetaModel GivenTheta(const json& one, ThetaKind kind) {
  const Values history = HistoryOf(one);
  ThetaModel model{.kind = kind,
                   .alpha = one.at("alpha"),
                   .line_share = 1.0 - 1.0 / one.at("theta").get<double>(),
                   .level_start = one.at("level"),
                   .error_variance = one.value("error_variance", 0.0)};
  model.non_negative = std::ranges::all_of(history, [](double y) { return y >= 0.0; });
  model.state = theta::StartOf(history, kind, model.level_start);
  for (const double y : history) UpdateTheta(model, y);
  return model;
}

json RunTheta(const json& one, const std::string& name) {
  const ThetaKind kind = ThetaKindOf(name);
  ThetaScratch scratch;
  ThetaModel model;
  if (one.contains("alpha")) {
    model = GivenTheta(one, kind);
  } else {
    model = FitTheta(HistoryOf(one), {.season_buckets = SeasonOf(one)}, kind, scratch).value();
  }
  json result = AheadOf(one, model, ForecastTheta);
  result["error_variance"] = model.error_variance;
  return result;
}

json RunMstl(const json& one) {
  MstlScratch scratch;
  const auto seasons = one.value("seasons", std::vector<std::size_t>{SeasonOf(one)});
  return AheadOf(one, FitMstl(HistoryOf(one), seasons, scratch).value(), ForecastMstl);
}

json RunMedian(const json& one) {
  LocalScratch scratch;
  Values mean(HorizonOf(one));
  Values bands(mean.size() * kQuantiles);
  const absl::Status status =
      ForecastLocal(LocalMethod::kMedian, HistoryOf(one), {.season_buckets = SeasonOf(one)},
                    {mean, bands}, scratch);
  if (!status.ok()) throw absl::BadStatusOrAccess(status);
  return {{"mean", mean}, {"bands", bands}};
}

constexpr std::array<const char*, kCesForms.size()> kCesNames = {"none", "simple", "partial",
                                                                 "full"};

CesForm CesFormOf(const std::string& name) {
  for (std::size_t k = 0; k < kCesForms.size(); ++k) {
    if (name == kCesNames[k]) return kCesForms[k];
  }
  throw std::invalid_argument("no form of complex smoothing: " + name);
}

CesPair PairOf(const json& pair) { return {.value = pair.at(0), .potential = pair.at(1)}; }

CesModel GivenCes(const json& one) {
  const json& weights = one.at("weights");  // a0, a1, and b0, b1 where the form has them.
  const auto weight = [&](std::size_t k) {
    return k < weights.size() ? weights[k].get<double>() : 0.0;
  };
  const Values history = HistoryOf(one);
  CesModel model{.form = CesFormOf(one.at("form")),
                 .season_buckets = SeasonOf(one),
                 .weights = {.level_real = weight(0),
                             .level_imaginary = weight(1),
                             .season_real = weight(2),
                             .season_imaginary = weight(3)},
                 .bound_units = std::numeric_limits<double>::max(),
                 .error_variance = one.value("error_variance", 0.0)};
  model.non_negative = std::ranges::all_of(history, [](double y) { return y >= 0.0; });
  if (one.contains("level")) model.state.level = PairOf(one.at("level"));
  if (one.contains("season")) {
    const json& season = one.at("season");
    if (season.size() != model.season_buckets || season.size() > model.state.season.size()) {
      throw std::invalid_argument("season: not a pair a place");
    }
    for (std::size_t k = 0; k < season.size(); ++k) model.state.season[k] = PairOf(season[k]);
  }
  for (const double y : history) UpdateCes(model, y);
  return model;
}

json RunCes(const json& one) {
  CesScratch scratch;
  const CesOptions options{.season_buckets = SeasonOf(one)};
  CesModel model;
  if (one.contains("weights")) {
    model = GivenCes(one);
  } else if (one.contains("form")) {
    model = FitCesForm(HistoryOf(one), options, CesFormOf(one.at("form")), scratch).value();
  } else {
    model = FitCes(HistoryOf(one), options, scratch).value();
  }
  json result = AheadOf(one, model, ForecastCes);
  result["form"] = kCesNames[static_cast<std::size_t>(model.form)];
  result["aicc"] = model.aicc;
  result["error_variance"] = model.error_variance;
  return result;
}

json RunBatesGranger(const json& one) {
  const auto forecasts = one.at("forecasts").get<std::vector<Values>>();
  const std::vector<std::span<const double>> spans(forecasts.begin(), forecasts.end());
  const Values weights =
      BatesGrangerWeights(one.at("mean_squares").get<Values>(), one.at("trust")).value();
  Values mean(forecasts.at(0).size());
  const absl::Status status = CombineByWeights(spans, weights, mean);
  if (!status.ok()) throw absl::BadStatusOrAccess(status);
  return {{"weights", weights}, {"mean", mean}};
}

NegativeBinomial CountsOf(const json& one) {
  return {.mean_units = one.at("mean"), .variance_units = one.at("variance")};
}

json RunNegativeBinomial(const json& one) {
  json result = {{"quantiles", json::array()}, {"cdf", json::array()}};
  for (const double u : one.value("probabilities", Values{})) {
    result["quantiles"].push_back(CountQuantile(CountsOf(one), u).value());
  }
  for (const std::int64_t count : one.value("counts", std::vector<std::int64_t>{})) {
    result["cdf"].push_back(CountCdf(CountsOf(one), count).value());
  }
  result["mean"] = result[one.contains("probabilities") ? "quantiles" : "cdf"];
  return result;
}

json RunPit(const json& one) {
  PitStep step;
  if (one.contains("below")) {
    step = {.below = one.at("below"), .at = one.at("at")};
  } else {
    const std::int64_t count = one.at("count");
    step = {.below = CountCdf(CountsOf(one), count - 1).value(),
            .at = CountCdf(CountsOf(one), count).value()};
  }
  return {{"mean", {RandomisedPit(step, one.at("v")).value()}}};
}

}  // namespace

std::optional<json> RunModel(const json& one, const std::string& method) {
  if (method == "ses") return RunSes(one);
  for (const char* occasional : {"croston", "croston_optimized", "sba", "tsb", "adida", "imapa"}) {
    if (method == occasional) return RunOccasional(one, method);
  }
  if (method == "ets" || method == "auto_ets") return RunEts(one, method == "auto_ets");
  if (method == "theta") return RunTheta(one, one.value("kind", "STM"));
  if (method == "dotm") return RunTheta(one, "DOTM");
  if (method == "mstl") return RunMstl(one);
  if (method == "median") return RunMedian(one);
  if (method == "ces") return RunCes(one);
  if (method == "bates_granger") return RunBatesGranger(one);
  if (method == "negative_binomial") return RunNegativeBinomial(one);
  if (method == "randomised_pit") return RunPit(one);
  return std::nullopt;
}

}  // namespace tandem::forecasting
