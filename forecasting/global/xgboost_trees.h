// Boosted trees by XGBoost's library (1.7), histogram method, one thread a model. The only place
// that knows that library. Reference: Chen and Guestrin, "XGBoost: a scalable tree boosting
// system", KDD (2016).
#pragma once

#include <memory>

#include "forecasting/global/boosted_trees.h"

namespace tandem::forecasting {

// Holds nothing: may be used from several threads at once. Training copies the features once, eight
// bytes a value, and bins them in one or two more.
std::unique_ptr<TreeTrainer> MakeXgboostTrainer();

}  // namespace tandem::forecasting
