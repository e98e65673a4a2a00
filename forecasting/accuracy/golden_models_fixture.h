// The golden cases of models: their form is in tests/data/golden/forecasting/README.md.
#pragma once

#include <optional>
#include <string>

#include "nlohmann/json.hpp"

namespace tandem::forecasting {

// What the model of `method` gives for the case's inputs, by name: "mean" and "bands" (nine a
// bucket), what the method has besides. nullopt where it is no model's name; throws what a status
// or an absent input throws.
std::optional<nlohmann::json> RunModel(const nlohmann::json& one, const std::string& method);

}  // namespace tandem::forecasting
