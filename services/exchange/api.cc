#include "services/exchange/api.h"

#include <utility>

#include "services/base/bug.h"

namespace tandem::exchange {

ExchangeApi::ExchangeApi(ExchangeSeams seams) : seams_(std::move(seams)) {
  base::Require(seams_.router != nullptr && seams_.grants != nullptr &&
                    seams_.registers != nullptr && seams_.sealer != nullptr,
                "the exchange needs all its seams");
}

ExchangeApi::~ExchangeApi() = default;

}  // namespace tandem::exchange
