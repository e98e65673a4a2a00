#include "services/exchange/api.h"

#include <utility>

#include "services/base/bug.h"

namespace tandem::exchange {

ExchangeApi::ExchangeApi(ExchangeSeams seams) : seams_(seams) {
  base::Require(seams.router != nullptr && seams.grants != nullptr && seams.registers != nullptr &&
                    seams.sealer != nullptr,
                "the exchange needs all its seams");
}

ExchangeApi::~ExchangeApi() = default;

}  // namespace tandem::exchange
